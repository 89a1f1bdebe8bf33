/* SPDX-License-Identifier: MIT */
/*
 * sched/watchdog.c: what should not happen, noticed and reported.
 *
 * Idea. Two watchers, on processors 0 and 1, look at all processors every few
 * seconds from a timer's interrupt; two, so that one is left whichever processor
 * is lost. Of every busy processor a watcher compares two counts with those of
 * its last look:
 *
 *  - interrupts served. It is sent one at each look, so a count that stands
 *    still over two looks means interrupts are off there: a hard lockup;
 *  - switches. If another thread is to run there (WORK_RESCHED) and none does
 *    over four looks, it is a soft lockup.
 *
 * Looks are counted, not seconds, so that a machine that was stopped as a whole
 * is not taken for a stuck one.
 *
 * An idle machine. A watcher that finds all processors idle does not arm its
 * timer again. A processor that leaves idle and finds a watcher asleep wakes it:
 * one load and one comparison. So the cost is a wake-up of two processors in a
 * period of activity, and none while nothing happens. A single processor cannot
 * see its own interrupts off; nothing here can help that one.
 *
 * Hung threads. A look every half minute, and one some time after the machine
 * went idle, asks a worker to go through all threads; while it finds some that
 * sleep uninterruptibly it arms a timer for when the first would be too long.
 * Each sleep is reported once.
 *
 * Locking. A watcher's state is its processor's, in its timer interrupt; what it
 * reads of others is racy and only compared. watchdog_armed is ordered against
 * queue lengths: see watch().
 */
#include "sched/watchdog.h"
#include "base/backtrace.h"
#include "base/cmdline.h"
#include "base/lockcheck.h"
#include "base/panic.h"
#include "base/rcu.h"
#include "hal/clock.h"
#include "hal/irq.h"
#include "sched/inspect.h"
#include "sched/runq.h"
#include "sched/timer.h"
#include "sched/work.h"

#define WATCHERS    2
#define LOOKS_DEAF  2 /* unserved interrupts at so many looks in a row */
#define LOOKS_STUCK 4
#define LOOKS_STALL 5
#define LOOKS_SCAN  6 /* looks between two goes through all threads */
#define QUIET       64 /* switches that looking and going through threads may cost themselves */
#define REPORTS_MAX 10

nsec_t watchdog_period, watchdog_hung_after;
uint32_t watchdog_panics;
struct watchdog_counts watchdog_counts;
uint32_t watchdog_armed, watchdog_all;

struct look {
	uint64_t irqs, switches;
	unsigned deaf, stuck; /* looks in a row */
};
struct watcher {
	struct timer timer;
	struct look look[CPU_MAX]; /* owner: the watcher's interrupt, as is the rest */
	uint64_t rcu_period;
	unsigned rcu_looks, looks;
};
static struct watcher watchers[WATCHERS];
static struct timer hung_timer;
static struct work hung_work;
static uint32_t asked;      /* atomic: watchers that are to arm their timers when they leave idle */
static nsec_t scan_due;     /* atomic: what hung_timer is armed for, 0: it is not */
static uint64_t scanned_at; /* atomic: switches of all processors after the last scan */

static void processor_report(const char *what, unsigned cpu, const char *name)
{
	log_err("watchdog: BUG: %s - processor %u, thread %s", what, cpu, name);
	lockcheck_spin_print(LOG_ERR, cpu);
	backtrace_all_cpus(LOG_ERR);
	if (watchdog_panics & 1)
		panic("%s", what);
}

/* One processor. True if it is busy. */
static bool look_at(struct look *l, unsigned cpu)
{
	struct runq *rq = percpu_of(runq, cpu);
	struct thread *t = READ_ONCE(rq->current);
	uint64_t irqs = irq_count_of(cpu), switches = READ_ONCE(rq->switches);
	bool busy = READ_ONCE(rq->queued) != 0;

	l->deaf = busy && cpu != cpu_id() && irqs == l->irqs ? l->deaf + 1 : 0;
	l->stuck = busy && switches == l->switches && (atomic_load(&t->context.work) & WORK_RESCHED) ? l->stuck + 1 : 0;
	l->irqs = irqs;
	l->switches = switches;
	if (busy && cpu != cpu_id())
		cpu_kick(cpu);
	if (l->deaf == LOOKS_DEAF) {
		atomic_inc(&watchdog_counts.hard);
		processor_report("hard lockup: no interrupt is taken", cpu, t->name);
	} else if (l->stuck == LOOKS_STUCK && l->deaf == 0) {
		atomic_inc(&watchdog_counts.soft);
		processor_report("soft lockup: another thread is to run and none does", cpu, t->name);
	}
	return busy;
}

static void look_at_rcu(struct watcher *w)
{
	uint64_t period, waiting = rcu_waiting(&period);

	w->rcu_looks = waiting && period == w->rcu_period ? w->rcu_looks + 1 : 0;
	w->rcu_period = period;
	if (w->rcu_looks != LOOKS_STALL)
		return;
	atomic_inc(&watchdog_counts.stalls);
	log_err("watchdog: RCU: a grace period does not end; it waits for processors %#llx",
		(unsigned long long)rcu_waiting(&period));
	backtrace_all_cpus(LOG_ERR);
}

static uint64_t switches_total(void)
{
	uint64_t sum = 0;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		sum += READ_ONCE(percpu_of(runq, cpu)->switches);
	return sum;
}

/* Interrupts off, on the watcher's own processor. */
static void arm(unsigned number)
{
	atomic_or(&watchdog_armed, (uint32_t)BIT(number));
	atomic_and(&asked, ~(uint32_t)BIT(number));
	timer_arm(&watchers[number].timer, clock_now() + watchdog_period, watchdog_period / 4);
}

/* A scan after so long at the latest. It is never put off: on a nearly idle machine looks that want one come more often. */
static void scan_within(nsec_t delay)
{
	nsec_t when = clock_now() + delay, due = atomic_load(&scan_due);

	if (due && due <= when)
		return;
	atomic_store(&scan_due, when);
	timer_arm(&hung_timer, when, NSEC_PER_SEC);
}

/*
 * The bit goes before the queues are looked at, and whoever queues a thread on an
 * idle processor does so before that one looks at the bit: so either a busy
 * processor is seen here, or it sees the bit gone.
 */
static void watch(struct timer *timer)
{
	struct watcher *w = container_of(timer, struct watcher, timer);
	unsigned number = (unsigned)(w - watchers);
	bool busy = false;

	atomic_and(&watchdog_armed, ~(uint32_t)BIT(number));
	if (!watchdog_period)
		return;
	atomic_inc(&watchdog_counts.looks);
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		busy |= look_at(&w->look[cpu], cpu);
	if (number == 0)
		look_at_rcu(w);
	if (busy)
		arm(number);
	if (number != 0 || !watchdog_hung_after)
		return;
	if (busy && ++w->looks % LOOKS_SCAN == 0)
		work_queue(&hung_work);
	else if (!busy && switches_total() - atomic_load(&scanned_at) > QUIET)
		scan_within(watchdog_hung_after);
}

void watchdog_wake(bool busy)
{
	uint32_t missing = watchdog_all & ~atomic_load(&watchdog_armed);

	if (!busy)
		missing &= atomic_load(&asked) & (uint32_t)BIT(cpu_id());
	for (unsigned number = 0; watchdog_period && number < WATCHERS; number++) {
		uint32_t bit = (uint32_t)BIT(number);

		if (!(missing & bit))
			continue;
		if (number == cpu_id())
			arm(number);
		else if (!(atomic_fetch_or(&asked, bit) & bit))
			cpu_kick(number); /* it comes here on its way out of idle */
	}
}

static void arm_here(void *arg)
{
	if (watchdog_period && (watchdog_all & BIT(cpu_id())))
		arm(cpu_id());
}

void watchdog_set_period(nsec_t period)
{
	WRITE_ONCE(watchdog_period, period);
	cpu_call(cpu_all() & watchdog_all, arm_here, NULL, true);
}

struct scan {
	nsec_t now, next; /* next: until a sleep is too long */
	unsigned reports;
};

static void scan_thread(struct thread *t, int id, void *arg)
{
	struct scan *s = arg;
	uint32_t switches = (uint32_t)READ_ONCE(t->switches_voluntary);
	nsec_t asleep = s->now - READ_ONCE(t->run_start);

	if (atomic_load(&t->state) != THREAD_BLOCKED || atomic_load(&t->on_cpu) || t->hung_count == switches)
		return;
	if (asleep < watchdog_hung_after) {
		s->next = min(s->next, watchdog_hung_after - asleep);
		return;
	}
	t->hung_count = switches;
	atomic_inc(&watchdog_counts.hung);
	if (++s->reports > REPORTS_MAX)
		return;
	log_err("INFO: task %s:%d blocked for more than %llu seconds", t->name, id,
		(unsigned long long)(asleep / NSEC_PER_SEC));
	thread_print(LOG_ERR, t, id);
}

static void scan_run(struct work *work)
{
	struct scan s = { .now = clock_now(), .next = INT64_MAX };

	if (!watchdog_hung_after)
		return;
	thread_for_each(scan_thread, &s);
	if (s.reports) {
		thread_print_waits(LOG_ERR);
		backtrace_all_cpus(LOG_ERR);
		if (watchdog_panics & 2)
			panic("hung task");
	}
	atomic_store(&scanned_at, switches_total());
	if (s.next != INT64_MAX)
		scan_within(s.next);
}

static void hung_fire(struct timer *t)
{
	atomic_store(&scan_due, 0);
	work_queue(&hung_work);
}

void watchdog_start(void)
{
	nsec_t thresh = cmdline_flag("nowatchdog") ? 0 : cmdline_number("watchdog_thresh", 10);

	watchdog_hung_after = max(cmdline_number("hung_task_timeout_secs", 120), (int64_t)0) * NSEC_PER_SEC;
	watchdog_panics = (cmdline_number("softlockup_panic", 0) ? 1u : 0) | (cmdline_number("hung_task_panic", 0) ? 2u : 0);
	work_init(&hung_work, scan_run);
	timer_init(&hung_timer, hung_fire);
	for (unsigned number = 0; number < WATCHERS; number++)
		timer_init(&watchers[number].timer, watch);
	WRITE_ONCE(watchdog_all, cpu_online_count > 1 ? 3 : 1);
	watchdog_set_period(max(thresh, (nsec_t)0) * (NSEC_PER_SEC / 2));
}
