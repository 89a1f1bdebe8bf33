/* SPDX-License-Identifier: MIT */
/*
 * The slow halves of base/preempt.h. A thread that finds the count of its own
 * processor at zero stays allowed to be preempted wherever it runs on, so
 * reading it needs no protection.
 */
#include "base/preempt.h"
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
	spin_debug_log_held();
	panic("%s:%d: may sleep with preemption off %u deep, interrupts %s%s", file, line,
	      cpu_local_read(preempt_count), irq_enabled() ? "on" : "off",
	      irq_in_progress() ? ", in an interrupt" : "");
}
#endif
