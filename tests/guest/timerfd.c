/* SPDX-License-Identifier: MIT */
/* Timers as files: timerfd_create(2). */
#include "tap.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>

#define MS 1000000L

static int fd;

static int set(int flags, long value_ns, long interval_ns)
{
	struct itimerspec t = { { interval_ns / 1000000000, interval_ns % 1000000000 },
				{ value_ns / 1000000000, value_ns % 1000000000 } };

	return timerfd_settime(fd, flags, &t, NULL);
}

static long ticks(void)
{
	uint64_t n;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? (long)n : -errno;
}

static int ready(int ms)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, ms) == 1 ? p.revents : 0;
}

static void test_errors(void)
{
	struct itimerspec t = { { 0, 0 }, { 0, 1000000000 } };
	char small[7];
	int other;

	CHECK_ERRNO("clock", timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
	CHECK_ERRNO("clock number", timerfd_create(77, 0), EINVAL);
	CHECK_ERRNO("flags", timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	CHECK("made", fd >= 0);
	CHECK_INT("close on exec", fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_INT("flags", fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_ERRNO("settime, bad time", timerfd_settime(fd, 0, &t, NULL), EINVAL);
	t.it_value.tv_nsec = -1;
	CHECK_ERRNO("settime, negative", timerfd_settime(fd, 0, &t, NULL), EINVAL);
	t.it_value.tv_nsec = 0;
	t.it_interval.tv_nsec = 1000000000;
	CHECK_ERRNO("settime, bad interval", timerfd_settime(fd, 0, &t, NULL), EINVAL);
	t.it_interval.tv_nsec = 0;
	CHECK_ERRNO("settime, flags", timerfd_settime(fd, 4, &t, NULL), EINVAL);
	CHECK_ERRNO("settime, no time", timerfd_settime(fd, 0, (void *)1, NULL), EFAULT);
	CHECK_ERRNO("settime, bad old", timerfd_settime(fd, 0, &t, (void *)1), EFAULT);
	CHECK_ERRNO("settime, no file", timerfd_settime(99, 0, &t, NULL), EBADF);
	other = eventfd(0, 0);
	CHECK_ERRNO("settime, another file", timerfd_settime(other, 0, &t, NULL), EINVAL);
	CHECK_ERRNO("gettime, another file", timerfd_gettime(other, &t), EINVAL);
	CHECK_ERRNO("gettime, no file", timerfd_gettime(99, &t), EBADF);
	CHECK_ERRNO("gettime, bad address", timerfd_gettime(fd, (void *)1), EFAULT);
	CHECK_ERRNO("read, small", read(fd, small, sizeof(small)), EINVAL);
	CHECK_ERRNO("read, nothing", read(fd, &t, 8), EAGAIN);
	CHECK_ERRNO("write", write(fd, &t, 8), EINVAL);
	CHECK_INT("lseek", lseek(fd, 0, SEEK_SET), 0);
	CHECK_ERRNO("ioctl", ioctl(fd, 0x1234, 0), ENOTTY);
	close(other);
}

static void test_once(void)
{
	struct itimerspec t;

	CHECK_INT("set", set(0, 20 * MS, 0), 0);
	CHECK_INT("get", timerfd_gettime(fd, &t), 0);
	CHECK("left", t.it_value.tv_sec == 0 && t.it_value.tv_nsec > 0 && t.it_value.tv_nsec <= 20 * MS);
	CHECK_INT("not yet", ready(0), 0);
	CHECK_INT("ready", ready(2000), POLLIN);
	CHECK_INT("still ready", ready(0), POLLIN);
	CHECK_INT("get after it", timerfd_gettime(fd, &t), 0);
	CHECK("nothing left", t.it_value.tv_sec == 0 && t.it_value.tv_nsec == 0);
	CHECK_INT("one tick", ticks(), 1);
	CHECK_INT("no more", ticks(), -EAGAIN);
	CHECK_INT("set far", set(0, 1000000000L * 1000, 0), 0);
	CHECK_INT("switched off", set(0, 0, 5 * MS), 0);
	CHECK_INT("get", timerfd_gettime(fd, &t), 0);
	TELL("off", "%ld %ld %ld", (long)t.it_value.tv_sec, t.it_value.tv_nsec, t.it_interval.tv_nsec);
	CHECK_INT("set in the past", set(TFD_TIMER_ABSTIME, 1, 0), 0);
	CHECK_INT("at once", ready(2000), POLLIN);
	CHECK_INT("set anew drops ticks", set(0, 1000000000L * 1000, 0), 0);
	CHECK_INT("none", ticks(), -EAGAIN);
}

static void test_periodic(void)
{
	struct itimerspec t, old;
	long n;

	CHECK_INT("set", set(0, 5 * MS, 10 * MS), 0);
	sleep_ms(100);
	n = ticks();
	CHECK("several ticks", n >= 9);
	CHECK("a next one", ready(2000) == POLLIN && ticks() >= 1);
	sleep_ms(50);
	CHECK_INT("get goes on", timerfd_gettime(fd, &t), 0);
	CHECK("next within the interval", t.it_value.tv_nsec > 0 && t.it_value.tv_nsec <= 10 * MS);
	CHECK_INT("interval", t.it_interval.tv_nsec, 10 * MS);
	CHECK("ticks are kept", ticks() >= 4);
	memset(&t, 0, sizeof(t));
	CHECK_INT("old", timerfd_settime(fd, 0, &t, &old), 0);
	CHECK_INT("old interval", old.it_interval.tv_nsec, 10 * MS);
	CHECK("absolute, interval", set(TFD_TIMER_ABSTIME, now_ns(CLOCK_MONOTONIC) - 95 * MS, 10 * MS) == 0);
	CHECK("what was missed counts", ready(2000) == POLLIN && ticks() >= 10);
	set(0, 0, 0);
}

static void test_waiting(void)
{
	struct epoll_event e = { EPOLLIN, { .fd = 5 } };
	int ep = epoll_create1(0), status;
	pid_t child;

	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
	set(0, 10 * MS, 0);
	CHECK_INT("epoll", epoll_wait(ep, &e, 1, 2000), 1);
	CHECK_INT("tick", ticks(), 1);
	fcntl(fd, F_SETFL, 0);
	set(0, 10 * MS, 0);
	CHECK_INT("blocking read", ticks(), 1);
	child = fork();
	if (child == 0)
		_exit(ticks() == 1 ? 3 : 4);
	sleep_ms(20);
	set(0, 10 * MS, 0);
	waitpid(child, &status, 0);
	CHECK_INT("shared with a child", status, EXITED(3));
	close(ep);
	close(fd);
}

static void test_wall(void)
{
	struct timespec now;
	struct itimerspec t;

	fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	CHECK_INT("wall clock", set(TFD_TIMER_ABSTIME, now_ns(CLOCK_REALTIME) + 20 * MS, 0), 0);
	CHECK_INT("in time", ready(2000), POLLIN);
	CHECK_INT("tick", ticks(), 1);
	CHECK_INT("an hour ahead", set(TFD_TIMER_ABSTIME, now_ns(CLOCK_REALTIME) + 3600000 * MS, 0), 0);
	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += 3601;
	CHECK_INT("the clock is set", clock_settime(CLOCK_REALTIME, &now), 0);
	CHECK_INT("it comes", ready(2000), POLLIN);
	CHECK_INT("one tick", ticks(), 1);
	CHECK_INT("relative ones stay", set(0, 3600000 * MS, 0), 0);
	now.tv_sec += 7200;
	clock_settime(CLOCK_REALTIME, &now);
	CHECK_INT("no tick", ready(20), 0);
	CHECK_INT("cancel on set", set(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
				       now_ns(CLOCK_REALTIME) + 3600000 * MS, 0), 0);
	now.tv_sec -= 7200;
	clock_settime(CLOCK_REALTIME, &now);
	CHECK_INT("told", ready(2000), POLLIN);
	CHECK_INT("by an error", ticks(), -ECANCELED);
	CHECK_INT("once", ticks(), -EAGAIN);
	CHECK_INT("and still set", timerfd_gettime(fd, &t), 0);
	CHECK("for later than before", t.it_value.tv_sec > 3600);
	now.tv_sec -= 3601;
	clock_settime(CLOCK_REALTIME, &now);
	close(fd);
}

static void test_identity(void)
{
	char line[100], path[64];
	FILE *f;

	fd = timerfd_create(CLOCK_BOOTTIME, 0);
	set(TFD_TIMER_ABSTIME, 1000000000L * 1000000, 0);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "clockid", 7) == 0 || strncmp(line, "ticks", 5) == 0 || strncmp(line, "settime", 7) == 0)
			TELL("fdinfo", "%.*s", (int)strcspn(line, "\n"), line);
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	memset(line, 0, sizeof(line));
	CHECK("name", readlink(path, line, 99) > 0 && strcmp(line, "anon_inode:[timerfd]") == 0);
	close(fd);
	CHECK_INT("alarm clock without the right", IN_CHILD(
		setresuid(65534, 65534, 65534);
		_exit(timerfd_create(CLOCK_REALTIME_ALARM, 0) == -1 ? errno : 0)), EXITED(EPERM));
}

int main(void)
{
	test_errors();
	test_once();
	test_periodic();
	test_waiting();
	test_wall();
	test_identity();
	return tap_done();
}
