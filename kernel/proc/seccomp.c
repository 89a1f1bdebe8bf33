/* SPDX-License-Identifier: MIT */
/*
 * proc/seccomp.c: threads that gave up system calls (seccomp(2)).
 *
 * A thread is in no mode, in strict mode (read, write, exit and the return from a
 * handler), or has filters, which it can only add to. The filters of a thread are a
 * chain, newest first, of counted immutable objects; fork shares the chain. At each
 * call all of them are asked, and the least permissive answer counts. WORK_SECCOMP in
 * the thread's work sends its calls the slow way; nobody else pays.
 *
 * A thread changes its own chain. With TSYNC it gives its chain to the other threads
 * of its process, whose chains must be a part of it: so what one of those is just
 * looking at stays, as the new chain holds it. Both happen under signal_lock.
 */
#include "proc/seccomp.h"
#include "base/log.h"
#include "hal/usercopy.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include "proc/ptrace.h"
#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/capability.h>

#define PROGRAM_MAX   4096  /* BPF_MAXINSNS */
#define TOTAL_MAX     32768 /* instructions of a chain */
#define EACH          4     /* what a filter counts beside its instructions */
#define ERRNO_MAX     4095
#define CODE_SECCOMP  1     /* SYS_SECCOMP, si_code of SIGSYS */

static void filter_put(struct seccomp_filter *f)
{
	while (f && refcount_put(&f->refs)) {
		struct seccomp_filter *previous = f->previous;

		kfree(f);
		f = previous;
	}
}

/* ---- at a call ---------------------------------------------------------------------------- */

static void fill_data(struct seccomp_data *d, const struct user_frame *f)
{
	*d = (struct seccomp_data){
		.nr = (int)f->orig_rax,
		.arch = AUDIT_ARCH_X86_64,
		.instruction_pointer = f->rip,
		.args = { f->rdi, f->rsi, f->rdx, f->r10, f->r8, f->r9 },
	};
}

/* The least permissive answer of all filters. */
static uint32_t ask(const struct seccomp_filter *chain, const struct user_frame *f, bool *log)
{
	uint32_t answer = SECCOMP_RET_ALLOW;
	struct seccomp_data d;

	fill_data(&d, f);
	for (; chain; chain = chain->previous) {
		uint32_t one = seccomp_program_run(chain->program, &d);

		if ((int32_t)(one & SECCOMP_RET_ACTION_FULL) < (int32_t)(answer & SECCOMP_RET_ACTION_FULL)) {
			answer = one;
			*log = chain->log;
		}
	}
	return answer;
}

static void tell(const struct task *t, const struct user_frame *f, uint32_t answer)
{
	log_printf(LOG_INFO, "seccomp: %s[%d] system call %d at %#lx: %#x\n", t->thread.name, t->pid->number,
		   (int)f->orig_rax, (unsigned long)f->rip, answer);
}

/* SIGSYS as the call that it stands for; the registers are those before it. deadly: its default action, whatever is set. */
static void send_sigsys(struct user_frame *f, uint32_t answer, bool deadly)
{
	siginfo_t info = { .si_signo = SIGSYS, .si_code = CODE_SECCOMP, .si_errno = (int)(answer & SECCOMP_RET_DATA) };

	info.si_call_addr = (void *)f->rip;
	info.si_arch = AUDIT_ARCH_X86_64;
	info.si_syscall = (int)f->orig_rax;
	f->rax = f->orig_rax;
	if (deadly)
		signal_force_default(SIGSYS, &info);
	else
		signal_force(SIGSYS, &info);
}

/* The tracer decides; it may have changed the call. True: the filters are to be asked again. */
static bool ask_tracer(struct user_frame *f, uint32_t answer)
{
	if (!ptrace_wants_event(task_current(), PTRACE_EVENT_SECCOMP)) {
		f->rax = (uint64_t)-ENOSYS;
		return false;
	}
	ptrace_event(PTRACE_EVENT_SECCOMP, answer & SECCOMP_RET_DATA);
	return !thread_killed() && (int32_t)f->orig_rax >= 0;
}

static bool act(struct task *t, struct user_frame *f, uint32_t answer)
{
	switch (answer & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return true;
	case SECCOMP_RET_LOG:
		tell(t, f, answer);
		return true;
	case SECCOMP_RET_ERRNO:
		f->rax = (uint64_t)-(int64_t)min(answer & SECCOMP_RET_DATA, (uint32_t)ERRNO_MAX);
		return false;
	case SECCOMP_RET_TRAP:
		send_sigsys(f, answer, false);
		return false;
	case SECCOMP_RET_USER_NOTIF: /* there are no listeners */
		f->rax = (uint64_t)-ENOSYS;
		return false;
	case SECCOMP_RET_KILL_THREAD:
		tell(t, f, answer);
		if (atomic_load(&t->process->live) > 1)
			task_exit(SIGSYS);
		send_sigsys(f, answer, true);
		return false;
	default:
		tell(t, f, answer);
		send_sigsys(f, answer, true);
		return false;
	}
}

static bool strict_allows(struct task *t, const struct user_frame *f)
{
	switch ((int)f->orig_rax) {
	case __NR_read:
	case __NR_write:
	case __NR_exit:
	case __NR_rt_sigreturn:
		return true;
	default:
		tell(t, f, SECCOMP_RET_KILL_THREAD);
		task_exit(SIGKILL);
	}
}

bool seccomp_allows(struct task *t, struct user_frame *f)
{
	uint32_t answer;
	bool log, traced = false;

	if (t->seccomp_mode == SECCOMP_MODE_STRICT)
		return strict_allows(t, f);
	for (;;) {
		log = false;
		answer = ask(rcu_dereference(t->seccomp), f, &log);
		if ((answer & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_TRACE)
			break;
		if (traced) /* a tracer is asked once */
			return true;
		if (!ask_tracer(f, answer))
			return false;
		traced = true;
	}
	if (log && (answer & SECCOMP_RET_ACTION_FULL) < SECCOMP_RET_LOG)
		tell(t, f, answer);
	return act(t, f, answer);
}

/* ---- setting ------------------------------------------------------------------------------- */

static bool may_enter(const struct task *t, unsigned mode)
{
	return !t->seccomp_mode || t->seccomp_mode == mode;
}

static void enter(struct task *t, unsigned mode)
{
	t->seccomp_mode = (uint8_t)mode;
	atomic_or(&t->thread.context.work, WORK_SECCOMP);
}

int seccomp_set_strict(void)
{
	struct task *t = task_current();
	uint64_t irq;

	if (!may_enter(t, SECCOMP_MODE_STRICT))
		return -EINVAL;
	irq = spin_lock_irq(&t->process->signal_lock);
	enter(t, SECCOMP_MODE_STRICT);
	spin_unlock_irq(&t->process->signal_lock, irq);
	return 0;
}

/* Reads and checks a program. */
static int filter_read(struct seccomp_filter **out, uaddr_t program_at)
{
	struct sock_fprog program;
	struct seccomp_filter *f;
	int error;

	if (copy_from_user(&program, program_at, sizeof(program)))
		return -EFAULT;
	if (!program.len || program.len > PROGRAM_MAX)
		return -EINVAL;
	if (!cred_current()->no_new_privs && !cred_capable(cred_current(), CAP_SYS_ADMIN))
		return -EACCES;
	f = kmalloc(sizeof(*f) + program.len * sizeof(f->program[0]), ALLOC_KERNEL);
	if (!f)
		return -ENOMEM;
	refcount_init(&f->refs, 1);
	f->previous = NULL;
	f->length = program.len;
	error = copy_from_user(f->program, (uaddr_t)program.filter, program.len * sizeof(f->program[0]));
	if (!error)
		error = seccomp_program_check(f->program, f->length);
	if (error)
		kfree(f);
	else
		*out = f;
	return error;
}

static bool is_part(const struct seccomp_filter *part, const struct seccomp_filter *chain)
{
	while (chain && chain != part)
		chain = chain->previous;
	return chain == part;
}

/* The first other thread that cannot have the running one's chain, or NULL. signal_lock. */
static struct task *find_unfit(struct task *me)
{
	struct task *t;

	list_for_each_entry(t, &me->process->threads, process_link) {
		if (t != me && t->seccomp_mode != SECCOMP_MODE_DISABLED &&
		    !(t->seccomp_mode == SECCOMP_MODE_FILTER && is_part(t->seccomp, me->seccomp)))
			return t;
	}
	return NULL;
}

/* All other threads get the running one's chain; what they had is a part of it. signal_lock. */
static void share_chain(struct task *me)
{
	struct task *t;

	list_for_each_entry(t, &me->process->threads, process_link) {
		struct seccomp_filter *old = t->seccomp;

		if (t == me)
			continue;
		refcount_get(&me->seccomp->refs);
		rcu_assign(t->seccomp, me->seccomp);
		t->seccomp_no_gain |= cred_current()->no_new_privs || me->seccomp_no_gain;
		enter(t, SECCOMP_MODE_FILTER);
		filter_put(old); /* never the last: it is in the chain */
	}
}

/* signal_lock. */
static int add_locked(struct task *me, struct seccomp_filter *f, unsigned flags)
{
	struct seccomp_filter *old = me->seccomp;

	f->total = f->length + EACH + (old ? old->total : 0);
	f->count = 1 + (old ? old->count : 0);
	f->log = flags & SECCOMP_FILTER_FLAG_LOG;
	if (f->total - EACH > TOTAL_MAX)
		return -ENOMEM;
	if (flags & SECCOMP_FILTER_FLAG_TSYNC) {
		struct task *t = find_unfit(me);

		if (t)
			return flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH ? -ESRCH : t->pid->number;
	}
	f->previous = old;
	rcu_assign(me->seccomp, f);
	enter(me, SECCOMP_MODE_FILTER);
	if (flags & SECCOMP_FILTER_FLAG_TSYNC)
		share_chain(me);
	return 0;
}

int seccomp_add_filter(uaddr_t program_at, unsigned flags)
{
	struct task *me = task_current();
	struct seccomp_filter *f;
	uint64_t irq;
	int result = filter_read(&f, program_at);

	if (result)
		return result;
	if (!may_enter(me, SECCOMP_MODE_FILTER)) {
		kfree(f);
		return -EINVAL;
	}
	irq = spin_lock_irq(&me->process->signal_lock);
	result = add_locked(me, f, flags);
	spin_unlock_irq(&me->process->signal_lock, irq);
	if (result)
		kfree(f);
	return result;
}

int seccomp_action_there(uint32_t action)
{
	switch (action) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_ALLOW:
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* ---- of a thread ----------------------------------------------------------------------------- */

void seccomp_fork(struct task *child, const struct task *parent)
{
	if (likely(!parent->seccomp_mode))
		return;
	child->seccomp = parent->seccomp;
	if (child->seccomp)
		refcount_get(&child->seccomp->refs);
	child->seccomp_no_gain = parent->seccomp_no_gain;
	enter(child, parent->seccomp_mode);
}

void seccomp_free(struct task *t)
{
	filter_put(t->seccomp);
}

unsigned seccomp_count(struct task *t)
{
	uint64_t irq = spin_lock_irq(&t->process->signal_lock);
	unsigned n = t->seccomp ? t->seccomp->count : 0;

	spin_unlock_irq(&t->process->signal_lock, irq);
	return n;
}
