/* SPDX-License-Identifier: MIT */
/*
 * Set-up of the frame allocator: which frame numbers are RAM, the array of
 * struct page, and the hand-over of what the boot left free.
 *
 * The array is indexed by frame number, so it is as sparse as physical memory
 * is. It is mapped in units of a group (1024 frames, 32 KiB of array) wherever
 * there is RAM, and with a large page where nearly all of the 256 MiB that one
 * describes are RAM. Frames of a mapped group that are no RAM, or that the boot
 * used, are RESERVED and have a reference for ever.
 *
 * Runs once, on one processor, after the direct map exists. The table of RAM
 * is immutable afterwards.
 */
#include "base/log.h"
#include "base/panic.h"
#include "hal/boot.h"
#include "lib/string.h"
#include "mem/boot_alloc.h"
#include "mem/buddy.h"
#include "mem/kmap.h"

#define RAM_TYPE	 1 /* E820 */
#define GROUP_BYTES	 (GROUP_FRAMES * sizeof(struct page))
#define BLOCK_GROUPS	 64UL /* groups that one large page of the array describes */
#define BLOCK_FRAMES	 (BLOCK_GROUPS * GROUP_FRAMES)
#define LARGE_PAGE	 (BLOCK_GROUPS * GROUP_BYTES)
#define LARGE_WORTHWHILE 56 /* groups of a block with RAM, from which on it gets a large page */

_Static_assert(GROUP_BYTES % PAGE_SIZE == 0, "groups end at pages of the array");
_Static_assert(LARGE_PAGE == MiB(2), "a block is one level-2 entry");

static struct {
	pfn_t start, end;
} ram[BOOT_RANGES_MAX]; /* ascending */
static unsigned ram_count;

struct page *zero_page;

static void ram_init(const struct boot_info *boot)
{
	ram_count = 0;
	for (unsigned i = 0; i < boot->ranges; i++) {
		pfn_t start = div_round_up(boot->range[i].start, PAGE_SIZE);
		pfn_t end = boot->range[i].end / PAGE_SIZE;

		if (boot->range[i].type != RAM_TYPE || start >= end)
			continue;
		ram[ram_count].start = start;
		ram[ram_count++].end = end;
	}
}

/* Index of the first RAM range that ends above pfn; ram_count if none does. */
static unsigned ram_find(pfn_t pfn)
{
	unsigned low = 0, high = ram_count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (ram[middle].end <= pfn)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool pfn_valid(pfn_t pfn)
{
	unsigned i = ram_find(pfn);

	return i < ram_count && ram[i].start <= pfn;
}

pfn_t pfn_end(void)
{
	return ram[ram_count - 1].end;
}

/* The groups of a block that have RAM, a bit each. */
static uint64_t block_groups(pfn_t block)
{
	uint64_t groups = 0;

	for (unsigned i = ram_find(block); i < ram_count && ram[i].start < block + BLOCK_FRAMES; i++) {
		pfn_t start = max(ram[i].start, block), end = min(ram[i].end, block + BLOCK_FRAMES);
		unsigned first = (unsigned)((start - block) / GROUP_FRAMES);
		unsigned last = (unsigned)((end - 1 - block) / GROUP_FRAMES);

		groups |= (UINT64_MAX >> (63 - last)) & (UINT64_MAX << first);
	}
	return groups;
}

static void array_map_group(pfn_t group)
{
	paddr_t pa = boot_alloc_take(GROUP_BYTES, PAGE_SIZE);
	vaddr_t va = (vaddr_t)pfn_to_page(group);

	if (!pa)
		panic("no memory for the array of frames");
	for (size_t at = 0; at < GROUP_BYTES; at += PAGE_SIZE)
		if (kmap_page(va + at, pa + at, MMU_READ | MMU_WRITE | MMU_GLOBAL) != 0)
			panic("the array of frames is mapped already");
}

static void array_map_block(pfn_t block, uint64_t groups)
{
	paddr_t pa = 0;

	if (__builtin_popcountl(groups) >= LARGE_WORTHWHILE)
		pa = boot_alloc_take(LARGE_PAGE, LARGE_PAGE);
	if (pa) {
		if (kmap_large((vaddr_t)pfn_to_page(block), pa, MMU_READ | MMU_WRITE | MMU_GLOBAL) != 0)
			panic("the array of frames is mapped already");
		return;
	}
	for (; groups; groups &= groups - 1)
		array_map_group(block + (pfn_t)__builtin_ctzl(groups) * GROUP_FRAMES);
}

/* Calls visit for every block with RAM, ascending. */
static void for_each_block(void (*visit)(pfn_t block, uint64_t groups))
{
	pfn_t next = 0;

	for (unsigned i = 0; i < ram_count; i++)
		for (pfn_t block = max(next, align_down(ram[i].start, BLOCK_FRAMES));
		     block < ram[i].end; block += BLOCK_FRAMES) {
			visit(block, block_groups(block));
			next = block + BLOCK_FRAMES;
		}
}

static const struct boot_region *free_region; /* the first that ends above where we are */
static unsigned free_regions;

static void group_reserve(pfn_t group)
{
	for (pfn_t pfn = group; pfn < group + GROUP_FRAMES; pfn++)
		*pfn_to_page(pfn) = (struct page){ .flags = PAGE_RESERVED, .refs = 1 };
}

/* Writes the struct pages of a group and gives its free frames to the buddy lists. */
static void group_init(pfn_t group)
{
	const struct boot_region *r;
	pfn_t start, end;

	while (free_regions && free_region->end / PAGE_SIZE <= group)
		free_region++, free_regions--;
	r = free_region;
	if (free_regions && r->start / PAGE_SIZE <= group && r->end / PAGE_SIZE >= group + GROUP_FRAMES) {
		buddy_add_lazy(pfn_to_page(group));
		return;
	}
	group_reserve(group);
	for (; r < free_region + free_regions && r->start / PAGE_SIZE < group + GROUP_FRAMES; r++) {
		start = max(r->start / PAGE_SIZE, group);
		end = min(r->end / PAGE_SIZE, group + GROUP_FRAMES);
		buddy_add_range(start, end);
	}
}

static void block_init(pfn_t block, uint64_t groups)
{
	for (; groups; groups &= groups - 1)
		group_init(block + (pfn_t)__builtin_ctzl(groups) * GROUP_FRAMES);
}

static void zero_page_init(void)
{
	zero_page = frame_alloc(0, ALLOC_ATOMIC | ALLOC_ZERO);
	if (!zero_page)
		panic("no memory is free");
	zero_page->flags = PAGE_ZERO | PAGE_RESERVED | PAGE_UPTODATE;
	zero_page->refs = 1u << 30; /* never freed, however often it is put by mistake */
}

void frame_init(const struct boot_info *boot)
{
	uint64_t irq;

	ram_init(boot);
	for_each_block(array_map_block);
	free_regions = boot_alloc_finish(&free_region);
	irq = spin_lock_irq(&buddy.lock);
	for_each_block(block_init);
	spin_unlock_irq(&buddy.lock, irq);
	frame_set_reserve();
	zero_page_init();
	log_info("memory: %llu MiB free of %llu MiB", (unsigned long long)(buddy.free >> 8),
		 (unsigned long long)(buddy.total >> 8));
}

void frame_free_range(paddr_t start, paddr_t end)
{
	pfn_t first = start / PAGE_SIZE, last = div_round_up(end, PAGE_SIZE), stop;
	uint64_t irq;

	if (first >= last)
		return;
	verify(pfn_valid(first) && pfn_valid(last - 1));
	for (; first < last; first = stop) {
		stop = min(last, align_down(first, GROUP_FRAMES) + GROUP_FRAMES);
		for (pfn_t pfn = first; pfn < stop; pfn++)
			verify(pfn_to_page(pfn)->flags == PAGE_RESERVED);
		irq = spin_lock_irq(&buddy.lock);
		buddy_add_range(first, stop);
		spin_unlock_irq(&buddy.lock, irq);
	}
	frame_set_reserve();
}
