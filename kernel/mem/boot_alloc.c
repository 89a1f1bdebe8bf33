/* SPDX-License-Identifier: MIT */
/*
 * Memory before there is a frame allocator. The usable RAM is a short list of
 * free regions, ascending; what is in use is carved out of it: the first 64 KiB
 * (firmware data, and the page on which other processors start), the kernel
 * image with boot_info in it, the initrd, and then whatever is asked for, from
 * the lowest region above 1 MiB that has room. So the rest stays in large
 * pieces. Nothing is ever given back; frame_init() takes over what is left.
 *
 * Before the direct map exists only the first MMU_BOOT_MAPPED bytes can be
 * reached, and only those are given out.
 */
#include "mem/boot_alloc.h"
#include "base/panic.h"
#include "hal/boot.h"
#include "hal/mmu.h"
#include "hal/upcall.h"
#include "lib/string.h"
#include "mem/frame.h"

#define LOW_RESERVED KiB(64) /* never used */
#define LOW_END      MiB(1)  /* below it nothing is given out during boot */
#define REGIONS_MAX  (BOOT_RANGES_MAX + 64)

#define RAM_TYPE 1 /* E820 */

static struct boot_region region[REGIONS_MAX]; /* owner: the boot processor */
static unsigned region_count;
static bool finished;

static void region_insert(unsigned at, paddr_t start, paddr_t end)
{
	verify(region_count < REGIONS_MAX);
	memmove(&region[at + 1], &region[at], (region_count - at) * sizeof(region[0]));
	region[at] = (struct boot_region){ start, end };
	region_count++;
}

static void region_remove(unsigned at)
{
	region_count--;
	memmove(&region[at], &region[at + 1], (region_count - at) * sizeof(region[0]));
}

/* Takes [start, end), rounded outward to pages, out of every region it touches. */
static void carve(paddr_t start, paddr_t end)
{
	start = align_down(start, PAGE_SIZE);
	end = align_up(end, PAGE_SIZE);
	for (unsigned i = 0; i < region_count && start < end; i++) {
		struct boot_region *r = &region[i];

		if (r->end <= start || r->start >= end)
			continue;
		if (r->start < start && r->end > end) {
			region_insert(i + 1, end, r->end);
			r->end = start;
		} else if (r->start < start) {
			r->end = start;
		} else if (r->end > end) {
			r->start = end;
		} else {
			region_remove(i--);
		}
	}
}

void boot_alloc_init(const struct boot_info *boot)
{
	region_count = 0;
	finished = false;
	for (unsigned i = 0; i < boot->ranges; i++) {
		paddr_t start = align_up(boot->range[i].start, PAGE_SIZE);
		paddr_t end = align_down(boot->range[i].end, PAGE_SIZE);

		if (boot->range[i].type != RAM_TYPE || start >= end)
			continue;
		if (start < LOW_END && end > LOW_END) { /* no region crosses the line */
			region_insert(region_count, start, LOW_END);
			start = LOW_END;
		}
		region_insert(region_count, start, end);
	}
	carve(0, LOW_RESERVED);
	carve(boot->image_start, boot->image_end);
	carve(boot->initrd_start, boot->initrd_end);
}

paddr_t boot_alloc_take(size_t bytes, size_t align)
{
	paddr_t limit = mmu_kernel_root ? UINT64_MAX : MMU_BOOT_MAPPED;

	assert(!finished && is_aligned(bytes, PAGE_SIZE));
	for (unsigned i = 0; i < region_count; i++) {
		paddr_t start = align_up(region[i].start, align);

		if (start < LOW_END || start + bytes > min(region[i].end, limit))
			continue;
		carve(start, start + bytes);
		return start;
	}
	return 0;
}

paddr_t upcall_boot_alloc(size_t bytes)
{
	paddr_t pa;

	bytes = align_up(bytes, PAGE_SIZE);
	pa = boot_alloc_take(bytes, PAGE_SIZE);
	if (!pa)
		panic("no %zu bytes of memory to boot with", bytes);
	memset(mmu_boot_virt(pa), 0, bytes);
	return pa;
}

unsigned boot_alloc_finish(const struct boot_region **regions)
{
	finished = true;
	*regions = region;
	return region_count;
}
