/* SPDX-License-Identifier: MIT */
/*
 * syscall/limit.c: resource limits and what has been used: getrlimit(2),
 * prlimit(2), getrusage(2), times(2), priorities' limits.
 */
#include "hal/clock.h"
#include "lib/string.h"
#include "proc/itimer.h"
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/times.h>

#define TICK_NSEC (NSEC_PER_SEC / 100)

/* The address space keeps copies of the limits that its own code looks at. */
static void tell_space(struct space *s, unsigned which, uint64_t soft)
{
	uint64_t *copy = which == RLIMIT_STACK ? &s->stack_limit : which == RLIMIT_DATA ? &s->data_limit :
			 which == RLIMIT_AS ? &s->address_limit : NULL;

	if (copy)
		atomic_store(copy, soft);
}

/* t: a thread of p, or NULL for the running process. */
static void tell(struct process *p, struct task *t, unsigned which, uint64_t soft)
{
	struct space *s;

	if (which == RLIMIT_CPU || which == RLIMIT_RTTIME)
		cpu_limit_changed(p);
	if (!t) {
		tell_space(task_current()->space, which, soft);
		return;
	}
	s = task_visit_space(t);
	if (!s)
		return;
	tell_space(s, which, soft);
	task_leave_space(s);
}

/* Sets *new (if not NULL) after giving back what was. t: see tell(). */
static int change_limit(struct process *p, struct task *t, unsigned which, const struct limit *new, struct limit *old)
{
	uint64_t irq;
	int result = 0;

	if (which >= RLIM_NLIMITS || (new && new->soft > new->hard))
		return -EINVAL;
	if (new && which == RLIMIT_NOFILE && new->hard > (uint64_t)atomic_load(&files_most))
		return -EPERM;
	irq = spin_lock_irq(&p->signal_lock);
	*old = p->limit[which];
	if (new && new->hard > old->hard && !capable(CAP_SYS_RESOURCE))
		result = -EPERM;
	if (new && !result)
		p->limit[which] = *new;
	spin_unlock_irq(&p->signal_lock, irq);
	if (new && !result)
		tell(p, t, which, new->soft);
	return result;
}

/* RLIM_INFINITY and LIMIT_INFINITY are the same number. */
static_assert(sizeof(struct limit) == sizeof(struct rlimit64) && LIMIT_INFINITY == RLIM64_INFINITY, "struct rlimit64");

SYSCALL2(getrlimit, unsigned, which, uaddr_t, to)
{
	struct limit l;
	int result = change_limit(process_current(), NULL, which, NULL, &l);

	return result ? result : put_user_struct(to, l);
}

SYSCALL2(setrlimit, unsigned, which, uaddr_t, from)
{
	struct limit l, old;

	if (get_user_struct(l, from))
		return -EFAULT;
	return change_limit(process_current(), NULL, which, &l, &old);
}

/* Limits of others: same user in every respect, or CAP_SYS_RESOURCE. */
static int check_other(struct process *p)
{
	const struct cred *me = cred_current(), *c;
	int result = 0;

	SPIN_GUARD(&process_tree_lock);
	if (p == process_current() || !p->leader || capable(CAP_SYS_RESOURCE))
		return 0;
	spin_lock(&p->leader->lock);
	c = p->leader->cred;
	if (me->uid != c->uid || me->uid != c->euid || me->uid != c->suid || me->gid != c->gid || me->gid != c->egid ||
	    me->gid != c->sgid)
		result = -EPERM;
	spin_unlock(&p->leader->lock);
	return result;
}

SYSCALL4(prlimit64, int, pid, unsigned, which, uaddr_t, new_at, uaddr_t, old_at)
{
	struct process *p = process_current();
	struct limit new, old;
	struct task *t = NULL;
	int result;

	if (new_at && get_user_struct(new, new_at))
		return -EFAULT;
	if (pid) {
		t = task_find(pid);
		if (!t)
			return -ESRCH;
		p = t->process;
	}
	result = check_other(p);
	if (!result)
		result = change_limit(p, t, which, new_at ? &new : NULL, &old);
	if (t)
		task_put(t);
	return !result && old_at ? put_user_struct(old_at, old) : result;
}

SYSCALL2(getrusage, int, who, uaddr_t, to)
{
	struct rusage r;

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
		return -EINVAL;
	process_usage(process_current(), who, &r);
	return put_user_struct(to, r);
}

static long ticks(struct __kernel_old_timeval t)
{
	return t.tv_sec * 100 + t.tv_usec / 10000;
}

SYSCALL1(times, uaddr_t, to)
{
	struct rusage own, children;

	if (to) {
		struct tms t;

		process_usage(process_current(), RUSAGE_SELF, &own);
		process_usage(process_current(), RUSAGE_CHILDREN, &children);
		t = (struct tms){
			.tms_utime = ticks(own.ru_utime),
			.tms_stime = ticks(own.ru_stime),
			.tms_cutime = ticks(children.ru_utime),
			.tms_cstime = ticks(children.ru_stime),
		};
		if (put_user_struct(to, t))
			return -EFAULT;
	}
	return clock_now() / TICK_NSEC;
}
