/* SPDX-License-Identifier: MIT */
/*
 * proc/ptrace.c: who traces whom: ptrace(2)'s attach, seize, detach, and the end
 * of a tracer. What a traced thread does is in ptrace_stop.c, what its tracer may
 * ask in ptrace_request.c and its neighbours, wait(2) in ptrace_wait.c.
 *
 * Idea. A thread (not a process) traces threads. A traced thread that has news
 * for its tracer stops: it says why (task.ptrace.code, .info, .message), marks
 * itself JOB_TRACED, tells the tracer as a child tells its parent, and sleeps in
 * THREAD_TRACED, which only its tracer and SIGKILL end. While it sleeps so, its
 * frame is full and its machine state lies in memory: the tracer reads and writes
 * that directly. wait(2) shows the stop once; then code is the signal with which
 * the thread shall go on.
 *
 * Where it stops: on the way to user mode (a signal is taken; a stop of job
 * control; a trap its tracer asked for), at both ends of a system call
 * (WORK_TRACE sends calls the slow way; nobody else pays), and at events: fork,
 * exec, exit. In all these places it holds no lock.
 *
 * A traced thread that ends stays as a zombie until its tracer has waited for it,
 * even if it does not lead its process (process.unreaped counts those); and a
 * process whose leader is traced by a stranger is first shown to the tracer, then
 * to the parent.
 *
 * Locking, outermost first:
 *   exec_lock of the traced process: one attach or exec at a time, so that the
 *   permission found holds when the link is made;
 *   process_tree_lock: links between tracer and traced, lists of events, zombies;
 *   signal_lock of the traced process: task.ptrace and task.job. tracer changes
 *   under both, so a thread may ask either way whether it is traced;
 *   signal_lock of the tracer's process: to send SIGCHLD, with none of the above
 *   but the tree lock. A stop is therefore made in two steps: state, code and
 *   JOB_TRACED under signal_lock; then, that dropped, tree lock and news. Who
 *   comes between sees a thread that is stopped already, and may let it go on:
 *   then the thread finds itself running and does not sleep.
 *   Machine state: the tracer's between begin() and end() of ptrace_request.c.
 *   JOB_FROZEN keeps SIGKILL from waking the thread meanwhile, and begin() waits
 *   until it has left its processor.
 */
#include "base/panic.h"
#include "hal/debug.h"
#include "proc/internal.h"
#include "proc/ptrace.h"
#include <linux/capability.h>

int ptrace_may_access(struct task *t, const struct cred *me, bool real)
{
	uint32_t uid = real ? me->uid : me->fsuid, gid = real ? me->gid : me->fsgid;
	uint64_t caps = real ? me->cap_permitted : me->cap_effective;
	bool allowed;

	if (t->process == process_current() || cred_capable(me, CAP_SYS_PTRACE))
		return 0;
	spin_lock(&t->lock);
	const struct cred *c = t->cred;
	allowed = uid == c->uid && uid == c->euid && uid == c->suid && gid == c->gid && gid == c->egid &&
		  gid == c->sgid && !(c->cap_permitted & ~caps) && (!t->space || READ_ONCE(t->process->dumpable));
	spin_unlock(&t->lock);
	return allowed ? 0 : -EPERM;
}

bool ptrace_allows_gain(struct task *t)
{
	uint64_t irq = spin_lock_irq(&t->process->signal_lock);
	bool allowed = !t->ptrace.tracer || cred_capable(t->ptrace.cred, CAP_SYS_PTRACE);

	spin_unlock_irq(&t->process->signal_lock, irq);
	return allowed;
}

/* Both locks held. */
static void link_locked(struct task *t, struct task *tracer, const struct cred *cred, uint32_t options, bool seized)
{
	list_add_tail(&t->ptrace.link, &tracer->tracees);
	tracer->process->tracees++;
	t->ptrace.cred = cred_get(cred);
	t->ptrace.options = options;
	t->ptrace.seized = seized;
	WRITE_ONCE(t->ptrace.tracer, tracer);
}

void ptrace_unlink(struct task *t)
{
	struct process *p = t->process, *tracer = t->ptrace.tracer->process;
	uint64_t irq;

	assert_held(&process_tree_lock);
	list_del_init(&t->ptrace.link);
	list_del_init(&t->ptrace.event_link);
	tracer->tracees--;
	waitq_wake_all(&tracer->child_wait);
	irq = spin_lock_irq(&p->signal_lock);
	cred_put(t->ptrace.cred);
	t->ptrace.cred = NULL;
	t->ptrace.options = 0;
	t->ptrace.seized = t->ptrace.calls = t->ptrace.emulates = false;
	if (!t->logged)
		atomic_and(&t->thread.context.work, ~(uint32_t)WORK_TRACE);
	WRITE_ONCE(t->ptrace.tracer, (struct task *)NULL);
	t->job &= ~(uint32_t)(JOB_TRAP_STOP | JOB_TRAP_NOTIFY | JOB_TRAPPING | JOB_FROZEN);
	if (!t->thread.exiting && (p->stopped || p->stop_pending))
		t->job |= JOB_STOP; /* back among the others, who have stopped */
	if (t->job & (JOB_STOP | JOB_TRACED)) {
		t->job &= ~(uint32_t)JOB_TRACED;
		thread_notify(&t->thread, WORK_SIGNAL);
		thread_wake_state(&t->thread, THREAD_TRACED);
	}
	spin_unlock_irq(&p->signal_lock, irq);
}

/* t goes free, or for good if its tracer was the last that it waited for. Tree lock held. */
static void release(struct task *t)
{
	struct process *p = t->process, *tracer = t->ptrace.tracer->process;
	bool dead;

	ptrace_unlink(t);
	if (t->ptrace.zombie) {
		ptrace_reap(t);
	} else if (t == p->leader && p->zombie) {
		dead = p->parent == tracer ? process_ignores_children(tracer) : process_tell_end(p);
		if (dead)
			process_forget(p);
	}
}

void ptrace_tracer_exit(struct task *tracer)
{
	struct task *t, *next;

	assert_held(&process_tree_lock);
	list_for_each_entry_safe(t, next, &tracer->tracees, ptrace.link) {
		if (t->ptrace.options & PTRACE_O_EXITKILL)
			signal_send_process(t->process, SIGKILL, NULL);
		release(t);
	}
}

void ptrace_inherit(struct task *child, struct task *me)
{
	struct process *p = child->process;
	struct ptrace_state *from = &me->ptrace;
	uint64_t irq;

	assert_held(&process_tree_lock);
	irq = spin_lock_irq(&p->signal_lock);
	link_locked(child, from->tracer, from->cred, from->options, from->seized);
	if (from->seized)
		child->job |= JOB_TRAP_STOP;
	else
		child->pending.set |= SIGNAL_BIT(SIGSTOP);
	child->thread.context.work |= WORK_SIGNAL;
	spin_unlock_irq(&p->signal_lock, irq);
}

/* May its parent trace the running thread, which asks for it? Tree lock held. */
static bool parent_may_trace(struct task *maker)
{
	const struct cred *c, *mine = cred_current();

	spin_lock(&maker->lock);
	c = maker->cred;
	bool allowed = !(mine->cap_permitted & ~c->cap_permitted) || cred_capable(c, CAP_SYS_PTRACE);
	spin_unlock(&maker->lock);
	return allowed;
}

static int trace_me(void)
{
	struct task *me = task_current(), *maker;
	uint64_t irq;

	SPIN_GUARD(&process_tree_lock);
	maker = me->process->maker;
	if (me->ptrace.tracer || !maker || !parent_may_trace(maker))
		return -EPERM;
	irq = spin_lock_irq(&me->process->signal_lock);
	link_locked(me, maker, maker->cred, 0, false);
	spin_unlock_irq(&me->process->signal_lock, irq);
	return 0;
}

/* A thread that has stopped already wakes, and stops again for its tracer. signal_lock held. */
static void move_stop(struct task *t)
{
	t->job |= JOB_TRAP_STOP | JOB_TRAPPING;
	t->job &= ~(uint32_t)JOB_STOPPED;
	thread_notify(&t->thread, WORK_SIGNAL);
	thread_wake_state(&t->thread, THREAD_STOPPED);
}

static int link(struct task *t, bool seize, uint32_t options)
{
	struct process *p = t->process;
	uint64_t irq;

	SPIN_GUARD(&process_tree_lock);
	if (t->thread.exiting || t->ptrace.tracer)
		return -EPERM;
	irq = spin_lock_irq(&p->signal_lock);
	link_locked(t, task_current(), cred_current(), options, seize);
	if (!seize)
		(void)signal_send_locked(p, t, SIGSTOP, NULL); /* it is queued: it is traced */
	if (t->job & JOB_STOPPED)
		move_stop(t);
	spin_unlock_irq(&p->signal_lock, irq);
	return 0;
}

/* Linux has another error for unknown options here than for PTRACE_SETOPTIONS. */
static int check_seize(uint64_t addr, uint64_t options)
{
	if (addr || (options & ~(uint64_t)PTRACE_O_MASK))
		return -EIO;
	return ptrace_check_options(options);
}

static int attach(struct task *t, bool seize, uint64_t addr, uint64_t options)
{
	struct process *p = t->process;
	int result = seize ? check_seize(addr, options) : 0;

	if (result)
		return result;
	if (p == process_current())
		return -EPERM;
	if (mutex_lock_interruptible(&p->exec_lock))
		return -ERESTARTNOINTR;
	result = ptrace_may_access(t, cred_current(), true);
	if (!result)
		result = link(t, seize, seize ? (uint32_t)options : 0);
	mutex_unlock(&p->exec_lock);
	if (!result) /* killed: then nobody looks at the answer */
		(void)wait_event_killable(&process_current()->child_wait, !(READ_ONCE(t->job) & JOB_TRAPPING));
	return result;
}

int ptrace_detach(struct task *t, uint64_t sig)
{
	if (sig > SIGNAL_COUNT)
		return -EIO;
	debug_set_step(&t->thread.context, false);
	spin_lock(&process_tree_lock);
	t->ptrace.code = (int)sig;
	release(t);
	spin_unlock(&process_tree_lock);
	return 0;
}

int64_t ptrace_request(int64_t request, int pid, uint64_t addr, uint64_t data)
{
	struct task *t;
	int64_t result;

	if (request == PTRACE_TRACEME)
		return trace_me();
	t = task_find(pid);
	if (!t)
		return -ESRCH;
	if (request == PTRACE_ATTACH || request == PTRACE_SEIZE)
		result = attach(t, request == PTRACE_SEIZE, addr, data);
	else
		result = ptrace_control(t, request, addr, data);
	task_put(t);
	return result;
}
