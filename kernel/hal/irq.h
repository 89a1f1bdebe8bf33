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

/* One registered action, as /proc/interrupts tells it. */
struct irq_info {
	unsigned number;            /* the line, or the message's number */
	unsigned cpu;               /* that serves it */
	const char *controller;
	bool level;                 /* level-triggered */
	const struct irq_action *action;
};

/* Calls visit for every registered action, in order of numbers, with the line's lock held. */
void irq_for_each(void (*visit)(void *arg, const struct irq_info *info), void *arg);

/* Interrupts that no device sends. */
enum irq_kind {
	IRQ_KIND_NMI, IRQ_KIND_TIMER, IRQ_KIND_SPURIOUS, IRQ_KIND_RESCHEDULE, IRQ_KIND_CALL, IRQ_KIND_TLB,
	IRQ_KINDS,
};

/* Counts one on this processor. Interrupts off. */
void irq_note(enum irq_kind kind);
/* How many of a kind a processor has served. */
uint64_t irq_count_kind(unsigned cpu, enum irq_kind kind);

/* Interrupts served by one processor, of any kind. */
uint64_t irq_count_of(unsigned cpu);

/* Interrupts served by this machine in all. */
uint64_t irq_count_total(void);

#endif
