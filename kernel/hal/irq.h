/* SPDX-License-Identifier: MIT */
/*
 * hal/irq.h: interrupts from devices. A line is a global system interrupt
 * (GSI) of an I/O APIC; ISA lines 0..15 are translated through ACPI's
 * overrides. Where no I/O APIC exists, the two 8259s serve the ISA lines.
 * Handlers run with interrupts off, on the interrupt stack of the processor,
 * must not sleep, and are few instructions: they wake or queue and return.
 */
#ifndef HAL_IRQ_H
#define HAL_IRQ_H

#include "lib/types.h"

struct irq_action {
	void (*handler)(void *arg); /* immutable */
	void *arg;                  /* immutable */
	const char *name;           /* immutable: for /proc/interrupts */
	struct irq_action *next;    /* the line's lock */
	uint64_t count;             /* owner: the processor that serves the line */
};

enum irq_trigger { IRQ_EDGE, IRQ_LEVEL_LOW, IRQ_LEVEL_HIGH, IRQ_ISA_DEFAULT };

/*
 * Finds the interrupt controllers (MADT, or the 8259s), all lines masked, and
 * counts the processors. After acpi_init(). The boot processor's own controller
 * is on afterwards.
 */
void irq_init(void);

/*
 * Adds a handler to a line and unmasks it. action must stay valid until
 * irq_unregister(). 0, -EINVAL (no such line), -EBUSY (trigger differs).
 */
int irq_register(unsigned gsi, enum irq_trigger trigger, struct irq_action *action);
/* Returns when no handler runs any more: not from the handler, no lock held that it takes. */
void irq_unregister(unsigned gsi, struct irq_action *action);

/* The GSI of an ISA line, and its trigger, after ACPI's overrides. */
unsigned irq_isa_to_gsi(unsigned isa, enum irq_trigger *trigger);

/* True while this processor runs on an interrupt or exception stack. */
bool irq_in_progress(void);

/* Inside an interrupt handler: the interrupted code ran in user mode. */
bool irq_from_user(void);

/*
 * Message-signalled interrupts (PCI 3.0, 6.8): a device interrupts by writing data to
 * an address. Each message has a vector of its own on one processor and one action,
 * so nothing is shared and nothing has to be asked.
 */
struct irq_message {
	uint64_t address;           /* immutable after irq_message_alloc(), as all */
	uint32_t data;
	unsigned cpu;               /* that serves it */
	unsigned number;            /* for /proc/interrupts; beyond all lines */
	struct irq_action *action;
};

/*
 * Allots a message that processor cpu serves by action, whose handler may run from now on.
 * Both stay valid until irq_message_free(). 0, -ENOSPC: that processor has no vector left,
 * -ENODEV: there is no local APIC.
 */
int irq_message_alloc(unsigned cpu, struct irq_action *action, struct irq_message *m);
/* The device sends it no more. Returns when no handler runs any more: not from the handler, no lock held that it takes. */
void irq_message_free(struct irq_message *m);

/* Calls visit for every registered action, with the line's lock held; for /proc/interrupts. */
void irq_for_each(void (*visit)(void *arg, unsigned gsi, const struct irq_action *action), void *arg);

/* Interrupts served by one processor, of any kind. */
uint64_t irq_count_of(unsigned cpu);

/* Interrupts served by this machine in all, and by the local timer. */
uint64_t irq_count_total(void);
uint64_t irq_count_timer(void);

#endif
