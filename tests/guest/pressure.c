/* SPDX-License-Identifier: MIT */
/* /proc/pressure: the form of its files, and that time in which threads wait for a processor is seen. */
#include "tap.h"
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

struct line {
	char name[8];
	double average[3];
	unsigned long long total;
};

static bool read_file(const char *path, struct line lines[2])
{
	FILE *f = fopen(path, "r");
	bool good = f;
	char rest;

	for (int i = 0; good && i < 2; i++)
		good = fscanf(f, "%7s avg10=%lf avg60=%lf avg300=%lf total=%llu%c", lines[i].name, &lines[i].average[0],
			      &lines[i].average[1], &lines[i].average[2], &lines[i].total, &rest) == 6 && rest == '\n';
	good = good && fgetc(f) == EOF && !strcmp(lines[0].name, "some") && !strcmp(lines[1].name, "full");
	if (f)
		fclose(f);
	return good;
}

/* So it is when there was less before; what came before this program may have been more. */
static int falls_with_time(const struct line *l)
{
	return l->average[0] >= l->average[1] && l->average[1] >= l->average[2];
}

static void spin_for_ever(void)
{
	for (volatile int i = 0;; i++)
		;
}

int main(void)
{
	struct line before[2], now[2];
	cpu_set_t one;
	pid_t a, b;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	CHECK("memory", read_file("/proc/pressure/memory", now));
	CHECK("io", read_file("/proc/pressure/io", now));
	CHECK("cpu", read_file("/proc/pressure/cpu", before));
	CHECK("nobody has all of the machine's time to wait for", before[1].total == 0);
	sched_setaffinity(0, sizeof(one), &one);
	a = fork();
	if (!a)
		spin_for_ever();
	b = fork();
	if (!b)
		spin_for_ever();
	for (int tries = 0; tries < 300; tries++) {
		sleep_ms(100);
		if (read_file("/proc/pressure/cpu", now) && now[0].total > before[0].total + 500000 &&
		    now[0].average[0] > 1 && falls_with_time(&now[0]))
			break;
	}
	CHECK("two that share a processor wait", now[0].total > before[0].total + 500000);
	CHECK("lately", now[0].average[0] > 1 && now[0].average[0] <= 100);
	CHECK("more than on average", falls_with_time(&now[0]));
	kill(a, SIGKILL);
	kill(b, SIGKILL);
	while (wait(NULL) > 0)
		;
	return tap_done();
}
