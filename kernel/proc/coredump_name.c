/* SPDX-License-Identifier: MIT */
/*
 * proc/coredump_name.c: what a core file is called: /proc/sys/kernel/core_pattern
 * as core(5) tells, core_uses_pid, and /proc/PID/coredump_filter.
 */
#include "hal/clock.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/coredump.h"
#include "proc/internal.h"
#include "proc/procfs.h"

#define PATTERN_MAX 128 /* with the zero, as in Linux */

static struct spinlock pattern_lock = SPINLOCK_INIT(RANK_INODE_TIMES);
static char pattern[PATTERN_MAX] = "core"; /* pattern_lock */
static bool uses_pid;                      /* atomic */
static uint64_t pipe_limit;                /* atomic: kept, and nothing more */
static void (*host_name)(char *buf, size_t size); /* set once, at boot */

void core_set_host_name(void (*get)(char *buf, size_t size))
{
	host_name = get;
}

static void copy_pattern(char *to)
{
	SPIN_GUARD(&pattern_lock);
	memcpy(to, pattern, PATTERN_MAX);
}

bool core_name_is_pipe(void)
{
	return READ_ONCE(pattern[0]) == '|';
}

struct name {
	char *at, *end;
	bool pipe;
};

static void add(struct name *n, const char *s)
{
	while (*s && n->at < n->end)
		*n->at++ = *s++;
	*n->at = '\0';
}

static void add_number(struct name *n, int64_t v)
{
	char digits[24];

	format(digits, sizeof(digits), "%ld", (long)v);
	add(n, digits);
}

/* What comes from elsewhere leads to no other folder. */
static void add_foreign(struct name *n, const char *s)
{
	char *start = n->at;

	add(n, s);
	for (char *p = start; p < n->at; p++)
		*p = *p == '/' ? '!' : *p == ' ' && n->pipe ? CORE_BLANK : *p;
	if (start == n->at)
		add(n, "!");
	else if (!strcmp(start, ".") || !strcmp(start, ".."))
		*start = '!';
}

/* The program's file: its whole name, or the last part of it. */
static void add_program(struct name *n, bool whole)
{
	char *page = kmalloc(PAGE_SIZE, ALLOC_KERNEL);
	const char *name = NULL, *last;
	struct path exe;
	int error;

	if (page && !proc_link_exe(task_current(), &exe)) {
		name = path_name(&exe, &root_path, page, PAGE_SIZE, &error);
		path_put(&exe);
	}
	last = name && !whole ? strrchr(name, '/') : NULL;
	if (name)
		add_foreign(n, last ? last + 1 : name);
	else
		add_foreign(n, thread_current()->name);
	kfree(page);
}

static void add_host(struct name *n)
{
	char host[65] = "";

	if (host_name)
		host_name(host, sizeof(host));
	add_foreign(n, host);
}

static void add_code(struct name *n, char code, int sig)
{
	const struct process *p = process_current();

	switch (code) {
	case '%': add(n, "%"); break;
	case 'p': case 'P': add_number(n, p->pid->number); break;
	case 'i': case 'I': add_number(n, task_current()->pid->number); break;
	case 'u': add_number(n, cred_current()->uid); break;
	case 'g': add_number(n, cred_current()->gid); break;
	case 'd': add_number(n, p->dumpable); break;
	case 's': add_number(n, sig); break;
	case 't': add_number(n, clock_wall() / NSEC_PER_SEC); break;
	case 'h': add_host(n); break;
	case 'e': add_foreign(n, thread_current()->name); break;
	case 'f': add_program(n, false); break;
	case 'E': add_program(n, true); break;
	case 'c': add_number(n, (int64_t)process_limit(RLIMIT_CORE)); break;
	default: break; /* unknown ones vanish */
	}
}

void core_name_make(char *out, int sig)
{
	struct name n = { .at = out, .end = out + CORE_NAME_MAX - 1 };
	char from[PATTERN_MAX], one[2] = "";
	bool has_pid = false;

	*out = '\0';
	copy_pattern(from);
	n.pipe = from[0] == '|';
	for (const char *p = from; *p; p++) {
		if (*p == '%' && !p[1])
			break;
		if (*p == '%') {
			has_pid |= *++p == 'p';
			add_code(&n, *p, sig);
		} else {
			one[0] = *p;
			add(&n, one);
		}
	}
	if (!has_pid && from[0] != '|' && READ_ONCE(uses_pid)) {
		add(&n, ".");
		add_number(&n, process_current()->pid->number);
	}
}

static int show_pattern(struct text *t)
{
	char copy[PATTERN_MAX];

	copy_pattern(copy);
	text_printf(t, "%s\n", copy);
	return 0;
}

static int store_pattern(const char *buf, size_t size)
{
	const char *end = strchr(buf, '\n');
	size_t n = min(end ? (size_t)(end - buf) : size, (size_t)PATTERN_MAX - 1);

	SPIN_GUARD(&pattern_lock);
	memcpy(pattern, buf, n);
	memset(pattern + n, 0, PATTERN_MAX - n);
	return 0;
}

static int show_uses_pid(struct text *t)
{
	text_printf(t, "%d\n", READ_ONCE(uses_pid));
	return 0;
}

static int store_uses_pid(const char *buf, size_t n)
{
	uint64_t v;
	int error = parse_u64(buf, NULL, 10, &v);

	if (!error)
		WRITE_ONCE(uses_pid, v != 0);
	return error;
}

static int show_pipe_limit(struct text *t)
{
	text_printf(t, "%lu\n", atomic_load(&pipe_limit));
	return 0;
}

static int store_pipe_limit(const char *buf, size_t n)
{
	uint64_t v;
	int error = parse_u64(buf, NULL, 10, &v);

	if (!error)
		atomic_store(&pipe_limit, v);
	return error;
}

TABLE_ENTRY(proc_entries, struct proc_entry, core_pattern) = { "sys/kernel/core_pattern", 0644, show_pattern, store_pattern };
TABLE_ENTRY(proc_entries, struct proc_entry, core_uses_pid) = { "sys/kernel/core_uses_pid", 0644, show_uses_pid, store_uses_pid };
TABLE_ENTRY(proc_entries, struct proc_entry, core_pipe_limit) = { "sys/kernel/core_pipe_limit", 0644, show_pipe_limit, store_pipe_limit };

int proc_show_core_filter(void *task, struct text *x)
{
	struct process *p = ((struct task *)task)->process;

	text_printf(x, "%08x\n", atomic_load(&p->core_filter));
	return 0;
}

int proc_store_core_filter(void *task, const char *buf, size_t n)
{
	struct process *p = ((struct task *)task)->process;
	bool hex = buf[0] == '0' && (buf[1] == 'x' || buf[1] == 'X');
	const char *end;
	uint64_t v;

	if (parse_u64(buf + (hex ? 2 : 0), &end, hex ? 16 : buf[0] == '0' ? 8 : 10, &v) || (*end && strcmp(end, "\n")))
		return -EINVAL;
	atomic_store(&p->core_filter, (uint32_t)v & CORE_FILTER_KNOWN);
	return 0;
}
