/* SPDX-License-Identifier: MIT */
/*
 * Flushing translations. A processor that has the space loaded is told; one
 * that had it loaded may still keep entries under the space's tag, so the space
 * gets a new tag, which it loads with the next time.
 */
#include "vm/tlb.h"

#include "vm/areas.h"

/* Above so many pages, forgetting everything costs less than page by page. */
#define FLUSH_SINGLE_MAX 32

static void flush_local(uaddr_t start, uaddr_t end)
{
	if (end - start > FLUSH_SINGLE_MAX * PAGE_SIZE) {
		mmu_flush_local_all();
		return;
	}
	for (uaddr_t addr = start; addr < end; addr += PAGE_SIZE)
		mmu_flush_local_page(addr);
}

void tlb_flush_range(struct space *s, uaddr_t start, uaddr_t end)
{
	bool here;

	preempt_disable();
	atomic_fence(); /* the entries are changed before we look who has the space loaded */
	here = atomic_load(&s->mmu.cpus) & BIT(cpu_id());
	if (here)
		flush_local(start, end);
	if (!here || cpu_online_count > 1)
		atomic_store(&s->mmu.generation, space_new_generation());
	preempt_enable();
}

void tlb_batch_flush(struct tlb_batch *b)
{
	if (b->start < b->end)
		tlb_flush_range(b->space, b->start, b->end);
	b->start = UINT64_MAX;
	b->end = 0;
	for (unsigned i = 0; i < b->count; i++)
		page_put(b->page[i]);
	b->count = 0;
}

void tlb_batch_grow(struct tlb_batch *b)
{
	struct page *frame = b->page == b->first ? frame_alloc(0, ALLOC_NOWAIT) : NULL;

	if (!frame) {
		tlb_batch_flush(b);
		return;
	}
	b->page = page_address(frame);
	b->room = PAGE_SIZE / sizeof(*b->page);
	for (unsigned i = 0; i < b->count; i++)
		b->page[i] = b->first[i];
}

void tlb_batch_finish(struct tlb_batch *b)
{
	tlb_batch_flush(b);
	if (b->page != b->first)
		frame_free(virt_to_page(b->page), 0);
}
