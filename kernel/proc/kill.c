/* SPDX-License-Identifier: MIT */
/*
 * proc/kill.c: kill(2): who may send what to whom, and whom a number names: a
 * process, a group, or everybody.
 */
#include "base/panic.h"
#include "proc/internal.h"
#include "proc/process.h"
#include <linux/capability.h>

uint64_t process_group_signals;

static int permission_locked(struct process *target, int sig)
{
	const struct cred *me = cred_current(), *other;
	struct task *t = target->leader;
	int result = 0;

	assert_held(&process_tree_lock);
	if (target == process_current() || !t || cred_capable(me, CAP_KILL))
		return 0;
	spin_lock(&t->lock);
	other = t->cred;
	if (me->euid != other->uid && me->euid != other->suid && me->uid != other->uid && me->uid != other->suid &&
	    !(sig == SIGCONT && target->session == process_current()->session))
		result = -EPERM;
	spin_unlock(&t->lock);
	return result;
}

int signal_permission(struct process *target, int sig)
{
	SPIN_GUARD(&process_tree_lock);
	return permission_locked(target, sig);
}

static int kill_locked(struct process *p, int sig, const siginfo_t *info)
{
	int result = sig < 0 || sig > SIGNAL_COUNT ? -EINVAL : permission_locked(p, sig);

	if (result || !sig || p->zombie)
		return result;
	return signal_send_process(p, sig, info);
}

/* Any thread's number names its process. */
static int kill_process(int number, int sig, const siginfo_t *info)
{
	struct process *p = NULL;
	struct pid *named;

	SPIN_GUARD(&process_tree_lock);
	named = pid_find(number);
	if (named)
		p = named->process ? named->process : named->task ? named->task->process : NULL;
	return p ? kill_locked(p, sig, info) : -ESRCH;
}

int signal_kill_pid(struct pid *pid, int sig, const siginfo_t *info)
{
	SPIN_GUARD(&process_tree_lock);
	return pid->process ? kill_locked(pid->process, sig, info) : -ESRCH;
}

/* 0 if one of them got it. */
static int kill_group(int number, int sig, const siginfo_t *info)
{
	int result = -ESRCH, sent = 0;
	struct process *p;
	struct pid *group;

	SPIN_GUARD(&process_tree_lock);
	group = number ? pid_find(number) : process_current()->group;
	if (!group)
		return -ESRCH;
	process_group_signals++;
	list_for_each_entry(p, &group->group_members, group_link) {
		result = kill_locked(p, sig, info);
		sent += !result;
	}
	return sent ? 0 : result;
}

/* Everybody but process 1 and the caller. */
static int kill_all(int sig, const siginfo_t *info)
{
	int me = process_current()->pid->number, result = -ESRCH;

	for (int number = pid_next_process(2); number > 0; number = pid_next_process(number + 1)) {
		int r = number == me ? -EPERM : kill_process(number, sig, info);

		if (r != -EPERM)
			result = r;
	}
	return result;
}

int signal_kill(int number, int sig, const siginfo_t *info)
{
	if (number > 0)
		return kill_process(number, sig, info);
	if (number == INT_MIN)
		return -ESRCH;
	return number == -1 ? kill_all(sig, info) : kill_group(-number, sig, info);
}
