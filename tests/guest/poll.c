/* SPDX-License-Identifier: MIT */
/* poll, ppoll, select, pselect, epoll, eventfd. */
#include "tap.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>

static void on(int n)
{
	(void)n;
}

static void polls(void)
{
	int p[2];
	struct timespec t = { 0, 20000000 };

	pipe(p);
	struct pollfd f[4] = { { p[0], POLLIN, 9 }, { p[1], POLLOUT, 9 }, { -1, POLLIN, 9 },
			       { 99, POLLIN, 9 } };
	CHECK_INT("count", poll(f, 4, 0), 2);
	TELL("events", "%x %x %x %x", f[0].revents, f[1].revents, f[2].revents, f[3].revents);
	int64_t start = now_ns(CLOCK_MONOTONIC);
	CHECK_INT("time is up", poll(f, 1, 30), 0);
	CHECK("it took that long", now_ns(CLOCK_MONOTONIC) - start >= 30000000);
	CHECK_INT("ppoll", ppoll(f, 1, &t, NULL), 0);
	t.tv_nsec = -1;
	CHECK_ERRNO("ppoll, bad time", ppoll(f, 1, &t, NULL), EINVAL);
	CHECK_INT("poll nothing", poll(NULL, 0, 5), 0);
	CHECK_ERRNO("poll, bad address", poll((void *)8, 1, 0), EFAULT);
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	CHECK_ERRNO("poll, too many", poll(f, limit.rlim_cur + 1, 0), EINVAL);
	if (!fork()) {
		sleep_ms(20);
		write(p[1], "x", 1);
		_exit(0);
	}
	CHECK_INT("woken by a write", poll(f, 1, 5000), 1);
	wait(NULL);
	int file = open("f", O_RDWR | O_CREAT, 0600);
	f[0] = (struct pollfd){ file, POLLIN | POLLOUT | POLLPRI, 0 };
	poll(f, 1, 0);
	TELL("a file", "%x", f[0].revents);
	sigset_t all, none;
	sigfillset(&all);
	sigemptyset(&none);
	signal(SIGUSR1, on);
	sigprocmask(SIG_BLOCK, &all, NULL);
	raise(SIGUSR1);
	CHECK_ERRNO("ppoll lets a signal in", ppoll(NULL, 0, NULL, &none), EINTR);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	close(p[0]), close(p[1]), close(file);
}

static void selects(void)
{
	int p[2];
	fd_set r, w;
	struct timeval t = { 0, 0 };

	pipe(p);
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_SET(p[0], &r);
	FD_SET(p[1], &w);
	CHECK_INT("select", select(p[1] + 1, &r, &w, NULL, &t), 1);
	CHECK("sets", !FD_ISSET(p[0], &r) && FD_ISSET(p[1], &w));
	write(p[1], "x", 1);
	FD_SET(p[0], &r);
	CHECK_INT("both", select(p[1] + 1, &r, &w, NULL, NULL), 2);
	FD_ZERO(&r);
	FD_SET(50, &r);
	CHECK_ERRNO("closed descriptor", select(51, &r, NULL, NULL, &t), EBADF);
	CHECK_ERRNO("negative count", select(-1, NULL, NULL, NULL, &t), EINVAL);
	t.tv_usec = -5;
	CHECK_ERRNO("bad time", select(0, NULL, NULL, NULL, &t), EINVAL);
	t = (struct timeval){ 0, 10000 };
	CHECK_INT("as a sleep", select(0, NULL, NULL, NULL, &t), 0);
	CHECK("time left is told", t.tv_sec == 0 && t.tv_usec == 0);
	struct timespec s = { 0, 1000 };
	CHECK_INT("pselect", pselect(0, NULL, NULL, NULL, &s, NULL), 0);
	close(p[0]), close(p[1]);
}

static int wait_events(int e)
{
	struct epoll_event out[8];

	return epoll_wait(e, out, 8, 0);
}

static void epolls(void)
{
	int e = epoll_create1(EPOLL_CLOEXEC), p[2], q[2];
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 0x1234567890 }, out[8];

	pipe(p);
	pipe(q);
	CHECK("epoll_create1", e >= 0);
	CHECK_ERRNO("flags", epoll_create1(5), EINVAL);
	CHECK_ERRNO("epoll_create 0", epoll_create(0), EINVAL);
	CHECK_OK("add", epoll_ctl(e, EPOLL_CTL_ADD, p[0], &ev));
	CHECK_ERRNO("add twice", epoll_ctl(e, EPOLL_CTL_ADD, p[0], &ev), EEXIST);
	CHECK_ERRNO("modify what is not in", epoll_ctl(e, EPOLL_CTL_MOD, p[1], &ev), ENOENT);
	CHECK_ERRNO("delete what is not in", epoll_ctl(e, EPOLL_CTL_DEL, p[1], &ev), ENOENT);
	CHECK_ERRNO("closed descriptor", epoll_ctl(e, EPOLL_CTL_ADD, 99, &ev), EBADF);
	CHECK_ERRNO("not an epoll", epoll_ctl(p[0], EPOLL_CTL_ADD, p[1], &ev), EINVAL);
	CHECK_ERRNO("itself", epoll_ctl(e, EPOLL_CTL_ADD, e, &ev), EINVAL);
	int f = open("f", O_RDWR | O_CREAT, 0600);
	CHECK_ERRNO("a file", epoll_ctl(e, EPOLL_CTL_ADD, f, &ev), EPERM);
	CHECK_ERRNO("bad operation", epoll_ctl(e, 9, p[0], &ev), EINVAL);
	CHECK_INT("nothing yet", wait_events(e), 0);
	write(p[1], "ab", 2);
	CHECK_INT("one event", epoll_wait(e, out, 8, 0), 1);
	CHECK("what and whose", out[0].events == EPOLLIN && out[0].data.u64 == 0x1234567890);
	CHECK_INT("level: again", wait_events(e), 1);
	ev.events = EPOLLIN | EPOLLET;
	epoll_ctl(e, EPOLL_CTL_MOD, p[0], &ev);
	CHECK_INT("edge: told once", wait_events(e), 1);
	CHECK_INT("edge: not again", wait_events(e), 0);
	write(p[1], "c", 1);
	CHECK_INT("edge: new data", wait_events(e), 1);
	ev.events = EPOLLIN | EPOLLONESHOT;
	epoll_ctl(e, EPOLL_CTL_MOD, p[0], &ev);
	CHECK_INT("one shot", wait_events(e), 1);
	write(p[1], "d", 1);
	CHECK_INT("one shot: silent", wait_events(e), 0);
	epoll_ctl(e, EPOLL_CTL_MOD, p[0], &ev);
	CHECK_INT("one shot: armed again", wait_events(e), 1);
	CHECK_ERRNO("no room for events", epoll_wait(e, out, 0, 0), EINVAL);
	epoll_ctl(e, EPOLL_CTL_MOD, p[0], &ev);
	CHECK_ERRNO("bad address", epoll_wait(e, (void *)8, 1, 0), EFAULT);
	CHECK_INT("which loses no event", wait_events(e), 1);
	ev.events = EPOLLIN;
	epoll_ctl(e, EPOLL_CTL_ADD, q[0], &ev);
	close(q[1]);
	CHECK_INT("hang-up is told unasked", epoll_wait(e, out, 8, 0), 1);
	TELL("events", "%x", out[0].events);
	close(q[0]);
	CHECK_INT("closing takes it out", wait_events(e), 0);
	int outer = epoll_create1(0);
	CHECK_OK("an epoll in an epoll", epoll_ctl(outer, EPOLL_CTL_ADD, e, &ev));
	CHECK_ERRNO("no circles", epoll_ctl(e, EPOLL_CTL_ADD, outer, &ev), ELOOP);
	ev.events = EPOLLIN;
	epoll_ctl(e, EPOLL_CTL_MOD, p[0], &ev);
	CHECK_INT("outer sees inner", wait_events(outer), 1);
	struct pollfd pf = { e, POLLIN, 0 };
	CHECK_INT("poll sees it too", poll(&pf, 1, 0), 1);
	CHECK_OK("delete", epoll_ctl(e, EPOLL_CTL_DEL, p[0], NULL));
	CHECK_INT("nothing left", wait_events(e), 0);
	CHECK_INT("time is up", epoll_wait(e, out, 8, 15), 0);
	epoll_ctl(e, EPOLL_CTL_ADD, p[0], &ev);
	char b[16];
	read(p[0], b, 16);
	if (!fork()) {
		sleep_ms(20);
		write(p[1], "x", 1);
		_exit(0);
	}
	CHECK_INT("woken", epoll_wait(e, out, 8, 5000), 1);
	wait(NULL);
	int many[40];
	for (int i = 0; i < 40; i++) {
		many[i] = eventfd(1, 0);
		ev.data.u32 = (uint32_t)i;
		epoll_ctl(outer, EPOLL_CTL_ADD, many[i], &ev);
	}
	int total = 0, seen[41] = { 0 };
	epoll_ctl(outer, EPOLL_CTL_DEL, e, NULL);
	for (int i = 0; i < 5; i++) {
		int n = epoll_wait(outer, out, 8, 0);
		for (int k = 0; k < n; k++)
			total += !seen[out[k].data.u32]++;
	}
	CHECK_INT("ready ones take turns", total, 40);
	for (int i = 0; i < 40; i++)
		close(many[i]);
	close(e), close(outer), close(p[0]), close(p[1]), close(f);
}

static void eventfds(void)
{
	int fd = eventfd(3, EFD_NONBLOCK);
	uint64_t v = 0;

	CHECK("eventfd", fd >= 0);
	CHECK_INT("read", read(fd, &v, 8), 8);
	CHECK_INT("its value", v, 3);
	CHECK_ERRNO("empty", read(fd, &v, 8), EAGAIN);
	v = 5;
	CHECK_INT("write", write(fd, &v, 8), 8);
	write(fd, &v, 8);
	read(fd, &v, 8);
	CHECK_INT("adds", v, 10);
	CHECK_ERRNO("short read", read(fd, &v, 7), EINVAL);
	v = ~0ULL;
	CHECK_ERRNO("all ones", write(fd, &v, 8), EINVAL);
	v = ~0ULL - 1;
	write(fd, &v, 8);
	v = 1;
	CHECK_ERRNO("full", write(fd, &v, 8), EAGAIN);
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };
	poll(&p, 1, 0);
	TELL("events when full", "%x", p.revents);
	close(fd);
	fd = eventfd(2, EFD_SEMAPHORE);
	read(fd, &v, 8);
	CHECK_INT("semaphore", v, 1);
	read(fd, &v, 8);
	p = (struct pollfd){ fd, POLLIN, 0 };
	CHECK_INT("used up", poll(&p, 1, 0), 0);
	CHECK_ERRNO("flags", eventfd(0, 2), EINVAL);
	CHECK_INT("lseek does nothing", lseek(fd, 0, SEEK_SET), 0);
	close(fd);
}

#define BUSY 600
static int busy[BUSY];
static volatile bool enough;

static void *writes(void *arg)
{
	uint64_t one = 1;

	while (!enough)
		for (int i = 0; i < BUSY; i++)
			write(busy[i], &one, sizeof(one));
	return arg;
}

/* A file that becomes ready again while epoll_wait(2) looks at the others. */
static void once_a_call(void)
{
	static struct epoll_event e, v[2 * BUSY];
	static int seen[BUSY];
	int ep = epoll_create1(0), twice = 0, n;
	pthread_t t;

	for (int i = 0; i < BUSY; i++) {
		busy[i] = eventfd(0, EFD_NONBLOCK);
		e = (struct epoll_event){ .events = EPOLLIN | EPOLLET, .data.fd = i };
		epoll_ctl(ep, EPOLL_CTL_ADD, busy[i], &e);
	}
	pthread_create(&t, NULL, writes, NULL);
	for (int call = 1; call < 500; call++) {
		n = epoll_wait(ep, v, 2 * BUSY, 100);
		for (int i = 0; i < n; i++) {
			twice += seen[v[i].data.fd] == call;
			seen[v[i].data.fd] = call;
		}
	}
	enough = true;
	pthread_join(t, NULL);
	CHECK_INT("epoll_wait tells of no file twice", twice, 0);
	for (int i = 0; i < BUSY; i++)
		close(busy[i]);
	close(ep);
}

/* The end of a file that many instances watch. */
static void many_watchers(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct rlimit old, more = { 9000, 9000 };
	static int ep[8000];
	int f = eventfd(0, 0);
	int64_t start;

	getrlimit(RLIMIT_NOFILE, &old);
	more.rlim_max = old.rlim_max > 9000 ? old.rlim_max : 9000;
	setrlimit(RLIMIT_NOFILE, &more);
	for (int i = 0; i < 8000; i++) {
		ep[i] = epoll_create1(0);
		epoll_ctl(ep[i], EPOLL_CTL_ADD, f, &e);
	}
	start = now_ns(CLOCK_MONOTONIC);
	CHECK_OK("close of a file with 8000 watchers", close(f));
	CHECK("takes less than a second", now_ns(CLOCK_MONOTONIC) - start < 1000000000);
	for (int i = 0; i < 8000; i++)
		close(ep[i]);
	setrlimit(RLIMIT_NOFILE, &old);
}

/* Instances that watch instances: the ways up from a file are counted. */
static int links(int ways, const int *up, int ups)
{
	struct epoll_event e = { .events = EPOLLIN };
	int made = 0;

	for (int i = 0; i < ups; i++)
		for (int j = 0; j < ways; j++)
			if (!epoll_ctl(up[i], EPOLL_CTL_ADD, up[j - ways], &e))
				made++;
	return made;
}

static void many_ways(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	int ep[120], f = eventfd(0, 0), late = eventfd(0, 0);

	for (int i = 0; i < 120; i++)
		ep[i] = epoll_create1(0);
	for (int i = 0; i < 30; i++)
		epoll_ctl(ep[i], EPOLL_CTL_ADD, f, &e);
	TELL("ways of two steps", "%d", links(30, ep + 30, 30));
	CHECK_ERRNO("one more", epoll_ctl(ep[59], EPOLL_CTL_ADD, ep[29], &e), EINVAL);
	TELL("of three", "%d", links(30, ep + 60, 3));
	TELL("and four", "%d", links(3, ep + 63, 3));
	TELL("a file at the bottom", "%d", epoll_ctl(ep[0], EPOLL_CTL_ADD, late, &e) ? errno : 0);
	CHECK_ERRNO("a circle", epoll_ctl(ep[0], EPOLL_CTL_ADD, ep[30], &e), ELOOP);
	for (int i = 0; i < 120; i++)
		close(ep[i]);
	close(f);
	close(late);
}

int main(void)
{
	polls();
	selects();
	epolls();
	eventfds();
	once_a_call();
	many_watchers();
	many_ways();
	return tap_done();
}
