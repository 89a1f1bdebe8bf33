/* SPDX-License-Identifier: MIT */
/*
 * proc/coredump.c: when a core file is written, and who waits for whom.
 *
 * Idea. The thread that takes the deadly signal marks the process as exiting and
 * itself as its dumper (process.core_dumper), and kills the others. Each of them
 * comes through task_exit() and parks there, before it has lost anything: its user
 * frame is complete and its registers lie in memory. When all have parked, or are
 * too far on their way out to (process.live does not count these any more), the
 * dumper opens the file and writes it (coredump_elf.c), then lets all go on to
 * their end. SIGKILL, the one signal that still comes through, cuts it short.
 *
 * Locks: signal_lock guards core_dumper and core_parked; waiting in both
 * directions is on exec_wait, which nobody else needs any more: a process that
 * dumps does not exec. The threads' machine state is the dumper's while they are
 * parked. Nothing is held while the file is written.
 *
 * Not done: dumps of set-id programs by name of an absolute pattern
 * (/proc/sys/fs/suid_dumpable is 0: they have none).
 */
#include "proc/coredump.h"
#include "base/panic.h"
#include "fs/poll.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include <linux/fcntl.h>
#include <linux/stat.h>

/* Below that a file is not begun, as in Linux. */
#define LEAST_BYTES PAGE_SIZE

void core_gone(struct process *p)
{
	if (unlikely(READ_ONCE(p->core_dumper)))
		waitq_wake_all(&p->exec_wait);
}

void core_park(struct task *t)
{
	struct process *p = t->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	bool parks = p->core_dumper && p->core_dumper != t;

	if (parks) {
		t->core_parked = true;
		p->core_parked++;
	}
	spin_unlock_irq(&p->signal_lock, irq);
	if (!parks)
		return;
	waitq_wake_all(&p->exec_wait);
	wait_event(&p->exec_wait, !READ_ONCE(p->core_dumper));
}

static bool all_parked(struct process *p)
{
	return atomic_load(&p->live) == READ_ONCE(p->core_parked) + 1;
}

/* The process ends here, the running thread last. False: it does so already. */
static bool begin(struct task *t, int sig)
{
	struct process *p = t->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	bool first = !p->group_exiting && !p->group_exec;
	struct task *other;

	if (first) {
		p->group_exiting = true;
		p->exit_code = sig;
		p->stop_signal = 0;
		p->stopped = false;
		p->core_dumper = t;
		list_for_each_entry(other, &p->threads, process_link) {
			if (other != t)
				job_kill(other);
		}
		/* What is pending does not matter any more, and shall not end our sleeps. */
		atomic_and(&t->thread.context.work, ~(uint32_t)WORK_SIGNAL);
	}
	spin_unlock_irq(&p->signal_lock, irq);
	return first;
}

static void end(struct task *t, bool dumped)
{
	struct process *p = t->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	if (dumped && !thread_killed())
		p->exit_code |= 0x80;
	p->core_dumper = NULL;
	spin_unlock_irq(&p->signal_lock, irq);
	waitq_wake_all(&p->exec_wait);
}

/* The parked threads, whose state lies in memory then. */
static unsigned gather(struct process *p, struct task **out, unsigned room)
{
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	struct task *t;
	unsigned n = 0;

	list_for_each_entry(t, &p->threads, process_link) {
		if (t->core_parked && n < room)
			out[n++] = t;
	}
	spin_unlock_irq(&p->signal_lock, irq);
	for (unsigned i = 0; i < n; i++)
		thread_wait_off_cpu(&out[i]->thread);
	return n;
}

/* A file of one's own, by one name, that none but oneself may read. */
static bool file_is_good(const struct file *f)
{
	const struct inode *i = f->inode;

	return S_ISREG(i->mode) && i->nlink == 1 && i->uid == cred_current()->fsuid && (i->mode & 0677) == 0600;
}

/* What had the name goes first. */
static struct file *open_file(const char *name)
{
	struct file *f = NULL;
	struct task_walk w;

	if (task_walk_begin(&w, AT_FDCWD, name, 0))
		return NULL;
	(void)path_unlink(&w.walk, name); /* if it cannot, opening says so */
	if (file_open(&w.walk, name, O_CREAT | O_RDWR | O_NOFOLLOW | O_LARGEFILE, 0600, &f))
		f = NULL;
	task_walk_end(&w);
	if (f && (!file_is_good(f) || file_truncate(f, 0))) {
		file_put(f);
		f = NULL;
	}
	return f;
}

static bool write_threads(struct core_writer *w, int sig, const siginfo_t *info)
{
	struct process *p = process_current();
	unsigned n = READ_ONCE(p->core_parked);
	struct task **others = kmalloc(max(n, 1u) * sizeof(*others), ALLOC_KERNEL);
	bool dumped;

	if (!others)
		return false;
	n = gather(p, others, n);
	dumped = core_write_elf(w, sig, info, others, n);
	kfree(others);
	return dumped;
}

static bool dump_to_file(int sig, const siginfo_t *info, uint64_t limit)
{
	struct core_writer w = { .limit = limit, .seeks = true };
	char *name = kmalloc(CORE_NAME_MAX, ALLOC_KERNEL);
	bool dumped = false;

	if (!name)
		return false;
	core_name_make(name, sig);
	w.file = open_file(name);
	kfree(name);
	if (!w.file)
		return false;
	dumped = write_threads(&w, sig, info);
	file_put(w.file);
	return dumped;
}

#define PIPE_WORDS_MAX 32 /* of the command line in a pattern */

/* Splits a command line at blanks, in place. False: none, or too many words. */
static bool split(char *line, const char **argv)
{
	unsigned n = 0;

	while (*line) {
		while (*line == ' ')
			*line++ = '\0';
		if (!*line)
			break;
		if (n == PIPE_WORDS_MAX)
			return false;
		argv[n++] = line;
		for (; *line && *line != ' '; line++)
			*line = *line == CORE_BLANK ? ' ' : *line;
	}
	argv[n] = NULL;
	return n && argv[0][0] == '/';
}

/* The program that the pattern names gets the file on its standard input. */
static struct file *open_pipe(char *line)
{
	const char *argv[PIPE_WORDS_MAX + 1];
	struct file *in, *out;
	int result;

	if (!split(line, argv) || pipe_create_files(0, &in, &out))
		return NULL;
	result = process_start_helper(argv, in);
	file_put(in);
	if (!result)
		return out;
	file_put(out);
	return NULL;
}

static bool dump_to_pipe(int sig, const siginfo_t *info)
{
	struct core_writer w = { .limit = LIMIT_INFINITY };
	char *line = kmalloc(CORE_NAME_MAX, ALLOC_KERNEL);
	bool dumped;

	if (!line)
		return false;
	core_name_make(line, sig);
	w.file = open_pipe(line + 1);
	kfree(line);
	if (!w.file)
		return false;
	dumped = write_threads(&w, sig, info);
	file_put(w.file);
	return dumped;
}

/* A program that reads core files has a limit of one byte: it shall not make another. */
static bool limit_allows(bool pipe, uint64_t limit)
{
	return pipe ? limit != 1 : limit >= LEAST_BYTES;
}

void core_dump(int sig, const siginfo_t *info)
{
	struct task *t = task_current();
	struct process *p = t->process;
	uint64_t limit = process_limit(RLIMIT_CORE);
	bool pipe = core_name_is_pipe(), wanted = READ_ONCE(p->dumpable) && limit_allows(pipe, limit);

	might_sleep();
	if (!begin(t, sig))
		return;
	bool ready = wanted && !wait_event_killable(&p->exec_wait, all_parked(p));
	end(t, ready && (pipe ? dump_to_pipe(sig, info) : dump_to_file(sig, info, limit)));
}
