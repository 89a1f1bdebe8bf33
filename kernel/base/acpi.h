/* SPDX-License-Identifier: MIT */
/*
 * base/acpi.h: ACPI's static tables, found by signature, checksummed. They lie
 * outside what the memory map calls RAM and are mapped while in use; before the
 * direct map exists they are read through the boot mapping of low memory.
 */
#ifndef BASE_ACPI_H
#define BASE_ACPI_H

#include "lib/types.h"

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem_id[6], oem_table_id[8];
	uint32_t oem_revision, creator_id, creator_revision;
} __packed;

/* Finds RSDP and the root table. Nothing happens with acpi=off or where there is none. */
void acpi_init(paddr_t rsdp);

/*
 * The table with the signature, whole, mapped for good; NULL if absent or its
 * checksum is wrong. Index 0 is the first of several.
 */
const struct acpi_header *acpi_table(const char signature[4], unsigned index);

/* The _S5_ sleep type from the DSDT, for power-off. False if not found. */
bool acpi_sleep_type_s5(uint8_t *type_a, uint8_t *type_b);

/* How the machine maps a physical range read-only for acpi.c: set by mem/ once vmap works. */
typedef const void *acpi_map_fn(paddr_t pa, size_t n);
void acpi_set_map(acpi_map_fn *map);

#endif
