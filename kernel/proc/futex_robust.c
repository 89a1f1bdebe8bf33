/* SPDX-License-Identifier: MIT */
/*
 * proc/futex_robust.c: robust futexes, set_robust_list(2): a thread keeps a list, in
 * its own memory, of the locks that it has. When it ends each of them is marked as
 * orphaned, and one that waits is woken. Nothing in the list can be trusted: what
 * cannot be read or is no lock of the thread's ends the walk or is passed over.
 *
 * Bit 0 of a link says that the lock is one with priority inheritance, whose waiters are
 * not woken here but given the lock by futex_leave_pi().
 */
#include "hal/usercopy.h"
#include "proc/futex_queue.h"
#include <linux/futex.h>

/* A link: where the entry is, and its bit. */
struct link { uaddr_t at; bool pi; };

static int read_link(struct link *l, uaddr_t from)
{
	uaddr_t value;

	if (copy_from_user(&value, from, sizeof(value)))
		return -EFAULT;
	*l = (struct link){ value & ~1UL, value & 1 };
	return 0;
}

/* The word says that the owner is tid: now it says that this one died. */
static int orphan(uaddr_t addr, uint32_t now, uint32_t tid, bool pi)
{
	uint32_t seen;

	while ((now & FUTEX_TID_MASK) == tid) {
		if (usercopy_cmpxchg32(addr, now, (now & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &seen))
			return -EFAULT;
		if (seen == now) {
			if (!pi && (now & FUTEX_WAITERS))
				futex_wake_address(addr, 1);
			return 0;
		}
		now = seen;
	}
	return 0;
}

/* pending: the thread was about to take or release it. Errors end the walk. */
static int release(struct link lock, uint64_t offset, uint32_t tid, bool pending)
{
	uaddr_t addr = lock.at + offset;
	uint32_t now;

	if (addr % sizeof(now) || usercopy_load32(&now, addr))
		return -EFAULT;
	/* It died between unlocking and waking: the waiter must be woken for it. */
	if (pending && !lock.pi && !(now & FUTEX_TID_MASK)) {
		futex_wake_address(addr, 1);
		return 0;
	}
	return orphan(addr, now, tid, lock.pi);
}

void futex_leave_robust(struct task *t)
{
	uaddr_t head = t->robust_list;
	uint32_t tid = (uint32_t)t->pid->number;
	struct link entry, next, pending;
	uint64_t offset;

	t->robust_list = 0;
	if (!head || read_link(&entry, head) ||
	    copy_from_user(&offset, head + offsetof(struct robust_list_head, futex_offset), sizeof(offset)) ||
	    read_link(&pending, head + offsetof(struct robust_list_head, list_op_pending)))
		return;
	for (int i = 0; entry.at != head && i < ROBUST_LIST_LIMIT; i++) {
		int end = read_link(&next, entry.at);

		if (entry.at != pending.at && release(entry, offset, tid, false))
			return;
		if (end)
			return;
		entry = next;
	}
	if (pending.at)
		(void)release(pending, offset, tid, true);
}
