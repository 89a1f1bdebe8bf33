/* SPDX-License-Identifier: MIT */
/*
 * proc/sigio.c: signals for files that become ready: O_ASYNC, with F_SETOWN and
 * F_SETSIG of fcntl(2). The file's wait queues are hooked as epoll does it. A waker
 * holds a queue's lock, which comes after those that sending a signal takes, so the
 * signal is sent by deferred work.
 *
 * The hooks are taken off before the file goes; work that is queued then has a
 * reference of its own, and finds that the file is gone.
 */
#include "fs/poll.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include "sched/work.h"
#include <linux/stat.h>

#define HOOKS   4 /* wait queues of one file */
#define ANY     (EPOLLIN | EPOLLOUT | EPOLLHUP)
#define BAND_IN  (EPOLLIN | EPOLLRDNORM)
#define BAND_OUT (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)

struct sigio {
	struct refcount refs;    /* the file's, and one while work is queued */
	struct work work;
	struct file *file;       /* atomic, RCU: NULL once it is gone */
	int fd;                  /* immutable: by which it was asked for */
	uint32_t events;         /* atomic: what came since the last signal */
	unsigned hooks;          /* immutable once hooked */
	struct hook {
		struct wait_entry wait;
		struct waitq *queue; /* immutable */
		struct sigio *sigio; /* immutable */
	} hook[HOOKS];
};

static void sigio_put(struct sigio *s)
{
	if (refcount_put(&s->refs))
		kfree(s);
}

/* kill(2)'s rule, for who opened the file. Tree lock held. */
static bool permitted(const struct file *f, const struct process *p)
{
	const struct cred *me = f->cred, *other;

	if (!p->leader)
		return false;
	other = rcu_dereference(p->leader->cred);
	return !me->euid || me->euid == other->suid || me->euid == other->uid || me->uid == other->suid ||
	       me->uid == other->uid;
}

static void send_to(const struct file *f, int owner, int sig, const siginfo_t *info)
{
	struct process *p;
	struct pid *pid;

	SPIN_GUARD(&process_tree_lock);
	pid = pid_find(owner < 0 ? -owner : owner);
	if (!pid)
		return;
	if (owner > 0) {
		p = pid->process ? pid->process : pid->task ? pid->task->process : NULL; /* a thread stands for its process */
		if (p && permitted(f, p))
			signal_send_process(p, sig, info);
		return;
	}
	list_for_each_entry(p, &pid->group_members, group_link)
		if (permitted(f, p))
			signal_send_process(p, sig, info);
}

/* One signal; without F_SETSIG it says nothing but that there is something. */
static void tell(const struct sigio *s, struct file *f, int code, int64_t band)
{
	siginfo_t info = { .si_code = code };
	int owner, sig;

	spin_lock(&f->lock);
	owner = (int)(intptr_t)f->owner;
	sig = f->owner_signal;
	spin_unlock(&f->lock);
	if (!owner)
		return;
	info.si_signo = sig;
	info.si_band = band;
	info.si_fd = s->fd;
	send_to(f, owner, sig ? sig : SIGIO, sig ? &info : NULL);
}

void sigio_send_urgent(struct file *f)
{
	int owner;

	spin_lock(&f->lock);
	owner = (int)(intptr_t)f->owner;
	spin_unlock(&f->lock);
	if (owner)
		send_to(f, owner, SIGURG, NULL);
}

static struct file *file_of(struct sigio *s)
{
	struct file *f;

	rcu_read_lock();
	f = rcu_dereference(s->file);
	if (f && !refcount_get_unless_zero(&f->refs))
		f = NULL;
	rcu_read_unlock();
	return f;
}

static void run(struct work *w)
{
	struct sigio *s = container_of(w, struct sigio, work);
	uint32_t events = atomic_exchange(&s->events, 0);
	struct file *f = file_of(s);

	if (f && (events & (EPOLLIN | EPOLLHUP)))
		tell(s, f, POLL_IN, BAND_IN);
	if (f && (events & EPOLLOUT))
		tell(s, f, POLL_OUT, BAND_OUT);
	if (f)
		file_put(f);
	sigio_put(s);
}

/* Of a wait queue, whose lock is held. */
static bool hook_wake(struct wait_entry *e, uint64_t key)
{
	struct sigio *s = container_of(e, struct hook, wait)->sigio;

	atomic_or(&s->events, key ? (uint32_t)key : ANY);
	refcount_get(&s->refs);
	if (!work_queue(&s->work))
		sigio_put(s); /* not the last: the file has one while there are hooks */
	return false;
}

struct hooking { struct poll_table table; struct sigio *sigio; };

static void hook_queue(struct poll_table *pt, struct waitq *q)
{
	struct sigio *s = container_of(pt, struct hooking, table)->sigio;
	struct hook *h;

	if (s->hooks == HOOKS)
		return;
	h = &s->hook[s->hooks++];
	h->queue = q;
	h->sigio = s;
	wait_entry_init(&h->wait);
	h->wait.wake = hook_wake;
	waitq_add(q, &h->wait);
}

void sigio_gone(struct file *f)
{
	struct sigio *s = f->async;

	if (!s)
		return;
	f->async = NULL;
	for (unsigned i = 0; i < s->hooks; i++)
		waitq_remove(s->hook[i].queue, &s->hook[i].wait);
	rcu_assign(s->file, (struct file *)NULL);
	sigio_put(s);
}

static int begin(struct file *f, int fd)
{
	struct hooking h = { .table.queue = hook_queue };
	struct sigio *s = kzalloc(sizeof(*s), ALLOC_KERNEL);

	if (!s)
		return -ENOMEM;
	refcount_init(&s->refs, 1);
	work_init(&s->work, run);
	s->file = f;
	s->fd = fd;
	h.sigio = s;
	f->async = s;
	f->ops->poll(f, &h.table);
	return 0;
}

static struct mutex sigio_lock = MUTEX_INIT(sigio_lock, RANK_SLEEP_LEAF); /* file->async, but for its end */

bool sigio_possible(const struct file *f)
{
	return f->ops->poll && (S_ISFIFO(f->inode->mode) || S_ISSOCK(f->inode->mode) || S_ISCHR(f->inode->mode));
}

int sigio_set(struct file *f, int fd, bool on)
{
	MUTEX_GUARD(&sigio_lock);
	if (!on)
		sigio_gone(f);
	return on && !f->async ? begin(f, fd) : 0;
}
