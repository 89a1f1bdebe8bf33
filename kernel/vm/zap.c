/* SPDX-License-Identifier: MIT */
/*
 * Taking entries out of page tables: munmap, truncation, MADV_DONTNEED. Each
 * table is locked while its entries go; what they mapped is gathered, flushed
 * from the TLB, and only then let go.
 *
 * Dirty bits of file pages are not looked at: an entry is writable only while
 * its page is marked dirty (see fault.c).
 */
#include "lib/errno.h"
#include "vm/areas.h"
#include "vm/huge.h"
#include "vm/pagetable.h"
#include "vm/tlb.h"

enum zap_kind {
	ZAP_ALL,   /* every entry */
	ZAP_FILE,  /* pages of the object, not private copies */
};

struct zap {
	struct tlb_batch *batch;
	enum zap_kind kind;
	const struct area *area;    /* whose entries alone are meant, for who has no space lock; or NULL */
	bool emptied;               /* a table has no entries left, or is gone */
	uint32_t gone[RSS_KINDS];   /* pages */
};

static void zap_entry(struct zap *z, struct page *table, pte_t *p, uaddr_t addr)
{
	pte_t e = pte_load(p);
	struct page *page = NULL;

	if (pte_special(e)) {
		table->index--;
	} else {
		page = phys_to_page(pte_paddr(e));
		if (z->kind == ZAP_FILE && (page->flags & PAGE_ANON))
			return;
	}
	pte_exchange(p, 0);
	table->mappings--;
	tlb_batch_add(z->batch, addr);
	if (!page)
		return;
	assert(atomic_load(&page->mappings) > 0 && atomic_load(&page->refs) > 0);
	z->gone[page_rss_kind(page)]++;
	atomic_dec(&page->mappings);
	tlb_batch_page(z->batch, page);
}

/*
 * Has the area made room for another at addr? A dead area stays in its object's tree until
 * the operation that removed it is over, and a new one may be there by then. Table locked.
 */
static bool is_others(const struct zap *z, uaddr_t addr)
{
	return z->area && __atomic_load_n(&z->area->seq.n, __ATOMIC_ACQUIRE) == 3 && area_at(z->batch->space, addr);
}

static void zap_table(struct zap *z, struct page *table, uaddr_t addr, uaddr_t end)
{
	pte_t *first = table_entry(table, addr), *stop = first + ((end - addr) >> PAGE_SHIFT), *p = first;

	table_lock(table);
	for (; table->mappings && (p = table_next_used(p, stop)) < stop; p++) {
		uaddr_t at = addr + ((uaddr_t)(p - first) << PAGE_SHIFT);

		if (is_others(z, at))
			continue;
		assert(table_owned(table, z->batch->space));
		zap_entry(z, table, p, at);
	}
	z->emptied |= table->mappings == 0;
	table_unlock(table);
}

/* A table that other spaces have too goes as a whole. False if it is ours by now. */
static bool zap_shared(struct zap *z, uaddr_t addr)
{
	uint64_t pages;
	struct page *table = table_drop(z->batch->space, addr, &pages);

	if (!table)
		return false;
	z->gone[RSS_ANON] += (uint32_t)pages;
	z->emptied = true;
	tlb_batch_add(z->batch, addr);
	tlb_batch_add(z->batch, addr + TABLE_SPAN - PAGE_SIZE);
	z->batch->tables = true;
	tlb_batch_page(z->batch, table);
	return true;
}

/* True if a table is empty now. The caller finishes the batch. RCU or the space's lock. */
static bool zap_range(struct zap *z, uaddr_t start, uaddr_t end)
{
	struct space *s = z->batch->space;
	struct page *table;
	uaddr_t addr = start, stop;

	space_update_peak(s);
	if (unlikely(atomic_load(&s->count.huge)) && !z->area) {
		z->gone[RSS_ANON] += (uint32_t)huge_zap(s, start, end);
		z->emptied |= z->gone[RSS_ANON] > 0;
	}
	for (; (table = table_next(s, &addr, end)); addr = stop) {
		stop = table_end(addr, end);
		if (unlikely(!table_owned(table, s)) && !z->area && zap_shared(z, addr))
			continue;
		zap_table(z, table, addr, stop);
	}
	preempt_disable();
	for (unsigned i = 0; i < RSS_KINDS; i++)
		if (z->gone[i])
			space_count(s, i, -(int32_t)z->gone[i]);
	preempt_enable();
	return z->emptied;
}

/* Between the areas around [start, end). */
static void remove_tables(struct tlb_batch *b, uaddr_t start, uaddr_t end)
{
	struct area *before = area_before(b->space, start), *after = area_find(b->space, end);

	tables_remove(b, start, end, before ? before->end : 0, after ? after->start : USER_TOP + PAGE_SIZE);
}

void zap_unmapped(struct space *s, uaddr_t start, uaddr_t end)
{
	struct tlb_batch b;
	struct zap z = { .batch = &b };

	assert(mutex_held(&s->lock));
	tlb_batch_init(&b, s);
	if (zap_range(&z, start, end))
		remove_tables(&b, start, end);
	tlb_batch_finish(&b);
}

void zap_replaced(struct space *s, uaddr_t start, uaddr_t end)
{
	struct tlb_batch b;
	struct zap z = { .batch = &b };

	assert(mutex_held(&s->lock));
	tlb_batch_init(&b, s);
	zap_range(&z, start, end);
	tlb_batch_finish(&b);
}

/* The part of an area that shows pages [first, last] of its object. */
static void unmap_from_area(const struct area *a, uint64_t first, uint64_t last, enum zap_kind kind)
{
	uint64_t from = max(first, a->page_offset) - a->page_offset;
	uint64_t to = min(last - a->page_offset, area_pages(a) - 1);
	struct tlb_batch b;
	struct zap z = { .batch = &b, .kind = kind, .area = a };

	tlb_batch_init(&b, a->space);
	zap_range(&z, a->start + from * PAGE_SIZE, a->start + (to + 1) * PAGE_SIZE);
	tlb_batch_finish(&b);
}

void object_unmap_range(struct object *o, uint64_t first, uint64_t last, bool cow)
{
	struct interval *i;

	atomic_fence(); /* what the caller changed is seen by faults that we do not find */
	spin_lock(&o->lock);
	for (i = interval_first(&o->mappings, first, last); i; i = interval_next(i, first, last))
		unmap_from_area(container_of(i, struct area, object_node), first, last,
				cow ? ZAP_ALL : ZAP_FILE);
	spin_unlock(&o->lock);
}
