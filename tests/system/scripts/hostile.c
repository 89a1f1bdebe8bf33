/* SPDX-License-Identifier: MIT */
/*
 * Executes every file in /h, each in a child, twice, and tells how each ended. After
 * that the free memory is what it was after the first round.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *names[2000];
static int count;

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static long memory_free(void)
{
	char line[200];
	long n = -1;
	FILE *f = fopen("/proc/meminfo", "r");

	while (n < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "MemFree: %ld", &n);
	fclose(f);
	return n;
}

static void run(const char *name, int tell)
{
	char path[300], *arguments[] = { path, "word", NULL };
	int status, error, p[2];
	pid_t child;

	snprintf(path, sizeof(path), "/h/%s", name);
	pipe2(p, O_CLOEXEC);
	child = fork();
	if (!child) {
		alarm(3);
		execve(path, arguments, arguments + 2);
		write(p[1], &errno, sizeof(errno));
		_exit(1);
	}
	close(p[1]);
	if (read(p[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	close(p[0]);
	waitpid(child, &status, 0);
	if (!tell)
		return;
	if (error)
		printf("%s: error %d\n", name, error);
	else if (WIFSIGNALED(status))
		printf("%s: signal %d\n", name, WTERMSIG(status));
	else
		printf("%s: exit %d\n", name, WEXITSTATUS(status));
	fflush(stdout);
}

int main(void)
{
	DIR *d = opendir("/h");
	struct dirent *e;
	long before, lost;
	int rounds = 0;

	while ((e = readdir(d)) && count < 2000) {
		if (e->d_name[0] != '.')
			names[count++] = strdup(e->d_name);
	}
	qsort(names, count, sizeof(names[0]), compare);
	for (int i = 0; i < count; i++)
		run(names[i], 1);
	/* What leaks leaks each time; what caches keep, they keep once. */
	do {
		before = memory_free();
		for (int i = 0; i < count; i++)
			run(names[i], 0);
		usleep(200000);
		lost = before - memory_free();
	} while (lost > 300 && ++rounds < 3);
	if (lost > 300)
		printf("lost %ld KiB\n", lost);
	printf("end\n");
	return 0;
}
