/* SPDX-License-Identifier: MIT */
/*
 * base/acpi.h: ACPI's static tables (ACPI 6.4, chapter 5.2), found by
 * signature, checksummed. They lie outside what the memory map calls RAM and
 * are mapped for good by mmu_map_fixed(). acpi_init() first, once, after
 * mmu_init_production(); everything is immutable afterwards, and before it the
 * functions find nothing.
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

/* Generic address structure (5.2.3.2): where a register is. */
enum acpi_space { ACPI_SPACE_MEMORY = 0, ACPI_SPACE_IO = 1 };
struct acpi_address {
	uint8_t space, bit_width, bit_offset, access_size;
	uint64_t address;
} __packed;

/* Fixed description table (5.2.9), signature "FACP"; a short one ends early. */
struct acpi_fadt {
	struct acpi_header header;
	uint32_t facs, dsdt;
	uint8_t model, profile;
	uint16_t sci_irq;
	uint32_t smi_command;
	uint8_t acpi_enable, acpi_disable, s4bios_request, pstate_control;
	uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control;
	uint32_t pm2_control, pm_timer, gpe0, gpe1;
	uint8_t pm1_event_length, pm1_control_length, pm2_control_length, pm_timer_length;
	uint8_t gpe0_length, gpe1_length, gpe1_base, cst_control;
	uint16_t c2_latency, c3_latency, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	uint16_t boot_flags;
	uint8_t reserved;
	uint32_t flags;
	struct acpi_address reset_register;
	uint8_t reset_value;
	uint16_t arm_boot_flags;
	uint8_t minor_version;
	uint64_t x_facs, x_dsdt;
	struct acpi_address x_pm1a_event, x_pm1b_event, x_pm1a_control, x_pm1b_control;
	struct acpi_address x_pm2_control, x_pm_timer, x_gpe0, x_gpe1;
	struct acpi_address sleep_control, sleep_status;
	uint64_t hypervisor;
} __packed;

#define ACPI_FADT_TIMER_32BIT      BIT(8)
#define ACPI_FADT_RESET_SUPPORTED  BIT(10)
#define ACPI_FADT_HARDWARE_REDUCED BIT(20)

/*
 * Finds RSDP and the root table; rsdp is 0 where the boot protocol did not
 * tell, and the BIOS areas are searched. Nothing happens with acpi=off or where
 * there is none.
 */
void acpi_init(paddr_t rsdp);

/*
 * The table with the signature, whole, mapped for good; NULL if absent or its
 * checksum is wrong. Index 0 is the first of several.
 */
const struct acpi_header *acpi_table(const char signature[4], unsigned index);

/*
 * The fixed description table in full length: what the firmware's shorter one
 * lacks is zero, and the 64-bit fields hold the 32-bit ones' values where only
 * those were given. NULL if there is none.
 */
const struct acpi_fadt *acpi_fadt(void);

/*
 * The _S5_ sleep type (PM1a's and PM1b's) from the DSDT, for power-off. Scans
 * the whole table: not for the panic path. False if not found.
 */
bool acpi_sleep_type_s5(uint8_t *type_a, uint8_t *type_b);

/* A device that is only registers in memory and an interrupt. */
struct acpi_simple_device {
	uint64_t address, length;
	unsigned gsi;
	bool level, low;             /* how it interrupts; else by a rising edge */
};
/*
 * The next device with that hardware identity in the DSDT: start with *from = 0. Its resources are found as
 * descriptors (6.4.3.4, 6.4.3.6) behind the identity, without running the table's code, which would
 * do for those whose resources are not computed. False: no more.
 */
bool acpi_next_device(const char *identity, size_t *from, struct acpi_simple_device *d);

#endif
