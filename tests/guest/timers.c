/* SPDX-License-Identifier: MIT */
/* Periodic timers: very short and very long intervals, signals that nobody takes, overruns, exec. */
#include "raw.h"
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#define SECOND 1000000000LL

static volatile int came, overruns;

static void on_signal(int n, siginfo_t *info, void *context)
{
	(void)n;
	(void)context;
	came++;
	overruns = info->si_overrun;
}

static struct itimerspec spec(int64_t value, int64_t interval)
{
	return (struct itimerspec){ { interval / SECOND, interval % SECOND }, { value / SECOND, value % SECOND } };
}

static timer_t make(int notify)
{
	struct sigevent e = { .sigev_notify = notify, .sigev_signo = SIGUSR1 };
	timer_t t;

	CHECK_OK("timer_create", timer_create(CLOCK_MONOTONIC, &e, &t));
	return t;
}

static void set(timer_t t, int64_t value, int64_t interval)
{
	struct itimerspec s = spec(value, interval);

	CHECK_OK("timer_settime", timer_settime(t, 0, &s, NULL));
}

static void block(int sig, int how)
{
	sigset_t m;

	sigemptyset(&m);
	sigaddset(&m, sig);
	sigprocmask(how, &m, NULL);
}

/* Processor time of a piece of work, beside that of the same one before. */
static int64_t work(void)
{
	int64_t start = now_ns(CLOCK_MONOTONIC);

	for (volatile int i = 0; i < 20000000; i++)
		;
	return now_ns(CLOCK_MONOTONIC) - start;
}

static void nobody_takes_it(void)
{
	int64_t alone = work(), busy;
	timer_t t = make(SIGEV_SIGNAL);

	block(SIGUSR1, SIG_BLOCK);
	set(t, 1, 1);
	busy = work();
	CHECK("a blocked signal's timer of 1 ns leaves the processor alone", busy < 5 * alone + SECOND / 10);
	came = 0;
	block(SIGUSR1, SIG_UNBLOCK);
	CHECK("it came", came);
	CHECK("and there are overruns", overruns > 1000);
	set(t, 0, 0);
	came = 0;
	CHECK_INT("none that are left count for a new setting", timer_getoverrun(t), 0);
	signal(SIGUSR1, SIG_IGN);
	set(t, 1, 1);
	busy = work();
	CHECK("nor does one whose signal is ignored", busy < 5 * alone + SECOND / 10);
	timer_delete(t);
	t = make(SIGEV_NONE);
	set(t, 1, 1);
	busy = work();
	CHECK("nor one without a signal", busy < 5 * alone + SECOND / 10);
	timer_delete(t);
}

static void alarm_blocked(void)
{
	struct itimerval i = { { 0, 1 }, { 0, 1 } }, now;
	int64_t alone = work(), busy;

	came = 0;
	block(SIGALRM, SIG_BLOCK);
	setitimer(ITIMER_REAL, &i, NULL);
	busy = work();
	CHECK("a blocked SIGALRM's timer leaves the processor alone", busy < 5 * alone + SECOND / 10);
	getitimer(ITIMER_REAL, &now);
	TELL("it rests", "%ld %ld %ld %ld", now.it_interval.tv_sec, now.it_interval.tv_usec, now.it_value.tv_sec, now.it_value.tv_usec);
	i.it_interval.tv_usec = 20000;
	setitimer(ITIMER_REAL, &i, NULL);
	sleep_ms(70);
	block(SIGALRM, SIG_UNBLOCK);
	CHECK_INT("one signal for all of them", came, 1);
	for (int n = 0; n < 100 && came < 4; n++)
		sleep_ms(5);
	CHECK("then it goes on", came >= 4);
	i = (struct itimerval){ { 0, 0 }, { 0, 0 } };
	setitimer(ITIMER_REAL, &i, NULL);
}

static void long_intervals(void)
{
	struct itimerval i = { { LONG_MAX / 2, 0 }, { 0, 1000 } };
	struct itimerspec s = { { LONG_MAX / 2, 0 }, { 0, 1000000 } };
	timer_t t = make(SIGEV_SIGNAL);
	uint64_t ticks = 0;
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);

	came = 0;
	CHECK_OK("timer_settime", timer_settime(t, 0, &s, NULL));
	sleep_ms(50);
	CHECK_INT("an interval without end: timer_create's comes once", came, 1);
	CHECK_INT("and missed none", timer_getoverrun(t), 0);
	timer_delete(t);
	came = 0;
	CHECK_OK("setitimer", setitimer(ITIMER_REAL, &i, NULL));
	sleep_ms(50);
	CHECK_INT("so does setitimer's", came, 1);
	i = (struct itimerval){ { LONG_MAX / 2, 0 }, { 0, 1 } };
	came = 0;
	CHECK_OK("setitimer of processor time", setitimer(ITIMER_PROF, &i, NULL));
	for (int64_t start = now_ns(CLOCK_MONOTONIC); now_ns(CLOCK_MONOTONIC) - start < SECOND / 5;)
		;
	CHECK_INT("that of processor time", came, 1);
	i = (struct itimerval){ { 0, 0 }, { 0, 0 } };
	setitimer(ITIMER_REAL, &i, NULL);
	setitimer(ITIMER_PROF, &i, NULL);
	CHECK_OK("timerfd_settime", timerfd_settime(fd, 0, &s, NULL));
	sleep_ms(50);
	CHECK_INT("that of a timerfd", read(fd, &ticks, sizeof(ticks)), sizeof(ticks));
	CHECK_INT("once", ticks, 1);
	sleep_ms(5);
	CHECK_ERRNO("and no more", read(fd, &ticks, sizeof(ticks)), EAGAIN);
	close(fd);
}

/* Exec ends timers, and takes back what they have sent. */
static int pending_after_exec(void)
{
	char *argv[] = { "/proc/self/exe", "pending", NULL };
	timer_t t = make(SIGEV_SIGNAL);

	block(SIGUSR1, SIG_BLOCK);
	block(SIGUSR2, SIG_BLOCK);
	set(t, 1, 0);
	kill(getpid(), SIGUSR2);
	sleep_ms(5);
	execv(argv[0], argv);
	return 1;
}

static long create(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	int id = -1;
	long result = CALL(timer_create, CLOCK_MONOTONIC, &e, &id);

	return result ? result : id;
}

/* An id is not given again while others were never given; a child counts from 0, exec goes on. */
static void ids(void)
{
	struct rlimit room = { 4096, 4096 }; /* with little memory it is less than what follows needs */
	long first = create(), second = create(), last = 0;

	setrlimit(RLIMIT_SIGPENDING, &room);
	SAY("ids count on", second - first, CALL(timer_delete, first), create() - first, CALL(timer_delete, second),
	    create() - first, CALL(timer_delete, first), CALL(timer_delete, -1), CALL(timer_delete, INT_MAX));
	for (int i = 0; i < 1000; i++)
		last = create();
	SAY("a thousand more", last - first, CALL(timer_gettime, last, (&(struct itimerspec){ 0 })),
	    CALL(timer_getoverrun, last), CALL(timer_getoverrun, last + 1));
	SAY("a child has none", IN_CHILD(_exit(CALL(timer_delete, last) == -EINVAL && create() == 0)));
	for (int i = 4; i <= last; i++)
		CALL(timer_delete, i + first);
	SAY("all ended but two", CALL(timer_delete, last), create() - last);
}

static int pending(void)
{
	sigset_t m;

	sigpending(&m);
	return 20 + sigismember(&m, SIGUSR1) + 2 * sigismember(&m, SIGUSR2);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };

	(void)argv;
	if (argc > 1)
		return pending();
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGPROF, &sa, NULL);
	nobody_takes_it();
	sigaction(SIGUSR1, &sa, NULL);
	alarm_blocked();
	long_intervals();
	ids();
	CHECK_INT("exec takes back a timer's signal, and no other", IN_CHILD(_exit(pending_after_exec())), EXITED(22));
	return tap_done();
}
