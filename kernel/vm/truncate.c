/* SPDX-License-Identifier: MIT */
/*
 * Cutting objects. In this order: the size, so that new faults are refused; the
 * pages out of the index; their entries out of all page tables. A fault that
 * looked before the first step has its entry taken out by the last one, for it
 * looks again with the table locked. The caller holds the owner's lock.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "vm/areas.h"
#include "vm/pages.h"

/* The next page at or after *index and at most last, with a reference. */
static struct page *next_page(struct object *o, uint64_t *index, uint64_t last)
{
	struct page *page;

	rcu_read_lock();
	do {
		page = radix_find(&o->pages, index, last);
	} while (page && !page_get_unless_zero(page));
	rcu_read_unlock();
	return page;
}

void object_remove_pages(struct object *o, uint64_t first, uint64_t last)
{
	uint64_t index = first;
	struct page *page;

	might_sleep();
	if (first > last || radix_is_empty(&o->pages))
		return;
	while ((page = next_page(o, &index, last))) {
		page_lock(page);
		if (page->object == o)
			object_remove_page(o, page);
		page_unlock(page);
		page_put(page);
		if (index++ == last)
			break;
	}
}

/* Zeroes bytes [start, end), inside one page, if there may be something there. */
static void zero_part(struct object *o, uint64_t start, uint64_t end)
{
	uint64_t index = start >> PAGE_SHIFT, offset = start & (PAGE_SIZE - 1);
	struct page *page;

	if (start >= end)
		return;
	page = object_find_page(o, index);
	if (!page && !o->ops->read_page)
		return;
	if (page)
		page_put(page);
	if (object_get_page_locked(o, index, false, &page))
		return; /* an unreadable page shows no old bytes either */
	memset((char *)page_address(page) + offset, 0, end - start);
	page_set_dirty(page);
	page_unlock(page);
	page_put(page);
}

void object_truncate(struct object *o, uint64_t size)
{
	uint64_t old = atomic_load(&o->size), low = min(old, size);

	atomic_store(&o->size, size);
	/* Old bytes, or what a mapping wrote behind the old end, must not show when the file grows. */
	zero_part(o, low, min(align_up(low, PAGE_SIZE), max(old, size)));
	if (size >= old)
		return;
	object_remove_pages(o, div_round_up(size, PAGE_SIZE), UINT64_MAX);
	object_unmap_range(o, div_round_up(size, PAGE_SIZE), UINT64_MAX, true);
}

void object_punch_hole(struct object *o, uint64_t start, uint64_t end)
{
	uint64_t first = align_up(start, PAGE_SIZE), last = align_down(end, PAGE_SIZE);

	if (first > last) { /* inside one page */
		zero_part(o, start, end);
		return;
	}
	zero_part(o, start, first);
	zero_part(o, last, end);
	if (first == last)
		return;
	object_remove_pages(o, first >> PAGE_SHIFT, (last >> PAGE_SHIFT) - 1);
	object_unmap_range(o, first >> PAGE_SHIFT, (last >> PAGE_SHIFT) - 1, false);
}
