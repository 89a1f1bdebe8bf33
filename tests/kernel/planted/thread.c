/* SPDX-License-Identifier: MIT */
/* Bugs planted for the SAN=thread build: each must be reported (base/kcsan.c). They need two processors. */
#include "base/ktest.h"
#include "hal/clock.h"
#include "lib/atomic.h"
#include "sched/thread.h"
#include "sched/wait.h"

static uint64_t shared; /* guarded by nothing: that is the bug */
static bool stop;

static void adds(void *arg)
{
	while (!atomic_load(&stop))
		shared++;
}

static void stores_marked(void *arg)
{
	while (!atomic_load(&stop))
		atomic_inc(&shared);
}

/* Runs the other side beside this one for a second, or until the report ends everything. */
static void beside(void (*other)(void *), void (*self)(void))
{
	nsec_t start = clock_now();

	check(kthread_create("racer", other, NULL));
	while (clock_now() - start < NSEC_PER_SEC)
		for (unsigned i = 0; i < 1000; i++)
			self();
	atomic_store(&stop, true);
}

static void add(void)
{
	shared++;
}

static volatile uint64_t sink;

static void look(void)
{
	sink = shared;
}

KTEST_REPORTS(kcsan_finds_two_plain_writers, "KCSAN: race: ")
{
	beside(adds, add);
}

KTEST_REPORTS(kcsan_finds_a_plain_reader_beside_a_writer, "KCSAN: race: ")
{
	beside(adds, look);
}

KTEST_REPORTS(kcsan_finds_a_plain_reader_beside_a_marked_writer, "KCSAN: race: ")
{
	beside(stores_marked, look);
}
