/* SPDX-License-Identifier: MIT */
/*
 * fs/procfs.h: /proc. Owners register what they know: single files by a line in
 * the table "proc_entries", the directories of processes through a provider that
 * the process layer sets.
 */
#ifndef FS_PROCFS_H
#define FS_PROCFS_H

#include "base/table.h"
#include "fs/file.h"

struct proc_changes;

/* Text under construction: grows as needed; out of memory is remembered. */
struct text {
	char *buf;
	size_t length, size;
	bool failed;
};
void text_printf(struct text *t, const char *fmt, ...) __printf_like(2, 3);
void text_put(struct text *t, const char *s, size_t n);

/* TABLE_ENTRY(proc_entries, struct proc_entry, meminfo) = { "meminfo", 0444, meminfo_show }; path may have slashes ("sys/kernel/hostname"). */
struct proc_entry {
	const char *path;
	uint32_t mode;
	int (*show)(struct text *t);                       /* 0 or errno. May sleep. */
	/* NULL: not writable. buf is zero-terminated. errno, 0, or the bytes used if not all were. */
	int (*store)(const char *buf, size_t n);
};

/* A file of the above that poll(2) tells changes of: a line in the table "proc_watched". The others are always ready. */
struct proc_watched {
	const char *path;
	const struct proc_changes *changes;
};

/* A file with operations of its own: a line in the table "proc_specials". */
struct proc_special {
	const char *path;
	uint32_t mode;
	const struct file_ops *ops;
};

/* A file that never changes: a line of text. */
#define PROC_CONSTANT(name, path, line)                                                        \
	static int constant_show_##name(struct text *t)                                        \
	{                                                                                      \
		text_printf(t, "%s\n", line);                                                  \
		return 0;                                                                      \
	}                                                                                      \
	TABLE_ENTRY(proc_entries, struct proc_entry, name) = { path, 0444, constant_show_##name, NULL }

/*
 * Numbers that programs look up and set, read as Linux reads them: decimal, hexadecimal or
 * octal, with white space between. Several are set one after the other: a bad one leaves those
 * before it set, and those not given stay. What is outside of low to high is -EINVAL.
 */
struct proc_numbers {
	union {
		int32_t *ints;                             /* each atomic */
		uint64_t *longs;                           /* the same; low and high are of 64 bits without a sign */
	};
	unsigned count;                                    /* immutable, as all that follows */
	bool is_long;
	int64_t low, high;
};
int proc_numbers_show(const struct proc_numbers *v, struct text *t);
int proc_numbers_store(const struct proc_numbers *v, const char *buf, size_t n); /* bytes used or -EINVAL */

#define PROC_NUMBERS(name, path, mode, ...)                                                    \
	static const struct proc_numbers numbers_##name = { __VA_ARGS__ };                     \
	static int number_show_##name(struct text *t)                                          \
	{                                                                                      \
		return proc_numbers_show(&numbers_##name, t);                                  \
	}                                                                                      \
	static int number_store_##name(const char *buf, size_t n)                              \
	{                                                                                      \
		return proc_numbers_store(&numbers_##name, buf, n);                            \
	}                                                                                      \
	TABLE_ENTRY(proc_entries, struct proc_entry, name) = {                                 \
		path, mode, number_show_##name, number_store_##name,                           \
	}
#define PROC_INT(name, path, number, from, to)                                                 \
	PROC_NUMBERS(name, path, 0644, .ints = number, .count = 1, .low = from, .high = to)
#define PROC_LONG(name, path, number, from, to)                                                \
	PROC_NUMBERS(name, path, 0644, .longs = number, .count = 1, .is_long = true, .low = from, .high = to)
/* A number that nothing here asks for: kept for who sets it. */
#define PROC_KEPT(name, path, value, from, to)                                                 \
	static int32_t kept_##name = value; /* atomic */                                       \
	PROC_INT(name, path, &kept_##name, from, to)

/*
 * /proc/PID and /proc/PID/task/TID. The provider answers for a numeric name;
 * handles are counted by get/put.
 */
struct proc_area {                                         /* of an address space, with a file */
	uint64_t start, end;
	bool readable, writable;                           /* what the file is open for */
};
struct waitq;
struct proc_changes {
	struct waitq *wait;                                /* woken after each */
	const uint32_t *count;                             /* atomic */
};
struct proc_pid_file {
	const char *name;                                  /* "stat", "maps", "fd" … */
	uint32_t mode;                                     /* S_IFREG, S_IFDIR, S_IFLNK and permissions */
	enum { PROC_OF_BOTH, PROC_OF_PROCESS, PROC_OF_THREAD } only; /* where it is: /proc/PID, /proc/PID/task/TID */
	bool guarded;                                      /* whatever the mode, only for who may_inspect */
	int (*show)(void *task, struct text *t);           /* regular files */
	int (*store)(void *task, const char *buf, size_t n);
	int (*link)(void *task, struct path *out);         /* links to objects: counted path */
	/* Directories fd and fdinfo: next number >= from or -1; then the entry of a number. */
	int (*next)(void *task, int from);
	int (*entry_link)(void *task, int number, struct path *out);
	int (*entry_show)(void *task, int number, struct text *t);
	uint32_t (*entry_mode)(void *task, int number);    /* permissions of a link; NULL: 0777 */
	/* map_files: the first area with a file that ends behind a->start, into *a; the file of just that area, counted. */
	bool (*next_area)(void *task, struct proc_area *a);
	int (*area_link)(void *task, const struct proc_area *a, struct path *out);
	const struct proc_changes *changes;                /* poll(2) tells of them; NULL: always ready */
	const char *const *names;                          /* instead of numbers: the entries' names, ended by NULL */
	ssize_t (*read)(void *task, struct io *io, struct iter *to);   /* mem: raw access instead of show */
	ssize_t (*write)(void *task, struct io *io, struct iter *from);
};
struct proc_provider {
	void *(*find)(int pid, bool thread);               /* counted; NULL if there is none */
	void (*get)(void *task);
	void (*put)(void *task);
	int (*next)(int from);                             /* next process number >= from, or -1 */
	int (*next_thread)(void *task, int from);          /* next thread number of the process, or -1 */
	bool (*alive)(void *task);
	void (*owner)(void *task, uint32_t *uid, uint32_t *gid);
	bool (*may_inspect)(void *task, const struct cred *cred); /* the ptrace-style check for private files */
	uint64_t (*program)(void *task);                   /* changes with every execve(2) */
	void (*counts)(unsigned *threads, int *last);      /* threads that exist; the last number given */
	int (*self)(bool thread, int *tgid);               /* number of the running thread or process */
	const struct proc_pid_file *files;                 /* ended by a NULL name */
};
/* A file of one process that shows its memory, opened before that executed another program: it shows nothing any more. */
bool proc_file_is_stale(const struct file *f);
void procfs_set_provider(const struct proc_provider *p);
/* The task whose directory /proc/PID an open file is, counted for as long as the file is; NULL: another file. */
void *procfs_task_of(const struct file *f);

#endif
