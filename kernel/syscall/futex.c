/* SPDX-License-Identifier: MIT */
/*
 * syscall/futex.c: futex(2) and futex_waitv(2): their operations and timeouts; robust
 * lists; restartable sequences.
 */
#include "hal/clock.h"
#include "proc/futex.h"
#include "syscall/syscall.h"
#include <linux/futex.h>
#include <linux/time.h>

static bool has_timeout(int command)
{
	return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET || command == FUTEX_LOCK_PI ||
	       command == FUTEX_LOCK_PI2 || command == FUTEX_WAIT_REQUEUE_PI;
}

/* FUTEX_WAIT alone says how long; FUTEX_LOCK_PI knows the wall clock only. */
static int read_deadline(nsec_t *deadline, int op, uaddr_t from)
{
	int command = op & FUTEX_CMD_MASK, result;
	nsec_t t;

	*deadline = INT64_MAX;
	if (!from)
		return 0;
	result = timespec_read(&t, from);
	if (result)
		return result;
	if (command == FUTEX_WAIT)
		*deadline = deadline_after(t);
	else
		*deadline = (op & FUTEX_CLOCK_REALTIME) || command == FUTEX_LOCK_PI ? wall_deadline(t) : t;
	return 0;
}

/* The arguments of futex(2): what the fourth is depends on the operation. */
struct futex_arguments {
	uaddr_t addr, addr2;
	uint32_t value, value3;
	int count;
	nsec_t deadline;
	bool shared;
};

static int64_t requeue(const struct futex_arguments *a, int command)
{
	struct futex_requeue r = {
		.from = a->addr,
		.to = a->addr2,
		.shared = a->shared,
		.compare = command != FUTEX_REQUEUE,
		.pi = command == FUTEX_CMP_REQUEUE_PI,
		.value = a->value3,
		.wake = (int)a->value,
		.move = a->count,
	};

	return futex_requeue(&r);
}

static int64_t call_pi(const struct futex_arguments *a, int command)
{
	switch (command) {
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return futex_lock_pi(a->addr, a->shared, a->deadline, false);
	case FUTEX_TRYLOCK_PI:
		return futex_lock_pi(a->addr, a->shared, INT64_MAX, true);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(a->addr, a->shared);
	case FUTEX_WAIT_REQUEUE_PI:
		return futex_wait_requeue_pi(a->addr, a->shared, a->value, a->deadline, FUTEX_BITSET_MATCH_ANY, a->addr2);
	case FUTEX_CMP_REQUEUE_PI:
		return requeue(a, command);
	default:
		return -ENOSYS;
	}
}

static int64_t call(const struct futex_arguments *a, int command)
{
	switch (command) {
	case FUTEX_WAIT:
		return futex_wait(a->addr, a->shared, a->value, a->deadline, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAIT_BITSET:
		return futex_wait(a->addr, a->shared, a->value, a->deadline, a->value3);
	case FUTEX_WAKE:
		return futex_wake(a->addr, a->shared, (int)a->value, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(a->addr, a->shared, (int)a->value, a->value3);
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		return requeue(a, command);
	case FUTEX_WAKE_OP:
		return futex_wake_op(a->addr, a->addr2, a->shared, (int)a->value, a->count, a->value3);
	default:
		return call_pi(a, command);
	}
}

SYSCALL6(futex, uaddr_t, addr, int, op, uint32_t, value, uint64_t, timeout, uaddr_t, addr2, uint32_t, value3)
{
	int command = op & FUTEX_CMD_MASK;
	struct futex_arguments a = {
		.addr = addr,
		.addr2 = addr2,
		.value = value,
		.value3 = value3,
		.count = (int)timeout,
		.shared = !(op & FUTEX_PRIVATE_FLAG),
	};
	int result = has_timeout(command) ? read_deadline(&a.deadline, op, timeout) : 0;

	if (result)
		return result;
	if ((op & FUTEX_CLOCK_REALTIME) && command != FUTEX_WAIT_BITSET && command != FUTEX_WAIT_REQUEUE_PI &&
	    command != FUTEX_LOCK_PI2)
		return -ENOSYS;
	return call(&a, command);
}

SYSCALL5(futex_waitv, uaddr_t, waiters, unsigned, n, unsigned, flags, uaddr_t, timeout, int, clock)
{
	nsec_t deadline = INT64_MAX;
	int result;

	if (flags || !n || n > FUTEX_WAITV_MAX || !waiters)
		return -EINVAL;
	if (timeout) {
		if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
			return -EINVAL;
		result = timespec_read(&deadline, timeout);
		if (result)
			return result;
		if (clock == CLOCK_REALTIME)
			deadline = wall_deadline(deadline);
	}
	return futex_waitv(waiters, n, deadline);
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
		if (!task_may_attach(t, cred_current())) {
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
