/* SPDX-License-Identifier: MIT */
/*
 * Message-signalled interrupts (Intel SDM volume 3, 11.11): a write to the local APIC's
 * address range raises the vector in its data. Vectors are numbered for each processor
 * by itself: the same one on two processors is two messages.
 *
 * A processor's slots are changed under its lock, which no handler takes. The interrupt reads its
 * slot without it: a slot is filled by one store, and message_free() waits until no
 * handler runs that could have read it (serving).
 */
#include "arch/x86/apic.h"
#include "arch/x86/irq_chip.h"
#include "base/panic.h"
#include "base/percpu.h"
#include "base/spinlock.h"
#include "lib/errno.h"

#define MESSAGE_ADDRESS   0xfee00000u
#define ADDRESS_ID_SHIFT  12
#define ADDRESS_ID_MAX    0xffu /* more takes a remapping unit */

struct message_slots {
	struct spinlock lock;                       /* guards what follows against others that change it */
	struct irq_message *slot[MESSAGE_VECTORS];  /* lock; read by the processor's interrupts without it */
	uint32_t serving;                           /* atomic: the processor is between reading a slot and the handler's end */
};

static PERCPU(struct message_slots, messages) = { .lock = SPINLOCK_INIT(RANK_IRQ) };

void message_prepare_other(unsigned cpu)
{
	spin_init(&percpu_of(messages, cpu)->lock, RANK_IRQ);
}

int irq_message_alloc(unsigned cpu, struct irq_action *action, struct irq_message *m)
{
	struct message_slots *of = percpu_of(messages, cpu);
	int error = -ENOSPC;
	uint64_t irq;

	if (!apic_present() || apic_id_of(cpu) > ADDRESS_ID_MAX)
		return -ENODEV;
	action->count = 0;
	irq = spin_lock_irq(&of->lock);
	for (unsigned i = 0; i < MESSAGE_VECTORS && error; i++) {
		if (of->slot[i])
			continue;
		*m = (struct irq_message){
			.address = MESSAGE_ADDRESS | apic_id_of(cpu) << ADDRESS_ID_SHIFT,
			.data = VECTOR_MESSAGES + i, .cpu = cpu, .action = action,
			.number = IRQ_LINES + cpu * MESSAGE_VECTORS + i,
		};
		atomic_store_release(&of->slot[i], m);
		error = 0;
	}
	spin_unlock_irq(&of->lock, irq);
	return error;
}

void irq_message_free(struct irq_message *m)
{
	struct message_slots *of = percpu_of(messages, m->cpu);
	unsigned i = m->data - VECTOR_MESSAGES;
	uint64_t irq = spin_lock_irq(&of->lock);

	verify(of->slot[i] == m);
	atomic_store(&of->slot[i], (struct irq_message *)NULL);
	spin_unlock_irq(&of->lock, irq);
	atomic_fence();
	while (atomic_load_acquire(&of->serving))
		cpu_relax();
}

bool message_serve(unsigned vector)
{
	struct message_slots *of = cpu_local_ptr(messages);
	struct irq_message *m;

	atomic_inc(&of->serving);
	m = atomic_load_acquire(&of->slot[vector - VECTOR_MESSAGES]);
	if (m) {
		m->action->count++;
		m->action->handler(m->action->arg);
	}
	atomic_dec(&of->serving);
	return m != NULL;
}

void message_for_each(void (*visit)(void *arg, const struct irq_info *info), void *arg)
{
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		struct message_slots *of = percpu_of(messages, cpu);
		uint64_t irq = spin_lock_irq(&of->lock);

		for (unsigned i = 0; i < MESSAGE_VECTORS; i++) {
			const struct irq_message *m = of->slot[i];

			if (m)
				visit(arg, &(struct irq_info){ m->number, cpu, "PCI-MSI", false, m->action });
		}
		spin_unlock_irq(&of->lock, irq);
	}
}
