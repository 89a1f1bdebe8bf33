/* SPDX-License-Identifier: MIT */
/*
 * Test Anything Protocol for the guest tests. A test is one C file with a main()
 * that makes checks and ends with "return tap_done();". The same binary runs on
 * Linnet and on Debian's Linux, and every line must be the same on both: so print
 * nothing that may differ by itself (process numbers, addresses, times).
 *
 * A test starts in an empty folder of its own on a tmpfs, as root, in a session of
 * its own, with standard input at end of file. Checks are made by the first process
 * only; children answer through their exit status.
 */
#ifndef GUEST_TAP_H
#define GUEST_TAP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int tap_count, tap_failures;

static inline bool tap_result(bool ok, const char *name)
{
	dprintf(1, "%s %d - %s\n", ok ? "ok" : "not ok", ++tap_count, name);
	tap_failures += !ok;
	return ok;
}

static inline bool tap_int(const char *name, long got, long expected)
{
	if (got != expected)
		dprintf(1, "# got %ld, expected %ld\n", got, expected);
	return tap_result(got == expected, name);
}

static inline bool tap_errno(const char *name, long result, int got, int expected)
{
	if (result != -1)
		dprintf(1, "# got result %ld, expected error %d\n", result, expected);
	else if (got != expected)
		dprintf(1, "# got error %d (%s), expected %d\n", got, strerror(got), expected);
	return tap_result(result == -1 && got == expected, name);
}

static inline bool tap_ok(const char *name, long result, int error)
{
	if (result == -1)
		dprintf(1, "# error %d (%s)\n", error, strerror(error));
	return tap_result(result != -1, name);
}

/* Is EXPR true? */
#define CHECK(name, expr) tap_result((expr) ? true : false, name)
/* Is the number EXPR the number EXPECTED? */
#define CHECK_INT(name, expr, expected) tap_int(name, (long)(expr), (long)(expected))
/* Does CALL return -1 with errno EXPECTED? */
#define CHECK_ERRNO(name, call, expected) ({			\
	errno = 0;						\
	long result_ = (long)(call);				\
	tap_errno(name, result_, errno, expected); })
/* Does CALL return anything but -1? */
#define CHECK_OK(name, call) ({					\
	errno = 0;						\
	long result_ = (long)(call);				\
	tap_ok(name, result_, errno); })

/* Prints what was seen; Linux says what is right. */
__attribute__((format(printf, 2, 3)))
static inline void TELL(const char *name, const char *format, ...)
{
	va_list args;
	char text[1024];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(1, "ok %d - %s: %s\n", ++tap_count, name, text);
}

/* Runs statements in a child; the child's wait status. */
#define IN_CHILD(...) ({					\
	int status_ = -1;					\
	pid_t pid_ = fork();					\
	if (pid_ == 0) {					\
		__VA_ARGS__;					\
		_exit(0);					\
	}							\
	if (pid_ > 0)						\
		waitpid(pid_, &status_, 0);			\
	status_; })
#define EXITED(code) ((code) << 8)	/* a wait status */

static inline void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static inline int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static inline void file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		dprintf(1, "# cannot write %s: %s\n", path, strerror(errno));
	close(fd);
}

/* KiB of kernel objects that nobody could give up; 0 if it is not told. */
static inline long slab_kb(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[100];
	long kb = 0;

	while (f && !kb && fgets(line, sizeof(line), f))
		sscanf(line, "SUnreclaim: %ld", &kb);
	if (f)
		fclose(f);
	return kb;
}

/* The letter of a process or thread in /proc: 'S' sleeps, 'R' runs ... */
static inline char process_state(pid_t pid)
{
	char path[40], text[200] = "", *at;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (f) {
		fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	at = strrchr(text, ')');
	return at ? at[2] : '?';
}

static inline int tap_done(void)
{
	dprintf(1, "1..%d\n", tap_count);
	return tap_failures ? 1 : 0;
}

#endif /* GUEST_TAP_H */
