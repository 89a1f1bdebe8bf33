/* SPDX-License-Identifier: MIT */
/* Leases taken, broken and given up, and directories watched, by many at once: what is left in the end is nothing. */
#include "tap.h"

#include <pthread.h>

#define PROCESSES 4
#define TURNS     400

static volatile int came;

static void on_signal(int sig)
{
	(void)sig;
	came++;
}

static unsigned seed;

static unsigned some(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static void one_turn(int dir)
{
	static const int kinds[] = { O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR };
	char name[20];
	int fd;

	switch (some(6)) {
	case 0:
	case 1:
		fd = open("file", O_RDONLY | O_NONBLOCK);
		if (some(2))
			fcntl(fd, F_SETSIG, SIGRTMIN);
		fcntl(fd, F_SETLEASE, some(2) ? F_RDLCK : F_WRLCK);
		if (some(3))
			sched_yield();
		if (some(2))
			fcntl(fd, F_SETLEASE, some(2) ? F_UNLCK : F_RDLCK);
		close(fd);
		break;
	case 2:
	case 3:
		close(open("file", kinds[some(4)] | O_NONBLOCK));
		break;
	case 4:
		fcntl(dir, F_NOTIFY, some(2) ? DN_CREATE | DN_DELETE | DN_MULTISHOT : DN_CREATE);
		if (some(2))
			close(dup(dir));
		break;
	default:
		snprintf(name, sizeof(name), "dir/%d", (int)some(4));
		close(open(name, O_RDWR | O_CREAT, 0600));
		unlink(name);
	}
}

static void *waits(void *arg)
{
	for (int i = 0; i < 20; i++)
		close(open("file", i % 2 ? O_RDWR : O_RDONLY));
	return arg;
}

static void one_process(int number)
{
	int dir = open("dir", O_RDONLY);
	pthread_t t;

	seed = (unsigned)number * 7919;
	pthread_create(&t, NULL, waits, NULL);
	for (int i = 0; i < TURNS; i++)
		one_turn(dir);
	pthread_join(t, NULL);
}

static int leases_left(void)
{
	FILE *f = fopen("/proc/locks", "r");
	char line[200];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, "LEASE") != NULL;
	if (f)
		fclose(f);
	return n;
}

int main(void)
{
	int status, bad = 0, fd;

	signal(SIGIO, on_signal);
	signal(SIGRTMIN, on_signal);
	file_write("/proc/sys/fs/lease-break-time", "1");
	file_write("file", "x");
	mkdir("dir", 0755);
	for (int i = 1; i <= PROCESSES; i++) {
		if (!fork()) {
			one_process(i);
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		bad += status != 0;
	CHECK_INT("all end", bad, 0);
	CHECK_INT("no lease is left", leases_left(), 0);
	fd = open("file", O_RDWR | O_NONBLOCK);
	CHECK_OK("the file is free", fcntl(fd, F_SETLEASE, F_WRLCK));
	close(fd);
	file_write("/proc/sys/fs/lease-break-time", "45");
	return tap_done();
}
