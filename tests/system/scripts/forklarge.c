/* SPDX-License-Identifier: MIT */
/* forklarge MIB [small]: what fork and exit cost beside MIB MiB that were written to, in pages of 4 KiB if "small". */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

/* The best of some. */
static long fork_exit(void)
{
	long best = 1L << 62;

	for (int i = 0; i < 12; i++) {
		long start = now(), spent;
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
		spent = now() - start;
		best = spent < best ? spent : best;
	}
	return best;
}

int main(int argc, char **argv)
{
	size_t size = strtoul(argv[1], NULL, 10) << 20;
	long small = fork_exit(), large;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || (argc > 2 && madvise(p, size, MADV_NOHUGEPAGE)))
		return 1;
	for (size_t i = 0; i < size; i += 4096)
		p[i] = 1;
	large = fork_exit();
	printf("%ld us, with %s MiB %ld us: %.1f times\n", small / 1000, argv[1], large / 1000, (double)large / small);
	return 0;
}
