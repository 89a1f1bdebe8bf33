/* SPDX-License-Identifier: MIT */
/*
 * The BIOS's memory map (ACPI 6.4, 15.1), passed on to the kernel as it came, and a very small
 * allocator over it: claims are a short list, free is what is RAM in one entry, in no entry of
 * another type (maps of real machines overlap) and in no claim. It only gives out memory from
 * 1 MiB, since the loader itself lies below, to 4 GiB, since 32-bit code reaches no further.
 */
#include "bios.h"
#include "loader.h"

#define E820_SIGNATURE	0x534d4150	/* "SMAP" */
#define E820_VALID	0x1		/* in the extended attributes: do not ignore this entry */
#define LOWEST		0x100000ull
#define HIGHEST		0x100000000ull
#define PAGE		4096ull
#define CLAIMS_MAX	32

struct range {
	uint64_t start, end;
};

static struct pvh_memory map[MEMMAP_MAX + 1];	/* the last one is only for noticing too many */
static uint32_t map_count;
static struct range claims[CLAIMS_MAX];
static uint32_t claim_count;

/* One step; *next is the BIOS's bookmark. False: there is no (further) entry. */
static bool e820_next(struct pvh_memory *entry, uint32_t *next)
{
	struct bios_regs regs = {
		.eax = 0xe820, .ebx = *next, .ecx = sizeof(*entry), .edx = E820_SIGNATURE,
		.es = bios_segment(entry), .edi = bios_offset(entry),
	};

	entry->reserved = E820_VALID;
	bios_interrupt(0x15, &regs);
	if ((regs.flags & FLAGS_CARRY) || regs.eax != E820_SIGNATURE)
		return false;
	*next = regs.ebx;
	return true;
}

void memmap_read(void)
{
	uint32_t next = 0;

	do {
		struct pvh_memory *entry = &map[map_count];

		if (!e820_next(entry, &next))
			break;
		if (entry->size && (entry->reserved & E820_VALID))
			map_count++;
		entry->reserved = 0;
	} while (next && map_count <= MEMMAP_MAX);
	if (!map_count)
		die("the BIOS gives no memory map (E820)");
	if (map_count > MEMMAP_MAX)
		die("the BIOS's memory map has too many entries");
}

struct pvh_memory *memmap_entries(uint32_t *count)
{
	*count = map_count;
	return map;
}

static bool overlaps(uint64_t start, uint64_t size, uint64_t other_start, uint64_t other_end)
{
	return start < other_end && other_start < start + size;
}

/* Finds what keeps [start, start + size) from being free, if anything; true: *blocker is set. */
static bool find_blocker(uint64_t start, uint64_t size, struct range *blocker)
{
	for (uint32_t i = 0; i < claim_count; i++) {
		*blocker = claims[i];
		if (overlaps(start, size, blocker->start, blocker->end))
			return true;
	}
	for (uint32_t i = 0; i < map_count; i++) {
		*blocker = (struct range){ map[i].address, map[i].address + map[i].size };
		if (map[i].type != PVH_MEMORY_RAM &&
		    overlaps(start, size, blocker->start, blocker->end))
			return true;
	}
	return false;
}

/* The part of entry `i` that may be given out; false: nothing. */
static bool usable_part(uint32_t i, struct range *part)
{
	part->start = map[i].address > LOWEST ? map[i].address : LOWEST;
	part->end = map[i].address + map[i].size;
	if (part->end > HIGHEST)
		part->end = HIGHEST;
	return map[i].type == PVH_MEMORY_RAM && part->start < part->end;
}

bool memmap_is_free(uint64_t start, uint64_t size)
{
	struct range part, blocker;

	if (start > HIGHEST || size > HIGHEST || find_blocker(start, size, &blocker))
		return false;
	for (uint32_t i = 0; i < map_count; i++)
		if (usable_part(i, &part) && start >= part.start && start + size <= part.end)
			return true;
	return false;
}

void memmap_claim(uint32_t start, uint32_t size)
{
	if (claim_count == CLAIMS_MAX)
		die("the kernel has too many segments");
	claims[claim_count++] = (struct range){ start, (uint64_t)start + size };
}

/* The highest place in `part`: from its top downward, stepping below each thing in the way. */
static uint32_t find_in_part(const struct range *part, uint64_t size)
{
	uint64_t top = part->end;
	struct range blocker;

	while (top >= part->start + size) {
		uint64_t start = (top - size) & ~(PAGE - 1);

		if (start < part->start)
			break;
		if (!find_blocker(start, size, &blocker))
			return start;
		top = blocker.start;
	}
	return 0;
}

uint32_t memmap_find_high(uint64_t size)
{
	uint32_t best = 0;
	struct range part;

	if (size > HIGHEST)
		return 0;
	for (uint32_t i = 0; i < map_count; i++) {
		uint32_t found = usable_part(i, &part) ? find_in_part(&part, size) : 0;

		if (found > best)
			best = found;
	}
	return best;
}
