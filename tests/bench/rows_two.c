/* SPDX-License-Identifier: MIT */
/*
 * Rows of ./linnet bench sched for a machine of two processors: how much faster two
 * workers get their work done than one of them would.
 *
 * A sample of one worker and one of two follow each other, several times, and the
 * best of each counts. Workers wait at a gate until all are there, so that neither
 * their making nor their end is measured. Nothing pins them: that they come to run
 * on different processors is the kernel's part.
 */
#include "bench.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES     7
#define LOOPS       20000000u	/* of a busy process */
#define PAGE        4096ul
#define FAULT_PAGES 2048ul	/* of a worker, each time */
#define FAULT_TIMES 8

/* Shared with the workers, threads or processes. */
static struct gate {
	unsigned there;		/* atomic: workers that wait */
	unsigned open;		/* atomic */
	uint64_t ended[2];	/* by worker: when its work was done */
} *gate;

static void gate_pass(void)
{
	__atomic_fetch_add(&gate->there, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&gate->open, __ATOMIC_ACQUIRE))
		;
}

/* When all are there, and had the time to spread over the processors. */
static uint64_t gate_open(unsigned workers)
{
	static const struct timespec pause = { 0, 5000000 };
	uint64_t started;

	do
		nanosleep(&pause, NULL);
	while (__atomic_load_n(&gate->there, __ATOMIC_SEQ_CST) < workers);
	started = now();
	__atomic_store_n(&gate->open, 1, __ATOMIC_RELEASE);
	return started;
}

static void gate_close(void)
{
	*gate = (struct gate){ 0 };
}

static uint64_t time_taken(uint64_t started, unsigned workers)
{
	uint64_t last = gate->ended[0];

	if (workers == 2 && gate->ended[1] > last)
		last = gate->ended[1];
	return last - started;
}

static void be_busy(unsigned worker)
{
	gate_pass();
	for (volatile unsigned i = 0; i < LOOPS; i++)
		;
	gate->ended[worker] = now();
}

static uint64_t busy_processes(unsigned workers)
{
	uint64_t started;

	gate_close();
	for (unsigned i = 0; i < workers; i++) {
		pid_t child = fork();

		MUST(child);
		if (!child) {
			be_busy(i);
			_exit(0);
		}
	}
	started = gate_open(workers);
	for (unsigned i = 0; i < workers; i++)
		MUST(wait(NULL));
	return time_taken(started, workers);
}

static char *parts[2];

static void *touch_part(void *argument)
{
	unsigned worker = (unsigned)(uintptr_t)argument;
	volatile char *at = parts[worker];

	gate_pass();
	for (unsigned i = 0; i < FAULT_PAGES; i++)
		at[i * PAGE] = 1;
	gate->ended[worker] = now();
	return argument;
}

/* Each worker has an area of its own, and both are neighbours: kernels make one of them. */
static uint64_t fault_once(unsigned workers)
{
	size_t size = FAULT_PAGES * PAGE;
	char *area = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t threads[2];
	uint64_t started;

	must(area != MAP_FAILED, "mmap");
	madvise(area, 2 * size, MADV_NOHUGEPAGE);
	gate_close();
	for (unsigned i = 0; i < workers; i++) {
		parts[i] = area + i * size;
		must(!pthread_create(&threads[i], NULL, touch_part, (void *)(uintptr_t)i),
		     "pthread_create");
	}
	started = gate_open(workers);
	for (unsigned i = 0; i < workers; i++)
		pthread_join(threads[i], NULL);
	munmap(area, 2 * size);
	return time_taken(started, workers);
}

static uint64_t faulting_threads(unsigned workers)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < FAULT_TIMES; i++) {
		uint64_t took = fault_once(workers);

		least = took < least ? took : least;
	}
	return least;
}

static void print_gain(const char *name, uint64_t (*run)(unsigned workers))
{
	uint64_t best[2] = { UINT64_MAX, UINT64_MAX };

	bench_row(name);
	for (unsigned i = 0; i < 2 * SAMPLES; i++) {
		uint64_t took = run(1 + i % 2);

		best[i % 2] = took < best[i % 2] ? took : best[i % 2];
	}
	printf("@row %.0f %s\n", 100.0 * 2 * best[0] / best[1], name);
}

void two_run(void)
{
	cpu_set_t set;

	gate = mmap(NULL, sizeof(*gate), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(gate != MAP_FAILED, "mmap");
	MUST(sched_getaffinity(0, sizeof(set), &set));
	must(CPU_COUNT(&set) == 2, "two processors");
	print_gain("two busy processes", busy_processes);
	print_gain("page faults of two threads", faulting_threads);
}
