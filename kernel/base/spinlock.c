/* SPDX-License-Identifier: MIT */
/*
 * The contended half of spin_lock(). The ticket is drawn already; what is left
 * is to wait until it is served. After a panic began, nobody who waits is held
 * up: the holder may be stopped for ever, and only one processor still runs.
 */
#include "base/spinlock.h"
#include "base/backtrace.h"
#include "hal/cpu.h"

/* Some seconds on any processor, in ticks of the time stamp counter. */
#define SPIN_SUSPICIOUS (10UL * 1000 * 1000 * 1000)

static __cold void report(const struct spinlock *l)
{
	log_err("processor %u spins for seconds for the lock at %p", cpu_id(), (const void *)l);
	lockcheck_spin_holder(LOG_ERR, l);
	backtrace_all_cpus(LOG_ERR);
}

void spin_wait(struct spinlock *l, uint16_t ticket)
{
	uint64_t patience = SPIN_SUSPICIOUS, start = cpu_cycles();

	while (__atomic_load_n(&l->serving, __ATOMIC_ACQUIRE) != ticket) {
		if (panic_active())
			return;
		if (unlikely(cpu_cycles() - start > patience)) {
			report(l);
			patience *= 4;
		}
		cpu_relax();
	}
}
