/* SPDX-License-Identifier: MIT */
/*
 * The slow halves of base/preempt.h. A thread that finds the count of its own
 * processor at zero stays allowed to be preempted wherever it runs on, so
 * reading it needs no protection.
 */
#include "base/preempt.h"
#include "base/backtrace.h"
#include "base/panic.h"
#include "base/spinlock.h"
#include "hal/irq.h"

PERCPU(uint32_t, preempt_count);

void preempt_check(void)
{
	if (cpu_local_read(preempt_count) != 0 || !irq_enabled())
		return;
	irq_disable();
	upcall_preempt();
	irq_enable();
}

#if CONFIG_DEBUG
PERCPU(vaddr_t, preempt_off_at);
PERCPU(uint32_t, rcu_read_depth);

void preempt_note(void)
{
	if (cpu_local_read(preempt_count) == 1)
		cpu_local_write(preempt_off_at, (vaddr_t)__builtin_return_address(0));
}

void rcu_read_note(int change)
{
	if (change < 0 && cpu_local_read(rcu_read_depth) == 0 && !panic_active())
		panic("an RCU read section ends that did not begin");
	cpu_local_add(rcu_read_depth, change);
}

void preempt_print(void)
{
	vaddr_t at = cpu_local_read(preempt_off_at);
	uint32_t sections = cpu_local_read(rcu_read_depth);

	lockcheck_spin_print(LOG_ERR, cpu_id());
	if (cpu_local_read(preempt_count) == 0)
		return;
	if (sections)
		log_err("RCU read sections open: %u", sections);
	log_err("preemption is off since");
	backtrace_print(LOG_ERR, &at, 1);
}

static bool sleeping_starts; /* written once, during boot, before a second thread runs */

void might_sleep_start(void)
{
	sleeping_starts = true;
}

void might_sleep_check(const char *file, int line)
{
	if (!sleeping_starts || panic_active())
		return;
	if (likely(cpu_local_read(preempt_count) == 0 && irq_enabled()))
		return;
	preempt_print();
	panic("%s:%d: may sleep with preemption off %u deep, interrupts %s%s%s", file, line,
	      cpu_local_read(preempt_count), irq_enabled() ? "on" : "off",
	      irq_in_progress() ? ", in an interrupt" : "",
	      cpu_local_read(rcu_read_depth) ? ", in an RCU read section" : "");
}
#endif
