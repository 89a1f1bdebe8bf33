/* SPDX-License-Identifier: MIT */
/*
 * proc/procfs_usage.c: how a program uses its memory: /proc/PID/smaps, smaps_rollup,
 * numa_maps, pagemap and clear_refs. The formats are those of proc(5).
 */
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include "proc/procfs.h"
#include "vm/usage.h"
#include <linux/capability.h>

#define ENTRY sizeof(uint64_t) /* of pagemap */

/* ---- smaps -------------------------------------------------------------------------------- */

static void put_kib(struct text *x, const char *name, uint64_t bytes)
{
	text_printf(x, "%-16s%8lu kB\n", name, bytes / 1024);
}

static uint64_t share(const struct area_usage *u)
{
	return (u->share[RSS_ANON] + u->share[RSS_FILE] + u->share[RSS_SHMEM]) >> USAGE_SHIFT;
}

/* kinds: the sum of all areas tells the shares by kind, too. There are no such things as stand at 0. */
static void put_usage(struct text *x, const struct area_usage *u, bool kinds)
{
	put_kib(x, "Rss:", u->resident);
	put_kib(x, "Pss:", share(u));
	put_kib(x, "Pss_Dirty:", u->share_dirty >> USAGE_SHIFT);
	if (kinds) {
		put_kib(x, "Pss_Anon:", u->share[RSS_ANON] >> USAGE_SHIFT);
		put_kib(x, "Pss_File:", u->share[RSS_FILE] >> USAGE_SHIFT);
		put_kib(x, "Pss_Shmem:", u->share[RSS_SHMEM] >> USAGE_SHIFT);
	}
	put_kib(x, "Shared_Clean:", u->shared_clean);
	put_kib(x, "Shared_Dirty:", u->shared_dirty);
	put_kib(x, "Private_Clean:", u->private_clean);
	put_kib(x, "Private_Dirty:", u->private_dirty);
	put_kib(x, "Referenced:", u->referenced);
	put_kib(x, "Anonymous:", u->anonymous);
	put_kib(x, "LazyFree:", 0);
	put_kib(x, "AnonHugePages:", u->huge);
	put_kib(x, "ShmemPmdMapped:", 0);
	put_kib(x, "FilePmdMapped:", 0);
	put_kib(x, "Shared_Hugetlb:", 0);
	put_kib(x, "Private_Hugetlb:", 0);
	put_kib(x, "Swap:", 0);
	put_kib(x, "SwapPss:", 0);
	put_kib(x, "Locked:", u->share_locked >> USAGE_SHIFT);
}

/* In the order of Linux's flag bits. */
static const struct { uint32_t flag; char name[4]; } flag_names[] = {
	{ AREA_READ, "rd" }, { AREA_WRITE, "wr" }, { AREA_EXEC, "ex" }, { AREA_SHARED, "sh" },
	{ AREA_MAY_READ, "mr" }, { AREA_MAY_WRITE, "mw" }, { AREA_MAY_EXEC, "me" }, { AREA_SHARED, "ms" },
	{ AREA_GROWSDOWN, "gd" }, { AREA_LOCKED, "lo" }, { AREA_SEQUENTIAL, "sr" }, { AREA_RANDOM, "rr" },
	{ AREA_DONTFORK, "dc" }, { AREA_SPECIAL, "de" }, { AREA_ACCOUNT, "ac" }, { AREA_NORESERVE, "nr" },
	{ AREA_WIPEONFORK, "wf" }, { AREA_DONTDUMP, "dd" }, { AREA_HUGE, "hg" }, { AREA_NOHUGE, "nh" },
	{ AREA_MERGEABLE, "mg" },
};

static void put_flags(struct text *x, const struct area *a)
{
	text_printf(x, "VmFlags: ");
	for (unsigned i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (a->flags & flag_names[i].flag)
			text_printf(x, "%s ", flag_names[i].name);
	text_put(x, "\n", 1);
}

static int show_area(void *arg, const struct area *a)
{
	struct area_usage u = {0};
	struct text *x = arg;
	int error = proc_put_area(x, a);

	area_usage_add(a, &u);
	put_kib(x, "Size:", a->end - a->start);
	put_kib(x, "KernelPageSize:", PAGE_SIZE);
	put_kib(x, "MMUPageSize:", PAGE_SIZE);
	put_usage(x, &u, false);
	text_printf(x, "THPeligible:    %d\n", area_may_be_huge(a));
	put_flags(x, a);
	return error;
}

int proc_show_smaps(void *task, struct text *x)
{
	return proc_for_each_area(task, show_area, x);
}

struct sum {
	struct area_usage usage;
	uaddr_t start, end;
};

static int add_area(void *arg, const struct area *a)
{
	struct sum *sum = arg;

	if (!sum->end)
		sum->start = a->start;
	sum->end = a->end;
	area_usage_add(a, &sum->usage);
	return 0;
}

int proc_show_smaps_rollup(void *task, struct text *x)
{
	struct sum sum = {0};
	int error = proc_for_each_area(task, add_area, &sum);
	size_t before = x->length;

	if (error)
		return error;
	if (!sum.end)
		return -ESRCH;
	text_printf(x, "%08lx-%08lx ---p 00000000 00:00 0 ", sum.start, sum.end);
	while (x->length - before < 73 && !x->failed)
		text_put(x, " ", 1);
	text_printf(x, "[rollup]\n");
	put_usage(x, &sum.usage, true);
	return 0;
}

/* ---- numa_maps: one node has all ---------------------------------------------------------- */

static int show_node(void *arg, const struct area *a)
{
	struct area_usage u = {0};
	struct text *x = arg;
	uint64_t pages;

	area_usage_add(a, &u);
	pages = u.resident / PAGE_SIZE;
	text_printf(x, "%08lx default", a->start);
	proc_put_area_kind(x, a);
	if (pages) {
		uint64_t anonymous = u.anonymous / PAGE_SIZE, dirty = (u.shared_dirty + u.private_dirty) / PAGE_SIZE;

		if (anonymous)
			text_printf(x, " anon=%lu", anonymous);
		if (dirty)
			text_printf(x, " dirty=%lu", dirty);
		if (pages != anonymous && pages != dirty)
			text_printf(x, " mapped=%lu", pages);
		text_printf(x, " N0=%lu kernelpagesize_kB=4", pages);
	}
	text_put(x, "\n", 1);
	return x->failed ? -ENOMEM : 0;
}

int proc_show_numa_maps(void *task, struct text *x)
{
	return proc_for_each_area(task, show_node, x);
}

/* ---- pagemap, clear_refs ------------------------------------------------------------------ */

static ssize_t read_entries(struct space *s, struct io *io, struct iter *to, uint64_t *page)
{
	bool frames = cred_capable(io->file->cred, CAP_SYS_ADMIN);
	uint64_t at = (uint64_t)io->position / ENTRY, end = USER_TOP / PAGE_SIZE + 1;
	ssize_t done = 0;

	while (to->count && at < end) {
		size_t n = min(min(to->count, (size_t)PAGE_SIZE) / ENTRY, end - at), moved;

		space_page_entries(s, at * PAGE_SIZE, n, page, frames);
		moved = iter_put(to, page, n * ENTRY);
		done += (ssize_t)moved;
		io->position += (loff_t)moved;
		at += n;
		if (moved < n * ENTRY)
			return done ? done : -EFAULT;
		if (thread_killed())
			break;
	}
	return done;
}

/* A number is an entry of pagemap: only whole ones are read. */
ssize_t proc_read_pagemap(void *task, struct io *io, struct iter *to)
{
	struct space *s;
	uint64_t *page;
	ssize_t result = 0;

	if (io->position % (loff_t)ENTRY || to->count % ENTRY)
		return -EINVAL;
	s = task_visit_space(task);
	if (!s)
		return 0;
	page = kmalloc(PAGE_SIZE, ALLOC_KERNEL);
	if (!proc_file_is_stale(io->file))
		result = page ? read_entries(s, io, to, page) : -ENOMEM;
	kfree(page);
	task_leave_space(s);
	return result;
}

enum { FORGET_ALL = 1, FORGET_ANONYMOUS, FORGET_FILES, FORGET_WRITES, FORGET_PEAK };

static int forget(void *arg, const struct area *a)
{
	uint64_t what = *(const uint64_t *)arg;

	if (what == FORGET_ALL || (what == FORGET_ANONYMOUS ? !a->file : !!a->file))
		area_forget_use(a);
	return 0;
}

int proc_store_clear_refs(void *task, const char *buf, size_t n)
{
	struct space *s;
	const char *end;
	uint64_t what;

	if (parse_u64(buf, &end, 10, &what) || (*end && *end != '\n') || what < FORGET_ALL || what > FORGET_PEAK)
		return -EINVAL;
	s = task_visit_space(task);
	if (!s)
		return 0;
	if (what == FORGET_PEAK)
		space_forget_peak(s);
	else if (what != FORGET_WRITES) /* which pages were written is not kept */
		space_for_each(s, 0, forget, &what);
	task_leave_space(s);
	return 0;
}
