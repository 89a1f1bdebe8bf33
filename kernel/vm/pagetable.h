/* SPDX-License-Identifier: MIT */
/*
 * vm/pagetable.h: page-table pages of user space. Each has a lock in its struct
 * page, which guards its entries and the count of them in use (page->mappings).
 *
 * Who walks down without a lock is inside an RCU read section (any spinlock
 * will do), or holds the space's lock. A table is taken out by a holder of the
 * space's lock, when no area lies under it, and freed after a grace period; so
 * whoever locks a table and finds the area alive may fill it.
 */
#ifndef VM_PAGETABLE_H
#define VM_PAGETABLE_H

#include "base/lockcheck.h"
#include "base/panic.h"
#include "base/preempt.h"
#include "mem/frame.h"
#include "vm/space.h"

/* Bytes that one level-1 table maps. */
#define TABLE_SPAN (PAGE_SIZE * MMU_ENTRIES)
/* With fewer entries a table is copied on fork: that costs less than the fault which unshares it. */
#define TABLE_SHARE_MIN 48

#if CONFIG_DEBUG
extern struct lock_label table_label; /* of all their locks */
#endif

/* Contended: waits until the lock is free. */
void table_lock_wait(struct page *table);

static inline void table_lock(struct page *table)
{
	preempt_disable();
	lockcheck_spin_before(table, &table_label, LOCK_NESTED);
	if (unlikely(__atomic_exchange_n(&table->lock, 1, __ATOMIC_ACQUIRE)))
		table_lock_wait(table);
	lockcheck_spin_taken(table, &table_label, false);
}

static inline void table_unlock(struct page *table)
{
	lockcheck_spin_released(table, &table_label);
	__atomic_store_n(&table->lock, 0, __ATOMIC_RELEASE);
	preempt_enable();
}

/* Two at a time: in the order of their addresses; once if they are the same. */
void table_lock_two(struct page *a, struct page *b);
void table_unlock_two(struct page *a, struct page *b);

static inline void assert_table_locked(const struct page *table)
{
	assert(lockcheck_spin_held(table));
}

static inline pte_t *table_entry(const struct page *table, uaddr_t addr)
{
	return (pte_t *)page_address(table) + mmu_index(addr, 1);
}

/* The first entry in use of [p, end), or end. */
pte_t *table_skip_unused(pte_t *p, pte_t *end);
static inline pte_t *table_next_used(pte_t *p, pte_t *end)
{
	return p < end && !pte_none(pte_load(p)) ? p : table_skip_unused(p, end);
}

/* An empty table, or NULL. flags: enum alloc_flags. */
struct page *table_alloc(unsigned flags);
/* It is empty again. */
static inline void table_free(struct page *table)
{
	assert((table->flags & ~(uint32_t)PAGE_SHARED) == PAGE_TABLE && !table->lock);
	table->mappings = 0;
	frame_free_clean(table);
}

/*
 * Has the space the table for itself? Only then may its entries change: see
 * vm/share.c. Table locked, or the space's lock and no fault; else a hint.
 */
static inline bool table_owned(const struct page *table, const struct space *s)
{
	return READ_ONCE(table->object) == s;
}

/* The table of a level (1, or 2 for the entries that point to those of level 1) over addr, or NULL (a large page may be there). RCU or the space's lock. */
static inline struct page *table_find_level(const struct space *s, uaddr_t addr, unsigned lowest)
{
	paddr_t pa = s->mmu.root;

#pragma GCC unroll 5
	for (unsigned level = MMU_LEVELS_MAX; level > lowest; level--) {
		pte_t e;

		if (mmu_level_folded(level))
			continue;
		e = pte_load((pte_t *)phys_to_virt(pa) + mmu_index(addr, level));
		if (unlikely(!pte_table(e)))
			return NULL;
		pa = pte_paddr(e);
	}
	return phys_to_page(pa);
}

static inline pte_t *table_upper_entry(const struct page *upper, uaddr_t addr)
{
	return (pte_t *)page_address(upper) + mmu_index(addr, 2);
}

static inline struct page *table_find(const struct space *s, uaddr_t addr)
{
	return table_find_level(s, addr, 1);
}

/* Where the range of the level-2 table over addr ends. */
static inline uaddr_t table_upper_end(uaddr_t addr)
{
	return align_down(addr, TABLE_SPAN * MMU_ENTRIES) + TABLE_SPAN * MMU_ENTRIES;
}

/* The first level-2 table for *addr or more and below end; *addr moves up to where its range begins. RCU or the space's lock. */
struct page *table_next_upper(const struct space *s, uaddr_t *addr, uaddr_t end);

/*
 * The first level-1 table at or after *addr and below end; *addr moves up to
 * where it begins if that is higher. NULL when there is none. Large pages are passed over.
 * RCU or the space's lock.
 */
struct page *table_next(const struct space *s, uaddr_t *addr, uaddr_t end);

/* Where the level-1 table over addr ends, or end if that comes first. */
static inline uaddr_t table_end(uaddr_t addr, uaddr_t end)
{
	uaddr_t next = align_down(addr, TABLE_SPAN) + TABLE_SPAN;

	return next < end ? next : end;
}

/*
 * The level-1 table over addr; missing tables come from *spare (used up and set
 * to NULL) or are allocated without sleeping. a: not made unless it is alive;
 * NULL: the space's lock is held instead. NULL when there was no memory, or the
 * area died. RCU.
 */
struct page *table_make(struct space *s, const struct area *a, uaddr_t addr, struct page **spare);
/* The same for the table of level 2. */
struct page *table_make_upper(struct space *s, const struct area *a, uaddr_t addr, struct page **spare);
/* The same for a table of another level, under the space's lock. May sleep. */
struct page *table_make_level(struct space *s, uaddr_t addr, unsigned lowest);

/*
 * Takes out the tables over [start, end) that lie wholly between floor and
 * ceiling, where no area is; their entries are gone. Flushes the batch, and
 * frees them a grace period after that. Space lock.
 */
struct tlb_batch;
void tables_remove(struct tlb_batch *b, uaddr_t start, uaddr_t end, uaddr_t floor, uaddr_t ceiling);

/* share.c: a private mapping's tables between the spaces of a fork. */
struct table_sharing {          /* owner: the caller's stack */
	struct space *parent, *child;
	uint64_t pages;         /* out: that the child maps now and that are counted */
	bool protected;         /* out: the parent's processors must forget what they may write */
};
/*
 * Lets the child have the parent's tables from addr on, up to a border of
 * upper tables, end, or one that is better copied; the address up to where. -ENOMEM. Both
 * spaces' locks. May sleep.
 */
int tables_share(struct table_sharing *t, uaddr_t *addr, uaddr_t end);
/* Is it worth it, for a table of a private area without an object? */
static inline bool table_worth_sharing(const struct page *table)
{
	return READ_ONCE(table->mappings) >= TABLE_SHARE_MIN;
}
/* Makes the table over addr the space's own. *spare as for table_make(). 0, or -ENOMEM if *spare was NULL. RCU or the space's lock. */
int table_own(struct space *s, uaddr_t addr, struct page **spare);
/* All tables over [start, end), large pages split; those that reach beyond it. 0 or -ENOMEM. Space lock; may sleep. */
int tables_own_mixed(struct space *s, uaddr_t start, uaddr_t end);
int tables_own_edges_mixed(struct space *s, uaddr_t start, uaddr_t end);
static inline int tables_own(struct space *s, uaddr_t start, uaddr_t end)
{
	return likely(!space_is_mixed(s)) ? 0 : tables_own_mixed(s, start, end);
}
static inline int tables_own_edges(struct space *s, uaddr_t start, uaddr_t end)
{
	return likely(!space_is_mixed(s)) ? 0 : tables_own_edges_mixed(s, start, end);
}
/*
 * Takes a shared table that begins at addr out of the space, to be put after a
 * flush; NULL if it is the space's own by now. *pages: counted ones that it maps. Space lock.
 */
struct page *table_drop(struct space *s, uaddr_t addr, uint64_t *pages);
/* One space less has it; the last one frees it and its pages. Any context. */
void table_put(struct page *table);

/* Frees every table and every page they map. Nobody else is left in the space, and no area in any object's tree. */
void tables_destroy(struct space *s);

/* How a page of the area may be entered: MMU_*. */
static inline unsigned area_prot(const struct area *a)
{
	unsigned prot = MMU_USER;

	static_assert(AREA_WRITE == (int)MMU_WRITE && AREA_EXEC == (int)MMU_EXEC, "the same bits");
	if (a->flags & (AREA_READ | AREA_WRITE | AREA_EXEC))
		prot |= MMU_READ | (a->flags & (AREA_WRITE | AREA_EXEC));
	return prot;
}

/* Is the entry the only owner of a private page? Table locked, or just a hint. */
static inline bool entry_is_exclusive(pte_t e)
{
	const struct page *page;

	if (pte_special(e))
		return false;
	page = phys_to_page(pte_paddr(e));
	return (page->flags & PAGE_ANON) && atomic_load_acquire(&page->refs) == 1;
}

/* As what a mapped page is counted. */
static inline enum rss_kind page_rss_kind(const struct page *page)
{
	uint32_t flags = READ_ONCE(page->flags);

	if (flags & PAGE_ANON)
		return RSS_ANON;
	return flags & PAGE_SWAPBACKED ? RSS_SHMEM : RSS_FILE;
}

#define RSS_PENDING_MAX 32

/* Counts n pages more (or fewer) in the space; preemption off. */
static inline void space_count(struct space *s, enum rss_kind kind, int32_t n)
{
	struct thread *t = thread_current();
	int32_t pending;

	if (unlikely(t->mmu != &s->mmu)) {
		atomic_add(&s->count.rss[kind], (uint64_t)(int64_t)n);
		return;
	}
	pending = t->rss_pending[kind] + n;
	if (unlikely(pending >= RSS_PENDING_MAX || pending <= -RSS_PENDING_MAX)) {
		atomic_add(&s->count.rss[kind], (uint64_t)(int64_t)pending);
		pending = 0;
	}
	t->rss_pending[kind] = (int8_t)pending;
}

#endif
