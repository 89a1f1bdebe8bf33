/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/proc_pressure.c: /proc/pressure (Documentation/accounting/psi of Linux): how much time is
 * lost waiting; and triggers: who wrote "some 150000 1000000" to an open file is told by poll(2)
 * with EPOLLPRI, at most once a window, when so many microseconds of one were lost. An open file has
 * one trigger at most, for good.
 */
#include "fs/poll.h"
#include "fs/procfs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/mutex.h"
#include "sched/pressure.h"
#include "vm/iter.h"
#include <linux/capability.h>
#include <linux/stat.h>

#define TRIGGER_TEXT 32 /* bytes of a trigger that are looked at */
#define UNPRIVILEGED_WINDOW 2000000 /* microseconds */

struct pressure_file {
	enum pressure_kind kind;          /* immutable */
	struct mutex lock;                /* rank PROC_FILE */
	struct pressure_trigger *trigger; /* lock; set once, read without */
};

static void pressure_line(struct text *t, const char *name, const struct pressure *p)
{
	static const char *const over[] = { "avg10", "avg60", "avg300" };

	text_printf(t, "%s", name);
	for (unsigned i = 0; i < 3; i++)
		text_printf(t, " %s=%lu.%02lu", over[i], p->average[i] >> 11, (p->average[i] & 2047) * 100 >> 11);
	text_printf(t, " total=%lu\n", (uint64_t)p->total / 1000);
}

static int pressure_show(struct text *t, enum pressure_kind kind)
{
	struct pressure some, full;

	pressure_read(kind, &some, &full);
	pressure_line(t, "some", &some);
	pressure_line(t, "full", &full);
	return 0;
}

static int pressure_open(struct inode *inode, struct file *f, enum pressure_kind kind)
{
	struct pressure_file *p = kzalloc(sizeof(*p), ALLOC_KERNEL);

	if (!p)
		return -ENOMEM;
	p->kind = kind;
	mutex_init(&p->lock, RANK_PROC_FILE);
	f->data = p;
	return 0;
}

static int cpu_open(struct inode *inode, struct file *f) { return pressure_open(inode, f, PRESSURE_CPU); }
static int io_open(struct inode *inode, struct file *f) { return pressure_open(inode, f, PRESSURE_IO); }
static int memory_open(struct inode *inode, struct file *f) { return pressure_open(inode, f, PRESSURE_MEMORY); }

static void pressure_release(struct file *f)
{
	struct pressure_file *p = f->data;

	if (p->trigger)
		pressure_trigger_free(p->trigger);
	kfree(p);
}

/* The text is short: who reads on gets the rest of a new one. */
static ssize_t pressure_read_text(struct io *io, struct iter *to)
{
	struct pressure_file *p = io->file->data;
	struct text t = { 0 };
	size_t at = (size_t)io->position, n = 0;

	pressure_show(&t, p->kind);
	if (!t.failed && at < t.length)
		n = iter_put(to, t.buf + at, min(to->count, t.length - at));
	io->position += (loff_t)n;
	kfree(t.buf);
	return t.failed ? -ENOMEM : (ssize_t)n;
}

/* A decimal number behind white space; what is behind it is the caller's. */
static const char *take_number(const char *s, uint64_t *out)
{
	const char *end;

	while (*s == ' ' || (*s >= '\t' && *s <= '\r'))
		s++;
	return parse_u64(s, &end, 10, out) || *out > UINT32_MAX ? NULL : end;
}

static int trigger_parse(const char *s, bool *full, uint64_t *threshold, uint64_t *window)
{
	*full = str_has_prefix(s, "full");
	if (!*full && !str_has_prefix(s, "some"))
		return -EINVAL;
	s = take_number(s + 4, threshold);
	return s && take_number(s, window) ? 0 : -EINVAL;
}

/* Who is not privileged may look over windows of two seconds, four ... only. */
static int trigger_set(struct pressure_file *p, const char *text, bool privileged)
{
	uint64_t threshold, window;
	struct pressure_trigger *t;
	bool full;
	int error = trigger_parse(text, &full, &threshold, &window);

	MUTEX_GUARD(&p->lock);
	if (p->trigger)
		return -EBUSY;
	if (!error && !privileged && window % UNPRIVILEGED_WINDOW)
		error = -EINVAL;
	if (error)
		return error;
	error = pressure_trigger_create(p->kind, full, threshold, window, &t);
	if (!error)
		atomic_store_release(&p->trigger, t);
	return error;
}

static ssize_t pressure_write(struct io *io, struct iter *from)
{
	size_t all = from->count, n = min(all, (size_t)TRIGGER_TEXT);
	char text[TRIGGER_TEXT];
	int error;

	if (!n)
		return -EINVAL;
	if (iter_take(from, text, n) < n)
		return -EFAULT;
	text[n - 1] = 0; /* the end of the line, or of the string: the last byte never counts */
	error = trigger_set(io->file->data, text, cred_capable(io->file->cred, CAP_SYS_RESOURCE));
	return error ? error : (ssize_t)all;
}

static uint32_t pressure_poll(struct file *f, struct poll_table *pt)
{
	struct pressure_file *p = f->data;
	struct pressure_trigger *t = atomic_load_acquire(&p->trigger);
	uint32_t ready = EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;

	if (!t)
		return ready | EPOLLERR | EPOLLPRI;
	poll_wait(pt, pressure_trigger_queue(t));
	return pressure_trigger_take(t) ? ready | EPOLLPRI : ready;
}

#define PRESSURE_FILE(kind)                                                                                 \
	static const struct file_ops kind##_ops = {                                                         \
		.open = kind##_open, .release = pressure_release, .read = pressure_read_text, .write = pressure_write, .rw = FILE_TAKES_NONE, \
		.seek = file_seek_generic, .poll = pressure_poll,                                           \
	};                                                                                                  \
	TABLE_ENTRY(proc_specials, struct proc_special, pressure_##kind) = { "pressure/" #kind, 0666, &kind##_ops }

PRESSURE_FILE(cpu);
PRESSURE_FILE(io);
PRESSURE_FILE(memory);
