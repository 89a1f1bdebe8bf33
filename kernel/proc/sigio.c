/* SPDX-License-Identifier: MIT */
/*
 * proc/sigio.c: signals for files that become ready: O_ASYNC, with F_SETOWN and
 * F_SETSIG of fcntl(2). The file's wait queues are hooked as epoll does it. A waker
 * holds a queue's lock, which comes after those that sending a signal takes, so the
 * signal is sent by deferred work.
 *
 * Whom a file tells is remembered as a counted number, so that nobody else ever gets the
 * signals once that process is gone; and whether they may be sent is decided by who
 * asked for them with F_SETOWN, not by who opened the file.
 *
 * The hooks are taken off before the file goes; work that is queued then has a
 * reference of its own, and finds that the file is gone.
 */
#include "fs/poll.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include "sched/work.h"
#include <linux/fcntl.h>
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

/* Whom a file tells: file->owner, under the file's lock. */
struct sigio_owner {
	struct pid *pid;         /* counted; NULL: nobody */
	int type;                /* F_OWNER_* */
	uint32_t uid, euid;      /* of who asked */
};

/* kill(2)'s rule, for who asked. RCU. */
static bool permitted(const struct sigio_owner *o, const struct task *t)
{
	const struct cred *other = rcu_dereference(t->cred);

	return !o->euid || o->euid == other->suid || o->euid == other->uid || o->uid == other->suid ||
	       o->uid == other->uid;
}

/* Tree lock held. info NULL: from the kernel. If there is no room for what it says, SIGIO comes instead. */
static void send_one(const struct sigio_owner *o, struct task *t, int sig, const siginfo_t *info)
{
	int result;

	if (!t || !permitted(o, t))
		return;
	result = o->type == F_OWNER_TID ? signal_send_task(t, sig, info) : signal_send_process(t->process, sig, info);
	if (result)
		signal_send_process(t->process, SIGIO, NULL);
}

static void send_to(const struct sigio_owner *o, int sig, const siginfo_t *info)
{
	struct process *p;

	SPIN_GUARD(&process_tree_lock);
	if (o->type != F_OWNER_PGRP) {
		send_one(o, o->pid->task, sig, info);
		return;
	}
	list_for_each_entry(p, &o->pid->group_members, group_link)
		send_one(o, p->leader, sig, info);
}

/* A copy, its number counted; and what F_SETSIG said. False: there is none. */
static bool get_owner(struct file *f, struct sigio_owner *out, int *sig)
{
	const struct sigio_owner *o;

	SPIN_GUARD(&f->lock);
	o = f->owner;
	if (!o || !o->pid)
		return false;
	*out = *o;
	*sig = f->owner_signal;
	pid_get(out->pid);
	return true;
}

/* Those whose own codes mean something else than what is ready. */
static bool has_codes(int sig)
{
	return sig < SIGRTMIN && (SIGNAL_BIT(sig) & (SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSEGV) |
						     SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGCHLD) |
						     SIGNAL_BIT(SIGSYS)));
}

/* One signal; without F_SETSIG it says nothing but that there is something. */
static void tell(struct file *f, int fd, int code, int64_t band)
{
	siginfo_t info = { .si_code = code };
	struct sigio_owner o;
	int sig;

	if (!get_owner(f, &o, &sig))
		return;
	if (sig && has_codes(sig))
		info.si_code = SI_SIGIO;
	info.si_signo = sig;
	info.si_band = band;
	info.si_fd = fd;
	send_to(&o, sig ? sig : SIGIO, sig ? &info : NULL);
	pid_put(o.pid);
}

static void tell_message(struct file *f, int fd)
{
	tell(f, fd, POLL_MSG, BAND_IN | EPOLLMSG);
}

void sigio_send_urgent(struct file *f)
{
	struct sigio_owner o;
	int sig;

	if (!get_owner(f, &o, &sig))
		return;
	send_to(&o, SIGURG, NULL);
	pid_put(o.pid);
}

static struct pid *find_counted(int number)
{
	struct pid *pid;

	rcu_read_lock();
	pid = pid_find(number);
	if (pid && !refcount_get_unless_zero(&pid->refs))
		pid = NULL;
	rcu_read_unlock();
	return pid;
}

static void owner_free(struct sigio_owner *o)
{
	if (!o)
		return;
	pid_put(o->pid);
	kfree(o);
}

int sigio_set_owner(struct file *f, int type, int number)
{
	struct sigio_owner *old, *o = kzalloc(sizeof(*o), ALLOC_KERNEL);

	if (!o)
		return -ENOMEM;
	o->pid = number ? find_counted(number) : NULL;
	if (number && !o->pid) {
		kfree(o);
		return -ESRCH;
	}
	o->type = type;
	o->uid = cred_current()->uid;
	o->euid = cred_current()->euid;
	spin_lock(&f->lock);
	old = f->owner;
	f->owner = o;
	spin_unlock(&f->lock);
	owner_free(old);
	return 0;
}

static int own(struct file *f)
{
	const struct sigio_owner *o;
	bool owned;
	int result;

	spin_lock(&f->lock);
	o = f->owner;
	owned = o && o->pid;
	spin_unlock(&f->lock);
	if (owned)
		return 0;
	result = sigio_set_owner(f, F_OWNER_PID, process_current()->pid->number);
	return result ? result : 1;
}

static void disown(struct file *f, bool signal)
{
	struct sigio_owner *o;
	struct pid *pid = NULL;

	spin_lock(&f->lock);
	o = f->owner;
	if (o) {
		pid = o->pid;
		o->pid = NULL;
		o->type = F_OWNER_PID;
	}
	if (signal)
		f->owner_signal = 0;
	spin_unlock(&f->lock);
	pid_put(pid);
}

/* Whether there is still anybody of that kind. */
static bool is_there(const struct sigio_owner *o)
{
	SPIN_GUARD(&process_tree_lock);
	if (o->type == F_OWNER_PGRP)
		return !list_empty(&o->pid->group_members);
	return o->type == F_OWNER_PID ? o->pid->process != NULL : o->pid->task != NULL;
}

void sigio_get_owner(struct file *f, int *type, int *number)
{
	struct sigio_owner o;
	int sig;

	spin_lock(&f->lock);
	*type = f->owner ? ((struct sigio_owner *)f->owner)->type : F_OWNER_TID; /* as Linux says of a fresh file */
	spin_unlock(&f->lock);
	*number = 0;
	if (!get_owner(f, &o, &sig))
		return;
	*type = o.type;
	if (is_there(&o))
		*number = o.pid->number;
	pid_put(o.pid);
}

int sigio_set_owner_number(struct file *f, int number)
{
	if (number == INT_MIN)
		return -EINVAL;
	return number < 0 ? sigio_set_owner(f, F_OWNER_PGRP, -number) : sigio_set_owner(f, F_OWNER_PID, number);
}

int sigio_get_owner_number(struct file *f)
{
	int type, number;

	sigio_get_owner(f, &type, &number);
	return type == F_OWNER_PGRP ? -number : number;
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
		tell(f, s->fd, POLL_IN, BAND_IN);
	if (f && (events & EPOLLOUT))
		tell(f, s->fd, POLL_OUT, BAND_OUT);
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

static void sigio_gone(struct file *f)
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

static void file_gone(struct file *f)
{
	sigio_gone(f);
	owner_free(f->owner);
}

static int process_number(void)
{
	return process_current()->pid->number;
}

const struct file_async_hooks sigio_hooks = {
	.gone = file_gone,
	.tell = tell_message,
	.own = own,
	.disown = disown,
	.process_number = process_number,
};

static int begin(struct file *f, int fd)
{
	struct hooking h = { .table = { .queue = hook_queue, .lasting = true } };
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
