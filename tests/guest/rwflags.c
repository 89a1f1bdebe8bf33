/* SPDX-License-Identifier: MIT */
/* preadv2(2) and pwritev2(2): which flags every kind of file takes, and what they do. */
#include "net.h"

#include <mqueue.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

static char data[200];
static struct iovec one = { data, 8 };

/* "8", or "E" and the errno. */
static void result(char *out, long n)
{
	if (n < 0)
		sprintf(out + strlen(out), "E%d ", errno);
	else
		sprintf(out + strlen(out), "%ld ", n);
}

static void each_flag(const char *title, int fd, bool write, off_t at)
{
	char out[200] = "", name[100];

	for (int i = 0; i < 6; i++) {
		errno = 0;
		result(out, write ? pwritev2(fd, &one, 1, at, 1 << i) : preadv2(fd, &one, 1, at, 1 << i));
	}
	snprintf(name, sizeof(name), "%s, %s%s", title, write ? "write" : "read", at < 0 ? "" : " at 0");
	TELL(name, "%s", out);
}

static void both(const char *title, int fd, bool at_0)
{
	memcpy(data, "12345678", 8);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	each_flag(title, fd, true, -1);
	each_flag(title, fd, false, -1);
	if (at_0) {
		memcpy(data, "12345678", 8);
		each_flag(title, fd, true, 0);
		each_flag(title, fd, false, 0);
	}
	close(fd);
}

static void named(const char *name, int flags, bool write)
{
	int fd = open(name, flags | O_NONBLOCK);

	if (fd < 0)
		TELL(name, "cannot be opened: %d", errno);
	else if (write)
		both(name, fd, true);
	else
		each_flag(name, fd, false, -1);
	close(fd);
}

static void kinds(void)
{
	int p[2], n;
	struct itimerspec soon = { .it_value.tv_nsec = 1 };
	sigset_t set;

	both("file", open("file", O_RDWR | O_CREAT, 0644), true);
	both("memfd", memfd_create("x", 0), true);
	pipe(p);
	each_flag("pipe", p[1], true, -1);
	each_flag("pipe", p[0], false, -1);
	each_flag("pipe", p[0], false, 0);
	mkfifo("fifo", 0600);
	both("fifo", open("fifo", O_RDWR), false);
	for (int i = 0; i < 2; i++) {
		n = socketpair(AF_UNIX, i ? SOCK_DGRAM : SOCK_STREAM, 0, p);
		write(p[1], "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 40);
		both(i ? "datagrams" : "stream", p[0], true);
		close(p[1]);
	}
	both("epoll", epoll_create1(0), false);
	both("eventfd", eventfd(1, EFD_SEMAPHORE), false);
	n = timerfd_create(CLOCK_MONOTONIC, 0);
	timerfd_settime(n, 0, &soon, NULL);
	sleep_ms(2);
	both("timerfd", n, false);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	both("signalfd", signalfd(-1, &set, 0), false);
	both("inotify", inotify_init(), false);
	both("pidfd", (int)syscall(SYS_pidfd_open, getpid(), 0), false);
	both("message queue", mq_open("/rwflags", O_RDWR | O_CREAT, 0600, NULL), false);
	mq_unlink("/rwflags");
	each_flag("directory", open(".", O_RDONLY), false, -1);
	each_flag("directory, to write", open(".", O_RDONLY), true, -1);
	each_flag("path", open(".", O_PATH), false, -1);
	named("/dev/null", O_RDWR, true);
	named("/dev/zero", O_RDWR, true);
	named("/dev/full", O_RDWR, true);
	named("/dev/random", O_RDONLY, false);
	named("/dev/urandom", O_RDONLY, false);
	named("/proc/version", O_RDONLY, false);
	named("/proc/mounts", O_RDONLY, false);
	named("/proc/self/maps", O_RDONLY, false);
	named("/proc/self/status", O_RDONLY, false);
	named("/proc/self/environ", O_RDONLY, false);
	named("/proc/self/comm", O_RDONLY, false);
	named("/proc/self/mem", O_RDONLY, false);
	named("/proc/self/auxv", O_RDONLY, false);
	named("/proc/sys/kernel/pid_max", O_RDONLY, false);
	named("/proc/pressure/cpu", O_RDONLY, false);
	named("/proc/stat", O_RDONLY, false);
	tcp_pair(p);
	write(p[1], "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 40);
	sleep_ms(10);
	both("TCP", p[0], true);
	close(p[1]);
}

static void errors(void)
{
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644), ro = open("file", O_RDONLY), wo = open("file", O_WRONLY);
	struct iovec none = { data, 0 }, bad = { (void *)8, 8 }, wrong = { data, -1 };

	write(fd, "abcdefgh", 8);
	CHECK_ERRNO("before position -1", preadv2(fd, &one, 1, -2, 0), EINVAL);
	CHECK_ERRNO("and a flag that does not exist", preadv2(fd, &one, 1, -2, 0x80), EINVAL);
	CHECK_ERRNO("no file", preadv2(99, &one, 1, 0, 0x80), EBADF);
	CHECK_ERRNO("a flag that does not exist", preadv2(fd, &one, 1, 0, 0x80), EOPNOTSUPP);
	CHECK_ERRNO("for writing", preadv2(wo, &one, 1, 0, 0x80), EBADF);
	CHECK_ERRNO("for reading", pwritev2(ro, &one, 1, 0, 0x80), EBADF);
	CHECK_ERRNO("bad data", preadv2(fd, &bad, 1, 0, RWF_HIPRI), EFAULT);
	CHECK_ERRNO("bad data and flag", preadv2(fd, &bad, 1, 0, 0x80), EOPNOTSUPP);
	CHECK_ERRNO("bad length and flag", preadv2(fd, &wrong, 1, 0, 0x80), EINVAL);
	CHECK_ERRNO("bad vector and flag", preadv2(fd, (void *)8, 1, 0, 0x80), EFAULT);
	CHECK_ERRNO("too many and flag", preadv2(fd, &one, 2000, 0, 0x80), EINVAL);
	CHECK_INT("nothing to read, and flag", preadv2(fd, &none, 1, 0, 0x80), 0);
	CHECK_INT("nothing to write, and flag", pwritev2(fd, &none, 1, 0, 0x80), 0);
	CHECK_INT("no vector, and flag", preadv2(fd, NULL, 0, 0, 0x80), 0);
	close(fd);
	close(ro);
	close(wo);
}

static void append(void)
{
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644), flags[] = { RWF_SYNC, RWF_DSYNC, RWF_SYNC | RWF_DSYNC | RWF_HIPRI };
	struct iovec v[2] = { { "one", 3 }, { "two", 3 } };
	char text[100] = "";

	CHECK_INT("append", pwritev2(fd, v, 2, -1, RWF_APPEND), 6);
	CHECK_INT("position", lseek(fd, 0, SEEK_CUR), 6);
	lseek(fd, 1, SEEK_SET);
	CHECK_INT("again, from elsewhere", pwritev2(fd, v, 1, -1, RWF_APPEND), 3);
	CHECK_INT("position", lseek(fd, 0, SEEK_CUR), 9);
	CHECK_INT("at the start", pwritev2(fd, v + 1, 1, 0, RWF_APPEND), 3);
	CHECK_INT("position stays", lseek(fd, 0, SEEK_CUR), 9);
	CHECK_INT("without it", pwritev2(fd, v + 1, 1, 0, 0), 3);
	for (int i = 0; i < 3; i++)
		CHECK_INT("synchronously", pwritev2(fd, v, 2, -1, flags[i]), 6);
	CHECK_INT("reading", preadv2(fd, (struct iovec[]){ { text, 99 } }, 1, 0, RWF_APPEND | RWF_SYNC | RWF_HIPRI), 27);
	TELL("text", "%s", text);
	close(fd);
}

int main(void)
{
	lo_set(1);
	errors();
	append();
	kinds();
	return tap_done();
}
