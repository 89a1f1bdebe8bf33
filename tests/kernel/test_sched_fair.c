/* SPDX-License-Identifier: MIT */
/*
 * Tests of sched/fair.c on a queue of its own, with threads that exist only as
 * entries: shares by weight, the bound on lag, sleep, yield, and the cost of a pick.
 */
#include "base/ktest.h"
#include "mem/frame.h"
#include "mem/vmap.h"
#include "sched/fair.h"

#define N_MOST 10000

static struct fair_queue q;
static struct thread *t;                 /* N_MOST of them while a test runs */

static bool begin(unsigned n)
{
	fair_init(&q);
	t = vmap_alloc(n * sizeof(*t), ALLOC_KERNEL | ALLOC_ZERO);
	for (unsigned i = 0; t && i < n; i++) {
		t[i].weight = WEIGHT_NORMAL;
		t[i].runtime = 1;
	}
	return t != NULL;
}

static void end(void)
{
	vmap_free(t);
	t = NULL;
}

static void wait_in_tree(struct thread *one)
{
	fair_join(&q, one);
	fair_insert(&q, one);
}

/* The best one runs for ns. */
static struct thread *run(nsec_t ns)
{
	struct thread *next = fair_pick(&q);

	fair_remove(&q, next);
	next->runtime += ns;
	fair_charge(&q, next, ns);
	fair_insert(&q, next);
	return next;
}

/* What the tree promises: the earliest deadline among the eligible. */
static struct thread *best_by_hand(unsigned n)
{
	__int128 sum = 0, load = 0;
	struct thread *best = NULL;

	for (unsigned i = 0; i < n; i++) {
		sum += (__int128)t[i].vruntime * t[i].weight;
		load += t[i].weight;
	}
	for (unsigned i = 0; i < n; i++)
		if (t[i].vruntime * load <= sum && (!best || t[i].deadline < best->deadline))
			best = &t[i];
	return best;
}

KTEST(sched_fair_picks_the_earliest_eligible_deadline)
{
	static const uint32_t weights[] = { 88818, 1024, 1024, 335, 15, 3 };
	unsigned wrong = 0;

	check(begin(50));
	for (unsigned i = 0; i < 50; i++) {
		t[i].weight = weights[i % ARRAY_SIZE(weights)];
		wait_in_tree(&t[i]);
	}
	for (unsigned i = 0; i < 2000; i++) {
		struct thread *by_hand = best_by_hand(50), *picked = fair_pick(&q);

		wrong += picked->deadline != by_hand->deadline;
		run((nsec_t)(ktest_random() % SLICE_NS));
	}
	end();
	check_equal(wrong, 0);
}

/* Slices and a while: everybody got what its weight says, to within two slices. */
KTEST(sched_fair_shares_follow_weights)
{
	static const uint32_t weights[] = { 1024, 1024, 2048, 512, 110, 9548 };
	const unsigned n = ARRAY_SIZE(weights);
	nsec_t total = 0, off = 0;
	uint64_t load = 0;

	check(begin(n));
	for (unsigned i = 0; i < n; i++) {
		t[i].weight = weights[i];
		load += weights[i];
		wait_in_tree(&t[i]);
	}
	for (unsigned i = 0; i < 20000; i++) {
		nsec_t ns = (nsec_t)(ktest_random() % SLICE_NS);

		run(ns);
		total += ns;
	}
	for (unsigned i = 0; i < n; i++) {
		nsec_t due = total / (nsec_t)load * weights[i];

		off = max(off, max(t[i].runtime - due, due - t[i].runtime));
	}
	end();
	check(off <= 2 * SLICE_NS);
}

/* One that runs for half of each slice and sleeps is owed no more for that, and has what it was owed. */
KTEST(sched_fair_lag_outlasts_sleep)
{
	int64_t before, after;

	check(begin(3));
	for (unsigned i = 0; i < 3; i++)
		wait_in_tree(&t[i]);
	run(SLICE_NS);
	run(SLICE_NS / 3);
	fair_remove(&q, &t[2]);
	fair_leave(&q, &t[2]);
	before = t[2].lag;
	for (unsigned i = 0; i < 1000; i++)
		run(SLICE_NS);
	fair_join(&q, &t[2]);
	fair_leave(&q, &t[2]);
	after = t[2].lag;
	end();
	check(before > 0);
	check(after - before <= 2 && before - after <= 2);
}

KTEST(sched_fair_lag_is_bounded)
{
	check(begin(2));
	wait_in_tree(&t[0]);
	fair_join(&q, &t[1]);
	fair_charge(&q, &t[1], 1000LL * SLICE_NS);
	fair_leave(&q, &t[1]);
	check_equal(t[1].lag, -2 * SLICE_NS);
	fair_set_weight(&t[1], 2 * WEIGHT_NORMAL);
	check_equal(t[1].lag, -SLICE_NS);
	end();
}

/* Steps of a pick, with what goes before and after it, among n. */
static uint64_t steps_among(unsigned n)
{
	const unsigned rounds = 3000;
	uint64_t before;

	if (!begin(n))
		return 0;
	for (unsigned i = 0; i < n; i++)
		wait_in_tree(&t[i]);
	for (unsigned i = 0; i < n; i++)
		run((nsec_t)(ktest_random() % SLICE_NS));
	before = q.steps;
	for (unsigned i = 0; i < rounds; i++)
		run((nsec_t)(ktest_random() % SLICE_NS));
	before = q.steps - before;
	end();
	return 100 * before / rounds;
}

KTEST(sched_fair_cost_is_logarithmic)
{
	uint64_t few = steps_among(10), many = steps_among(N_MOST);

	check(few > 0);
	check(many <= 6 * few); /* a thousand times as many threads: ten more levels */
	check(many <= 5600);    /* two ways down a red-black tree of that many */
}

/*
 * One thread wakes another, yields, and only then lets it run, each time; the other sleeps
 * again at once. It must once be let in where it was woken.
 */
KTEST(fair_who_yields_with_a_lock_starves_nobody)
{
	unsigned turn = 0;

	check(begin(2));
	struct thread *holder = &t[0], *waiter = &t[1];
	fair_join(&q, holder);
	fair_join(&q, waiter);
	for (; turn < 20000; turn++) {
		fair_charge(&q, waiter, 1500);
		fair_leave(&q, waiter);
		fair_charge(&q, holder, 300);
		fair_join(&q, waiter);
		fair_insert(&q, waiter);
		if (fair_precedes(&q, waiter, holder))
			break;
		fair_charge(&q, holder, 300);
		fair_yield(&q, holder);
		fair_remove(&q, waiter);
	}
	check(turn < 20000);
	end();
}

/* Whoever waits by yielding, and is owed much, is not picked before the one it waits for. */
KTEST(fair_who_yields_gives_up_what_it_is_owed)
{
	check(begin(4));
	for (unsigned i = 1; i < 4; i++) {
		t[i].weight = i * WEIGHT_NORMAL / 2;
		wait_in_tree(&t[i]);
	}
	for (unsigned i = 0; i < 100; i++)
		run(SLICE_NS / 2);
	fair_join(&q, &t[0]);
	for (unsigned i = 1; i < 4; i++) {
		struct thread *ran = fair_pick(&q);

		fair_remove(&q, ran);
		fair_charge(&q, ran, 2 * SLICE_NS);
		fair_insert(&q, ran);
	}
	fair_yield(&q, &t[0]);
	fair_insert(&q, &t[0]);
	check(fair_pick(&q) != &t[0]);
	check_equal(fair_pick(&q)->deadline, best_by_hand(4)->deadline);
	end();
}
