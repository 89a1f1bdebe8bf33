/* SPDX-License-Identifier: MIT */
/*
 * vm/tlb.h: making processors forget translations. A batch gathers pages that
 * were unmapped; their references are dropped only after the flush, since until
 * then a processor may still write to them.
 *
 *   tlb_batch_init(&b, space);
 *   … tlb_batch_add(&b, addr); tlb_batch_page(&b, page); …
 *   tlb_batch_finish(&b);
 */
#ifndef VM_TLB_H
#define VM_TLB_H

#include "vm/space.h"

#define TLB_BATCH_FIRST 24

struct tlb_batch {              /* owner: the caller's stack */
	struct space *space;
	uaddr_t start, end;     /* to be flushed */
	bool tables;            /* tables were taken out too */
	unsigned count, room;
	struct page **page;     /* first, or a frame of pointers once that is full */
	struct page *first[TLB_BATCH_FIRST];
};

/* Processors forget [start, end) of the space. Interrupts on; spinlocks may be held that are not taken with interrupts off. */
void tlb_flush_range(struct space *s, uaddr_t start, uaddr_t end);

static inline void tlb_batch_init(struct tlb_batch *b, struct space *s)
{
	b->space = s;
	b->start = UINT64_MAX;
	b->end = 0;
	b->tables = false;
	b->count = 0;
	b->room = TLB_BATCH_FIRST;
	b->page = b->first;
}

/* The page at addr must be forgotten. */
static inline void tlb_batch_add(struct tlb_batch *b, uaddr_t addr)
{
	if (addr < b->start)
		b->start = addr;
	if (addr >= b->end)
		b->end = addr + PAGE_SIZE;
}

/* Flushes and drops what was gathered; the batch goes on empty. */
void tlb_batch_flush(struct tlb_batch *b);
/* Makes room. */
void tlb_batch_grow(struct tlb_batch *b);

/* The reference on page is dropped after the flush. */
static inline void tlb_batch_page(struct tlb_batch *b, struct page *page)
{
	if (unlikely(b->count == b->room))
		tlb_batch_grow(b);
	b->page[b->count++] = page;
}

void tlb_batch_finish(struct tlb_batch *b);

#endif
