/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines: who wants which, and the way from a vector to the handlers.
 * Line n interrupts with vector VECTOR_LINES + n, whether an I/O APIC or the
 * 8259s control it, so the way back is a subtraction.
 *
 * A line's lock guards its list and its state for registering. The interrupt
 * itself walks the list without it, because handlers take locks of lower rank:
 * an action is linked in with one store, and irq_unregister() waits until no
 * walk that could have seen the action is under way (line.serving).
 */
#include "arch/x86/irq.h"
#include "arch/x86/apic.h"
#include "arch/x86/interrupt.h"
#include "arch/x86/irq_chip.h"
#include "arch/x86/madt.h"
#include "arch/x86/power.h"
#include "base/log.h"
#include "base/panic.h"
#include "base/percpu.h"
#include "base/spinlock.h"
#include "hal/upcall.h"
#include "lib/errno.h"

struct irq_line {
	struct spinlock lock;
	struct irq_action *actions; /* lock; read by the interrupt without it */
	enum irq_trigger trigger;   /* lock: set while there are actions */
	uint32_t serving;           /* atomic: walks of the list under way */
};

static struct irq_line lines[IRQ_LINES];
static const struct irq_chip *chip; /* immutable after irq_init() */
static bool isa_moved;              /* immutable after irq_init(): the MADT's overrides hold */

static PERCPU(uint64_t, irq_total);
static PERCPU(uint64_t [IRQ_KINDS], irq_kinds);

void irq_init(void)
{
	const struct irq_chip *pic = pic_init();

	for (unsigned i = 0; i < IRQ_LINES; i++)
		spin_init(&lines[i].lock, RANK_IRQ);
	power_init();
	madt_read();
	cpu_possible_count = madt.cpus;
	if (apic_init()) {
		chip = ioapic_init();
		isa_moved = chip != NULL;
		apic_init_cpu(!chip);
	}
	if (!chip)
		chip = pic;
	log_info("irq: %s, %s, %u processor%s\n", chip->name, apic_present() ? "local APIC" : "no local APIC",
		 cpu_possible_count, cpu_possible_count == 1 ? "" : "s");
}

/* The trigger that an override's flags mean; an ISA line that says nothing is edge. */
static enum irq_trigger isa_trigger(uint16_t flags)
{
	if ((flags & MADT_TRIGGER_MASK) != MADT_TRIGGER_LEVEL)
		return IRQ_EDGE;
	return (flags & MADT_ACTIVE_MASK) == MADT_ACTIVE_LOW ? IRQ_LEVEL_LOW : IRQ_LEVEL_HIGH;
}

unsigned irq_isa_to_gsi(unsigned isa, enum irq_trigger *trigger)
{
	if (isa >= MADT_ISA_LINES || !isa_moved) {
		*trigger = IRQ_EDGE;
		return isa;
	}
	*trigger = isa_trigger(madt.isa[isa].flags);
	return madt.isa[isa].gsi;
}

/* What IRQ_ISA_DEFAULT means for a line: the trigger of the ISA line that leads to it. */
static enum irq_trigger line_default_trigger(unsigned gsi)
{
	enum irq_trigger trigger;

	for (unsigned isa = 0; isa < MADT_ISA_LINES; isa++)
		if (irq_isa_to_gsi(isa, &trigger) == gsi)
			return trigger;
	return IRQ_EDGE;
}

int irq_register(unsigned gsi, enum irq_trigger trigger, struct irq_action *action)
{
	struct irq_line *line;
	int error = 0;
	uint64_t irq;

	if (gsi >= IRQ_LINES || !chip->has(gsi))
		return -EINVAL;
	if (trigger == IRQ_ISA_DEFAULT)
		trigger = line_default_trigger(gsi);
	line = &lines[gsi];
	irq = spin_lock_irq(&line->lock);
	if (line->actions && line->trigger != trigger) {
		error = -EBUSY;
		goto out;
	}
	action->count = 0;
	action->next = line->actions;
	atomic_store_release(&line->actions, action);
	if (!action->next) {
		line->trigger = trigger;
		chip->unmask(gsi, trigger);
	}
out:
	spin_unlock_irq(&line->lock, irq);
	return error;
}

void irq_unregister(unsigned gsi, struct irq_action *action)
{
	struct irq_line *line = &lines[gsi];
	struct irq_action **at = &line->actions;
	uint64_t irq = spin_lock_irq(&line->lock);

	while (*at && *at != action)
		at = &(*at)->next;
	verify(*at == action);
	atomic_store_release(at, action->next);
	if (!line->actions)
		chip->mask(gsi);
	spin_unlock_irq(&line->lock, irq);
	atomic_fence();
	while (atomic_load_acquire(&line->serving))
		cpu_relax();
}

void irq_for_each(void (*visit)(void *arg, const struct irq_info *info), void *arg)
{
	for (unsigned gsi = 0; gsi < IRQ_LINES; gsi++) {
		struct irq_line *line = &lines[gsi];
		struct irq_info info = { .number = gsi, .controller = chip->name };
		uint64_t irq;

		if (!atomic_load(&line->actions))
			continue;
		irq = spin_lock_irq(&line->lock);
		info.level = line->trigger != IRQ_EDGE;
		for (info.action = line->actions; info.action; info.action = info.action->next)
			visit(arg, &info);
		spin_unlock_irq(&line->lock, irq);
	}
	message_for_each(visit, arg);
}

static void line_serve(unsigned gsi)
{
	struct irq_line *line = &lines[gsi];

	if (chip->spurious(gsi))
		return;
	atomic_inc(&line->serving);
	for (struct irq_action *a = atomic_load_acquire(&line->actions); a;
	     a = atomic_load_acquire(&a->next)) {
		a->count++;
		a->handler(a->arg);
	}
	chip->eoi(gsi);
	atomic_dec(&line->serving);
}

void irq_local_timer(void)
{
	irq_note(IRQ_KIND_TIMER);
	upcall_timer();
}

void arch_interrupt(unsigned vector)
{
	cpu_local_add(irq_total, 1);
	if (vector == VECTOR_TIMER) {
		apic_eoi();
		irq_local_timer();
	} else if (vector - VECTOR_LINES < IRQ_LINES) {
		line_serve(vector - VECTOR_LINES);
	} else if (vector - VECTOR_MESSAGES < MESSAGE_VECTORS && message_serve(vector)) {
		apic_eoi();
	} else if (!apic_present() || !apic_interrupt(vector)) {
		log_warn("irq: nobody serves vector %u\n", vector);
		if (apic_present())
			apic_eoi();
	}
}

uint64_t irq_count_of(unsigned cpu)
{
	return atomic_load(percpu_of(irq_total, cpu));
}

uint64_t irq_count_total(void)
{
	uint64_t sum = 0;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		sum += *percpu_of(irq_total, cpu);
	return sum;
}

void irq_note(enum irq_kind kind)
{
	(*cpu_local_ptr(irq_kinds))[kind]++;
}

uint64_t irq_count_kind(unsigned cpu, enum irq_kind kind)
{
	return READ_ONCE((*percpu_of(irq_kinds, cpu))[kind]);
}
