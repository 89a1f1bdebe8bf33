/* SPDX-License-Identifier: MIT */
/* Rows of ./linnet bench ipc: waiting for descriptors, and those made to be waited for. */
#include "bench.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <fcntl.h>
#include <unistd.h>

#define MOST 10000
#define SELECTED 500

static int events[MOST], event_count, poller;
static uint64_t one = 1;

/* ---- many eventfds, the last of them ready -------------------------------------- */

static void make_events(int count)
{
	struct rlimit room = { MOST + 100, MOST + 100 };

	MUST(setrlimit(RLIMIT_NOFILE, &room));
	event_count = count;
	for (int i = 0; i < count; i++)
		MUST(events[i] = eventfd(0, EFD_NONBLOCK));
	MUST(write(events[count - 1], &one, sizeof(one)));
}

static void close_events(void)
{
	for (int i = 0; i < event_count; i++)
		close(events[i]);
}

static void make_epoll(int count)
{
	struct epoll_event wanted = { .events = EPOLLIN };

	make_events(count);
	MUST(poller = epoll_create1(0));
	for (int i = 0; i < count; i++)
		MUST(epoll_ctl(poller, EPOLL_CTL_ADD, events[i], &wanted));
}

static void make_epoll_10(void)
{
	make_epoll(10);
}

static void make_epoll_100(void)
{
	make_epoll(100);
}

static void make_epoll_10000(void)
{
	make_epoll(10000);
}

static void close_epoll(void)
{
	close(poller);
	close_events();
}

static void wait_one(void)
{
	struct epoll_event ready[8];

	must(epoll_wait(poller, ready, 8, -1) == 1, "one is ready");
}

static uint64_t run_epoll(unsigned n)
{
	return TIMED(n, wait_one());
}

static void add_and_delete(void)
{
	struct epoll_event wanted = { .events = EPOLLIN };

	MUST(epoll_ctl(poller, EPOLL_CTL_DEL, events[0], NULL));
	MUST(epoll_ctl(poller, EPOLL_CTL_ADD, events[0], &wanted));
}

static uint64_t run_add(unsigned n)
{
	return TIMED(n, add_and_delete());
}

static void make_selected(void)
{
	make_events(SELECTED);
}

static void select_all(void)
{
	fd_set wanted;

	FD_ZERO(&wanted);
	for (int i = 0; i < SELECTED; i++)
		FD_SET(events[i], &wanted);
	must(select(events[SELECTED - 1] + 1, &wanted, NULL, NULL, NULL) == 1, "one is ready");
}

static uint64_t run_select(unsigned n)
{
	return TIMED(n, select_all());
}

/* ---- one descriptor ------------------------------------------------------------- */

static int it;

static void close_it(void)
{
	close(it);
}

static void make_eventfd(void)
{
	MUST(it = eventfd(0, 0));
}

static uint64_t run_eventfd(unsigned n)
{
	uint64_t value;

	return TIMED(n, MUST(write(it, &one, sizeof(one)));
		     MUST(read(it, &value, sizeof(value))));
}

static void make_timerfd(void)
{
	MUST(it = timerfd_create(CLOCK_MONOTONIC, 0));
}

static void arm_and_read(void)
{
	struct itimerspec soon = { .it_value = { 0, 1 } };
	uint64_t value;

	MUST(timerfd_settime(it, 0, &soon, NULL));
	MUST(read(it, &value, sizeof(value)));
}

static uint64_t run_timerfd(unsigned n)
{
	return TIMED(n, arm_and_read());
}

static sigset_t usr1;

static void block_usr1(void)
{
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	MUST(sigprocmask(SIG_BLOCK, &usr1, NULL));
}

static void make_signalfd(void)
{
	block_usr1();
	MUST(it = signalfd(-1, &usr1, 0));
}

static uint64_t run_signalfd(unsigned n)
{
	struct signalfd_siginfo info;
	pid_t self = getpid();

	return TIMED(n, MUST(kill(self, SIGUSR1));
		     MUST(read(it, &info, sizeof(info))));
}

static uint64_t run_sigwait(unsigned n)
{
	union sigval value = { .sival_int = 1 };
	siginfo_t info;
	pid_t self = getpid();

	return TIMED(n, MUST(sigqueue(self, SIGUSR1, value));
		     MUST(sigwaitinfo(&usr1, &info)));
}

static void make_watch(void)
{
	MUST(it = inotify_init());
	MUST(inotify_add_watch(it, "/tmp", IN_CREATE));
	unlink("/tmp/watched");
}

static void create_and_read(void)
{
	char event[256];

	close(open("/tmp/watched", O_CREAT | O_WRONLY, 0600));
	MUST(read(it, event, sizeof(event)));
	unlink("/tmp/watched");
}

static uint64_t run_watch(unsigned n)
{
	return TIMED(n, create_and_read());
}

const struct row ready_rows[] = {
	{ "epoll, 1 of 10", run_epoll, make_epoll_10, close_epoll, 5000, 0 },
	{ "epoll, 1 of 100", run_epoll, make_epoll_100, close_epoll, 5000, 0 },
	{ "epoll, 1 of 10,000", run_epoll, make_epoll_10000, close_epoll, 5000, 0 },
	{ "epoll, delete+add", run_add, make_epoll_100, close_epoll, 2000, 0 },
	{ "select on 500", run_select, make_selected, close_events, 500, 0 },
	{ "eventfd, write+read", run_eventfd, make_eventfd, close_it, 5000, 0 },
	{ "timerfd, set+read", run_timerfd, make_timerfd, close_it, 1000, 0 },
	{ "signalfd, kill+read", run_signalfd, make_signalfd, close_it, 2000, 0 },
	{ "sigqueue+sigwaitinfo", run_sigwait, block_usr1, NULL, 2000, 0 },
	{ "inotify, create+read+delete", run_watch, make_watch, close_it, 500, 0 },
	{ 0 }
};
