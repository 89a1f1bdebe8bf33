/* SPDX-License-Identifier: MIT */
/*
 * Tests of what several processors do to each other: calls, threads that move,
 * wake-ups and locks across processors, timers, flushes, and the faults of one
 * address space side by side. With one processor they run too, and prove less.
 */
#include "base/percpu.h"
#include "base/rcu.h"
#include "hal/clock.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/vmap.h"
#include "sched/mutex.h"
#include "sched/timer.h"
#include "vm_helpers.h"
#include <linux/sched.h>

#define MS 1000000LL

static struct completion done;
static unsigned left;                    /* atomic: threads that have not ended */
static unsigned faults;                  /* atomic: what went wrong */

static void leave(void)
{
	if (atomic_dec_and_test(&left))
		completion_signal(&done);
}

/* Threads of one test, each on the processors of its mask; n in all. */
static void begin(unsigned n)
{
	completion_init(&done);
	left = n;
	faults = 0;
}

static bool start(uint64_t mask, void (*entry)(void *arg), unsigned long arg)
{
	return kthread_create_on(mask, "smp", entry, (void *)arg) != NULL;
}

static uint64_t called;                  /* atomic: processors that did */

static void note_call(void *arg)
{
	if (irq_enabled() || arg != &called)
		atomic_inc(&faults);
	atomic_or(&called, BIT(cpu_id()));
}

KTEST(smp_calls_reach_every_processor)
{
	faults = 0;
	called = 0;
	cpu_call(cpu_all(), note_call, &called, true);
	check_equal(called, cpu_all());
	called = 0;
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		cpu_call(BIT(cpu), note_call, &called, false);
	cpu_call(cpu_all(), note_call, &called, true); /* comes after those */
	check_equal(called, cpu_all());
	check_equal(faults, 0);
}

static uint64_t sums[CPU_MAX];           /* atomic */

static void add_here(void *arg)
{
	atomic_inc(&sums[cpu_id()]);
}

static void call_all_often(void *arg)
{
	for (unsigned i = 0; i < 50; i++)
		cpu_call(cpu_all(), add_here, NULL, true);
	leave();
}

KTEST(smp_processors_call_each_other_at_once)
{
	unsigned n = cpu_online_count;

	begin(n);
	memset(sums, 0, sizeof(sums));
	for (unsigned cpu = 0; cpu < n; cpu++)
		check(start(BIT(cpu), call_all_often, 0));
	completion_wait(&done);
	for (unsigned cpu = 0; cpu < n; cpu++)
		check_equal(sums[cpu], 50 * n);
}

/* Goes round all processors and finds itself where it asked to be. */
static void wander(void *arg)
{
	for (unsigned i = 0; i < 100; i++) {
		unsigned cpu = (unsigned)((i + (unsigned long)arg) % cpu_online_count);

		thread_set_affinity(thread_current(), BIT(cpu));
		if (cpu_id() != cpu)
			atomic_inc(&faults);
	}
	leave();
}

KTEST(smp_affinity_moves_a_running_thread_at_once)
{
	begin(4);
	for (unsigned long i = 0; i < 4; i++)
		check(start(~0UL, wander, i));
	completion_wait(&done);
	check_equal(faults, 0);
}

static bool chase_over;                  /* atomic */

static void spin_until_over(void *arg)
{
	while (!atomic_load(&chase_over))
		cpu_relax();
	leave();
}

static void sleep_often(void *arg)
{
	while (!atomic_load(&chase_over))
		sleep_until(clock_now() + MS / 10, 0);
	leave();
}

/* Others change the affinity of threads that run, wait and sleep. */
KTEST(smp_affinity_moves_other_threads)
{
	struct thread *t[6];

	begin(6);
	chase_over = false;
	for (unsigned i = 0; i < 6; i++) {
		t[i] = kthread_create("smp", i % 2 ? spin_until_over : sleep_often, NULL);
		check(t[i] != NULL);
	}
	for (unsigned i = 0; i < 300; i++) {
		thread_set_affinity(t[ktest_random() % 6], BIT(ktest_random() % cpu_online_count));
		if (i % 16 == 0)
			sleep_until(clock_now() + MS, 0);
	}
	atomic_store(&chase_over, true); /* from here on they may be gone */
	completion_wait(&done);
}

static struct waitq turn_queue = WAITQ_INIT(turn_queue);
static unsigned gate, wake_round;        /* atomic: the round in which the urgent thread may sleep; is to wake */
static unsigned seen_on;                 /* atomic: where the other one ran last */

static void jitter(void)
{
	for (unsigned n = ktest_random() % 300; n; n--)
		__asm__ volatile("");
}

/* Keeps processor 0 until told, sleeps until the next round. */
static void keep_processor(void *arg)
{
	static const struct sched_params urgent = { .policy = SCHED_FIFO, .priority = 1 };

	thread_set_params(thread_current(), &urgent);
	for (unsigned round = 1; !atomic_load(&chase_over); round++) {
		atomic_store(&called, round);
		while (atomic_load(&gate) < round)
			cpu_relax();
		jitter();
		wait_event(&turn_queue, atomic_load(&wake_round) >= round);
	}
	leave();
}

static void say_where(void *arg)
{
	while (!atomic_load(&chase_over))
		atomic_store(&seen_on, cpu_id());
	leave();
}

static bool comes_to(unsigned *where, unsigned cpu)
{
	nsec_t end = clock_now() + 500 * MS;

	while (atomic_load(where) != cpu && clock_now() < end)
		sleep_until(clock_now() + MS / 20, 0);
	return atomic_load(where) == cpu;
}

/* Between the look at a waiting thread and its being sent away it began to run, and stayed. */
KTEST(smp_affinity_reaches_a_thread_that_just_begins_to_run)
{
	struct thread *t;

	if (cpu_online_count == 1)
		return;
	begin(2);
	chase_over = false;
	called = gate = wake_round = 0;
	thread_set_affinity(thread_current(), BIT(1));
	t = kthread_create_on(BIT(1), "smp", say_where, NULL);
	check(t && start(BIT(0), keep_processor, 0));
	for (unsigned round = 1; round <= 100 && !faults; round++) {
		while (atomic_load(&called) < round)
			sleep_until(clock_now() + MS / 20, 0);
		thread_set_affinity(t, BIT(0));
		faults += !comes_to(&t->cpu, 0);
		atomic_store(&seen_on, CPU_MAX);
		atomic_store(&gate, round);
		jitter();
		thread_set_affinity(t, BIT(1));
		faults += !comes_to(&seen_on, 1);
		if (round == 100 || faults)
			atomic_store(&chase_over, true);
		atomic_store(&wake_round, round);
		waitq_wake_all(&turn_queue);
	}
	thread_set_affinity(thread_current(), cpu_all());
	completion_wait(&done);
	check_equal(faults, 0);
}

static uint64_t worked_on;               /* atomic: processors */

static void work_for_a_while(void *arg)
{
	nsec_t end = clock_now() + 10000 * MS;

	while (atomic_load(&worked_on) != cpu_all() && clock_now() < end)
		atomic_or(&worked_on, BIT(cpu_id()));
	leave();
}

/* All start on one processor; the idle ones must come and take them. */
KTEST(smp_idle_processors_take_waiting_threads)
{
	unsigned n = 2 * cpu_online_count;

	begin(n);
	worked_on = 0;
	for (unsigned i = 0; i < n; i++)
		check(start(~0UL, work_for_a_while, 0));
	completion_wait(&done);
	check_equal(worked_on, cpu_all());
}

static uint64_t fled_to;                 /* atomic: where the thread that may leave was seen last */

static void note_where(void *arg)
{
	while (!atomic_load(&chase_over))
		atomic_store(&fled_to, BIT(cpu_id()));
	leave();
}

/* It shares a processor with one that may not leave. Preempted, or given more processors, it goes to an idle one. */
KTEST(smp_a_thread_that_may_leave_is_not_kept_behind_one_that_may_not)
{
	nsec_t end = clock_now() + 10000 * MS;
	struct thread *t;

	if (cpu_online_count == 1)
		return;
	begin(2);
	chase_over = false;
	fled_to = 0;
	t = kthread_create_on(BIT(1), "smp", note_where, NULL);
	check(t != NULL);
	check(start(BIT(1), spin_until_over, 0));
	while (!atomic_load(&fled_to))
		sleep_until(clock_now() + MS, 0);
	thread_set_affinity(t, cpu_all());
	while ((atomic_load(&fled_to) & BIT(1)) && clock_now() < end)
		sleep_until(clock_now() + MS, 0);
	check(!(atomic_load(&fled_to) & BIT(1)));
	atomic_store(&chase_over, true);
	completion_wait(&done);
}

static struct waitq turns = WAITQ_INIT(turns);
static unsigned turn;                    /* atomic */

static void take_turns(void *arg)
{
	unsigned me = (unsigned)(unsigned long)arg;

	for (unsigned round = 0; round < 100; round++) {
		wait_event(&turns, atomic_load(&turn) % 3 == me);
		atomic_inc(&turn);
		waitq_wake_all(&turns);
	}
	leave();
}

KTEST(smp_wakeups_are_not_lost_between_processors)
{
	begin(3);
	turn = 0;
	for (unsigned i = 0; i < 3; i++)
		check(start(BIT(i % cpu_online_count), take_turns, i));
	completion_wait(&done);
	check_equal(turn, 300);
}

static struct mutex shared_mutex = MUTEX_INIT(shared_mutex, RANK_SLEEP_LEAF);
static struct spinlock shared_lock = SPINLOCK_INIT(RANK_DRIVER);
static uint64_t by_mutex, by_lock;

static void count_under_locks(void *arg)
{
	for (unsigned i = 0; i < 2000; i++) {
		mutex_lock(&shared_mutex);
		by_mutex++;
		mutex_unlock(&shared_mutex);
		uint64_t irq = spin_lock_irq(&shared_lock);
		by_lock++;
		spin_unlock_irq(&shared_lock, irq);
	}
	leave();
}

KTEST(smp_locks_exclude_other_processors)
{
	unsigned n = cpu_online_count + 1;

	begin(n);
	by_mutex = by_lock = 0;
	for (unsigned i = 0; i < n; i++)
		check(start(BIT(i % cpu_online_count), count_under_locks, 0));
	completion_wait(&done);
	check_equal(by_mutex, 2000 * n);
	check_equal(by_lock, 2000 * n);
}

static struct timer wandering;
static unsigned fired;                   /* atomic */

static void note_fired(struct timer *t)
{
	atomic_inc(&fired);
}

/* Every processor arms and cancels the same timer. */
static void arm_and_cancel(void *arg)
{
	for (unsigned i = 0; i < 300; i++) {
		timer_arm(&wandering, clock_now() + (i % 3) * 1000, 0);
		if (i % 5 == 0)
			timer_cancel_sync(&wandering);
	}
	leave();
}

KTEST(smp_timers_go_from_processor_to_processor)
{
	nsec_t end;

	begin(cpu_online_count);
	timer_init(&wandering, note_fired);
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		check(start(BIT(cpu), arm_and_cancel, 0));
	completion_wait(&done);
	timer_cancel_sync(&wandering);
	fired = 0;
	timer_arm(&wandering, clock_now() + MS, 0);
	for (end = clock_now() + 2000 * MS; !atomic_load(&fired) && clock_now() < end;)
		sleep_until(clock_now() + MS, 0);
	check_equal(fired, 1);
	timer_cancel_sync(&wandering);
}

struct record {
	struct rcu_head rcu;
	uint64_t good;
};
static struct record *published;

static void free_record(struct rcu_head *h)
{
	struct record *r = container_of(h, struct record, rcu);

	r->good = 0;
	kfree(r);
}

static void read_records(void *arg)
{
	while (!atomic_load(&chase_over)) {
		rcu_read_lock();
		struct record *r = rcu_dereference(published);
		for (unsigned i = 0; i < 20; i++)
			if (READ_ONCE(r->good) != 0x600d)
				atomic_inc(&faults);
		rcu_read_unlock();
	}
	leave();
}

static void replace_record(void)
{
	struct record *r = kzalloc(sizeof(*r), ALLOC_KERNEL), *old = published;

	if (!r)
		return;
	r->good = 0x600d;
	rcu_assign(published, r);
	if (old)
		rcu_call(&old->rcu, free_record);
}

/* The readers never sleep: the grace periods must come about by interrupts. */
KTEST(smp_grace_periods_wait_for_readers_elsewhere)
{
	begin(cpu_online_count);
	chase_over = false;
	replace_record();
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		check(start(BIT(cpu), read_records, 0));
	for (unsigned i = 0; i < 10; i++) {
		replace_record();
		rcu_synchronize();
	}
	atomic_store(&chase_over, true);
	completion_wait(&done);
	check_equal(faults, 0);
}

static void map_and_unmap(void *arg)
{
	for (unsigned i = 0; i < 50; i++) {
		uint64_t *p = vmap_alloc(3 * PAGE_SIZE, ALLOC_KERNEL);

		if (!p)
			break;
		p[0] = p[1024] = (uint64_t)arg + i;
		preempt_disable();
		if (p[0] != (uint64_t)arg + i || p[1024] != p[0])
			atomic_inc(&faults);
		preempt_enable();
		vmap_free(p);
	}
	leave();
}

KTEST(smp_kernel_mappings_are_forgotten_everywhere)
{
	begin(cpu_online_count);
	for (unsigned long cpu = 0; cpu < cpu_online_count; cpu++)
		check(start(BIT(cpu), map_and_unmap, cpu << 32));
	completion_wait(&done);
	check_equal(faults, 0);
}

static struct space *shared_space;
static uaddr_t shared_page;

/* Keeps making the page its space's own again, after each fork anew. */
static void write_page(void *arg)
{
	while (!atomic_load(&chase_over))
		if (!poke(shared_space, shared_page, 0x5a))
			atomic_inc(&faults);
	leave();
}

/* While a page was being copied its entry was out, and fork took its table for an empty one. */
KTEST(smp_fork_finds_a_page_that_is_being_copied)
{
	struct space *child;

	begin(1);
	chase_over = false;
	shared_page = 0;
	shared_space = space_create();
	check(shared_space != NULL);
	check_equal(map_at(shared_space, &shared_page, 1, RW, NULL, 0), 0);
	check(poke(shared_space, shared_page, 0x5a));
	check(start(~0UL, write_page, 0));
	for (unsigned i = 0; i < 200; i++) {
		check_equal(space_fork(shared_space, &child), 0);
		if (peek(child, shared_page) != 0x5a)
			atomic_inc(&faults);
		space_unuse(child);
	}
	atomic_store(&chase_over, true);
	completion_wait(&done);
	space_unuse(shared_space);
	check_equal(faults, 0);
}

/* Writes to fresh pages right behind a growing area: each mmap replaces the area by a longer one. */
static void map_neighbours(void *arg)
{
	for (unsigned i = 0; i < 200; i++) {
		uaddr_t addr = 0;

		if (map_at(shared_space, &addr, 2, RW, NULL, 0)) {
			atomic_inc(&faults);
			break;
		}
		if (peek(shared_space, addr) != 0 || !poke(shared_space, addr, 1) || peek(shared_space, addr) != 1)
			atomic_inc(&faults);
		if (space_unmap(shared_space, addr, 2 * P))
			atomic_inc(&faults);
	}
	leave();
}

/* The area of a fault could be merged away between the look at it and the entry of the page. */
KTEST(smp_areas_merge_beside_faults)
{
	begin(3);
	shared_space = space_create();
	check(shared_space != NULL);
	for (unsigned i = 0; i < 3; i++)
		check(start(~0UL, map_neighbours, 0));
	completion_wait(&done);
	space_unuse(shared_space);
	check_equal(faults, 0);
}

static void do_nothing(void *arg)
{
	leave();
}

static void make_threads(void *arg)
{
	for (unsigned i = 0; i < 100; i++)
		if (!start(~0UL, do_nothing, 0))
			leave();
	leave();
}

KTEST(smp_threads_begin_and_end_everywhere)
{
	begin(cpu_online_count * 101);
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		check(start(BIT(cpu), make_threads, 0));
	completion_wait(&done);
}

#define SHARED_NS (1000 * MS)
static nsec_t shares[3];
static nsec_t sharing_ends;

static void share_processors(void *arg)
{
	while (clock_now() < sharing_ends)
		cpu_relax();
	shares[(unsigned long)arg] = thread_runtime(thread_current());
	leave();
}

/* Two took turns for ever while the third had a processor for itself. */
KTEST(smp_three_busy_threads_share_two_processors)
{
	nsec_t least, most;

	if (cpu_online_count < 2)
		return;
	begin(3);
	sharing_ends = clock_now() + SHARED_NS;
	for (unsigned long i = 0; i < 3; i++)
		check(start(BIT(0) | BIT(1), share_processors, i));
	completion_wait(&done);
	least = min(shares[0], min(shares[1], shares[2]));
	most = max(shares[0], max(shares[1], shares[2]));
	check(least > 6 * most / 10);
}

static unsigned urgent_on[2];

static void urgent(void *arg)
{
	nsec_t end = clock_now() + 200 * MS;

	while (clock_now() < end)
		atomic_or(&urgent_on[(unsigned long)arg], 1u << cpu_id());
	leave();
}

/* A real-time thread that a more urgent one displaces goes where it can run. */
KTEST(smp_displaced_real_time_thread_runs_elsewhere)
{
	if (cpu_online_count < 2)
		return;
	begin(2);
	urgent_on[0] = urgent_on[1] = 0;
	for (unsigned long i = 0; i < 2; i++) {
		struct sched_params p = { .policy = SCHED_FIFO, .priority = 10 + (int)i };
		struct thread *t = kthread_create_on(BIT(0), "urgent", urgent, (void *)i);

		check(t != NULL);
		thread_get(t);
		thread_set_params(t, &p);
		if (i == 0)
			thread_set_affinity(t, BIT(0) | BIT(1));
		thread_put(t);
	}
	completion_wait(&done);
	check_equal(urgent_on[1], 1);
	check(urgent_on[0] & 2);
}
