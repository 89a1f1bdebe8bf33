/* SPDX-License-Identifier: MIT */
/* Clocks, sleeping and timers. Under emulation things come late; never early. */
#include "tap.h"
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>

static volatile int fired;
static siginfo_t info;

static void on(int n, siginfo_t *i, void *c)
{
	(void)n, (void)c;
	fired++;
	info = *i;
}

static void clocks(void)
{
	struct timespec t, r;
	struct timeval tv;
	int backwards = 0;

	for (int i = 0; i < 7; i++)
		CHECK_OK("clock_gettime", clock_gettime(i, &t));
	CHECK_OK("clock_gettime BOOTTIME", clock_gettime(CLOCK_BOOTTIME, &t));
	CHECK_ERRNO("unknown clock", clock_gettime(77, &t), EINVAL);
	CHECK_ERRNO("unknown clock, by system call", syscall(SYS_clock_gettime, 77, &t), EINVAL);
	CHECK_ERRNO("bad address", syscall(SYS_clock_gettime, 0, (void *)8), EFAULT);
	CHECK_OK("clock_getres", clock_getres(CLOCK_MONOTONIC, &r));
	TELL("resolution", "%ld.%ld", r.tv_sec, r.tv_nsec);
	int64_t last = 0;
	for (int i = 0; i < 20000; i++) {
		int64_t now = now_ns(CLOCK_MONOTONIC);

		backwards += now < last;
		last = now;
	}
	CHECK_INT("monotonic time never goes back", backwards, 0);
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
	CHECK("vDSO and system call agree", now_ns(CLOCK_MONOTONIC) >=
	      t.tv_sec * 1000000000LL + t.tv_nsec);
	gettimeofday(&tv, NULL);
	CHECK("the year is plausible", tv.tv_sec > 1577836800 && tv.tv_sec < 4102444800);
	CHECK("time() agrees", labs(time(NULL) - tv.tv_sec) <= 1);
	CHECK("realtime agrees", labs(now_ns(CLOCK_REALTIME) / 1000000000 - tv.tv_sec) <= 1);
	int64_t cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (volatile int i = 0; i < 3000000; i++)
		;
	CHECK("processor time passes", now_ns(CLOCK_PROCESS_CPUTIME_ID) > cpu);
	struct tms tms;
	CHECK("times", times(&tms) != -1);
	CHECK_OK("settimeofday", settimeofday(&tv, NULL));
	t.tv_nsec = -1;
	CHECK_ERRNO("clock_settime, bad", clock_settime(CLOCK_REALTIME, &t), EINVAL);
	CHECK_ERRNO("monotonic cannot be set", syscall(SYS_clock_settime, CLOCK_MONOTONIC, &r), EINVAL);
}

static void sleeping(void)
{
	struct timespec t = { 0, 20000000 };
	int64_t start = now_ns(CLOCK_MONOTONIC), took;

	CHECK_INT("nanosleep", nanosleep(&t, NULL), 0);
	took = now_ns(CLOCK_MONOTONIC) - start;
	CHECK("never early", took >= 20000000);
	CHECK("not very late", took < 2000000000);
	t.tv_nsec = 1000000000;
	CHECK_ERRNO("bad time", nanosleep(&t, NULL), EINVAL);
	t = (struct timespec){ -1, 0 };
	CHECK_ERRNO("negative time", nanosleep(&t, NULL), EINVAL);
	CHECK_ERRNO("bad address", nanosleep((void *)8, NULL), EFAULT);
	t = (struct timespec){ 0, 0 };
	CHECK_INT("no time at all", nanosleep(&t, NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &t);
	CHECK_INT("until a time past", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL), 0);
	start = now_ns(CLOCK_MONOTONIC) + 15000000;
	t = (struct timespec){ start / 1000000000, start % 1000000000 };
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	CHECK("until a time to come", now_ns(CLOCK_MONOTONIC) >= start);
	CHECK_INT("unknown clock", clock_nanosleep(77, 0, &t, NULL), EINVAL);
	start = now_ns(CLOCK_MONOTONIC);
	for (int i = 0; i < 8; i++)
		if (!fork()) {
			sleep_ms(100);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	took = now_ns(CLOCK_MONOTONIC) - start;
	CHECK("sleepers sleep side by side", took >= 100000000 && took < 700000000);
}

static void interval_timers(void)
{
	struct itimerval t = { { 0, 10000 }, { 0, 10000 } }, old;
	struct sigaction a = { .sa_sigaction = on, .sa_flags = SA_SIGINFO };

	sigaction(SIGALRM, &a, NULL);
	fired = 0;
	CHECK_OK("setitimer", setitimer(ITIMER_REAL, &t, NULL));
	while (fired < 3)
		pause();
	CHECK_OK("getitimer", getitimer(ITIMER_REAL, &old));
	CHECK("it tells", old.it_interval.tv_usec == 10000 && old.it_value.tv_usec <= 10000);
	memset(&t, 0, sizeof(t));
	setitimer(ITIMER_REAL, &t, &old);
	CHECK_INT("the old one comes back", old.it_interval.tv_usec, 10000);
	fired = 0;
	sleep_ms(30);
	CHECK_INT("stopped", fired, 0);
	CHECK_ERRNO("unknown timer", setitimer(9, &t, NULL), EINVAL);
	t.it_value.tv_usec = 1000000;
	CHECK_ERRNO("bad time", setitimer(ITIMER_REAL, &t, NULL), EINVAL);
	CHECK_INT("alarm", alarm(100), 0);
	CHECK_INT("tells what was left", alarm(0), 100);
	CHECK_INT("a child has no timer", IN_CHILD({ _exit((int)alarm(0)); }), EXITED(0));
	CHECK_INT("virtual time", IN_CHILD({
		t = (struct itimerval){ { 0, 0 }, { 0, 20000 } };
		setitimer(ITIMER_VIRTUAL, &t, NULL);
		for (;;)
			;
	}), SIGVTALRM);
}

static void posix_timers(void)
{
	timer_t id;
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
			      .sigev_value.sival_int = 55 };
	struct itimerspec t = { { 0, 0 }, { 0, 10000000 } }, now;
	struct sigaction a = { .sa_sigaction = on, .sa_flags = SA_SIGINFO };

	sigaction(SIGUSR1, &a, NULL);
	CHECK_OK("timer_create", timer_create(CLOCK_MONOTONIC, &e, &id));
	fired = 0;
	CHECK_OK("timer_settime", timer_settime(id, 0, &t, NULL));
	while (!fired)
		pause();
	CHECK("siginfo", info.si_code == SI_TIMER && info.si_value.sival_int == 55);
	CHECK_INT("timer_getoverrun", timer_getoverrun(id), 0);
	t.it_value.tv_sec = 100;
	timer_settime(id, 0, &t, NULL);
	timer_gettime(id, &now);
	CHECK("timer_gettime", now.it_value.tv_sec >= 99 && now.it_value.tv_sec <= 100);
	CHECK_OK("timer_delete", timer_delete(id));
	CHECK_ERRNO("gone", syscall(SYS_timer_gettime, id, &now), EINVAL);
	e.sigev_signo = 99;
	CHECK_ERRNO("bad signal", timer_create(CLOCK_MONOTONIC, &e, &id), EINVAL);
	e.sigev_notify = SIGEV_NONE;
	CHECK_OK("without a signal", timer_create(CLOCK_REALTIME, &e, &id));
	timer_delete(id);
	CHECK_ERRNO("unknown clock", timer_create(77, NULL, &id), EINVAL);
}

int main(void)
{
	clocks();
	sleeping();
	interval_timers();
	posix_timers();
	return tap_done();
}
