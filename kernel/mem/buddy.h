/* SPDX-License-Identifier: MIT */
/*
 * mem/buddy.h: the free frames in blocks of 2^order, beneath the per-processor
 * caches of mem/frame.c. Inside mem/ only. Every function but the set-up wants
 * buddy.lock held.
 */
#ifndef MEM_BUDDY_H
#define MEM_BUDDY_H

#include "base/spinlock.h"
#include "mem/frame.h"

/* Frames of a largest block: groups of this many, aligned, are mapped and initialised together. */
#define GROUP_FRAMES (1UL << FRAME_ORDER_MAX)

/* page->kind of frames that are not allocated. */
enum {
	KIND_CLEAN  = 0xfd, /* in a per-processor cache, all zeros */
	KIND_LAZY   = 0xfe, /* head of a largest block whose other struct pages hold garbage */
	KIND_CACHED = 0xff, /* debug builds: in a per-processor cache, poisoned */
};

struct buddy {
	struct spinlock lock;
	struct page *first[FRAME_ORDER_MAX + 1]; /* lock: list of free blocks of an order */
	uint32_t blocks[FRAME_ORDER_MAX + 1];    /* lock; read without: how many are in each list */
	uint32_t orders;                         /* lock: bit n: the list of order n is not empty */
	uint64_t free;                           /* lock; read without: frames in all blocks */
	uint64_t total;                          /* lock; read without: frames ever given to it */
};
extern struct buddy buddy;

/* A block of exactly that order, split off the smallest that is large enough; NULL if there is none. */
struct page *buddy_take(unsigned order);
/* Gives a block back and joins it with its free neighbours. page->flags must be 0. */
void buddy_put(struct page *page, unsigned order);
/* Adds a largest block whose struct pages were never written. */
void buddy_add_lazy(struct page *page);
/* Adds frames [start, end) that have struct pages, in the largest blocks that fit. */
void buddy_add_range(pfn_t start, pfn_t end);

#if CONFIG_KASAN
/* Prints who allocated and freed a frame last, in a report. In mem/frame.c. */
void frame_describe(const struct page *page);
#endif

/* Sets how much only ALLOC_ATOMIC may use, from the memory there is. In mem/frame.c. */
void frame_set_reserve(void);

#endif
