/* SPDX-License-Identifier: MIT */
/*
 * Finds ACPI's root pointer where a PC BIOS leaves it (ACPI 6.4, 5.2.5.1): on a 16-byte boundary
 * in the first KiB of the extended BIOS data area, or in the BIOS's ROM.
 */
#include "bios.h"
#include "loader.h"

#define BDA_EBDA_SEGMENT	0x40e
#define EBDA_LOWEST		0x400
#define EBDA_SEARCH		1024
#define ROM_START		0xe0000
#define ROM_END			0x100000
#define RSDP_SIZE_V1		20	/* what the first checksum covers */

static bool is_rsdp(uint32_t address)
{
	const uint8_t *bytes = phys_pointer(address);
	uint8_t sum = 0;

	if (memcmp(bytes, "RSD PTR ", 8))
		return false;
	for (int i = 0; i < RSDP_SIZE_V1; i++)
		sum += bytes[i];
	return sum == 0;
}

static uint32_t search(uint32_t start, uint32_t end)
{
	for (uint32_t at = start; at < end; at += 16)
		if (is_rsdp(at))
			return at;
	return 0;
}

uint32_t acpi_find_rsdp(void)
{
	uint32_t ebda = *(uint16_t *)phys_pointer(BDA_EBDA_SEGMENT) * 16u;
	uint32_t found = 0;

	if (ebda >= EBDA_LOWEST)
		found = search(ebda, ebda + EBDA_SEARCH);
	return found ? found : search(ROM_START, ROM_END);
}
