/* SPDX-License-Identifier: MIT */
/*
 * The walk through the kernel half's tables. There is no lock: an entry that
 * points to a table is set once, by compare-and-exchange, and the processor
 * that comes second frees the table it brought. Entries that map pages belong
 * to the owner of the range.
 */
#include "mem/kmap.h"
#include "hal/upcall.h"
#include "lib/errno.h"
#include "mem/buddy.h"

/* A zeroed table; 0 when out of memory. Until there is a frame allocator, out of the boot's memory. */
static paddr_t table_alloc(void)
{
	struct page *page;

	if (!buddy.total)
		return upcall_boot_alloc(PAGE_SIZE);
	page = frame_alloc(0, ALLOC_NOWAIT | ALLOC_ZERO | ALLOC_MAPS | ALLOC_CHECKED);
	return page ? page_to_phys(page) : 0;
}

static int table_install(pte_t *entry)
{
	paddr_t pa = table_alloc();

	if (!pa)
		return -ENOMEM;
	if (!pte_compare_exchange(entry, 0, pte_make_table(pa, 0)))
		frame_free(phys_to_page(pa), 0);
	return 0;
}

/* The entry of a level for va; NULL where the tables above it are not there and create is false, or memory is out. */
static pte_t *entry_find(vaddr_t va, unsigned level, bool create)
{
	paddr_t table = mmu_kernel_root;
	pte_t *entry;

	for (unsigned l = mmu_levels();; l--) {
		entry = (pte_t *)phys_to_virt(table) + mmu_index(va, l);
		if (l == level)
			return entry;
		if (pte_none(pte_load(entry)) && (!create || table_install(entry) != 0))
			return NULL;
		assert(!pte_large(pte_load(entry)));
		table = pte_paddr(pte_load(entry));
	}
}

static int entry_set(vaddr_t va, unsigned level, pte_t value)
{
	pte_t *entry = entry_find(va, level, true);

	if (!entry)
		return -ENOMEM;
	return pte_compare_exchange(entry, 0, value) ? 0 : -EEXIST;
}

int kmap_page(vaddr_t va, paddr_t pa, unsigned prot)
{
	return entry_set(va, 1, pte_make(pa, prot));
}

int kmap_large(vaddr_t va, paddr_t pa, unsigned prot)
{
	return entry_set(va, 2, pte_make_large(pa, prot));
}

bool kmap_clear(vaddr_t va, paddr_t *pa)
{
	pte_t *entry = entry_find(va, 1, false), old;

	if (!entry)
		return false;
	old = pte_exchange(entry, 0);
	*pa = pte_paddr(old);
	return !pte_none(old);
}

bool kmap_lookup(vaddr_t va, paddr_t *pa)
{
	pte_t *entry = entry_find(va, 1, false);

	if (!entry || pte_none(pte_load(entry)))
		return false;
	*pa = pte_paddr(pte_load(entry));
	return true;
}
