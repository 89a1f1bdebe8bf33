/* SPDX-License-Identifier: MIT */
/*
 * Reads the MADT: processors, I/O APICs, and where the ISA lines went. Without
 * a table the arrays say: one processor, no I/O APIC, ISA lines unmoved. Runs
 * once on the boot processor; the result is immutable.
 */
#include "arch/x86/madt.h"
#include "base/acpi.h"
#include "lib/string.h"

struct madt_table {
	struct acpi_header header;
	uint32_t local_apic;
	uint32_t flags;
} __packed;

enum madt_type {
	MADT_LOCAL_APIC = 0, MADT_IO_APIC = 1, MADT_OVERRIDE = 2, MADT_LOCAL_NMI = 4,
	MADT_LOCAL_APIC_ADDRESS = 5, MADT_LOCAL_X2APIC = 9,
};

/* Entries; type and length lead each one. */
struct madt_local_apic {
	uint8_t type, length, processor, id;
	uint32_t flags;
} __packed;

struct madt_io_apic_entry {
	uint8_t type, length, id, reserved;
	uint32_t address, gsi_base;
} __packed;

struct madt_override {
	uint8_t type, length, bus, source;
	uint32_t gsi;
	uint16_t flags;
} __packed;

struct madt_local_nmi {
	uint8_t type, length, processor;
	uint16_t flags;
	uint8_t pin;
} __packed;

struct madt_address {
	uint8_t type, length;
	uint16_t reserved;
	uint64_t address;
} __packed;

struct madt_local_x2apic {
	uint8_t type, length;
	uint16_t reserved;
	uint32_t id, flags, processor;
} __packed;

union madt_entry {
	struct {
		uint8_t type, length;
	};
	struct madt_local_apic local_apic;
	struct madt_io_apic_entry io_apic;
	struct madt_override override;
	struct madt_local_nmi local_nmi;
	struct madt_address address;
	struct madt_local_x2apic local_x2apic;
};

#define MADT_ENABLED BIT(0)

struct madt madt = { .cpus = 1 };

static void cpu_add(uint32_t id, uint32_t flags)
{
	if ((flags & MADT_ENABLED) && madt.cpus < CPU_MAX)
		madt.apic_id[madt.cpus++] = id;
}

static void io_apic_add(const struct madt_io_apic_entry *e)
{
	if (madt.io_apics < MADT_IO_APIC_MAX)
		madt.io_apic[madt.io_apics++] = (struct madt_io_apic){ e->address, e->gsi_base };
}

static void override_add(const struct madt_override *e)
{
	if (e->bus != 0 || e->source >= MADT_ISA_LINES)
		return;
	madt.isa[e->source].gsi = e->gsi;
	madt.isa[e->source].flags = e->flags;
}

/* Bytes an entry of the type must have to be used; more than any has for types not used here. */
static size_t entry_size(uint8_t type)
{
	switch (type) {
	case MADT_LOCAL_APIC:         return sizeof(struct madt_local_apic);
	case MADT_IO_APIC:            return sizeof(struct madt_io_apic_entry);
	case MADT_OVERRIDE:           return sizeof(struct madt_override);
	case MADT_LOCAL_NMI:          return sizeof(struct madt_local_nmi);
	case MADT_LOCAL_APIC_ADDRESS: return sizeof(struct madt_address);
	case MADT_LOCAL_X2APIC:       return sizeof(struct madt_local_x2apic);
	default:                      return UINT8_MAX + 1;
	}
}

static void entry_read(const union madt_entry *e)
{
	switch (e->type) {
	case MADT_LOCAL_APIC:
		cpu_add(e->local_apic.id, e->local_apic.flags);
		break;
	case MADT_LOCAL_X2APIC:
		cpu_add(e->local_x2apic.id, e->local_x2apic.flags);
		break;
	case MADT_IO_APIC:
		io_apic_add(&e->io_apic);
		break;
	case MADT_OVERRIDE:
		override_add(&e->override);
		break;
	case MADT_LOCAL_NMI:
		madt.nmi_pins |= BIT(e->local_nmi.pin & 1);
		break;
	case MADT_LOCAL_APIC_ADDRESS:
		madt.local_apic = e->address.address;
		break;
	}
}

void madt_read(void)
{
	const struct madt_table *table = (const struct madt_table *)acpi_table("APIC", 0);
	const uint8_t *at, *end;

	for (unsigned line = 0; line < MADT_ISA_LINES; line++)
		madt.isa[line].gsi = line;
	if (!table || table->header.length < sizeof(*table))
		return;
	madt.found = true;
	madt.local_apic = table->local_apic;
	madt.cpus = 0;
	at = (const uint8_t *)(table + 1);
	end = (const uint8_t *)table + table->header.length;
	while (end - at >= 2 && at[1] >= 2 && at[1] <= end - at) {
		const union madt_entry *e = (const union madt_entry *)at;

		if (e->length >= entry_size(e->type))
			entry_read(e);
		at += e->length;
	}
	if (!madt.cpus)
		madt.cpus = 1;
}
