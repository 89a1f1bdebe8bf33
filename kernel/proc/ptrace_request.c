/* SPDX-License-Identifier: MIT */
/*
 * proc/ptrace_request.c: what a tracer asks of a thread that has stopped for it:
 * to go on in one way or another, its memory. Registers are in ptrace_regs.c,
 * signals and options in ptrace_info.c. Between begin() and end() the thread
 * stays stopped whatever happens. Locks: see proc/ptrace.c.
 */
#include "base/panic.h"
#include "hal/debug.h"
#include "hal/usercopy.h"
#include "lib/string.h"
#include "proc/internal.h"
#include "proc/ptrace.h"
#include <linux/capability.h>

/*
 * Exec by a thread that does not lead gives it the leader's number, while the
 * tracer may mean the leader: until wait(2) has told of the exec, the number is not it.
 */
static bool changed_number(const struct task *t)
{
	return t->ptrace.code == (PTRACE_EVENT_EXEC << 8 | SIGTRAP) && t->ptrace.message != (uint64_t)t->pid->number;
}

static bool is_ready(struct task *t)
{
	return (t->job & (JOB_TRACED | JOB_LISTENING)) == JOB_TRACED && !changed_number(t) &&
	       !(atomic_load(&t->thread.context.work) & WORK_KILLED);
}

static bool freeze(struct task *t)
{
	uint64_t irq = spin_lock_irq(&t->process->signal_lock);
	bool ready = is_ready(t);

	if (ready)
		t->job |= JOB_FROZEN;
	spin_unlock_irq(&t->process->signal_lock, irq);
	return ready;
}

/* -ESRCH: not ours, or (unless in any state) not stopped. May sleep for a moment. */
static int begin(struct task *t, bool any_state)
{
	bool good;

	spin_lock(&process_tree_lock);
	good = t->ptrace.tracer == task_current() && (any_state || freeze(t));
	spin_unlock(&process_tree_lock);
	if (good && !any_state)
		thread_wait_off_cpu(&t->thread);
	return good ? 0 : -ESRCH;
}

static void end(struct task *t)
{
	uint64_t irq = spin_lock_irq(&t->process->signal_lock);

	t->job &= ~(uint32_t)JOB_FROZEN;
	if ((t->job & JOB_TRACED) && (atomic_load(&t->thread.context.work) & WORK_KILLED)) {
		t->job &= ~(uint32_t)JOB_TRACED;
		thread_wake_state(&t->thread, THREAD_TRACED);
	}
	spin_unlock_irq(&t->process->signal_lock, irq);
}

static void set_steps(struct task *t, int64_t request)
{
	debug_set_step(&t->thread.context, request == PTRACE_SINGLESTEP || request == PTRACE_SINGLEBLOCK ||
						   request == PTRACE_SYSEMU_SINGLESTEP);
	if (t->ptrace.calls || t->ptrace.emulates || t->logged || debug_steps(&t->thread.context))
		atomic_or(&t->thread.context.work, WORK_TRACE);
	else
		atomic_and(&t->thread.context.work, ~(uint32_t)WORK_TRACE);
}

static int resume(struct task *t, int64_t request, uint64_t sig)
{
	uint64_t irq;

	if (sig > SIGNAL_COUNT)
		return -EIO;
	irq = spin_lock_irq(&t->process->signal_lock);
	t->ptrace.calls = request == PTRACE_SYSCALL;
	t->ptrace.emulates = request == PTRACE_SYSEMU || request == PTRACE_SYSEMU_SINGLESTEP;
	set_steps(t, request);
	t->ptrace.code = (int)sig;
	t->job &= ~(uint32_t)(JOB_TRACED | JOB_FROZEN);
	thread_wake_state(&t->thread, THREAD_TRACED);
	spin_unlock_irq(&t->process->signal_lock, irq);
	return 0;
}

/* Who is not dumpable shows its memory to the privileged only, as when they attached. */
static bool memory_allowed(const struct task *t)
{
	return READ_ONCE(t->process->dumpable) || cred_capable(t->ptrace.cred, CAP_SYS_PTRACE);
}

static int64_t peek(struct task *t, uaddr_t addr, uaddr_t to)
{
	struct space *s = memory_allowed(t) ? task_visit_space(t) : NULL;
	uint64_t word;
	size_t got = 0;

	if (s) {
		got = space_copy_from(s, &word, addr, sizeof(word));
		task_leave_space(s);
	}
	return got == sizeof(word) ? copy_to_user(to, &word, sizeof(word)) : -EIO;
}

static int64_t poke(struct task *t, uaddr_t addr, uint64_t word)
{
	struct space *s = memory_allowed(t) ? task_visit_space(t) : NULL;
	size_t done = 0;

	if (s) {
		done = space_copy_to(s, addr, &word, sizeof(word), true);
		task_leave_space(s);
	}
	return done == sizeof(word) ? 0 : -EIO;
}

/* To a seized thread: stop, with nothing else changed. */
static int interrupt(struct task *t)
{
	uint64_t irq = spin_lock_irq(&t->process->signal_lock);
	int result = t->ptrace.seized ? 0 : -EIO;

	if (!result && !t->thread.exiting && !(atomic_load(&t->thread.context.work) & WORK_KILLED)) {
		t->job |= JOB_TRAP_STOP;
		ptrace_wake(t, t->job & JOB_LISTENING);
	}
	spin_unlock_irq(&t->process->signal_lock, irq);
	return result;
}

/* To a seized thread in a stop of job control: stay, but be as if it ran. */
static int listen(struct task *t)
{
	uint64_t irq = spin_lock_irq(&t->process->signal_lock);
	const siginfo_t *info = t->ptrace.info;
	int result = -EIO;

	if (t->ptrace.seized && info && info->si_code >> 8 == PTRACE_EVENT_STOP) {
		t->job |= JOB_LISTENING;
		t->job &= ~(uint32_t)JOB_FROZEN;
		if (t->job & JOB_TRAP_NOTIFY)
			ptrace_wake(t, true);
		result = 0;
	}
	spin_unlock_irq(&t->process->signal_lock, irq);
	return result;
}

static int kill(struct task *t)
{
	siginfo_t info = { .si_signo = SIGKILL, .si_code = SI_USER };

	info.si_pid = process_current()->pid->number;
	info.si_uid = cred_current()->uid;
	(void)signal_send_task(t, SIGKILL, &info);
	return 0;
}

/* Of a thread that is stopped and stays so. */
static int64_t ask(struct task *t, int64_t request, uint64_t addr, uint64_t data)
{
	int64_t result;

	switch (request) {
	case PTRACE_PEEKTEXT:
	case PTRACE_PEEKDATA:
		return peek(t, addr, data);
	case PTRACE_POKETEXT:
	case PTRACE_POKEDATA:
		return poke(t, addr, data);
	case PTRACE_CONT:
	case PTRACE_SYSCALL:
	case PTRACE_SINGLESTEP:
	case PTRACE_SINGLEBLOCK:
	case PTRACE_SYSEMU:
	case PTRACE_SYSEMU_SINGLESTEP:
		return resume(t, request, data);
	case PTRACE_DETACH:
		return ptrace_detach(t, data);
	case PTRACE_LISTEN:
		return listen(t);
	}
	result = ptrace_information(t, request, addr, data);
	return result == -ENOSYS ? ptrace_registers(t, request, addr, data) : result;
}

int64_t ptrace_control(struct task *t, int64_t request, uint64_t addr, uint64_t data)
{
	bool any_state = request == PTRACE_KILL || request == PTRACE_INTERRUPT;
	int64_t result = begin(t, any_state);

	if (result)
		return result;
	if (any_state)
		return request == PTRACE_KILL ? kill(t) : interrupt(t);
	result = ask(t, request, addr, data);
	if (result || request != PTRACE_DETACH)
		end(t);
	return result;
}
