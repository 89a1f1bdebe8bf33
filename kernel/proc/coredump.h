/* SPDX-License-Identifier: MIT */
/*
 * proc/coredump.h: core files: core(5). When a signal whose default is to dump
 * ends a process, the thread that took it waits until all others have parked
 * themselves on their way out, and writes what they all were doing. Inside proc/,
 * but for the host's name. The essay is in proc/coredump.c.
 */
#ifndef PROC_COREDUMP_H
#define PROC_COREDUMP_H

#include "fs/procfs.h"
#include "proc/process.h"

#define CORE_FILTER_DEFAULT 0x33 /* private and shared anonymous memory, ELF headers, large private pages */
#define CORE_FILTER_KNOWN   0x1ff
#define CORE_NAME_MAX       4096

/* The running thread's process ends by sig, with a core file if it may have one. No locks held; may sleep long. */
void core_dump(int sig, const siginfo_t *info);
/* On its way out: while a core file is written the running thread waits, for its registers' sake. May sleep. */
void core_park(struct task *t);
/* It has begun to exit for good: who waits for it to park looks again. */
void core_gone(struct process *p);

/*
 * The name that core_pattern makes, at most CORE_NAME_MAX bytes with its zero. For
 * "|program" it is a command line, where blanks that do not part words are CORE_BLANK.
 */
#define CORE_BLANK '\001'
void core_name_make(char *out, int sig);
bool core_name_is_pipe(void);
/* How %h is found; nodename lives above us. Once, at boot. */
void core_set_host_name(void (*get)(char *buf, size_t size));

/* Where the bytes go: coredump_write.c. */
struct core_writer {
	struct file *file;
	loff_t position;
	uint64_t written, limit; /* bytes; RLIMIT_CORE's */
	bool seeks;              /* holes are left out */
	bool hole_at_end;
};
bool core_write(struct core_writer *w, const void *bytes, size_t n); /* false: the limit, an error, SIGKILL */
bool core_skip(struct core_writer *w, uint64_t n);
bool core_write_end(struct core_writer *w);

/* coredump_elf.c: the whole file. others: the parked threads. False: nothing was written. */
bool core_write_elf(struct core_writer *w, int sig, const siginfo_t *info, struct task **others, unsigned n);

/* coredump_notes.c */
struct core_notes {
	struct text text;
};
void core_notes_thread(struct text *x, struct task *t, int sig);      /* NT_PRSTATUS */
void core_notes_extended(struct text *x, struct task *t);             /* floating point and the like */
void core_notes_process(struct text *x, const siginfo_t *info);       /* NT_PRPSINFO, NT_SIGINFO, NT_AUXV */
void core_note(struct text *x, const char *name, unsigned type, const void *bytes, size_t n);

#endif
