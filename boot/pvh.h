/* SPDX-License-Identifier: MIT */
/*
 * What a PVH kernel is handed in EBX, from "x86/HVM direct boot ABI" (Xen's documents,
 * docs/misc/pvh.pandoc), version 1: all addresses physical, all fields little-endian.
 */
#ifndef BOOT_PVH_H
#define BOOT_PVH_H

#include <stdint.h>

#define PVH_START_MAGIC		0x336ec578
#define PVH_NOTE_NAME		"Xen"
#define PVH_NOTE_ENTRY		18	/* XEN_ELFNOTE_PHYS32_ENTRY */

struct pvh_start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t modules;		/* how many entries the module list has */
	uint64_t module_list;
	uint64_t cmdline;
	uint64_t rsdp;			/* 0: not found */
	uint64_t memmap;
	uint32_t memmap_entries;
	uint32_t reserved;
};

struct pvh_module {
	uint64_t address;
	uint64_t size;			/* bytes */
	uint64_t cmdline;		/* 0: none */
	uint64_t reserved;
};

/* Types are those of the ACPI specification's E820 call. */
#define PVH_MEMORY_RAM		1

struct pvh_memory {
	uint64_t address;
	uint64_t size;
	uint32_t type;
	uint32_t reserved;
};

_Static_assert(sizeof(struct pvh_start_info) == 56, "the ABI's size");
_Static_assert(sizeof(struct pvh_module) == 32, "the ABI's size");
_Static_assert(sizeof(struct pvh_memory) == 24, "the ABI's size");

#endif
