/* SPDX-License-Identifier: MIT */
/*
 * Call chains, for reports while the machine goes on; panic() prints its own.
 * Nothing here waits but for the answer of another processor, for a bounded time.
 */
#include "base/backtrace.h"
#include "base/panic.h"
#include "hal/context.h"

static void print_address(enum log_level level, vaddr_t addr)
{
	uint64_t offset = 0;
	const char *name = symbol_name(addr, &offset);

	log_printf(level, "  %016llx %s+0x%llx", (unsigned long long)addr, name ? name : "?",
		   (unsigned long long)offset);
}

void backtrace_print(enum log_level level, const vaddr_t *chain, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		print_address(level, chain[i]);
}

void backtrace_log(int level)
{
	vaddr_t chain[BACKTRACE_MAX];

	backtrace_print((enum log_level)level, chain,
			context_backtrace(cpu_frame_pointer(), chain, BACKTRACE_MAX));
}

void backtrace_cpu(enum log_level level, unsigned cpu)
{
	struct cpu_trace t;

	if (!cpu_trace(cpu, &t)) {
		log_printf(level, "processor %u does not answer", cpu);
		return;
	}
	log_printf(level, "processor %u, thread %s%s%s", cpu, t.name, t.user ? ", in its program" : "",
		   t.user || t.irq_on ? "" : ", interrupts off");
	if (t.user)
		return;
	if (t.rip)
		print_address(level, t.rip);
	backtrace_print(level, t.chain, t.n);
}

void backtrace_all_cpus(enum log_level level)
{
	unsigned self = cpu_id();

	backtrace_cpu(level, self);
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		if (cpu != self)
			backtrace_cpu(level, cpu);
}
