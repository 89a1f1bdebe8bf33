/* SPDX-License-Identifier: MIT */
/*
 * Writes to an entry that is write-protected: a private page that others share
 * is copied, one that is ours alone is made writable; a shared page of an object
 * is made writable once it is marked dirty. See fault.c.
 *
 * The copy is made with the table locked and the entry taken out and flushed, so
 * that no processor with an old writable translation (fork flushes at its end)
 * writes to the original after we have copied it.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "vm/fault.h"
#include "vm/pages.h"
#include "vm/pagetable.h"
#include "vm/tlb.h"

static bool is_zero_page(pte_t e)
{
	return pte_paddr(e) == page_to_phys(zero_page);
}

/* Makes the entry writable as far as the area is (a forced write needs no more than the exclusive page). */
static void make_entry_writable(const struct area *a, pte_t *p, pte_t e)
{
	if (a->flags & AREA_WRITE)
		pte_store(p, pte_mkdirty(pte_mkyoung(pte_mkwrite(e))));
}

/* The frame takes the place of the page at the entry. Table locked. Returns the old page to put, or NULL. */
static struct page *replace(struct fault *f, struct area *a, struct page *table, pte_t *p, pte_t e)
{
	struct page *old = pte_special(e) ? NULL : phys_to_page(pte_paddr(e));

	pte_exchange(p, 0);
	tlb_flush_range(f->space, f->addr, f->addr + PAGE_SIZE);
	if (!is_zero_page(e))
		memcpy(page_address(f->frame), phys_to_virt(pte_paddr(e)), PAGE_SIZE);
	fault_enter_private(f, a, table, p);
	if (!old)
		table->index--;
	table->mappings--; /* the old one: fork passes over a table that it sees empty, without its lock */
	if (old && (old->flags & PAGE_ANON)) {
		atomic_dec(&old->mappings);
		return old;
	}
	space_count(f->space, RSS_ANON, 1);
	if (old) {
		space_count(f->space, page_rss_kind(old), -1);
		atomic_dec(&old->mappings);
	}
	return old;
}

static int try_private(struct fault *f, struct area *a, struct page *table, pte_t *p, pte_t e)
{
	struct page *old = NULL;
	int error;

	if (!entry_is_exclusive(e) && !fault_get_frame(f, is_zero_page(e)))
		return -EAGAIN;
	if (!a->anon)
		area_link_family(a);
	table_lock(table);
	error = fault_may_enter(f, a, table);
	if (error)
		;
	else if (pte_load(p) != e)
		error = fault_needs(f, NEED_NOTHING);
	else if (entry_is_exclusive(e))
		make_entry_writable(a, p, e);
	else if (f->frame)
		old = replace(f, a, table, p, e);
	else
		error = fault_needs(f, NEED_NOTHING);
	table_unlock(table);
	if (old)
		page_put(old);
	return error;
}

static int try_shared(struct fault *f, struct area *a, struct page *table, pte_t *p)
{
	pte_t e;
	int error;

	table_lock(table);
	e = pte_load(p);
	error = fault_may_enter(f, a, table);
	if (error)
		;
	else if (!pte_none(e) && !object_may_write(a->object, phys_to_page(pte_paddr(e))))
		error = fault_needs(f, NEED_WRITABLE);
	else if (!pte_none(e))
		make_entry_writable(a, p, e);
	table_unlock(table);
	return error;
}

int fault_try_write(struct fault *f, struct area *a, struct page *table, pte_t *p, pte_t e)
{
	if (a->flags & AREA_SHARED)
		return try_shared(f, a, table, p);
	return try_private(f, a, table, p, e);
}
