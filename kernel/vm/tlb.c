/* SPDX-License-Identifier: MIT */
/*
 * Flushing translations. The processors that use the space are interrupted and
 * drop the range; those that only borrow it find a new generation when they come
 * back to it (sched/space.c). One that does not have it loaded holds nothing of
 * it: loading a root drops everything of the one before.
 *
 * Where tables are taken out, borrowers are interrupted too: the processor may
 * walk through a table that it remembers at any time, whatever runs on it.
 */
#include "vm/tlb.h"

#include "hal/irq.h"
#include "vm/areas.h"
#include "vm/pagetable.h"

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

struct shootdown {
	struct space *space;
	uaddr_t start, end;
	uint64_t before, after; /* generations */
	unsigned from;          /* the processor that asks */
};

/* On every processor concerned, interrupts off. */
static void flush_here(void *arg)
{
	const struct shootdown *f = arg;
	struct mmu_space *mmu = &f->space->mmu;

	if (cpu_id() != f->from)
		irq_note(IRQ_KIND_TLB);
	if (!mmu_space_in_use(mmu)) {
		mmu_space_unload(mmu);
		return;
	}
	flush_local(f->start, f->end);
	mmu_space_flushed(mmu, f->before, f->after);
}

static void flush_many(struct space *s, uaddr_t start, uaddr_t end, bool tables)
{
	struct shootdown f = { .space = s, .start = start, .end = end, .from = cpu_id(),
			       .after = space_new_generation() };

	f.before = atomic_exchange(&s->mmu.generation, f.after);
	cpu_call(mmu_space_users(&s->mmu, tables), flush_here, &f, true);
}

static void flush_range(struct space *s, uaddr_t start, uaddr_t end, bool tables)
{
	uint64_t cpus;

	preempt_disable();
	atomic_fence(); /* the entries are changed before we look who has the space loaded */
	cpus = atomic_load(&s->mmu.cpus);
	if (cpus == BIT(cpu_id()))
		flush_local(start, end);
	else if (cpus)
		flush_many(s, start, end, tables);
	preempt_enable();
}

void tlb_flush_range(struct space *s, uaddr_t start, uaddr_t end)
{
	flush_range(s, start, end, false);
}

/* A page, or a table that the space shared and has let go. */
static inline void put(struct page *page)
{
	if (unlikely(READ_ONCE(page->flags) & PAGE_TABLE))
		table_put(page);
	else
		page_put(page);
}

void tlb_batch_flush(struct tlb_batch *b)
{
	if (b->start < b->end)
		flush_range(b->space, b->start, b->end, b->tables);
	b->start = UINT64_MAX;
	b->end = 0;
	b->tables = false;
	for (unsigned i = 0; i < b->count; i++)
		put(b->page[i]);
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
