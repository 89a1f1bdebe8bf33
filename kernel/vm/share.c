/* SPDX-License-Identifier: MIT */
/*
 * Page-table pages that fork shares.
 *
 * Idea. Most children end, or become another program, before they or their
 * parent have touched much of what they had in common. So fork does not copy
 * the entries of large areas: the child's upper table points to the parent's
 * table, and both do so read-only. What the table's own entries permit stays as
 * it is, since the processor takes the lesser of the two. The first write by
 * either side faults and unshares: the writer gets a copy of the table, in which
 * (as in the original) every entry is read-only and every page counts one
 * reference more; then the page is copied as ever. If by then nobody else has
 * the table, its upper entry is made writable again, and that is all.
 *
 * What is shared: tables of level 1 whose whole range lies in one private area
 * without an object. So truncation, which comes from an object to its areas,
 * never meets a shared table, and zeros are the only uncounted entries in one.
 * Private file pages are left out on purpose: the child finds them by faulting,
 * as it always did.
 *
 * Words. "T" is a level-1 table, "U" an upper entry that points to it, in a table of
 * level 2 of some space. A space "has" T if one of its U's does. In T's struct page:
 *   refs      the spaces that have T, and those that let it go but have not flushed yet
 *   object    the space that owns T, or NULL
 *   mappings  entries in use      index   those of them that are special
 *
 * The rules.
 *  1. T->object == S if and only if S alone has T, refs is 1, and S's U is writable.
 *     Otherwise T->object is NULL, and every U that points to T is read-only.
 *  2. Entries of T change only under T's lock, and only by its owner: whoever has
 *     locked T looks at T->object before it changes anything (table_owned), and if
 *     it is not its own space, unlocks, calls table_own(), and begins again from
 *     the root. The one exception is a copier (rule 5), which takes write
 *     permission away. So the entries of a shared T can be read by anyone who has
 *     it, with or without its lock.
 *  3. A U changes under the lock of the upper table it is in. That lock is taken
 *     before T's, never while T's is held.
 *  4. Share (fork; the parent's space lock is held, and the parent has T): T locked:
 *     refs + 1; if T had an owner: object = NULL, the parent's U read-only. The child's
 *     U is written read-only; nobody else sees the child yet, but for who splits a large
 *     page that it was given before, and who then sees to the child's U himself: T is
 *     not shared where the child has something already. Before fork returns, the
 *     parent's processors forget their translations, some of which still permit
 *     writing: until then they write to pages that both sides see, as if
 *     the write had come before the fork.
 *  5. Own (table_own: a fault, or an operation that is about to change entries): the
 *     upper table locked, then U read again: absent or writable: nothing to do. Else T
 *     locked. If refs is 1: object = S, U writable. If refs is more: the copy N gets
 *     T's entries; both lose write permission, the page of each gets a reference and a
 *     mapping; N->object = S, and U points to N, writable. Unlock both; S's processors
 *     flush T's range (they may remember T as a table); and only then T is put.
 *  6. Drop (munmap and the like, of T's whole range; the space lock is held): the upper
 *     table and T locked, U cleared; after the flush T is put. At the exit of a
 *     space, when no processor has it loaded, just put.
 *  7. Put: refs - 1 without a lock. Who brings it to 0 is alone: it drops the pages, and
 *     frees T a grace period later, since a walker (under RCU) of any space that had T
 *     may still stand on it. That walker finds, with T locked, that T is not owned
 *     by its space. refs grows only by rule 4, through a space that has T, so
 *     one who has T and sees refs == 1 under T's lock stays alone until it unlocks.
 *  8. An operation that changes a part of T's range, or the protection or place of
 *     any of it, owns T first (tables_own, tables_own_edges), with the space lock
 *     held, so that no fork shares it again before the operation is through. That is
 *     where memory may be missing; so it comes before the operation's point of no return.
 *  9. A page of a shared T is nobody's alone, even if its count is 1: the count tells who is
 *     exclusive (entry_is_exclusive) only in a table that is owned.
 *
 * rss: each space that has T counts T's pages in full, as Linux does for pages;
 * page->mappings counts entries, so those of a shared T once.
 */
#include "lib/errno.h"
#include "vm/areas.h"
#include "vm/huge.h"
#include "vm/pagetable.h"
#include "vm/tlb.h"

static uint64_t counted_pages(const struct page *table)
{
	return table->mappings - table->index;
}

/* Rule 4. The parent's upper table is locked. */
static void share_one(struct table_sharing *t, pte_t *from, pte_t *to)
{
	pte_t e = pte_load(from);
	struct page *table = phys_to_page(pte_paddr(e));

	table_lock(table);
	__atomic_fetch_add(&table->refs, 1, __ATOMIC_RELAXED);
	t->pages += counted_pages(table);
	if (table->object) {
		assert(table->object == t->parent);
		table->object = NULL;
		table->flags |= PAGE_SHARED;
		e = pte_wrprotect(e);
		pte_store(from, e);
		atomic_inc(&t->parent->count.shared);
		t->protected = true;
	}
	table_unlock(table);
	pte_store(to, e);
}

int tables_share(struct table_sharing *t, uaddr_t *addr, uaddr_t end)
{
	struct page *upper = table_find_level(t->parent, *addr, 2), *to = table_make_level(t->child, *addr, 2);
	uaddr_t border = align_down(*addr, TABLE_SPAN * MMU_ENTRIES) + TABLE_SPAN * MMU_ENTRIES;
	pte_t *src = table_upper_entry(upper, *addr), *dst;
	uint32_t count = 0;

	if (!to)
		return -ENOMEM;
	dst = table_upper_entry(to, *addr);
	table_lock(upper);
	for (; *addr < border && *addr + TABLE_SPAN <= end; *addr += TABLE_SPAN, src++, dst++) {
		if (!pte_table(pte_load(src)) || !pte_none(pte_load(dst)))
			continue;
		if (!table_worth_sharing(phys_to_page(pte_paddr(*src))))
			break;
		share_one(t, src, dst);
		count++;
	}
	table_unlock(upper);
	to->mappings += count;
	atomic_add(&t->child->count.shared, count); /* who splits a large page counts there too */
	atomic_add(&t->child->count.tables, count);
	return 0;
}

/* Rule 5. Both tables are nobody else's to change: from is locked, to is new. */
static void copy_shared(struct page *from, struct page *to)
{
	pte_t *src = page_address(from), *end = src + MMU_ENTRIES, *dst = page_address(to), *at = src;

	to->mappings = from->mappings;
	to->index = from->index;
	for (uint32_t left = from->mappings; left; left--, at++) {
		pte_t e;

		at = table_next_used(at, end);
		e = pte_load(at);
		if (!pte_special(e)) {
			struct page *page = phys_to_page(pte_paddr(e));

			page_get(page);
			__atomic_fetch_add(&page->mappings, 1, __ATOMIC_RELAXED);
			if (pte_writable(e)) {
				e = pte_wrprotect(e);
				pte_store(at, e);
			}
		}
		pte_store(dst + (at - src), e);
	}
}

/* With the upper table and the shared one locked. True if the shared one must be put after a flush. */
static bool own_locked(struct space *s, pte_t *u, struct page *table, struct page **spare)
{
	struct page *copy = *spare;

	assert(!table->object);
	if (atomic_load_acquire(&table->refs) == 1) {
		table->object = s;
		pte_store(u, pte_mkwrite(pte_load(u)));
		atomic_dec(&s->count.shared);
		return false;
	}
	if (!copy)
		return false;
	copy_shared(table, copy);
	copy->object = s;
	*spare = NULL;
	pte_store(u, pte_make_table(page_to_phys(copy), MMU_USER));
	atomic_dec(&s->count.shared);
	return true;
}

static void flush_table(struct space *s, uaddr_t addr)
{
	struct tlb_batch b;

	tlb_batch_init(&b, s);
	tlb_batch_add(&b, addr);
	tlb_batch_add(&b, addr + TABLE_SPAN - PAGE_SIZE);
	b.tables = true;
	tlb_batch_finish(&b);
}

int table_own(struct space *s, uaddr_t addr, struct page **spare)
{
	struct page *upper, *table;
	bool done = true, copied = false;
	pte_t *u;

	rcu_read_lock();
	upper = table_find_level(s, addr, 2);
	if (!upper)
		goto out;
	u = table_upper_entry(upper, addr);
	table_lock(upper);
	if (pte_table(pte_load(u)) && !pte_writable(pte_load(u))) {
		table = phys_to_page(pte_paddr(pte_load(u)));
		table_lock(table);
		copied = own_locked(s, u, table, spare);
		done = pte_writable(pte_load(u));
		table_unlock(table);
	}
	table_unlock(upper);
	if (copied) {
		flush_table(s, align_down(addr, TABLE_SPAN));
		table_put(table);
	}
out:
	rcu_read_unlock();
	return done ? 0 : -ENOMEM;
}

int tables_own_mixed(struct space *s, uaddr_t start, uaddr_t end)
{
	struct page *table, *spare = NULL;

	assert(mutex_held(&s->lock));
	if (huge_split_range(s, start, end))
		return -ENOMEM;
	for (uaddr_t addr = start; (table = table_next(s, &addr, end)); addr = table_end(addr, end)) {
		while (!table_owned(table, s) && table_own(s, addr, &spare)) {
			spare = table_alloc(ALLOC_KERNEL);
			if (!spare)
				return -ENOMEM;
		}
	}
	if (spare)
		table_free(spare);
	return 0;
}

int tables_own_edges_mixed(struct space *s, uaddr_t start, uaddr_t end)
{
	int error = 0;

	if (!is_aligned(start, TABLE_SPAN))
		error = tables_own(s, start, start + PAGE_SIZE);
	if (!error && !is_aligned(end, TABLE_SPAN))
		error = tables_own(s, end - PAGE_SIZE, end);
	return error;
}

struct page *table_drop(struct space *s, uaddr_t addr, uint64_t *pages)
{
	struct page *upper = table_find_level(s, addr, 2), *table = NULL;
	pte_t *u = table_upper_entry(upper, addr);

	assert(mutex_held(&s->lock));
	table_lock(upper);
	if (pte_table(pte_load(u)) && !pte_writable(pte_load(u))) {
		table = phys_to_page(pte_paddr(pte_load(u)));
		table_lock(table);
		*pages = counted_pages(table);
		pte_store(u, 0);
		upper->mappings--;
		table_unlock(table);
		atomic_dec(&s->count.tables);
		atomic_dec(&s->count.shared);
	}
	table_unlock(upper);
	return table;
}
