/* SPDX-License-Identifier: MIT */
/*
 * proc/ptrace_wait.c: traced threads in wait(2). Those with news are on a list of
 * their tracer's process, as its children with news are. All under the tree lock.
 */
#include "base/panic.h"
#include "proc/internal.h"
#include "proc/ptrace.h"
#include <linux/wait.h>

static bool selected(const struct task *t, int which, const struct pid *id)
{
	return which == P_ALL || (which == P_PID ? t->pid == id : t->process->group == id);
}

static bool is_ours(const struct process *me, const struct task *t, int options)
{
	const struct task *tracer = t->ptrace.tracer;

	return tracer && (options & __WNOTHREAD ? tracer == task_current() : tracer->process == me);
}

static bool is_ended(const struct task *t)
{
	return t->ptrace.zombie || (t->process->leader == t && t->process->zombie);
}

/* An ended one has nothing to say but that. */
static bool may_have_news(const struct task *t, int options)
{
	return (options & WEXITED) || !t->thread.exiting;
}

static bool has_news(struct task *t, int options)
{
	uint64_t irq;
	bool stopped;

	if (t->thread.exiting)
		return is_ended(t) && (options & WEXITED);
	irq = spin_lock_irq(&t->process->signal_lock);
	stopped = (t->job & (JOB_TRACED | JOB_LISTENING)) == JOB_TRACED && t->ptrace.code;
	spin_unlock_irq(&t->process->signal_lock, irq);
	return stopped;
}

static bool candidate_in_group(struct process *me, struct pid *id, int options)
{
	struct process *p;
	struct task *t;

	list_for_each_entry(p, &id->group_members, group_link) {
		if (is_ours(me, p->leader, options) && may_have_news(p->leader, options))
			return true;
		list_for_each_entry(t, &p->threads, process_link) {
			if (is_ours(me, t, options))
				return true;
		}
	}
	return false;
}

bool ptrace_wait_candidate(struct process *me, int which, struct pid *id, int options)
{
	if (!me->tracees)
		return false;
	if (which == P_PID)
		return id && id->task && is_ours(me, id->task, options) && may_have_news(id->task, options);
	if (which == P_PGID)
		return id && candidate_in_group(me, id, options);
	return options & __WNOTHREAD ? !list_empty(&task_current()->tracees) : true;
}

struct task *ptrace_wait_find(struct process *me, int which, struct pid *id, int options)
{
	struct task *t;

	if (!me->tracees)
		return NULL;
	if (which == P_PID) {
		t = id->task;
		return t && is_ours(me, t, options) && has_news(t, options) ? t : NULL;
	}
	list_for_each_entry(t, &me->trace_events, ptrace.event_link) {
		if (selected(t, which, id) && is_ours(me, t, options) && has_news(t, options))
			return t;
	}
	return NULL;
}

bool ptrace_wait_stop(struct task *t, int options, struct wait_result *r)
{
	uint64_t irq = spin_lock_irq(&t->process->signal_lock);
	int code = t->job & JOB_TRACED ? t->ptrace.code : 0;

	if (code && !(options & WNOWAIT))
		t->ptrace.code = 0;
	spin_unlock_irq(&t->process->signal_lock, irq);
	if (!code)
		return false;
	r->code = CLD_TRAPPED;
	r->status = code << 8 | 0x7f;
	if (!(options & WNOWAIT))
		list_del_init(&t->ptrace.event_link);
	return true;
}

void ptrace_reap(struct task *t)
{
	struct process *p = t->process;

	assert_held(&process_tree_lock);
	if (t->ptrace.tracer)
		ptrace_unlink(t);
	t->ptrace.zombie = false;
	p->unreaped--;
	task_unlink(t);
	waitq_wake_all(&p->exec_wait);
	if (!p->unreaped && !p->thread_count && process_finish(p))
		process_forget(p);
	task_put(t);
}
