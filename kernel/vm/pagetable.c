/* SPDX-License-Identifier: MIT */
/*
 * Page-table pages of user space: making them, finding them, taking them out,
 * and tearing all down at the end of a process. vm/pagetable.h tells which lock
 * guards what.
 *
 * Taking tables out beside faults that walk without a lock rests on three
 * things: no area lies over them, so whoever locked one and checks its area
 * finds it dead; the upper table is locked while an entry of it changes; and
 * the frames are freed only after a grace period, so a walker may stand on one.
 */
#include "vm/pagetable.h"

#include "lib/string.h"
#include "mem/slab.h"
#include "vm/areas.h"
#include "vm/tlb.h"

#if CONFIG_DEBUG
struct lock_label table_label = LOCK_LABEL_INIT(RANK_PAGE_TABLE);
#endif

void table_lock_wait(struct page *table)
{
	do {
		while (READ_ONCE(table->lock))
			cpu_relax();
	} while (__atomic_exchange_n(&table->lock, 1, __ATOMIC_ACQUIRE));
}

void table_lock_two(struct page *a, struct page *b)
{
	table_lock(a < b ? a : b);
	if (a != b)
		table_lock(a < b ? b : a);
}

void table_unlock_two(struct page *a, struct page *b)
{
	table_unlock(a);
	if (a != b)
		table_unlock(b);
}

struct page *table_alloc(unsigned flags)
{
	struct page *table = frame_alloc(0, flags | ALLOC_ZERO | ALLOC_TABLES);

	if (table)
		table->flags = PAGE_TABLE;
	return table;
}

struct page *table_next_upper(const struct space *s, uaddr_t *addr, uaddr_t end)
{
	while (*addr < end) {
		paddr_t pa = s->mmu.root;
		unsigned level;
		pte_t e;

#pragma GCC unroll 5
		for (level = MMU_LEVELS_MAX; level > 2; level--) {
			if (mmu_level_folded(level))
				continue;
			e = pte_load((pte_t *)phys_to_virt(pa) + mmu_index(*addr, level));
			if (!pte_table(e))
				break;
			pa = pte_paddr(e);
		}
		if (level == 2)
			return phys_to_page(pa);
		*addr = align_down(*addr, mmu_level_size(level)) + mmu_level_size(level);
	}
	return NULL;
}

struct page *table_next(const struct space *s, uaddr_t *addr, uaddr_t end)
{
	struct page *upper;

	while ((upper = table_next_upper(s, addr, end))) {
		uaddr_t stop = min(table_upper_end(*addr), end);
		pte_t *u = table_upper_entry(upper, *addr);

		for (; *addr < stop; *addr = align_down(*addr, TABLE_SPAN) + TABLE_SPAN, u++) {
			pte_t e = pte_load(u);

			if (pte_table(e))
				return phys_to_page(pte_paddr(e));
		}
	}
	return NULL;
}

/* Puts a new table below the entry, unless somebody was faster. False: no memory, or the area is dead. */
static bool table_fill(struct space *s, const struct area *a, struct page *upper, pte_t *entry,
		       struct page **spare)
{
	struct page *table = *spare ? *spare : table_alloc(ALLOC_NOWAIT);
	bool alive;

	*spare = table;
	if (!table)
		return false;
	table_lock(upper);
	alive = !a || area_alive(a);
	table->object = s;
	if (alive && pte_none(pte_load(entry))) {
		pte_store(entry, pte_make_table(page_to_phys(table), MMU_USER));
		upper->mappings++;
		*spare = NULL;
	}
	table_unlock(upper);
	if (!*spare)
		atomic_inc(&s->count.tables);
	return alive;
}

static inline struct page *make(struct space *s, const struct area *a, uaddr_t addr, unsigned lowest,
				struct page **spare)
{
	paddr_t pa = s->mmu.root;

	for (unsigned level = MMU_LEVELS_MAX; level > lowest; level--) {
		pte_t *entry = (pte_t *)phys_to_virt(pa) + mmu_index(addr, level), e;

		if (mmu_level_folded(level))
			continue;
		if (unlikely(pte_none(e = pte_load(entry)))) {
			if (!table_fill(s, a, phys_to_page(pa), entry, spare))
				return NULL;
			e = pte_load(entry);
		}
		if (unlikely(!pte_table(e)))
			return NULL; /* a large page came, or the table went */
		pa = pte_paddr(e);
	}
	return phys_to_page(pa);
}

struct page *table_make(struct space *s, const struct area *a, uaddr_t addr, struct page **spare)
{
	return make(s, a, addr, 1, spare);
}

struct page *table_make_upper(struct space *s, const struct area *a, uaddr_t addr, struct page **spare)
{
	return make(s, a, addr, 2, spare);
}

struct page *table_make_level(struct space *s, uaddr_t addr, unsigned lowest)
{
	struct page *spare = NULL, *table;

	while (!(table = make(s, NULL, addr, lowest, &spare))) {
		spare = table_alloc(ALLOC_KERNEL);
		if (!spare)
			return NULL;
	}
	if (spare)
		table_free(spare);
	return table;
}

/* Tables taken out together, chained by page->object until the grace period is over. */
struct removed_tables {
	struct rcu_head rcu;
	struct page *first;
	uint64_t count;
};

static void removed_free(struct rcu_head *h)
{
	struct removed_tables *r = container_of(h, struct removed_tables, rcu);
	struct page *table = r->first;

	while (table) {
		struct page *next = table->object;

		table->object = NULL;
		table_free(table);
		table = next;
	}
	kfree(r);
}

static inline bool eight_unused(const pte_t *p)
{
	return pte_none(p[0] | p[1] | p[2] | p[3] | p[4] | p[5] | p[6] | p[7]);
}

/* Most tables are nearly empty. An aligned group lies wholly in the table, if not before end. */
pte_t *table_skip_unused(pte_t *p, pte_t *end)
{
	while (p < end && pte_none(pte_load(p))) {
		p++;
		while (is_aligned((vaddr_t)p, 8 * sizeof(*p)) && p < end && eight_unused(p))
			p += 8;
	}
	return min(p, end);
}

/* Chains a table and all below it. Its entry is gone; level is its own. */
static void collect(struct removed_tables *r, struct page *table, unsigned level)
{
	pte_t *entry = page_address(table), *end = entry + MMU_ENTRIES;

	table_lock(table); /* after this no fault that began before fills it */
	assert(level > 1 || table->mappings == 0);
	for (; table->mappings; table->mappings--, entry++) {
		entry = table_next_used(entry, end);
		collect(r, phys_to_page(pte_paddr(*entry)), level - 1);
		pte_store(entry, 0);
	}
	table_unlock(table);
	table->object = r->first;
	r->first = table;
	r->count++;
}

struct removal {
	uaddr_t start, end, floor, ceiling;
	struct removed_tables *removed;
};

/* Looks at the entries of a table of the given level (> 1) that begins at base. */
static void remove_level(const struct removal *m, struct page *table, unsigned level, uaddr_t base)
{
	uint64_t size = mmu_level_size(level);
	uaddr_t low = max(base, align_down(m->start, size));
	uaddr_t high = min(base + size * MMU_ENTRIES, m->end);
	pte_t *entries = page_address(table);

	for (uaddr_t at = low; at < high; at += size) {
		pte_t e = pte_load(&entries[mmu_index(at, level)]);

		if (pte_none(e))
			continue;
		if (at < m->floor || at + size > m->ceiling) {
			if (level > 2)
				remove_level(m, phys_to_page(pte_paddr(e)), level - 1, at);
			continue;
		}
		table_lock(table);
		pte_store(&entries[mmu_index(at, level)], 0);
		table->mappings--;
		table_unlock(table);
		collect(m->removed, phys_to_page(pte_paddr(e)), level - 1);
	}
}

void tables_remove(struct tlb_batch *b, uaddr_t start, uaddr_t end, uaddr_t floor, uaddr_t ceiling)
{
	struct space *s = b->space;
	struct removal m = { start, end, floor, ceiling, NULL };

	assert(mutex_held(&s->lock));
	if (align_up(floor, TABLE_SPAN) + TABLE_SPAN > ceiling)
		return;
	m.removed = kzalloc(sizeof(*m.removed), ALLOC_KERNEL);
	if (!m.removed)
		return; /* they stay until the end of the space */
	remove_level(&m, phys_to_page(s->mmu.root), mmu_levels(), 0);
	if (!m.removed->first) {
		kfree(m.removed);
		return;
	}
	atomic_sub(&s->count.tables, m.removed->count);
	tlb_batch_add(b, start); /* if only for the tables that the processor remembers */
	b->tables = true;
	tlb_batch_flush(b);
	rcu_call(&m.removed->rcu, removed_free);
}

/* A page of a space that is gone: nobody else can reach it by this entry. */
static inline void drop_page(pte_t e)
{
	struct page *page;

	if (pte_special(e))
		return;
	page = phys_to_page(pte_paddr(e));
	if ((page->flags & PAGE_ANON) && atomic_load(&page->refs) == 1) {
		page->mappings = 0;
		page->flags = 0;
		page->object = NULL;
		frame_free(page, 0);
		return;
	}
	atomic_dec(&page->mappings);
	page_put(page);
}

static void free_after_grace(struct rcu_head *h)
{
	memset(h, 0, sizeof(*h));
	table_free(virt_to_page(h));
}

/*
 * The table is empty and nobody's. If other spaces had it, a walker in one of
 * them may still stand on it; it finds that the table is not its own.
 */
static inline void table_retire(struct page *table)
{
	if (likely(!(table->flags & PAGE_SHARED)))
		table_free(table);
	else
		rcu_call(page_address(table), free_after_grace);
}

void table_put(struct page *table)
{
	pte_t *entry = page_address(table), *end = entry + MMU_ENTRIES;

	if (atomic_sub_return(&table->refs, 1) > 0)
		return;
	table->refs = 1; /* as frames are freed */
	for (; table->mappings; table->mappings--, entry++) {
		entry = table_next_used(entry, end);
		drop_page(*entry);
		*entry = 0;
	}
	table_retire(table);
}

static void destroy_level(paddr_t pa, unsigned level)
{
	struct page *table = phys_to_page(pa);
	pte_t *entry = phys_to_virt(pa), *end = entry + MMU_ENTRIES;

	for (uint32_t left = table->mappings; left; left--, entry++) {
		entry = table_next_used(entry, end);
		assert(level == 1 || pte_table(*entry)); /* large pages went before */
		if (level == 1)
			drop_page(*entry);
		else if (level == 2 && unlikely(!pte_writable(*entry)))
			table_put(phys_to_page(pte_paddr(*entry)));
		else
			destroy_level(pte_paddr(*entry), level - 1);
		*entry = 0;
	}
	if (level < mmu_levels())
		table_retire(table);
}

void tables_destroy(struct space *s)
{
	struct page *root = phys_to_page(s->mmu.root);

	destroy_level(s->mmu.root, mmu_levels());
	root->mappings = 0;
	frame_free(root, 0); /* its kernel half is not empty */
	s->mmu.root = 0;
}
