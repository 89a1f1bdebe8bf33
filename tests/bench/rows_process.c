/* SPDX-License-Identifier: MIT */
/* Rows of ./linnet bench sched: processes and threads that come and go. */
#include "bench.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char *resident;
static size_t resident_size;

static void reap(pid_t child)
{
	int status;

	MUST(child);
	MUST(waitpid(child, &status, 0));
	must(status == 0, "the child ends well");
}

static void fork_exit(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	reap(child);
}

static uint64_t run_fork(unsigned n)
{
	return TIMED(n, fork_exit());
}

static void make_resident(size_t size)
{
	resident_size = size;
	resident = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(resident != MAP_FAILED, "mmap");
	madvise(resident, size, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < size; at += 4096)
		resident[at] = 1;
}

static void make_16(void)
{
	make_resident(16ul << 20);
}

static void make_256(void)
{
	make_resident(256ul << 20);
}

static void drop_resident(void)
{
	munmap(resident, resident_size);
}

static char *const tiny[] = { "/tiny", NULL };
static char *const no_environment[] = { NULL };

/* A macro, since a function that called vfork() could not return. */
#define SPLIT_EXEC(split) do {					\
	pid_t child_ = split();					\
								\
	if (!child_) {						\
		execve("/tiny", tiny, no_environment);		\
		_exit(1);					\
	}							\
	reap(child_);						\
} while (0)

static uint64_t run_fork_exec(unsigned n)
{
	return TIMED(n, SPLIT_EXEC(fork));
}

static uint64_t run_vfork_exec(unsigned n)
{
	return TIMED(n, SPLIT_EXEC(vfork));
}

static void *nothing(void *argument)
{
	return argument;
}

static uint64_t run_thread(unsigned n)
{
	pthread_t thread;

	return TIMED(n, must(!pthread_create(&thread, NULL, nothing, NULL), "pthread_create");
		     must(!pthread_join(thread, NULL), "pthread_join"));
}

const struct row process_rows[] = {
	{ "fork+exit", run_fork, NULL, NULL, 100, 0 },
	{ "fork+exit, 16 MiB resident", run_fork, make_16, drop_resident, 10, 0 },
	{ "fork+exit, 256 MiB resident", run_fork, make_256, drop_resident, 2, 0 },
	{ "fork+exec, tiny static", run_fork_exec, NULL, NULL, 60, 0 },
	{ "vfork+exec, tiny static", run_vfork_exec, NULL, NULL, 60, 0 },
	{ "thread create+join", run_thread, NULL, NULL, 500, 0 },
	{ 0 }
};
