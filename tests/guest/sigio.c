/* SPDX-License-Identifier: MIT */
/* O_ASYNC: signals when a pipe or a socket becomes ready; F_SETOWN and F_SETSIG. */
#include "tap.h"
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

static volatile int came, code, from_fd;

static void on_io(int n, siginfo_t *info, void *context)
{
	(void)context;
	came = n;
	code = info->si_code;
	from_fd = info->si_fd;
}

static int wait_signal(void)
{
	for (int i = 0; i < 300 && !came; i++)
		sleep_ms(2);
	return came;
}

static void both(const char *name, int reader, int writer)
{
	char c[8];

	came = 0;
	fcntl(reader, F_SETOWN, getpid());
	CHECK_OK(name, fcntl(reader, F_SETFL, O_ASYNC | O_NONBLOCK));
	CHECK("the flag is told", fcntl(reader, F_GETFL) & O_ASYNC);
	write(writer, "x", 1);
	CHECK_INT("a signal", wait_signal(), SIGIO);
	read(reader, c, sizeof(c));
	came = 0;
	fcntl(reader, F_SETSIG, SIGRTMIN);
	write(writer, "y", 1);
	CHECK_INT("the one asked for", wait_signal(), SIGRTMIN);
	TELL("it says", "%d %d", code, from_fd == reader);
	read(reader, c, sizeof(c));
	came = 0;
	fcntl(reader, F_SETFL, O_NONBLOCK);
	write(writer, "z", 1);
	sleep_ms(30);
	CHECK_INT("none without the flag", came, 0);
	read(reader, c, sizeof(c));
}

static volatile int came_to;

static void on_usr(int n, siginfo_t *info, void *context)
{
	(void)context;
	(void)n;
	came_to = (int)syscall(SYS_gettid);
	code = info->si_code;
}

/* Signal sig from a pipe of ours that becomes readable goes to whom ask() says, in a child that drops its rights if told to. */
static void from_child(int sig, int before, int uid)
{
	int p[2], parent = getpid();

	IN_CHILD({
		if (before)
			pipe(p);
		if (uid)
			setresuid(uid, uid, uid);
		if (!before)
			pipe(p);
		fcntl(p[0], F_SETOWN, parent);
		fcntl(p[0], F_SETSIG, sig);
		fcntl(p[0], F_SETFL, O_ASYNC | O_NONBLOCK);
		write(p[1], "x", 1);
		sleep_ms(50);
	});
}

static void whose_rights(void)
{
	came_to = 0;
	from_child(SIGUSR1, 0, 0);
	CHECK("root's pipe signals root's process", came_to);
	came_to = 0;
	from_child(SIGUSR1, 0, 65534);
	CHECK_INT("another user's does not", came_to, 0);
	from_child(SIGUSR1, 1, 65534);
	CHECK_INT("nor if root had opened it", came_to, 0);
}

static int owner(int fd, int *type)
{
	struct f_owner_ex o = { -1, -1 };

	fcntl(fd, F_GETOWN_EX, &o);
	*type = o.type;
	return o.pid;
}

static void owners(void)
{
	struct f_owner_ex o = { 7, 0 };
	int p[2], type, pid, child;

	pipe(p);
	pid = owner(p[0], &type);
	TELL("nobody yet", "%d %d", type, pid);
	fcntl(p[0], F_SETOWN, 0);
	pid = owner(p[0], &type);
	TELL("nobody", "%d %d", type, pid);
	child = fork();
	if (!child) {
		pause();
		_exit(0);
	}
	CHECK_OK("a process", fcntl(p[0], F_SETOWN, child));
	CHECK("it", owner(p[0], &type) == child && type == F_OWNER_PID);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	pid = owner(p[0], &type);
	TELL("that is gone", "%d %d", type, pid);
	CHECK_OK("a group", fcntl(p[0], F_SETOWN, -getpgrp()));
	CHECK("it", owner(p[0], &type) == getpgrp() && type == F_OWNER_PGRP);
	CHECK_ERRNO("no such process", fcntl(p[0], F_SETOWN, 4000000), ESRCH);
	CHECK_ERRNO("no such kind", fcntl(p[0], F_SETOWN_EX, &o), EINVAL);
	close(p[0]);
	close(p[1]);
}

static void *waits(void *arg)
{
	*(int *)arg = (int)syscall(SYS_gettid);
	for (int i = 0; i < 300 && !came_to; i++)
		sleep_ms(2);
	return NULL;
}

static void thread_owner(void)
{
	struct f_owner_ex o = { F_OWNER_TID, 0 };
	volatile int tid = 0;
	pthread_t t;
	int p[2];

	pipe(p);
	came_to = 0;
	pthread_create(&t, NULL, waits, (void *)&tid);
	while (!tid)
		sleep_ms(1);
	o.pid = tid;
	CHECK_OK("a thread", fcntl(p[0], F_SETOWN_EX, &o));
	fcntl(p[0], F_SETSIG, SIGCHLD);
	fcntl(p[0], F_SETFL, O_ASYNC | O_NONBLOCK);
	write(p[1], "x", 1);
	pthread_join(t, NULL);
	CHECK("the signal comes to that thread", came_to == tid);
	CHECK_INT("one that has codes of its own says so", code, SI_SIGIO);
	close(p[0]);
	close(p[1]);
}

static void through_signalfd(void)
{
	struct signalfd_siginfo s;
	sigset_t set;
	int p[2], fd;

	memset(&s, 0, sizeof(s));
	pipe(p);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, 0);
	fcntl(p[0], F_SETOWN, getpid());
	fcntl(p[0], F_SETSIG, SIGRTMIN + 1);
	fcntl(p[0], F_SETFL, O_ASYNC | O_NONBLOCK);
	write(p[1], "x", 1);
	CHECK_INT("a signalfd", read(fd, &s, sizeof(s)), sizeof(s));
	CHECK_INT("says which file", s.ssi_fd, p[0]);
	TELL("and what", "%d %x %u", s.ssi_code, s.ssi_band, s.ssi_uid);
	close(fd);
	close(p[0]);
	close(p[1]);
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_io, .sa_flags = SA_SIGINFO | SA_RESTART };
	int p[2], s[2], on = 1;

	sigaction(SIGIO, &sa, NULL);
	sigaction(SIGRTMIN, &sa, NULL);
	pipe(p);
	both("pipe", p[0], p[1]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	both("stream socket", s[0], s[1]);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
	both("datagram socket", s[0], s[1]);
	came = 0;
	fcntl(p[0], F_SETSIG, 0);
	CHECK_OK("by ioctl", ioctl(p[0], FIOASYNC, &on));
	CHECK("the flag is told", fcntl(p[0], F_GETFL) & O_ASYNC);
	fcntl(p[0], F_SETOWN, -getpgrp());
	write(p[1], "g", 1);
	CHECK_INT("to a group", wait_signal(), SIGIO);
	came = 0;
	fcntl(p[0], F_SETOWN, 0);
	write(p[1], "n", 1);
	sleep_ms(30);
	CHECK_INT("to nobody", came, 0);
	CHECK_ERRNO("owner is nobody", fcntl(p[0], F_SETOWN, 4000000), ESRCH);
	CHECK_ERRNO("signal 65", fcntl(p[0], F_SETSIG, 65), EINVAL);
	CHECK_INT("owner", fcntl(p[0], F_GETOWN), 0);
	int f = open("file", O_RDWR | O_CREAT, 0600);
	CHECK_OK("a file", fcntl(f, F_SETFL, O_ASYNC));
	CHECK("does not keep the flag", !(fcntl(f, F_GETFL) & O_ASYNC));
	CHECK_ERRNO("nor by ioctl", ioctl(f, FIOASYNC, &on), ENOTTY);
	fcntl(p[0], F_SETOWN, getpid());
	came = 0;
	close(p[0]);
	close(p[1]);
	sleep_ms(20);
	CHECK_INT("none when it is closed", came, 0);
	sa.sa_sigaction = on_usr;
	sigaction(SIGUSR1, &sa, NULL);
	whose_rights();
	owners();
	sigaction(SIGCHLD, &sa, NULL);
	thread_owner();
	through_signalfd();
	return tap_done();
}
