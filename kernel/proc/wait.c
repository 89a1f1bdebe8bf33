/* SPDX-License-Identifier: MIT */
/*
 * proc/wait.c: wait4(2) and waitid(2). A child that has something to report is
 * on its parent's list of events, so that waiting for any child does not walk
 * the children that have nothing to say. All under the tree lock.
 */
#include "base/panic.h"
#include "proc/internal.h"
#include "proc/process.h"
#include "proc/ptrace.h"
#include <linux/wait.h>

/* Children that announce their end by another signal than SIGCHLD are "clone" children. */
static bool kind_matches(const struct process *child, int options)
{
	bool clone = child->exit_signal != SIGCHLD;

	return (options & __WALL) || clone == !!(options & __WCLONE);
}

/* Made by the running thread, if only those count. */
static bool maker_matches(const struct process *child, int options)
{
	return !(options & __WNOTHREAD) || child->maker == task_current();
}

/* Traced by a thread of its parent's: stops and ends are shown as the tracer has them. */
static bool traced_by_parent(const struct process *child)
{
	return child->leader->ptrace.tracer && !ptrace_is_reparented(child->leader);
}

static bool selected(const struct process *child, int which, const struct pid *id, int options)
{
	if (which == P_PID && child->pid != id)
		return false;
	if (which == P_PGID && child->group != id)
		return false;
	return kind_matches(child, options) && maker_matches(child, options);
}

/* Is there any child that could ever match? */
static bool any_candidate(struct process *me, int which, struct pid *id, int options)
{
	struct process *child;

	if (which == P_PID)
		return id && id->process && id->process->parent == me && kind_matches(id->process, options) &&
		       maker_matches(id->process, options);
	if (which == P_PGID) {
		if (!id)
			return false;
		list_for_each_entry(child, &id->group_members, group_link) {
			if (child->parent == me && kind_matches(child, options) && maker_matches(child, options))
				return true;
		}
		return false;
	}
	list_for_each_entry(child, &me->children, sibling) {
		if (kind_matches(child, options) && maker_matches(child, options))
			return true;
	}
	return false;
}

static bool has_news(const struct process *child, int options)
{
	bool traced = unlikely(child->leader->ptrace.tracer);

	if (child->zombie)
		return (options & WEXITED) && (!traced || traced_by_parent(child));
	return (child->child_event == CHILD_STOPPED && !(traced && traced_by_parent(child)) && (options & WSTOPPED) && READ_ONCE(child->stopped)) ||
	       (child->child_event == CHILD_CONTINUED && (options & WCONTINUED));
}

static struct process *find_news(struct process *me, int which, struct pid *id, int options)
{
	struct process *child;

	if (which == P_PID) {
		child = id->process;
		return child && child->parent == me && kind_matches(child, options) && has_news(child, options) ? child : NULL;
	}
	list_for_each_entry(child, &me->events, event_link) {
		if (selected(child, which, id, options) && has_news(child, options))
			return child;
	}
	return NULL;
}

static void add_to_parent(struct process *me, struct process *child)
{
	uint64_t irq = spin_lock_irq(&me->signal_lock);

	me->dead_children.user += child->dead_threads.user + child->dead_children.user;
	me->dead_children.system += child->dead_threads.system + child->dead_children.system;
	me->children_switches_voluntary += child->dead_switches_voluntary + child->children_switches_voluntary;
	me->children_switches_involuntary += child->dead_switches_involuntary + child->children_switches_involuntary;
	me->children_faults_minor += child->dead_faults_minor + child->children_faults_minor;
	me->children_faults_major += child->dead_faults_major + child->children_faults_major;
	me->children_peak_rss = max(me->children_peak_rss, child->peak_rss);
	me->children_peak_rss = max(me->children_peak_rss, child->children_peak_rss);
	spin_unlock_irq(&me->signal_lock, irq);
}

static void report_stop(struct process *child, int options, struct wait_result *r)
{
	if (child->child_event == CHILD_STOPPED) {
		r->code = CLD_STOPPED;
		r->status = child->stop_told << 8 | 0x7f;
	} else {
		r->code = CLD_CONTINUED;
		r->status = 0xffff;
	}
	if (!(options & WNOWAIT)) {
		child->child_event = 0;
		list_del_init(&child->event_link);
	}
}

static void report_end(struct process *child, struct wait_result *r)
{
	r->status = child->exit_code;
	r->code = child->exit_code & 0x80 ? CLD_DUMPED : child->exit_code & 0x7f ? CLD_KILLED : CLD_EXITED;
}

/* Fills r; a zombie that is reaped is returned in *reaped, to be dropped without the lock. */
static void take_news(struct process *me, struct process *child, int options, struct wait_result *r,
		      struct process **reaped, struct task **leader)
{
	r->pid = child->pid->number;
	r->uid = child->leader ? child->leader->cred->uid : 0;
	if (!child->zombie) {
		report_stop(child, options, r);
		if (r->usage)
			process_usage(child, RUSAGE_BOTH, r->usage);
		return;
	}
	report_end(child, r);
	if (r->usage)
		process_usage(child, RUSAGE_BOTH, r->usage);
	if (options & WNOWAIT)
		return;
	if (unlikely(child->leader->ptrace.tracer))
		ptrace_unlink(child->leader);
	add_to_parent(me, child);
	*leader = child->leader;
	process_unlink(child);
	*reaped = child;
}

/* The end of a thread that me traces, or of a process that it leads. */
static void take_traced_end(struct process *me, struct task *t, int options, struct wait_result *r,
			    struct process **reaped, struct task **leader)
{
	struct process *p = t->process;
	int status = p->group_exiting ? p->exit_code : t->exit_code;

	if (t == p->leader && p->parent == me) {
		take_news(me, p, options, r, reaped, leader);
		return;
	}
	r->status = status;
	r->code = status & 0x80 ? CLD_DUMPED : status & 0x7f ? CLD_KILLED : CLD_EXITED;
	if (options & WNOWAIT)
		return;
	if (t != p->leader) {
		ptrace_reap(t);
		return;
	}
	ptrace_unlink(t);
	if (process_tell_end(p))
		process_forget(p);
}

static void take_traced(struct process *me, struct task *t, int options, struct wait_result *r,
			struct process **reaped, struct task **leader)
{
	r->pid = t->pid->number;
	r->uid = rcu_dereference(t->cred)->uid;
	if (r->usage)
		process_usage(t->process, RUSAGE_BOTH, r->usage);
	if (t->thread.exiting || !ptrace_wait_stop(t, options, r))
		take_traced_end(me, t, options, r, reaped, leader);
}

/* One look: the child's number, 0 if nothing to report yet, or -ECHILD. */
static int64_t try_wait(int which, struct pid *id, int options, struct wait_result *r)
{
	struct process *me = process_current(), *child, *reaped = NULL;
	struct task *leader = NULL, *t;
	int64_t result = -ECHILD;

	spin_lock(&process_tree_lock);
	bool any = any_candidate(me, which, id, options), traced = ptrace_wait_candidate(me, which, id, options);
	if (any || traced) {
		child = any ? find_news(me, which, id, options) : NULL;
		t = child || !traced ? NULL : ptrace_wait_find(me, which, id, options);
		if (child)
			take_news(me, child, options, r, &reaped, &leader);
		else if (t)
			take_traced(me, t, options, r, &reaped, &leader);
		result = child || t ? r->pid : 0;
	}
	spin_unlock(&process_tree_lock);
	if (leader)
		task_put(leader);
	if (reaped)
		process_put(reaped);
	return result;
}

/* The id waited for, counted, so that its number cannot be given away meanwhile. */
static struct pid *resolve(int which, int id)
{
	struct pid *p = NULL;

	if (which == P_ALL)
		return NULL;
	if (which == P_PGID && id == 0)
		return process_get_group();
	spin_lock(&process_tree_lock);
	p = pid_find(id);
	if (p && !refcount_get_unless_zero(&p->refs))
		p = NULL;
	spin_unlock(&process_tree_lock);
	return p;
}

int64_t process_wait(int which, int id, int options, struct wait_result *r)
{
	struct process *me = process_current();
	struct pid *pid = resolve(which, id);
	int64_t result;

	if (which != P_ALL && !pid)
		return -ECHILD;
	result = try_wait(which, pid, options, r);
	if (!result && !(options & WNOHANG)) {
		int waited = wait_event_interruptible(&me->child_wait,
						      (result = try_wait(which, pid, options, r)) != 0);
		if (waited)
			result = waited;
	}
	pid_put(pid);
	return result;
}
