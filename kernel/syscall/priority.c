/* SPDX-License-Identifier: MIT */
/*
 * syscall/priority.c: getpriority(2) and setpriority(2): the nice values of a
 * thread, a process group or a user.
 */
#include "proc/futex.h"
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/resource.h>

/* Called for each thread meant. tree lock held. */
struct nice_visit {
	void (*visit)(struct nice_visit *v, struct task *t);
	int nice;          /* to be set, or the lowest found */
	int result;
};

static void visit_process(struct nice_visit *v, struct process *p)
{
	struct task *t;

	list_for_each_entry(t, &p->threads, process_link)
		v->visit(v, t);
}

static void visit_group(struct nice_visit *v, int number)
{
	struct pid *group;
	struct process *p;

	SPIN_GUARD(&process_tree_lock);
	group = number ? pid_find(number) : process_current()->group;
	if (!group)
		return;
	list_for_each_entry(p, &group->group_members, group_link)
		visit_process(v, p);
}

static uint32_t user_of(struct task *t)
{
	uint32_t uid;

	spin_lock(&t->lock);
	uid = t->cred->uid;
	spin_unlock(&t->lock);
	return uid;
}

static void visit_user(struct nice_visit *v, uint32_t uid)
{
	for (int number = pid_next_process(1); number > 0; number = pid_next_process(number + 1)) {
		struct pid *p;

		SPIN_GUARD(&process_tree_lock);
		p = pid_find(number);
		if (p && p->process && p->process->leader && user_of(p->process->leader) == uid)
			visit_process(v, p->process);
	}
}

static int visit_all(struct nice_visit *v, int which, int who)
{
	struct task *t;

	switch (which) {
	case PRIO_PROCESS:
		t = who ? task_find(who) : task_current();
		if (t)
			v->visit(v, t);
		if (t && who)
			task_put(t);
		break;
	case PRIO_PGRP:
		visit_group(v, who);
		break;
	case PRIO_USER:
		visit_user(v, who ? (uint32_t)who : cred_current()->uid);
		break;
	default:
		return -EINVAL;
	}
	return v->result;
}

static void visit_get(struct nice_visit *v, struct task *t)
{
	struct sched_params p;

	thread_get_params(&t->thread, &p);
	v->nice = v->result ? p.nice : min(v->nice, p.nice);
	v->result = 0;
}

/* 1..40, so that no nice value looks like an error: 20 minus the lowest found. */
SYSCALL2(getpriority, int, which, int, who)
{
	struct nice_visit v = { .visit = visit_get, .result = -ESRCH };
	int result = visit_all(&v, which, who);

	return result ? result : 20 - v.nice;
}

static int set_one(struct task *t, int nice)
{
	const struct cred *me = cred_current();
	struct sched_params p;
	bool same, includes;

	spin_lock(&t->lock);
	same = me->euid == t->cred->uid || me->euid == t->cred->euid;
	includes = cred_includes(me, t->cred);
	spin_unlock(&t->lock);
	if (!same && !capable(CAP_SYS_NICE))
		return -EPERM;
	thread_get_params(&t->thread, &p);
	if (nice < p.nice && (uint64_t)(20 - nice) > atomic_load(&t->process->limit[RLIMIT_NICE].soft) &&
	    !capable(CAP_SYS_NICE))
		return -EACCES;
	if (!includes && !capable(CAP_SYS_NICE))
		return -EPERM;
	p.nice = nice;
	thread_set_params(&t->thread, &p);
	futex_priority_changed(t);
	return 0;
}

/* The last failure counts, unless there was none. */
static void visit_set(struct nice_visit *v, struct task *t)
{
	int result = set_one(t, v->nice);

	if (result || v->result == -ESRCH)
		v->result = result;
}

SYSCALL3(setpriority, int, which, int, who, int, nice)
{
	struct nice_visit v = { .visit = visit_set, .nice = max(-20, min(nice, 19)), .result = -ESRCH };

	return visit_all(&v, which, who);
}
