/* SPDX-License-Identifier: MIT */
/*
 * Process 1 of the guest tests: runs every program that /tests/list names, one
 * after the other, with its output going to the console, and powers off. It asks
 * little of the kernel, so that a kernel in trouble can still say where. A test may
 * take 30 seconds, or as many as /tests/limit says, for slow kernels.
 *
 * On the console: "@begin NAME", the test's own lines, "@end NAME exit N",
 * "@end NAME signal N" or "@end NAME timeout"; "@done" comes last.
 */
#include "rt.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/reboot.h>
#include <linux/time.h>
#include <linux/wait.h>

#define STEP_MS 2
#define LIMIT_S 30

static char list[16384];
static long limit_ms = LIMIT_S * 1000;
static char *environment[] = { "PATH=/bin", "HOME=/", NULL };

/* "LEAD NAME WORD[ NUMBER]" as one write, so that nothing comes between. */
static void mark(const char *lead, const char *name, const char *word, long number)
{
	const char *parts[] = { lead, name, word };
	char line[256], *end = line;

	for (size_t i = 0; i < 3; i++) {
		size_t n = rt_strlen(parts[i]);

		if (n > 80)
			n = 80;
		memcpy(end, parts[i], n);
		end += n;
	}
	if (number >= 0)
		end = rt_decimal(end, (unsigned long)number);
	*end++ = '\n';
	SYS(write, 1, line, end - line);
}

static void path_join(char *to, const char *folder, const char *name)
{
	size_t n = rt_strlen(folder), m = rt_strlen(name);

	memcpy(to, folder, n);
	memcpy(to + n, name, m + 1);
}

static void test_become(char *name)
{
	char path[128], folder[128];
	char *argv[] = { path, NULL };
	long null = SYS(open, "/dev/null", O_RDONLY, 0);

	path_join(path, "/tests/", name);
	path_join(folder, "/tmp/", name);
	SYS(setsid);
	if (null >= 0) {
		SYS(dup2, null, 0);
		SYS(close, null);
	}
	SYS(mkdir, folder, 0755);
	SYS(chdir, folder);
	SYS(umask, 022);
	SYS(execve, path, argv, environment);
	SYS(exit_group, 127);
}

/* Waits for the child; returns its status, or -1 when its time is up. */
static int test_wait(long child)
{
	struct timespec step = { .tv_nsec = STEP_MS * 1000000 };
	int status;

	for (long waited = 0; waited < limit_ms; waited += STEP_MS) {
		long pid = SYS(wait4, -1, &status, WNOHANG, 0);

		if (pid == child)
			return status;
		if (pid <= 0)
			SYS(nanosleep, &step, 0);
	}
	return -1;
}

static void test_run(char *name)
{
	int status;
	long child;

	mark("@begin ", name, "", -1);
	child = SYS(fork);
	if (!child)
		test_become(name);
	if (child < 0) {
		mark("@end ", name, " nofork ", -child);
		return;
	}
	status = test_wait(child);
	SYS(kill, -1, SIGKILL);
	while (SYS(wait4, -1, 0, 0, 0) > 0)
		;
	if (status < 0)
		mark("@end ", name, " timeout", -1);
	else if (status & 0x7f)
		mark("@end ", name, " signal ", status & 0x7f);
	else
		mark("@end ", name, " exit ", status >> 8);
}

static void console_open(void)
{
	long fd = SYS(open, "/dev/console", O_RDWR, 0);

	for (int i = 0; i < 3 && fd >= 0; i++)
		if (fd != i)
			SYS(dup2, fd, i);
	if (fd > 2)
		SYS(close, fd);
}

/* What a file holds, up to size - 1 bytes, with a 0 after them; nothing if it is not there. */
static void file_read(const char *path, char *to, size_t size)
{
	long fd = SYS(open, path, O_RDONLY, 0);
	long n = fd < 0 ? 0 : SYS(read, fd, to, size - 1);

	to[n > 0 ? n : 0] = 0;
	if (fd >= 0)
		SYS(close, fd);
}

static void limit_read(void)
{
	char text[16];
	long seconds = 0;

	file_read("/tests/limit", text, sizeof(text));
	for (const char *s = text; *s >= '0' && *s <= '9'; s++)
		seconds = 10 * seconds + *s - '0';
	if (seconds)
		limit_ms = 1000 * seconds;
}

int rt_main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	SYS(mount, "devtmpfs", "/dev", "devtmpfs", 0, 0);
	SYS(mount, "proc", "/proc", "proc", 0, 0);
	SYS(mount, "tmpfs", "/tmp", "tmpfs", 0, 0);
	console_open();
	file_read("/tests/list", list, sizeof(list));
	limit_read();
	for (char *name = list, *s = list; *s; s++) {
		if (*s != '\n')
			continue;
		*s = 0;
		test_run(name);
		name = s + 1;
	}
	mark("@done", "", "", -1);
	SYS(sync);
	SYS(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF, 0);
	for (;;)
		SYS(pause);
}
