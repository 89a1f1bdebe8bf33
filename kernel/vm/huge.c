/* SPDX-License-Identifier: MIT */
/*
 * Large pages of anonymous memory (2 MiB), without the program's asking for them.
 *
 * Idea. The first write into an aligned range of 2 MiB that lies in one private
 * area without an object, and that has no table yet, gets 512 frames that were
 * allocated together, zeroed, and entered by one entry of level 2. Fork shares
 * that entry, read-only on both sides. Whoever needs a part of it splits it: then
 * it is 512 ordinary pages in a level-1 table, and everything else in vm/ sees
 * only those. So nothing outside this file handles a part of a large page.
 *
 * Counting. Each large page has a count of the entries of level 2 that map it, and there are no
 * other references. (Who would read or write the memory of another space has it split first.)
 * These counts lie side by side, not in the struct pages, which are 16 KiB apart: fork and exit beside
 * much memory do little else than count, and missed cache and TLB at every step. The struct page of the
 * head has one reference and no mapping; its object and index are as for small pages. The rest are
 * tails and not looked at.
 *
 * Splitting when other spaces map it too. All that do are in the family's
 * tree of areas. The family is locked, so that nobody can begin to map it (fork
 * takes that lock too, around the copying of entries); a table T is filled and kept locked; then
 * each entry that maps the large page, wherever it is, is replaced by a pointer
 * to T, read-only: T is a shared table by the rules of share.c, and each space's
 * reference on the large page becomes one on T. When the last is replaced
 * nothing refers to the large page, and it falls apart into single frames, each
 * with the one reference that T's entry holds. Only then T is unlocked. Meanwhile the
 * splitter has a reference of its own, so that none of the others takes itself for the only one.
 *
 * Order of locks: family, upper table, level-1 table. A splitter holds T while it takes the upper
 * tables of other spaces; those who wait for T hold the upper table of a space
 * that is done with already, so it comes to no circle as long as that is not locked again:
 * its own areas, and two areas of a space one of which is dead, lead the splitter to it once
 * more (is_entered). Different families have nothing in common.
 *
 * Large pages are taken out, flushed and put with the upper table locked all along,
 * so a count never runs ahead of its entries. At the end of a space that is done before the
 * areas leave the family. mremap splits; mprotect too.
 *
 * Frugality. The policy is Linux's default on Debian, "always": who writes one byte
 * of an area of 2 MiB most often writes more of it, and a fault then costs a fraction of
 * 512. But a large page is only taken while a quarter of all memory stays free, so
 * that it never causes the shortage that it would be blamed for; "madvise" and "never" can
 * be had by the word transparent_hugepage=. A page that is only read is small. Nothing is ever joined
 * into a large page afterwards.
 */
#include "vm/huge.h"

#include "base/cmdline.h"
#include "base/percpu.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/vmap.h"
#include "vm/event.h"
#include "vm/tlb.h"
#include "vm/usage.h"

static_assert(HUGE_SIZE == TABLE_SPAN, "a large page takes the place of a table");

/* For each 2 MiB of memory: entries that map it as a large page; and a splitter. */
static uint32_t *uses; /* the pointer: immutable after boot; the counts: atomic */

#define ZAP_RUN 32UL /* taken out at a time: freeing one writes 511 struct pages, with preemption off */

static enum { ALWAYS, ADVISED, NEVER } policy; /* immutable after boot */
static PERCPU(int64_t, huge_pages);

static const char *const policy_name[] = { "always", "madvise", "never" };

void huge_init(void)
{
	const char *word = cmdline_get("transparent_hugepage");

	uses = vmap_alloc(div_round_up(pfn_end(), HUGE_PAGES) * sizeof(*uses), ALLOC_KERNEL | ALLOC_ZERO);
	if (!uses)
		panic("no memory for the counts of large pages");
	for (unsigned i = 0; word && i < ARRAY_SIZE(policy_name); i++)
		if (!strcmp(word, policy_name[i]))
			policy = i;
}

const char *vm_huge_policy(void)
{
	return policy_name[policy];
}

uint64_t vm_huge_pages(void)
{
	int64_t sum = 0;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		sum += READ_ONCE(*percpu_of(huge_pages, cpu));
	return sum > 0 ? (uint64_t)sum * HUGE_PAGES : 0;
}

static inline uint32_t *uses_of(const struct page *huge)
{
	return &uses[page_to_pfn(huge) / HUGE_PAGES];
}

unsigned huge_times_mapped(const struct page *huge)
{
	return atomic_load(uses_of(huge));
}

static inline bool maps_large(pte_t e)
{
	return pte_present(e) && pte_large(e);
}

/* The entry of level 2 over addr, and the table it is in; NULL if there is none. RCU or the space's lock. */
static pte_t *find_entry(const struct space *s, uaddr_t addr, struct page **upper)
{
	*upper = table_find_level(s, addr, 2);
	return *upper ? table_upper_entry(*upper, addr) : NULL;
}

bool huge_mapped(const struct space *s, uaddr_t addr)
{
	struct page *upper;
	pte_t *u = find_entry(s, addr, &upper);

	return u && maps_large(pte_load(u));
}

/* The first large page at or after *addr and below end; *addr moves there. The same. */
static pte_t *huge_next(const struct space *s, uaddr_t *addr, uaddr_t end, struct page **upper)
{
	if (!atomic_load(&s->count.huge))
		return NULL;
	while ((*upper = table_next_upper(s, addr, end))) {
		pte_t *u = table_upper_entry(*upper, *addr);
		uaddr_t stop = min(table_upper_end(*addr), end);

		for (; *addr < stop; *addr += HUGE_SIZE, u++)
			if (maps_large(pte_load(u)))
				return u;
	}
	return NULL;
}

/*
 * A fault that saw an area alive which is dead now, or did not see yet that areas are being changed,
 * has entered its large page when this returns: it looks and enters with the upper table locked.
 */
static void wait_for_faults(struct space *s, uaddr_t addr, uaddr_t end)
{
	struct page *upper;

	for (; (upper = table_next_upper(s, &addr, end)); addr = table_upper_end(addr)) {
		table_lock(upper);
		table_unlock(upper);
	}
}

/* An entry that mapped it is gone, and forgotten by all processors. */
static void put(struct page *huge)
{
	if (atomic_sub_return(uses_of(huge), 1) > 0)
		return;
	cpu_local_add(huge_pages, -1);
	frame_free(huge, HUGE_ORDER);
}

/* ---- faults ------------------------------------------------------------------ */

static inline bool is_for_huge(const struct area *a)
{
	return !a->object && !(a->flags & (AREA_SHARED | AREA_SPECIAL | AREA_NOHUGE | AREA_GROWSDOWN)) &&
	       policy != NEVER && (policy != ADVISED || (a->flags & AREA_HUGE)) && !READ_ONCE(a->space->no_huge);
}

bool area_may_be_huge(const struct area *a)
{
	return is_for_huge(a) && align_up(a->start, HUGE_SIZE) + HUGE_SIZE <= a->end;
}

static bool is_wanted(const struct fault *f, const struct area *a)
{
	uaddr_t base = align_down(f->addr, HUGE_SIZE);

	if (f->access != FAULT_WRITE || f->no_huge || base < a->start || base + HUGE_SIZE > a->end ||
	    !(a->flags & AREA_WRITE) || !is_for_huge(a))
		return false;
	return f->huge || frame_plenty(HUGE_ORDER);
}

/* Upper table locked, entry absent. */
static void enter(struct fault *f, struct area *a, struct page *upper, pte_t *u)
{
	struct page *huge = f->huge;
	pte_t e = pte_make_large(page_to_phys(huge), area_prot(a));

	f->huge = NULL;
	huge->object = f->space->family;
	huge->index = area_index(a, align_down(f->addr, HUGE_SIZE));
	atomic_store(uses_of(huge), 1);
	huge->flags = PAGE_HEAD | PAGE_ANON | PAGE_SWAPBACKED | PAGE_UPTODATE;
	upper->mappings++;
	pte_store(u, pte_mkdirty(pte_mkyoung(e)));
	space_count(f->space, RSS_ANON, HUGE_PAGES);
	cpu_local_add(huge_pages, 1);
	vm_event(VM_EVENT_HUGE_FAULT);
}

static int try_enter(struct fault *f, struct area *a)
{
	struct page *upper;
	int error = 0;
	pte_t *u;

	if (!f->huge)
		return fault_needs(f, NEED_HUGE);
	upper = table_make_upper(f->space, a, f->addr, &f->spare);
	if (!upper)
		return area_alive(a) ? fault_needs(f, NEED_TABLE) : fault_area_gone(f, a);
	if (!a->anon)
		area_link_family(a);
	u = table_upper_entry(upper, f->addr);
	atomic_inc(&f->space->count.huge); /* before we look whether the area may change: see edit_begin() */
	table_lock(upper);
	if (!area_alive(a))
		error = fault_area_gone(f, a);
	else if (pte_none(pte_load(u)) && !atomic_load(&f->space->editing))
		enter(f, a, upper, u);
	else
		error = fault_needs(f, NEED_NOTHING);
	table_unlock(upper);
	f->no_huge = error;
	if (error)
		atomic_dec(&f->space->count.huge);
	return error;
}

/* A write to a large page that is entered read-only: it is shared, or was once. */
static int try_write(struct fault *f, struct area *a, struct page *upper, pte_t *u)
{
	int error = 0;
	pte_t e;

	table_lock(upper);
	e = pte_load(u);
	if (!area_alive(a))
		error = fault_area_gone(f, a);
	else if (!maps_large(e) || pte_writable(e))
		error = fault_needs(f, NEED_NOTHING);
	else if ((a->flags & AREA_WRITE) && atomic_load_acquire(uses_of(phys_to_page(pte_paddr(e)))) == 1)
		pte_store(u, pte_mkdirty(pte_mkyoung(pte_mkwrite(e))));
	else
		error = fault_needs(f, NEED_SPLIT);
	table_unlock(upper);
	return error;
}

int huge_try(struct fault *f, struct area *a)
{
	struct page *upper;
	pte_t *u = find_entry(f->space, f->addr, &upper), e = u ? pte_load(u) : 0;

	if (maps_large(e))
		return f->access == FAULT_WRITE && !pte_writable(e) ? try_write(f, a, upper, u) : 0;
	if (pte_none(e) && is_wanted(f, a))
		return try_enter(f, a);
	return 1;
}

/* Zeroed with preemption on: it takes long. */
void huge_get(struct fault *f)
{
	f->huge = frame_alloc(HUGE_ORDER, ALLOC_NOWAIT | ALLOC_USER);
	f->no_huge = !f->huge;
	if (f->huge)
		memset(page_address(f->huge), 0, HUGE_SIZE);
}

void huge_give_back(struct page *huge)
{
	frame_free(huge, HUGE_ORDER);
}

/* ---- splitting --------------------------------------------------------------- */

/* The frames of a large page that nothing refers to become small pages, each mapped once, by a table. */
static void fall_apart(struct page *huge)
{
	struct anon_family *family = huge->object;
	uint64_t index = huge->index;

	frame_split(huge);
	for (unsigned i = 0; i < HUGE_PAGES; i++) {
		huge[i].object = family;
		huge[i].index = index + i;
		huge[i].mappings = 1;
		huge[i].flags = PAGE_ANON | PAGE_SWAPBACKED | PAGE_UPTODATE;
	}
	cpu_local_add(huge_pages, -1);
	vm_event(VM_EVENT_HUGE_SPLIT);
}

static void fill_table(struct page *table, pte_t large)
{
	pte_t *entry = page_address(table), e = pte_make(pte_paddr(large), pte_prot(large));

	if (pte_dirty(large))
		e = pte_mkdirty(e);
	if (pte_young(large))
		e = pte_mkyoung(e);
	for (unsigned i = 0; i < HUGE_PAGES; i++)
		entry[i] = e + i * PAGE_SIZE;
	table->mappings = HUGE_PAGES;
	table->index = 0;
}

/* Puts the table in the place of the large page in one space, whose upper table is locked. */
static void replace(struct space *s, struct page *huge, pte_t *u, struct page *table, bool shared)
{
	pte_t e = pte_make_table(page_to_phys(table), MMU_USER);

	pte_store(u, shared ? pte_wrprotect(e) : e);
	atomic_dec(uses_of(huge));
	atomic_dec(&s->count.huge);
	atomic_inc(&s->count.tables);
	if (shared)
		atomic_inc(&s->count.shared);
}

static void flush(struct space *s, uaddr_t addr)
{
	addr = align_down(addr, HUGE_SIZE);
	tlb_flush_range(s, addr, addr + HUGE_SIZE);
}

/* Once it is, with the table locked nobody takes it out again: upper tables that lead to it need not be locked. */
static bool is_entered(pte_t e, const struct page *table)
{
	return pte_table(e) && phys_to_page(pte_paddr(e)) == table;
}

/* Replaces it in the space of an area that may show it. Family locked. */
static void split_in_area(const struct area *a, struct page *huge, struct page *table)
{
	uaddr_t addr = a->start + ((huge->index - a->page_offset) << PAGE_SHIFT);
	struct page *upper;
	bool found = false;
	pte_t *u;

	if (huge->index < a->page_offset || !is_aligned(addr, HUGE_SIZE))
		return;
	u = find_entry(a->space, addr, &upper);
	if (!u || is_entered(pte_load(u), table))
		return;
	table_lock(upper);
	if (maps_large(pte_load(u)) && phys_to_page(pte_paddr(pte_load(u))) == huge) {
		table->refs++;
		replace(a->space, huge, u, table, true);
		found = true;
	}
	table_unlock(upper);
	if (found)
		flush(a->space, addr);
}

/* The other spaces that map it. Family and table locked; the splitter has a reference. */
static void split_elsewhere(struct anon_family *family, struct page *huge, struct page *table)
{
	uint64_t first = huge->index, last = first + HUGE_PAGES - 1;
	struct interval *i;

	for (i = interval_first(&family->areas, first, last); i && atomic_load(uses_of(huge)) > 1; i = interval_next(i, first, last))
		split_in_area(container_of(i, struct area, anon_node), huge, table);
}

/* Family and upper table locked; the latter is unlocked. */
static void split_locked(struct space *s, uaddr_t addr, struct page *upper, pte_t *u, struct page *table)
{
	pte_t large = pte_load(u);
	struct page *huge = phys_to_page(pte_paddr(large));
	bool shared = atomic_load_acquire(uses_of(huge)) > 1;

	assert(!shared || !pte_writable(large));
	atomic_inc(uses_of(huge)); /* for ourselves: no other space sees itself alone, or is the last */
	table_lock(table);
	fill_table(table, large);
	table->object = shared ? NULL : s;
	if (shared)
		table->flags |= PAGE_SHARED;
	replace(s, huge, u, table, shared);
	table_unlock(upper);
	flush(s, addr);
	if (shared)
		split_elsewhere(s->family, huge, table);
	assert(*uses_of(huge) == 1);
	fall_apart(huge);
	table_unlock(table);
}

int huge_split(struct space *s, uaddr_t addr, struct page **spare)
{
	struct page *upper;
	int error = 0;
	pte_t *u;

	spin_lock(&s->family->lock);
	u = find_entry(s, addr, &upper);
	if (u) {
		table_lock(upper);
		if (!maps_large(pte_load(u))) {
			table_unlock(upper);
		} else if (!*spare) {
			table_unlock(upper);
			error = -ENOMEM;
		} else {
			split_locked(s, addr, upper, u, *spare);
			*spare = NULL;
		}
	}
	spin_unlock(&s->family->lock);
	return error;
}

int huge_split_range(struct space *s, uaddr_t start, uaddr_t end)
{
	struct page *spare = NULL, *upper;
	uaddr_t addr = align_down(start, HUGE_SIZE);

	assert(mutex_held(&s->lock));
	wait_for_faults(s, addr, end);
	while (huge_next(s, &addr, end, &upper)) {
		spare = table_alloc(ALLOC_KERNEL);
		if (!spare)
			return -ENOMEM;
		(void)huge_split(s, addr, &spare);
		if (spare)
			table_free(spare);
		addr += HUGE_SIZE;
	}
	return 0;
}

/* ---- fork, and taking out ----------------------------------------------------- */

/* Both upper tables' entries for one table of level 2 from addr on. Family and the parent's table locked. */
static uint32_t share_run(pte_t *src, pte_t *dst, size_t n, bool *protected)
{
	uint32_t count = 0;

	for (; n; n--, src++, dst++) {
		pte_t e = pte_load(src);

		if (!maps_large(e))
			continue;
		atomic_inc(uses_of(phys_to_page(pte_paddr(e))));
		if (pte_writable(e)) {
			e = pte_wrprotect(pte_exchange(src, pte_wrprotect(e)));
			pte_store(src, e);
			*protected = true;
		}
		pte_store(dst, e);
		count++;
	}
	return count;
}

int huge_share(struct space *parent, struct space *child, const struct area *a, uint64_t *pages, bool *protected)
{
	uaddr_t addr = align_up(a->start, HUGE_SIZE), last = align_down(a->end, HUGE_SIZE);

	struct page *from, *to;

	while (huge_next(parent, &addr, last, &from)) {
		uaddr_t stop = min(table_upper_end(addr), last);
		uint32_t count;

		to = table_make_level(child, addr, 2);
		if (!to)
			return -ENOMEM;
		spin_lock(&parent->family->lock);
		table_lock(from);
		count = share_run(table_upper_entry(from, addr), table_upper_entry(to, addr), (stop - addr) / HUGE_SIZE,
				  protected);
		table_unlock(from);
		spin_unlock(&parent->family->lock);
		to->mappings += count;
		atomic_add(&child->count.huge, count); /* another may be splitting some by now */
		*pages += count * HUGE_PAGES;
		addr = stop;
	}
	return 0;
}

/*
 * Those of n entries that are still there go; returns how many. The lock that is held all
 * the while makes them one to who splits one of them: see the head of this file.
 */
static unsigned zap_run(struct space *s, uaddr_t addr, struct page *upper, pte_t *u, size_t n)
{
	struct page *huge[ZAP_RUN];
	unsigned count = 0;

	table_lock(upper);
	for (pte_t *end = u + n; u < end; u++) {
		pte_t e = pte_load(u);

		if (!maps_large(e))
			continue;
		pte_store(u, 0);
		huge[count++] = phys_to_page(pte_paddr(e));
	}
	if (count) {
		upper->mappings -= count;
		atomic_sub(&s->count.huge, count);
		tlb_flush_range(s, addr, addr + n * HUGE_SIZE);
	}
	for (unsigned i = 0; i < count; i++)
		put(huge[i]);
	table_unlock(upper);
	return count;
}

uint64_t huge_zap(struct space *s, uaddr_t start, uaddr_t end)
{
	uaddr_t addr = align_up(start, HUGE_SIZE), last = align_down(end, HUGE_SIZE);
	struct page *upper;
	uint64_t pages = 0;
	pte_t *u;

	wait_for_faults(s, addr, last);
	while ((u = huge_next(s, &addr, last, &upper))) {
		size_t n = min((min(table_upper_end(addr), last) - addr) / HUGE_SIZE, ZAP_RUN);

		pages += zap_run(s, addr, upper, u, n) * HUGE_PAGES;
		addr += n * HUGE_SIZE;
	}
	return pages;
}

/* ---- looking ------------------------------------------------------------------ */

bool huge_look(const struct space *s, uaddr_t *addr, uaddr_t end, pte_t *entry)
{
	struct page *upper;
	pte_t *u;

	*addr = align_up(*addr, HUGE_SIZE);
	for (; (u = huge_next(s, addr, end, &upper)); *addr += HUGE_SIZE) {
		*entry = pte_load(u);
		if (maps_large(*entry))
			return true;
	}
	return false;
}

void huge_forget_use(struct tlb_batch *b, uaddr_t start, uaddr_t end)
{
	uaddr_t addr = align_up(start, HUGE_SIZE);
	struct page *upper;
	pte_t *u;

	for (; (u = huge_next(b->space, &addr, end, &upper)); addr += HUGE_SIZE) {
		table_lock(upper);
		pte_t e = pte_load(u);

		while (maps_large(e) && pte_young(e) && !pte_compare_exchange(u, e, pte_mkold(e)))
			e = pte_load(u);
		table_unlock(upper);
		tlb_batch_add(b, addr);
	}
}
