/* SPDX-License-Identifier: MIT */
/*
 * Interrupts between processors: look at your work (kick), call a function, stop.
 *
 * Calls. Each processor has one outgoing call: function, argument, and a bit for
 * every processor that has not done it yet. Each has one incoming word: a bit
 * for every processor whose outgoing call it shall do. Who turns that word from
 * zero sends the interrupt; the receiver takes all bits at once. So nothing is
 * allocated or queued, and there is no lock.
 *
 * The caller waits with interrupts on, so two that call each other both get
 * on. It must not hold what the others spin for with interrupts off.
 */
#include "arch/x86/ipi.h"
#include "arch/x86/apic.h"
#include "arch/x86/processor.h"
#include "base/panic.h"
#include "base/percpu.h"
#include "base/preempt.h"
#include "base/rcu.h"
#include "hal/cpu.h"
#include "hal/irq.h"
#include "lib/atomic.h"

struct outgoing_call {
	void (*fn)(void *arg); /* owner: the calling processor, while pending is 0 */
	void *arg;             /* the same */
	uint64_t pending;      /* atomic: processors that have not done it */
};
static PERCPU(struct outgoing_call, call_out);
static PERCPU(uint64_t, call_in); /* atomic: processors whose call waits for this one */

static uint32_t stopped; /* atomic: processors that obeyed cpu_stop_others() */

void cpu_kick(unsigned cpu)
{
	if (apic_present())
		apic_send(apic_id_of(cpu), VECTOR_KICK);
}

static void call_wait(const struct outgoing_call *c)
{
	while (atomic_load_acquire(&c->pending) && !panic_active())
		cpu_relax();
}

static void call_send(struct outgoing_call *c, uint64_t mask)
{
	uint64_t self = BIT(cpu_id());

	atomic_store_release(&c->pending, mask);
	for (; mask; mask &= mask - 1) {
		unsigned cpu = (unsigned)__builtin_ctzl(mask);

		if (atomic_fetch_or(percpu_of(call_in, cpu), self) == 0)
			apic_send(apic_id_of(cpu), VECTOR_CALL);
	}
}

void cpu_call(uint64_t mask, void (*fn)(void *arg), void *arg, bool wait)
{
	struct outgoing_call *c;
	uint64_t self, irq;

	preempt_disable();
	self = BIT(cpu_id());
	c = cpu_local_ptr(call_out);
	assert(irq_enabled() || !(mask & ~self));
	if (mask & ~self) {
		call_wait(c); /* the one before, if nobody waited for it */
		c->fn = fn;
		c->arg = arg;
		call_send(c, mask & ~self);
	}
	if (mask & self) {
		irq = irq_save();
		fn(arg);
		irq_restore(irq);
	}
	if (wait)
		call_wait(c);
	preempt_enable();
}

static void calls_serve(void)
{
	uint64_t self = BIT(cpu_id());
	uint64_t from = atomic_exchange(cpu_local_ptr(call_in), 0);

	for (; from; from &= from - 1) {
		struct outgoing_call *c = percpu_of(call_out, __builtin_ctzl(from));

		c->fn(c->arg);
		atomic_and(&c->pending, ~self);
	}
}

/* Where it was it tells first: the report shows it. */
static __noreturn void stop(const struct user_frame *f)
{
	trace_tell_last(f);
	atomic_inc(&stopped);
	cpu_halt();
}

/* True when all have stopped. */
static bool stop_wait(void)
{
	const unsigned polls = 1000000;

	for (unsigned i = 0; i < polls; i++) {
		if (atomic_load(&stopped) >= cpu_online_count - 1)
			return true;
		cpu_relax();
	}
	return false;
}

static void send_others(uint32_t command)
{
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		if (cpu != cpu_id())
			apic_send(apic_id_of(cpu), command);
}

/* One that does not listen to interrupts gets one that cannot be masked. */
void cpu_stop_others(void)
{
	if (cpu_online_count < 2 || !apic_present())
		return;
	send_others(VECTOR_STOP);
	if (stop_wait())
		return;
	send_others(APIC_SEND_NMI);
	stop_wait();
}

bool ipi_nmi(const struct user_frame *f)
{
	bool asked = trace_asked();

	if (panic_active() && panic_cpu != cpu_id() + 1)
		stop(f);
	if (asked)
		trace_tell(f);
	return asked;
}

/* Interrupted code that could have been preempted holds nothing of RCU's; other code reports as soon as it can be. */
static void kicked(void)
{
	if (cpu_local_read(preempt_count) == 0)
		rcu_quiescent();
	else if (rcu_pending())
		atomic_or(&context_current()->work, WORK_RESCHED);
}

bool ipi_interrupt(unsigned vector)
{
	switch (vector) {
	case VECTOR_KICK: /* the way out of the interrupt does the rest */
		irq_note(IRQ_KIND_RESCHEDULE);
		kicked();
		return true;
	case VECTOR_CALL:
		irq_note(IRQ_KIND_CALL);
		calls_serve();
		return true;
	case VECTOR_STOP:
		stop(cpu_local_read(irq_frame));
	default:
		return false;
	}
}
