/* SPDX-License-Identifier: MIT */
/*
 * proc/deliver.c: the way back to user mode with work pending: rescheduling,
 * dying, stopping, and entering signal handlers; and what becomes of a system
 * call that a signal interrupted.
 *
 * A system call that wants to be restarted returns one of the internal codes of
 * sched/wait.h. If a handler runs first, most become EINTR (unless SA_RESTART);
 * if none does, the program counter goes back to the two bytes of the syscall
 * instruction.
 */
#include "base/panic.h"
#include "hal/debug.h"
#include "proc/coredump.h"
#include "proc/internal.h"
#include "proc/process.h"
#include "proc/ptrace.h"
#include <asm/unistd.h>
#include <linux/signal.h>

#define SYSCALL_INSTRUCTION_BYTES 2
#define NOT_IN_SYSCALL            (~0UL)

static bool wants_restart(const struct user_frame *f)
{
	int64_t r = (int64_t)f->rax;

	return f->orig_rax != NOT_IN_SYSCALL &&
	       (r == -ERESTARTSYS || r == -ERESTARTNOINTR || r == -ERESTARTNOHAND || r == -ERESTART_RESTARTBLOCK);
}

static void rewind(struct user_frame *f, uint64_t number)
{
	f->rax = number;
	f->rip -= SYSCALL_INSTRUCTION_BYTES;
}

/* A handler will run. */
static void finish_call_for_handler(struct user_frame *f, uint64_t action_flags)
{
	int64_t r = (int64_t)f->rax;

	if (!wants_restart(f))
		return;
	if (r == -ERESTARTNOINTR || (r == -ERESTARTSYS && (action_flags & SA_RESTART)))
		rewind(f, f->orig_rax);
	else
		f->rax = (uint64_t)-EINTR;
}

/* No handler runs. */
static void finish_call(struct user_frame *f)
{
	if (!wants_restart(f))
		return;
	rewind(f, (int64_t)f->rax == -ERESTART_RESTARTBLOCK ? __NR_restart_syscall : f->orig_rax);
}

static bool on_altstack(const struct task *t, uaddr_t sp)
{
	return t->altstack_size && sp - t->altstack_sp <= t->altstack_size && sp > t->altstack_sp;
}

/* Builds the frame, so that the handler runs next. A stack that cannot hold it gets SIGSEGV. */
static void enter_handler(struct user_frame *f, int sig, const siginfo_t *info, const struct signal_action *a)
{
	struct task *t = task_current();
	bool restore = atomic_load(&t->thread.context.work) & WORK_RESTORE_MASK;
	struct signal_delivery d = {
		.signo = sig,
		.handler = a->handler,
		.restorer = a->restorer,
		.flags = a->flags,
		.mask = restore ? t->saved_blocked : t->blocked,
		.altstack_sp = t->altstack_sp,
		.altstack_size = t->altstack_size,
		.altstack_flags = t->altstack_flags,
		.siginfo = info,
		.trapno = t->fault.trapno,
		.error = t->fault.error,
		.cr2 = t->fault.cr2,
	};

	if (!t->altstack_size)
		d.altstack_flags |= SS_DISABLE;
	d.on_altstack = (a->flags & SA_ONSTACK) && t->altstack_size && !on_altstack(t, f->rsp);

	finish_call_for_handler(f, a->flags);
	/* The handler runs to its end unless the tracer asks for steps again; the frame has the program's own flags. */
	bool stepped = debug_steps(&t->thread.context);
	if (unlikely(stepped))
		debug_set_step(&t->thread.context, false);
	if (rseq_resume(f) || context_push_signal(f, &d)) {
		signal_force_segv(sig);
		return;
	}
	atomic_and(&t->thread.context.work, ~(uint32_t)WORK_RESTORE_MASK);
	if (t->altstack_flags & SS_AUTODISARM)
		t->altstack_size = 0;
	uint64_t mask = t->blocked | a->mask;
	if (!(a->flags & SA_NODEFER))
		mask |= SIGNAL_BIT(sig);
	signal_set_mask(mask);
	if (stepped)
		ptrace_handler_entered(t);
}

/*
 * Stops by default, unless the group is orphaned: then terminal stops are ignored.
 * To find that out the lock is dropped; a SIGCONT that comes meanwhile wins.
 */
static uint64_t default_stop(struct process *p, int sig, uint64_t irq)
{
	p->stop_taken = true;
	if (sig != SIGSTOP) {
		spin_unlock_irq(&p->signal_lock, irq);
		struct pid *group = process_get_group();
		bool orphaned = process_group_orphaned(group);

		pid_put(group);
		irq = spin_lock_irq(&p->signal_lock);
		if (orphaned)
			return irq;
	}
	if (p->stop_taken)
		job_stop_begin(p, sig);
	return irq;
}

/* signal_lock held; dropped and taken again by a stop or a core file, new interrupt state returned. */
static uint64_t act_by_default(struct process *p, int sig, const siginfo_t *info, uint64_t irq)
{
	if (signal_default_ignores(sig) || p == init_process)
		return irq;
	if (signal_default_stops(sig))
		return default_stop(p, sig, irq);
	if (!signal_default_dumps(sig)) {
		process_begin_exit(p, sig);
		return irq;
	}
	spin_unlock_irq(&p->signal_lock, irq);
	core_dump(sig, info);
	return spin_lock_irq(&p->signal_lock);
}

/* A copy of the action; a handler that is good for one time is taken off. signal_lock held. */
static void take_action(struct signal_actions *actions, int sig, struct signal_action *a)
{
	SPIN_GUARD(&actions->lock);
	*a = actions->action[sig - 1];
	if ((a->flags & SA_RESETHAND) && a->handler != (uaddr_t)SIG_IGN)
		actions->action[sig - 1].handler = (uaddr_t)SIG_DFL;
}

static __noreturn void exit_killed(struct process *p, uint64_t irq)
{
	int code = p->group_exiting ? p->exit_code : 0;

	spin_unlock_irq(&p->signal_lock, irq);
	task_exit(code);
}

/*
 * Takes signals until one has a handler (copied to *a; its number returned), or
 * none is left (0). Default actions happen here.
 */
static int next_handled(struct task *t, siginfo_t *info, struct signal_action *a)
{
	struct process *p = t->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	int sig;

	for (;;) {
		if (p->group_exiting || (p->group_exec && p->group_exec != t))
			exit_killed(p, irq);
		if (p->continue_untold) {
			irq = job_tell_continued(p, irq);
			continue;
		}
		if (t->job & JOB_PENDING) {
			irq = job_stop_join(t, irq);
			continue;
		}
		bool shared = !(t->pending.set & ~t->blocked);
		sig = signal_take(t, t->blocked, info);
		if (!sig)
			break;
		if (unlikely(t->ptrace.tracer) && sig != SIGKILL) {
			sig = ptrace_signal(t, sig, info, shared, &irq);
			if (!sig)
				continue;
		}
		take_action(t->actions, sig, a);
		if (a->handler == (uaddr_t)SIG_DFL)
			irq = act_by_default(p, sig, info, irq);
		else if (a->handler != (uaddr_t)SIG_IGN)
			break;
	}
	signal_update_pending(t);
	spin_unlock_irq(&p->signal_lock, irq);
	return sig;
}

void signal_deliver(struct user_frame *f)
{
	struct task *t = task_current();
	struct signal_action a;
	siginfo_t info;
	int sig = next_handled(t, &info, &a);

	if (sig) {
		enter_handler(f, sig, &info, &a);
		return;
	}
	finish_call(f);
	if (atomic_load(&t->thread.context.work) & WORK_RESTORE_MASK) {
		atomic_and(&t->thread.context.work, ~(uint32_t)WORK_RESTORE_MASK);
		signal_set_mask(t->saved_blocked);
	}
}

void upcall_exit_to_user(struct user_frame *f)
{
	struct context *c = context_current();

	for (;;) {
		uint32_t work = atomic_load(&c->work);

		if (work & WORK_RESCHED)
			sched_preempt();
		if (work & WORK_NOTIFY) {
			atomic_and(&c->work, ~(uint32_t)WORK_NOTIFY);
			if (rseq_resume(f))
				signal_force_segv(0);
		}
		if (unlikely(work & WORK_CALL_END)) {
			atomic_and(&c->work, ~(uint32_t)WORK_CALL_END);
			ptrace_call_ends(task_current());
		}
		if (work & (WORK_SIGNAL | WORK_KILLED | WORK_RESTORE_MASK))
			signal_deliver(f);
		else if (wants_restart(f))
			finish_call(f);
		if (!(atomic_load(&c->work) & ~(uint32_t)(WORK_TRACE | WORK_SECCOMP)))
			return;
	}
}
