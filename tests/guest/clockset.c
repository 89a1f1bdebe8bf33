/* SPDX-License-Identifier: MIT */
/*
 * Who waits for a time of the wall clock, and the clock is set: an absolute time comes
 * at once when the clock jumps over it, and later when it is set back; a relative one
 * does not care. A child sets the clock, forward by an hour and back again.
 */
#include "tap.h"
#include <linux/futex.h>
#include <linux/time_types.h>
#include <mqueue.h>
#include <pthread.h>
#include <sys/timerfd.h>

#define HOUR 3600

static void shift(long seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += seconds;
	clock_settime(CLOCK_REALTIME, &t);
}

/* In a child: waits a little, jumps, and back once the parent is through with it. */
static pid_t jump_later(void)
{
	pid_t pid = fork();

	if (!pid) {
		sleep_ms(60);
		shift(HOUR);
		sleep_ms(150);
		shift(-HOUR);
		_exit(0);
	}
	return pid;
}

static struct timespec in_half_an_hour(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += HOUR / 2;
	return t;
}

/* Does the wait end when the clock jumps, with that result? Elapsed: neither at once nor by the alarm. */
#define JUMP(name, call)                                                                        \
	do {                                                                                    \
		int64_t start_ = now_ns(CLOCK_MONOTONIC);                                       \
		pid_t pid_ = jump_later();                                                      \
		errno = 0;                                                                      \
		long result_ = (call);                                                          \
		int error_ = errno;                                                             \
		int64_t took_ = (now_ns(CLOCK_MONOTONIC) - start_) / 1000000;                   \
		waitpid(pid_, NULL, 0);                                                         \
		TELL(name, "%ld %d %d", result_, result_ == -1 ? error_ : 0, took_ >= 55 && took_ < 20000); \
	} while (0)

static uint32_t word;
static volatile sig_atomic_t fired;

static void on_alarm(int sig)
{
	fired = sig;
}

static long futex_wait_until(int op)
{
	struct timespec t = in_half_an_hour();

	return syscall(SYS_futex, &word, op | FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME, 0, &t, NULL, FUTEX_BITSET_MATCH_ANY);
}

static long waitv_until(void)
{
	struct futex_waitv v = { .uaddr = (uintptr_t)&word, .flags = FUTEX_32 };
	struct timespec t = in_half_an_hour();

	return syscall(SYS_futex_waitv, &v, 1, 0, &t, CLOCK_REALTIME);
}

static long condition_until(void)
{
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t c = PTHREAD_COND_INITIALIZER;
	struct timespec t = in_half_an_hour();

	pthread_mutex_lock(&m);
	return pthread_cond_timedwait(&c, &m, &t);
}

static long sleep_until_then(int clock)
{
	struct timespec t = in_half_an_hour();

	return clock_nanosleep(clock, TIMER_ABSTIME, &t, NULL);
}

static long queue_until(void)
{
	struct mq_attr a = { .mq_maxmsg = 1, .mq_msgsize = 1 };
	mqd_t q = mq_open("/clockset", O_RDWR | O_CREAT, 0600, &a);
	struct timespec t = in_half_an_hour();
	char c;
	long result = mq_timedreceive(q, &c, 1, NULL, &t);
	int error = errno;

	mq_close(q), mq_unlink("/clockset");
	errno = error;
	return result;
}

/* Until a POSIX timer fires; with an interval of an hour the next one is not due. */
static long timer_until(long interval)
{
	struct itimerspec i = { .it_value = in_half_an_hour(), .it_interval.tv_sec = interval };
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	sigset_t set, old;
	timer_t t;

	fired = 0;
	sigemptyset(&set), sigaddset(&set, SIGUSR1), sigprocmask(SIG_BLOCK, &set, &old);
	timer_create(CLOCK_REALTIME, &e, &t);
	timer_settime(t, TIMER_ABSTIME, &i, NULL);
	while (!fired)
		sigsuspend(&old);
	long overruns = timer_getoverrun(t);
	timer_delete(t);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return overruns;
}

static long timerfd_until(void)
{
	struct itimerspec i = { .it_value = in_half_an_hour() };
	int fd = timerfd_create(CLOCK_REALTIME, 0);
	uint64_t n = 0;

	timerfd_settime(fd, TFD_TIMER_ABSTIME, &i, NULL);
	read(fd, &n, 8);
	close(fd);
	return (long)n;
}

/* A time that the clock is set back from: it comes later than it would have. */
static void backwards(void)
{
	struct timespec t;
	int64_t start = now_ns(CLOCK_MONOTONIC), took;
	pid_t pid = fork();

	if (!pid) {
		sleep_ms(50);
		shift(-2);
		sleep_ms(1000);
		_exit(0);
	}
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += 1;
	clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL);
	took = (now_ns(CLOCK_MONOTONIC) - start) / 1000000;
	waitpid(pid, NULL, 0);
	shift(2);
	TELL("set back: later", "%d", took >= 2900 && took < 20000);
}

static void relative(void)
{
	struct timespec t = { 0, 120000000 };
	int64_t start = now_ns(CLOCK_MONOTONIC), took;
	pid_t pid = jump_later();

	clock_nanosleep(CLOCK_REALTIME, 0, &t, NULL);
	took = (now_ns(CLOCK_MONOTONIC) - start) / 1000000;
	waitpid(pid, NULL, 0);
	TELL("a relative sleep does not care", "%d", took >= 115 && took < 20000);
}

int main(void)
{
	signal(SIGUSR1, on_alarm);
	signal(SIGALRM, on_alarm);
	JUMP("clock_nanosleep", sleep_until_then(CLOCK_REALTIME));
	JUMP("clock_nanosleep, TAI", sleep_until_then(CLOCK_TAI));
	JUMP("futex wait", futex_wait_until(FUTEX_WAIT_BITSET));
	JUMP("futex_waitv", waitv_until());
	JUMP("condition", condition_until());
	JUMP("message queue", queue_until());
	JUMP("timer", timer_until(0));
	JUMP("timer with an interval", timer_until(HOUR));
	JUMP("timer with many intervals", timer_until(60));
	JUMP("timerfd", timerfd_until());
	backwards();
	relative();
	return tap_done();
}
