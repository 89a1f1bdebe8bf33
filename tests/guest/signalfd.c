/* SPDX-License-Identifier: MIT */
/* Signals read from a file: signalfd(2). */
#include "tap.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

static int fd;
static sigset_t set;
static struct signalfd_siginfo info;

static int ready(int of, int ms)
{
	struct pollfd p = { of, POLLIN, 0 };

	return poll(&p, 1, ms) == 1 ? p.revents : 0;
}

static long take(void)
{
	memset(&info, 0x55, sizeof(info));
	return read(fd, &info, sizeof(info)) == sizeof(info) ? (long)info.ssi_signo : -errno;
}

static void test_errors(void)
{
	char small[127];
	int other = eventfd(0, 0);

	CHECK_ERRNO("size", syscall(SYS_signalfd4, -1, &set, 4, 0), EINVAL);
	CHECK_ERRNO("flags", signalfd(-1, &set, 1), EINVAL);
	CHECK_ERRNO("bad address", syscall(SYS_signalfd4, -1, 1, 8, 0), EFAULT);
	CHECK_ERRNO("no file", signalfd(99, &set, 0), EBADF);
	CHECK_ERRNO("another file", signalfd(other, &set, 0), EINVAL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	CHECK("made", fd >= 0);
	CHECK_INT("close on exec", fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_INT("not blocking", fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_ERRNO("small", read(fd, small, sizeof(small)), EINVAL);
	CHECK_ERRNO("nothing", read(fd, &info, sizeof(info)), EAGAIN);
	CHECK_ERRNO("write", write(fd, &info, sizeof(info)), EINVAL);
	CHECK_INT("not ready", ready(fd, 0), 0);
	close(other);
}

static void test_kinds(void)
{
	union sigval v = { .sival_int = 4711 };
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1, .sigev_value = { .sival_int = 12 } };
	struct itimerspec t = { { 0, 0 }, { 0, 1000000 } };
	timer_t timer;
	pid_t child;

	kill(getpid(), SIGUSR1);
	CHECK_INT("ready", ready(fd, 0), POLLIN);
	CHECK_INT("kill", take(), SIGUSR1);
	TELL("kill", "errno %d code %d int %d ptr %ld", info.ssi_errno, info.ssi_code, info.ssi_int, (long)info.ssi_ptr);
	CHECK("sender", info.ssi_pid == (uint32_t)getpid() && info.ssi_uid == 0);
	sigqueue(getpid(), SIGRTMIN, v);
	v.sival_int++;
	sigqueue(getpid(), SIGRTMIN, v);
	CHECK_INT("sigqueue", take(), SIGRTMIN);
	TELL("sigqueue", "code %d int %d", info.ssi_code, info.ssi_int);
	CHECK_INT("the second", take(), SIGRTMIN);
	CHECK_INT("its value", info.ssi_int, 4712);
	raise(SIGUSR2);
	CHECK_INT("to the thread", take(), SIGUSR2);
	TELL("tgkill", "code %d", info.ssi_code);
	child = fork();
	if (child == 0)
		_exit(7);
	CHECK_INT("a child ends", ready(fd, 2000), POLLIN);
	CHECK_INT("SIGCHLD", take(), SIGCHLD);
	TELL("child", "code %d status %d", info.ssi_code, info.ssi_status);
	CHECK("its number", info.ssi_pid == (uint32_t)child);
	waitpid(child, NULL, 0);
	timer_create(CLOCK_MONOTONIC, &e, &timer);
	timer_settime(timer, 0, &t, NULL);
	CHECK_INT("a timer", ready(fd, 2000), POLLIN);
	CHECK_INT("its signal", take(), SIGRTMIN + 1);
	TELL("timer", "code %d int %d overrun %d", info.ssi_code, info.ssi_int, info.ssi_overrun);
	timer_delete(timer);
	CHECK_INT("nothing left", take(), -EAGAIN);
}

static void test_many(void)
{
	struct signalfd_siginfo many[4];

	kill(getpid(), SIGUSR2);
	kill(getpid(), SIGUSR1);
	CHECK_INT("two at once", read(fd, many, sizeof(many)), 2 * sizeof(many[0]));
	CHECK("the lower one first", many[0].ssi_signo == SIGUSR1 && many[1].ssi_signo == SIGUSR2);
	kill(getpid(), SIGUSR2);
	kill(getpid(), SIGUSR1);
	CHECK_INT("one and a half fit", read(fd, many, 200), sizeof(many[0]));
	CHECK_INT("the other", take(), SIGUSR2);
}

static void test_mask(void)
{
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, SIGUSR2);
	sigaddset(&one, SIGKILL);
	CHECK_INT("changed", signalfd(fd, &one, 0), fd);
	kill(getpid(), SIGUSR1);
	CHECK_INT("not this one", ready(fd, 0), 0);
	CHECK_INT("none", take(), -EAGAIN);
	CHECK_INT("changed back", signalfd(fd, &set, 0), fd);
	CHECK_INT("now", take(), SIGUSR1);
}

static void *send_later(__attribute__((unused)) void *arg)
{
	sleep_ms(30);
	kill(getpid(), SIGUSR1);
	return NULL;
}

static void nothing(__attribute__((unused)) int sig)
{
}

static void test_waiting(void)
{
	struct epoll_event e = { EPOLLIN, { .fd = 1 } };
	int ep = epoll_create1(0), status;
	pthread_t thread;
	pid_t child;

	fcntl(fd, F_SETFL, 0);
	pthread_create(&thread, NULL, send_later, NULL);
	CHECK_INT("blocking read", take(), SIGUSR1);
	pthread_join(thread, NULL);
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
	pthread_create(&thread, NULL, send_later, NULL);
	CHECK_INT("epoll", epoll_wait(ep, &e, 1, 2000), 1);
	CHECK_INT("read", take(), SIGUSR1);
	pthread_join(thread, NULL);
	child = fork();
	if (child == 0) {
		kill(getppid(), SIGUSR2);
		kill(getpid(), SIGUSR1);
		_exit(take() == SIGUSR1 ? 3 : 4);
	}
	waitpid(child, &status, 0);
	CHECK_INT("a child reads its own", status, EXITED(3));
	CHECK("we ours", take() == SIGUSR2 || info.ssi_signo == SIGCHLD);
	while (ready(fd, 0))
		take();
	child = fork();
	if (child == 0) {
		int status2;

		/* The instance watches by way of this process, which ends before it. */
		epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL);
		epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
		if (fork() == 0) {
			sleep_ms(50);
			kill(getpid(), SIGUSR1);
			epoll_wait(ep, &e, 1, 10);
			_exit(take() == SIGUSR1 ? 3 : 4);
		}
		(void)status2;
		_exit(0);
	}
	waitpid(child, &status, 0);
	sleep_ms(150);
	CHECK_INT("whose watcher ended", status, 0);
	while (ready(fd, 0))
		take();
	child = fork();
	if (child == 0) {
		struct sigaction a = { .sa_handler = nothing };

		sigaction(SIGALRM, &a, NULL);
		alarm(1);
		_exit(take() == -EINTR ? 3 : 4);
	}
	waitpid(child, &status, 0);
	CHECK_INT("another signal interrupts", status, EXITED(3));
	close(ep);
}

/* Each child waits for the file that it took over, in both ways, and ends. */
static void test_many_processes(void)
{
	int shared = signalfd(-1, &set, SFD_NONBLOCK);
	struct epoll_event e = { .events = EPOLLIN };
	long before;

	for (int round = 0; round < 2; round++) {
		before = slab_kb();
		for (int i = 0; i < 1500; i++)
			IN_CHILD(ready(shared, 0); epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, shared, &e));
	}
	CHECK("processes that have ended leave nothing behind", slab_kb() - before < 1500);
	close(shared);
}

int main(void)
{
	char path[64], line[100];
	FILE *f;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	test_errors();
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "sigmask", 7) == 0)
			TELL("fdinfo", "%.*s", (int)strcspn(line, "\n"), line);
	if (f)
		fclose(f);
	test_kinds();
	test_many();
	test_mask();
	test_waiting();
	test_many_processes();
	return tap_done();
}
