/* SPDX-License-Identifier: MIT */
/*
 * syscall/sched.c: scheduling policies and processors of threads: sched(7), and
 * who may change them.
 */
#include "lib/string.h"
#include "proc/futex.h"
#include "sched/runq.h"
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/sched/types.h>

#define PRIORITY_MAX 99 /* of SCHED_FIFO and SCHED_RR */
#define KEEP_POLICY  (-1)

static bool is_realtime(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

/* Those whose threads have a nice value of their own choice. */
static bool is_fair(int policy)
{
	return policy == SCHED_NORMAL || policy == SCHED_BATCH;
}

static bool is_known(int policy)
{
	return is_realtime(policy) || is_fair(policy) || policy == SCHED_IDLE;
}

SYSCALL0(sched_yield)
{
	sched_yield_user();
	return 0;
}

/* Same user and no more rights, or CAP_SYS_NICE. */
static bool owns(struct task *t)
{
	const struct cred *me = cred_current();
	bool same;

	if (capable(CAP_SYS_NICE))
		return true;
	spin_lock(&t->lock);
	same = (me->euid == t->cred->uid || me->euid == t->cred->euid) && cred_includes(me, t->cred);
	spin_unlock(&t->lock);
	return same;
}

static uint64_t limit_of(struct task *t, unsigned which)
{
	return atomic_load(&t->process->limit[which].soft);
}

/* What somebody without CAP_SYS_NICE may change. */
static int check_change(struct task *t, const struct sched_params *old, const struct sched_params *new)
{
	uint64_t limit = limit_of(t, RLIMIT_RTPRIO);

	if (capable(CAP_SYS_NICE))
		return 0;
	if (is_fair(new->policy) && new->nice < old->nice && (uint64_t)(20 - new->nice) > limit_of(t, RLIMIT_NICE))
		return -EPERM;
	if (is_realtime(new->policy)) {
		if (new->policy != old->policy && !limit)
			return -EPERM;
		if (new->priority > old->priority && (uint64_t)new->priority > limit)
			return -EPERM;
	}
	if (old->policy == SCHED_IDLE && new->policy != SCHED_IDLE && (uint64_t)(20 - old->nice) > limit_of(t, RLIMIT_NICE))
		return -EPERM;
	if (!owns(t) || (old->reset_on_fork && !new->reset_on_fork))
		return -EPERM;
	return 0;
}

/* flags: SCHED_FLAG_* of sched_setattr(2). */
static int change(struct task *t, struct sched_params *new, uint64_t flags)
{
	struct sched_params old;
	int result;

	thread_get_params(&t->thread, &old);
	if (!is_known(new->policy) || new->priority < 0 || new->priority > PRIORITY_MAX ||
	    is_realtime(new->policy) != (new->priority != 0))
		return -EINVAL;
	result = check_change(t, &old, new);
	if (result)
		return result;
	if (flags & SCHED_FLAG_UTIL_CLAMP)
		return -EOPNOTSUPP;
	if (flags & SCHED_FLAG_KEEP_PARAMS) { /* Linux keeps the policy as well */
		old.reset_on_fork = new->reset_on_fork;
		*new = old;
	}
	thread_set_params(&t->thread, new);
	futex_priority_changed(t);
	return 0;
}

/* A thread by number, counted; 0 is the caller. */
static struct task *find(int tid)
{
	if (tid)
		return task_find(tid);
	task_get(task_current());
	return task_current();
}

static int64_t set_scheduler(int tid, int policy, uaddr_t from)
{
	struct sched_params new;
	struct sched_param p;
	struct task *t;
	int result;

	if (tid < 0 || !from)
		return -EINVAL;
	if (get_user_struct(p, from))
		return -EFAULT;
	t = find(tid);
	if (!t)
		return -ESRCH;
	thread_get_params(&t->thread, &new);
	if (policy != KEEP_POLICY) {
		new.policy = policy & ~SCHED_RESET_ON_FORK;
		new.reset_on_fork = policy & SCHED_RESET_ON_FORK;
	}
	new.priority = p.sched_priority;
	result = change(t, &new, 0);
	task_put(t);
	return result;
}

SYSCALL3(sched_setscheduler, int, tid, int, policy, uaddr_t, from)
{
	return policy < 0 ? -EINVAL : set_scheduler(tid, policy, from);
}

SYSCALL2(sched_setparam, int, tid, uaddr_t, from)
{
	return set_scheduler(tid, KEEP_POLICY, from);
}

/* 0 or an errno. */
static int read_params(int tid, struct sched_params *p)
{
	struct task *t = tid < 0 ? NULL : find(tid);

	if (!t)
		return tid < 0 ? -EINVAL : -ESRCH;
	thread_get_params(&t->thread, p);
	task_put(t);
	return 0;
}

SYSCALL1(sched_getscheduler, int, tid)
{
	struct sched_params p;
	int result = read_params(tid, &p);

	return result ? result : p.policy | (p.reset_on_fork ? SCHED_RESET_ON_FORK : 0);
}

SYSCALL2(sched_getparam, int, tid, uaddr_t, to)
{
	struct sched_param out;
	struct sched_params p;
	int result = to ? read_params(tid, &p) : -EINVAL;

	if (result)
		return result;
	out.sched_priority = p.priority;
	return put_user_struct(to, out);
}

/* Structures of other versions, as openat2(2) has them too. */
static int read_attr(struct sched_attr *a, uaddr_t from)
{
	uint32_t size;
	int result;

	if (get_user_struct(size, from))
		return -EFAULT;
	if (!size)
		size = SCHED_ATTR_SIZE_VER0;
	if (size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
		return -E2BIG;
	result = sized_read(a, sizeof(*a), from, size);
	if (!result && (a->sched_flags & SCHED_FLAG_UTIL_CLAMP) && size < SCHED_ATTR_SIZE_VER1)
		return -EINVAL;
	return result;
}

/* What a thread with these parameters shall have. */
static struct sched_params wanted_params(const struct sched_params *now, const struct sched_attr *a)
{
	struct sched_params new = *now;

	if (!(a->sched_flags & SCHED_FLAG_KEEP_POLICY))
		new.policy = (int)a->sched_policy;
	if (!(a->sched_flags & SCHED_FLAG_KEEP_PARAMS) || !is_realtime(now->policy))
		new.priority = (int)min_t(uint32_t, a->sched_priority, PRIORITY_MAX + 1);
	if (!(a->sched_flags & SCHED_FLAG_KEEP_PARAMS) && is_fair(new.policy))
		new.nice = max(-20, min(a->sched_nice, 19));
	new.reset_on_fork = a->sched_flags & SCHED_FLAG_RESET_ON_FORK;
	return new;
}

SYSCALL3(sched_setattr, int, tid, uaddr_t, from, unsigned, flags)
{
	struct sched_params new;
	struct sched_attr a;
	struct task *t;
	int result;

	if (!from || tid < 0 || flags)
		return -EINVAL;
	result = read_attr(&a, from);
	if (result)
		return result;
	if ((int)a.sched_policy < 0 || (a.sched_flags & ~(uint64_t)SCHED_FLAG_ALL))
		return -EINVAL;
	t = find(tid);
	if (!t)
		return -ESRCH;
	thread_get_params(&t->thread, &new);
	new = wanted_params(&new, &a);
	result = change(t, &new, a.sched_flags);
	task_put(t);
	return result;
}

SYSCALL4(sched_getattr, int, tid, uaddr_t, to, unsigned, size, unsigned, flags)
{
	struct sched_params p;
	struct sched_attr a;
	int result;

	if (!to || tid < 0 || size > PAGE_SIZE || size < SCHED_ATTR_SIZE_VER0 || flags)
		return -EINVAL;
	result = read_params(tid, &p);
	if (result)
		return result;
	size = (unsigned)min_t(size_t, size, sizeof(a));
	a = (struct sched_attr){
		.size = size,
		.sched_policy = (uint32_t)p.policy,
		.sched_flags = p.reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0,
		.sched_nice = is_realtime(p.policy) ? 0 : p.nice,
		.sched_priority = (uint32_t)p.priority,
	};
	return copy_to_user(to, &a, size);
}

SYSCALL1(sched_get_priority_max, int, policy)
{
	return is_realtime(policy) ? PRIORITY_MAX : is_known(policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

SYSCALL1(sched_get_priority_min, int, policy)
{
	return is_realtime(policy) ? 1 : is_known(policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

SYSCALL2(sched_rr_get_interval, int, tid, uaddr_t, to)
{
	struct sched_params p;
	int result = read_params(tid, &p);

	if (result)
		return result;
	return timespec_write(to, p.policy == SCHED_RR ? atomic_load(&sched_rr_slice) : p.policy == SCHED_FIFO ? 0 : SLICE_NS);
}

static uint64_t possible_cpus(void)
{
	return cpu_online_count >= 64 ? ~0UL : BIT(cpu_online_count) - 1;
}

SYSCALL3(sched_setaffinity, int, tid, unsigned, size, uaddr_t, from)
{
	uint64_t mask = 0;
	struct task *t;
	int result = 0;

	if (copy_from_user(&mask, from, min_t(size_t, size, sizeof(mask))))
		return -EFAULT;
	t = tid < 0 ? NULL : find(tid);
	if (!t)
		return -ESRCH;
	mask &= possible_cpus();
	if (!owns(t))
		result = -EPERM;
	else if (!mask)
		result = -EINVAL;
	else
		thread_set_affinity(&t->thread, mask);
	task_put(t);
	return result;
}

SYSCALL3(sched_getaffinity, int, tid, unsigned, size, uaddr_t, to)
{
	uint64_t mask;
	struct task *t;

	if (size * 8 < cpu_online_count || size % sizeof(mask))
		return -EINVAL;
	t = tid < 0 ? NULL : find(tid);
	if (!t)
		return -ESRCH;
	mask = t->thread.affinity & possible_cpus();
	task_put(t);
	return put_user_struct(to, mask) ? -EFAULT : (int64_t)sizeof(mask);
}
