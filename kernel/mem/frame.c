/* SPDX-License-Identifier: MIT */
/*
 * The frame allocator's front: per-processor caches of single frames, above
 * the buddy lists (mem/buddy.c), and what happens when memory runs out.
 *
 * Idea. Nearly all allocations are of one frame. Each processor keeps a stack of
 * free ones; taking and giving back touch nothing shared. An empty stack is
 * filled with CACHE_BATCH frames in one go, out of the smallest blocks there
 * are; a full one gives its older half back, where it joins its neighbours.
 *
 * Frames that are given back full of zeros (page tables, mostly) are kept apart,
 * for those who want zeros; clearing a frame costs more than all the rest.
 *
 * Locking. A cache is guarded by interrupts off, the lists by buddy.lock, which
 * is taken with interrupts off. Counters are per processor.
 *
 * Reserve. The last frames are for ALLOC_ATOMIC, whose callers cannot wait:
 * interrupt handlers, and reclaim itself. Others that may sleep enter the
 * reclaim hook, again and again as long as it frees anything. When that has
 * nothing left, the caches of all processors go to the lists: what one of them holds
 * in store must not be missing to another that would kill a process for it.
 *
 * Debug builds fill frames with a pattern when they go into a cache, and look
 * whether it is still there when they come out.
 */
#include "base/kasan.h"
#include "base/log.h"
#include "base/panic.h"
#include "base/percpu.h"
#include "base/sanitize.h"
#include "hal/cpu.h"
#include "lib/string.h"
#include "mem/buddy.h"
#include "mem/inject.h"
#include "mem/shrink.h"

#define CACHE_MAX   64
#define CLEAN_MAX   32
#define CACHE_BATCH 16
#define BATCH_ORDER 4
#define RECLAIM_TRIES 16
#define POISON      0x6b6b6b6b6b6b6b6bUL

_Static_assert(1 << BATCH_ORDER == CACHE_BATCH, "a batch is a block");

struct frame_cache {
	unsigned count;               /* owner: this processor, interrupts off */
	struct page *page[CACHE_MAX]; /* the same; the last one is the warmest */
};
static PERCPU(struct frame_cache, frame_cache);

/* Owner: this processor, interrupts off. */
struct clean_cache {
	unsigned count;
	struct page *page[CLEAN_MAX];
};
static PERCPU(struct clean_cache, clean_cache);

/* Frames allocated less frames freed on this processor, for each ALLOC_KIND; owner: this processor. */
#define KINDS 8
struct frame_counts {
	int64_t kind[KINDS];
};
static PERCPU(struct frame_counts, frame_counts);

static uint64_t reserve;          /* written during boot: frames only for ALLOC_ATOMIC */
static frame_reclaim_fn *reclaim; /* immutable once set */

void frame_set_reserve(void)
{
	reserve = min(max(buddy.total / 256, 16UL), 2048UL);
}

void frame_set_reclaim(frame_reclaim_fn *fn)
{
	reclaim = fn;
}

uint32_t frame_free_blocks(unsigned order)
{
	return atomic_load(&buddy.blocks[order]);
}

static void count_kind(unsigned kind, int64_t frames)
{
	cpu_local_add(frame_counts.kind[kind % KINDS], frames);
}

#if CONFIG_DEBUG
static void poison_put(struct page *page)
{
	uint64_t *word = page_address(page);

	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		word[i] = POISON;
	page->kind = KIND_CACHED;
}

static void poison_check(struct page *page)
{
	const uint64_t *word = page_address(page);

	if (page->kind != KIND_CACHED)
		return;
	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		if (word[i] != POISON)
			panic("frame %llx was written to after it was freed: offset 0x%zx holds %016llx",
			      (unsigned long long)page_to_pfn(page), i * sizeof(*word),
			      (unsigned long long)word[i]);
	page->kind = 0;
}

static void clean_check(struct page *page)
{
	const uint64_t *word = page_address(page);

	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		if (word[i])
			panic("frame %llx, free and clean, holds %016llx at offset 0x%zx",
			      (unsigned long long)page_to_pfn(page), (unsigned long long)word[i],
			      i * sizeof(*word));
}

static void free_check(const struct page *page, unsigned order)
{
	if (!pfn_valid(page_to_pfn(page)))
		panic("freeing frame %llx, which is no RAM", (unsigned long long)page_to_pfn(page));
	if ((page->flags & (PAGE_BUDDY | PAGE_RESERVED | PAGE_TAIL)) || page->kind >= KIND_CLEAN)
		panic("freeing frame %llx, which is not allocated: flags %x, order %u",
		      (unsigned long long)page_to_pfn(page), page->flags, page->order);
	if (page->refs > 1 || page->mappings != 0 || page->order != order)
		panic("freeing frame %llx, which is in use: order %u of %u, references %u, mappings %u",
		      (unsigned long long)page_to_pfn(page), order, page->order, page->refs,
		      page->mappings);
}
#else
#define poison_put(page) ((void)0)
#define poison_check(page) ((void)0)
#define clean_check(page) ((void)0)
#define free_check(page, order) ((void)0)
#endif

#if CONFIG_KASAN
/* Who allocated and who freed a frame last: for as many as there is room. */
#define TRACES 65536
static struct frame_trace {
	pfn_t pfn;                 /* owner: who holds the frame */
	uint32_t allocated, freed; /* the same: kasan_trace_save() */
} frame_trace[TRACES];

static struct frame_trace *trace_of(const struct page *page)
{
	struct frame_trace *t = &frame_trace[page_to_pfn(page) % TRACES];

	if (t->pfn != page_to_pfn(page))
		*t = (struct frame_trace){ .pfn = page_to_pfn(page) };
	return t;
}

static void mark_alloc(const struct page *page, unsigned order)
{
	trace_of(page)->allocated = kasan_trace_save();
	kasan_unpoison(page_address(page), PAGE_SIZE << order);
}

static void mark_free(const struct page *page, unsigned order)
{
	trace_of(page)->freed = kasan_trace_save();
	kasan_poison(page_address(page), PAGE_SIZE << order, KASAN_PAGE_FREE);
}

void frame_describe(const struct page *page)
{
	sanitize_say("frame %llx: flags %x, references %u, order %u\n",
		     (unsigned long long)page_to_pfn(page), page->flags, page->refs, page->order);
	kasan_trace_say("allocated by", trace_of(page)->allocated);
	kasan_trace_say("freed by", trace_of(page)->freed);
}
#else
#define mark_alloc(page, order) ((void)0)
#define mark_free(page, order) ((void)0)
#endif

/* May a block of that many frames go to an allocation with these flags? */
static bool allowed(uint64_t frames, unsigned flags)
{
	uint64_t keep = (flags & ALLOC_MODE) == ALLOC_ATOMIC ? 0 : reserve;

	return buddy.free >= keep + frames;
}

static void cache_fill(struct frame_cache *c, unsigned flags)
{
	spin_lock(&buddy.lock);
	while (c->count < CACHE_BATCH && buddy.orders && allowed(1, flags)) {
		unsigned order = min((unsigned)__builtin_ctz(buddy.orders), (unsigned)BATCH_ORDER);
		struct page *block = buddy_take(order);

		for (unsigned i = 1u << order; i > 0; i--)
			c->page[c->count++] = block + i - 1;
	}
	spin_unlock(&buddy.lock);
}

/* Gives the older frames back until n are left. Interrupts off. */
static void cache_drain(struct frame_cache *c, unsigned n)
{
	unsigned give = c->count - n;

	spin_lock(&buddy.lock);
	for (unsigned i = 0; i < give; i++) {
		poison_check(c->page[i]);
		buddy_put(c->page[i], 0);
	}
	spin_unlock(&buddy.lock);
	memmove(&c->page[0], &c->page[give], n * sizeof(c->page[0]));
	c->count = n;
}

/* Interrupts off. */
static void clean_drain(struct clean_cache *c)
{
	spin_lock(&buddy.lock);
	while (c->count > 0) {
		struct page *page = c->page[--c->count];

		page->kind = 0;
		buddy_put(page, 0);
	}
	spin_unlock(&buddy.lock);
}

static inline struct page *take_clean(struct clean_cache *clean)
{
	struct page *page = clean->page[--clean->count];

	clean_check(page);
	return page;
}

/* Its kind tells whether it is clean. Whoever does not care gets a clean one last. */
static struct page *take_single(unsigned flags)
{
	uint64_t irq = irq_save();
	struct frame_cache *c = cpu_local_ptr(frame_cache);
	struct clean_cache *clean = cpu_local_ptr(clean_cache);
	struct page *page = NULL;

	if (flags & ALLOC_ZERO && clean->count > 0) {
		page = take_clean(clean);
		irq_restore(irq);
		return page;
	}
	if (unlikely(c->count == 0))
		cache_fill(c, flags);
	if (likely(c->count > 0))
		page = c->page[--c->count];
	else if (clean->count > 0)
		page = take_clean(clean);
	irq_restore(irq);
	return page;
}

static struct page *take_block(unsigned order, unsigned flags)
{
	uint64_t irq = spin_lock_irq(&buddy.lock);
	struct page *page = NULL;

	if (allowed(1UL << order, flags))
		page = buddy_take(order);
	spin_unlock_irq(&buddy.lock, irq);
	return page;
}

static struct page *take(unsigned order, unsigned flags)
{
	return order == 0 ? take_single(flags) : take_block(order, flags);
}

static void drain_own_cache(void)
{
	uint64_t irq = irq_save();

	cache_drain(cpu_local_ptr(frame_cache), 0);
	clean_drain(cpu_local_ptr(clean_cache));
	irq_restore(irq);
}

static void drain_here(void *unused)
{
	drain_own_cache();
}

/* Interrupts only who holds any, or did just now. May sleep. */
static void drain_everywhere(void)
{
	uint64_t mask = 0;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		if (atomic_load(&percpu_of(frame_cache, cpu)->count) || atomic_load(&percpu_of(clean_cache, cpu)->count))
			mask |= BIT(cpu);
	if (mask)
		cpu_call(mask, drain_here, NULL, true);
}

/* Nothing was found at once: joins what this processor holds, then reclaims if that is allowed. */
static struct page *take_slowly(unsigned order, unsigned flags)
{
	struct page *page;

	if (order > 0) {
		drain_own_cache();
		page = take(order, flags);
		if (page)
			return page;
	}
	if ((flags & ALLOC_MODE) < ALLOC_NOFS)
		return NULL;
	for (unsigned i = 0; i < RECLAIM_TRIES; i++) {
		uint64_t freed = reclaim ? reclaim(order, flags)
					 : shrink_run(CACHE_BATCH + (1UL << order), flags);

		page = take(order, flags);
		if (page)
			return page;
		if (freed == 0)
			break;
		drain_own_cache();
	}
	drain_everywhere();
	return take(order, flags);
}

/* Turns free frames into allocated ones with one reference. */
static void prepare(struct page *page, unsigned order, unsigned flags)
{
	unsigned kind = (flags & ALLOC_KIND) / ALLOC_USER;
	bool clean = order == 0 && page->kind == KIND_CLEAN;

	*page = (struct page){ .flags = order ? PAGE_HEAD : 0, .refs = 1, .order = (uint8_t)order,
			       .kind = (uint8_t)kind };
	for (unsigned i = 1; i < 1u << order; i++)
		page[i] = (struct page){ .flags = PAGE_TAIL, .object = page };
	count_kind(kind, 1L << order);
	mark_alloc(page, order);
	if (flags & ALLOC_ZERO && !clean)
		memset(page_address(page), 0, PAGE_SIZE << order);
}

struct page *frame_alloc(unsigned order, unsigned flags)
{
	struct page *page;

	if ((flags & ALLOC_MODE) >= ALLOC_NOFS)
		might_sleep();
	if (order > FRAME_ORDER_MAX || inject_fail(flags))
		return NULL;
	page = take(order, flags);
	if (unlikely(!page)) {
		page = take_slowly(order, flags);
		if (!page)
			return NULL;
	}
	if (order == 0)
		poison_check(page);
	prepare(page, order, flags);
	return page;
}

bool frame_plenty(unsigned order)
{
	return atomic_load(&buddy.orders) >> order && atomic_load(&buddy.free) > buddy.total / 4 + (1UL << order);
}

void frame_split(struct page *page)
{
	unsigned n = 1u << page->order;
	uint8_t kind = page->kind;

	assert((page->flags & PAGE_HEAD) && page->refs == 1);
	for (unsigned i = 0; i < n; i++)
		page[i] = (struct page){ .refs = 1, .kind = kind };
}

static void give_single(struct page *page)
{
	uint64_t irq = irq_save();
	struct frame_cache *c = cpu_local_ptr(frame_cache);

	if (unlikely(c->count == CACHE_MAX))
		cache_drain(c, CACHE_MAX / 2);
	poison_put(page);
	c->page[c->count++] = page;
	irq_restore(irq);
}

static void give_block(struct page *page, unsigned order)
{
	uint64_t irq;

	for (unsigned i = 1; i < 1u << order; i++)
		page[i].flags = 0;
	irq = spin_lock_irq(&buddy.lock);
	buddy_put(page, order);
	spin_unlock_irq(&buddy.lock, irq);
}

/* It is nobody's from here on. */
static void retire(struct page *page, unsigned order)
{
	free_check(page, order);
	count_kind(page->kind, -(1L << order));
	mark_free(page, order);
	atomic_store(&page->refs, 0);
	atomic_store(&page->flags, 0);
}

void frame_free_clean(struct page *page)
{
	struct clean_cache *c;
	uint64_t irq;

	retire(page, 0);
	clean_check(page);
	irq = irq_save();
	c = cpu_local_ptr(clean_cache);
	if (c->count < CLEAN_MAX) {
		page->kind = KIND_CLEAN;
		c->page[c->count++] = page;
	} else {
		give_single(page);
	}
	irq_restore(irq);
}

void frame_free(struct page *page, unsigned order)
{
	retire(page, order);
	if (order == 0)
		give_single(page);
	else
		give_block(page, order);
}

void page_release(struct page *page)
{
	assert(!(page->flags & (PAGE_TAIL | PAGE_LOCKED)));
	frame_free(page, page->order);
}

void frame_stats(struct frame_stats *s)
{
	int64_t kind[KINDS] = { 0 };
	uint64_t cached = 0;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		const struct frame_counts *counts = percpu_of(frame_counts, cpu);

		cached += atomic_load(&percpu_of(frame_cache, cpu)->count);
		cached += atomic_load(&percpu_of(clean_cache, cpu)->count);
		for (unsigned i = 0; i < KINDS; i++)
			kind[i] += atomic_load(&counts->kind[i]);
	}
	*s = (struct frame_stats){
		.total = atomic_load(&buddy.total),
		.free = atomic_load(&buddy.free) + cached,
		.kernel = (uint64_t)max_t(int64_t, kind[0], 0),
		.user = (uint64_t)max_t(int64_t, kind[ALLOC_USER / ALLOC_USER], 0),
		.tables = (uint64_t)max_t(int64_t, kind[ALLOC_TABLES / ALLOC_USER], 0),
		.slab = (uint64_t)max_t(int64_t, kind[ALLOC_SLAB / ALLOC_USER], 0),
		.stacks = (uint64_t)max_t(int64_t, kind[ALLOC_STACK / ALLOC_USER], 0),
		.maps = (uint64_t)max_t(int64_t, kind[ALLOC_MAPS / ALLOC_USER], 0),
	};
}
