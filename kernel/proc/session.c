/* SPDX-License-Identifier: MIT */
/*
 * proc/session.c: process groups, sessions and their controlling terminal.
 * Everything is under the tree lock. A group is its struct pid's member list;
 * the terminal of a session hangs off the session's struct pid, as an opaque
 * object with the call-backs that tty/ gave.
 */
#include "mem/slab.h"
#include "proc/internal.h"
#include "proc/process.h"

void process_join_group(struct process *p, struct pid *group)
{
	struct pid *old = p->group;

	assert_held(&process_tree_lock);
	if (old)
		list_del(&p->group_link);
	pid_get(group);
	p->group = group;
	list_add_tail(&p->group_link, &group->group_members);
	pid_put(old);
}

void process_join_session(struct process *p, struct pid *session)
{
	struct pid *old = p->session;

	assert_held(&process_tree_lock);
	if (old)
		list_del(&p->session_link);
	pid_get(session);
	p->session = session;
	list_add_tail(&p->session_link, &session->session_members);
	pid_put(old);
}

void process_lead(struct process *p, struct task *t)
{
	assert_held(&process_tree_lock);
	pid_get(t->pid);
	p->pid = t->pid;
	p->leader = t;
	p->exit_signal = SIGCHLD;
	list_add_tail(&t->process_link, &p->threads);
	p->thread_count = p->live = 1;
	process_join_group(p, t->pid);
	process_join_session(p, t->pid);
	rcu_assign(t->pid->process, p);
	rcu_assign(t->pid->task, t);
}

/* The pointers stay until the process itself goes: wait(2) by group still needs them. */
void process_leave_groups(struct process *p)
{
	assert_held(&process_tree_lock);
	list_del_init(&p->group_link);
	list_del_init(&p->session_link);
}

/* Not orphaned: some member has a parent in another group of the same session. ignore does not count. */
bool group_orphaned_locked(const struct pid *group, const struct process *ignore)
{
	struct process *p;

	assert_held(&process_tree_lock);
	list_for_each_entry(p, &group->group_members, group_link) {
		if (p == ignore || p->zombie || !p->parent || p->parent == init_process)
			continue;
		if (p->parent->group != group && p->parent->session == p->session)
			return false;
	}
	return true;
}

bool process_group_orphaned(struct pid *group)
{
	SPIN_GUARD(&process_tree_lock);
	return group_orphaned_locked(group, NULL);
}

static bool group_has_stopped(const struct pid *group)
{
	struct process *p;

	list_for_each_entry(p, &group->group_members, group_link) {
		if (READ_ONCE(p->stopped))
			return true;
	}
	return false;
}

/*
 * parent, of p, ends or p itself does: if it was what kept p's group from being
 * orphaned, stopped members are hung up (POSIX, _exit()). Tree lock held. p's new
 * parent, if it has one, stands in the tree already.
 */
void session_orphan_group(struct process *p, const struct process *parent)
{
	struct process *ignore = p->parent == parent ? p : NULL, *member;

	assert_held(&process_tree_lock);
	if (!parent || parent->group == p->group || parent->session != p->session)
		return;
	if (!group_has_stopped(p->group) || !group_orphaned_locked(p->group, ignore))
		return;
	list_for_each_entry(member, &p->group->group_members, group_link) {
		signal_send_process(member, SIGHUP, NULL);
		signal_send_process(member, SIGCONT, NULL);
	}
}

static int set_group_locked(struct process *p, struct pid *group)
{
	struct process *me = process_current();

	if (p->parent == me) {
		if (p->session != me->session)
			return -EPERM;
		if (p->was_execed)
			return -EACCES;
	} else if (p != me) {
		return -ESRCH;
	}
	if (p->session == p->pid)
		return -EPERM; /* a session's leader stays */
	if (group != p->pid) {
		struct process *member;

		if (!group || list_empty(&group->group_members))
			return -EPERM;
		member = list_first_entry(&group->group_members, struct process, group_link);
		if (member->session != me->session)
			return -EPERM;
	}
	if (p->group != group)
		process_join_group(p, group);
	return 0;
}

int process_set_group(int pid, int group)
{
	struct process *p;
	struct pid *g;
	int result = -ESRCH;

	if (!pid)
		pid = process_current()->pid->number;
	if (!group)
		group = pid;
	if (group < 0)
		return -EINVAL;
	spin_lock(&process_tree_lock);
	struct pid *named = pid_find(pid);
	p = named ? named->process : NULL;
	g = pid_find(group);
	if (p)
		result = set_group_locked(p, g);
	spin_unlock(&process_tree_lock);
	return result;
}

int process_new_session(void)
{
	struct process *p = process_current();

	SPIN_GUARD(&process_tree_lock);
	if (p->group == p->pid || !list_empty(&p->pid->group_members))
		return -EPERM;
	process_join_group(p, p->pid);
	process_join_session(p, p->pid);
	return p->pid->number;
}

struct pid *process_get_group(void)
{
	SPIN_GUARD(&process_tree_lock);
	struct pid *g = process_current()->group;
	pid_get(g);
	return g;
}

struct pid *process_get_session(void)
{
	SPIN_GUARD(&process_tree_lock);
	struct pid *s = process_current()->session;
	pid_get(s);
	return s;
}

bool session_is_leader(void)
{
	struct process *p = process_current();

	return READ_ONCE(p->session) == p->pid;
}

int session_set_terminal(const struct session_terminal *t)
{
	struct process *p = process_current();
	struct session_terminal *copy = kmalloc(sizeof(*copy), ALLOC_KERNEL);
	int result = -EPERM;

	if (!copy)
		return -ENOMEM;
	*copy = *t;
	spin_lock(&process_tree_lock);
	if (p->session == p->pid && !p->pid->terminal) {
		t->get(t->terminal);
		p->pid->terminal = copy;
		copy = NULL;
		result = 0;
	}
	spin_unlock(&process_tree_lock);
	kfree(copy);
	return result;
}

static struct session_terminal *take_terminal(struct pid *session)
{
	SPIN_GUARD(&process_tree_lock);
	struct session_terminal *t = session->terminal;
	session->terminal = NULL;
	return t;
}

void session_clear_terminal(struct pid *session)
{
	struct session_terminal *t = take_terminal(session);

	if (t) {
		t->put(t->terminal);
		kfree(t);
	}
}

void *session_get_terminal(void)
{
	SPIN_GUARD(&process_tree_lock);
	struct session_terminal *t = process_current()->session->terminal;

	if (!t)
		return NULL;
	t->get(t->terminal);
	return t->terminal;
}

void session_leader_exit(struct process *p)
{
	struct session_terminal *t = take_terminal(p->pid);

	if (t) {
		t->leader_exits(t->terminal, p->pid);
		t->put(t->terminal);
		kfree(t);
	}
}
