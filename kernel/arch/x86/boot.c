/* SPDX-License-Identifier: MIT */
/*
 * The first C code: copies what the PVH boot protocol handed over out of its
 * memory into boot_info (command line, memory map, initial file system, root
 * of ACPI), sets this processor up and calls init/. The structures are those of
 * Xen's hvm_start_info, version 1. Runs once, on the boot stack.
 */
#include "arch/x86/processor.h"
#include "hal/boot.h"
#include "hal/upcall.h"
#include "lib/string.h"

#define PVH_MAGIC 0x336ec578
#define TYPE_RAM  1

/* The protocol promises no alignment, and QEMU gives none. */
struct __packed pvh_start_info {
	uint32_t magic, version, flags, modules;
	uint64_t module_list, cmdline, rsdp;
	uint64_t map; /* from version 1 on */
	uint32_t map_entries, reserved;
};

struct __packed pvh_module {
	uint64_t start, size, cmdline, reserved;
};

struct __packed pvh_map_entry {
	uint64_t start, size;
	uint32_t type, reserved;
};

struct boot_info boot_info;

__noreturn void arch_start(uint32_t start_info);

static __noreturn void boot_fail(const char *why)
{
	early_console_write("Linnet: ", 8);
	early_console_write(why, strlen(why));
	early_console_write("\n", 1);
	cpu_halt();
}

static void range_insert(unsigned at, struct boot_range r)
{
	struct boot_info *b = &boot_info;

	if (b->ranges == BOOT_RANGES_MAX)
		boot_fail("the memory map has too many entries");
	for (unsigned i = b->ranges++; i > at; i--)
		b->range[i] = b->range[i - 1];
	b->range[at] = r;
}

static void range_remove(unsigned at)
{
	for (unsigned i = at; i + 1 < boot_info.ranges; i++)
		boot_info.range[i] = boot_info.range[i + 1];
	boot_info.ranges--;
}

static void range_add(struct boot_range r)
{
	unsigned at = boot_info.ranges;

	while (at && boot_info.range[at - 1].start > r.start)
		at--;
	range_insert(at, r);
}

/*
 * Where two ranges overlap the one that is not RAM wins. Each step removes an
 * overlap or moves it up, so that one pass over neighbours, taken again after a
 * change of order, ends.
 */
static void ranges_disentangle(void)
{
	struct boot_range *range = boot_info.range;

	for (unsigned i = 0; i + 1 < boot_info.ranges;) {
		struct boot_range low = range[i], high = range[i + 1];

		if (low.end <= high.start) {
			i++;
			continue;
		}
		range_remove(i);
		range_remove(i);
		if (low.type == TYPE_RAM && high.type != TYPE_RAM) {
			if (low.start < high.start)
				range_add((struct boot_range){ low.start, high.start, low.type });
			range_add(high);
			if (low.end > high.end)
				range_add((struct boot_range){ high.end, low.end, low.type });
		} else {
			range_add(low);
			if (high.end > low.end)
				range_add((struct boot_range){ low.end, high.end, high.type });
		}
		i = 0;
	}
}

/* An entry of type 0 or without size says nothing. */
static void map_copy(const struct pvh_start_info *info)
{
	const struct pvh_map_entry *map = phys_to_virt(info->map);

	if (info->version < 1 || !info->map_entries)
		boot_fail("the boot loader gave no memory map");
	for (unsigned i = 0; i < info->map_entries; i++)
		if (map[i].type && map[i].size && map[i].start + map[i].size > map[i].start)
			range_add((struct boot_range){ map[i].start, map[i].start + map[i].size,
						       map[i].type });
	ranges_disentangle();
}

static void module_copy(const struct pvh_start_info *info)
{
	const struct pvh_module *module = phys_to_virt(info->module_list);

	if (!info->modules || !module[0].size)
		return;
	boot_info.initrd_start = module[0].start;
	boot_info.initrd_end = module[0].start + module[0].size;
}

void arch_start(uint32_t start_info)
{
	const struct pvh_start_info *info = phys_to_virt(start_info);

	if (info->magic != PVH_MAGIC)
		boot_fail("not entered by the PVH protocol");
	if (info->cmdline)
		strlcpy(boot_info.cmdline, phys_to_virt(info->cmdline), BOOT_CMDLINE_MAX);
	map_copy(info);
	module_copy(info);
	boot_info.rsdp = info->rsdp;
	boot_info.image_start = mmu_image_phys(kernel_image_start);
	boot_info.image_end = mmu_image_phys(kernel_image_end);
	cpu_init_early();
	upcall_kernel_main();
}
