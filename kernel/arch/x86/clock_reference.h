/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/clock_reference.h: the counters of known frequency against which the
 * TSC is measured, and which tell time themselves where the TSC may not.
 */
#ifndef ARCH_X86_CLOCK_REFERENCE_H
#define ARCH_X86_CLOCK_REFERENCE_H

#include "lib/types.h"

struct clock_reference {
	const char *name;
	uint64_t hz;
	uint64_t mask;          /* counts modulo this plus one, a power of two */
	uint64_t (*read)(void); /* counts up; any context; one caller at a time for the PIT */
};

/* Each starts its counter; NULL where there is none or it does not count. After acpi_init(). */
const struct clock_reference *hpet_init(void);
const struct clock_reference *pm_timer_init(void);
const struct clock_reference *pit_init(void);

/* The PIT as a one-shot timer on ISA line 0; ends its use as a counter. At most PIT_TICKS_MAX. */
#define PIT_HZ        1193182ULL
#define PIT_TICKS_MAX 0xffffu
void pit_timer_set(uint16_t ticks);

/* True if the counter moves within a bounded number of reads. */
bool clock_reference_counts(const struct clock_reference *ref);

#endif
