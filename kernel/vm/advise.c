/* SPDX-License-Identifier: MIT */
/*
 * madvise. Advice that is a property of areas becomes an edit; advice about pages
 * acts on the tables. Holes are skipped and reported with -ENOMEM at the end, as
 * Linux does it; other errors stop.
 */
#include "lib/errno.h"
#include "vm/areas.h"
#include "vm/pagetable.h"
#include <linux/mman.h>

static bool is_flag_advice(int advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_SEQUENTIAL:
	case MADV_RANDOM:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
		return true;
	default:
		return false;
	}
}

static bool is_known(int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
	case MADV_WILLNEED:
	case MADV_REMOVE:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return true;
	default:
		return is_flag_advice(advice);
	}
}

/* The flags of an area after the advice; 0 or -EINVAL. */
static int advised_flags(const struct area *a, int advice, uint32_t *flags)
{
	static const struct { int advice; uint32_t clear, set; } change[] = {
		{ MADV_NORMAL, AREA_RANDOM | AREA_SEQUENTIAL, 0 },
		{ MADV_SEQUENTIAL, AREA_RANDOM, AREA_SEQUENTIAL },
		{ MADV_RANDOM, AREA_SEQUENTIAL, AREA_RANDOM },
		{ MADV_DONTFORK, 0, AREA_DONTFORK },
		{ MADV_DOFORK, AREA_DONTFORK, 0 },
		{ MADV_WIPEONFORK, 0, AREA_WIPEONFORK },
		{ MADV_KEEPONFORK, AREA_WIPEONFORK, 0 },
		{ MADV_DONTDUMP, 0, AREA_DONTDUMP },
		{ MADV_DODUMP, AREA_DONTDUMP, 0 },
		{ MADV_HUGEPAGE, AREA_NOHUGE, AREA_HUGE },
		{ MADV_NOHUGEPAGE, AREA_HUGE, AREA_NOHUGE },
		{ MADV_MERGEABLE, 0, AREA_MERGEABLE },
		{ MADV_UNMERGEABLE, AREA_MERGEABLE, 0 },
	};

	if (advice == MADV_WIPEONFORK && (a->object || (a->flags & (AREA_SHARED | AREA_SPECIAL))))
		return -EINVAL;
	if ((advice == MADV_DOFORK || advice == MADV_DODUMP) && (a->flags & AREA_SPECIAL))
		return -EINVAL;
	for (unsigned i = 0; i < ARRAY_SIZE(change); i++)
		if (change[i].advice == advice)
			*flags = (a->flags & ~change[i].clear) | change[i].set;
	return 0;
}

/* Space lock. */
static int advise_flags(struct space_edit *e, uaddr_t start, uaddr_t end, int advice)
{
	struct btree_entry entry;
	uaddr_t addr = start;
	int error = 0;
	bool hole = false;

	while (!error && addr < end && btree_txn_find(&e->txn, addr, &entry) && entry.start < end) {
		struct area *a = entry.value;
		uint32_t flags = a->flags;

		hole |= entry.start > addr;
		addr = entry.end;
		error = advised_flags(a, advice, &flags);
		if (!error)
			error = edit_set_flags(e, a, start, end, flags);
	}
	if (!error)
		error = edit_check(e);
	if (error) {
		edit_abort(e);
		return error;
	}
	edit_commit(e);
	return hole || addr < end ? -ENOMEM : 0;
}

static int drop_pages(struct space *s, uaddr_t start, uaddr_t end)
{
	int error = tables_own_edges(s, start, end);

	if (!error)
		zap_replaced(s, start, end);
	return error;
}

/* Advice about pages of one area. Space lock. */
static int advise_pages(struct space *s, const struct area *a, uaddr_t start, uaddr_t end, int advice)
{
	bool pinned = a->flags & (AREA_LOCKED | AREA_SPECIAL);

	switch (advice) {
	case MADV_FREE:
		if (a->object || pinned || (a->flags & AREA_SHARED))
			return -EINVAL;
		return drop_pages(s, start, end); /* at once: what is read afterwards may be zeros */
	case MADV_DONTNEED_LOCKED:
		return a->flags & AREA_SPECIAL ? -EINVAL : drop_pages(s, start, end);
	case MADV_DONTNEED:
		if (pinned)
			return -EINVAL;
		return drop_pages(s, start, end);
	case MADV_COLD:
	case MADV_PAGEOUT:
		return pinned ? -EINVAL : 0;
	default: /* MADV_WILLNEED: everything there is, is in memory */
		return 0;
	}
}

static int advise_each(struct space *s, uaddr_t start, uaddr_t end, int advice)
{
	struct area *a;
	uaddr_t addr = start;
	int error;
	bool hole = false;

	for (a = area_find(s, addr); a && a->start < end; a = area_find(s, addr)) {
		hole |= a->start > addr;
		error = advise_pages(s, a, max(a->start, start), min(a->end, end), advice);
		if (error)
			return error;
		addr = a->end;
	}
	return hole || addr < end ? -ENOMEM : 0;
}

/* The object behind addr, with a reference, and the bytes of it up to end or the area's end. */
static int removal_target(struct space *s, uaddr_t addr, uaddr_t end, struct area **out)
{
	struct area *a;

	MUTEX_GUARD(&s->lock);
	a = area_at(s, addr);
	if (!a)
		return -ENOMEM;
	if ((a->flags & AREA_LOCKED) || !a->object)
		return -EINVAL;
	if ((a->flags & (AREA_SHARED | AREA_MAY_WRITE)) != (AREA_SHARED | AREA_MAY_WRITE))
		return -EACCES;
	if (!a->object->ops->punch_hole)
		return -EOPNOTSUPP;
	refcount_get(&a->refs);
	*out = a;
	return 0;
}

/* Without the space's lock: the owner's comes before it. */
static int advise_remove(struct space *s, uaddr_t start, uaddr_t end)
{
	struct area *a;
	int error = 0;

	for (uaddr_t addr = start; !error && addr < end; ) {
		uint64_t from, bytes;

		error = removal_target(s, addr, end, &a);
		if (error)
			break;
		from = area_index(a, addr) << PAGE_SHIFT;
		bytes = min(end, a->end) - addr;
		error = a->object->ops->punch_hole(a->object, from, from + bytes);
		addr += bytes;
		area_put(a);
	}
	return error;
}

static int advise_populate(struct space *s, uaddr_t start, uaddr_t end, enum fault_access access)
{
	for (uaddr_t addr = start; addr < end; addr += PAGE_SIZE) {
		const struct area *a;
		bool special;
		int error;

		rcu_read_lock();
		a = area_at(s, addr);
		special = a && (a->flags & AREA_SPECIAL);
		rcu_read_unlock();
		if (!a)
			return -ENOMEM;
		error = special ? -EACCES : space_fault(s, addr, access);
		if (error)
			return error == -EACCES ? -EINVAL : error == -EIO ? -EFAULT : error;
		if (thread_killed())
			return -ERESTARTSYS;
	}
	return 0;
}

static int advise_locked(struct space *s, uaddr_t start, uaddr_t end, int advice)
{
	struct space_edit e;
	int error;

	if (!is_flag_advice(advice)) {
		MUTEX_GUARD(&s->lock);
		return advise_each(s, start, end, advice);
	}
	mutex_lock(&s->lock);
	edit_begin(&e, s);
	error = advise_flags(&e, start, end, advice);
	mutex_unlock(&s->lock);
	edit_finish(&e);
	return error;
}

int space_advise(struct space *s, uaddr_t addr, size_t length, int advice)
{
	uaddr_t end;

	might_sleep();
	if (!is_known(advice) || !is_aligned(addr, PAGE_SIZE))
		return -EINVAL;
	end = addr + align_up(length, PAGE_SIZE);
	if (end < addr || (length && end == addr))
		return -EINVAL;
	if (end == addr)
		return 0;
	switch (advice) {
	case MADV_REMOVE:
		return advise_remove(s, addr, end);
	case MADV_POPULATE_READ:
		return advise_populate(s, addr, end, FAULT_READ);
	case MADV_POPULATE_WRITE:
		return advise_populate(s, addr, end, FAULT_WRITE);
	default:
		return advise_locked(s, addr, end, advice);
	}
}
