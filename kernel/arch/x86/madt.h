/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/madt.h: ACPI's multiple APIC description table (ACPI 6.4, 5.2.12),
 * read once into plain arrays by madt_read(); immutable afterwards.
 */
#ifndef ARCH_X86_MADT_H
#define ARCH_X86_MADT_H

#include "hal/cpu.h"
#include "lib/types.h"

#define MADT_IO_APIC_MAX  16
#define MADT_ISA_LINES    16

struct madt_io_apic {
	paddr_t pa;
	unsigned gsi_base;
};

/* MPS INTI flags of an override or an NMI pin (table 5.26). */
#define MADT_ACTIVE_MASK 0x3u
#define MADT_ACTIVE_LOW  0x3u
#define MADT_TRIGGER_MASK  0xcu
#define MADT_TRIGGER_LEVEL 0xcu

struct madt {
	bool found;
	paddr_t local_apic;
	unsigned cpus;                  /* usable processors, at most CPU_MAX */
	uint32_t apic_id[CPU_MAX];      /* in the table's order */
	unsigned io_apics;
	struct madt_io_apic io_apic[MADT_IO_APIC_MAX];
	struct {
		unsigned gsi;
		uint16_t flags;
	} isa[MADT_ISA_LINES];
	uint8_t nmi_pins;               /* bit n: local pin LINTn of the boot processor is an NMI */
};
extern struct madt madt;

void madt_read(void);

#endif
