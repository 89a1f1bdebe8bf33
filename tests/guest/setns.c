/* SPDX-License-Identifier: MIT */
/* setns: entering the namespaces one is in; who may, and who may not. */
#include "raw.h"
#include "told.h"
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static const struct { const char *name; unsigned flag; } kind[] = {
	{ "cgroup", CLONE_NEWCGROUP }, { "ipc", CLONE_NEWIPC }, { "mnt", CLONE_NEWNS }, { "net", CLONE_NEWNET }, { "pid", CLONE_NEWPID },
	{ "pid_for_children", CLONE_NEWPID }, { "time", CLONE_NEWTIME }, { "time_for_children", CLONE_NEWTIME }, { "user", CLONE_NEWUSER }, { "uts", CLONE_NEWUTS },
};
#define KINDS (sizeof(kind) / sizeof(kind[0]))
static int fd[KINDS], me, first;

/* The results for each kind, by its own flag, with none, with another's, with that and its own, and by pidfds. */
static void all(void)
{
	for (unsigned i = 0; i < KINDS; i++)
		say("%s %ld %ld %ld %ld %ld %ld; ", kind[i].name, CALL(setns, fd[i], kind[i].flag), CALL(setns, fd[i], 0), CALL(setns, fd[i], kind[(i + 2) % KINDS].flag),
		    CALL(setns, fd[i], kind[i].flag | 1), CALL(setns, me, kind[i].flag), CALL(setns, first, kind[i].flag));
	say("all %ld %ld", CALL(setns, me, CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC), CALL(setns, first, CLONE_NEWUSER | CLONE_NEWNET));
}

static void *sleeper(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void threaded(void)
{
	pthread_t t;

	pthread_create(&t, NULL, sleeper, NULL);
	all();
}

static void becomes_nobody(void)
{
	setresgid(65534, 65534, 65534), setresuid(65534, 65534, 65534);
	prctl(PR_SET_DUMPABLE, 1);
}

int main(void)
{
	char name[60];
	int path, pipes[2];

	for (unsigned i = 0; i < KINDS; i++) {
		snprintf(name, sizeof(name), "/proc/self/ns/%s", kind[i].name);
		fd[i] = open(name, O_RDONLY | O_CLOEXEC);
	}
	first = CALL(pidfd_open, 1, 0);
	path = open("/proc/self/ns/net", O_PATH);
	pipe(pipes);
	SAY("what is no namespace", CALL(setns, -1, 0), CALL(setns, 99, CLONE_NEWNET), CALL(setns, path, 0), CALL(setns, pipes[0], 0), CALL(setns, pipes[0], CLONE_NEWNET),
	    CALL(setns, open("/", O_RDONLY), 0), CALL(setns, first, 0), CALL(setns, first, 1), CALL(setns, first, CLONE_NEWNET | CLONE_VM));
	TOLD("root", { me = CALL(pidfd_open, getpid(), 0); all(); });
	TOLD("root with two threads", { me = CALL(pidfd_open, getpid(), 0); threaded(); });
	TOLD("nobody", { me = CALL(pidfd_open, getpid(), 0); becomes_nobody(); all(); });
	TOLD("where one is then", {
		char at[200] = "";
		chdir("/proc");
		say("%ld ", CALL(setns, fd[0], 0));
		say("%s ", getcwd(at, sizeof(at)));
		say("%ld ", CALL(setns, fd[2], 0));
		say("%s ", getcwd(at, sizeof(at)));
	});
	TOLD("out of a changed root", {
		mkdir("jail", 0755), mkdir("jail/in", 0755);
		chroot("jail"), chdir("/in");
		say("%ld ", CALL(access, "/proc/self", F_OK));
		say("%ld ", CALL(setns, fd[2], CLONE_NEWNS));
		say("%ld ", CALL(access, "/proc/self", F_OK));
	});
	TOLD("a shared directory", {
		long r;
		char *stack = malloc(65536);
		int child = clone((int (*)(void *))(void *)sleeper, stack + 65536, CLONE_FS | SIGCHLD, NULL);

		r = CALL(setns, fd[2], 0);
		say("%ld %ld", r, CALL(setns, first, CLONE_NEWNS | CLONE_NEWUTS));
		kill(child, SIGKILL);
	});
	TOLD("a process that is gone", {
		int gone = fork();

		if (!gone)
			_exit(0);
		me = CALL(pidfd_open, gone, 0);
		say("%ld ", CALL(setns, me, CLONE_NEWNET));
		waitpid(gone, NULL, 0);
		say("%ld ", CALL(setns, me, CLONE_NEWNET));
	});
	TOLD("unshare, nobody", {
		becomes_nobody();
		for (unsigned i = 0; i < KINDS; i++)
			if (kind[i].flag != CLONE_NEWUSER)
				say("%s %ld ", kind[i].name, CALL(unshare, kind[i].flag));
		say("%ld %ld", CALL(unshare, 1), CALL(unshare, CLONE_NEWNS | 1));
	});
	return tap_done();
}
