/* SPDX-License-Identifier: MIT */
/*
 * sched/load.c: load averages: the number of runnable threads, averaged with
 * exponential decay over 1, 5 and 15 minutes, sampled every five seconds. With
 * no periodic tick, the sample is taken at the first switch or timer interrupt
 * after it is due; a processor that runs anything has one a second, so periods
 * missed meanwhile were idle ones, and count as such. Pressures are sampled with them.
 */
#include "sched/runq.h"
#include "base/spinlock.h"
#include "hal/clock.h"

#define FIXED_SHIFT 11
#define FIXED_ONE   (1u << FIXED_SHIFT)
#define PERIOD      (5 * NSEC_PER_SEC)

/* exp(-5 s / 1, 5, 15 min) in fixed point. */
static const uint64_t decay[3] = { 1884, 2014, 2037 };

static struct spinlock lock = SPINLOCK_INIT(RANK_RUNQ_LEAF);
static uint64_t averages[3]; /* lock */
static nsec_t next_sample = PERIOD; /* lock */
static nsec_t next_due;             /* lock; read without: of load averages or pressures */

static void sample(uint64_t running)
{
	for (unsigned i = 0; i < 3; i++)
		averages[i] = (averages[i] * decay[i] + running * FIXED_ONE * (FIXED_ONE - decay[i])) >> FIXED_SHIFT;
}

unsigned load_running(void)
{
	unsigned n = 0;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		n += atomic_load(&percpu_of(runq, cpu)->queued);
	return n;
}

void load_update(nsec_t now)
{
	if (likely(now < READ_ONCE(next_due)))
		return;
	uint64_t irq = spin_lock_irq(&lock);
	if (now >= next_sample) {
		nsec_t missed = (now - next_sample) / PERIOD;

		for (nsec_t i = 0; i < min(missed, (nsec_t)2000); i++)
			sample(0);
		sample(load_running());
		next_sample += (missed + 1) * PERIOD;
	}
	WRITE_ONCE(next_due, min(next_sample, pressure_update(now)));
	spin_release(&lock);
	preempt_enable_no_resched();
	irq_restore(irq);
}

void load_read(uint64_t load[3])
{
	uint64_t irq;

	load_update(clock_now());
	irq = spin_lock_irq(&lock);
	for (unsigned i = 0; i < 3; i++)
		load[i] = averages[i];
	spin_unlock_irq(&lock, irq);
}
