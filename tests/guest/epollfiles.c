/* SPDX-License-Identifier: MIT */
/* Which files of /proc and /dev epoll takes, and what they say; and how many files a user may watch. */
#include "tap.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

static int add(int ep, int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}

static int drop(int ep, int fd)
{
	return epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL);
}

#define EVERY (EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDNORM | EPOLLWRNORM | EPOLLRDBAND)

static void file(const char *name, int flags)
{
	int ep = epoll_create1(0), fd = open(name, flags | O_NONBLOCK), n;
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLPRI, 0 };
	struct epoll_event e = { 0 };

	if (fd < 0) {
		TELL(name, "cannot be opened: %d", errno);
	} else if (add(ep, fd, EVERY)) {
		n = errno;
		poll(&p, 1, 0);
		TELL(name, "%d, polled %x", n, p.revents);
	} else {
		n = epoll_wait(ep, &e, 1, 0);
		TELL(name, "%d %x", n, e.events);
	}
	close(fd);
	close(ep);
}

static void files(void)
{
	static const char *const names[] = {
		"/proc/version", "/proc/stat", "/proc/uptime", "/proc/meminfo", "/proc/cmdline", "/proc/locks", "/proc/filesystems",
		"/proc/mounts", "/proc/self/mounts", "/proc/self/mountinfo", "/proc/self/mountstats", "/proc/self/status",
		"/proc/self/stat", "/proc/self/maps", "/proc/self/comm", "/proc/self/environ", "/proc/self/cmdline",
		"/proc/self/oom_score_adj", "/proc/self/limits", "/proc/self/mem", "/proc/self/io", "/proc/net/unix",
		"/proc/sys/kernel/pid_max", "/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname",
		"/proc/sys/kernel/osrelease", "/proc/sys/fs/file-nr", "/proc/sys/vm/swappiness", "/proc/pressure/cpu",
		"/proc/kmsg", "/proc", "/proc/self", "/proc/self/fd", "/proc/sys", "file", ".", "/dev/null", "/dev/zero",
		"/dev/full", "/dev/urandom",
	};

	file_write("file", "x");
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		file(names[i], O_RDONLY);
	file("/proc/sys/kernel/pid_max", O_RDWR);
	CHECK_ERRNO("a memfd", add(epoll_create1(0), memfd_create("x", 0), EPOLLIN), EPERM);
	CHECK_ERRNO("a path", add(epoll_create1(0), open("/proc/version", O_PATH), EPOLLIN), EBADF);
}

/* What a file says, asked twice, when the name was set. */
static void name_changes(const char *name, int (*set)(const char *, size_t))
{
	int fd = open(name, O_RDONLY), ep = epoll_create1(0), other = open(name, O_RDWR), status;
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLPRI, 0 };
	struct epoll_event e = { 0 };
	int first, n;
	pid_t pid;

	poll(&p, 1, 0);
	first = p.revents;
	set("one", 3);
	poll(&p, 1, 0);
	n = p.revents;
	poll(&p, 1, 0);
	TELL(name, "%x %x %x", first, n, p.revents);
	write(other, "two\n", 4);
	poll(&p, 1, 0);
	TELL("written", "%x", p.revents);
	p.fd = other;
	poll(&p, 1, 0);
	n = p.revents;
	poll(&p, 1, 0);
	TELL("to the other", "%x %x", n, p.revents);
	add(ep, fd, EPOLLPRI);
	CHECK_INT("nothing new", epoll_wait(ep, &e, 1, 0), 0);
	pid = fork();
	if (!pid) {
		sleep_ms(100);
		set("three", 5);
		_exit(0);
	}
	n = epoll_wait(ep, &e, 1, 20000);
	TELL("waited for", "%d %x", n, e.events);
	waitpid(pid, &status, 0);
	close(fd);
	close(ep);
	close(other);
}

static void limit(const char *value)
{
	file_write("/proc/sys/fs/epoll/max_user_watches", value);
}

static void watches(void)
{
	const char *path = "/proc/sys/fs/epoll/max_user_watches";
	int ep = epoll_create1(0), second = epoll_create1(0), fd[5], p = open(path, O_RDWR), copy, status;
	char value[40] = "";
	struct stat st;

	read(p, value, sizeof(value) - 1);
	fstat(p, &st);
	TELL("the limit", "%d %o", atol(value) > 1000, st.st_mode);
	CHECK_ERRNO("no number", pwrite(p, "x", 1, 0), EINVAL);
	for (int i = 0; i < 5; i++)
		fd[i] = eventfd(0, 0);
	limit("3");
	CHECK_OK("first", add(ep, fd[0], EPOLLIN));
	CHECK_OK("second", add(ep, fd[1], EPOLLIN));
	CHECK_OK("third, elsewhere", add(second, fd[0], EPOLLIN));
	CHECK_ERRNO("fourth", add(ep, fd[2], EPOLLIN), ENOSPC);
	CHECK_ERRNO("elsewhere", add(second, fd[2], EPOLLIN), ENOSPC);
	CHECK_ERRNO("what is there", add(ep, fd[0], EPOLLIN), EEXIST);
	CHECK_ERRNO("what cannot be watched", add(ep, p, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT), EINVAL);
	CHECK_ERRNO("an instance", add(ep, second, EPOLLIN), ENOSPC);
	CHECK_ERRNO("itself", add(ep, ep, EPOLLIN), EINVAL);
	CHECK_OK("taken back", drop(second, fd[0]));
	CHECK_OK("another", add(ep, fd[2], EPOLLIN));
	CHECK_ERRNO("one more", add(ep, fd[3], EPOLLIN), ENOSPC);
	close(fd[2]);
	CHECK_OK("a file was closed", add(second, fd[3], EPOLLIN));
	close(second);
	second = epoll_create1(0);
	CHECK_OK("an instance was closed", add(second, fd[3], EPOLLIN));
	copy = dup(fd[3]);
	status = IN_CHILD(setuid(1000); int own = epoll_create1(0); int n = 0;
			  while (n < 10 && add(own, eventfd(0, 0), EPOLLIN) == 0) n++;
			  if (add(ep, fd[4], EPOLLIN) == 0 || errno != ENOSPC) n += 10;
			  _exit(n));
	CHECK_INT("another user has its own", status, EXITED(3));
	limit("0");
	CHECK_ERRNO("none", add(ep, fd[4], EPOLLIN), ENOSPC);
	CHECK_OK("those that are there go", drop(ep, fd[0]));
	limit("10");
	status = IN_CHILD(setuid(1000); _exit(add(ep, fd[4], EPOLLIN) ? errno : 0));
	CHECK_INT("a child's, who is another user", status, 0);
	limit("3");
	CHECK_ERRNO("counts for who made the instance", add(ep, copy, EPOLLIN), ENOSPC);
	limit(value);
	close(p);
	close(copy);
}

int main(void)
{
	files();
	name_changes("/proc/sys/kernel/hostname", sethostname);
	name_changes("/proc/sys/kernel/domainname", setdomainname);
	watches();
	return tap_done();
}
