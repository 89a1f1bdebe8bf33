/* SPDX-License-Identifier: MIT */
/* Triggers of /proc/pressure: who may set one, what is taken for one, and that it is told. */
#include "tap.h"
#include <poll.h>
#include <sched.h>

#define NOBODY 65534

static int put(int fd, const char *text, size_t n)
{
	ssize_t result = write(fd, text, n);

	return result < 0 ? -errno : (int)result;
}

static int events(int fd, int timeout)
{
	struct pollfd p = { .fd = fd, .events = POLLPRI | POLLIN };

	return poll(&p, 1, timeout) < 0 ? -errno : p.revents;
}

static void forms(void)
{
	static const char *const texts[] = {
		"some 150000 1000000", "some 150000 1000000\n", "full 1 500000\n", "some 0 1000000\n", "some 1000001 1000000\n",
		"some 1000000 1000000\n", "some 150000 499999\n", "some 150000 10000001\n", "some 150000 10000000\n", "some 150000\n",
		"some\n", "none 150000 1000000\n", "some -1 1000000\n", "some x 1000000\n", "some150000 1000000\n", "  some 150000 1000000\n",
		"some\t150000\n1000000\n", "some 150000 1000000 and more of it\n", "some 150000 1000000x\n", "\n",
	};

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int fd = open("/proc/pressure/memory", O_RDWR);

		TELL("form", "%u: %d", i, put(fd, texts[i], strlen(texts[i])));
		close(fd);
	}
}

static void spin_for_ever(void)
{
	for (volatile int i = 0;; i++)
		;
}

int main(void)
{
	static const char trigger[] = "some 100000 1000000";
	static const char *const names[] = { "/proc/pressure/cpu", "/proc/pressure/io", "/proc/pressure/memory" };
	struct pollfd p;
	struct stat st;
	cpu_set_t one;
	char text[100];
	pid_t pids[2];
	int fd;

	for (int i = 0; i < 3; i++) {
		stat(names[i], &st);
		TELL(names[i], "%o", st.st_mode);
	}
	CHECK_INT("nobody reads", IN_CHILD({
		setresgid(NOBODY, NOBODY, NOBODY), setresuid(NOBODY, NOBODY, NOBODY);
		_exit(open(names[0], O_RDONLY) < 0 ? errno : 0);
	}), EXITED(0));
	for (int i = 0; i < 5; i++)
		TELL("and sets a trigger", "%d %x", i, IN_CHILD({
			static const char *const windows[] = { "1000000", "2000000", "3000000", "10000000", "2500000" };
			char s[64];

			snprintf(s, sizeof(s), "some 100000 %s\n", windows[i]);
			setresgid(NOBODY, NOBODY, NOBODY), setresuid(NOBODY, NOBODY, NOBODY);
			fd = open(names[0], O_RDWR);
			_exit(fd < 0 ? errno : put(fd, s, strlen(s)) < 0 ? 100 : 0);
		}));
	forms();
	fd = open(names[0], O_RDWR);
	TELL("without one", "%x", events(fd, 0));
	TELL("empty", "%d", put(fd, "", 0));
	TELL("set", "%d", put(fd, trigger, sizeof(trigger)));
	TELL("another", "%d %d", put(fd, trigger, sizeof(trigger)), put(fd, "x", 1));
	CHECK("it reads as ever", read(fd, text, 99) > 50 && !strncmp(text, "some avg10=", 11));
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (!pids[i])
			spin_for_ever();
	}
	p = (struct pollfd){ .fd = fd, .events = POLLPRI };
	CHECK_INT("processors are short", poll(&p, 1, 20000), 1);
	TELL("which is told so", "%x", p.revents);
	CHECK_INT("and again", poll(&p, 1, 20000), 1);
	for (int i = 0; i < 2; i++)
		kill(pids[i], SIGKILL), waitpid(pids[i], NULL, 0);
	close(fd);
	fd = open(names[2], O_RDWR);
	put(fd, trigger, sizeof(trigger));
	p = (struct pollfd){ .fd = fd, .events = POLLPRI };
	CHECK_INT("memory is not", poll(&p, 1, 1500), 0);
	TELL("at once", "%x", events(fd, 0));
	close(fd);
	return tap_done();
}
