/* SPDX-License-Identifier: MIT */
/*
 * mmap and munmap: everything is checked and allocated first, inside an edit;
 * after its commit nothing can fail.
 */
#include "lib/errno.h"
#include "vm/areas.h"
#include "vm/pagetable.h"

/* Where it shall be. Space lock. */
static int choose_address(struct space *s, const struct space_map_request *r, uaddr_t *addr)
{
	const struct area *above;

	if (!r->fixed)
		return space_find_place(s, r->addr, r->length, r->low_32bit, addr);
	if (!is_aligned(r->addr, PAGE_SIZE))
		return -EINVAL;
	if (r->length > USER_TOP || r->addr > USER_TOP - r->length)
		return -ENOMEM;
	if (r->addr < MMAP_LOWEST && !r->may_low)
		return -EPERM;
	above = area_find(s, r->addr);
	if (r->noreplace && above && above->start < r->addr + r->length)
		return -EEXIST;
	*addr = r->addr;
	return 0;
}

static uint32_t request_flags(const struct space *s, const struct space_map_request *r)
{
	uint32_t flags = r->flags | s->lock_flags;

	if ((flags & (AREA_WRITE | AREA_SHARED | AREA_NORESERVE)) == AREA_WRITE)
		flags |= AREA_ACCOUNT;
	return flags;
}

static struct area *request_area(struct space *s, const struct space_map_request *r, uaddr_t addr)
{
	struct area *a = area_create(s, addr, addr + r->length, request_flags(s, r));

	if (!a)
		return NULL;
	a->name = r->name;
	if (a->flags & AREA_SPECIAL)
		a->page_offset = r->special >> PAGE_SHIFT;
	if (r->object) {
		a->page_offset = r->page_offset;
		a->object = r->object;
		object_get(r->object);
	}
	a->file = r->file;
	file_hook_get(r->file);
	return a;
}

static int map_locked(struct space *s, const struct space_map_request *r, struct space_edit *e, uaddr_t *addr)
{
	struct area *a = NULL;
	int error = choose_address(s, r, addr);

	if (!error) {
		a = request_area(s, r, *addr);
		error = a ? 0 : -ENOMEM;
	}
	edit_begin(e, s);
	if (!error && r->fixed)
		error = edit_cut(e, *addr, *addr + r->length);
	if (error) {
		if (a)
			area_put(a);
	} else {
		error = edit_insert(e, a);
	}
	if (!error && r->fixed)
		error = tables_own_edges(s, *addr, *addr + r->length);
	if (!error)
		error = edit_check(e);
	if (error) {
		edit_abort(e);
		return error;
	}
	if (!r->fixed || list_empty(&e->removed)) {
		edit_commit(e);
		return 0;
	}
	e->unready = a; /* faults wait until the old pages are gone */
	edit_commit(e);
	zap_replaced(s, *addr, *addr + r->length);
	area_set_ready(a);
	return 0;
}

int space_map(struct space *s, const struct space_map_request *r, uaddr_t *addr)
{
	struct space_edit e;
	bool locked;
	int error;

	might_sleep();
	if (r->length == 0 || !is_aligned(r->length, PAGE_SIZE))
		return -EINVAL;
	mutex_lock(&s->lock);
	error = map_locked(s, r, &e, addr);
	locked = (r->flags | s->lock_flags) & AREA_LOCKED;
	mutex_unlock(&s->lock);
	edit_finish(&e);
	if (!error && (r->populate || locked))
		(void)space_populate(s, *addr, *addr + r->length); /* as Linux: mapped all the same */
	return error;
}

/* Takes everything in the range out; the caller holds the lock, and finishes the edit after it. */
int space_unmap_locked(struct space *s, struct space_edit *e, uaddr_t start, uaddr_t end)
{
	int error;

	edit_begin(e, s);
	error = edit_cut(e, start, end);
	if (!error)
		error = tables_own_edges(s, start, end);
	if (!error)
		error = edit_check(e);
	if (error) {
		edit_abort(e);
		return error;
	}
	if (list_empty(&e->removed)) {
		edit_abort(e);
		return 0;
	}
	edit_commit(e);
	zap_unmapped(s, start, end);
	return 0;
}

int space_unmap(struct space *s, uaddr_t addr, size_t length)
{
	struct space_edit e;
	int error;

	might_sleep();
	if (!is_aligned(addr, PAGE_SIZE) || length == 0 || addr > USER_TOP || length > USER_TOP - addr)
		return -EINVAL;
	mutex_lock(&s->lock);
	error = space_unmap_locked(s, &e, addr, addr + align_up(length, PAGE_SIZE));
	mutex_unlock(&s->lock);
	edit_finish(&e);
	return error;
}
