/* SPDX-License-Identifier: MIT */
/* Tracing without the library between, and what a wait tells of it. */
#ifndef GUEST_TRACED_H
#define GUEST_TRACED_H

#include "tap.h"
#include <sys/ptrace.h>

static inline long pt(int request, pid_t pid, unsigned long addr, unsigned long data)
{
	return syscall(SYS_ptrace, request, pid, addr, data);
}

/* A wait status in words. */
static inline const char *told(int status)
{
	static char text[4][64];
	static int next;
	char *t = text[next++ & 3];

	if (status == -1)
		snprintf(t, 64, "nothing");
	else if (WIFEXITED(status))
		snprintf(t, 64, "exit %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		snprintf(t, 64, "killed %d", WTERMSIG(status));
	else if (WIFCONTINUED(status))
		snprintf(t, 64, "continued");
	else
		snprintf(t, 64, "stop 0x%x", (unsigned)status >> 8);
	return t;
}

static inline int wait_for(pid_t pid)
{
	int status = -1;

	if (waitpid(pid, &status, __WALL) != pid)
		return -1;
	return status;
}

#define O(bit) ((void *)(long)(bit))

#define TELL_WAIT(name, pid) TELL(name, "%s", told(wait_for(pid)))

/* A child that says it may be traced, stops, and then does what is said. */
#define TRACED_CHILD(...) ({					\
	pid_t pid_ = fork();					\
	if (pid_ == 0) {					\
		if (pt(PTRACE_TRACEME, 0, 0, 0))		\
			_exit(99);				\
		raise(SIGSTOP);					\
		__VA_ARGS__;					\
		_exit(0);					\
	}							\
	wait_for(pid_);						\
	pid_; })

static inline void finish(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, __WALL) == pid)
		;
}

#endif /* GUEST_TRACED_H */
