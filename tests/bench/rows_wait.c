/* SPDX-License-Identifier: MIT */
/* Rows of ./linnet bench sched: processes and threads that wait for one another. */
#include "bench.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 16			/* processes in a ring */
#define BULK (256u << 10)	/* bytes of one repetition of the bandwidth row */
#define SLEEP_NS 1000000

static char buffer[65536];

/* ---- a ring of processes, each with a pipe to the next ------------------------- */

static int ring[MOST][2];
static pid_t members[MOST];
static unsigned ring_size;

static void pass_on(unsigned from, unsigned to)
{
	char byte;

	for (;;) {
		if (read(ring[from][0], &byte, 1) != 1 || write(ring[to][1], &byte, 1) != 1)
			_exit(1);
	}
}

/* Member 0 is this process: it writes to pipe 0 and reads from the last. */
static void make_ring(unsigned size)
{
	ring_size = size;
	for (unsigned i = 0; i < size; i++)
		MUST(pipe(ring[i]));
	for (unsigned i = 1; i < size; i++) {
		MUST(members[i] = fork());
		if (!members[i])
			pass_on(i - 1, i);
	}
}

static void make_ring_2(void)
{
	make_ring(2);
}

static void make_ring_8(void)
{
	make_ring(8);
}

static void make_ring_16(void)
{
	make_ring(16);
}

static void break_ring(void)
{
	for (unsigned i = 1; i < ring_size; i++) {
		kill(members[i], SIGKILL);
		waitpid(members[i], NULL, 0);
	}
	for (unsigned i = 0; i < ring_size; i++) {
		close(ring[i][0]);
		close(ring[i][1]);
	}
}

static uint64_t run_ring(unsigned n)
{
	char byte = 0;

	return TIMED(n, MUST(write(ring[0][1], &byte, 1));
		     MUST(read(ring[ring_size - 1][0], &byte, 1)));
}

/* ---- a socket pair ------------------------------------------------------------- */

static void make_sockets(void)
{
	char byte;

	ring_size = 2;
	MUST(pipe(ring[1])); /* for break_ring() to close */
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ring[0]));
	MUST(members[1] = fork());
	while (!members[1])
		if (read(ring[0][1], &byte, 1) != 1 || write(ring[0][1], &byte, 1) != 1)
			_exit(1);
}

static uint64_t run_sockets(unsigned n)
{
	char byte = 0;

	return TIMED(n, MUST(write(ring[0][0], &byte, 1));
		     MUST(read(ring[0][0], &byte, 1)));
}

/* ---- pipe bandwidth ------------------------------------------------------------- */

static void make_source(void)
{
	ring_size = 2;
	MUST(pipe(ring[0]));
	MUST(pipe(ring[1]));
	MUST(members[1] = fork());
	while (!members[1])
		if (write(ring[0][1], buffer, sizeof(buffer)) < 0)
			_exit(1);
}

static void read_bulk(void)
{
	for (long got = 0, part; got < BULK; got += part)
		MUST(part = read(ring[0][0], buffer, sizeof(buffer)));
}

static uint64_t run_bandwidth(unsigned n)
{
	return TIMED(n, read_bulk());
}

/* ---- futexes and mutexes -------------------------------------------------------- */

static volatile int turn, over;
static pthread_t partner;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void futex(volatile int *word, int what, int value)
{
	syscall(SYS_futex, word, what | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static void hand_to(int whom)
{
	turn = whom;
	futex(&turn, FUTEX_WAKE, 1);
}

static void wait_turn(int mine)
{
	while (turn != mine)
		futex(&turn, FUTEX_WAIT, !mine);
}

static void *take_turns(void *argument)
{
	for (;;) {
		wait_turn(1);
		if (over)
			return argument;
		hand_to(0);
	}
}

static void make_partner(void)
{
	turn = over = 0;
	must(!pthread_create(&partner, NULL, take_turns, NULL), "pthread_create");
}

static void end_partner(void)
{
	over = 1;
	hand_to(1);
	pthread_join(partner, NULL);
}

static uint64_t run_hand_over(unsigned n)
{
	return TIMED(n, hand_to(1);
		     wait_turn(0));
}

static uint64_t run_mutex(unsigned n)
{
	return TIMED(n, pthread_mutex_lock(&mutex);
		     pthread_mutex_unlock(&mutex));
}

/* Two threads yield while they hold the mutex. Who gets it next is chance: both count. */
static volatile uint64_t turns;

static void hold_and_yield(void)
{
	pthread_mutex_lock(&mutex);
	turns++;
	syscall(SYS_sched_yield);
	pthread_mutex_unlock(&mutex);
}

static void *contend(void *argument)
{
	while (!over)
		hold_and_yield();
	return argument;
}

static void make_holder(void)
{
	over = 0;
	must(!pthread_create(&partner, NULL, contend, NULL), "pthread_create");
}

static void end_holder(void)
{
	over = 1;
	pthread_join(partner, NULL);
}

static uint64_t run_contended(unsigned n)
{
	uint64_t before = turns, took = TIMED(n, hold_and_yield());

	return took * n / (turns - before);
}

/* ---- sleeping ------------------------------------------------------------------- */

static void slack_1(void)
{
	MUST(prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0));
}

static void slack_default(void)
{
	MUST(prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0));
}

static uint64_t run_sleep(unsigned n)
{
	static const struct timespec pause = { 0, SLEEP_NS };

	return TIMED(n, MUST(nanosleep(&pause, NULL))) - n * (uint64_t)SLEEP_NS;
}

const struct row wait_rows[] = {
	{ "pipe round trip", run_ring, make_ring_2, break_ring, 1000, 0 },
	{ "pipe bandwidth, 64 KiB", run_bandwidth, make_source, break_ring, 20, BULK / 65536 },
	{ "AF_UNIX round trip", run_sockets, make_sockets, break_ring, 1000, 0 },
	{ "switch, 2 processes, a hop", run_ring, make_ring_2, break_ring, 1000, 2 },
	{ "switch, 8 processes, a hop", run_ring, make_ring_8, break_ring, 300, 8 },
	{ "switch, 16 processes, a hop", run_ring, make_ring_16, break_ring, 200, 16 },
	{ "futex hand-over", run_hand_over, make_partner, end_partner, 1000, 0 },
	{ "mutex, uncontended", run_mutex, NULL, NULL, 20000, 0 },
	{ "mutex, contended", run_contended, make_holder, end_holder, 1000, 0 },
	{ "lateness of a 1 ms sleep", run_sleep, slack_default, NULL, 20, 0 },
	{ "lateness, timer slack 1", run_sleep, slack_1, slack_default, 20, 0 },
	{ 0 }
};
