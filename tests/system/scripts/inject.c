/* SPDX-License-Identifier: MIT */
/*
 * Out of memory in every allocation: arms /proc/thread-self/fail-nth with 1, 2, ...
 * before a system call until the call meets no failure any more. Twice for each call;
 * the second round must leave as much memory as the first did.
 *
 *	inject CALL		prints "CALL: N allocations", and what was lost
 *	inject after FD		what exec starts: tells whether its exec had a failure
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 3000
enum { CLEAN = 2, FAILED = 3 };

static int inject_fd;

static int inject_open(void)
{
	inject_fd = open("/proc/thread-self/fail-nth", O_RDWR);
	if (inject_fd < 0) {
		perror("fail-nth");
		exit(1);
	}
	return inject_fd;
}

static void arm(int n)
{
	char text[20];
	int length = sprintf(text, "%d", n);

	if (pwrite(inject_fd, text, length, 0) != length) {
		perror("arming");
		exit(1);
	}
}

/* Disarms. CLEAN: nothing had failed yet. */
static int disarm(void)
{
	char text[20] = "";
	ssize_t n = pread(inject_fd, text, sizeof(text) - 1, 0);
	int clean = n < 0 || atoi(text) > 0;	/* the reading itself may have been hit */

	while (pwrite(inject_fd, "0", 1, 0) != 1)
		;
	return clean ? CLEAN : FAILED;
}

/* Bytes of kernel objects in use, as /proc/slabinfo counts them. */
static long objects_used(void)
{
	char line[300], name[100];
	long used, all, size, sum = 0;
	FILE *f;

	usleep(300000);		/* what is freed later is free then */
	f = fopen("/proc/slabinfo", "r");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%99s %ld %ld %ld", name, &used, &all, &size) == 4)
			sum += used * size;
	}
	fclose(f);
	return sum;
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

static int call_fork(int n)
{
	pid_t child;
	int state;

	arm(n);
	child = fork();
	if (!child)
		_exit(0);
	state = disarm();
	if (child > 0)
		waitpid(child, NULL, 0);
	return state;
}

static void *nothing(void *p)
{
	return p;
}

static int call_thread(int n)
{
	pthread_t t;
	int error, state;

	arm(n);
	error = pthread_create(&t, NULL, nothing, NULL);
	state = disarm();
	if (!error)
		pthread_join(t, NULL);
	return state;
}

static int exec_with(const char *file, int n)
{
	pid_t child = fork();
	int status;

	if (!child) {
		char number[20];

		inject_open();
		sprintf(number, "%d", inject_fd);
		arm(n);
		execl(file, "inject", "after", number, NULL);
		_exit(errno == ENOMEM || errno == EAGAIN ? FAILED : 4);
	}
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		return FAILED;
	if (WEXITSTATUS(status) == 4) {
		printf("exec: an odd error\n");
		exit(1);
	}
	return WEXITSTATUS(status);
}

static int call_exec(int n)
{
	return exec_with("/inject", n);
}

static int call_script(int n)
{
	return exec_with("/inject-script", n);
}

static int call_vfork(int n)
{
	pid_t child;
	int state;

	arm(n);
	child = vfork();
	if (!child)
		_exit(0);
	state = disarm();
	if (child > 0)
		waitpid(child, NULL, 0);
	return state;
}

static int call_mmap(int n)
{
	const size_t size = 1 << 20;
	char *p, *moved = MAP_FAILED;
	int state;

	arm(n);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p != MAP_FAILED) {
		mprotect(p + 8192, 4096, PROT_READ);
		mprotect(p + 8192, 4096, PROT_READ | PROT_WRITE);
		moved = mremap(p, size, 2 * size, MREMAP_MAYMOVE);
	}
	state = disarm();
	if (moved != MAP_FAILED)
		munmap(moved, 2 * size);
	else if (p != MAP_FAILED)
		munmap(p, size);
	return state;
}

static int call_files(int n)
{
	int p[2] = { -1, -1 }, e, f, state;

	arm(n);
	f = open("/tmp/file", O_CREAT | O_RDWR, 0600);
	write(f, "text", 4);
	mkdir("/tmp/dir", 0700);
	symlink("target", "/tmp/dir/link");
	rename("/tmp/file", "/tmp/dir/file");
	pipe(p);
	write(p[1], "x", 1);
	e = epoll_create1(0);
	epoll_ctl(e, EPOLL_CTL_ADD, p[0], &(struct epoll_event){ .events = EPOLLIN });
	state = disarm();
	close(f), close(p[0]), close(p[1]), close(e);
	unlink("/tmp/file"), unlink("/tmp/dir/file"), unlink("/tmp/dir/link"), rmdir("/tmp/dir");
	return state;
}

static const struct {
	const char *name;
	int (*call)(int n);
} calls[] = {
	{ "fork", call_fork }, { "vfork", call_vfork }, { "thread", call_thread },
	{ "exec", call_exec }, { "script", call_script }, { "mmap", call_mmap },
	{ "files", call_files },
};

static int allocations(int (*call)(int n))
{
	int n = 1;

	while (n < MOST && call(n) != CLEAN)
		n++;
	return n - 1;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "after")) {
		inject_fd = atoi(argv[argc - 1]);
		_exit(disarm());
	}
	inject_open();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int count = allocations(calls[i].call);
		long objects, memory;

		allocations(calls[i].call);
		objects = objects_used();
		memory = memory_free();
		for (int round = 0; round < 4; round++)
			allocations(calls[i].call);
		objects = objects_used() - objects;
		memory -= memory_free();
		fprintf(stderr, "%s: %d allocations, %ld bytes of objects and %ld KiB of memory lost\n",
			calls[i].name, count, objects, memory);
		printf("%s: %s\n", calls[i].name,
		       count < 1 ? "none" : count >= MOST ? "endless" :
		       objects > 2000 || memory > 100 ? "lost" : "done");
		fflush(stdout);
	}
	return 0;
}
