/* SPDX-License-Identifier: MIT */
/*
 * Process 1 of ./linnet bench sched and ipc, the same binary on both kernels. It reads
 * /orders: "sched" or "ipc", then "instructions", "wall" or "two" and then the rows wanted
 * (none: all), one a line; runs them and prints "@row VALUE NAME" for each, in hundredths
 * of a tick.
 *
 * Counting instructions, each row runs once to warm up and once for the figure. By
 * wall, it takes many short samples and keeps the best. "two" are the rows of
 * rows_two.c, whose values are hundredths of a ratio.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE_NS  3000000u	/* a sample by wall takes about this */
#define ROW_NS     250000000u	/* all samples of a row by wall */
#define LEAST_SAMPLES 5

uint64_t (*now)(void);
pid_t bench_partner;
static const char *row_name = "(none)";
static char orders[4096];
static const char *part, *rows; /* where in the orders */

static uint64_t now_instructions(void)
{
	return __builtin_ia32_rdtsc();
}

static uint64_t now_wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

long must(long good, const char *what)
{
	if (!good) {
		printf("@failed %s: %s: %s\n", row_name, what, strerror(errno));
		if (getpid() == 1)
			power_off();
		_exit(1);
	}
	return good;
}

void partner_start(void (*answer)(void))
{
	MUST(bench_partner = fork());
	while (!bench_partner)
		answer();
}

void partner_stop(void)
{
	kill(bench_partner, SIGKILL);
	waitpid(bench_partner, NULL, 0);
}

void bench_row(const char *name)
{
	row_name = name;
}

/* Whether the orders name this row, or none. */
static int wanted(const char *name)
{
	size_t length = strlen(name);

	if (!*rows)
		return 1;
	for (const char *line = rows; *line; line = strchr(line, '\n') + 1)
		if (!strncmp(line, name, length) && line[length] == '\n')
			return 1;
	return 0;
}

static double count_instructions(const struct row *row)
{
	unsigned warm = row->n / 8 + 1;

	row->run(warm);
	return (double)row->run(row->n) / row->n;
}

static double best_by_wall(const struct row *row)
{
	unsigned n = 1, samples = 0;
	uint64_t took = row->run(1), started = now();
	double best = 1e18;

	while (took < SAMPLE_NS / 2 && n < row->n * 4) {
		n *= 2;
		took = row->run(n);
	}
	while (samples < LEAST_SAMPLES || now() - started < ROW_NS) {
		double each = (double)row->run(n) / n;

		best = each < best ? each : best;
		samples++;
	}
	return best;
}

static void run_row(const struct row *row)
{
	double each;

	row_name = row->name;
	if (row->prepare)
		row->prepare();
	each = now == now_wall ? best_by_wall(row) : count_instructions(row);
	if (row->tidy)
		row->tidy();
	printf("@row %.0f %s\n", each * 100 / (row->operations ? row->operations : 1),
	       row->name);
}

static void run_all(void)
{
	static const struct row *const sched[] = {
		call_rows, file_rows, memory_rows, process_rows, wait_rows, NULL
	};
	static const struct row *const ipc[] = {
		ready_rows, message_rows, inet_rows, shell_rows, NULL
	};

	for (const struct row *const *kind = !strncmp(orders, "sched\n", 6) ? sched : ipc; *kind; kind++)
		for (const struct row *row = *kind; row->name; row++)
			if (wanted(row->name))
				run_row(row);
}

static void read_orders(void)
{
	int fd = open("/orders", O_RDONLY);

	MUST(fd);
	MUST(read(fd, orders, sizeof(orders) - 1));
	close(fd);
	part = strchr(orders, '\n') + 1;
	rows = strchr(part, '\n') + 1;
	now = strncmp(part, "instructions\n", 13) ? now_wall : now_instructions;
}

/*
 * Linux sleeps in whole ticks until it trusts its clock, some seconds after the boot.
 * All rows wait for that, on both kernels.
 */
static void wait_settled(void)
{
	static const struct timespec millisecond = { 0, 1000000 };

	for (int tries = 0; tries < 5000; tries++) {
		uint64_t started = now_wall();

		nanosleep(&millisecond, NULL);
		if (now_wall() - started < 1500000 && tries > 100)
			return;
	}
	printf("@failed sleeps never become precise\n");
}

int main(void)
{
	mkdir("/dev", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	for (int fd = 0; fd < 3; fd++)
		dup2(open("/dev/console", O_RDWR), fd);
	for (int fd = 3; fd < 10; fd++)
		close(fd);
	mkdir("/dev/pts", 0755);
	MUST(mount("devpts", "/dev/pts", "devpts", 0, NULL));
	mkdir("/proc", 0555);
	MUST(mount("proc", "/proc", "proc", 0, NULL));
	mkdir("/tmp", 01777);
	MUST(mount("tmpfs", "/tmp", "tmpfs", 0, NULL));
	MUST(chdir("/tmp"));
	setvbuf(stdout, NULL, _IOLBF, 4096);
	read_orders();
	wait_settled();
	if (strncmp(part, "two\n", 4))
		run_all();
	else
		two_run();
	printf("@done\n");
	power_off();
}
