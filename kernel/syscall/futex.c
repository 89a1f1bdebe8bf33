/* SPDX-License-Identifier: MIT */
/*
 * syscall/futex.c: futex(2): its timeouts, robust lists; restartable sequences.
 */
#include "hal/clock.h"
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/futex.h>

/* A wait with a relative timeout goes on to the same deadline if no handler ran. */
static int64_t wait_restart(struct restart_block *b)
{
	int64_t result = futex_call(b->arg[0], (int)b->arg[1], (uint32_t)b->arg[2], (nsec_t)b->arg[3], 0, 0);

	return result == -ERESTARTSYS ? -ERESTART_RESTARTBLOCK : result;
}

static int64_t wait_for(uaddr_t addr, int op, uint32_t value, nsec_t timeout)
{
	struct restart_block *b = &task_current()->restart;
	nsec_t deadline = deadline_after(timeout);
	int64_t result = futex_call(addr, op, value, deadline, 0, 0);

	if (result != -ERESTARTSYS)
		return result;
	*b = (struct restart_block){ wait_restart, { addr, (uint64_t)op, value, (uint64_t)deadline } };
	return -ERESTART_RESTARTBLOCK;
}

SYSCALL6(futex, uaddr_t, addr, int, op, uint32_t, value, uint64_t, timeout, uaddr_t, addr2, uint32_t, value3)
{
	int command = op & FUTEX_CMD_MASK, result;
	nsec_t t;

	if ((op & FUTEX_CLOCK_REALTIME) && command != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	if (command != FUTEX_WAIT && command != FUTEX_WAIT_BITSET)
		return futex_call(addr, op, value, (uint32_t)timeout, addr2, value3);
	if (!timeout)
		return futex_call(addr, op, value, INT64_MAX, addr2, value3);
	result = timespec_read(&t, timeout);
	if (result)
		return result;
	if (command == FUTEX_WAIT)
		return wait_for(addr, op, value, t);
	if (op & FUTEX_CLOCK_REALTIME)
		t = t - clock_wall() <= 0 ? 0 : deadline_after(t - clock_wall());
	return futex_call(addr, op, value, t, addr2, value3);
}

SYSCALL2(set_robust_list, uaddr_t, head, size_t, size)
{
	if (size != sizeof(struct robust_list_head))
		return -EINVAL;
	task_current()->robust_list = head;
	return 0;
}

SYSCALL3(get_robust_list, int, tid, uaddr_t, head_to, uaddr_t, size_to)
{
	uint64_t size = sizeof(struct robust_list_head);
	struct task *t = NULL;
	uaddr_t head;

	if (tid) {
		t = task_find(tid);
		if (!t)
			return -ESRCH;
		if (t->process != process_current() && !capable(CAP_SYS_PTRACE)) {
			task_put(t);
			return -EPERM;
		}
	}
	head = READ_ONCE((t ? t : task_current())->robust_list);
	if (t)
		task_put(t);
	return put_user_struct(size_to, size) || put_user_struct(head_to, head) ? -EFAULT : 0;
}

SYSCALL4(rseq, uaddr_t, area, uint32_t, length, int, flags, uint32_t, signature)
{
	return rseq_register(area, length, flags, signature);
}
