/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/irq_chip.h: what irq.c asks of an interrupt controller, and the
 * vectors of its lines. All calls come with the line's lock held and interrupts
 * off, but for eoi(), which comes from the interrupt itself.
 */
#ifndef ARCH_X86_IRQ_CHIP_H
#define ARCH_X86_IRQ_CHIP_H

#include "hal/irq.h"
#include "lib/types.h"

/* Line gsi interrupts with vector VECTOR_LINES + gsi, whoever controls it. */
#define VECTOR_LINES 48u
#define IRQ_LINES    128u

/* Messages have the vectors behind those, up to the local APIC's own; see msi.c. */
#define VECTOR_MESSAGES (VECTOR_LINES + IRQ_LINES)
#define MESSAGE_VECTORS 64u

/* Another processor's slots, before it runs. */
void message_prepare_other(unsigned cpu);
/* Serves a message: interrupts off. False if nobody has the vector on this processor. */
bool message_serve(unsigned vector);
/* For irq_for_each(). */
void message_for_each(void (*visit)(void *arg, const struct irq_info *info), void *arg);

struct irq_chip {
	const char *name;
	bool (*has)(unsigned gsi);
	/* Sets how the line signals, and lets it through to the boot processor. */
	void (*unmask)(unsigned gsi, enum irq_trigger trigger);
	void (*mask)(unsigned gsi);
	/* True if the interrupt of this line was none: nothing to serve or acknowledge. */
	bool (*spurious)(unsigned gsi);
	void (*eoi)(unsigned gsi);
};

/* Maps and masks the I/O APICs of the MADT. NULL if there is none. */
const struct irq_chip *ioapic_init(void);
/* Moves the two 8259s out of the way of the exceptions and masks them. */
const struct irq_chip *pic_init(void);

#endif
