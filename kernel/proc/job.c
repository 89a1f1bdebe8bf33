/* SPDX-License-Identifier: MIT */
/*
 * proc/job.c: job control: a stop signal stops every thread of a process, each
 * at its next way to user mode; SIGCONT lets all go on. process->stop_signal is
 * set while a stop is in force, process->stopped once the last thread joined.
 * The parent is told at both ends. signal_lock guards all of it; the parent is
 * told under the tree lock, which comes first, so the lock is dropped for that.
 */
#include "base/panic.h"
#include "proc/internal.h"


static void tell_parent(struct process *p, int code, int status)
{
	spin_lock(&process_tree_lock);
	process_tell_parent(p, code, status);
	spin_unlock(&process_tree_lock);
}

void job_stop_begin(struct process *p, int sig)
{
	struct task *t;

	assert_held(&p->signal_lock);
	if (p->stop_signal || p->group_exiting)
		return;
	p->stop_signal = sig;
	p->stopped = false;
	p->stop_pending = 0;
	list_for_each_entry(t, &p->threads, process_link) {
		if (t->thread.exiting)
			continue;
		t->stop_asked = true;
		p->stop_pending++;
		thread_notify(&t->thread, WORK_SIGNAL);
	}
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
	if (!p->stop_signal)
		return;
	p->continue_untold = p->stopped;
	p->stop_signal = 0;
	p->stopped = false;
	p->stop_pending = 0;
	list_for_each_entry(t, &p->threads, process_link) {
		t->stop_asked = false;
		thread_wake_state(&t->thread, THREAD_STOPPED);
	}
}

/* A thread that leaves counts as stopped for those that wait for the last one. */
bool job_stop_leave(struct task *t)
{
	struct process *p = t->process;

	assert_held(&p->signal_lock);
	if (!t->stop_asked)
		return false;
	t->stop_asked = false;
	if (!p->stop_pending || --p->stop_pending)
		return false;
	p->stopped = true;
	return true;
}

uint64_t job_stop_join(struct task *t, uint64_t irq)
{
	struct process *p = t->process;
	int sig = p->stop_signal;

	if (job_stop_leave(t)) {
		spin_unlock_irq(&p->signal_lock, irq);
		tell_parent(p, CLD_STOPPED, sig);
		irq = spin_lock_irq(&p->signal_lock);
	}
	/* Asked anew: that stop was over, and the next one began, before it could run. The caller joins that one. */
	while (p->stop_signal && !t->stop_asked && !p->group_exiting && (!p->group_exec || p->group_exec == t)) {
		thread_set_state(THREAD_STOPPED);
		spin_unlock_irq(&p->signal_lock, irq);
		sched_switch();
		thread_set_state(THREAD_RUNNING);
		irq = spin_lock_irq(&p->signal_lock);
	}
	if (p->continue_untold) {
		p->continue_untold = false;
		spin_unlock_irq(&p->signal_lock, irq);
		tell_parent(p, CLD_CONTINUED, SIGCONT);
		irq = spin_lock_irq(&p->signal_lock);
	}
	return irq;
}
