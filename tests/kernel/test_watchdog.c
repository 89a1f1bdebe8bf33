/* SPDX-License-Identifier: MIT */
/*
 * Tests of the watchdog: a processor that takes no interrupts, one that does not
 * schedule, a thread that sleeps too long, a grace period that does not end. The
 * limits are made short for it.
 */
#include "base/ktest.h"
#include "base/log.h"
#include "base/rcu.h"
#include "hal/clock.h"
#include "sched/mutex.h"
#include "sched/timer.h"
#include "sched/watchdog.h"
#include "sched/work.h"

#define MS 1000000LL

static struct completion ended;

static void patience_over(const uint32_t *count, uint32_t before)
{
	for (nsec_t end = clock_now() + 20000 * MS; atomic_load(count) == before && clock_now() < end;)
		cpu_relax();
}

static void spin_without_interrupts(void *arg)
{
	uint64_t irq = irq_save();

	patience_over(&watchdog_counts.hard, (uint32_t)(uintptr_t)arg);
	irq_restore(irq);
	completion_signal(&ended);
}

KTEST(watchdog_sees_a_processor_without_interrupts)
{
	uint32_t before = watchdog_counts.hard;
	nsec_t period = watchdog_period;

	if (cpu_online_count == 1)
		return;
	completion_init(&ended);
	thread_set_affinity(thread_current(), BIT(0));
	watchdog_set_period(100 * MS);
	check(kthread_create_on(BIT(cpu_online_count - 1), "deaf", spin_without_interrupts, (void *)(uintptr_t)before));
	while (atomic_load(&watchdog_counts.hard) == before && !atomic_load(&ended.done))
		sleep_until(clock_now() + MS, 0);
	completion_wait(&ended);
	watchdog_set_period(period);
	thread_set_affinity(thread_current(), ~0UL);
	check(watchdog_counts.hard > before);
}

static void spin_without_preemption(void *arg)
{
	preempt_disable();
	patience_over(&watchdog_counts.soft, (uint32_t)(uintptr_t)arg);
	preempt_enable();
	completion_signal(&ended);
}

static void do_nothing(void *arg)
{
}

KTEST(watchdog_sees_a_processor_that_does_not_schedule)
{
	uint32_t before = watchdog_counts.soft;
	nsec_t period = watchdog_period;
	uint64_t last = BIT(cpu_online_count - 1);

	completion_init(&ended);
	watchdog_set_period(100 * MS);
	check(kthread_create_on(last, "hog", spin_without_preemption, (void *)(uintptr_t)before));
	sleep_until(clock_now() + 20 * MS, 0);
	check(kthread_create_on(last, "waits", do_nothing, NULL));
	completion_wait(&ended);
	watchdog_set_period(period);
	check(watchdog_counts.soft > before);
}

static struct completion never;

static void sleep_too_long(void *arg)
{
	completion_wait(&never);
	completion_signal(&ended);
}

KTEST(watchdog_sees_a_thread_that_sleeps_too_long_once)
{
	uint32_t before = watchdog_counts.hung, later;
	nsec_t period = watchdog_period, after = watchdog_hung_after;

	completion_init(&ended);
	completion_init(&never);
	WRITE_ONCE(watchdog_hung_after, 300 * MS);
	watchdog_set_period(50 * MS);
	check(kthread_create("sleeper", sleep_too_long, NULL));
	for (nsec_t end = clock_now() + 20000 * MS; watchdog_counts.hung == before && clock_now() < end;)
		sleep_until(clock_now() + MS, 0);
	later = watchdog_counts.hung;
	sleep_until(clock_now() + 1000 * MS, 0);
	completion_signal(&never);
	completion_wait(&ended);
	WRITE_ONCE(watchdog_hung_after, after);
	watchdog_set_period(period);
	check(later > before);
	check_equal(watchdog_counts.hung, later);
}

static void read_for_long(void *arg)
{
	rcu_read_lock();
	completion_signal(&never);
	patience_over(&watchdog_counts.stalls, (uint32_t)(uintptr_t)arg);
	rcu_read_unlock();
	completion_signal(&ended);
}

KTEST(watchdog_sees_a_grace_period_that_does_not_end)
{
	uint32_t before = watchdog_counts.stalls;
	nsec_t period = watchdog_period;

	if (cpu_online_count == 1) /* a period begins when a processor is quiescent: it would end at once */
		return;
	completion_init(&ended);
	completion_init(&never);
	watchdog_set_period(20 * MS);
	check(kthread_create_on(BIT(cpu_online_count - 1), "reader", read_for_long, (void *)(uintptr_t)before));
	completion_wait(&never);
	rcu_synchronize();
	completion_wait(&ended);
	watchdog_set_period(period);
	check(watchdog_counts.stalls > before);
}

/* All processors idle: the watchers come to rest. */
KTEST(watchdog_rests_while_nothing_runs)
{
	nsec_t period = watchdog_period;
	bool rested = false;

	watchdog_set_period(20 * MS);
	for (unsigned i = 0; i < 100 && !rested; i++) {
		sleep_until(clock_now() + 100 * MS, 0);
		/* This thread's own wake-up armed them again, if anything: the count of looks tells. */
		uint32_t looks = atomic_load(&watchdog_counts.looks);
		sleep_until(clock_now() + 300 * MS, 0);
		rested = atomic_load(&watchdog_counts.looks) - looks <= 6;
	}
	watchdog_set_period(period);
	check(rested);
}
