/* SPDX-License-Identifier: MIT */
/*
 * Looking at page tables for vm/usage.h. Entries come and go meanwhile: each is
 * looked at with its table locked, and the sum is of no one moment, as on Linux.
 */
#include "vm/usage.h"

#include "vm/areas.h"
#include "vm/huge.h"
#include "vm/pagetable.h"
#include "vm/tlb.h"

/* Bits of an entry of pagemap. */
#define ENTRY_EXCLUSIVE BIT(56)
#define ENTRY_OF_FILE   BIT(61) /* or of shared memory */
#define ENTRY_PRESENT   BIT(63)

struct mapped {                /* one entry: owner */
	pte_t entry;
	const struct page *page; /* the head of a large one */
	uint64_t bytes;
	uint32_t times;          /* that it is mapped; a hint */
};

static bool is_counted(pte_t e)
{
	return !pte_none(e) && !pte_special(e) && phys_to_page(pte_paddr(e)) != zero_page;
}

/* An entry of a level-1 table; of a shared one each space counts. */
static struct mapped describe(const struct page *table, pte_t e)
{
	const struct page *page = phys_to_page(pte_paddr(e));

	return (struct mapped){ e, page, PAGE_SIZE, READ_ONCE(page->mappings) + READ_ONCE(table->refs) - 1 };
}

static struct mapped describe_huge(pte_t e)
{
	const struct page *page = phys_to_page(pte_paddr(e));

	return (struct mapped){ e, page, HUGE_SIZE, huge_times_mapped(page) };
}

static void add(struct area_usage *u, const struct mapped *m, bool locked)
{
	uint64_t times = max(m->times, 1u), share = (m->bytes << USAGE_SHIFT) / times;
	bool dirty = pte_dirty(m->entry) || (READ_ONCE(m->page->flags) & PAGE_DIRTY);

	u->resident += m->bytes;
	u->share[page_rss_kind(m->page)] += share;
	u->share_dirty += dirty ? share : 0;
	u->share_locked += locked ? share : 0;
	*(times > 1 ? dirty ? &u->shared_dirty : &u->shared_clean : dirty ? &u->private_dirty : &u->private_clean) += m->bytes;
	if (pte_young(m->entry) || (READ_ONCE(m->page->flags) & PAGE_REFERENCED))
		u->referenced += m->bytes;
	if (READ_ONCE(m->page->flags) & PAGE_ANON)
		u->anonymous += m->bytes;
	if (m->bytes == HUGE_SIZE)
		u->huge += m->bytes;
}

static void add_table(struct area_usage *u, struct page *table, uaddr_t addr, uaddr_t end, bool locked)
{
	pte_t *p = table_entry(table, addr), *stop = p + ((end - addr) >> PAGE_SHIFT);

	table_lock(table);
	for (; (p = table_next_used(p, stop)) < stop; p++) {
		pte_t e = pte_load(p);

		if (is_counted(e)) {
			struct mapped m = describe(table, e);

			add(u, &m, locked);
		}
	}
	table_unlock(table);
}

/* The tables over [addr, end), each inside an RCU read section of its own: faults replace shared ones. */
#define for_each_table(space, table, addr, end)                                                    \
	for (rcu_read_lock(); ((table) = table_next(space, &(addr), end)) || (rcu_read_unlock(), false); \
	     (addr) = table_end(addr, end), rcu_read_unlock(), rcu_read_lock())

void area_usage_add(const struct area *a, struct area_usage *u)
{
	bool locked = a->flags & AREA_LOCKED;
	uaddr_t addr = a->start;
	struct page *table;
	pte_t large;

	for_each_table(a->space, table, addr, a->end)
		add_table(u, table, addr, table_end(addr, a->end), locked);
	for (addr = a->start; huge_look(a->space, &addr, a->end, &large); addr += HUGE_SIZE) {
		struct mapped m = describe_huge(large);

		add(u, &m, locked);
	}
}

/* ---- pagemap ------------------------------------------------------------------------------ */

static uint64_t page_entry(const struct mapped *m, uint64_t part, bool frames)
{
	uint64_t entry = ENTRY_PRESENT | (frames ? page_to_pfn(m->page) + part : 0);

	if (!is_counted(m->entry))
		return entry;
	return entry | (READ_ONCE(m->page->flags) & PAGE_ANON ? 0 : ENTRY_OF_FILE) | (m->times == 1 ? ENTRY_EXCLUSIVE : 0);
}

static void table_entries(struct page *table, uaddr_t addr, size_t n, uint64_t *out, bool frames)
{
	pte_t *p = table_entry(table, addr);

	table_lock(table);
	for (size_t i = 0; i < n; i++) {
		pte_t e = pte_load(&p[i]);
		struct mapped m = describe(table, e);

		if (pte_present(e))
			out[i] = page_entry(&m, 0, frames);
	}
	table_unlock(table);
}

static void huge_entries(const struct mapped *m, uaddr_t addr, size_t n, uint64_t *out, bool frames)
{
	uint64_t first = addr % HUGE_SIZE / PAGE_SIZE;

	for (size_t i = 0; i < n; i++)
		out[i] = page_entry(m, first + i, frames);
}

void space_page_entries(struct space *s, uaddr_t addr, size_t n, uint64_t *out, bool frames)
{
	MUTEX_GUARD(&s->lock);
	for (size_t i = 0; i < n; i++)
		out[i] = 0;
	while (n) {
		size_t part = min((table_end(addr, UINT64_MAX) - addr) / PAGE_SIZE, n);
		uaddr_t at = align_down(addr, HUGE_SIZE);
		struct page *table;
		pte_t large;

		rcu_read_lock();
		table = table_find(s, addr);
		if (table) {
			table_entries(table, addr, part, out, frames);
		} else if (huge_look(s, &at, at + HUGE_SIZE, &large)) {
			struct mapped m = describe_huge(large);

			huge_entries(&m, addr, part, out, frames);
		}
		rcu_read_unlock();
		addr += part * PAGE_SIZE;
		out += part;
		n -= part;
	}
}

/* ---- clear_refs --------------------------------------------------------------------------- */

/* A shared table shows the use of all its spaces, and is left as it is. */
static void forget_table(struct tlb_batch *b, struct page *table, uaddr_t addr, uaddr_t end)
{
	pte_t *first = table_entry(table, addr), *stop = first + ((end - addr) >> PAGE_SHIFT), *p = first;

	table_lock(table);
	for (; table_owned(table, b->space) && (p = table_next_used(p, stop)) < stop; p++) {
		pte_t e = pte_load(p);

		while (pte_young(e) && !pte_compare_exchange(p, e, pte_mkold(e)))
			e = pte_load(p); /* the processor set a bit */
		tlb_batch_add(b, addr + ((uaddr_t)(p - first) << PAGE_SHIFT));
	}
	table_unlock(table);
}

void area_forget_use(const struct area *a)
{
	uaddr_t addr = a->start;
	struct tlb_batch b;
	struct page *table;

	tlb_batch_init(&b, a->space);
	for_each_table(a->space, table, addr, a->end)
		forget_table(&b, table, addr, table_end(addr, a->end));
	huge_forget_use(&b, a->start, a->end);
	tlb_batch_finish(&b);
}

void space_forget_peak(struct space *s)
{
	atomic_store(&s->count.peak, 0);
}
