/* SPDX-License-Identifier: MIT */
/*
 * The HPET's main counter (IA-PC HPET specification 1.0a). Its comparators are
 * not used. Only the low half is read: one access whatever the width of the
 * bus, and the clock copes with its wrapping. Immutable after hpet_init().
 */
#include "arch/x86/clock_reference.h"
#include "base/acpi.h"
#include "hal/io.h"
#include "hal/mmu.h"

#define HPET_PERIOD  0x04 /* femtoseconds */
#define HPET_CONFIG  0x10
#define HPET_COUNTER 0xf0
#define HPET_BYTES   0x400

#define HPET_ENABLE       0x1u
#define HPET_LEGACY_ROUTE 0x2u
#define HPET_PERIOD_MAX   100000000u
#define FEMTO_PER_SEC     1000000000000000ULL

struct hpet_table {
	struct acpi_header header;
	uint32_t block_id;
	struct acpi_address address;
} __packed;

static volatile uint8_t *hpet_page;

static uint64_t hpet_read(void)
{
	return mmio_read32(hpet_page + HPET_COUNTER);
}

static struct clock_reference hpet = { .name = "hpet", .mask = UINT32_MAX, .read = hpet_read };

const struct clock_reference *hpet_init(void)
{
	const struct hpet_table *table = (const struct hpet_table *)acpi_table("HPET", 0);
	uint32_t period, config;

	if (!table || table->header.length < sizeof(*table) ||
	    table->address.space != ACPI_SPACE_MEMORY)
		return NULL;
	hpet_page = mmu_map_fixed(table->address.address, HPET_BYTES, MMU_READ | MMU_WRITE | MMU_NOCACHE);
	if (!hpet_page)
		return NULL;
	period = mmio_read32(hpet_page + HPET_PERIOD);
	if (period == 0 || period > HPET_PERIOD_MAX)
		return NULL;
	config = mmio_read32(hpet_page + HPET_CONFIG);
	mmio_write32(hpet_page + HPET_CONFIG, (config & ~HPET_LEGACY_ROUTE) | HPET_ENABLE);
	hpet.hz = (FEMTO_PER_SEC + period / 2) / period;
	return clock_reference_counts(&hpet) ? &hpet : NULL;
}
