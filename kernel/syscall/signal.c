/* SPDX-License-Identifier: MIT */
/*
 * syscall/signal.c: sending, catching, blocking and awaiting signals.
 */
#include "lib/string.h"
#include "sched/timer.h"
#include "syscall/syscall.h"
#include <linux/signal.h>

SYSCALL4(rt_sigaction, int, sig, uaddr_t, new, uaddr_t, old, size_t, size)
{
	struct signal_action action, before;
	int result;

	static_assert(sizeof(action) == 32, "as the C library has it");
	if (size != sizeof(uint64_t))
		return -EINVAL;
	if (new && get_user_struct(action, new))
		return -EFAULT;
	result = signal_set_action(sig, new ? &action : NULL, old ? &before : NULL);
	if (!result && old)
		result = put_user_struct(old, before);
	return result;
}

SYSCALL4(rt_sigprocmask, int, how, uaddr_t, new, uaddr_t, old, size_t, size)
{
	uint64_t before = task_current()->blocked, set;

	if (size != sizeof(set))
		return -EINVAL;
	if (new) {
		if (get_user_struct(set, new))
			return -EFAULT;
		if (how < SIG_BLOCK || how > SIG_SETMASK)
			return -EINVAL;
		signal_set_mask(how == SIG_BLOCK ? before | set : how == SIG_UNBLOCK ? before & ~set : set);
	}
	return old ? put_user_struct(old, before) : 0;
}

SYSCALL2(rt_sigpending, uaddr_t, to, size_t, size)
{
	uint64_t set = signal_pending_set();

	if (size > sizeof(set))
		return -EINVAL;
	return copy_to_user(to, &set, size);
}

/* The frame is what signal return leaves for: its rax is the result. */
SYSCALL0(rt_sigreturn)
{
	struct task *t = task_current();
	struct user_frame *f = context_frame(&t->thread.context);
	struct signal_return r;

	t->restart.restart = NULL;
	if (context_pop_signal(f, &r)) {
		signal_force_fault(SIGSEGV, SEGV_MAPERR, f->rsp, 0, 0);
		return (int64_t)f->rax;
	}
	signal_set_mask(r.mask);
	if (!(r.altstack_flags & SS_DISABLE)) {
		t->altstack_sp = r.altstack_sp;
		t->altstack_size = r.altstack_size;
		t->altstack_flags = r.altstack_flags & SS_AUTODISARM;
	}
	return (int64_t)f->rax;
}

static bool on_altstack(const struct task *t)
{
	uaddr_t sp = context_frame(&t->thread.context)->rsp;

	if (t->altstack_flags & SS_AUTODISARM)
		return false;
	return sp > t->altstack_sp && sp - t->altstack_sp <= t->altstack_size;
}

static int set_altstack(struct task *t, const stack_t *s)
{
	unsigned mode = (unsigned)s->ss_flags & ~SS_AUTODISARM;

	if (on_altstack(t))
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		t->altstack_sp = t->altstack_size = 0;
		t->altstack_flags = 0;
		return 0;
	}
	if (s->ss_size < MINSIGSTKSZ)
		return -ENOMEM;
	t->altstack_sp = (uaddr_t)s->ss_sp;
	t->altstack_size = s->ss_size;
	t->altstack_flags = (unsigned)s->ss_flags & SS_AUTODISARM;
	return 0;
}

SYSCALL2(sigaltstack, uaddr_t, new, uaddr_t, old)
{
	struct task *t = task_current();
	stack_t set, before = {
		.ss_sp = (void *)t->altstack_sp,
		.ss_flags = (int)(t->altstack_flags | (!t->altstack_size ? SS_DISABLE : on_altstack(t) ? SS_ONSTACK : 0u)),
		.ss_size = t->altstack_size,
	};
	int result = 0;

	if (new) {
		if (get_user_struct(set, new))
			return -EFAULT;
		result = set_altstack(t, &set);
	}
	if (!result && old)
		result = put_user_struct(old, before);
	return result;
}

/* What the receiver learns of a kill(2). */
static void own_info(siginfo_t *info, int sig, int code)
{
	memset(info, 0, sizeof(*info));
	info->si_signo = sig;
	info->si_code = code;
	info->si_pid = process_current()->pid->number;
	info->si_uid = cred_current()->uid;
}

SYSCALL2(kill, int, pid, int, sig)
{
	siginfo_t info;

	own_info(&info, sig, SI_USER);
	return signal_kill(pid, sig, &info);
}

/* To one thread; group 0: of any process. */
static int64_t send_to_thread(int group, int tid, int sig, const siginfo_t *info)
{
	struct task *t;
	int result = -ESRCH;

	t = task_find(tid);
	if (!t)
		return -ESRCH;
	if (!group || t->process->pid->number == group)
		result = sig < 0 || sig > SIGNAL_COUNT ? -EINVAL : signal_permission(t->process, sig);
	if (!result && sig) {
		result = signal_send_task(t, sig, info);
		if (result == -ESRCH) /* it ends just now: as if it had come a moment earlier */
			result = 0;
	}
	task_put(t);
	return result;
}

SYSCALL3(tgkill, int, group, int, tid, int, sig)
{
	siginfo_t info;

	if (group <= 0 || tid <= 0)
		return -EINVAL;
	own_info(&info, sig, SI_TKILL);
	return send_to_thread(group, tid, sig, &info);
}

SYSCALL2(tkill, int, tid, int, sig)
{
	siginfo_t info;

	if (tid <= 0)
		return -EINVAL;
	own_info(&info, sig, SI_TKILL);
	return send_to_thread(0, tid, sig, &info);
}

/* Nobody may pretend that a signal comes from the kernel or from kill(2), but to itself. */
static int read_info(siginfo_t *info, uaddr_t from, int sig, int target)
{
	if (get_user_struct(*info, from))
		return -EFAULT;
	info->si_signo = sig;
	if ((info->si_code >= 0 || info->si_code == SI_TKILL) && target != task_current()->pid->number)
		return -EPERM;
	return 0;
}

SYSCALL3(rt_sigqueueinfo, int, pid, int, sig, uaddr_t, from)
{
	siginfo_t info;
	int result = read_info(&info, from, sig, pid);

	if (result)
		return result;
	return pid <= 0 ? -ESRCH : signal_kill(pid, sig, &info);
}

SYSCALL4(rt_tgsigqueueinfo, int, group, int, tid, int, sig, uaddr_t, from)
{
	siginfo_t info;
	int result = read_info(&info, from, sig, tid);

	if (result == -EFAULT)
		return result;
	if (group <= 0 || tid <= 0)
		return -EINVAL;
	return result ? result : send_to_thread(group, tid, sig, &info);
}

/* Sleeps until a signal comes, then lets the way back to user mode deal with it. */
static int64_t sleep_for_signal(void)
{
	while (!thread_interrupted()) {
		thread_set_state(THREAD_SLEEPING);
		if (!thread_interrupted())
			sched_switch();
		thread_set_state(THREAD_RUNNING);
	}
	return -ERESTARTNOHAND;
}

SYSCALL0(pause)
{
	return sleep_for_signal();
}

SYSCALL2(rt_sigsuspend, uaddr_t, from, size_t, size)
{
	uint64_t set;
	int result = sigset_read(&set, from, size);

	if (result)
		return result;
	signal_set_temporary_mask(set);
	return sleep_for_signal();
}

SYSCALL4(rt_sigtimedwait, uaddr_t, from, uaddr_t, to, uaddr_t, timeout, size_t, size)
{
	nsec_t wait = INT64_MAX;
	siginfo_t info;
	uint64_t set;
	int result = sigset_read(&set, from, size);

	if (!result && timeout)
		result = timespec_read(&wait, timeout);
	if (!result)
		result = signal_wait(set, &info, wait == INT64_MAX ? wait : deadline_after(wait));
	if (result > 0 && to && put_user_struct(to, info))
		return -EFAULT;
	return result;
}
