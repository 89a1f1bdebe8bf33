/* SPDX-License-Identifier: MIT */
/* A program for debuggers: functions, threads, a child, signals, a fault when asked for one. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct point {
	int x, y;
	const char *name;
};

static volatile int watched;
static struct point place = { 3, 4, "here" };
static pthread_barrier_t barrier;

int square(int n)
{
	int result = n * n;

	return result;
}

int recurse(int depth)
{
	if (depth == 0)
		return square(place.x);
	return recurse(depth - 1) + 1;
}

static void add(int number)
{
	__atomic_fetch_add(&watched, number, __ATOMIC_SEQ_CST);
}

static void *work(void *at)
{
	int number = (int)(long)at;

	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 100; i++)
		add(number);
	return NULL;
}

static void caught(int sig)
{
	write(1, "caught\n", 7);
}

static void in_threads(void)
{
	pthread_t threads[3];

	pthread_barrier_init(&barrier, NULL, 4);
	for (long i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, work, (void *)(i + 1));
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	printf("threads: %d\n", watched);
}

int main(int argc, char **argv)
{
	int status = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGUSR1, caught);
	watched = 1;
	watched = recurse(3);
	printf("recursed: %d\n", watched);
	raise(SIGUSR1);
	watched = 0;
	in_threads();
	if (fork() == 0)
		_exit(square(5));
	wait(&status);
	printf("child: %d\n", WEXITSTATUS(status));
	if (argc > 1 && strcmp(argv[1], "fault") == 0)
		*(volatile int *)8 = square(6);
	if (argc > 1 && strcmp(argv[1], "wait") == 0)
		while (watched)
			usleep(10000);
	return 9;
}
