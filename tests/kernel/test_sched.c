/* SPDX-License-Identifier: MIT */
/* Tests of sched/: waking and sleeping, locks that sleep, timers, deferred work. */
#include "base/ktest.h"
#include "base/panic.h"
#include "base/rcu.h"
#include "hal/clock.h"
#include "hal/irq.h"
#include "mem/slab.h"
#include "mem/vmap.h"
#include "sched/mutex.h"
#include "sched/thread.h"
#include "sched/timer.h"
#include "sched/work.h"
#include <linux/sched.h>

#define MS 1000000LL

static struct waitq turn_queue = WAITQ_INIT(turn_queue);
static unsigned turn, finished;          /* atomic */
static struct completion all_done;

static void thread_done(unsigned of)
{
	if (atomic_inc_return(&finished) == of)
		completion_signal(&all_done);
}

static void ping_pong(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;

	for (unsigned round = 0; round < 1000; round++) {
		wait_event(&turn_queue, atomic_load(&turn) % 2 == me);
		atomic_inc(&turn);
		waitq_wake_all(&turn_queue);
	}
	thread_done(2);
}

KTEST(wait_queues_lose_no_wakeup)
{
	turn = finished = 0;
	completion_init(&all_done);
	check(kthread_create("ping", ping_pong, (void *)0));
	check(kthread_create("pong", ping_pong, (void *)1));
	completion_wait(&all_done);
	check_equal(turn, 2000);
}

static struct mutex counter_mutex = MUTEX_INIT(counter_mutex, RANK_SLEEP_LEAF);
static unsigned counter;                 /* counter_mutex */

static void count_slowly(void *arg)
{
	for (unsigned i = 0; i < 200; i++) {
		mutex_lock(&counter_mutex);
		unsigned seen = counter;
		sched_yield();           /* others come to the mutex and queue */
		counter = seen + 1;
		mutex_unlock(&counter_mutex);
	}
	thread_done(4);
}

KTEST(mutex_excludes_and_hands_over)
{
	counter = finished = 0;
	completion_init(&all_done);
	for (int i = 0; i < 4; i++)
		check(kthread_create("count", count_slowly, NULL));
	completion_wait(&all_done);
	check_equal(counter, 800);
	check(mutex_trylock(&counter_mutex));
	mutex_unlock(&counter_mutex);
}

static struct rwsem shared_sem = RWSEM_INIT(shared_sem, RANK_SLEEP_LEAF);
static unsigned pair_a, pair_b, torn;    /* shared_sem */

static void write_pairs(void *arg)
{
	for (unsigned i = 0; i < 200; i++) {
		rwsem_write_lock(&shared_sem);
		pair_a++;
		sched_yield();
		pair_b++;
		rwsem_write_unlock(&shared_sem);
	}
	thread_done(4);
}

static void read_pairs(void *arg)
{
	for (unsigned i = 0; i < 200; i++) {
		rwsem_read_lock(&shared_sem);
		unsigned a = pair_a;
		sched_yield();
		if (a != pair_b)
			torn++;
		rwsem_read_unlock(&shared_sem);
	}
	thread_done(4);
}

KTEST(rwsem_keeps_readers_and_writers_apart)
{
	pair_a = pair_b = torn = finished = 0;
	completion_init(&all_done);
	for (int i = 0; i < 2; i++) {
		check(kthread_create("writer", write_pairs, NULL));
		check(kthread_create("reader", read_pairs, NULL));
	}
	completion_wait(&all_done);
	check_equal(pair_a, 400);
	check_equal(pair_b, 400);
	check_equal(torn, 0);
}

KTEST(sleep_with_deadline_ends_by_time)
{
	struct waitq q;
	nsec_t start = clock_now();

	waitq_init(&q);
	check_equal(wait_event_interruptible_until(&q, false, start + 2 * MS), -ETIMEDOUT);
	check(clock_now() >= start + 2 * MS);
}

static unsigned fired;                   /* atomic */

static void count_fire(struct timer *t)
{
	atomic_inc(&fired);
}

KTEST(timer_cancelled_does_not_fire)
{
	struct timer t;

	fired = 0;
	timer_init(&t, count_fire);
	timer_arm(&t, clock_now() + MS, 0);
	check(timer_cancel_sync(&t));
	sleep_until(clock_now() + 3 * MS, 0);
	check_equal(fired, 0);
}

KTEST(timers_fire_in_order_of_deadline)
{
	static struct timer t[20];

	fired = 0;
	for (int i = 0; i < 20; i++) {
		timer_init(&t[i], count_fire);
		timer_arm(&t[i], clock_now() + (1 + i * 7 % 20) * MS / 4, 0);
	}
	sleep_until(clock_now() + 10 * MS, 0);
	check_equal(fired, 20);
	for (int i = 0; i < 20; i++)
		check(!timer_cancel_sync(&t[i]));
}

#define TIMERS 10000
static struct timer *many;
static nsec_t fired_last;                /* by the interrupt of one processor */
static unsigned out_of_order;            /* the same */

static void note_order(struct timer *t)
{
	out_of_order += t->deadline < fired_last;
	fired_last = t->deadline;
	atomic_inc(&fired);
}

/* How far down the deepest of them is in the tree. */
static unsigned depth_of_timers(void)
{
	unsigned most = 0;

	for (unsigned i = 0; i < TIMERS; i++) {
		unsigned depth = 0;

		for (const struct rb_node *n = &many[i].node; n; n = rb_parent(n))
			depth++;
		most = max(most, depth);
	}
	return most;
}

/* Ten thousand of one processor: arming goes down a tree of at most 28 levels; all fire, in order; or none when cancelled. */
KTEST(timers_by_the_thousand_cost_a_logarithm)
{
	uint64_t before = thread_current()->affinity;
	unsigned depth, cancelled = 0;

	thread_set_affinity(thread_current(), BIT(cpu_id()));
	many = vmap_alloc(TIMERS * sizeof(*many), ALLOC_KERNEL | ALLOC_ZERO);
	check(many != NULL);
	fired = out_of_order = 0;
	fired_last = 0;
	for (unsigned i = 0; i < TIMERS; i++) {
		timer_init(&many[i], note_order);
		timer_arm(&many[i], clock_now() + 100000 * MS + (nsec_t)(ktest_random() % (1000 * MS)), 0);
	}
	depth = depth_of_timers();
	for (unsigned i = 0; i < TIMERS; i += 2)
		cancelled += timer_cancel(&many[i]);
	for (unsigned i = 1; i < TIMERS; i += 2)
		timer_arm(&many[i], clock_now() + 5 * MS + (nsec_t)(ktest_random() % (20 * MS)), 0);
	for (nsec_t end = clock_now() + 20000 * MS; atomic_load(&fired) < TIMERS / 2 && clock_now() < end;)
		sleep_until(clock_now() + 5 * MS, 0);
	for (unsigned i = 0; i < TIMERS; i++)
		timer_cancel_sync(&many[i]);
	vmap_free(many);
	thread_set_affinity(thread_current(), before);
	check(depth >= 14 && depth <= 28);
	check_equal(cancelled, TIMERS / 2);
	check_equal(fired, TIMERS / 2);
	check_equal(out_of_order, 0);
}

static void count_work(struct work *w)
{
	atomic_inc(&fired);
}

KTEST(work_queued_twice_runs_once)
{
	struct work w;

	fired = 0;
	work_init(&w, count_work);
	preempt_disable();               /* so that the worker cannot come between */
	check(work_queue(&w));
	check(!work_queue(&w));
	preempt_enable();
	work_flush();
	check_equal(fired, 1);
}

KTEST(rcu_synchronize_waits_for_callbacks_before_it)
{
	for (int i = 0; i < 20; i++)
		rcu_synchronize();
	check(true);
}

static uint64_t timer_interrupts(void)
{
	uint64_t sum = 0;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		sum += irq_count_kind(cpu, IRQ_KIND_TIMER);
	return sum;
}

/* Timer interrupts of all processors while nothing was due but what the scheduler itself asks for. */
static uint64_t interrupts_during(void (*wait)(nsec_t end), nsec_t length)
{
	uint64_t before, least = UINT64_MAX;

	for (int try = 0; try < 3; try++) {
		before = timer_interrupts();
		wait(clock_now() + length);
		least = min(least, timer_interrupts() - before);
	}
	return least;
}

static void wait_busy(nsec_t end)
{
	while (clock_now() < end)
		cpu_relax();
}

static void wait_asleep(nsec_t end)
{
	sleep_until(end, 0);
}

/* There was one every 10 ms. Now: after 10, 30, 70, 150, 310 ms, and a few left from before. */
KTEST(a_lone_busy_thread_has_hardly_any_timer_interrupts)
{
	check(interrupts_during(wait_busy, 400 * MS) <= 8 + 2 * cpu_online_count);
}

/* The one that ends the sleep, and one a processor that was asked for before it. */
KTEST(idle_processors_have_no_timer_interrupts)
{
	check(interrupts_during(wait_asleep, 400 * MS) <= 4 + cpu_online_count);
}

static void short_life(void *arg)
{
	thread_done(500);
}

KTEST(threads_are_freed_when_they_end)
{
	struct frame_stats before, after;
	bool kept = true;

	/*
	 * A round reuses what those before left in caches, on whichever processor: one that takes nothing
	 * is enough. The address sanitizer keeps freed objects too, on each, which fills more slowly.
	 */
	for (int round = 0; round < 30 && kept; round++) {
		finished = 0;
		completion_init(&all_done);
		frame_stats(&before);
		for (int i = 0; i < 500; i++)
			check(kthread_create("short", short_life, NULL));
		completion_wait(&all_done);
		/* Those that are done may still have to end. */
		for (int try = 0; try < 100; try++) {
			work_settle();
			frame_stats(&after);
			if (after.free + 64 >= before.free)
				break;
			sleep_until(clock_now() + 10 * MS, 0);
		}
		kept = after.free + after.maps + 64 < before.free + before.maps;
	}
	check(!kept);
}

static volatile unsigned depth_limit = ~0u; /* volatile: the compiler must not see that there is no end */

static __attribute__((noinline)) unsigned recurse(unsigned depth)
{
	volatile char frame[256];

	frame[0] = (char)depth;
	return depth == depth_limit ? 0 : recurse(depth + 1) + (unsigned)frame[0];
}

KTEST_PANICS(panic_kernel_stack_overflow)
{
	check(recurse(0) == 0);
}

static bool spin_over;                   /* atomic */
static nsec_t lender_ran;                /* atomic */

static void spin(void *arg)
{
	while (!atomic_load(&spin_over))
		cpu_relax();
	lender_ran = thread_runtime(thread_current());
	thread_done(2);
}

/* Beside a spinning real-time thread: as long as that has run 8 of its periods. */
static void share(void *arg)
{
	nsec_t end = clock_now() + 160 * MS;

	while (clock_now() < end)
		cpu_relax();
	*(nsec_t *)arg = thread_runtime(thread_current());
	atomic_store(&spin_over, true);
	thread_done(2);
}

/* A SCHED_FIFO thread that spun took its processor for good. */
KTEST(sched_real_time_threads_leave_others_some_time)
{
	static const struct sched_params urgent = { .policy = SCHED_FIFO, .priority = 50 };
	struct sched_rt_limit before = sched_rt_limit;
	uint64_t here = BIT(cpu_online_count - 1);
	nsec_t ran = 0;
	struct thread *t;

	finished = 0;
	completion_init(&all_done);
	spin_over = false;
	sched_rt_limit = (struct sched_rt_limit){ .period = 20 * MS, .runtime = 15 * MS };
	t = kthread_create_on(here, "spin", spin, NULL);
	check(t != NULL);
	thread_set_params(t, &urgent);
	check(kthread_create_on(here, "share", share, &ran));
	completion_wait(&all_done);
	sched_rt_limit = before;
	check(ran >= 15 * MS && ran <= 90 * MS); /* 40 ms would be exact */
	check(lender_ran >= 60 * MS);
}

#define WEIGHED 3
static nsec_t weighed[WEIGHED];

static nsec_t weigh_end;

static void compute_beside(void *arg)
{
	wait_event(&turn_queue, atomic_load(&turn));
	while (clock_now() < weigh_end)
		cpu_relax();
	*(nsec_t *)arg = thread_runtime(thread_current());
	thread_done(WEIGHED);
}

/* nice 0, 5 and 10 on one processor: 1024, 335 and 110 parts. */
KTEST(sched_nice_threads_share_a_processor_by_weight)
{
	turn = finished = 0;
	completion_init(&all_done);
	for (int i = 0; i < WEIGHED; i++) {
		struct sched_params p = { .policy = SCHED_NORMAL, .nice = 5 * i };
		struct thread *t = kthread_create_on(BIT(cpu_online_count - 1), "weigh", compute_beside, &weighed[i]);

		check(t != NULL);
		thread_set_params(t, &p);
	}
	weigh_end = clock_now() + 300 * MS;
	atomic_store(&turn, 1);
	waitq_wake_all(&turn_queue);
	completion_wait(&all_done);
	/* Roughly: a busy host takes time from either. Exact shares: sched_fair_shares_follow_weights. */
	check(weighed[0] > 3 * weighed[1] / 2);
	check(weighed[1] > 3 * weighed[2] / 2);
}
