/* SPDX-License-Identifier: MIT */
/*
 * proc/ptrace_stop.c: the traced thread's side of ptrace(2): when it stops, what
 * it says, how it goes on. All by the running thread itself, but for
 * ptrace_trap_notify(). Locks: see proc/ptrace.c.
 */
#include "base/panic.h"
#include "hal/clock.h"
#include "hal/debug.h"
#include "proc/internal.h"
#include "proc/ptrace.h"

/* The tracer's process hears of t. Tree lock held. */
static void post(struct task *t)
{
	struct process *tracer = t->ptrace.tracer->process;

	if (list_empty(&t->ptrace.event_link))
		list_add_tail(&t->ptrace.event_link, &tracer->trace_events);
	waitq_wake_all(&tracer->child_wait);
}

static void tell_of_stop(struct task *t, int why, int code)
{
	struct process *p = t->process;
	nsec_t user, system;
	siginfo_t info;

	if (!t->ptrace.tracer)
		return;
	task_fill_child_info(t, &info, SIGCHLD, why, why == CLD_STOPPED ? p->stop_signal : code & 0x7f);
	thread_times(&t->thread, &user, &system);
	info.si_utime = user / (NSEC_PER_SEC / 100);
	info.si_stime = system / (NSEC_PER_SEC / 100);
	(void)process_signal_parent(t->ptrace.tracer->process, &info, false);
	post(t);
}

void ptrace_tell_end(struct task *t, int status, int sig)
{
	int code = CLD_EXITED, value = status >> 8 & 0xff;
	siginfo_t info;

	assert_held(&process_tree_lock);
	if (status & 0x7f) {
		code = status & 0x80 ? CLD_DUMPED : CLD_KILLED;
		value = status & 0x7f;
	}
	task_fill_child_info(t, &info, sig, code, value);
	(void)process_signal_parent(t->ptrace.tracer->process, &info, true);
	post(t);
}

/* The news of a stop, and the way to sleep. Preemption stays off in between: the tracer waits for us to be gone. */
static void tell_and_sleep(struct task *t, int why, int code, bool group_stopped)
{
	struct process *p = t->process;

	spin_lock(&process_tree_lock);
	tell_of_stop(t, why, code);
	if (group_stopped) {
		if (!t->ptrace.tracer || ptrace_is_reparented(t))
			process_tell_parent(p, CLD_STOPPED, p->stop_signal);
		else
			process_note_stop(p, p->stop_signal);
	}
	preempt_disable();
	spin_unlock(&process_tree_lock);
	preempt_enable_no_resched();
	sched_switch();
	thread_set_state(THREAD_RUNNING);
}

struct stop {
	int code;          /* for wait(2) */
	int why;           /* CLD_TRAPPED, or CLD_STOPPED: also a stop of job control */
	uint64_t message;
	siginfo_t *info;   /* for PTRACE_GETSIGINFO; NULL none */
};

/* signal_lock held, its interrupt state in *irq; dropped and taken again. The signal to go on with. */
static int stop(struct task *t, const struct stop *s, uint64_t *irq)
{
	struct process *p = t->process;
	bool group_stopped;
	int code;

	assert_held(&p->signal_lock);
	t->job &= ~(uint32_t)JOB_TRAP_STOP;
	if (!s->info || s->info->si_code >> 8 == PTRACE_EVENT_STOP || !t->ptrace.tracer)
		t->job &= ~(uint32_t)JOB_TRAP_NOTIFY;
	if (!t->ptrace.tracer || thread_killed())
		return s->code;
	thread_set_state(THREAD_TRACED);
	group_stopped = s->why == CLD_STOPPED && (t->job & JOB_STOP) && job_stop_leave(t);
	t->job = (t->job | JOB_TRACED) & ~(uint32_t)JOB_TRAPPING;
	t->ptrace.message = s->message;
	t->ptrace.info = s->info;
	t->ptrace.code = s->code;
	spin_unlock_irq(&p->signal_lock, *irq);
	tell_and_sleep(t, s->why, s->code, group_stopped);
	*irq = spin_lock_irq(&p->signal_lock);
	code = t->ptrace.code;
	t->ptrace.code = 0;
	t->ptrace.info = NULL;
	t->ptrace.message = 0;
	t->job &= ~(uint32_t)(JOB_TRACED | JOB_LISTENING | JOB_FROZEN);
	if (!thread_killed())
		signal_note_pending(t); /* what came meanwhile woke nobody; a call that was interrupted has to end */
	return code;
}

static void fill_info(struct task *t, siginfo_t *info, int sig, int code)
{
	*info = (siginfo_t){ .si_signo = sig, .si_code = code };
	info->si_pid = t->pid->number;
	info->si_uid = t->cred->uid;
}

/* A stop that is no signal's, out of any place without locks. */
static int notify(struct task *t, int code, uint64_t message, bool dying)
{
	siginfo_t info;
	struct stop s = { .code = code, .why = CLD_TRAPPED, .message = message, .info = &info };
	uint64_t irq;
	int sig;

	might_sleep();
	fill_info(t, &info, SIGTRAP, code);
	irq = spin_lock_irq(&t->process->signal_lock);
	if (dying)
		atomic_and(&t->thread.context.work, ~(uint32_t)WORK_KILLED); /* it has been heard */
	sig = stop(t, &s, &irq);
	spin_unlock_irq(&t->process->signal_lock, irq);
	return sig;
}

/* The tracer put another signal in the place of the one that came. */
static void fill_replaced(struct task *t, siginfo_t *info, int sig)
{
	const struct task *tracer = t->ptrace.tracer;

	*info = (siginfo_t){ .si_signo = sig, .si_code = SI_USER };
	if (tracer) {
		info->si_pid = rcu_dereference(tracer->pid)->number;
		info->si_uid = rcu_dereference(tracer->cred)->uid;
	}
}

int ptrace_signal(struct task *t, int sig, siginfo_t *info, bool shared, uint64_t *irq)
{
	struct process *p = t->process;
	struct stop s = { .code = sig, .why = CLD_TRAPPED, .info = info };

	p->stop_taken = true; /* it may become a stop signal; SIGCONT takes this back */
	sig = stop(t, &s, irq);
	if (!sig)
		return 0;
	if (sig != info->si_signo)
		fill_replaced(t, info, sig);
	if (!(t->blocked & SIGNAL_BIT(sig)) && !thread_killed())
		return sig;
	(void)signal_send_locked(p, shared ? NULL : t, sig, info); /* -EAGAIN: no room to keep it */
	return 0;
}

uint64_t ptrace_trap(struct task *t, uint64_t irq)
{
	struct process *p = t->process;
	int sig = t->job_signal ? t->job_signal : SIGSTOP;
	struct stop s = { .code = sig, .why = CLD_STOPPED };
	siginfo_t info;

	if (t->ptrace.seized) {
		if (!p->stop_pending && !p->stopped)
			sig = SIGTRAP;
		s.code = PTRACE_EVENT_STOP << 8 | sig;
		fill_info(t, &info, sig, s.code);
		s.info = &info;
	}
	(void)stop(t, &s, &irq);
	return irq;
}

void ptrace_trap_notify(struct task *t)
{
	assert_held(&t->process->signal_lock);
	if (t->thread.exiting || (atomic_load(&t->thread.context.work) & WORK_KILLED))
		return;
	t->job |= JOB_TRAP_NOTIFY;
	ptrace_wake(t, t->job & JOB_LISTENING);
}

void ptrace_wake(struct task *t, bool resume)
{
	thread_notify(&t->thread, WORK_SIGNAL);
	if (!resume || (t->job & JOB_FROZEN))
		return;
	t->job &= ~(uint32_t)JOB_TRACED;
	thread_wake_state(&t->thread, THREAD_TRACED);
}

bool ptrace_wants_event(const struct task *t, int event)
{
	return READ_ONCE(t->ptrace.options) & BIT(event);
}

static_assert(PTRACE_O_TRACEFORK == BIT(PTRACE_EVENT_FORK) && PTRACE_O_TRACEEXIT == BIT(PTRACE_EVENT_EXIT),
	      "an option's bit is its event's number");

/* Before there were options, a program that begins was told of by a signal. */
static void exec_signal(struct task *t)
{
	siginfo_t info;

	if (!ptrace_is_traced(t) || READ_ONCE(t->ptrace.seized))
		return;
	fill_info(t, &info, SIGTRAP, SI_USER);
	(void)signal_send_task(t, SIGTRAP, &info);
}

void ptrace_event(int event, uint64_t message)
{
	struct task *t = task_current();

	if (ptrace_wants_event(t, event)) {
		(void)notify(t, event << 8 | SIGTRAP, message, event == PTRACE_EVENT_EXIT);
		/* The call began untraced perhaps, and shall be seen to end. */
		if (t->ptrace.calls || debug_steps(&t->thread.context))
			atomic_or(&t->thread.context.work, WORK_CALL_END);
	} else if (event == PTRACE_EVENT_EXEC) {
		exec_signal(t);
	}
}

/* strace and the like only go on with a signal if the stop was one's; still Linux sends what they say. */
static void call_stop(struct task *t, uint64_t message)
{
	int good = READ_ONCE(t->ptrace.options) & PTRACE_O_TRACESYSGOOD ? 0x80 : 0;
	int sig = notify(t, SIGTRAP | good, message, false);

	if (sig)
		(void)signal_send_task(t, sig, NULL);
}

bool ptrace_call_begins(struct task *t)
{
	bool emulates = READ_ONCE(t->ptrace.emulates);

	if (!emulates && !READ_ONCE(t->ptrace.calls))
		return false;
	call_stop(t, PTRACE_EVENTMSG_SYSCALL_ENTRY);
	return emulates || thread_killed();
}

void ptrace_call_ends(struct task *t)
{
	atomic_and(&t->thread.context.work, ~(uint32_t)WORK_CALL_END);
	if (debug_steps(&t->thread.context) && !READ_ONCE(t->ptrace.emulates))
		signal_force_fault(SIGTRAP, TRAP_BRKPT, debug_ip(&t->thread.context), 1, 0);
	else if (READ_ONCE(t->ptrace.calls))
		call_stop(t, PTRACE_EVENTMSG_SYSCALL_EXIT);
}

void ptrace_handler_entered(struct task *t)
{
	(void)notify(t, SIGTRAP, 0, false);
}
