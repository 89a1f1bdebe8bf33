/* SPDX-License-Identifier: MIT */
/*
 * What /proc tells of scheduling: /proc/PID/sched, /proc/PID/schedstat and /proc/schedstat
 * have Linux's lines, and their figures mean what they do there.
 */
#include "tap.h"
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static char text[16384];

static char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY), n = 0, part;

	while (fd >= 0 && (part = (int)read(fd, text + n, sizeof(text) - 1 - (size_t)n)) > 0)
		n += part;
	text[n] = 0;
	if (fd >= 0)
		close(fd);
	return text;
}

static double figure(const char *path, const char *name)
{
	const char *at = strstr(slurp(path), name);

	at = at ? strchr(at, ':') : NULL;
	return at ? atof(at + 1) : -1;
}

/* Each run of digits becomes one 9, but the width of a line is told. */
static void tell_shape(const char *what)
{
	char shape[400];
	int n = 0;

	for (const char *p = text; *p && n < (int)sizeof(shape) - 1; p++) {
		if (*p != '\n') {
			if (*p < '0' || *p > '9')
				shape[n++] = *p;
			else if (!n || shape[n - 1] != '9')
				shape[n++] = '9';
			continue;
		}
		/* Spaces before a number depend on it. */
		shape[n] = 0;
		char *colon = strchr(shape, ':'), *last = strrchr(shape, ' ');
		if (colon && last > colon)
			memmove(colon + 1, last + 1, strlen(last));
		TELL(what, "%s", shape);
		n = 0;
	}
}

/* The line of a name in /proc/self/sched is as long as on Linux: columns are lined up. */
static void columns(void)
{
	const char *line = strstr(slurp("/proc/self/sched"), "se.exec_start");
	int off = 0;

	for (; line && strchr(line, ':') && strncmp(line, "current_node", 12); line = strchr(line, '\n') + 1)
		off += strchr(line, ':') - line != 45 || strchr(line, '\n') - line != 67;
	CHECK_INT("lines whose columns are elsewhere", off, 0);
}

static void of_a_process(void)
{
	struct sched_param p = { .sched_priority = 5 };
	char before[64], want[64];
	int fd;

	prctl(PR_SET_NAME, "named");
	snprintf(want, sizeof(want), "named (%d, #threads: 1)\n", getpid());
	slurp("/proc/self/sched");
	CHECK("it begins with name, number and threads", !strncmp(text, want, strlen(want)));
	tell_shape("/proc/self/sched");
	columns();
	TELL("policy", "%.0f %.0f", figure("/proc/self/sched", "\npolicy"), figure("/proc/self/sched", "\nprio "));
	TELL("weight", "%.0f", figure("/proc/self/sched", "weight"));
	CHECK_OK("real-time", sched_setscheduler(0, SCHED_RR, &p));
	TELL("policy", "%.0f %.0f", figure("/proc/self/sched", "\npolicy"), figure("/proc/self/sched", "\nprio "));
	p.sched_priority = 0;
	CHECK_OK("ordinary", sched_setscheduler(0, SCHED_OTHER, &p));
	fd = open("/proc/self/sched", O_WRONLY);
	CHECK_INT("written", write(fd, "0", 1), 1);
	close(fd);
	slurp("/proc/self/schedstat");
	tell_shape("/proc/self/schedstat");
	snprintf(before, sizeof(before), "/proc/self/task/%d/sched", getpid());
	TELL("of a thread", "%d %d", access(before, R_OK), access(strcat(before, "stat"), R_OK));
}

static void sleeps_are_counted(void)
{
	double voluntary = figure("/proc/self/sched", "nr_voluntary"), all = figure("/proc/self/sched", "nr_switches");
	double ran = figure("/proc/self/sched", "sum_exec");

	for (int i = 0; i < 5; i++)
		sleep_ms(20);
	/* Not each: the host may stop the machine on its way to sleep, until that has ended. */
	CHECK("a sleep is a voluntary switch", figure("/proc/self/sched", "nr_voluntary") > voluntary);
	CHECK("and a switch", figure("/proc/self/sched", "nr_switches") > all);
	CHECK("the time on a processor grows", figure("/proc/self/sched", "sum_exec") > ran);
}

static void spin_ms(long ms)
{
	struct timespec t;
	long until = 0;

	do {
		clock_gettime(CLOCK_MONOTONIC, &t);
		until = until ? until : t.tv_sec * 1000 + t.tv_nsec / 1000000 + ms;
	} while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < until);
}

/* Two that compute on one processor: each waits about as long as it runs. */
static void waiting_is_counted(void)
{
	unsigned long long ran, waited, turns, ran_before, waited_before, turns_before;
	cpu_set_t one;
	pid_t other;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	other = fork();
	while (!other)
		;
	sscanf(slurp("/proc/self/schedstat"), "%llu %llu %llu", &ran_before, &waited_before, &turns_before);
	spin_ms(400);
	sscanf(slurp("/proc/self/schedstat"), "%llu %llu %llu", &ran, &waited, &turns);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	CHECK("it ran", ran > ran_before);
	CHECK("it waited as well", waited - waited_before > 40000000 && waited - waited_before < 100000000000);
	CHECK("and had several turns", turns >= turns_before + 3);
}

/* The lines of one processor; where there are more, each has a line about its domain. */
static void of_processors(void)
{
	char *first = strstr(slurp("/proc/schedstat"), "cpu0 "), *domain = strstr(text, "\ndomain0 ");
	int figures = 0;

	for (char *p = domain ? domain + 9 : NULL; p && *p != '\n'; p++)
		figures += *p == ' ';
	CHECK("a domain has 36 figures after its processors", domain ? figures == 36 : !strstr(text, "cpu1"));
	strchr(first, '\n')[1] = 0;
	tell_shape("/proc/schedstat");
}

int main(void)
{
	of_a_process();
	sleeps_are_counted();
	waiting_is_counted();
	of_processors();
	return tap_done();
}
