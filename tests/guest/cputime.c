/* SPDX-License-Identifier: MIT */
/* Clocks of processor time, sleeping by them, timers on them, and the limit of processor time. */
#include "tap.h"
#include <pthread.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <sys/time.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif
#define MS 1000000LL
/* Kinds of clocks: of a process or thread by number. */
#define CLOCK_OF(pid, thread, which) ((clockid_t)(~(unsigned)(pid) << 3 | (thread) << 2 | (which)))

static int64_t clock_now_(clockid_t c)
{
	struct timespec t;

	return syscall(SYS_clock_gettime, c, &t) < 0 ? -errno : t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void burn(int64_t ns)
{
	int64_t end = clock_now_(CLOCK_THREAD_CPUTIME_ID) + ns;

	while (clock_now_(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

/* Time in user mode: a slow kernel takes nearly all of what a loop of system calls costs. */
static void compute(void)
{
	for (volatile int n = 0; n < 100000; n++)
		;
}

static long resolution(clockid_t c)
{
	struct timespec t = { 0, 0 };

	return syscall(SYS_clock_getres, c, &t) < 0 ? -errno : t.tv_nsec;
}

static long set(clockid_t c)
{
	struct timespec t = { 5, 0 };

	return syscall(SYS_clock_settime, c, &t) < 0 ? -errno : 0;
}

static volatile int other_tid;
static sem_t other_started, other_go, other_burnt;

static void *other(void *arg)
{
	(void)arg;
	other_tid = (int)syscall(SYS_gettid);
	sem_post(&other_started);
	sem_wait(&other_go);
	burn(30 * MS);
	sem_post(&other_burnt);
	sem_wait(&other_go);
	return NULL;
}

static void clocks(void)
{
	int me = getpid();
	clockid_t id;
	int64_t before, after;
	pthread_t t;

	before = clock_now_(CLOCK_PROCESS_CPUTIME_ID);
	burn(20 * MS);
	after = clock_now_(CLOCK_PROCESS_CPUTIME_ID);
	CHECK("of the process", after - before >= 20 * MS);
	before = clock_now_(CLOCK_THREAD_CPUTIME_ID);
	usleep(20000);
	CHECK("sleeping takes none", clock_now_(CLOCK_THREAD_CPUTIME_ID) - before < 15 * MS);
	for (int which = 0; which < 3; which++) {
		CHECK("by our number", clock_now_(CLOCK_OF(me, 0, which)) >= 0);
		CHECK("by number 0", clock_now_(CLOCK_OF(0, 0, which)) >= 0);
		CHECK("by our thread's", clock_now_(CLOCK_OF(me, 1, which)) >= 0);
		CHECK("by thread 0", clock_now_(CLOCK_OF(0, 1, which)) >= 0);
		TELL("resolution", "%ld %ld", resolution(CLOCK_OF(0, 0, which)), resolution(CLOCK_OF(me, 1, which)));
	}
	CHECK_INT("clock 3", clock_now_(CLOCK_OF(me, 0, 3)), -EINVAL);
	CHECK_INT("thread clock 3", clock_now_(CLOCK_OF(me, 1, 3)), -EINVAL);
	CHECK_INT("of nobody", clock_now_(CLOCK_OF(4000000, 0, 2)), -EINVAL);
	CHECK_INT("of no thread", clock_now_(CLOCK_OF(4000000, 1, 2)), -EINVAL);
	CHECK("of another process", clock_now_(CLOCK_OF(1, 0, 2)) >= 0);
	CHECK_INT("of another's thread", clock_now_(CLOCK_OF(1, 1, 2)), -EINVAL);
	CHECK_INT("resolution of nobody's", resolution(CLOCK_OF(4000000, 0, 2)), -EINVAL);
	CHECK_INT("resolution for the process", resolution(CLOCK_PROCESS_CPUTIME_ID), 1);
	CHECK_INT("resolution for the thread", resolution(CLOCK_THREAD_CPUTIME_ID), 1);
	CHECK_INT("setting: process", set(CLOCK_PROCESS_CPUTIME_ID), -EINVAL);
	CHECK_INT("setting: thread", set(CLOCK_THREAD_CPUTIME_ID), -EINVAL);
	CHECK_INT("setting: by number", set(CLOCK_OF(me, 0, 2)), -EPERM);
	CHECK_INT("setting: nobody's", set(CLOCK_OF(4000000, 0, 2)), -EINVAL);
	CHECK_INT("clock_getcpuclockid", clock_getcpuclockid(me, &id), 0);
	CHECK("it is ours", clock_now_(id) >= 0);
	CHECK_INT("of nobody", clock_getcpuclockid(4000000, &id), ESRCH);

	pthread_create(&t, NULL, other, NULL);
	sem_wait(&other_started);
	CHECK_INT("pthread_getcpuclockid", pthread_getcpuclockid(t, &id), 0);
	before = clock_now_(id);
	int64_t mine = clock_now_(CLOCK_THREAD_CPUTIME_ID), all = clock_now_(CLOCK_PROCESS_CPUTIME_ID);
	sem_post(&other_go);
	sem_wait(&other_burnt); /* asking the clock again and again would cost this thread time too */
	CHECK("another thread's", clock_now_(id) - before >= 30 * MS);
	CHECK("is in the process's", clock_now_(CLOCK_PROCESS_CPUTIME_ID) - all >= 30 * MS);
	CHECK("not in ours", clock_now_(CLOCK_THREAD_CPUTIME_ID) - mine < 30 * MS);
	CHECK("a thread's number stands for its process", clock_now_(CLOCK_OF(other_tid, 0, 2)) == -EINVAL);
	sem_post(&other_go);
	pthread_join(t, NULL);
	while (!syscall(SYS_tgkill, me, other_tid, 0))
		usleep(1000);
	CHECK_INT("of a thread that ended", clock_now_(id), -EINVAL);
}

static long nap(clockid_t c, int flags, int64_t ns)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	return syscall(SYS_clock_nanosleep, c, flags, &t, NULL) < 0 ? -errno : 0;
}

static volatile bool stop;

static void *spin(void *arg)
{
	(void)arg;
	while (!stop)
		;
	return NULL;
}

static void on_signal(int n)
{
	(void)n;
}

static void sleeps(void)
{
	int me = getpid();
	struct timespec t = { 0, 1000000000 }, left = { 0, 0 };
	pthread_t p;
	int64_t before;

	CHECK_INT("thread's own", nap(CLOCK_THREAD_CPUTIME_ID, 0, 1), -EOPNOTSUPP);
	CHECK_INT("thread 0", nap(CLOCK_OF(0, 1, 2), 0, 1), -EINVAL);
	CHECK_INT("our thread by number", nap(CLOCK_OF(me, 1, 2), 0, 1), -EINVAL);
	CHECK_INT("nobody's", nap(CLOCK_OF(4000000, 0, 2), 0, 1), -EINVAL);
	CHECK_INT("clock 3", nap(CLOCK_OF(me, 0, 3), 0, 1), -EOPNOTSUPP);
	CHECK_INT("thread clock 3", nap(CLOCK_OF(me, 1, 3), 0, 1), -EINVAL);
	CHECK_INT("raw time", nap(CLOCK_MONOTONIC_RAW, 0, 1), -EOPNOTSUPP);
	CHECK_ERRNO("bad time", syscall(SYS_clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, 0, &t, NULL), EINVAL);
	CHECK_INT("in the past", nap(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, 1), 0);
	pthread_create(&p, NULL, spin, NULL);
	before = clock_now_(CLOCK_PROCESS_CPUTIME_ID);
	CHECK_INT("while another thread works", nap(CLOCK_PROCESS_CPUTIME_ID, 0, 30 * MS), 0);
	CHECK("so long", clock_now_(CLOCK_PROCESS_CPUTIME_ID) - before >= 30 * MS);
	before = clock_now_(CLOCK_PROCESS_CPUTIME_ID);
	CHECK_INT("absolute", nap(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, before + 20 * MS), 0);
	CHECK("so far", clock_now_(CLOCK_PROCESS_CPUTIME_ID) >= before + 20 * MS);
	clockid_t id;
	pthread_getcpuclockid(p, &id);
	before = clock_now_(id);
	CHECK_INT("by the other's clock", nap(id, 0, 20 * MS), 0);
	CHECK("so long", clock_now_(id) - before >= 20 * MS);
	stop = true;
	pthread_join(p, NULL);
	struct sigaction sa = { .sa_handler = on_signal };
	sigaction(SIGALRM, &sa, NULL);
	struct itimerval it = { { 0, 0 }, { 0, 20000 } };
	setitimer(ITIMER_REAL, &it, NULL);
	t = (struct timespec){ 100, 0 };
	CHECK_ERRNO("a signal ends it", syscall(SYS_clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, 0, &t, &left), EINTR);
	CHECK("and it tells what is left", left.tv_sec >= 99 && left.tv_sec < 100);
	setitimer(ITIMER_REAL, &it, NULL);
	t.tv_sec = 10000;
	left.tv_sec = 77;
	CHECK_ERRNO("absolute too", syscall(SYS_clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, &t, &left), EINTR);
	CHECK_INT("without that", left.tv_sec, 77);
}

static volatile int fired, fired_tid, fired_code, fired_overruns;
static volatile int64_t fired_at;

static void on_timer(int n, siginfo_t *info, void *context)
{
	(void)n, (void)context;
	fired++;
	fired_at = clock_now_(CLOCK_PROCESS_CPUTIME_ID);
	fired_tid = (int)syscall(SYS_gettid);
	fired_code = info->si_code;
	fired_overruns += info->si_overrun;
}

static int timer_on(clockid_t c, int *id)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };

	return syscall(SYS_timer_create, c, &e, id) < 0 ? -errno : 0;
}

static long arm(int id, int flags, int64_t value, int64_t interval)
{
	struct itimerspec t = { { interval / 1000000000, interval % 1000000000 }, { value / 1000000000, value % 1000000000 } };

	return syscall(SYS_timer_settime, id, flags, &t, NULL) < 0 ? -errno : 0;
}

static void timers(void)
{
	struct sigaction sa = { .sa_sigaction = on_timer, .sa_flags = SA_SIGINFO };
	struct itimerspec now;
	int id, id2, me = getpid();
	int64_t start;
	pthread_t p;

	sigaction(SIGUSR1, &sa, NULL);
	CHECK_INT("nobody's clock", timer_on(CLOCK_OF(4000000, 0, 2), &id), -EINVAL);
	CHECK_INT("clock 3", timer_on(CLOCK_OF(0, 0, 3), &id), -EOPNOTSUPP);
	CHECK_INT("another's thread", timer_on(CLOCK_OF(1, 1, 2), &id), -EINVAL);
	CHECK_INT("raw time", timer_on(CLOCK_MONOTONIC_RAW, &id), -EOPNOTSUPP);
	CHECK_INT("coarse time", timer_on(CLOCK_MONOTONIC_COARSE, &id), -EOPNOTSUPP);
	CHECK_INT("no clock", timer_on(77, &id), -EINVAL);
	CHECK_INT("international atomic time", timer_on(CLOCK_TAI, &id), 0);
	syscall(SYS_timer_delete, id);
	static const char *const name[] = { "process", "thread", "process by number", "thread by number", "user time", "user and system" };
	const clockid_t clock[] = { CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_OF(me, 0, 2), CLOCK_OF(me, 1, 2),
				    CLOCK_OF(0, 0, 1), CLOCK_OF(0, 0, 0) };
	for (int i = 0; i < 6; i++) {
		CHECK_INT(name[i], timer_on(clock[i], &id), 0);
		fired = 0;
		CHECK_INT("armed", arm(id, 0, 20 * MS, 0), 0);
		syscall(SYS_timer_gettime, id, &now);
		CHECK("what is left", now.it_value.tv_nsec > 0 && now.it_value.tv_nsec <= 21 * MS);
		start = clock_now_(CLOCK_PROCESS_CPUTIME_ID);
		while (!fired && clock_now_(CLOCK_PROCESS_CPUTIME_ID) - start < 3000 * MS)
			compute();
		CHECK_INT("it fires", fired, 1);
		CHECK_INT("as a timer", fired_code, SI_TIMER);
		CHECK("not too soon", i > 3 || fired_at - start >= 15 * MS);
		syscall(SYS_timer_gettime, id, &now);
		CHECK_INT("nothing is left", now.it_value.tv_sec + now.it_value.tv_nsec, 0);
		CHECK_OK("deleted", syscall(SYS_timer_delete, id));
	}
	timer_on(CLOCK_PROCESS_CPUTIME_ID, &id);
	fired = 0;
	arm(id, 0, 5 * MS, 5 * MS);
	start = clock_now_(CLOCK_PROCESS_CPUTIME_ID);
	while (fired < 4 && clock_now_(CLOCK_PROCESS_CPUTIME_ID) - start < 3000 * MS)
		;
	CHECK("again and again", fired >= 4);
	arm(id, 0, 0, 0);
	fired = 0;
	arm(id, TIMER_ABSTIME, clock_now_(CLOCK_PROCESS_CPUTIME_ID) + 10 * MS, 0);
	burn(60 * MS);
	CHECK_INT("absolute", fired, 1);
	fired = 0;
	arm(id, TIMER_ABSTIME, 1, 0);
	burn(30 * MS);
	CHECK_INT("in the past: at once", fired, 1);
	fired = 0;
	arm(id, 0, 10 * MS, 0);
	usleep(60000);
	CHECK_INT("not while it sleeps", fired, 0);
	burn(60 * MS);
	CHECK_INT("but then", fired, 1);
	fired = 0;
	stop = false;
	pthread_create(&p, NULL, spin, NULL);
	arm(id, 0, 20 * MS, 0);
	for (int i = 0; i < 1000 && !fired; i++)
		usleep(2000);
	CHECK_INT("by another thread's work", fired, 1);
	clockid_t theirs;
	pthread_getcpuclockid(p, &theirs);
	CHECK_INT("on that thread's clock", timer_on(theirs, &id2), 0);
	fired = 0;
	arm(id2, 0, 20 * MS, 0);
	for (int i = 0; i < 1000 && !fired; i++)
		usleep(2000);
	CHECK_INT("fires", fired, 1);
	stop = true;
	pthread_join(p, NULL);
	fired = 0;
	struct sigevent e = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
	e.sigev_notify_thread_id = 4000000;
	CHECK_ERRNO("to no thread", syscall(SYS_timer_create, CLOCK_PROCESS_CPUTIME_ID, &e, &id2), EINVAL);
	e.sigev_notify_thread_id = 1;
	CHECK_ERRNO("to another's thread", syscall(SYS_timer_create, CLOCK_PROCESS_CPUTIME_ID, &e, &id2), EINVAL);
	e.sigev_signo = 65;
	e.sigev_notify = SIGEV_SIGNAL;
	CHECK_ERRNO("by no signal", syscall(SYS_timer_create, CLOCK_PROCESS_CPUTIME_ID, &e, &id2), EINVAL);
	e.sigev_notify = 99;
	CHECK_ERRNO("in no way", syscall(SYS_timer_create, CLOCK_PROCESS_CPUTIME_ID, &e, &id2), EINVAL);
	e.sigev_signo = SIGUSR1;
	e.sigev_notify = SIGEV_THREAD_ID;
	e.sigev_notify_thread_id = (int)syscall(SYS_gettid);
	CHECK_OK("to this one", syscall(SYS_timer_create, CLOCK_PROCESS_CPUTIME_ID, &e, &id2));
	fired_tid = 0;
	arm(id2, 0, 5 * MS, 0);
	burn(40 * MS);
	CHECK_INT("which gets it", fired_tid, e.sigev_notify_thread_id);
	e.sigev_notify = SIGEV_NONE;
	syscall(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &e, &id);
	arm(id, 0, 5 * MS, 0);
	burn(20 * MS);
	syscall(SYS_timer_gettime, id, &now);
	CHECK_INT("that says nothing", now.it_value.tv_sec + now.it_value.tv_nsec, 0);
	CHECK_INT("bad value", arm(id, 0, 0, 0) == 0 ? 0 : 1, 0);
	struct itimerspec bad = { { 0, 0 }, { 0, 1000000000 } };
	CHECK_ERRNO("bad time", syscall(SYS_timer_settime, id, 0, &bad, NULL), EINVAL);
	CHECK_ERRNO("no timer", syscall(SYS_timer_settime, 999, 0, &now, NULL), EINVAL);
}

static void on_itimer(int n)
{
	fired = n;
	fired_at = clock_now_(CLOCK_PROCESS_CPUTIME_ID);
}

static void itimers(void)
{
	struct itimerval t = { { 0, 0 }, { 0, 20000 } }, old;

	static const struct { const char *name; int which, sig; } kind[] = {
		{ "ITIMER_VIRTUAL", ITIMER_VIRTUAL, SIGVTALRM }, { "ITIMER_PROF", ITIMER_PROF, SIGPROF },
	};
	for (int i = 0; i < 2; i++) {
		signal(kind[i].sig, on_itimer);
		fired = 0;
		CHECK_OK(kind[i].name, setitimer(kind[i].which, &t, NULL));
		getitimer(kind[i].which, &old);
		CHECK("what is left", old.it_value.tv_usec > 0 && old.it_value.tv_usec <= 24000);
		for (int64_t start = clock_now_(CLOCK_PROCESS_CPUTIME_ID); !fired && clock_now_(CLOCK_PROCESS_CPUTIME_ID) - start < 3000 * MS;)
			compute();
		CHECK_INT("its signal", fired, kind[i].sig);
		getitimer(kind[i].which, &old);
		CHECK_INT("nothing is left", old.it_value.tv_sec + old.it_value.tv_usec, 0);
		fired = 0;
		setitimer(kind[i].which, &t, NULL);
		usleep(60000);
		CHECK_INT("not while it sleeps", fired, 0);
		t = (struct itimerval){ { 0, 0 }, { 0, 0 } };
		setitimer(kind[i].which, &t, &old);
		CHECK("switched off", old.it_value.tv_usec > 0);
		t.it_value.tv_usec = 20000;
	}
	t.it_value.tv_usec = 1000000;
	CHECK_ERRNO("bad time", setitimer(ITIMER_PROF, &t, NULL), EINVAL);
	CHECK_ERRNO("no such timer", setitimer(3, &t, NULL), EINVAL);
	CHECK_INT("a child has none", IN_CHILD(t.it_value.tv_usec = 500000; setitimer(ITIMER_PROF, &t, NULL);
		  _exit(IN_CHILD(getitimer(ITIMER_PROF, &old); _exit(old.it_value.tv_usec ? 1 : 0)))), EXITED(0));
}

static volatile int limits;

static void on_limit(int n)
{
	(void)n;
	limits++;
}

static void limit(void)
{
	struct rlimit one = { 1, 3 }, hard = { 1, 1 };

	CHECK_INT("soft limit: killed", IN_CHILD(setrlimit(RLIMIT_CPU, &one); for (;;)) & 0x7f, SIGXCPU);
	CHECK_INT("soft, again, hard", IN_CHILD({
		signal(SIGXCPU, on_limit);
		setrlimit(RLIMIT_CPU, &one);
		while (limits < 2)
			;
		_exit(limits);
	}), EXITED(2));
	CHECK_INT("hard limit: killed", IN_CHILD(signal(SIGXCPU, SIG_IGN); setrlimit(RLIMIT_CPU, &hard); for (;;)), SIGKILL);
}

int main(void)
{
	clocks();
	sleeps();
	timers();
	itimers();
	limit();
	return tap_done();
}
