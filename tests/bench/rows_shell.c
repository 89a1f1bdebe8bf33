/* SPDX-License-Identifier: MIT */
/*
 * Rows of ./linnet bench ipc: shells and what they start, all of them Debian's dynamic
 * programs. The longest are the length of what people wait for.
 */
#include "bench.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void run_program(char *const words[])
{
	static char *const environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };
	int status;
	pid_t child = vfork();

	MUST(child);
	if (!child) {
		dup2(open("/dev/null", O_WRONLY), 1);
		execve(words[0], words, environment);
		_exit(127);
	}
	MUST(waitpid(child, &status, 0));
	must(status == 0, words[0]);
}

#define PROGRAM(function, ...)						\
static uint64_t function(unsigned n)					\
{									\
	char *words[] = { __VA_ARGS__, NULL };				\
									\
	return TIMED(n, run_program(words));				\
}

PROGRAM(run_true, "/bin/sh", "-c", "true")
PROGRAM(run_loop, "/bin/sh", "-c", "i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done")
PROGRAM(run_subshells, "/bin/sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do x=$(echo $i); done")
PROGRAM(run_pipeline, "/bin/sh", "-c", "for i in 1 2 3 4 5; do echo $i | cat | wc -l; done")
PROGRAM(run_files, "/bin/sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do echo $i >f$i; done; cat f*; rm f*")
PROGRAM(run_python, "/usr/bin/python3", "-c", "pass")
PROGRAM(run_configure, "/bin/sh", "/configure")

const struct row shell_rows[] = {
	{ "sh -c true", run_true, NULL, NULL, 20, 0 },
	{ "shell: 1,000 turns of a loop", run_loop, NULL, NULL, 5, 0 },
	{ "shell: 10 subshells", run_subshells, NULL, NULL, 10, 0 },
	{ "shell: 5 pipelines of 3", run_pipeline, NULL, NULL, 5, 0 },
	{ "shell: 10 files made and read", run_files, NULL, NULL, 10, 0 },
	{ "start python3", run_python, NULL, NULL, 3, 0 },
	{ "a configure-like script", run_configure, NULL, NULL, 1, 0 },
	{ 0 }
};
