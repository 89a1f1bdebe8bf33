/* SPDX-License-Identifier: MIT */
/*
 * 50 threads and all that pthreads offers: mutexes of each kind, condition
 * variables, barriers, reader-writer locks, semaphores, keys, thread-local
 * variables, cancellation, detached threads, once, robust and shared mutexes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N 50

static pthread_t threads[N];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static sem_t semaphore;
static long counter, keyed, turns, onces, serial, handled;
static _Thread_local long local = 7;
static _Thread_local char large[20000];

static void run(const char *what, void *(*body)(void *), long *result)
{
	long sum = 0;
	void *value;

	for (long i = 0; i < N; i++) {
		int error = pthread_create(&threads[i], NULL, body, (void *)i);

		if (error) {
			printf("create: %s\n", strerror(error));
			exit(1);
		}
	}
	for (long i = 0; i < N; i++) {
		pthread_join(threads[i], &value);
		sum += (long)value;
	}
	printf("%s: %ld %ld\n", what, sum, result ? *result : 0);
}

static void *count(void *p)
{
	for (int i = 0; i < 2000; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	return p;
}

/* Each waits for its turn: 50 waiters, and the right one must see it. */
static void *take_turn(void *p)
{
	pthread_mutex_lock(&mutex);
	while (turns != (long)p)
		pthread_cond_wait(&cond, &mutex);
	turns++;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	return p;
}

static void *meet(void *p)
{
	for (int i = 0; i < 10; i++) {
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			__atomic_add_fetch(&serial, 1, __ATOMIC_SEQ_CST);
	}
	return p;
}

static void add_key(void *p)
{
	__atomic_add_fetch(&keyed, (long)p, __ATOMIC_SEQ_CST);
}

static void make_once(void)
{
	onces++;
}

static void *own(void *p)
{
	pthread_once(&once, make_once);
	pthread_setspecific(key, (void *)((long)p + 1));
	for (long i = 0; i < 100; i++) {
		local += (long)p;
		large[i * 199] = (char)local;
		if (i % 10 == 0)
			sched_yield();
	}
	return (void *)(local - 7 + (large[0] != (char)(7 + (long)p)));
}

static void *read_write(void *p)
{
	for (int i = 0; i < 100; i++) {
		if ((long)p % 5) {
			pthread_rwlock_rdlock(&rwlock);
			if (counter % 2)
				abort();
		} else {
			pthread_rwlock_wrlock(&rwlock);
			counter++;
			sched_yield();
			counter++;
		}
		pthread_rwlock_unlock(&rwlock);
	}
	return p;
}

static void *pass_semaphore(void *p)
{
	sem_wait(&semaphore);
	usleep(100);
	sem_post(&semaphore);
	return p;
}

static void *sleep_forever(void *p)
{
	for (;;)
		pause();
	return p;
}

static void cancel_all(void)
{
	long cancelled = 0;
	void *value;

	for (long i = 0; i < N; i++)
		pthread_create(&threads[i], NULL, sleep_forever, NULL);
	for (long i = 0; i < N; i++)
		pthread_cancel(threads[i]);
	for (long i = 0; i < N; i++) {
		pthread_join(threads[i], &value);
		cancelled += value == PTHREAD_CANCELED;
	}
	printf("cancelled: %ld\n", cancelled);
}

static void handler(int number)
{
	__atomic_add_fetch(&handled, number == SIGUSR1, __ATOMIC_SEQ_CST);
}

static void *await_signal(void *p)
{
	while (!__atomic_load_n(&handled, __ATOMIC_SEQ_CST))
		usleep(1000);
	return p;
}

static void signal_one(void)
{
	sigset_t set;
	int got;

	signal(SIGUSR1, handler);
	pthread_create(&threads[0], NULL, await_signal, NULL);
	pthread_kill(threads[0], SIGUSR1);
	pthread_join(threads[0], NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGUSR2);
	sigwait(&set, &got);
	printf("signal: %ld, waited for %d\n", handled, got == SIGUSR2);
}

static void timed(void)
{
	struct timespec t;
	int a, b;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 20000000;
	if (t.tv_nsec >= 1000000000)
		t.tv_nsec -= 1000000000, t.tv_sec++;
	pthread_mutex_lock(&mutex);
	a = pthread_cond_timedwait(&cond, &mutex, &t);
	b = pthread_mutex_timedlock(&mutex, &t);
	pthread_mutex_unlock(&mutex);
	printf("timed: %d %d\n", a == ETIMEDOUT, b == ETIMEDOUT);
}

static void kinds(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&m, &attr);
	pthread_mutex_lock(&m);
	printf("recursive: %d", pthread_mutex_lock(&m));
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&m, &attr);
	pthread_mutex_lock(&m);
	printf(" errorcheck: %d\n", pthread_mutex_lock(&m) == EDEADLK);
}

/* A process dies with a robust, shared mutex in its hands. */
static void robust(void)
{
	pthread_mutex_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				  -1, 0);
	pthread_mutexattr_t attr;
	int result, status;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(m, &attr);
	if (!fork()) {
		pthread_mutex_lock(m);
		_exit(0);
	}
	wait(&status);
	result = pthread_mutex_lock(m);
	pthread_mutex_consistent(m);
	pthread_mutex_unlock(m);
	printf("robust: %d then %d\n", result == EOWNERDEAD, pthread_mutex_lock(m));
}

/* fork() in a process of many threads: the child has one. */
static void fork_among_threads(void)
{
	int status;

	for (long i = 0; i < N; i++)
		pthread_create(&threads[i], NULL, sleep_forever, NULL);
	if (!fork()) {
		pthread_create(&threads[0], NULL, count, NULL);
		pthread_join(threads[0], NULL);
		_exit(9);
	}
	wait(&status);
	printf("forked: %d\n", WEXITSTATUS(status));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	pthread_barrier_init(&barrier, NULL, N);
	pthread_key_create(&key, add_key);
	sem_init(&semaphore, 0, 3);
	run("mutex", count, &counter);
	run("condition", take_turn, &turns);
	run("barrier", meet, &serial);
	run("local", own, &keyed);
	printf("once: %ld\n", onces);
	run("read-write", read_write, &counter);
	run("semaphore", pass_semaphore, NULL);
	cancel_all();
	signal_one();
	timed();
	kinds();
	robust();
	fork_among_threads();
	return 11; /* with 50 threads asleep: exit must end them */
}
