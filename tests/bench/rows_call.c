/* SPDX-License-Identifier: MIT */
/* Rows of ./linnet bench sched: system calls that neither sleep nor change much. */
#include "bench.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fd, pipes[100][2], epoll_fd;

static uint64_t run_getppid(unsigned n)
{
	return TIMED(n, syscall(SYS_getppid));
}

static void open_zero(void)
{
	MUST(fd = open("/dev/zero", O_RDONLY));
}

static void close_it(void)
{
	close(fd);
}

static uint64_t run_read_zero(unsigned n)
{
	char byte;

	return TIMED(n, MUST(read(fd, &byte, 1)));
}

static void make_pipes(void)
{
	for (int i = 0; i < 100; i++)
		MUST(pipe(pipes[i]));
}

static void close_pipes(void)
{
	for (int i = 0; i < 100; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
}

static uint64_t run_poll(unsigned n)
{
	struct pollfd wanted[10];

	for (int i = 0; i < 10; i++)
		wanted[i] = (struct pollfd){ pipes[i][0], POLLIN, 0 };
	return TIMED(n, MUST(poll(wanted, 10, 0)));
}

static void make_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	make_pipes();
	MUST(epoll_fd = epoll_create1(0));
	for (int i = 0; i < 100; i++) {
		event.data.fd = i;
		MUST(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, pipes[i][0], &event));
	}
	MUST(write(pipes[50][1], "x", 1));
}

static void close_epoll(void)
{
	close(epoll_fd);
	close_pipes();
}

static uint64_t run_epoll(unsigned n)
{
	struct epoll_event events[4];

	return TIMED(n, must(epoll_wait(epoll_fd, events, 4, 0) == 1, "epoll_wait"));
}

static volatile unsigned caught;

static void on_signal(int number)
{
	caught += number == SIGUSR1;
}

static void catch(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	MUST(sigaction(SIGUSR1, &action, NULL));
}

static uint64_t run_signal(unsigned n)
{
	pid_t self = getpid();
	uint64_t took;

	caught = 0;
	took = TIMED(n, MUST(kill(self, SIGUSR1)));
	must(caught == n, "every signal arrives");
	return took;
}

static uint64_t run_yield(unsigned n)
{
	return TIMED(n, MUST(sched_yield()));
}

const struct row call_rows[] = {
	{ "getppid", run_getppid, NULL, NULL, 20000, 0 },
	{ "read 1 byte /dev/zero", run_read_zero, open_zero, close_it, 20000, 0 },
	{ "poll 10", run_poll, make_pipes, close_pipes, 5000, 0 },
	{ "epoll 1 of 100", run_epoll, make_epoll, close_epoll, 10000, 0 },
	{ "signal delivery", run_signal, catch, NULL, 4000, 0 },
	{ "sched_yield", run_yield, NULL, NULL, 10000, 0 },
	{ 0 }
};
