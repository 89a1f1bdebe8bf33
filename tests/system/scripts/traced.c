/* SPDX-License-Identifier: MIT */
/* For test_tracing.py: three threads that add up squares; then it ends, crashes ("c") or sleeps ("s"). */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static volatile int value;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
int square(int x) { return x * x; }
static void *work(void *arg)
{
	for (int i = 0; i < 3; i++) {
		pthread_mutex_lock(&m);
		value += square((int)(long)arg);
		pthread_mutex_unlock(&m);
	}
	return NULL;
}
static void crash(int *p) { *p = 7; }
int main(int argc, char **argv)
{
	pthread_t t[3];
	for (long i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, work, (void *)(i + 1));
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	printf("value %d\n", value);
	fflush(stdout);
	if (argc > 1 && argv[1][0] == 'c')
		crash((int *)16);
	if (argc > 1 && argv[1][0] == 's')
		sleep(60);
	return 3;
}
