/* SPDX-License-Identifier: MIT */
/*
 * proc/job.c: job control: a stop signal stops every thread of a process, each
 * at its next way to user mode; SIGCONT lets all go on. process->stop_signal is
 * set from the signal to SIGCONT, process->stopped once the last thread joined.
 * The parent is told at both ends. signal_lock guards all of it; the parent is
 * told under the tree lock, which comes first, so the lock is dropped for that.
 *
 * A traced thread joins in a stop of the tracer's kind (ptrace_stop.c), and its
 * tracer may let it go on alone while the others stay. So whether a thread has
 * stopped is its own state (task.job), and a stop signal may come to a process
 * that has stopped already.
 */
#include "base/panic.h"
#include "proc/internal.h"
#include "proc/ptrace.h"

static void tell_parent(struct process *p, int code, int status)
{
	spin_lock(&process_tree_lock);
	process_tell_parent(p, code, status);
	spin_unlock(&process_tree_lock);
}

static void ask_to_stop(struct task *t, int sig)
{
	t->job |= JOB_STOP | JOB_COUNTED;
	t->job_signal = sig;
	t->process->stop_pending++;
	if (t->ptrace.seized && t != task_current())
		ptrace_trap_notify(t);
	else
		thread_notify(&t->thread, WORK_SIGNAL);
}

void job_stop_begin(struct process *p, int sig)
{
	struct task *t;

	assert_held(&p->signal_lock);
	if ((task_current()->job & JOB_STOP) || p->group_exiting || p->group_exec)
		return;
	if (!p->stopped)
		p->stop_signal = sig;
	p->stop_pending = 0;
	list_for_each_entry(t, &p->threads, process_link) {
		if (!t->thread.exiting && !(t->job & JOB_STOPPED))
			ask_to_stop(t, sig);
	}
}

void job_stop_inherit(struct task *t)
{
	struct process *p = t->process;

	assert_held(&p->signal_lock);
	if (p->stop_pending) {
		t->job |= JOB_COUNTED;
		p->stop_pending++;
	} else if (!p->stopped) {
		return;
	}
	t->job |= JOB_STOP;
	t->job_signal = p->stop_signal;
	t->thread.context.work |= WORK_SIGNAL;
}

/*
 * The sender holds the signal lock and may be an interrupt, so telling the
 * parent is left to the first thread that goes on.
 */
void job_continue(struct process *p)
{
	struct task *t;

	assert_held(&p->signal_lock);
	p->stop_taken = false;
	list_for_each_entry(t, &p->threads, process_link) {
		t->job &= ~(uint32_t)(JOB_STOP | JOB_COUNTED);
		if (t->ptrace.seized) {
			ptrace_trap_notify(t);
		} else if (t->job & JOB_STOPPED) {
			t->job &= ~(uint32_t)JOB_STOPPED;
			thread_wake_state(&t->thread, THREAD_STOPPED);
		}
	}
	if (!p->stop_signal)
		return;
	p->continue_untold = p->stopped;
	p->stop_signal = 0;
	p->stopped = false;
	p->stop_pending = 0;
}

void job_kill(struct task *t)
{
	thread_notify(&t->thread, WORK_KILLED | WORK_SIGNAL);
	t->job &= ~(uint32_t)JOB_PENDING;
	if (t->job & JOB_FROZEN)
		return; /* its tracer wakes it when done */
	t->job &= ~(uint32_t)(JOB_STOPPED | JOB_TRACED);
	thread_wake_state(&t->thread, THREAD_STOPPED | THREAD_TRACED);
}

/* A thread that leaves counts as stopped for those that wait for the last one. */
bool job_stop_leave(struct task *t)
{
	struct process *p = t->process;
	bool counted = t->job & JOB_COUNTED;

	assert_held(&p->signal_lock);
	t->job &= ~(uint32_t)(JOB_STOP | JOB_COUNTED);
	if (!counted || !p->stop_pending || --p->stop_pending || p->stopped)
		return false;
	p->stopped = true;
	return true;
}

/* Sleeps until SIGCONT, SIGKILL, or a tracer that takes over. */
static uint64_t stop(struct task *t, uint64_t irq)
{
	struct process *p = t->process;
	bool last = job_stop_leave(t);
	int sig = p->stop_signal;

	t->job |= JOB_STOPPED;
	thread_set_state(THREAD_STOPPED);
	spin_unlock_irq(&p->signal_lock, irq);
	if (last)
		tell_parent(p, CLD_STOPPED, sig);
	sched_switch();
	thread_set_state(THREAD_RUNNING);
	return spin_lock_irq(&p->signal_lock);
}

uint64_t job_stop_join(struct task *t, uint64_t irq)
{
	if (t->ptrace.tracer && (t->job & JOB_STOP))
		t->job |= JOB_TRAP_STOP;
	if (t->job & (JOB_TRAP_STOP | JOB_TRAP_NOTIFY))
		return ptrace_trap(t, irq);
	return stop(t, irq);
}

uint64_t job_tell_continued(struct process *p, uint64_t irq)
{
	p->continue_untold = false;
	spin_unlock_irq(&p->signal_lock, irq);
	tell_parent(p, CLD_CONTINUED, SIGCONT);
	return spin_lock_irq(&p->signal_lock);
}
