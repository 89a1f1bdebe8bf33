/* SPDX-License-Identifier: MIT */
/*
 * The walk through the tables of the sanitizer's shadow. Where a range has none
 * of its own the entries lead, through one shared table a level, to the shared
 * page of zeros. Giving it its own means replacing shared tables by copies on
 * the way down, and the page by a fresh one, each by compare-and-exchange: who
 * comes second frees what it brought. Shadow stays for good.
 */
#include "mem/shadow.h"
#include "base/kasan.h"
#include "base/panic.h"
#include "hal/boot.h"
#include "hal/upcall.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/buddy.h"

#if CONFIG_KASAN

#define TYPE_RAM 1

static vaddr_t shadow_of(vaddr_t addr)
{
	return (addr >> 3) + SHADOW_OFFSET;
}

/* A zeroed frame, counted as a table of the kernel half; 0 when out of memory. Until there is a frame allocator, out of the boot's memory. */
static paddr_t table_alloc(void)
{
	struct page *page;

	if (!buddy.total)
		return upcall_boot_alloc(PAGE_SIZE);
	page = frame_alloc(0, ALLOC_NOWAIT | ALLOC_ZERO | ALLOC_MAPS | ALLOC_CHECKED);
	return page ? page_to_phys(page) : 0;
}

/* Makes the entry lead to a copy if it leads to the shared table (or page) of that level. */
static int own(pte_t *entry, unsigned level)
{
	pte_t shared = pte_load(entry);
	paddr_t pa;

	if (level >= ARRAY_SIZE(mmu_shared_shadow) || pte_paddr(shared) != mmu_image_phys(mmu_shared_shadow[level]))
		return 0;
	pa = table_alloc();
	if (!pa)
		return -ENOMEM;
	if (level > 0)
		memcpy(phys_to_virt(pa), mmu_shared_shadow[level], PAGE_SIZE);
	if (!pte_compare_exchange(entry, shared,
				  level ? pte_make_table(pa, 0) : pte_make(pa, MMU_READ | MMU_WRITE)))
		frame_free(phys_to_page(pa), 0);
	return 0;
}

static int own_page(vaddr_t shadow)
{
	paddr_t table = mmu_kernel_root;

	for (unsigned level = mmu_levels(); level > 0; level--) {
		pte_t *entry = (pte_t *)phys_to_virt(table) + mmu_index(shadow, level);

		if (own(entry, level - 1) != 0)
			return -ENOMEM;
		table = pte_paddr(pte_load(entry));
	}
	return 0;
}

int shadow_add(vaddr_t start, vaddr_t end)
{
	vaddr_t from = align_down(shadow_of(start), PAGE_SIZE);
	vaddr_t to = align_up(shadow_of(end), PAGE_SIZE);

	for (vaddr_t at = from; at < to; at += PAGE_SIZE)
		if (own_page(at) != 0)
			return -ENOMEM;
	mmu_flush_kernel(from, to);
	kasan_unpoison((void *)start, end - start);
	return 0;
}

/* From here on nobody writes to the page that all share. */
static void shared_close(void)
{
	memset(mmu_shared_shadow[0], 0, PAGE_SIZE);
	for (unsigned i = 0; i < MMU_ENTRIES; i++)
		mmu_shared_shadow[1][i] = pte_make(mmu_image_phys(mmu_shared_shadow[0]), MMU_READ);
	mmu_flush_kernel(SHADOW_BASE, SHADOW_BASE + SHADOW_SIZE);
}

void shadow_init(const struct boot_info *boot)
{
	vaddr_t image = KERNEL_BASE;

	if (shadow_add(image + boot->image_start, image + boot->image_end) != 0)
		panic("no memory for the image's shadow");
	for (unsigned i = 0; i < boot->ranges; i++) {
		vaddr_t start = DIRECT_MAP_BASE + boot->range[i].start;
		vaddr_t end = DIRECT_MAP_BASE + align_down(boot->range[i].end, PAGE_SIZE);

		if (boot->range[i].type == TYPE_RAM && start < end && shadow_add(start & PAGE_MASK, end) != 0)
			panic("no memory for the shadow of memory");
	}
	shared_close();
	kasan_enable();
}

#endif
