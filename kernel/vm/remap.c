/* SPDX-License-Identifier: MIT */
/*
 * mremap: shrinking is unmapping; growing in place makes a bigger area; else the
 * entries move to tables elsewhere, the pages stay. The new area is published
 * not ready, so that faults there wait until all entries have arrived. With an
 * object, its lock is held for each table, so that truncation finds a page
 * either at the old place or at the new one.
 */
#include "lib/errno.h"
#include "vm/areas.h"
#include "vm/pagetable.h"
#include "vm/tlb.h"
#include <linux/mman.h>

struct remap {                   /* owner: the caller's stack */
	struct space *space;
	uaddr_t addr, to;        /* to: the new place, once known */
	size_t old_length, length; /* bytes, whole pages */
	int flags;
	struct space_edit edit;
	struct area *moved;      /* the new area */
};

static void move_entries(struct page *from, struct page *to, uaddr_t src, uaddr_t dst, size_t n)
{
	pte_t *s = table_entry(from, src), *d = table_entry(to, dst);

	table_lock_two(from, to);
	for (; n; n -= PAGE_SIZE, s++, d++) {
		pte_t e;

		if (pte_none(pte_load(s)))
			continue;
		assert(pte_none(pte_load(d)));
		e = pte_exchange(s, 0);
		from->mappings--;
		pte_store(d, e);
		to->mappings++;
		if (pte_special(e)) {
			from->index--;
			to->index++;
		}
	}
	table_unlock_two(from, to);
}

/* Bytes from addr on in which neither source nor destination leaves its table. */
static size_t move_span(const struct remap *r, uaddr_t addr, uaddr_t end)
{
	uaddr_t dst = r->to + (addr - r->addr);

	return min(table_end(addr, end) - addr, align_down(dst, TABLE_SPAN) + TABLE_SPAN - dst);
}

/* Calls move_entries for all, or with prepare only makes the tables at the new place. */
static int move_tables(struct remap *r, size_t length, bool prepare)
{
	uaddr_t addr = r->addr, end = r->addr + length;
	struct object *o = r->moved ? r->moved->object : NULL;
	struct page *from, *to, *spare = NULL;

	for (; (from = table_next(r->space, &addr, end)); addr += move_span(r, addr, end)) {
		uaddr_t dst = r->to + (addr - r->addr);

		while (prepare && !table_make(r->space, NULL, dst, &spare)) {
			spare = table_alloc(ALLOC_KERNEL);
			if (!spare)
				return -ENOMEM;
		}
		to = table_find(r->space, dst);
		if (prepare || !to)
			continue;
		if (o)
			spin_lock(&o->lock);
		move_entries(from, to, addr, dst, move_span(r, addr, end));
		if (o) { /* truncation drops a page when it has flushed the new place; so the old one goes before */
			tlb_flush_range(r->space, addr, addr + move_span(r, addr, end));
			spin_unlock(&o->lock);
		}
	}
	if (spare)
		table_free(spare);
	return 0;
}

/* The area that is to be resized, with Linux's reasons for refusal. */
static int check_area(struct remap *r, struct area **out)
{
	struct area *a = area_at(r->space, r->addr);

	if (!a)
		return -EFAULT;
	if (r->old_length == 0 && !(a->flags & AREA_SHARED))
		return -EINVAL;
	if ((r->flags & MREMAP_DONTUNMAP) && (a->flags & AREA_SPECIAL))
		return -EINVAL;
	if (r->old_length > a->end - r->addr)
		return -EFAULT;
	if ((a->flags & AREA_SPECIAL) && r->length > r->old_length)
		return -EFAULT;
	*out = a;
	return 0;
}

/* The edit of a move: destination cleared, source taken out, the new area put in. */
static int edit_move(struct remap *r, const struct area *a)
{
	struct space_edit *e = &r->edit;
	int error = 0;

	r->moved = area_create(r->space, r->to, r->to + r->length, a->flags);
	if (!r->moved)
		return -ENOMEM;
	r->moved->page_offset = area_index(a, r->addr);
	r->moved->name = a->name;
	r->moved->object = a->object;
	if (a->object)
		object_get(a->object);
	r->moved->file = a->file;
	file_hook_get(a->file);
	if (r->flags & MREMAP_FIXED)
		error = edit_cut(e, r->to, r->to + r->length);
	if (!error && !(r->flags & MREMAP_DONTUNMAP))
		error = edit_cut(e, r->addr, r->addr + r->old_length);
	if (error) {
		area_put(r->moved);
		return error;
	}
	return edit_add(e, r->moved);
}

static int move_area(struct remap *r, const struct area *a)
{
	struct space *s = r->space;
	size_t length = min(r->old_length, r->length);
	int error;

	edit_begin(&r->edit, s);
	error = edit_move(r, a);
	if (!error)
		error = tables_own(s, r->addr, r->addr + r->old_length);
	if (!error && (r->flags & MREMAP_FIXED))
		error = tables_own(s, r->to, r->to + r->length);
	if (!error)
		error = move_tables(r, length, true);
	if (!error)
		error = edit_check(&r->edit);
	if (error) {
		edit_abort(&r->edit);
		return error;
	}
	r->edit.unready = r->moved;
	edit_commit(&r->edit);
	if (atomic_load(&a->anon))
		area_link_family_new(r->moved);
	if (r->flags & MREMAP_FIXED)
		zap_replaced(s, r->to, r->to + r->length);
	(void)move_tables(r, length, false);
	if (length)
		tlb_flush_range(s, r->addr, r->addr + length);
	area_set_ready(r->moved);
	if (!(r->flags & MREMAP_DONTUNMAP) && r->old_length)
		zap_unmapped(s, r->addr, r->addr + r->old_length);
	return 0;
}

/* To a place that the caller names (FIXED, or DONTUNMAP's hint). */
static int remap_to(struct remap *r, uaddr_t hint)
{
	struct area *a;
	int error;

	if (!is_aligned(hint, PAGE_SIZE) || r->length > USER_TOP || hint > USER_TOP - r->length)
		return -EINVAL;
	if (hint < r->addr + r->old_length && r->addr < hint + r->length)
		return -EINVAL;
	error = check_area(r, &a);
	if (error)
		return error;
	r->to = hint;
	if (!(r->flags & MREMAP_FIXED))
		error = space_find_place(r->space, hint, r->length, false, &r->to);
	return error ? error : move_area(r, a);
}

/* Is there room right behind the area, which ends where the old range does? */
static bool can_grow_in_place(const struct remap *r, const struct area *a)
{
	const struct area *above = area_find(r->space, a->end);
	uaddr_t end = r->addr + r->length;

	if (r->old_length == 0 || r->addr + r->old_length != a->end || r->length > USER_TOP - r->addr)
		return false;
	return !above || above->start - (above->flags & AREA_GROWSDOWN ? STACK_GUARD_GAP : 0) >= end;
}

static int grow_in_place(struct remap *r, const struct area *a)
{
	struct area *tail = area_clone(a, r->space, a->start, a->end);
	int error;

	if (!tail)
		return -ENOMEM;
	tail->page_offset += area_pages(a);
	tail->start = a->end;
	tail->end = r->addr + r->length;
	edit_begin(&r->edit, r->space);
	error = edit_insert(&r->edit, tail);
	if (!error)
		error = edit_check(&r->edit);
	if (error) {
		edit_abort(&r->edit);
		return error;
	}
	edit_commit(&r->edit);
	return 0;
}

static int remap_grow(struct remap *r)
{
	struct area *a;
	int error = check_area(r, &a);

	if (error)
		return error;
	if (can_grow_in_place(r, a))
		return grow_in_place(r, a);
	if (!(r->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	error = space_find_place(r->space, 0, r->length, false, &r->to);
	return error ? error : move_area(r, a);
}

static int remap_locked(struct remap *r, uaddr_t new_addr)
{
	if (!area_at(r->space, r->addr))
		return -EFAULT;
	if (r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return remap_to(r, new_addr);
	r->to = r->addr;
	if (r->old_length > r->length)
		return space_unmap_locked(r->space, &r->edit, r->addr + r->length, r->addr + r->old_length);
	return r->old_length == r->length ? 0 : remap_grow(r);
}

/* What can be said without looking at the areas. */
static int check_arguments(const struct remap *r)
{
	if (r->flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(r->flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((r->flags & MREMAP_DONTUNMAP) && r->old_length != r->length)
		return -EINVAL;
	if (!is_aligned(r->addr, PAGE_SIZE) || r->length == 0)
		return -EINVAL;
	if (r->addr > USER_TOP || r->old_length > USER_TOP - r->addr)
		return -EINVAL;
	return 0;
}

int space_remap(struct space *s, uaddr_t addr, size_t old_length, size_t new_length, int flags, uaddr_t new_addr,
		uaddr_t *result)
{
	struct remap r = {
		.space = s,
		.addr = addr,
		.old_length = align_up(old_length, PAGE_SIZE),
		.length = align_up(new_length, PAGE_SIZE),
		.flags = flags,
	};
	bool locked;
	int error = check_arguments(&r);

	might_sleep();
	if (error)
		return error;
	list_init(&r.edit.removed);
	mutex_lock(&s->lock);
	error = remap_locked(&r, new_addr);
	locked = !error && r.length > r.old_length && (area_at(s, r.to)->flags & AREA_LOCKED);
	mutex_unlock(&s->lock);
	edit_finish(&r.edit);
	if (locked)
		(void)space_populate(s, r.to + r.old_length, r.to + r.length);
	if (!error)
		*result = r.to;
	return error;
}

int space_map_again(struct space *s, uaddr_t addr, size_t length, uint64_t page_offset, bool populate)
{
	struct space_map_request r = { .addr = addr, .length = length, .fixed = true, .page_offset = page_offset,
				       .populate = populate };
	struct area *a;
	int error;

	mutex_lock(&s->lock);
	a = area_at(s, addr);
	if (!a || !(a->flags & AREA_SHARED) || !a->object || length > a->end - addr) {
		mutex_unlock(&s->lock);
		return -EINVAL;
	}
	refcount_get(&a->refs);
	mutex_unlock(&s->lock);
	r.flags = a->flags & ~(uint32_t)AREA_ACCOUNT;
	r.object = a->object;
	r.file = a->file;
	error = space_map(s, &r, &addr);
	area_put(a);
	return error;
}
