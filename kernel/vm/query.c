/* SPDX-License-Identifier: MIT */
/*
 * mincore and msync: looking at a range, and having its files written.
 */
#include "lib/errno.h"
#include "vm/areas.h"
#include "vm/huge.h"
#include "vm/pages.h"
#include "vm/pagetable.h"
#include <asm/mman.h>

static bool is_entered(struct space *s, uaddr_t addr)
{
	struct page *table = table_find(s, addr);

	return table ? !pte_none(pte_load(table_entry(table, addr))) : huge_mapped(s, addr);
}

static bool is_in_core(struct space *s, const struct area *a, uaddr_t addr)
{
	struct page *page;

	if (is_entered(s, addr))
		return true;
	if (!a->object)
		return false;
	page = object_find_page(a->object, area_index(a, addr));
	if (page)
		page_put(page);
	return page != NULL;
}

int space_incore(struct space *s, uaddr_t addr, size_t pages, uint8_t *out)
{
	MUTEX_GUARD(&s->lock);
	for (size_t i = 0; i < pages; i++, addr += PAGE_SIZE) {
		const struct area *a = area_at(s, addr);

		if (!a)
			return -ENOMEM;
		out[i] = is_in_core(s, a, addr);
	}
	return 0;
}

int space_page_status(struct space *s, uaddr_t addr)
{
	MUTEX_GUARD(&s->lock);
	const struct area *a = area_at(s, addr);

	if (!a || (a->flags & AREA_SPECIAL))
		return -EFAULT;
	return is_entered(s, addr) ? 0 : a->object ? -ENOENT : -EFAULT;
}

/* The next area at or after *addr, with a reference; NULL at the end. *hole if something was skipped. */
static struct area *next_area(struct space *s, uaddr_t addr, uaddr_t end, bool *hole)
{
	struct area *a;

	MUTEX_GUARD(&s->lock);
	a = area_find(s, addr);
	if (!a || a->start >= end) {
		*hole = true;
		return NULL;
	}
	*hole |= a->start > addr;
	refcount_get(&a->refs);
	return a;
}

static int sync_area(const struct area *a, uaddr_t start, uaddr_t end, int flags)
{
	struct object *o = a->object;

	if ((flags & MS_INVALIDATE) && (a->flags & AREA_LOCKED))
		return -EBUSY;
	if (!(flags & MS_SYNC) || !(a->flags & AREA_SHARED) || !o || !o->ops->write_pages)
		return 0;
	return o->ops->write_pages(o, area_index(a, start), area_index(a, end) - 1);
}

int space_sync(struct space *s, uaddr_t addr, size_t length, int flags)
{
	uaddr_t end = addr + align_up(length, PAGE_SIZE);
	struct area *a;
	bool hole = false;
	int error = 0;

	might_sleep();
	if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || !is_aligned(addr, PAGE_SIZE) ||
	    ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	if (end < addr)
		return -ENOMEM;
	while (!error && addr < end && (a = next_area(s, addr, end, &hole))) {
		error = sync_area(a, max(addr, a->start), min(end, a->end), flags);
		addr = a->end;
		area_put(a);
	}
	return error ? error : hole ? -ENOMEM : 0;
}
