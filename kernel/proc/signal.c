/* SPDX-License-Identifier: MIT */
/*
 * proc/signal.c: sending signals, masks, waiting for signals. What is pending is in
 * signal_queue.c, actions in signal_action.c; what happens when signals arrive is in
 * deliver.c, stopping and continuing in job.c.
 *
 * Sending. A signal goes to one thread's queue or to the process's. Then some
 * thread has to notice: the target, or for the process any thread that does not
 * block it, the leader first. A signal that will end the process for certain is
 * acted on at once: every thread is marked as killed, so that a process that
 * never leaves the kernel's sleep still dies.
 *
 * Locking. process->signal_lock, interrupts off: timers send from interrupts.
 */
#include "base/panic.h"
#include "fs/cred.h"
#include "hal/clock.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include "proc/process.h"
#include <linux/capability.h>

#define BIT_OF(sig) SIGNAL_BIT(sig)

static const uint64_t default_ignored = BIT_OF(SIGCHLD) | BIT_OF(SIGURG) | BIT_OF(SIGWINCH) | BIT_OF(SIGCONT);
static const uint64_t default_stops = BIT_OF(SIGSTOP) | BIT_OF(SIGTSTP) | BIT_OF(SIGTTIN) | BIT_OF(SIGTTOU);
static const uint64_t default_dumps = BIT_OF(SIGQUIT) | BIT_OF(SIGILL) | BIT_OF(SIGTRAP) | BIT_OF(SIGABRT) |
				      BIT_OF(SIGFPE) | BIT_OF(SIGSEGV) | BIT_OF(SIGBUS) | BIT_OF(SIGSYS) |
				      BIT_OF(SIGXCPU) | BIT_OF(SIGXFSZ);

bool signal_default_ignores(int sig) { return default_ignored & BIT_OF(sig); }
bool signal_default_stops(int sig) { return default_stops & BIT_OF(sig); }
bool signal_default_dumps(int sig) { return default_dumps & BIT_OF(sig); }

static struct signal_action *action_of(struct process *p, int sig)
{
	struct task *t = list_first_entry(&p->threads, struct task, process_link);

	return &t->actions->action[sig - 1];
}

bool signal_action_ignores(struct process *p, int sig)
{
	uaddr_t handler;

	if (list_empty(&p->threads))
		return true;
	handler = action_of(p, sig)->handler;
	if (handler == (uaddr_t)SIG_IGN)
		return true;
	return handler == (uaddr_t)SIG_DFL && signal_default_ignores(sig);
}

bool signal_is_ignored(struct process *p, int sig)
{
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	bool ignored = signal_action_ignores(p, sig);

	spin_unlock_irq(&p->signal_lock, irq);
	return ignored;
}

bool signal_is_blocked(const struct task *t, int sig)
{
	return READ_ONCE(t->blocked) & BIT_OF(sig);
}

/*
 * Would sending sig do nothing at all? Process 1 gets only signals it handles, so
 * that nobody kills it by accident. What is blocked or waited for is kept in any
 * case: the action may change before it is unblocked.
 */
static bool is_dropped(struct process *p, const struct task *t, int sig)
{
	if ((t->blocked | t->waiting_for) & BIT_OF(sig))
		return false;
	if (t->ptrace.tracer && sig != SIGKILL)
		return false; /* the tracer may want to see it */
	return signal_action_ignores(p, sig) || (p == init_process && action_of(p, sig)->handler == (uaddr_t)SIG_DFL);
}

void process_begin_exit(struct process *p, int code)
{
	struct task *t;

	assert_held(&p->signal_lock);
	if (p->group_exiting)
		return; /* all know already; one that tells its tracer of its end is left in peace */
	p->group_exiting = true;
	p->exit_code = code;
	p->stop_signal = 0;
	p->stopped = false;
	list_for_each_entry(t, &p->threads, process_link)
		job_kill(t);
}

/* A stopped thread notices nothing but SIGKILL: whatever else comes waits until it goes on. */
static bool wants(const struct task *t, int sig)
{
	if (t->thread.exiting)
		return false;
	if (sig != SIGKILL && (t->job & (JOB_STOPPED | JOB_TRACED)))
		return false; /* it will look when it goes on */
	return !(t->blocked & BIT_OF(sig)) || (t->waiting_for & BIT_OF(sig));
}

/* The thread that should notice a signal; NULL if all block it. */
static struct task *choose_thread(struct process *p, struct task *t, int sig)
{
	if (t)
		return wants(t, sig) ? t : NULL;
	list_for_each_entry(t, &p->threads, process_link) {
		if (wants(t, sig))
			return t;
	}
	return NULL;
}

static bool is_deadly(struct process *p, struct task *t, int sig)
{
	if (p == init_process)
		return false;
	if (sig == SIGKILL)
		return true;
	return !t->ptrace.tracer && action_of(p, sig)->handler == (uaddr_t)SIG_DFL && !signal_default_ignores(sig) &&
	       !signal_default_stops(sig) && !signal_default_dumps(sig) && !(t->blocked & BIT_OF(sig));
}

static void make_noticed(struct process *p, struct task *target, int sig)
{
	struct task *t = choose_thread(p, target, sig);

	waitq_wake_all(&p->signal_wait);
	if (!t)
		return;
	if (is_deadly(p, t, sig))
		process_begin_exit(p, sig);
	else
		thread_notify(&t->thread, WORK_SIGNAL);
}

/* Stop signals and SIGCONT cancel each other, whether handled or not. */
static void cancel_opposites(struct process *p, int sig)
{
	uint64_t gone = 0;
	struct task *t;

	if (signal_default_stops(sig))
		gone = BIT_OF(SIGCONT);
	else if (sig == SIGCONT)
		gone = default_stops;
	else
		return;
	signal_queue_remove(&p->pending, gone);
	list_for_each_entry(t, &p->threads, process_link)
		signal_queue_remove(&t->pending, gone);
	if (sig == SIGCONT)
		job_continue(p);
}

/* To the thread t, or (shared) to its process. */
static int queue_entry(struct task *t, bool shared, int sig, const siginfo_t *info)
{
	struct signal_queue *q = shared ? &t->process->pending : &t->pending;
	/* What the kernel and kill(2) say of the first 31 has room always: only programs' own words are limited. */
	bool any = sig < SIGRTMIN && (!info || info->si_code >= 0);
	uint64_t limit = any ? LIMIT_INFINITY : t->process->limit[RLIMIT_SIGPENDING].soft;
	struct signal_entry *e;

	if (sig < SIGRTMIN && (q->set & BIT_OF(sig)))
		return 0;
	e = sig == SIGKILL ? NULL : signal_entry_create(t->account, limit); /* nobody ever looks at SIGKILL's */
	if (e) {
		e->info = info ? *info : (siginfo_t){ .si_signo = sig, .si_code = SI_KERNEL };
		e->info.si_signo = sig;
		list_add_tail(&e->link, &q->entries);
	} else if (sig >= SIGRTMIN && info && info->si_code != SI_USER) {
		return -EAGAIN; /* its value would be lost */
	}
	q->set |= BIT_OF(sig);
	return 0;
}

int signal_send_locked(struct process *p, struct task *t, int sig, const siginfo_t *info)
{
	assert_held(&p->signal_lock);
	if (unlikely(p->core_dumper) && sig == SIGKILL)
		job_kill(p->core_dumper); /* nobody waits for the rest of the file */
	if (p->group_exiting || list_empty(&p->threads))
		return 0;
	cancel_opposites(p, sig);
	struct task *any = t ? t : list_first_entry(&p->threads, struct task, process_link);
	if (is_dropped(p, any, sig))
		return 0;
	int result = queue_entry(any, !t, sig, info);
	if (!result)
		make_noticed(p, t, sig);
	return result;
}

void signal_send_entry_locked(struct process *p, struct task *t, struct signal_entry *e)
{
	int sig = e->info.si_signo;
	struct signal_queue *q = t ? &t->pending : &p->pending;

	assert_held(&p->signal_lock);
	if (p->group_exiting || list_empty(&p->threads) || (t && t->thread.exiting))
		return;
	if (is_dropped(p, t ? t : list_first_entry(&p->threads, struct task, process_link), sig))
		return;
	list_add_tail(&e->link, &q->entries);
	q->set |= BIT_OF(sig);
	make_noticed(p, t, sig);
}

int signal_send_task(struct task *t, int sig, const siginfo_t *info)
{
	struct process *p = t->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	int result = t->thread.exiting ? 0 : signal_send_locked(p, t, sig, info);

	spin_unlock_irq(&p->signal_lock, irq);
	return result;
}

int signal_send_process(struct process *p, int sig, const siginfo_t *info)
{
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	int result = signal_send_locked(p, NULL, sig, info);

	spin_unlock_irq(&p->signal_lock, irq);
	return result;
}

int signal_send_group(struct pid *group, int sig, const siginfo_t *info)
{
	struct process *p;
	int result = -ESRCH;

	spin_lock(&process_tree_lock);
	process_group_signals++;
	list_for_each_entry(p, &group->group_members, group_link) {
		int r = signal_send_process(p, sig, info);
		if (result)
			result = r;
	}
	spin_unlock(&process_tree_lock);
	return result;
}

static void set_default(struct signal_actions *actions, int sig)
{
	spin_lock(&actions->lock);
	actions->action[sig - 1].handler = (uaddr_t)SIG_DFL;
	spin_unlock(&actions->lock);
}

static void force(int sig, const siginfo_t *info, bool fatal)
{
	struct task *t = task_current();
	struct process *p = t->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	const struct signal_action *a = &t->actions->action[sig - 1];

	/* A fault that is blocked or ignored cannot wait: the default action kills. */
	if (fatal || (t->blocked & BIT_OF(sig)) || a->handler == (uaddr_t)SIG_IGN) {
		set_default(t->actions, sig);
		t->blocked &= ~BIT_OF(sig);
	}
	if (p == init_process && a->handler == (uaddr_t)SIG_DFL && !t->ptrace.tracer)
		panic("init was killed by signal %d", sig);
	if (!queue_entry(t, false, sig, info))
		thread_notify(&t->thread, WORK_SIGNAL);
	spin_unlock_irq(&p->signal_lock, irq);
}

void signal_force(int sig, const siginfo_t *info)
{
	force(sig, info, false);
}

void signal_force_default(int sig, const siginfo_t *info)
{
	force(sig, info, true);
}

void signal_force_segv(int failed)
{
	force(SIGSEGV, NULL, failed == SIGSEGV);
}

void signal_force_fault(int sig, int code, uaddr_t addr, uint64_t trapno, uint64_t error)
{
	struct task *t = task_current();
	siginfo_t info = { .si_signo = sig, .si_code = code };

	info.si_addr = (void *)addr;
	t->fault.trapno = trapno;
	t->fault.error = error;
	t->fault.cr2 = addr;
	signal_force(sig, &info);
}

void signal_note_pending(struct task *t)
{
	struct process *p = t->process;

	assert_held(&p->signal_lock);
	if (((t->pending.set | p->pending.set) & ~t->blocked) || (t->job & JOB_PENDING) || p->group_exiting ||
	    (p->group_exec && p->group_exec != t))
		atomic_or(&t->thread.context.work, WORK_SIGNAL);
}

void signal_update_pending(struct task *t)
{
	atomic_and(&t->thread.context.work, ~(uint32_t)WORK_SIGNAL);
	signal_note_pending(t);
}

bool signal_pending_deliverable(void)
{
	return thread_interrupted();
}

/* Another thread may have to take what the process has pending. */
void signal_retarget(struct task *leaving)
{
	struct process *p = leaving->process;
	uint64_t left = p->pending.set & ~leaving->blocked;
	struct task *t;

	if (!left)
		return;
	list_for_each_entry(t, &p->threads, process_link) {
		if (t != leaving && !t->thread.exiting && (left & ~t->blocked))
			thread_notify(&t->thread, WORK_SIGNAL);
	}
}

void signal_set_mask(uint64_t mask)
{
	struct task *t = task_current();
	struct process *p = t->process;

	mask &= ~SIGNALS_UNBLOCKABLE;
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	if (mask & ~t->blocked & p->pending.set) {
		/* What we are about to block may be meant for us: let another thread see it. */
		uint64_t old = t->blocked;
		t->blocked = ~(mask & ~old & p->pending.set);
		signal_retarget(t);
	}
	t->blocked = mask;
	signal_update_pending(t);
	spin_unlock_irq(&p->signal_lock, irq);
}

void signal_set_temporary_mask(uint64_t mask)
{
	struct task *t = task_current();

	t->saved_blocked = t->blocked;
	signal_set_mask(mask);
	atomic_or(&t->thread.context.work, WORK_RESTORE_MASK);
}

void signal_restore_mask(bool interrupted)
{
	struct task *t = task_current();

	if (interrupted || !(atomic_load(&t->thread.context.work) & WORK_RESTORE_MASK))
		return;
	atomic_and(&t->thread.context.work, ~(uint32_t)WORK_RESTORE_MASK);
	signal_set_mask(t->saved_blocked);
}

/* One look: the number of a signal of set, taken off; -EINTR; or 0, and the thread says that it waits. */
static int look_for(struct task *t, uint64_t set, siginfo_t *info, bool may_wait)
{
	struct process *p = t->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	int sig;

	t->waiting_for = 0;
	sig = signal_take(t, ~set, info);
	/* A signal of the set woke us as if it were deliverable: that is not an interruption. */
	signal_update_pending(t);
	if (!sig && thread_interrupted())
		sig = -EINTR;
	if (!sig && may_wait) {
		t->waiting_for = set;
		thread_set_state(THREAD_SLEEPING);
	}
	spin_unlock_irq(&p->signal_lock, irq);
	return sig;
}

int signal_wait(uint64_t set, siginfo_t *info, nsec_t deadline)
{
	struct task *t = task_current();
	bool timeout = deadline <= clock_now();
	int sig;

	set &= ~SIGNALS_UNBLOCKABLE;
	while (!(sig = look_for(t, set, info, !timeout)) && !timeout) {
		timeout = sched_switch_until(deadline, deadline == INT64_MAX ? 0 : t->timer_slack);
		thread_set_state(THREAD_RUNNING);
	}
	return sig ? sig : -EAGAIN;
}

int signal_take_of(uint64_t set, siginfo_t *info)
{
	struct task *t = task_current();
	struct process *p = t->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	int sig = signal_take(t, ~set, info);

	if (sig)
		signal_update_pending(t);
	spin_unlock_irq(&p->signal_lock, irq);
	return sig;
}

uint64_t signal_pending_set(void)
{
	struct task *t = task_current();
	struct process *p = t->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	uint64_t set = (t->pending.set | p->pending.set) & t->blocked;

	spin_unlock_irq(&p->signal_lock, irq);
	return set;
}
