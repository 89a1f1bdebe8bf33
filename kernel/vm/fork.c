/* SPDX-License-Identifier: MIT */
/*
 * Copying an address space for fork. Areas are copied, objects shared. Full tables of
 * large anonymous areas are shared (share.c). Other entries are copied, and only where the child could not get them by faulting: private
 * areas that have private pages. Both tables are locked, both entries end up
 * write-protected, and the page gets one more reference and mapping. Other
 * threads of the parent may fault meanwhile; each table is copied as it is at
 * one moment. The parent's TLB is flushed once, at the end.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "vm/areas.h"
#include "vm/huge.h"
#include "vm/pagetable.h"
#include "vm/tlb.h"

struct fork {
	struct space *parent, *child;
	struct tlb_batch flush;   /* what was write-protected in the parent */
	uint64_t copied;          /* private pages */
	bool alone;               /* no other thread runs in the parent: entries change only here */
};

/* Write-protects the parent's entry, whose dirty bit the processor may set at the same time. */
static pte_t protect_entry(struct fork *f, pte_t *p, pte_t e, uaddr_t addr)
{
	if (!pte_writable(e))
		return e;
	if (!f->alone)
		e = pte_exchange(p, pte_wrprotect(e));
	e = pte_wrprotect(e);
	pte_store(p, e);
	tlb_batch_add(&f->flush, addr);
	return e;
}

/* Entries of [addr, end) in one pair of tables, both locked. */
static void copy_entries(struct fork *f, struct page *from, struct page *to, uaddr_t addr, uaddr_t end)
{
	pte_t *first = table_entry(from, addr), *stop = first + ((end - addr) >> PAGE_SHIFT), *src = first;
	pte_t *to_first = table_entry(to, addr);
	uint32_t left = from->mappings, count = 0, copied = 0;

	for (; left && (src = table_next_used(src, stop)) < stop; src++, left--) {
		pte_t e = pte_load(src);

		if (!pte_special(e)) {
			struct page *page = phys_to_page(pte_paddr(e));

			if (!(page->flags & PAGE_ANON))
				continue; /* the child finds it in the object */
			page_get(page);
			__atomic_fetch_add(&page->mappings, 1, __ATOMIC_RELAXED);
			e = protect_entry(f, src, e, addr + ((uaddr_t)(src - first) << PAGE_SHIFT));
			copied++;
		}
		pte_store(to_first + (src - first), e);
		count++;
	}
	to->mappings += count;
	to->index += count - copied;
	f->copied += copied;
}

static int copy_table(struct fork *f, struct page *from, uaddr_t addr, uaddr_t end)
{
	struct page *to = table_make_level(f->child, addr, 1);

	if (!to)
		return -ENOMEM;
	table_lock_two(from, to);
	copy_entries(f, from, to, addr, end);
	table_unlock_two(from, to);
	return 0;
}

/* Tables from *addr on, which then moves up to the first that is not shared. */
static int share_tables(struct fork *f, uaddr_t *addr, uaddr_t end)
{
	struct table_sharing t = { .parent = f->parent, .child = f->child };
	uaddr_t first = *addr;
	int error = tables_share(&t, addr, end);

	f->copied += t.pages;
	if (t.protected) {
		tlb_batch_add(&f->flush, first);
		tlb_batch_add(&f->flush, *addr - PAGE_SIZE);
	}
	return error;
}

static int share_huge(struct fork *f, const struct area *a)
{
	bool protected = false;
	int error = huge_share(f->parent, f->child, a, &f->copied, &protected);

	if (protected) {
		tlb_batch_add(&f->flush, a->start);
		tlb_batch_add(&f->flush, a->end - PAGE_SIZE);
	}
	return error;
}

static int copy_tables(struct fork *f, const struct area *a)
{
	uaddr_t addr = a->start;
	struct page *from;
	int error = !a->object && atomic_load(&f->parent->count.huge) ? share_huge(f, a) : 0;

	while (!error && (from = table_next(f->parent, &addr, a->end))) {
		uaddr_t stop = table_end(addr, a->end);

		if (!a->object && stop - addr == TABLE_SPAN && table_worth_sharing(from)) {
			error = share_tables(f, &addr, a->end);
			continue;
		}
		if (READ_ONCE(from->mappings))
			error = copy_table(f, from, addr, stop);
		addr = stop;
	}
	return error;
}

/* The child has the parent's areas in the same order, but for those not to be inherited. */
static int copy_pages(struct fork *f)
{
	struct area_walk child = area_walk_start(&f->child->areas, 0);
	struct area *a, *copy;
	int error = 0;

	area_for_each(&f->parent->areas, a, 0) {
		copy = child.entry.value;
		if (!copy || copy->start != a->start)
			continue;
		area_walk_next(&child);
		if (!atomic_load(&a->anon) || (a->flags & AREA_WIPEONFORK))
			continue;
		area_link_family(copy);
		error = copy_tables(f, a);
		if (error)
			break;
	}
	tlb_batch_finish(&f->flush);
	atomic_add(&f->child->count.rss[RSS_ANON], f->copied);
	return error;
}

static int copy_areas(struct fork *f)
{
	struct space_edit e;
	struct area *a, *copy;
	int error = 0;

	edit_begin(&e, f->child);
	area_for_each(&f->parent->areas, a, 0) {
		if (a->flags & AREA_DONTFORK)
			continue;
		copy = area_clone(a, f->child, a->start, a->end);
		error = -ENOMEM;
		if (!copy)
			break;
		copy->flags &= ~(uint32_t)(AREA_LOCKED | AREA_ON_FAULT);
		error = edit_add(&e, copy);
		if (error)
			break;
	}
	if (!error)
		error = commit_charge_copies(e.delta.account);
	if (error) {
		edit_abort(&e);
		return error;
	}
	edit_commit(&e);
	return 0;
}

static void copy_fields(struct space *to, const struct space *from)
{
	to->mmap_base = from->mmap_base;
	to->barriers = from->barriers;
	to->brk_start = from->brk_start;
	to->brk = from->brk;
	to->stack_top = from->stack_top;
	to->stack_limit = from->stack_limit;
	to->data_limit = from->data_limit;
	to->address_limit = from->address_limit;
	to->code_start = from->code_start;
	to->code_end = from->code_end;
	to->data_start = from->data_start;
	to->data_end = from->data_end;
	to->arg_start = from->arg_start;
	to->arg_end = from->arg_end;
	to->env_start = from->env_start;
	to->env_end = from->env_end;
	memcpy(to->auxv, from->auxv, sizeof(to->auxv));
	to->auxv_words = from->auxv_words;
	to->dumpable = from->dumpable;
	to->no_huge = from->no_huge;
	to->exe = from->exe;
	file_hook_get(to->exe);
}

int space_fork(struct space *parent, struct space **child)
{
	struct fork f = { .parent = parent };
	int error;

	might_sleep();
	f.child = space_create_in(parent->family);
	if (!f.child)
		return -ENOMEM;
	f.alone = refcount_read(&parent->users) == 1 && parent == space_current();
	tlb_batch_init(&f.flush, parent);
	mutex_lock(&parent->lock);
	mutex_lock_nested(&f.child->lock);
	copy_fields(f.child, parent);
	error = copy_areas(&f);
	if (!error)
		error = copy_pages(&f);
	mutex_unlock(&f.child->lock);
	mutex_unlock(&parent->lock);
	if (error)
		space_unuse(f.child);
	else
		*child = f.child;
	return error;
}
