/* SPDX-License-Identifier: MIT */
/*
 * bomb UID: lets a shell's fork bomb go off for three seconds, ends it, and looks
 * whether all memory is back and a fork works. It needs no fork itself meanwhile.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

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

static pid_t start(int uid, const char *script)
{
	pid_t child = fork();

	if (child)
		return child;
	setpgid(0, 0);
	freopen("/dev/null", "w", stderr);
	if (setgid(uid) || setuid(uid))
		_exit(1);
	execl("/bin/bash-static", "bash", "-c", script, NULL);
	_exit(1);
}

int main(int argc, char **argv)
{
	int uid = atoi(argv[argc - 1]), rounds = 0;
	long before, after;
	pid_t group;

	waitpid(start(uid, ":"), NULL, 0);
	before = memory_free();
	group = start(uid, "b() { b | b & }; b");
	sleep(3);
	while ((kill(-group, SIGKILL) == 0 || errno != ESRCH) && rounds++ < 1000) {
		waitpid(-1, NULL, WNOHANG);
		usleep(10000);
	}
	printf("%s\n", rounds < 1000 ? "ended" : "still there");
	usleep(500000);
	after = memory_free();
	if (after < before - 2048)
		printf("%ld KiB, then %ld\n", before, after);
	printf("fork: %d\n", WEXITSTATUS(system("exit 7")));
	return 0;
}
