/* SPDX-License-Identifier: MIT */
/*
 * mprotect: other flags for the areas, then other permissions for the entries
 * that exist. An entry gets no more than a fault would give it.
 */
#include "lib/errno.h"
#include "vm/areas.h"
#include "vm/pages.h"
#include "vm/pagetable.h"
#include "vm/tlb.h"
#include <asm/mman.h>

#define PROT_ALL (AREA_READ | AREA_WRITE | AREA_EXEC)

/* Permissions of an area's entries, as entries of no address: with writing, without, and of what nobody counts. */
struct permissions {
	pte_t full, narrow, special;
};

static struct permissions area_permissions(const struct area *a)
{
	unsigned prot = area_prot(a), narrow = prot & ~(unsigned)MMU_WRITE;

	return (struct permissions){ pte_make(0, prot), pte_make(0, narrow), pte_make(0, narrow | MMU_SPECIAL) };
}

static pte_t entry_permissions(const struct permissions *p, const struct area *a, pte_t e)
{
	bool write = false;

	if (pte_special(e))
		return p->special;
	if (a->flags & AREA_WRITE)
		write = a->flags & AREA_SHARED ? object_may_write(a->object, phys_to_page(pte_paddr(e))) :
						 entry_is_exclusive(e);
	return write ? p->full : p->narrow;
}

static void change_table(struct tlb_batch *b, const struct area *a, struct page *table, uaddr_t addr, uaddr_t end)
{
	const struct permissions permissions = area_permissions(a);
	pte_t *p = table_entry(table, addr);

	table_lock(table);
	assert(table_owned(table, a->space));
	for (; addr < end; addr += PAGE_SIZE, p++) {
		pte_t e = pte_load(p), like;

		if (pte_none(e))
			continue;
		like = entry_permissions(&permissions, a, e);
		if (pte_set_prot(e, like) == e)
			continue;
		e = pte_exchange(p, 0); /* with what the processor noted up to now */
		pte_store(p, pte_set_prot(e, like));
		if (pte_permits_less(like, e))
			tlb_batch_add(b, addr);
	}
	table_unlock(table);
}

static void change_entries(struct space *s, uaddr_t start, uaddr_t end)
{
	struct tlb_batch b;
	struct area *a;

	tlb_batch_init(&b, s);
	area_for_each(&s->areas, a, start) {
		uaddr_t addr = max(a->start, start), stop = min(a->end, end);
		struct page *table;

		if (addr >= end)
			break;
		for (; (table = table_next(s, &addr, stop)); addr = table_end(addr, stop))
			change_table(&b, a, table, addr, table_end(addr, stop));
	}
	tlb_batch_finish(&b);
}

static int protect_area(struct space_edit *e, struct area *a, uaddr_t start, uaddr_t end, uint32_t prot)
{
	uint32_t flags = (a->flags & ~(uint32_t)PROT_ALL) | prot;

	static_assert(AREA_MAY_READ == AREA_READ << 4 && AREA_MAY_EXEC == AREA_EXEC << 4, "shifted by four");
	if (prot & ~(a->flags >> 4) & PROT_ALL)
		return -EACCES;
	if ((flags & (AREA_WRITE | AREA_SHARED | AREA_NORESERVE)) == AREA_WRITE)
		flags |= AREA_ACCOUNT;
	return edit_set_flags(e, a, start, end, flags);
}

/*
 * As in Linux, what lies before a hole or a refusal is done: *done is up to where,
 * *stopped why not further.
 */
static int protect_range(struct space_edit *e, uaddr_t start, uaddr_t end, uint32_t prot, uaddr_t *done, int *stopped)
{
	*stopped = 0;
	for (*done = start; *done < end;) {
		struct area *a = edit_find(e, *done);
		uaddr_t next = a ? a->end : 0;
		int error = a ? protect_area(e, a, start, end, prot) : 0;

		if (!a || error == -EACCES) {
			*stopped = a ? error : -ENOMEM;
			return 0;
		}
		if (error)
			return error;
		*done = next;
	}
	return 0;
}

/* PROT_GROWSDOWN: from the start of the stack that lies there on. */
static int extend_down(struct space *s, uaddr_t *start, uaddr_t end)
{
	const struct area *a = area_find(s, *start);

	if (!a || a->start >= end)
		return -ENOMEM;
	if (!(a->flags & AREA_GROWSDOWN))
		return -EINVAL;
	*start = a->start;
	return 0;
}

static int protect_locked(struct space *s, struct space_edit *e, uaddr_t start, uaddr_t end, uint32_t prot)
{
	int error = prot & PROT_GROWSDOWN ? extend_down(s, &start, end) : 0, stopped;
	uaddr_t done;

	edit_begin(e, s);
	if (!error)
		error = protect_range(e, start, end, prot & PROT_ALL, &done, &stopped);
	if (!error)
		error = tables_own(s, start, min(done, end));
	if (!error)
		error = edit_check(e);
	if (error) {
		edit_abort(e);
		return error;
	}
	edit_commit(e);
	change_entries(s, start, min(done, end));
	return stopped;
}

int space_protect(struct space *s, uaddr_t addr, size_t length, uint32_t prot)
{
	struct space_edit e;
	int error;

	might_sleep();
	if (!is_aligned(addr, PAGE_SIZE) || (prot & ~(uint32_t)(PROT_ALL | PROT_GROWSDOWN)))
		return -EINVAL;
	if (length == 0)
		return 0;
	if (addr > USER_TOP || length > USER_TOP - addr)
		return -ENOMEM;
	mutex_lock(&s->lock);
	error = protect_locked(s, &e, addr, addr + align_up(length, PAGE_SIZE), prot);
	mutex_unlock(&s->lock);
	edit_finish(&e);
	return error;
}
