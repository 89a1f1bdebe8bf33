/* SPDX-License-Identifier: MIT */
/*
 * Where the other processors are: each is asked by an NMI, which comes through
 * with interrupts off too, and writes its answer into a slot of its own. Works
 * in a panic and in any other context; the waiting is bounded.
 *
 * A question is a number in the slot; the answer is there when the slot repeats
 * it. One that comes too late only changes what nobody reads any more. One
 * processor asks at a time (`asking`); in a panic nobody else is left to.
 */
#include "arch/x86/ipi.h"
#include "arch/x86/apic.h"
#include "arch/x86/processor.h"
#include "base/panic.h"
#include "base/percpu.h"
#include "hal/context.h"
#include "hal/irq.h"
#include "lib/atomic.h"
#include "lib/string.h"

/* In ticks of the time stamp counter: an emulated processor may have to wait for the host's. */
#define PATIENCE (600UL * 1000 * 1000)

struct trace_slot {
	uint32_t asked;         /* atomic: number of the latest question */
	uint32_t told;          /* atomic: number of the question that trace answers */
	bool stopped;           /* atomic: it will say no more; trace is its last word */
	struct cpu_trace trace; /* owner: this processor, up to told */
};
static PERCPU(struct trace_slot, trace_slot);
static uint32_t asking; /* atomic: 1 + the processor that asks */

static void trace_fill(struct cpu_trace *t, const struct user_frame *f)
{
	const struct context *c = context_current();

	strscpy(t->name, c->name ? c->name : "(none)", sizeof(t->name));
	t->user = f->cs & 3;
	t->irq_on = f->rflags & FLAG_IF;
	t->rip = f->rip;
	t->n = t->user ? 0 : context_backtrace(f->rbp, t->chain, CPU_TRACE_MAX);
}

void trace_tell(const struct user_frame *f)
{
	struct trace_slot *slot = cpu_local_ptr(trace_slot);
	uint32_t asked = atomic_load_acquire(&slot->asked);

	trace_fill(&slot->trace, f);
	atomic_store_release(&slot->told, asked);
}

bool trace_asked(void)
{
	const struct trace_slot *slot = cpu_local_ptr(trace_slot);

	return atomic_load(&slot->asked) != atomic_load(&slot->told);
}

void trace_tell_last(const struct user_frame *f)
{
	trace_tell(f);
	atomic_store_release(&cpu_local_ptr(trace_slot)->stopped, true);
}

static bool wait_answer(const struct trace_slot *slot, uint32_t number)
{
	uint64_t start = cpu_cycles();

	while (atomic_load_acquire(&slot->told) != number) {
		if (cpu_cycles() - start > PATIENCE)
			return false;
		cpu_relax();
	}
	return true;
}

static bool ask(unsigned cpu, struct cpu_trace *out)
{
	struct trace_slot *slot = percpu_of(trace_slot, cpu);
	uint32_t number;

	if (!atomic_load_acquire(&slot->stopped)) {
		number = atomic_inc_return(&slot->asked);
		apic_send(apic_id_of(cpu), APIC_SEND_NMI);
		if (!wait_answer(slot, number))
			return false;
	}
	*out = slot->trace;
	return true;
}

/* False if another one asks for too long, or is asking on this very processor. */
static bool asking_begin(uint32_t self)
{
	uint64_t start = cpu_cycles();
	uint32_t other = 0;

	while (!atomic_compare_exchange(&asking, &other, self)) {
		if (panic_active())
			return true;
		if (other == self || cpu_cycles() - start > PATIENCE)
			return false;
		other = 0;
		cpu_relax();
	}
	return true;
}

/* This processor, where it is now; an interrupt's handler tells of what it interrupted. */
static void trace_self(struct cpu_trace *t, uint64_t frame_pointer)
{
	struct user_frame f = { .rbp = frame_pointer, .rflags = irq_flags() };

	if (irq_in_progress() && cpu_local_read(irq_frame))
		f = *cpu_local_read(irq_frame);
	trace_fill(t, &f);
}

bool cpu_trace(unsigned cpu, struct cpu_trace *t)
{
	uint64_t irq = irq_save();
	bool answered = cpu == cpu_id();

	if (answered) {
		trace_self(t, cpu_frame_pointer());
	} else if (cpu < cpu_online_count && apic_present() && asking_begin(cpu_id() + 1)) {
		answered = ask(cpu, t);
		atomic_store_release(&asking, 0);
	}
	irq_restore(irq);
	return answered;
}
