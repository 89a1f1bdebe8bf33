/* SPDX-License-Identifier: MIT */
/*
 * Faults at an absent entry of an area that maps an object: the object's page
 * is entered, together with those around it that are in memory already; or, for
 * a write to a private area, a copy of it. See fault.c.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "vm/fault.h"
#include "vm/pagetable.h"
#include "vm/pages.h"

/* Pages entered at once, in an aligned window. */
#define AROUND (16 * PAGE_SIZE)

/* The page at index, up to date, with a reference; NULL if it is not there. RCU. */
static struct page *ready_page(struct object *o, uint64_t index)
{
	struct page *page = object_lookup(o, index);

	if (page && !(READ_ONCE(page->flags) & PAGE_UPTODATE)) {
		page_put(page);
		return NULL;
	}
	return page;
}

/* The same for a page just found in the index. */
static bool get_if_ready(struct page *page, const struct object *o, uint64_t index)
{
	if (!page_get_unless_zero(page))
		return false;
	if (READ_ONCE(page->object) == o && page->index == index && (READ_ONCE(page->flags) & PAGE_UPTODATE))
		return true;
	page_put(page);
	return false;
}

/* prot: object_prot() */
static pte_t object_pte(const struct area *a, const struct page *page, unsigned prot)
{
	if ((prot & MMU_WRITE) && !object_may_write(a->object, page))
		prot &= ~(unsigned)MMU_WRITE;
	return pte_make(page_to_phys(page), prot);
}

/* MMU_* for pages of the object; writable ones are looked at one by one. */
static unsigned object_prot(const struct area *a)
{
	return area_prot(a) & (a->flags & AREA_SHARED ? ~0u : ~(unsigned)MMU_WRITE);
}

/* Enters a page; its reference goes into the entry. Table locked. */
static void enter(struct page *table, pte_t *p, struct page *page, pte_t e)
{
	atomic_inc(&page->mappings);
	table->mappings++;
	pte_store(p, e);
}

/* Enters the other pages of the window that are in memory. Number entered. Table locked. */
static int32_t enter_around(struct fault *f, struct area *a, struct page *table, unsigned prot)
{
	uaddr_t low = max(align_down(f->addr, AROUND), a->start);
	uaddr_t high = min(align_down(f->addr, AROUND) + AROUND, a->end);
	uint64_t index = area_index(a, low), end = area_index(a, high);
	int32_t n = 0;
	void *pages[AROUND / PAGE_SIZE];
	pte_t *p = table_entry(table, low);

	end = min(end, object_size_pages(a->object));
	if (index >= end)
		return 0;
	radix_lookup_run(&a->object->pages, index, (unsigned)(end - index), pages);
	for (void **page = pages; index < end; index++, page++, p++) {
		if (!*page || !pte_none(pte_load(p)) || !get_if_ready(*page, a->object, index))
			continue;
		enter(table, p, *page, object_pte(a, *page, prot));
		n++;
	}
	return n;
}

/* The page and those around. Table locked, entry absent, area alive. */
static int enter_pages(struct fault *f, struct area *a, struct page *table, pte_t *p)
{
	struct object *o = a->object;
	uint64_t index = area_index(a, f->addr);
	int32_t n = 1;
	unsigned prot = object_prot(a);
	struct page *page;
	pte_t e;

	if (index >= object_size_pages(o))
		return -EIO;
	page = ready_page(o, index);
	if (!page)
		return fault_needs(f, NEED_PAGE);
	if (f->access == FAULT_WRITE && !object_may_write(o, page)) {
		page_put(page);
		return fault_needs(f, NEED_WRITABLE);
	}
	e = pte_mkyoung(object_pte(a, page, prot));
	if (f->access == FAULT_WRITE) {
		e = pte_mkdirty(e);
		page_set_dirty(page);
	}
	enter(table, p, page, e);
	if (!(a->flags & AREA_RANDOM))
		n += enter_around(f, a, table, prot);
	space_count(f->space, o->swap_backed ? RSS_SHMEM : RSS_FILE, n);
	return 0;
}

/* A private write: the copy is made before the table is locked. */
static int try_copy(struct fault *f, struct area *a, struct page *table, pte_t *p)
{
	struct object *o = a->object;
	uint64_t index = area_index(a, f->addr);
	struct page *page;
	int error;

	if (index >= object_size_pages(o))
		return -EIO;
	if (!fault_get_frame(f, false))
		return -EAGAIN;
	page = ready_page(o, index);
	if (!page)
		return fault_needs(f, NEED_PAGE);
	memcpy(page_address(f->frame), page_address(page), PAGE_SIZE);
	page_put(page);
	if (!a->anon)
		area_link_family(a);
	table_lock(table);
	error = fault_may_enter(f, a, table);
	if (error) {
		;
	} else if (index >= object_size_pages(o)) {
		error = -EIO;
	} else if (pte_none(pte_load(p))) {
		fault_enter_private(f, a, table, p);
		space_count(f->space, RSS_ANON, 1);
	}
	table_unlock(table);
	return error;
}

int fault_try_file(struct fault *f, struct area *a, struct page *table, pte_t *p)
{
	int error;

	if (f->access == FAULT_WRITE && !(a->flags & AREA_SHARED))
		return try_copy(f, a, table, p);
	table_lock(table);
	error = fault_may_enter(f, a, table);
	if (!error && pte_none(pte_load(p)))
		error = enter_pages(f, a, table, p);
	table_unlock(table);
	return error;
}
