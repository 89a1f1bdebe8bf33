/* SPDX-License-Identifier: MIT */
/*
 * The kernel's production page tables, and the change from one root to another.
 *
 * Direct map: every RAM range at DIRECT_MAP_BASE, with the largest pages that
 * fit, never executable; where it shows the image's text and read-only data it
 * is read-only too, so that no second way leads around write protection. Image:
 * pages of 4 KiB, each with the rights of its section; the pages beneath the
 * boot and interrupt stacks stay unmapped. The regions above get their entry in the top table
 * now. A new root copies just the top entries in use, which never change again.
 *
 * With five levels the top is one table more above all that, of which the kernel half needs
 * the last entry only.
 *
 * A root that is loaded already is not loaded again: writing CR3 is dear.
 * Process tags (PCID) are not used. Everything is set at boot and immutable
 * then, but mmu_root, which is its processor's own.
 */
#include "arch/x86/processor.h"
#include "base/cmdline.h"
#include "base/log.h"
#include "base/panic.h"
#include "base/percpu.h"
#include "hal/boot.h"
#include "hal/upcall.h"

#define TYPE_RAM 1

paddr_t mmu_kernel_root;
uint64_t mmu_pte_nx;
unsigned mmu_level_count = 4;
uaddr_t mmu_user_top = USER_WINDOW;
uint64_t entry_rip_end = USER_WINDOW + PAGE_SIZE;

#define FLUSH_PAGES_MAX 32 /* more pages than this: everything */

static PERCPU(paddr_t, mmu_root);

static paddr_t new_root; /* owner: boot, until it becomes mmu_kernel_root */

static uint16_t top_used[MMU_ENTRIES / 2];
static unsigned top_count;

/* The table below table's entry for va, made if it is not there. */
static pte_t *table_below(pte_t *table, vaddr_t va, unsigned level)
{
	pte_t *entry = &table[mmu_index(va, level)];

	if (pte_none(*entry))
		*entry = pte_make_table(upcall_boot_alloc(PAGE_SIZE), 0);
	return phys_to_virt(pte_paddr(*entry));
}

/* The table of the given level that serves va. */
static pte_t *table_at(vaddr_t va, unsigned level)
{
	pte_t *table = phys_to_virt(new_root);

	for (unsigned l = mmu_levels(); l > level; l--)
		table = table_below(table, va, l);
	return table;
}

/* Largest level whose pages start at pa and fit below end. */
static unsigned level_for(paddr_t pa, paddr_t end)
{
	for (unsigned level = cpu_features.page1g ? 3 : 2; level > 1; level--)
		if (is_aligned(pa, mmu_level_size(level)) && end - pa >= mmu_level_size(level))
			return level;
	return 1;
}

static void map_range(vaddr_t va, paddr_t pa, paddr_t end, unsigned prot)
{
	while (pa < end) {
		unsigned level = level_for(pa, end);
		uint64_t size = mmu_level_size(level);
		pte_t *table = table_at(va, level);
		pte_t e = level > 1 ? pte_make_large(pa, prot | MMU_GLOBAL) :
				      pte_make(pa, prot | MMU_GLOBAL);
		unsigned i = mmu_index(va, level);

		do {
			table[i++] = e;
			e += size;
			pa += size;
			va += size;
		} while (i < MMU_ENTRIES && pa < end && end - pa >= size);
	}
}

static void map_direct(paddr_t start, paddr_t end, unsigned prot)
{
	if (start < end)
		map_range(DIRECT_MAP_BASE + start, start, end, prot);
}

/* Whole frames of one RAM range; [ro_start, ro_end) of the image is not writable. */
static void map_ram(paddr_t start, paddr_t end)
{
	paddr_t ro_start = mmu_image_phys(kernel_text_start);
	paddr_t ro_end = mmu_image_phys(kernel_data_start);

	start = align_up(start, PAGE_SIZE);
	end = min(align_down(end, PAGE_SIZE), DIRECT_MAP_SIZE);
	map_direct(start, min(end, ro_start), MMU_READ | MMU_WRITE);
	map_direct(max(start, ro_start), min(end, ro_end), MMU_READ);
	map_direct(max(start, ro_end), end, MMU_READ | MMU_WRITE);
}

static void map_image(const char *start, const char *end, unsigned prot)
{
	for (const char *p = start; p < end; p += PAGE_SIZE)
		if (!cpu_stack_is_guard((vaddr_t)p))
			table_at((vaddr_t)p, 1)[mmu_index((vaddr_t)p, 1)] =
				pte_make(mmu_image_phys(p), prot | MMU_GLOBAL);
}

#if CONFIG_KASAN
/* Tables of its own below the top, so that the top never changes; they say what the shared one says. */
static void map_shadow(void)
{
	for (vaddr_t va = SHADOW_BASE; va - SHADOW_BASE < SHADOW_SIZE; va += mmu_level_size(4)) {
		pte_t *table = table_at(va, 3);

		for (unsigned i = 0; i < MMU_ENTRIES; i++)
			table[i] = mmu_shared_shadow[3][i];
	}
}
#else
#define map_shadow() ((void)0)
#endif

static void top_record(void)
{
	const pte_t *root = phys_to_virt(new_root);

	for (unsigned i = MMU_ENTRIES / 2; i < MMU_ENTRIES; i++)
		if (!pte_none(root[i]))
			top_used[top_count++] = (uint16_t)i;
}

/* Writing CR4.PGE off and on drops global entries too. Interrupts off. */
static void flush_everything(void)
{
	uint64_t cr4 = cr4_read();

	cr4_write(cr4 & ~CR4_PGE);
	cr4_write(cr4);
}

void paging_init_levels(void)
{
	if (!(cr4_read() & CR4_LA57))
		return;
	mmu_level_count = 5;
	entry_rip_end = 1UL << 56;
	mmu_user_top = entry_rip_end - PAGE_SIZE;
}

void mmu_init_production(const struct boot_info *boot)
{
	static const vaddr_t region[] = { FRAME_ARRAY_BASE, KSTACK_BASE, VMAP_BASE };

	if (cmdline_flag("no5lvl")) /* head.S has seen to it */
		log_info("paging: four levels, as the command line wants it\n");
	new_root = upcall_boot_alloc(PAGE_SIZE);
	for (unsigned i = 0; i < boot->ranges; i++)
		if (boot->range[i].type == TYPE_RAM)
			map_ram(boot->range[i].start, boot->range[i].end);
	map_image(kernel_text_start, kernel_text_end, MMU_READ | MMU_EXEC);
	map_image(kernel_text_end, kernel_data_start, MMU_READ);
	map_image(kernel_data_start, kernel_image_end, MMU_READ | MMU_WRITE);
	for (unsigned i = 0; i < ARRAY_SIZE(region); i++)
		table_at(region[i], mmu_levels() - 1);
	map_shadow();
	top_record();
	mmu_switch(new_root, 0);
	flush_everything();
	mmu_kernel_root = new_root;
	cr0_write(cr0_read() | CR0_WP);
}

struct kernel_range {
	vaddr_t start, end;
};

/* Interrupts off. */
static void flush_kernel_here(void *arg)
{
	const struct kernel_range *r = arg;

	if (r->end - r->start > FLUSH_PAGES_MAX * PAGE_SIZE) {
		flush_everything();
		return;
	}
	for (vaddr_t va = align_down(r->start, PAGE_SIZE); va < r->end; va += PAGE_SIZE)
		mmu_flush_local_page(va);
}

void mmu_flush_kernel(vaddr_t start, vaddr_t end)
{
	struct kernel_range r = { start, end };

	cpu_call(cpu_all(), flush_kernel_here, &r, true);
}

void mmu_root_init(paddr_t root)
{
	const pte_t *from = phys_to_virt(mmu_kernel_root);
	pte_t *to = phys_to_virt(root);

	assert(mmu_kernel_root && is_aligned(root, PAGE_SIZE));
	for (unsigned i = 0; i < top_count; i++)
		to[top_used[i]] = from[top_used[i]];
}

void mmu_switch(paddr_t root, uint64_t generation)
{
	assert(!irq_enabled() && is_aligned(root, PAGE_SIZE));
	if (generation && cpu_local_read(mmu_root) == root)
		return;
	cpu_local_write(mmu_root, root);
	cr3_write(root);
}

paddr_t mmu_current_root(void)
{
	return cpu_local_read(mmu_root);
}
