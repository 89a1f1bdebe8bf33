/* SPDX-License-Identifier: MIT */
/* How processor time splits into a program's own and the kernel's, and that neither ever goes back. */
#include "tap.h"
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

struct split { double user, system; };

static struct split used(int who)
{
	struct rusage r;

	getrusage(who, &r);
	return (struct split){ r.ru_utime.tv_sec + r.ru_utime.tv_usec / 1e6, r.ru_stime.tv_sec + r.ru_stime.tv_usec / 1e6 };
}

static double cpu_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void compute(double seconds)
{
	double end = cpu_clock(CLOCK_PROCESS_CPUTIME_ID) + seconds;

	do
		for (volatile int i = 0; i < 3000000; i++)
			;
	while (cpu_clock(CLOCK_PROCESS_CPUTIME_ID) < end);
}

static void call(double seconds)
{
	static char buf[1 << 20];
	double end = cpu_clock(CLOCK_PROCESS_CPUTIME_ID) + seconds;
	int fd = open("/dev/zero", O_RDONLY);

	do
		for (int i = 0; i < 20; i++)
			if (read(fd, buf, sizeof(buf)) < 0)
				return;
	while (cpu_clock(CLOCK_PROCESS_CPUTIME_ID) < end);
	close(fd);
}

/* In a child each, so that one knows nothing of the other. */
static struct split split_of(void (*work)(double seconds))
{
	struct split before = used(RUSAGE_CHILDREN), after;
	pid_t pid = fork();

	if (pid == 0) {
		work(0.4);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	after = used(RUSAGE_CHILDREN);
	return (struct split){ after.user - before.user, after.system - before.system };
}

static void kinds(void)
{
	struct split s = split_of(compute);

	CHECK("who computes uses user time", s.user > 4 * s.system && s.user + s.system > 0.39);
	s = split_of(call);
	CHECK("who calls uses system time", s.system > 3 * s.user && s.user + s.system > 0.39);
}

static void never_back(void)
{
	struct split last = used(RUSAGE_SELF);
	int worse = 0;

	for (int i = 0; i < 300; i++) {
		struct split now;

		(i / 50 % 2 ? call : compute)(0.0002);
		now = used(RUSAGE_SELF);
		worse += now.user < last.user || now.system < last.system;
		last = now;
	}
	CHECK_INT("times that went back", worse, 0);
}

static void agreement(void)
{
	struct split self = used(RUSAGE_SELF), thread = used(RUSAGE_THREAD);
	double clock = cpu_clock(CLOCK_PROCESS_CPUTIME_ID), ticks;
	struct rusage r;
	struct tms t;

	CHECK("self and thread", self.user + self.system <= thread.user + thread.system + 0.02);
	CHECK("rusage and clock", clock - self.user - self.system > -0.001 && clock - self.user - self.system < 0.2);
	CHECK("times gives ticks", times(&t) != -1);
	ticks = (t.tms_utime + t.tms_stime) / (double)sysconf(_SC_CLK_TCK);
	CHECK("times and clock", ticks > clock - 0.05 && ticks < clock + 0.2);
	CHECK("children", t.tms_cutime + t.tms_cstime > 70);
	CHECK_ERRNO("no such who", getrusage(7, &r), EINVAL);
	CHECK_ERRNO("both is the kernel's own", getrusage(-2, &r), EINVAL);
	CHECK_ERRNO("bad address", syscall(SYS_getrusage, RUSAGE_SELF, 8), EFAULT);
	CHECK_ERRNO("bad address", syscall(SYS_times, 8), EFAULT);
	CHECK("nowhere", syscall(SYS_times, 0) > 0);
}

static volatile int signals;

static void count(int sig)
{
	signals += sig > 0;
}

/* A timer of a lone busy thread, which no periodic interrupt looks after. */
static void timers(void)
{
	struct itimerval t = { { 0, 20000 }, { 0, 20000 } }, off = { 0 };

	signal(SIGPROF, count);
	signal(SIGVTALRM, count);
	setitimer(ITIMER_PROF, &t, NULL);
	compute(0.3);
	setitimer(ITIMER_PROF, &off, NULL);
	CHECK("ITIMER_PROF while computing", signals >= 8 && signals <= 20);
	signals = 0;
	setitimer(ITIMER_VIRTUAL, &t, NULL);
	compute(0.3);
	setitimer(ITIMER_VIRTUAL, &off, NULL);
	CHECK("ITIMER_VIRTUAL while computing", signals >= 8 && signals <= 20);
}

static void limit(void)
{
	struct rlimit r = { 1, 2 };
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		setrlimit(RLIMIT_CPU, &r);
		compute(3);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	TELL("after a second of RLIMIT_CPU", "signal %d", WTERMSIG(status));
}

int main(void)
{
	kinds();
	never_back();
	agreement();
	timers();
	limit();
	return tap_done();
}
