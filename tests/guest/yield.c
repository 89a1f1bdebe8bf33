/* SPDX-License-Identifier: MIT */
/*
 * sched_yield() of two threads on one processor: nobody starves where the other yields
 * with a lock held, and who waits by yielding gets an answer at once, also if it is owed
 * much more time than the one it waits for.
 */
#include "tap.h"
#include <pthread.h>
#include <sched.h>

#define TURNS      2000 /* that each has at last */
#define HOPS       2000
#define MOST_LOOKS 50   /* at a flag, for each hop: one, but for what else the machine does */
#define LIMIT_MS   20000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile long turns[2], hop, looks;
static volatile int over;

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *contend(void *who)
{
	long give_up = now_ms() + LIMIT_MS;

	while (!over && now_ms() < give_up) {
		pthread_mutex_lock(&mutex);
		over |= ++turns[(long)who] >= TURNS && turns[!(long)who] >= TURNS;
		sched_yield();
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void nobody_starves(void)
{
	pthread_t other;

	pthread_create(&other, NULL, contend, (void *)1);
	contend((void *)0);
	pthread_join(other, NULL);
	CHECK("two that yield with a mutex held both get it", over);
}

static void *pass(void *who)
{
	for (long mine = (long)who; mine < HOPS; mine += 2) {
		while (hop != mine) {
			looks++;
			sched_yield();
		}
		hop++;
	}
	return NULL;
}

static void spin_ms(long ms)
{
	for (long until = now_ms() + ms; now_ms() < until;)
		;
}

static void *spin_and_pass(void *who)
{
	spin_ms(40);
	return pass(who);
}

static void answers_come_at_once(void)
{
	pthread_t other;

	pthread_create(&other, NULL, spin_and_pass, (void *)1);
	pass((void *)0);
	pthread_join(other, NULL);
	CHECK("both passed it on", hop == HOPS);
	hop = looks = 0;
	pthread_create(&other, NULL, pass, (void *)1);
	pass((void *)0);
	pthread_join(other, NULL);
	CHECK("who waits by yielding is let in again when the other has answered", looks < HOPS * MOST_LOOKS);
}

int main(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	CHECK_OK("sched_setaffinity", sched_setaffinity(0, sizeof(one), &one));
	nobody_starves();
	answers_come_at_once();
	return tap_done();
}
