/* SPDX-License-Identifier: MIT */
/*
 * Tests of sched/runq.c and sched/fair.c on queues of their own, with threads that exist
 * only as entries: who comes before whom, what nice values weigh, what ten thousand
 * threads that run, sleep, wake and move leave in the books, lag that moves along, and the
 * one that may run elsewhere among ten thousand.
 */
#include "base/ktest.h"
#include "mem/frame.h"
#include "mem/vmap.h"
#include "sched/runq.h"
#include <linux/sched.h>

#define N_MOST 10000
#define LOOKS_MOST 28 /* down a red-black tree of that many */

static struct runq rq;
static struct thread idle, fake[5];

static struct thread *put(unsigned i, int policy, int priority, int nice)
{
	struct thread *t = &fake[i];

	*t = (struct thread){ .params = { .policy = policy, .priority = priority, .nice = nice }, .boost = THREAD_NO_BOOST };
	t->own = t->params;
	t->weight = runq_weight(&t->params);
	t->queued = true;
	runq_join(&rq, t);
	runq_insert(&rq, t, false);
	return t;
}

static struct thread *take(void)
{
	struct thread *t = runq_pick(&rq, 0);

	if (t) {
		runq_remove(&rq, t);
		runq_leave(&rq, t);
	}
	return t;
}

static uint64_t begin(void)
{
	rq = (struct runq){0};
	runq_init(&rq);
	rq.idle = rq.current = &idle;
	return spin_lock_irq(&rq.lock);
}

KTEST(runq_real_time_comes_before_fair_and_fair_before_idle)
{
	uint64_t irq = begin();
	const struct thread *lazy = put(0, SCHED_IDLE, 0, 0), *plain = put(1, SCHED_NORMAL, 0, 19),
			    *low = put(2, SCHED_RR, 1, 0), *high = put(3, SCHED_FIFO, 99, 0), *equal = put(4, SCHED_RR, 99, 0);
	const struct thread *got[6];
	bool preempts[3];

	rq.current = &fake[0];
	preempts[0] = runq_preempts(&rq, plain);
	rq.current = &fake[1];
	preempts[1] = runq_preempts(&rq, low);
	preempts[2] = runq_preempts(&rq, lazy);
	rq.current = &idle;
	for (unsigned i = 0; i < ARRAY_SIZE(got); i++)
		got[i] = take();
	spin_unlock_irq(&rq.lock, irq);
	check(preempts[0] && preempts[1] && !preempts[2]);
	check(got[0] == high && got[1] == equal && got[2] == low && got[3] == plain && got[4] == lazy && !got[5]);
}

/* As on Linux, a step of nice is worth a quarter: 1024 / 1.25^nice; here to within a thirtieth, or one. */
KTEST(runq_nice_values_weigh_what_they_do_on_linux)
{
	uint64_t exact = 1024ULL << 20; /* at nice 0 */

	for (int i = 0; i < 20; i++)
		exact = exact * 5 / 4;
	for (int nice = -20; nice < 20; nice++) {
		struct sched_params p = { .policy = SCHED_NORMAL, .nice = nice };
		uint64_t weight = runq_weight(&p), due = (exact + (1 << 19)) >> 20, off = due / 30 + 1;

		check(weight + off >= due && weight <= due + off);
		exact = exact * 4 / 5;
	}
	check_equal(runq_weight(&(struct sched_params){ .policy = SCHED_NORMAL }), WEIGHT_NORMAL);
	check_equal(runq_weight(&(struct sched_params){ .policy = SCHED_BATCH, .nice = 5 }),
		    runq_weight(&(struct sched_params){ .policy = SCHED_NORMAL, .nice = 5 }));
	check_equal(runq_weight(&(struct sched_params){ .policy = SCHED_IDLE, .nice = -20 }), 3);
}

/* Ten thousand threads in two queues; t.cpu: which one. A thread that sleeps is not queued. */
static struct fair_queue queue[2];
static struct thread *all;

static void join(struct thread *t, unsigned cpu)
{
	t->cpu = cpu;
	t->queued = true;
	fair_join(&queue[cpu], t);
	fair_insert(&queue[cpu], t);
}

static void leave(struct thread *t)
{
	fair_remove(&queue[t->cpu], t);
	fair_leave(&queue[t->cpu], t);
	t->queued = false;
}

static void run_one(struct fair_queue *q)
{
	struct thread *t = fair_pick(q);
	nsec_t ns = (nsec_t)(ktest_random() % SLICE_NS);

	fair_remove(q, t);
	t->runtime += ns;
	fair_charge(q, t, ns);
	fair_insert(q, t);
}

/* Runs, sleeps, wakes, moves. */
static void happen(struct thread *t)
{
	switch (ktest_random() % 4) {
	case 0:
		if (t->queued)
			leave(t);
		else
			join(t, t->cpu);
		return;
	case 1:
		if (t->queued) {
			leave(t);
			join(t, !t->cpu);
		}
		return;
	default:
		run_one(&queue[t->cpu]);
	}
}

/* What queue n says of its sums, beside what they are. */
static bool books_balance(unsigned n)
{
	const struct fair_queue *q = &queue[n];
	int64_t load = 0;
	__int128 sum = 0;

	for (unsigned i = 0; i < N_MOST; i++) {
		if (!all[i].queued || all[i].cpu != n)
			continue;
		load += all[i].weight;
		sum += (__int128)(all[i].vruntime - q->base) * all[i].weight;
	}
	return load == q->load && sum == q->sum;
}

KTEST(sched_fair_books_balance_after_whatever_ten_thousand_threads_do)
{
	static const struct sched_params nice[] = { { .nice = -10 }, { .nice = 0 }, { .nice = 3 }, { .nice = 19 } };
	unsigned unbalanced = 0, unbounded = 0;
	uint64_t steps;

	all = vmap_alloc(N_MOST * sizeof(*all), ALLOC_KERNEL | ALLOC_ZERO);
	check(all != NULL);
	fair_init(&queue[0]);
	fair_init(&queue[1]);
	for (unsigned i = 0; i < N_MOST; i++) {
		all[i].weight = runq_weight(&nice[i % ARRAY_SIZE(nice)]);
		join(&all[i], i % 2);
	}
	steps = queue[0].steps + queue[1].steps;
	for (unsigned i = 0; i < 40000; i++) {
		happen(&all[ktest_random() % N_MOST]);
		if (i % 8000 == 0)
			unbalanced += !books_balance(0) + !books_balance(1);
	}
	steps = queue[0].steps + queue[1].steps - steps;
	for (unsigned i = 0; i < N_MOST; i++) {
		int64_t most = 2LL * SLICE_NS * WEIGHT_NORMAL / all[i].weight + 1;

		unbounded += all[i].lag > most || all[i].lag < -most;
	}
	vmap_free(all);
	check_equal(unbalanced, 0);
	check_equal(unbounded, 0);
	check(steps <= 40000 * 2 * 28); /* a pick and an insertion: twice down a tree of 5000, at most 26 deep */
}

/* It is owed the same where it comes to, whatever it weighs and however long the others have run. */
KTEST(sched_fair_lag_moves_along)
{
	static struct thread t[7];
	int64_t before, after;

	fair_init(&queue[0]);
	fair_init(&queue[1]);
	for (unsigned i = 0; i < 7; i++) {
		t[i] = (struct thread){ .runtime = 1 };
		t[i].weight = i == 6 ? 335 : WEIGHT_NORMAL;
		join(&t[i], i % 2);
	}
	for (unsigned i = 0; i < 100; i++)
		run_one(&queue[1]);
	run_one(&queue[0]);
	leave(&t[6]);
	before = t[6].lag;
	join(&t[6], 1);
	leave(&t[6]);
	after = t[6].lag;
	check(before != 0);
	check(after - before <= 4 && before - after <= 4);
}

/* Makes t wait in rq. */
static void wait_pinned(struct thread *t, int priority, uint64_t affinity)
{
	*t = (struct thread){ .affinity = affinity, .queued = true, .weight = WEIGHT_NORMAL, .boost = THREAD_NO_BOOST };
	t->params.priority = priority;
	t->params.policy = priority ? SCHED_FIFO : SCHED_NORMAL;
	runq_join(&rq, t);
	runq_insert(&rq, t, false);
}

/* What runq_first_movable() promises, by looking at everybody. */
static struct thread *first_by_hand(unsigned cpu)
{
	struct thread *t;

	for (unsigned slot = 0; slot < RT_PRIORITIES; slot++)
		list_for_each_entry(t, &rq.rt[slot], run_link)
			if (t->affinity & BIT(cpu))
				return t;
	for (struct rb_node *n = rb_first(&rq.fair.waiting); n; n = rb_next(n))
		if (rb_entry(n, struct thread, run_node)->affinity & BIT(cpu))
			return rb_entry(n, struct thread, run_node);
	return NULL;
}

/* How many threads are looked at to find the only one of all for a processor that does not exist: -1: not found. */
static int looks_among(struct thread *waiting, unsigned n, uint64_t affinity, bool urgent)
{
	uint64_t irq = begin();
	struct thread *only = &waiting[n / 2];
	int looks = -1;

	for (unsigned i = 0; i < n; i++)
		wait_pinned(&waiting[i], urgent ? 1 + (int)(i % 99) : 0, affinity);
	if (!runq_first_movable(&rq, 63) && !rq.looked) {
		runq_set_affinity(&rq, only, affinity | BIT(1) | BIT(63));
		looks = runq_first_movable(&rq, 63) == only ? (int)rq.looked : -1;
		runq_set_affinity(&rq, only, affinity);
		looks = runq_first_movable(&rq, 63) ? -1 : looks;
	}
	spin_unlock_irq(&rq.lock, irq);
	return looks;
}

/* All of them were walked along, with interrupts off. */
KTEST(runq_one_of_ten_thousand_that_may_leave_is_found_at_once)
{
	struct thread *waiting;

	if (cpu_online_count < 2)
		return;
	waiting = vmap_alloc(N_MOST * sizeof(*waiting), ALLOC_KERNEL | ALLOC_ZERO);
	check(waiting != NULL);
	int pinned = looks_among(waiting, N_MOST, BIT(0), true), movable = looks_among(waiting, N_MOST, BIT(0) | BIT(1), true),
	    fair = looks_among(waiting, N_MOST, BIT(0), false);
	vmap_free(waiting);
	check_equal(pinned, 1); /* only those that may leave are in the tree */
	check(movable > 0 && movable <= LOOKS_MOST);
	check(fair > 0 && fair <= LOOKS_MOST);
}

/* Whatever comes, goes and is allowed more or fewer processors meanwhile. */
KTEST(runq_first_that_may_leave_is_the_first_in_order)
{
	unsigned wrong = 0;
	uint64_t irq;

	if (cpu_online_count < 2)
		return;
	irq = begin();
	for (unsigned i = 0; i < ARRAY_SIZE(fake); i++)
		wait_pinned(&fake[i], (int)i % 3, BIT(0));
	for (unsigned i = 0; i < 5000; i++) {
		struct thread *t = &fake[ktest_random() % ARRAY_SIZE(fake)];

		runq_remove(&rq, t);
		runq_insert(&rq, t, ktest_random() % 2);
		t = &fake[ktest_random() % ARRAY_SIZE(fake)];
		runq_set_affinity(&rq, t, BIT(0) | (ktest_random() & BIT(1)));
		wrong += runq_first_movable(&rq, 1) != first_by_hand(1);
		wrong += !(runq_wanted_cpus(&rq.rt_movable) & BIT(1)) == (first_by_hand(1) && thread_is_rt(first_by_hand(1)));
	}
	spin_unlock_irq(&rq.lock, irq);
	check_equal(wrong, 0);
}
