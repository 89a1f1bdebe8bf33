/* SPDX-License-Identifier: MIT */
/*
 * mem/frame.h: page frames. One struct page per frame of RAM, in an array at
 * FRAME_ARRAY_BASE indexed by frame number; a reference count in each; free
 * frames in buddy lists of orders 0..FRAME_ORDER_MAX behind per-processor caches
 * of single frames. The allocator never sleeps by itself: with ALLOC_KERNEL or
 * ALLOC_NOFS it may enter the reclaim hook, which does.
 */
#ifndef MEM_FRAME_H
#define MEM_FRAME_H

#include "hal/mmu.h"
#include "lib/atomic.h"

#define FRAME_ORDER_MAX 10 /* 4 MiB */

enum alloc_flags {
	ALLOC_ATOMIC = 0,      /* any context; may use the last reserves */
	ALLOC_NOWAIT = 1,      /* any context; leaves the reserves alone */
	ALLOC_NOFS   = 2,      /* may sleep and reclaim, but not call into a filesystem */
	ALLOC_KERNEL = 3,      /* may sleep and reclaim */
	ALLOC_MODE   = 3,
	ALLOC_ZERO   = 1 << 2, /* contents zeroed */
	ALLOC_USER   = 1 << 3, /* counted as a program's memory */
	ALLOC_TABLES = 2 << 3, /* counted as page tables: of user space */
	ALLOC_SLAB   = 3 << 3, /* counted as slabs: for mem/slab.c */
	ALLOC_STACK  = 4 << 3, /* counted as kernel stacks: for mem/kstack.c */
	ALLOC_MAPS   = 5 << 3, /* counted as tables of the kernel half, and shadow: they stay for good */
	ALLOC_KIND   = 7 << 3, /* one of the five, or 0: the kernel's own */
	ALLOC_CHECKED = 1 << 6, /* fault injection was asked already: inside mem/ */
};

enum page_flags {
	PAGE_LOCKED    = 1u << 0,  /* atomic: see vm/object.h */
	PAGE_WAITERS   = 1u << 1,
	PAGE_UPTODATE  = 1u << 2,
	PAGE_DIRTY     = 1u << 3,
	PAGE_WRITEBACK = 1u << 4,
	PAGE_REFERENCED = 1u << 5, /* for reclaim's clock */
	PAGE_SWAPBACKED = 1u << 6, /* anonymous or tmpfs */
	PAGE_ANON      = 1u << 7,  /* object is an anonymous family, index the virtual page number */
	PAGE_ERROR     = 1u << 8,
	PAGE_BUDDY     = 1u << 9,  /* free, head of 2^order frames */
	PAGE_SLAB      = 1u << 10,
	PAGE_TABLE     = 1u << 11, /* a page-table page */
	PAGE_HEAD      = 1u << 12, /* first of 2^order frames allocated together */
	PAGE_TAIL      = 1u << 13, /* object points to the head */
	PAGE_RESERVED  = 1u << 14, /* not RAM, the kernel image, firmware: never freed */
	PAGE_ZERO      = 1u << 15, /* the shared zero page */
	PAGE_SHARED    = 1u << 16, /* a page-table page that several spaces had, at least once */
};

/* 32 bytes; see ARCHITECTURE "pinned". */
struct page {
	uint32_t flags;            /* atomic: enum page_flags */
	uint32_t refs;             /* atomic: 0 is free; page tables: spaces that have it */
	uint32_t mappings;         /* atomic: entries that map it; page tables: entries in use (page-table lock) */
	uint16_t lock;             /* page-table lock of a table page (vm/), else 0 */
	uint8_t order;             /* immutable while allocated: of a head */
	uint8_t kind;              /* immutable while allocated: what it is counted as; see mem/buddy.h */
	void *object;              /* its owner; free: list link; page tables: see vm/share.c */
	uint64_t index;            /* its place in the owner; free: list link; page tables: special entries (their lock) */
};
_Static_assert(sizeof(struct page) == 32, "struct page is 32 bytes");

static inline struct page *pfn_to_page(pfn_t pfn) { return (struct page *)FRAME_ARRAY_BASE + pfn; }
static inline pfn_t page_to_pfn(const struct page *p) { return (pfn_t)(p - (struct page *)FRAME_ARRAY_BASE); }
static inline struct page *phys_to_page(paddr_t pa) { return pfn_to_page(pa >> PAGE_SHIFT); }
static inline paddr_t page_to_phys(const struct page *p) { return page_to_pfn(p) << PAGE_SHIFT; }
static inline void *page_address(const struct page *p) { return phys_to_virt(page_to_phys(p)); }
static inline struct page *virt_to_page(const void *va) { return phys_to_page(virt_to_phys(va)); }

/* Is there a struct page for this frame number (RAM)? */
bool pfn_valid(pfn_t pfn);
/* One more than the highest of them. */
pfn_t pfn_end(void);

/*
 * 2^order frames, aligned to their size, one reference on the first (which is
 * marked HEAD when order > 0). NULL when out of memory. Sleeps as flags allow.
 */
struct page *frame_alloc(unsigned order, unsigned flags);

/* Is there a block of that order, and would much memory be left without it? A guess, for who can do without. */
bool frame_plenty(unsigned order);
/* What was allocated together becomes single frames, each with one reference. The caller has the only one. */
void frame_split(struct page *page);

/* Gives back what frame_alloc() returned, without looking at the count: for owners that know they are the last. */
void frame_free(struct page *page, unsigned order);
/* The same for one frame that holds zeros only: it saves the next ALLOC_ZERO the clearing. */
void frame_free_clean(struct page *page);

/* The first of the frames that were allocated together with page; they share its count. */
static inline struct page *page_head(struct page *page)
{
	return unlikely(__atomic_load_n(&page->flags, __ATOMIC_RELAXED) & PAGE_TAIL) ? page->object : page;
}

/* References. page_put() frees at the last one; any context. page may be a tail. */
static inline void page_get(struct page *page)
{
	__atomic_fetch_add(&page_head(page)->refs, 1, __ATOMIC_RELAXED);
}
/* For who found page without a reference, under RCU: false if it is free. Not for tails. */
static inline bool page_get_unless_zero(struct page *page)
{
	return atomic_inc_unless_zero(&page->refs);
}
void page_release(struct page *page); /* the last reference went: frees */
static inline void page_put(struct page *page)
{
	page = page_head(page);
	if (__atomic_fetch_sub(&page->refs, 1, __ATOMIC_ACQ_REL) == 1)
		page_release(page);
}

/* The frame of zeros, mapped read-only where nothing was written yet. Its references are not counted. */
extern struct page *zero_page;

/* Frames; snapshot without a lock. */
struct frame_stats {
	uint64_t total, free, kernel, user, slab, tables, stacks, maps;
};
void frame_stats(struct frame_stats *s);
/* Free blocks of an order, but for what processors have in store; a snapshot. */
uint32_t frame_free_blocks(unsigned order);

/* Set-up, called by init/ in this order; see mem/frame.c. */
struct boot_info;
void boot_alloc_init(const struct boot_info *boot); /* bump allocator over the memory map */
void frame_init(const struct boot_info *boot);      /* struct page array, buddy lists; ends the bump allocator */
void frame_free_range(paddr_t start, paddr_t end);  /* gives a boot range (the initrd) to the allocator, whole pages outward */

/*
 * Called when an allocation that may sleep found nothing; returns the number of
 * frames it freed, 0 to give up. What it allocates itself is ALLOC_NOWAIT or
 * ALLOC_ATOMIC. Set once by vm/; until then mem/shrink.h is asked.
 */
typedef uint64_t frame_reclaim_fn(unsigned order, unsigned flags);
void frame_set_reclaim(frame_reclaim_fn *reclaim);

#endif
