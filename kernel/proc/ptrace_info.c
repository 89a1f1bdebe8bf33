/* SPDX-License-Identifier: MIT */
/*
 * proc/ptrace_info.c: what a tracer asks of a stopped thread besides registers and
 * memory: why it stopped, its signals, its options. The thread is kept stopped by
 * the caller (ptrace_request.c); signal_lock guards what others may change.
 */
#include "base/panic.h"
#include "hal/debug.h"
#include "hal/usercopy.h"
#include "lib/string.h"
#include "proc/internal.h"
#include "proc/ptrace.h"
#include <linux/audit.h>
#include <linux/capability.h>

int ptrace_check_options(uint64_t options)
{
	if (options & ~(uint64_t)PTRACE_O_MASK)
		return -EINVAL;
	if ((options & PTRACE_O_SUSPEND_SECCOMP) && !cred_capable(cred_current(), CAP_SYS_ADMIN))
		return -EPERM;
	return 0;
}

static int set_options(struct task *t, uint64_t options)
{
	int result = ptrace_check_options(options);

	if (!result)
		WRITE_ONCE(t->ptrace.options, (uint32_t)options);
	return result;
}

static int get_info(struct task *t, uaddr_t to)
{
	uint64_t irq = spin_lock_irq(&t->process->signal_lock);
	bool there = t->ptrace.info;
	siginfo_t info;

	if (there)
		info = *t->ptrace.info;
	spin_unlock_irq(&t->process->signal_lock, irq);
	return there ? copy_to_user(to, &info, sizeof(info)) : -EINVAL;
}

static int set_info(struct task *t, uaddr_t from)
{
	siginfo_t info;
	bool there;

	if (copy_from_user(&info, from, sizeof(info)))
		return -EFAULT;
	uint64_t irq = spin_lock_irq(&t->process->signal_lock);
	there = t->ptrace.info;
	if (there)
		*t->ptrace.info = info;
	spin_unlock_irq(&t->process->signal_lock, irq);
	return there ? 0 : -EINVAL;
}

/* Entry number n of a queue. signal_lock held. */
static bool peek_one(const struct signal_queue *q, uint64_t n, siginfo_t *info)
{
	const struct signal_entry *e;

	list_for_each_entry(e, &q->entries, link) {
		if (n--)
			continue;
		*info = e->info;
		return true;
	}
	return false;
}

static int peek_signals(struct task *t, uaddr_t from, uaddr_t to)
{
	struct process *p = t->process;
	struct ptrace_peeksiginfo_args a;
	siginfo_t info;
	int n;

	if (copy_from_user(&a, from, sizeof(a)))
		return -EFAULT;
	if ((a.flags & ~(uint32_t)PTRACE_PEEKSIGINFO_SHARED) || a.nr < 0)
		return -EINVAL;
	for (n = 0; n < a.nr; n++, to += sizeof(info)) {
		uint64_t irq = spin_lock_irq(&p->signal_lock);
		bool there = peek_one(a.flags ? &p->pending : &t->pending, a.off + (uint64_t)n, &info);

		spin_unlock_irq(&p->signal_lock, irq);
		if (!there || thread_interrupted())
			break;
		if (copy_to_user(to, &info, sizeof(info)))
			return n ? n : -EFAULT;
	}
	return n;
}

static int get_mask(struct task *t, uint64_t size, uaddr_t to)
{
	uint64_t mask;

	if (size != sizeof(mask))
		return -EINVAL;
	mask = atomic_load(&t->thread.context.work) & WORK_RESTORE_MASK ? t->saved_blocked : t->blocked;
	return copy_to_user(to, &mask, sizeof(mask));
}

static int set_mask(struct task *t, uint64_t size, uaddr_t from)
{
	uint64_t mask, irq;

	if (size != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&mask, from, sizeof(mask)))
		return -EFAULT;
	irq = spin_lock_irq(&t->process->signal_lock);
	t->blocked = mask & ~SIGNALS_UNBLOCKABLE; /* it looks at what is pending when it goes on */
	atomic_and(&t->thread.context.work, ~(uint32_t)WORK_RESTORE_MASK);
	spin_unlock_irq(&t->process->signal_lock, irq);
	return 0;
}

static size_t fill_call_begin(const struct user_frame *f, struct ptrace_syscall_info *i)
{
	i->op = PTRACE_SYSCALL_INFO_ENTRY;
	i->entry.nr = (uint64_t)(int64_t)(int32_t)f->orig_rax;
	i->entry.args[0] = f->rdi;
	i->entry.args[1] = f->rsi;
	i->entry.args[2] = f->rdx;
	i->entry.args[3] = f->r10;
	i->entry.args[4] = f->r8;
	i->entry.args[5] = f->r9;
	return offsetof(struct ptrace_syscall_info, entry.args) + sizeof(i->entry.args);
}

static size_t fill_call_end(const struct user_frame *f, struct ptrace_syscall_info *i)
{
	i->op = PTRACE_SYSCALL_INFO_EXIT;
	i->exit.rval = (int64_t)f->rax;
	i->exit.is_error = i->exit.rval < 0 && i->exit.rval >= -MAX_ERRNO;
	return offsetof(struct ptrace_syscall_info, exit.is_error) + sizeof(i->exit.is_error);
}

/* Its size, of which no more than asked for is copied. */
static int64_t get_call(struct task *t, uint64_t size, uaddr_t to)
{
	const struct user_frame *f = context_frame(&t->thread.context);
	size_t filled = offsetof(struct ptrace_syscall_info, entry);
	struct ptrace_syscall_info i;

	memset(&i, 0, sizeof(i));
	i.op = PTRACE_SYSCALL_INFO_NONE;
	i.arch = AUDIT_ARCH_X86_64;
	i.instruction_pointer = f->rip;
	i.stack_pointer = f->rsp;
	if (t->ptrace.info && t->ptrace.info->si_code == (SIGTRAP | 0x80))
		filled = t->ptrace.message == PTRACE_EVENTMSG_SYSCALL_ENTRY ? fill_call_begin(f, &i) : fill_call_end(f, &i);
	return copy_to_user(to, &i, min(size, (uint64_t)filled)) ? -EFAULT : (int64_t)filled;
}

static int64_t get_rseq(struct task *t, uint64_t size, uaddr_t to)
{
	struct ptrace_rseq_configuration r = {
		.rseq_abi_pointer = t->rseq_area,
		.rseq_abi_size = 32, /* of struct rseq as Linux 6.1 has it, registered or not */
		.signature = t->rseq_signature,
	};

	return copy_to_user(to, &r, min(size, (uint64_t)sizeof(r))) ? -EFAULT : (int64_t)sizeof(r);
}

/* There are no filters. */
static int get_filter(void)
{
	return cred_capable(cred_current(), CAP_SYS_ADMIN) ? -EINVAL : -EACCES;
}

int64_t ptrace_information(struct task *t, int64_t request, uint64_t addr, uint64_t data)
{
	switch (request) {
	case PTRACE_SETOPTIONS:
	case PTRACE_OLDSETOPTIONS:
		return set_options(t, data);
	case PTRACE_GETEVENTMSG:
		return copy_to_user(data, &t->ptrace.message, sizeof(t->ptrace.message));
	case PTRACE_GETSIGINFO:
		return get_info(t, data);
	case PTRACE_SETSIGINFO:
		return set_info(t, data);
	case PTRACE_PEEKSIGINFO:
		return peek_signals(t, addr, data);
	case PTRACE_GETSIGMASK:
		return get_mask(t, addr, data);
	case PTRACE_SETSIGMASK:
		return set_mask(t, addr, data);
	case PTRACE_GET_SYSCALL_INFO:
		return get_call(t, addr, data);
	case PTRACE_GET_RSEQ_CONFIGURATION:
		return get_rseq(t, addr, data);
	case PTRACE_SECCOMP_GET_FILTER:
	case PTRACE_SECCOMP_GET_METADATA:
		return get_filter();
	default:
		return -ENOSYS;
	}
}
