/* SPDX-License-Identifier: MIT */
/*
 * The heap of brk(2): one area from brk_start up to the break, made and widened
 * as the break moves, and the growth of stacks, which is the same downwards.
 */
#include "lib/errno.h"
#include "vm/areas.h"

#define HEAP_FLAGS                                                                                 \
	(AREA_READ | AREA_WRITE | AREA_MAY_READ | AREA_MAY_WRITE | AREA_MAY_EXEC | AREA_HEAP | AREA_ACCOUNT)

static int heap_extend(struct space *s, struct space_edit *e, uaddr_t from, uaddr_t to)
{
	const struct area *above = area_find(s, from);
	struct area *a;
	int error;

	if (to > USER_TOP)
		return -ENOMEM;
	if (above && to > above->start - (above->flags & AREA_GROWSDOWN ? STACK_GUARD_GAP : 0))
		return -ENOMEM;
	a = area_create(s, from, to, HEAP_FLAGS | s->lock_flags);
	if (!a)
		return -ENOMEM;
	edit_begin(e, s);
	error = edit_insert(e, a);
	if (!error)
		error = edit_check(e);
	if (error)
		edit_abort(e);
	else
		edit_commit(e);
	return error;
}

/* Linux counts the heap and the program's data against RLIMIT_DATA here. */
static bool within_data_limit(const struct space *s, uaddr_t brk)
{
	uint64_t limit = atomic_load(&s->data_limit);

	return limit == UINT64_MAX || brk - s->brk_start + (s->data_end - s->data_start) <= limit;
}

uaddr_t space_brk(struct space *s, uaddr_t addr)
{
	struct space_edit e;
	uaddr_t old, old_end, end = align_up(addr, PAGE_SIZE);
	bool populate = false;
	int error = 0;

	might_sleep();
	mutex_lock(&s->lock);
	old = s->brk;
	old_end = align_up(old, PAGE_SIZE);
	if (addr < s->brk_start || addr > USER_TOP || !within_data_limit(s, addr)) {
		mutex_unlock(&s->lock);
		return old;
	}
	list_init(&e.removed);
	if (end < old_end)
		error = space_unmap_locked(s, &e, end, old_end);
	else if (end > old_end)
		error = heap_extend(s, &e, old_end, end);
	if (!error)
		s->brk = addr;
	populate = !error && end > old_end && (s->lock_flags & AREA_LOCKED);
	mutex_unlock(&s->lock);
	edit_finish(&e);
	if (populate)
		(void)space_populate(s, old_end, end);
	return error ? old : addr;
}

int space_grow_stack(struct space *s, uaddr_t addr)
{
	struct area *a = area_find(s, addr), *below, *grown;
	struct space_edit e;
	int error;

	assert(mutex_held(&s->lock));
	if (!a || (a->start > addr && !(a->flags & AREA_GROWSDOWN)))
		return -EFAULT;
	if (a->start <= addr)
		return 0; /* somebody was faster */
	below = area_before(s, a->start);
	if (addr < MMAP_LOWEST || a->end - addr > atomic_load(&s->stack_limit) ||
	    a->page_offset < (a->start - addr) >> PAGE_SHIFT)
		return -EFAULT;
	if (below && below->end > addr - STACK_GUARD_GAP && !(below->flags & AREA_GROWSDOWN) &&
	    (below->flags & (AREA_READ | AREA_WRITE | AREA_EXEC)))
		return -EFAULT;
	grown = area_clone(a, s, a->start, a->end);
	if (!grown)
		return -EFAULT;
	grown->page_offset -= (a->start - addr) >> PAGE_SHIFT;
	grown->start = addr;
	edit_begin(&e, s);
	error = edit_remove(&e, a);
	if (error)
		area_put(grown);
	else
		error = edit_add(&e, grown);
	if (!error)
		error = edit_check(&e);
	if (error) {
		edit_abort(&e);
		return -EFAULT;
	}
	edit_commit(&e);
	edit_finish(&e); /* under the lock: the new area has its own reference on a file, if any */
	return 0;
}
