/* SPDX-License-Identifier: MIT */
/*
 * mmu_map_fixed(): mappings that are made before mem/ can make any and stay for
 * good. They lie in the last GiB of addresses, above the kernel image, where
 * one static page table serves 512 slots of a page each; a static directory
 * hooks it into the production tables on first use. A range that is mapped
 * already with the same rights is found again, because the tables of firmware
 * share pages.
 *
 * fixmap_lock guards the tables and the number of slots used.
 */
#include "base/panic.h"
#include "base/spinlock.h"
#include "hal/mmu.h"

#define FIXMAP_BASE (KERNEL_BASE + GiB(1))

static pte_t fixmap_directory[MMU_ENTRIES] __aligned(PAGE_SIZE); /* fixmap_lock */
static pte_t fixmap_slot[MMU_ENTRIES] __aligned(PAGE_SIZE);      /* fixmap_lock */
static unsigned fixmap_used;                                     /* fixmap_lock */
static struct spinlock fixmap_lock = SPINLOCK_INIT(RANK_VMAP);

/* Makes the entry of the last GiB point to the directory. */
static void fixmap_hook(void)
{
	paddr_t table = mmu_kernel_root;
	pte_t *entry;

	verify(table);
	for (unsigned level = mmu_levels(); level > 3; level--) {
		entry = (pte_t *)phys_to_virt(table) + mmu_index(FIXMAP_BASE, level);
		verify(pte_present(pte_load(entry)));
		table = pte_paddr(pte_load(entry));
	}
	entry = (pte_t *)phys_to_virt(table) + mmu_index(FIXMAP_BASE, 3);
	verify(pte_none(pte_load(entry)));
	pte_store(&fixmap_directory[0], pte_make_table(mmu_image_phys(fixmap_slot), 0));
	pte_store(entry, pte_make_table(mmu_image_phys(fixmap_directory), 0));
}

/* True if the slots from first on hold the given pages with the given rights. */
static bool slots_hold(unsigned first, paddr_t page, unsigned pages, unsigned prot)
{
	for (unsigned i = 0; i < pages; i++) {
		pte_t e = pte_load(&fixmap_slot[first + i]);

		if (pte_paddr(e) != page + i * PAGE_SIZE || (pte_prot(e) & ~MMU_EXEC) != prot)
			return false; /* without NX every entry reads as executable */
	}
	return true;
}

static int slots_find(paddr_t page, unsigned pages, unsigned prot)
{
	for (unsigned first = 0; first + pages <= fixmap_used; first++)
		if (slots_hold(first, page, pages, prot))
			return (int)first;
	return -1;
}

static int slots_fill(paddr_t page, unsigned pages, unsigned prot)
{
	unsigned first = fixmap_used;

	if (pages > MMU_ENTRIES - first)
		return -1;
	for (unsigned i = 0; i < pages; i++)
		pte_store(&fixmap_slot[first + i], pte_make(page + i * PAGE_SIZE, prot));
	fixmap_used += pages;
	return (int)first;
}

void *mmu_map_fixed(paddr_t pa, size_t n, unsigned prot)
{
	paddr_t page = align_down(pa, PAGE_SIZE);
	size_t pages = div_round_up(pa - page + n, PAGE_SIZE);
	uint64_t irq;
	int slot;

	if (n == 0 || n > MiB(2) || pa >> cpu_features.address_bits_physical)
		return NULL;
	irq = spin_lock_irq(&fixmap_lock);
	if (!fixmap_used)
		fixmap_hook();
	prot |= MMU_GLOBAL;
	slot = slots_find(page, (unsigned)pages, prot);
	if (slot < 0)
		slot = slots_fill(page, (unsigned)pages, prot);
	spin_unlock_irq(&fixmap_lock, irq);
	return slot < 0 ? NULL : (void *)(FIXMAP_BASE + (vaddr_t)slot * PAGE_SIZE + (pa - page));
}
