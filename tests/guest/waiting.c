/* SPDX-License-Identifier: MIT */
/*
 * Waiting for things, where poll.c, inotify.c and timerfd.c do not look: epoll's exclusive and nested
 * watches and its refusals, what select and poll tell of each kind of descriptor, lost inotify
 * events, pidfds, and a clock that is set.
 */
#include "raw.h"
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#ifndef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE (1u << 28)
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int p[2];

static long add(int ep, int fd, uint32_t events)
{
	struct epoll_event e = { events, { .u64 = (uint64_t)fd } };

	return CALL(epoll_ctl, ep, EPOLL_CTL_ADD, fd, &e);
}

static long change(int ep, int fd, uint32_t events)
{
	struct epoll_event e = { events, { .u64 = (uint64_t)fd } };

	return CALL(epoll_ctl, ep, EPOLL_CTL_MOD, fd, &e);
}

static long look(int ep)
{
	struct epoll_event e[8];
	long n = CALL(epoll_wait, ep, e, 8, 0);

	return n > 0 ? n << 16 | e[0].events : n;
}

static void until_asleep(pid_t pid)
{
	while (process_state(pid) != 'S')
		usleep(500);
}

static void refusals(void)
{
	int ep = epoll_create1(0), other = epoll_create1(0), file = open("f", O_RDWR | O_CREAT, 0600);
	int dir = open(".", O_RDONLY), path = open(".", O_PATH);
	struct epoll_event e = { EPOLLIN, { 0 } };

	pipe(p);
	SAY("what cannot be watched", add(ep, file, EPOLLIN), add(ep, dir, EPOLLIN), add(ep, path, EPOLLIN), add(ep, 99, EPOLLIN),
	    add(99, p[0], EPOLLIN), add(p[0], p[1], EPOLLIN), add(p[0], file, EPOLLIN), add(ep, ep, EPOLLIN), add(ep, -1, EPOLLIN));
	SAY("addresses", CALL(epoll_ctl, ep, EPOLL_CTL_ADD, p[0], 8), CALL(epoll_ctl, ep, EPOLL_CTL_DEL, p[0], 8),
	    CALL(epoll_ctl, ep, 9, p[0], &e), CALL(epoll_ctl, ep, 9, p[0], 8), CALL(epoll_ctl, ep, EPOLL_CTL_MOD, p[0], &e),
	    CALL(epoll_ctl, 99, EPOLL_CTL_ADD, p[0], 8));
	SAY("exclusive", add(ep, p[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT), add(ep, p[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLRDHUP),
	    add(ep, other, EPOLLIN | EPOLLEXCLUSIVE), add(ep, p[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLET),
	    change(ep, p[0], EPOLLIN), change(ep, p[0], EPOLLIN | EPOLLEXCLUSIVE), CALL(epoll_ctl, ep, EPOLL_CTL_DEL, p[0], 0),
	    add(ep, p[0], EPOLLIN), change(ep, p[0], EPOLLIN | EPOLLEXCLUSIVE), change(ep, p[0], EPOLLOUT));
	SAY("waiting", CALL(epoll_wait, ep, &e, 0, 0), CALL(epoll_wait, ep, &e, -1, 0), CALL(epoll_wait, ep, 8, 1, 0),
	    CALL(epoll_wait, ep, &e, INT_MAX, 0), CALL(epoll_wait, file, &e, 1, 0), CALL(epoll_wait, 99, &e, 1, 0),
	    CALL(epoll_wait, ep, 0x10000, 178956970, 0), CALL(epoll_wait, ep, -4096L, 1, 0), CALL(epoll_wait, 99, &e, 0, 0));
	struct timespec bad = { 0, 1000000000 }, negative = { -1, 0 }, none = { 0, 0 };
	uint64_t mask = 0;
	SAY("epoll_pwait2", CALL(epoll_pwait2, ep, &e, 1, &bad, 0, 8), CALL(epoll_pwait2, ep, &e, 1, &negative, 0, 8),
	    CALL(epoll_pwait2, ep, &e, 1, &none, 0, 8), CALL(epoll_pwait2, ep, &e, 1, &none, &mask, 4),
	    CALL(epoll_pwait2, ep, &e, 1, &none, &mask, 8), CALL(epoll_pwait2, ep, &e, 1, 8, 0, 8),
	    CALL(epoll_pwait2, ep, &e, 1, &none, 8, 8), CALL(epoll_pwait, ep, &e, 1, 0, &mask, 7));
	close(ep), close(other), close(file), close(dir), close(path), close(p[0]), close(p[1]);
}

/* Five levels are allowed, and no circle. */
static void nests(void)
{
	int ep[8];

	pipe(p);
	for (int i = 0; i < 8; i++)
		ep[i] = epoll_create1(0);
	SAY("a chain", add(ep[0], p[0], EPOLLIN), add(ep[1], ep[0], EPOLLIN), add(ep[2], ep[1], EPOLLIN), add(ep[3], ep[2], EPOLLIN),
	    add(ep[4], ep[3], EPOLLIN), add(ep[5], ep[4], EPOLLIN), add(ep[0], ep[4], EPOLLIN), add(ep[0], ep[1], EPOLLIN));
	write(p[1], "x", 1);
	SAY("seen by all", look(ep[0]), look(ep[1]), look(ep[2]), look(ep[3]), look(ep[4]));
	read(p[0], (char[1]){ 0 }, 1);
	SAY("and gone", look(ep[4]), look(ep[3]), look(ep[0]));
	for (int i = 0; i < 8; i++)
		close(ep[i]);
	int a = epoll_create1(0), b = epoll_create1(0);
	add(a, p[0], EPOLLIN), add(b, a, EPOLLIN | EPOLLET);
	write(p[1], "x", 1);
	SAY("an edge of an instance", look(b), look(b), look(a), look(b));
	write(p[1], "x", 1);
	SAY("another", look(b), look(b));
	close(a), close(b), close(p[0]), close(p[1]);
}

/* How many of five that wait for one thing each with an instance of their own wake up. */
static int woken(uint32_t flags)
{
	pid_t pid[5];
	int awake = 0;

	pipe(p);
	for (int i = 0; i < 5; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			int ep = epoll_create1(0);
			struct epoll_event e;
			add(ep, p[0], EPOLLIN | flags);
			epoll_wait(ep, &e, 1, -1);
			_exit(0);
		}
		until_asleep(pid[i]);
	}
	write(p[1], "x", 1);
	for (int i = 0; i < 5; i++) {
		siginfo_t info = { .si_pid = 0 };
		for (int n = 0; n < (i ? 1 : 500) && !info.si_pid; n++) {
			waitid(P_ALL, 0, &info, WEXITED | WNOHANG);
			usleep(1000);
		}
		awake += info.si_pid != 0;
	}
	for (int i = 0; i < 5; i++)
		kill(pid[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	close(p[0]), close(p[1]);
	return awake;
}

/* One instance that five wait at: each event wakes one of them. */
static void shared_instance(void)
{
	int ep = epoll_create1(0), first, status;
	pid_t pid[3];

	pipe(p);
	add(ep, p[0], EPOLLIN | EPOLLET);
	for (int i = 0; i < 3; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			struct epoll_event e;
			epoll_wait(ep, &e, 1, -1);
			_exit(0);
		}
		until_asleep(pid[i]);
	}
	write(p[1], "x", 1);
	first = wait(&status);
	usleep(20000);
	SAY("an edge wakes one, who came last", first == pid[2], CALL(wait4, -1, 0, WNOHANG, 0));
	write(p[1], "x", 1);
	SAY("another the one before", wait(&status) == pid[1], CALL(wait4, -1, 0, WNOHANG, 0));
	for (int i = 0; i < 3; i++)
		kill(pid[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	close(ep), close(p[0]), close(p[1]);
}

static short ask(int fd)
{
	struct pollfd f = { fd, 0x3fff, 0 };

	return poll(&f, 1, 0) < 0 ? -errno : f.revents;
}

static void kinds(void)
{
	int s[2], fd;
	sigset_t set;

	pipe(p);
	SAY("a pipe's ends", ask(p[0]), ask(p[1]));
	write(p[1], "x", 1);
	SAY("with data", ask(p[0]), ask(p[1]));
	close(p[1]);
	SAY("without a writer", ask(p[0]));
	read(p[0], (char[1]){ 0 }, 1);
	SAY("nor data", ask(p[0]));
	close(p[0]);
	pipe(p);
	close(p[0]);
	SAY("without a reader", ask(p[1]));
	close(p[1]);
	mkfifo("fifo", 0600);
	fd = open("fifo", O_RDWR);
	SAY("both ends in one", ask(fd));
	close(fd);
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	SAY("no writer yet", ask(fd));
	close(fd);
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	SAY("a socket", ask(s[0]));
	shutdown(s[1], SHUT_WR);
	SAY("its peer wrote all", ask(s[0]), ask(s[1]));
	close(s[1]);
	SAY("its peer left", ask(s[0]));
	close(s[0]);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	SAY("unconnected", ask(fd));
	close(fd);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	SAY("unconnected datagrams", ask(fd));
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	SAY("unconnected TCP", ask(fd));
	listen(fd, 1);
	SAY("a listener", ask(fd));
	close(fd);
	fd = open("/dev/null", O_RDWR);
	SAY("null", ask(fd));
	close(fd);
	fd = open("/dev/zero", O_RDWR);
	SAY("zero", ask(fd));
	close(fd);
	fd = open("/dev/urandom", O_RDWR);
	SAY("random", ask(fd) & 0x41);
	close(fd);
	fd = open("f", O_RDWR | O_CREAT, 0600);
	SAY("a file", ask(fd), ask(open(".", O_RDONLY)), ask(open(".", O_PATH)), ask(99), ask(-1));
	close(fd);
	fd = open("/proc/self/mounts", O_RDONLY);
	int ep = epoll_create1(0), info = open("/proc/self/mountinfo", O_RDONLY);
	SAY("mounts", ask(fd), add(ep, info, EPOLLPRI | EPOLLET), look(ep));
	mkdir("mnt", 0700);
	mount("none", "mnt", "tmpfs", 0, NULL);
	SAY("one more", ask(fd), ask(fd), look(ep), look(ep));
	mount("none", "mnt", "tmpfs", MS_REMOUNT | MS_NOEXEC, NULL);
	SAY("with other flags", ask(fd), ask(fd), look(ep), look(ep));
	umount("mnt");
	SAY("one less", ask(fd), ask(fd), look(ep), look(ep), ask(open("/proc/self/mounts", O_RDONLY)));
	close(fd), close(ep), close(info);
	fd = open("/proc/self/stat", O_RDONLY);
	SAY("proc", ask(fd));
	close(fd);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, 0);
	kill(getpid(), SIGUSR2);
	SAY("a signal", ask(fd), CALL(read, fd, &(struct signalfd_siginfo){ 0 }, 128));
	SAY("signalfd", ask(fd), ask(timerfd_create(CLOCK_MONOTONIC, 0)), ask(inotify_init()), ask(epoll_create1(0)),
	    ask(CALL(memfd_create, "m", 0)));
	close(fd);
	fd = open("/dev/null", O_WRONLY);
	SAY("only to write", ask(fd));
	close(fd);
}

static void selects(void)
{
	fd_set r, w, x;
	struct timeval t = { 0, 0 };

	pipe(p);
	close(p[1]);
	FD_ZERO(&r); FD_ZERO(&w); FD_ZERO(&x);
	FD_SET(p[0], &r), FD_SET(p[0], &x), FD_SET(p[0], &w);
	SAY("the end of a pipe", CALL(select, p[0] + 1, &r, &w, &x, &t), FD_ISSET(p[0], &r), FD_ISSET(p[0], &w), FD_ISSET(p[0], &x));
	FD_SET(p[0], &r);
	SAY("only those below the number", CALL(select, p[0], &r, 0, 0, &t));
	SAY("is what is told", FD_ISSET(p[0], &r) != 0);
	FD_ZERO(&r); FD_SET(900, &r);
	SAY("closed, high", CALL(select, 1024, &r, 0, 0, &t), FD_ISSET(900, &r) != 0);
	FD_ZERO(&r); FD_SET(60, &r);
	SAY("closed", CALL(select, 1024, &r, 0, 0, &t));
	SAY("beyond the table", CALL(select, 100000, 0, 0, 0, &t), CALL(select, 64, 8, 0, 0, &t), CALL(select, 0, 8, 0, 0, &t),
	    CALL(select, 1, 0, 0, 0, 8), CALL(select, -1, 0, 0, 0, &t));
	close(p[0]);
	pipe(p);
	close(p[0]);
	FD_ZERO(&w); FD_ZERO(&x); FD_ZERO(&r);
	FD_SET(p[1], &w), FD_SET(p[1], &x), FD_SET(p[1], &r);
	SAY("no reader", CALL(select, p[1] + 1, &r, &w, &x, &t), FD_ISSET(p[1], &r), FD_ISSET(p[1], &w), FD_ISSET(p[1], &x));
	close(p[1]);
	uint64_t mask = 0;
	struct { const void *mask; size_t size; } m = { &mask, 8 }, odd = { &mask, 4 }, none = { 0, 4 };
	struct timespec ts = { 0, 0 };
	SAY("pselect's mask", CALL(pselect6, 0, 0, 0, 0, &ts, &m), CALL(pselect6, 0, 0, 0, 0, &ts, &odd),
	    CALL(pselect6, 0, 0, 0, 0, &ts, &none), CALL(pselect6, 0, 0, 0, 0, &ts, 8), CALL(ppoll, 0, 0, &ts, &mask, 4),
	    CALL(ppoll, 0, 0, &ts, 0, 4));
}

static const char *events(int fd)
{
	static char text[1000];
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf));

	sprintf(text, "%d", n < 0 ? -errno : 0);
	for (char *at = buf; at < buf + n; at += sizeof(struct inotify_event) + ((struct inotify_event *)at)->len) {
		struct inotify_event *e = (void *)at;
		sprintf(text + strlen(text), " %d:%x:%s", e->wd, e->mask, e->len ? e->name : "");
	}
	return text;
}

static void overflow(void)
{
	char old[20] = "";
	int sys = open("/proc/sys/fs/inotify/max_queued_events", O_RDWR), fd, file;

	pread(sys, old, 19, 0);
	pwrite(sys, "3", 1, 0);
	fd = inotify_init1(IN_NONBLOCK);
	pwrite(sys, old, strlen(old), 0);
	close(sys);
	mkdir("d", 0700);
	inotify_add_watch(fd, "d", IN_CREATE | IN_DELETE | IN_MODIFY);
	char name[] = "d/a";
	for (int i = 0; i < 6; i++, name[2]++)
		close(open(name, O_CREAT | O_RDWR, 0600));
	TELL("more than fit", "%s", events(fd));
	struct inotify_event one[3];
	for (int i = 0; i < 3; i++)
		unlink((char[]){ 'd', '/', 'a' + i, 0 });
	file = open("d/d", O_RDWR);
	write(file, "x", 1);
	SAY("read in part", CALL(read, fd, one, 32));
	unlink("d/d"), unlink("d/e");
	TELL("told once", "%s", events(fd));
	close(file), close(fd);
	fd = inotify_init1(IN_NONBLOCK);
	int wd = inotify_add_watch(fd, "d", IN_CREATE | IN_ONESHOT);
	close(open("d/x", O_CREAT, 0600)), close(open("d/y", O_CREAT, 0600));
	TELL("one shot", "%s", events(fd));
	SAY("is over", CALL(inotify_rm_watch, fd, wd), CALL(inotify_add_watch, fd, "d", IN_CREATE | IN_MASK_CREATE),
	    CALL(inotify_add_watch, fd, "d", IN_CREATE | IN_MASK_CREATE), CALL(inotify_add_watch, fd, "d", IN_MASK_CREATE | IN_MASK_ADD),
	    CALL(inotify_add_watch, fd, "d", IN_MASK_ADD | IN_DELETE), CALL(inotify_add_watch, fd, "d", IN_MASK_CREATE | IN_DELETE),
	    CALL(inotify_add_watch, fd, "d/x", IN_ONLYDIR | IN_OPEN), CALL(inotify_add_watch, fd, "d", 0),
	    CALL(inotify_add_watch, fd, "d", IN_ONLYDIR), CALL(inotify_add_watch, fd, "d", IN_ISDIR),
	    CALL(inotify_add_watch, fd, "none", IN_OPEN), CALL(inotify_add_watch, fd, "", IN_OPEN),
	    CALL(inotify_add_watch, 99, "d", 0), CALL(inotify_add_watch, 1, "d", IN_OPEN), CALL(inotify_add_watch, 99, 8, IN_OPEN));
	close(fd);
}

static void pidfds(void)
{
	siginfo_t info;
	pid_t child = fork();

	if (!child)
		for (;;)
			pause();
	int fd = CALL(pidfd_open, child, 0), ep = epoll_create1(0);
	SAY("pidfd", fd > 0, CALL(pidfd_open, child, 1), CALL(pidfd_open, 0, 0), CALL(pidfd_open, -1, 0), CALL(pidfd_open, 99999999, 0),
	    fcntl(fd, F_GETFD), ask(fd), add(ep, fd, EPOLLIN | EPOLLET), look(ep), fcntl(fd, F_GETFL));
	SAY("is no file to read", CALL(read, fd, &info, 1), CALL(write, fd, &info, 1), CALL(lseek, fd, 0, SEEK_SET), CALL(ioctl, fd, 0, 0));
	SAY("signals", CALL(pidfd_send_signal, fd, 0, 0, 0), CALL(pidfd_send_signal, fd, 0, 0, 1), CALL(pidfd_send_signal, fd, 65, 0, 0),
	    CALL(pidfd_send_signal, 99, 0, 0, 0), CALL(pidfd_send_signal, 1, 0, 0, 0), CALL(pidfd_send_signal, fd, SIGCONT, 8, 0));
	memset(&info, 0, sizeof(info));
	info.si_signo = SIGUSR1;
	SAY("with words", CALL(pidfd_send_signal, fd, SIGUSR2, &info, 0), (info.si_code = SI_USER, CALL(pidfd_send_signal, fd, SIGUSR1, &info, 0)));
	SAY("descriptors of it", CALL(pidfd_getfd, fd, 1, 0) > 0, CALL(pidfd_getfd, fd, 77, 0), CALL(pidfd_getfd, fd, 1, 1),
	    CALL(pidfd_getfd, 1, 1, 0), CALL(pidfd_getfd, 99, 1, 0));
	SAY("waiting for it", CALL(waitid, P_PIDFD, fd, &info, WEXITED | WNOHANG, 0), (fcntl(fd, F_SETFL, O_NONBLOCK), CALL(waitid, P_PIDFD, fd, &info, WEXITED, 0)));
	info.si_code = SI_QUEUE, info.si_signo = SIGTERM;
	SAY("ended by it", CALL(pidfd_send_signal, fd, SIGTERM, &info, 0));
	fcntl(fd, F_SETFL, 0);
	SAY("it is told", CALL(poll, (&(struct pollfd){ fd, POLLIN, 0 }), 1, 5000), ask(fd), look(ep), look(ep),
	    CALL(pidfd_send_signal, fd, 0, 0, 0), CALL(pidfd_getfd, fd, 1, 0));
	SAY("waited for", CALL(waitid, P_PIDFD, fd, &info, WEXITED, 0), info.si_pid == child, info.si_status, ask(fd),
	    CALL(pidfd_send_signal, fd, 0, 0, 0), CALL(waitid, P_PIDFD, fd, &info, WEXITED, 0), CALL(pidfd_open, child, 0));
	close(fd), close(ep);
}

static void clock_set(void)
{
	struct timespec now;
	struct itimerspec t = { .it_value = { 0, 0 } };
	uint64_t n = 0;
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK), mono = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), ep = epoll_create1(0);

	clock_gettime(CLOCK_REALTIME, &now);
	t.it_value.tv_sec = now.tv_sec + 3600;
	SAY("cancel on set", CALL(timerfd_settime, fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &t, 0), add(ep, fd, EPOLLIN), look(ep), ask(fd),
	    CALL(timerfd_settime, mono, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &t, 0), CALL(timerfd_settime, fd, 4, &t, 0));
	clock_settime(CLOCK_REALTIME, &now);
	SAY("set", look(ep), ask(fd), ask(mono), CALL(read, fd, &n, 8), CALL(read, fd, &n, 8), look(ep), CALL(read, mono, &n, 8));
	clock_settime(CLOCK_REALTIME, &now);
	SAY("and again", look(ep), CALL(read, fd, &n, 8), CALL(read, fd, &n, 8));
	clock_settime(CLOCK_REALTIME, &now);
	SAY("settime tells too", CALL(timerfd_settime, fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &t, 0), CALL(read, fd, &n, 8));
	SAY("without the wish", CALL(timerfd_settime, fd, TFD_TIMER_CANCEL_ON_SET, &t, 0), (clock_settime(CLOCK_REALTIME, &now), CALL(read, fd, &n, 8)));
	close(fd), close(mono), close(ep);
}

static void eventfds(void)
{
	uint64_t n = 5;
	int fd = eventfd(3, EFD_NONBLOCK | EFD_SEMAPHORE);

	SAY("a semaphore", CALL(read, fd, &n, 8), n, CALL(read, fd, &n, 9), CALL(read, fd, &n, 7), CALL(read, fd, &n, 8), CALL(read, fd, &n, 8));
	n = UINT64_MAX - 1;
	SAY("full", CALL(write, fd, &n, 8), ask(fd), CALL(write, fd, &n, 8), CALL(write, fd, &(uint64_t){ UINT64_MAX }, 8), CALL(write, fd, &(uint64_t){ 0 }, 8));
	SAY("wrong", CALL(eventfd2, 0, 2), CALL(write, fd, &n, 4), CALL(pread64, fd, &n, 8, 0), CALL(lseek, fd, 1, SEEK_SET), CALL(eventfd, 1));
	close(fd);
}

int main(void)
{
	refusals();
	nests();
	SAY("exclusive watches wake one", woken(EPOLLEXCLUSIVE), woken(0));
	shared_instance();
	kinds();
	selects();
	overflow();
	pidfds();
	clock_set();
	eventfds();
	return tap_done();
}
