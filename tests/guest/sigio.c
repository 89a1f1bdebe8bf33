/* SPDX-License-Identifier: MIT */
/* O_ASYNC: signals when a pipe or a socket becomes ready; F_SETOWN and F_SETSIG. */
#include "tap.h"
#include <sys/ioctl.h>
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
	return tap_done();
}
