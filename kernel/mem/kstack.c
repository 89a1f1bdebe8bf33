/* SPDX-License-Identifier: MIT */
/*
 * Kernel stacks. A slot of the region is taken in a bitmap, and four frames are
 * mapped into its upper half; the lower half stays unmapped, so a stack that
 * overflows faults instead of writing over something.
 *
 * A freed stack stays mapped and is used again: first by its processor, then,
 * through a pool, by all. The pool is a list through the topmost frames of its
 * stacks. What it has too much of is unmapped, a batch at a time,
 * because every processor must drop the addresses from its TLB before their
 * slots and frames may be used for something else; a stack is mostly freed where
 * that cannot be waited for, so kstack_trim() does it later.
 *
 * Locking. A processor's own stacks are guarded by preemption off (stacks come
 * and go in thread context only), pool and bitmap by kstack.lock.
 */
#include "mem/kstack.h"
#include "base/kasan.h"
#include "base/panic.h"
#include "base/spinlock.h"
#include "lib/bitmap.h"
#include "mem/frame.h"
#include "mem/inject.h"
#include "mem/kmap.h"
#include "mem/shadow.h"
#include "mem/shrink.h"

#define SLOTS	   (KSTACK_SIZE / KSTACK_SLOT)
#define OWN_MAX	   4
#define POOL_MAX   32
#define BATCH	   16
#define STACK_PAGES (KSTACK_BYTES / PAGE_SIZE)

struct own_stacks {
	unsigned count;          /* owner: this processor, preemption off */
	vaddr_t top[OWN_MAX];    /* the same */
};
static PERCPU(struct own_stacks, own_stacks);

static uint64_t slot_words[BITMAP_STORAGE_WORDS(SLOTS)];

static struct {
	struct spinlock lock;
	struct bitmap slots;    /* lock: taken slots */
	unsigned count;         /* lock */
	struct page *pool;      /* lock: mapped stacks that nobody uses: by object the next, by index the top */
} kstack = { .lock = SPINLOCK_INIT(RANK_KSTACK) };

static vaddr_t slot_top(size_t slot)
{
	return KSTACK_BASE + (slot + 1) * KSTACK_SLOT;
}

static size_t top_slot(vaddr_t top)
{
	return (top - KSTACK_BASE) / KSTACK_SLOT - 1;
}

static vaddr_t take_own(void)
{
	struct own_stacks *own;
	vaddr_t top = 0;

	preempt_disable();
	own = cpu_local_ptr(own_stacks);
	if (own->count > 0)
		top = own->top[--own->count];
	preempt_enable();
	return top;
}

static bool give_own(vaddr_t top)
{
	struct own_stacks *own;
	bool room;

	preempt_disable();
	own = cpu_local_ptr(own_stacks);
	room = own->count < OWN_MAX;
	if (room)
		own->top[own->count++] = top;
	preempt_enable();
	return room;
}

static vaddr_t pool_take(void)
{
	struct page *page = kstack.pool;

	assert_held(&kstack.lock);
	kstack.pool = page->object;
	kstack.count--;
	return page->index;
}

static void pool_give(vaddr_t top)
{
	struct page *page;
	paddr_t pa;

	assert_held(&kstack.lock);
	verify(kmap_lookup(top - PAGE_SIZE, &pa));
	page = phys_to_page(pa);
	page->object = kstack.pool;
	page->index = top;
	kstack.pool = page;
	kstack.count++;
}

/* A stack of the pool, or 0 and a slot that has none yet (BITMAP_NONE: all are taken). */
static vaddr_t take_shared(size_t *slot)
{
	uint64_t irq = spin_lock_irq(&kstack.lock);
	vaddr_t top = 0;

	if (kstack.pool)
		top = pool_take();
	else
		*slot = bitmap_take(&kstack.slots, 0);
	spin_unlock_irq(&kstack.lock, irq);
	return top;
}

/* Unmaps stacks for good: tables, then all TLBs, then frames, then slots. Returns frames. */
static uint64_t release(const vaddr_t *top, unsigned n)
{
	vaddr_t low = UINT64_MAX, high = 0;
	struct page *chain = NULL;
	uint64_t frames = 0, irq;
	paddr_t pa;

	for (unsigned i = 0; i < n; i++) {
		low = min(low, top[i] - KSTACK_BYTES);
		high = max(high, top[i]);
		for (vaddr_t va = top[i] - KSTACK_BYTES; va < top[i]; va += PAGE_SIZE)
			if (kmap_clear(va, &pa)) {
				phys_to_page(pa)->object = chain;
				chain = phys_to_page(pa);
			}
	}
	if (chain)
		mmu_flush_kernel(low, high);
	for (; chain; frames++) {
		struct page *page = chain;

		chain = page->object;
		frame_free(page, 0);
	}
	irq = spin_lock_irq(&kstack.lock);
	for (unsigned i = 0; i < n; i++)
		bitmap_clear(&kstack.slots, top_slot(top[i]));
	spin_unlock_irq(&kstack.lock, irq);
	return frames;
}

/* Maps frames into a fresh slot; gives everything back when memory runs out. */
static vaddr_t populate(vaddr_t top)
{
	if (shadow_add(top - KSTACK_BYTES, top) != 0)
		goto release;
	for (vaddr_t va = top - KSTACK_BYTES; va < top; va += PAGE_SIZE) {
		struct page *page = frame_alloc(0, ALLOC_KERNEL | ALLOC_STACK | ALLOC_CHECKED);

		if (page && kmap_page(va, page_to_phys(page), MMU_READ | MMU_WRITE | MMU_GLOBAL) == 0)
			continue;
		if (page)
			frame_free(page, 0);
		goto release;
	}
	return top;
release:
	release(&top, 1);
	return 0;
}

vaddr_t kstack_alloc(void)
{
	size_t slot = BITMAP_NONE;
	vaddr_t top;

	might_sleep();
	if (inject_fail(ALLOC_KERNEL))
		return 0;
	top = take_own();
	if (!top)
		top = take_shared(&slot);
	if (top) {
		kasan_unpoison((void *)(top - KSTACK_BYTES), KSTACK_BYTES); /* of who never returned */
		return top;
	}
	return slot == BITMAP_NONE ? 0 : populate(slot_top(slot));
}

bool kstack_free(vaddr_t top)
{
	bool overflow;
	uint64_t irq;

	assert(is_aligned(top, KSTACK_SLOT) && top_slot(top) < SLOTS);
	if (give_own(top))
		return false;
	irq = spin_lock_irq(&kstack.lock);
	assert(bitmap_test(&kstack.slots, top_slot(top)));
	pool_give(top);
	overflow = kstack.count > POOL_MAX;
	spin_unlock_irq(&kstack.lock, irq);
	return overflow;
}

/* Unmaps up to n stacks of the pool, so that no fewer than keep stay in it. Returns frames. */
static uint64_t pool_release(unsigned n, unsigned keep)
{
	vaddr_t doomed[BATCH];
	unsigned taken = 0;
	uint64_t irq = spin_lock_irq(&kstack.lock);

	while (taken < min(n, (unsigned)BATCH) && kstack.count > keep)
		doomed[taken++] = pool_take();
	spin_unlock_irq(&kstack.lock, irq);
	return taken ? release(doomed, taken) : 0;
}

void kstack_trim(void)
{
	might_sleep();
	if (atomic_load(&kstack.count) <= POOL_MAX)
		return;
	while (pool_release(BATCH, POOL_MAX - BATCH))
		;
}

static uint64_t shrink_stacks_count(struct shrinker *s)
{
	return (uint64_t)atomic_load(&kstack.count) * STACK_PAGES;
}

static uint64_t shrink_stacks_scan(struct shrinker *s, uint64_t frames, unsigned flags)
{
	return pool_release((unsigned)min(div_round_up(frames, STACK_PAGES), (uint64_t)BATCH), 0);
}

static struct shrinker shrink_stacks = {
	.name = "kstack", .count = shrink_stacks_count, .scan = shrink_stacks_scan,
};

void kstack_init(void)
{
	bitmap_init(&kstack.slots, slot_words, SLOTS);
	shrink_register(&shrink_stacks);
}
