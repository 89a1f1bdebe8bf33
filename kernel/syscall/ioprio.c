/* SPDX-License-Identifier: MIT */
/*
 * syscall/ioprio.c: ioprio_get(2) and ioprio_set(2). Priorities are kept and handed
 * down by fork; there is no disk whose queue would look at them.
 */
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/ioprio.h>

/* Called for each thread meant. */
struct ioprio_visit {
	void (*visit)(struct ioprio_visit *v, struct task *t);
	uint16_t priority; /* to be set, or the best found */
	int result;
};

static void visit_process(struct ioprio_visit *v, struct process *p)
{
	struct task *t;

	list_for_each_entry(t, &p->threads, process_link)
		v->visit(v, t);
}

static void visit_group(struct ioprio_visit *v, int number)
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

static void visit_user(struct ioprio_visit *v, uint32_t uid)
{
	for (int number = pid_next_process(1); number > 0; number = pid_next_process(number + 1)) {
		struct pid *p;

		SPIN_GUARD(&process_tree_lock);
		p = pid_find(number);
		if (p && p->process && p->process->leader && user_of(p->process->leader) == uid)
			visit_process(v, p->process);
	}
}

static int visit_all(struct ioprio_visit *v, int which, int who)
{
	struct task *t;

	v->result = -ESRCH;
	switch (which) {
	case IOPRIO_WHO_PROCESS:
		t = who ? task_find(who) : task_current();
		if (t)
			v->visit(v, t);
		if (t && who)
			task_put(t);
		break;
	case IOPRIO_WHO_PGRP:
		visit_group(v, who);
		break;
	case IOPRIO_WHO_USER:
		visit_user(v, who ? (uint32_t)who : cred_current()->uid);
		break;
	default:
		return -EINVAL;
	}
	return v->result;
}

/* What a thread without one works at: its nice value says. */
static uint16_t effective(struct task *t)
{
	uint16_t priority = atomic_load(&t->io_priority);
	struct sched_params p;

	if (priority)
		return priority;
	thread_get_params(&t->thread, &p);
	return IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, (p.nice + 20) / 5);
}

static void visit_get(struct ioprio_visit *v, struct task *t)
{
	v->priority = v->result ? effective(t) : min(v->priority, effective(t));
	v->result = 0;
}

static void visit_get_one(struct ioprio_visit *v, struct task *t)
{
	v->priority = atomic_load(&t->io_priority);
	v->result = 0;
}

SYSCALL2(ioprio_get, int, which, int, who)
{
	struct ioprio_visit v = { .visit = which == IOPRIO_WHO_PROCESS ? visit_get_one : visit_get };
	int result = visit_all(&v, which, who);

	return result ? result : v.priority;
}

static bool same_user(struct task *t)
{
	const struct cred *me = cred_current();
	bool same;

	spin_lock(&t->lock);
	same = (me->uid == t->cred->uid || me->euid == t->cred->uid) && cred_includes(me, t->cred);
	spin_unlock(&t->lock);
	return same;
}

static void visit_set(struct ioprio_visit *v, struct task *t)
{
	if (v->result == -EPERM)
		return;
	v->result = same_user(t) || capable(CAP_SYS_NICE) ? 0 : -EPERM;
	if (!v->result)
		atomic_store(&t->io_priority, v->priority);
}

static int check_priority(unsigned priority)
{
	switch (IOPRIO_PRIO_CLASS(priority)) {
	case IOPRIO_CLASS_RT:
		return capable(CAP_SYS_ADMIN) || capable(CAP_SYS_NICE) ? 0 : -EPERM;
	case IOPRIO_CLASS_BE:
	case IOPRIO_CLASS_IDLE:
		return 0;
	case IOPRIO_CLASS_NONE:
		return IOPRIO_PRIO_DATA(priority) ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

SYSCALL3(ioprio_set, int, which, int, who, unsigned, priority)
{
	struct ioprio_visit v = { .visit = visit_set, .priority = (uint16_t)priority };
	int result = priority >> 16 ? -EINVAL : check_priority(priority);

	return result ? result : visit_all(&v, which, who);
}
