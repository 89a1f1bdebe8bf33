/* SPDX-License-Identifier: MIT */
/*
 * mlock and mlockall. Nothing is ever paged out yet, so locking is a flag, its
 * limit, and having everything present, unless that is to wait for faults.
 */
#include "lib/errno.h"
#include "vm/areas.h"
#include <asm/mman.h>

#define LOCK_FLAGS ((uint32_t)(AREA_LOCKED | AREA_ON_FAULT))

static uint32_t locked_flags(const struct area *a, uint32_t lock)
{
	return a->flags & AREA_SPECIAL ? a->flags : (a->flags & ~LOCK_FLAGS) | lock;
}

static uint64_t (*limit_hook)(void); /* set at boot */

uint64_t space_lock_limit(void)
{
	return limit_hook ? limit_hook() : UINT64_MAX;
}

void space_set_lock_limit_hook(uint64_t (*limit)(void))
{
	limit_hook = limit;
}

/* holes: they are an error. Space lock. */
static int set_locked(struct space_edit *e, uaddr_t start, uaddr_t end, uint32_t lock, bool holes)
{
	struct btree_entry entry;
	uaddr_t addr = start;
	int error = 0;

	while (!error && addr < end && btree_txn_find(&e->txn, addr, &entry) && entry.start < end) {
		if (holes && entry.start > addr)
			error = -ENOMEM;
		addr = entry.end;
		if (!error)
			error = edit_set_flags(e, entry.value, start, end, locked_flags(entry.value, lock));
	}
	if (!error && holes && addr < end)
		error = -ENOMEM;
	if (!error)
		error = edit_check(e);
	if (error == -EAGAIN)
		error = -ENOMEM; /* what mlock calls the limit */
	if (error)
		edit_abort(e);
	else
		edit_commit(e);
	return error;
}

int space_lock_memory(struct space *s, uaddr_t addr, size_t length, uint32_t lock)
{
	uaddr_t start = align_down(addr, PAGE_SIZE), end = start + align_up(length + (addr - start), PAGE_SIZE);
	struct space_edit e;
	int error;

	might_sleep();
	if (lock && space_lock_limit() == 0)
		return -EPERM;
	if (end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	mutex_lock(&s->lock);
	edit_begin(&e, s);
	error = set_locked(&e, start, end, lock, true);
	mutex_unlock(&s->lock);
	edit_finish(&e);
	if (!error && lock)
		error = space_populate(s, start, end);
	return error == -EFAULT || error == -EACCES ? -ENOMEM : error == -EIO ? -EAGAIN : error;
}

/* Faults all areas in; what cannot be is left out. */
static void populate_all(struct space *s)
{
	uaddr_t addr = 0;

	for (;;) {
		struct area *a;
		uaddr_t start, end;

		rcu_read_lock();
		a = area_find(s, addr);
		start = a ? a->start : 0;
		end = a ? a->end : 0;
		rcu_read_unlock();
		if (!a || space_populate(s, max(start, addr), end) == -ERESTARTSYS)
			return;
		addr = end;
	}
}

int space_lock_all(struct space *s, int flags)
{
	uint32_t lock = flags ? AREA_LOCKED | (flags & MCL_ONFAULT ? AREA_ON_FAULT : 0) : 0;
	struct space_edit e;
	int error = 0;

	might_sleep();
	if ((flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
		return -EINVAL;
	if (flags && space_lock_limit() == 0)
		return -EPERM;
	mutex_lock(&s->lock);
	edit_begin(&e, s);
	if (flags == 0 || (flags & MCL_CURRENT))
		error = set_locked(&e, 0, USER_TOP, lock, false);
	else
		edit_abort(&e);
	if (!error)
		s->lock_flags = flags & MCL_FUTURE ? lock : 0;
	mutex_unlock(&s->lock);
	edit_finish(&e);
	if (!error && (flags & MCL_CURRENT) && !(flags & MCL_ONFAULT))
		populate_all(s);
	return error;
}
