/* SPDX-License-Identifier: MIT */
/*
 * sched/pressure.c: how much time is lost because there is not enough of something
 * (/proc/pressure): for processors, the part of the time in which a thread waits while
 * another runs; for memory, that in which threads wait until there is some. As shares of
 * the last 10, 60 and 300 seconds, averaged with exponential decay, sampled every two seconds
 * with the load averages, and as a sum since boot.
 *
 * Each run queue adds up the time in which it had more than one thread. The sum over
 * processors is weighted by how long each was not idle, so that one that idles beside a crowded
 * one does not halve the number. Nothing waits for input and output yet: there are no
 * devices that keep a thread waiting.
 */
#include "sched/pressure.h"

#include "base/spinlock.h"
#include "hal/clock.h"
#include "sched/runq.h"

#define FIXED_SHIFT 11
#define FIXED_ONE   (1u << FIXED_SHIFT)
#define PERIOD      ((nsec_t)(2 * NSEC_PER_SEC))
#define MISSED_MOST 1000 /* periods: nothing is left of any average */

/* exp(-2 s / 10, 60, 300 s) in fixed point. */
static const uint64_t decay[3] = { 1677, 1981, 2034 };

struct stall {                  /* lock */
	nsec_t total, sampled;  /* since boot: so far; what the averages have seen of it */
	uint64_t averages[3];   /* per cent, fixed point */
};

struct seen {                   /* lock: of a processor's run queue, at the last sample */
	nsec_t crowded, busy;
};

static struct spinlock lock = SPINLOCK_INIT(RANK_PRESSURE);
static struct stall cpu_some, memory_some, memory_full; /* lock */
static nsec_t next_sample = PERIOD;                      /* lock */
static PERCPU(struct seen, seen);
static unsigned stalled;                                 /* lock: threads that wait for memory */
static bool all_stalled;                                 /* lock: and nobody else could run when that number changed */
static nsec_t stalled_from;                              /* lock: memory's totals are up to then */

/* ---- processors ------------------------------------------------------------------------ */

/* Time in which threads waited on a processor, and in which it was not idle. A little late or early: its queue is not locked. */
static struct seen look(unsigned cpu, nsec_t now)
{
	const struct runq *rq = percpu_of(runq, cpu);
	nsec_t since = READ_ONCE(rq->crowded_since);
	const struct cpu_times *t = &rq->times;

	return (struct seen){
		.crowded = READ_ONCE(rq->crowded) + (since ? max(now - since, (nsec_t)0) : 0),
		.busy = READ_ONCE(t->user) + READ_ONCE(t->nice) + READ_ONCE(t->system) + READ_ONCE(t->unsorted),
	};
}

/* In microseconds, or the products would be too large. */
static void collect_cpus(nsec_t now)
{
	uint64_t sum = 0, weights = 0;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		struct seen *old = percpu_of(seen, cpu), new = look(cpu, now);
		uint64_t weight = (uint64_t)max(new.busy - old->busy, (nsec_t)0) / 1000;

		sum += (uint64_t)max(new.crowded - old->crowded, (nsec_t)0) / 1000 * weight;
		weights += weight;
		*old = new;
	}
	cpu_some.total += (nsec_t)(sum / max(weights, (uint64_t)1)) * 1000;
}

/* ---- memory ---------------------------------------------------------------------------- */

static void collect_memory(nsec_t now)
{
	nsec_t passed = max(now - stalled_from, (nsec_t)0);

	if (stalled)
		memory_some.total += passed;
	if (all_stalled)
		memory_full.total += passed;
	stalled_from = now;
}

static void change_stalled(int by)
{
	uint64_t irq = spin_lock_irq(&lock);

	collect_memory(clock_now());
	stalled += (unsigned)by;
	all_stalled = stalled && load_running() <= stalled;
	spin_unlock_irq(&lock, irq);
}

void pressure_memory_begin(void)
{
	change_stalled(1);
}

void pressure_memory_end(void)
{
	change_stalled(-1);
}

/* ---- averages -------------------------------------------------------------------------- */

static void average(struct stall *s, uint64_t percent)
{
	for (unsigned i = 0; i < 3; i++) {
		uint64_t round_up = percent >= s->averages[i] ? FIXED_ONE - 1 : 0;

		s->averages[i] = (s->averages[i] * decay[i] + percent * (FIXED_ONE - decay[i]) + round_up) >> FIXED_SHIFT;
	}
}

/* Processors that run anything sample in time: so periods missed were idle, but for the one that ends now. */
static void sample(struct stall *s, uint64_t missed)
{
	nsec_t part = min(s->total - s->sampled, PERIOD);

	for (uint64_t i = 0; i < min(missed, (uint64_t)MISSED_MOST); i++)
		average(s, 0);
	s->sampled = s->total;
	average(s, (uint64_t)part * 100 * FIXED_ONE / (uint64_t)PERIOD);
}

nsec_t pressure_update(nsec_t now)
{
	nsec_t next;

	spin_lock(&lock);
	if (now >= next_sample) {
		uint64_t missed = (uint64_t)(now - next_sample) / PERIOD;

		collect_cpus(now);
		collect_memory(now);
		sample(&cpu_some, missed);
		sample(&memory_some, missed);
		sample(&memory_full, missed);
		next_sample += (nsec_t)(missed + 1) * PERIOD;
	}
	next = next_sample;
	spin_release(&lock);
	preempt_enable_no_resched();
	return next;
}

static void tell(const struct stall *s, struct pressure *p)
{
	for (unsigned i = 0; i < 3; i++)
		p->average[i] = s->averages[i];
	p->total = s->total;
}

void pressure_read(enum pressure_kind kind, struct pressure *some, struct pressure *full)
{
	uint64_t irq;

	*some = *full = (struct pressure){0};
	load_update(clock_now());
	irq = spin_lock_irq(&lock);
	if (kind == PRESSURE_CPU) {
		tell(&cpu_some, some);
	} else if (kind == PRESSURE_MEMORY) {
		tell(&memory_some, some);
		tell(&memory_full, full);
	}
	spin_unlock_irq(&lock, irq);
}

nsec_t pressure_total(enum pressure_kind kind, bool full)
{
	nsec_t now = clock_now(), total = 0;
	uint64_t irq = spin_lock_irq(&lock);

	if (kind == PRESSURE_CPU && !full) {
		collect_cpus(now);
		total = cpu_some.total;
	} else if (kind == PRESSURE_MEMORY) {
		collect_memory(now);
		total = full ? memory_full.total : memory_some.total;
	}
	spin_unlock_irq(&lock, irq);
	return total;
}
