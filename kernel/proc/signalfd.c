/* SPDX-License-Identifier: MIT */
/*
 * proc/signalfd.c: signals read from a file (signalfd(2)). Whoever reads gets its
 * own signals, not those of who made the file.
 *
 * Waiting happens on the wait queue of the process that waits. An epoll instance
 * may keep that up after the process has ended, as long as the file is open; so
 * the file counts each process that ever gave it to an instance. One that has ended
 * is let go of when the next one comes, if nothing waits on its queue any more: nobody but
 * itself could have added to that.
 */
#include "fs/poll.h"
#include "lib/format.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include <linux/fcntl.h>
#include <linux/signalfd.h>

struct poller {
	struct list link;
	struct process *process;  /* counted */
};

struct signalfd {
	uint64_t mask;            /* atomic: signals it is about */
	struct spinlock lock;     /* rank FILES */
	struct list pollers;      /* lock */
};

/* What the code says about which fields of the information mean something (sigaction(2)). */
static void fill_by_code(struct signalfd_siginfo *s, const siginfo_t *i)
{
	bool by_kernel = i->si_code > SI_USER && i->si_code < SI_KERNEL;

	if (by_kernel && i->si_signo == SIGCHLD) {
		s->ssi_pid = (uint32_t)i->si_pid;
		s->ssi_uid = i->si_uid;
		s->ssi_status = i->si_status;
		s->ssi_utime = (uint64_t)i->si_utime;
		s->ssi_stime = (uint64_t)i->si_stime;
	} else if (by_kernel && (BIT(i->si_signo) & (BIT(SIGILL) | BIT(SIGFPE) | BIT(SIGSEGV) | BIT(SIGBUS) |
						    BIT(SIGTRAP)))) {
		s->ssi_addr = (uint64_t)i->si_addr;
	} else if (by_kernel && i->si_signo == SIGSYS) {
		s->ssi_call_addr = (uint64_t)i->si_call_addr;
		s->ssi_syscall = i->si_syscall;
		s->ssi_arch = i->si_arch;
	} else if ((by_kernel && i->si_code <= NSIGPOLL) || i->si_code == SI_SIGIO) {
		s->ssi_band = (uint32_t)i->si_band;
		s->ssi_fd = i->si_fd;
	} else if (i->si_code == SI_TIMER) {
		s->ssi_tid = (uint32_t)i->si_tid;
		s->ssi_overrun = (uint32_t)i->si_overrun;
		s->ssi_ptr = (uint64_t)i->si_ptr;
		s->ssi_int = i->si_int;
	} else {
		s->ssi_pid = (uint32_t)i->si_pid;
		s->ssi_uid = i->si_uid;
	}
	if (i->si_code < 0 && i->si_code != SI_TIMER && i->si_code != SI_SIGIO) {
		s->ssi_ptr = (uint64_t)i->si_ptr;
		s->ssi_int = i->si_int;
	}
}

static bool put_info(struct iter *to, const siginfo_t *i)
{
	struct signalfd_siginfo s = {
		.ssi_signo = (uint32_t)i->si_signo, .ssi_errno = i->si_errno, .ssi_code = i->si_code,
	};

	fill_by_code(&s, i);
	return iter_put(to, &s, sizeof(s)) == sizeof(s);
}

/* A signal of the running task, taken off. 0, or -EAGAIN, -ERESTARTSYS. */
static int next_signal(struct signalfd *f, siginfo_t *info, bool wait)
{
	struct process *p = process_current();
	int sig = signal_take_of(atomic_load(&f->mask), info);
	int error = 0;

	if (!sig && !wait)
		return -EAGAIN;
	if (!sig)
		error = wait_event_interruptible(&p->signal_wait,
						 (sig = signal_take_of(atomic_load(&f->mask), info)) != 0);
	info->si_signo = sig;
	return error;
}

static ssize_t signalfd_read(struct io *io, struct iter *to)
{
	struct signalfd *f = io->file->data;
	bool wait = !(io->flags & IO_NOWAIT);
	ssize_t done = 0;
	siginfo_t info;

	if (to->count < sizeof(struct signalfd_siginfo))
		return -EINVAL;
	while (to->count >= sizeof(struct signalfd_siginfo)) {
		int error = next_signal(f, &info, wait && !done);

		if (!error && !put_info(to, &info))
			error = -EFAULT;
		if (error)
			return done ? done : error;
		done += sizeof(struct signalfd_siginfo);
	}
	return done;
}

/* Nothing waits there, and nothing ever will. Who took the last entry off may still hold the queue's lock: RCU. */
static bool is_over(const struct process *p)
{
	return !READ_ONCE(p->thread_count) && list_empty(&p->signal_wait.entries);
}

/* On the way those that are over go to the list gone. */
static struct poller *find_poller(struct signalfd *f, const struct process *p, struct list *gone)
{
	struct poller *poller, *next;

	assert_held(&f->lock);
	list_for_each_entry_safe(poller, next, &f->pollers, link) {
		if (poller->process == p)
			return poller;
		if (is_over(poller->process)) {
			list_del(&poller->link);
			list_add_tail(&poller->link, gone);
		}
	}
	return NULL;
}

static void drop_all(struct list *pollers)
{
	while (!list_empty(pollers)) {
		struct poller *poller = list_first_entry(pollers, struct poller, link);

		list_del(&poller->link);
		process_put(poller->process);
		kfree(poller);
	}
}

/* p's wait queue stays as long as the file. False when out of memory. */
static bool keep_process(struct signalfd *f, struct process *p)
{
	struct list gone = LIST_INIT(gone);
	struct poller *fresh, *old;

	spin_lock(&f->lock);
	old = find_poller(f, p, &gone);
	spin_unlock(&f->lock);
	drop_all(&gone);
	if (old)
		return true;
	fresh = kmalloc(sizeof(*fresh), ALLOC_KERNEL);
	if (!fresh)
		return false;
	process_get(p);
	fresh->process = p;
	spin_lock(&f->lock);
	old = find_poller(f, p, &gone);
	if (!old)
		list_add_tail(&fresh->link, &f->pollers);
	spin_unlock(&f->lock);
	drop_all(&gone);
	if (old) {
		process_put(p);
		kfree(fresh);
	}
	return true;
}

static uint32_t signalfd_poll(struct file *file, struct poll_table *pt)
{
	struct signalfd *f = file->data;
	struct task *t = task_current_or_null();
	uint64_t pending;

	if (!t)
		return 0;
	if (pt && (!pt->lasting || keep_process(f, t->process)))
		poll_wait(pt, &t->process->signal_wait);
	pending = READ_ONCE(t->pending.set) | READ_ONCE(t->process->pending.set);
	return pending & atomic_load(&f->mask) ? EPOLLIN : 0;
}

static void signalfd_release(struct file *file)
{
	struct signalfd *f = file->data;

	drop_all(&f->pollers);
	kfree(f);
}

static void signalfd_show(struct file *file, char *buf, size_t size)
{
	struct signalfd *f = file->data;

	format(buf, size, "sigmask:\t%016lx\n", atomic_load(&f->mask));
}

static const struct file_ops signalfd_ops = {
	.read = signalfd_read,
	.rw = FILE_TAKES_NONE,
	.poll = signalfd_poll,
	.seek = file_seek_nothing,
	.release = signalfd_release,
	.show_fdinfo = signalfd_show,
};

int signalfd_create_file(uint64_t mask, uint32_t flags, struct file **out)
{
	struct signalfd *f;
	int error;

	if (flags & ~(uint32_t)(SFD_CLOEXEC | SFD_NONBLOCK))
		return -EINVAL;
	f = kmalloc(sizeof(*f), ALLOC_KERNEL);
	if (!f)
		return -ENOMEM;
	f->mask = mask & ~SIGNALS_UNBLOCKABLE;
	spin_init(&f->lock, RANK_FILES);
	list_init(&f->pollers);
	error = file_create_anonymous("anon_inode:[signalfd]", &signalfd_ops, f, O_RDWR | (flags & O_NONBLOCK), out);
	if (error)
		kfree(f);
	return error;
}

int signalfd_set_mask(struct file *file, uint64_t mask)
{
	struct signalfd *f = file->data;

	if (file->ops != &signalfd_ops)
		return -EINVAL;
	atomic_store(&f->mask, mask & ~SIGNALS_UNBLOCKABLE);
	waitq_wake_all(&process_current()->signal_wait);
	return 0;
}
