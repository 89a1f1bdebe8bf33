/* SPDX-License-Identifier: MIT */
/* clone(2) and clone3(2): their flags and errors; pidfds; set_tid; what clone3 refuses. */
#include "tap.h"
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#define NO_FD 999

static long clone3_(struct clone_args *a, size_t size)
{
	return syscall(SYS_clone3, a, size);
}

/* Calls clone3 and, should it work, ends and reaps the child. The error, or 0. */
static int try3(struct clone_args a)
{
	long p = clone3_(&a, sizeof(a));
	int error = errno;

	if (!p)
		_exit(0);
	if (p < 0)
		return error;
	waitpid((pid_t)p, NULL, __WALL);
	return 0;
}

static int try(unsigned long flags)
{
	static int tid;
	long p = syscall(SYS_clone, flags, 0, &tid, &tid, 0);
	int error = errno;

	if (!p)
		_exit(0);
	if (p < 0)
		return error;
	waitpid((pid_t)p, NULL, __WALL);
	return 0;
}

static void errors(void)
{
	struct { struct clone_args a; uint64_t more[4]; } big = { .a = { .exit_signal = SIGCHLD } };
	struct clone_args *a = &big.a;
	int number = 0;

	CHECK_ERRNO("too small", clone3_(a, 63), EINVAL);
	CHECK_ERRNO("nothing", clone3_(a, 0), EINVAL);
	CHECK_ERRNO("larger than a page", clone3_(a, 4097), E2BIG);
	CHECK_ERRNO("bad address", clone3_((void *)8, 64), EFAULT);
	CHECK_ERRNO("too large before a bad address", clone3_((void *)8, 5000), E2BIG);
	big.more[0] = 1;
	CHECK_ERRNO("unknown field not zero", clone3_(a, sizeof(*a) + 8), E2BIG);
	big.more[0] = 0;
	long p = clone3_(a, sizeof(big));
	if (!p)
		_exit(3);
	int status;
	waitpid((pid_t)p, &status, 0);
	CHECK_INT("unknown fields that are zero", status, EXITED(3));
	p = clone3_(a, 64);
	if (!p)
		_exit(4);
	waitpid((pid_t)p, &status, 0);
	CHECK_INT("the first version's size", status, EXITED(4));
	CHECK_INT("exit signal 65", try3((struct clone_args){ .exit_signal = 65 }), EINVAL);
	signal(64, SIG_IGN);
	CHECK_INT("exit signal 64", try3((struct clone_args){ .exit_signal = 64 }), 0);
	CHECK_INT("exit signal 256", try3((struct clone_args){ .exit_signal = 256 }), EINVAL);
	CHECK_INT("exit signal and CLONE_PARENT", try3((struct clone_args){ .flags = CLONE_PARENT, .exit_signal = SIGCHLD }), EINVAL);
	CHECK_INT("exit signal and CLONE_THREAD", try3((struct clone_args){ .flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM,
		  .exit_signal = SIGCHLD }), EINVAL);
	CHECK_INT("a signal among the flags", try3((struct clone_args){ .flags = SIGCHLD }), EINVAL);
	CHECK_INT("CLONE_DETACHED", try3((struct clone_args){ .flags = CLONE_DETACHED, .exit_signal = SIGCHLD }), EINVAL);
	CHECK_INT("flag 2^34", try3((struct clone_args){ .flags = 1UL << 34, .exit_signal = SIGCHLD }), EINVAL);
	CHECK_INT("flag 2^63", try3((struct clone_args){ .flags = 1UL << 63, .exit_signal = SIGCHLD }), EINVAL);
	CHECK_INT("CLONE_THREAD alone", try3((struct clone_args){ .flags = CLONE_THREAD }), EINVAL);
	CHECK_INT("CLONE_SIGHAND alone", try3((struct clone_args){ .flags = CLONE_SIGHAND, .exit_signal = SIGCHLD }), EINVAL);
	CHECK_INT("handlers shared and cleared", try3((struct clone_args){ .flags = CLONE_SIGHAND | CLONE_VM | CLONE_CLEAR_SIGHAND,
		  .exit_signal = SIGCHLD }), EINVAL);
	CHECK_INT("stack without size", try3((struct clone_args){ .exit_signal = SIGCHLD, .stack = 4096 }), EINVAL);
	CHECK_INT("size without stack", try3((struct clone_args){ .exit_signal = SIGCHLD, .stack_size = 4096 }), EINVAL);
	CHECK_INT("stack beyond memory", try3((struct clone_args){ .exit_signal = SIGCHLD, .stack = 1UL << 47, .stack_size = 4096 }),
		  EINVAL);
	CHECK_INT("stack that wraps", try3((struct clone_args){ .exit_signal = SIGCHLD, .stack = 4096, .stack_size = ~0UL }), EINVAL);
	CHECK_INT("thread storage beyond memory", try3((struct clone_args){ .flags = CLONE_SETTLS, .exit_signal = SIGCHLD,
		  .tls = 1UL << 63 }), EPERM);
	CHECK_INT("CLONE_NEWNS and CLONE_FS", try3((struct clone_args){ .flags = CLONE_NEWNS | CLONE_FS, .exit_signal = SIGCHLD }), EINVAL);
	CHECK_INT("CLONE_NEWUSER and CLONE_FS", try3((struct clone_args){ .flags = CLONE_NEWUSER | CLONE_FS,
		  .exit_signal = SIGCHLD }), EINVAL);
	CHECK_INT("CLONE_NEWIPC and CLONE_SYSVSEM", try3((struct clone_args){ .flags = CLONE_NEWIPC | CLONE_SYSVSEM,
		  .exit_signal = SIGCHLD }), EINVAL);
	CHECK_INT("control group: number", try3((struct clone_args){ .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD,
		  .cgroup = 1UL << 31 }), EINVAL);
	a->flags = CLONE_INTO_CGROUP;
	CHECK_ERRNO("control group: size of the arguments", clone3_(a, 80), EINVAL);
	a->flags = 0;
	CHECK_INT("control group: no such file", try3((struct clone_args){ .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD,
		  .cgroup = NO_FD }), EBADF);
	number = open("/", O_RDONLY | O_DIRECTORY);
	CHECK_INT("control group: a file that is none", try3((struct clone_args){ .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD,
		  .cgroup = (unsigned)number }), EBADF);
	close(number);
	CHECK_INT("old call: exit signal 100", try(100), 0);
	CHECK_INT("old call: upper half of the flags", try(CLONE_CLEAR_SIGHAND | SIGCHLD), 0);
	CHECK_INT("old call: CLONE_DETACHED", try(CLONE_DETACHED | SIGCHLD), 0);
	CHECK_INT("old call: pidfd and tid go to one place", try(CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD), EINVAL);
	CHECK_INT("old call: pidfd and CLONE_DETACHED", try(CLONE_PIDFD | CLONE_DETACHED | SIGCHLD), EINVAL);
	CHECK_INT("old call: pidfd of a thread", try(CLONE_PIDFD | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM), EINVAL);
	CHECK_INT("old call: CLONE_IO, CLONE_SYSVSEM, CLONE_UNTRACED", try(CLONE_IO | CLONE_SYSVSEM | CLONE_UNTRACED | CLONE_PTRACE | SIGCHLD), 0);
}

static void set_tid(void)
{
	int tids[2] = { 0, 0 }, status;
	struct clone_args a = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)tids, .set_tid_size = 1 };

#define WITH(tid_, at, n) (tids[0] = (tid_), a.set_tid = (uintptr_t)(at), a.set_tid_size = (n), try3(a))
	CHECK_INT("array without size", WITH(5, tids, 0), EINVAL);
	CHECK_INT("size without array", WITH(5, NULL, 1), EINVAL);
	CHECK_INT("more levels than can be", WITH(5, tids, 33), EINVAL);
	CHECK_INT("more levels than there are", WITH(5, tids, 2), EINVAL);
	CHECK_INT("bad address", WITH(5, 8, 1), EFAULT);
	CHECK_INT("number 0", WITH(0, tids, 1), EINVAL);
	CHECK_INT("number -1", WITH(-1, tids, 1), EINVAL);
	CHECK_INT("number too large", WITH(1 << 22, tids, 1), EINVAL);
	CHECK_INT("number in use", WITH(getpid(), tids, 1), EEXIST);
	CHECK_INT("number 1 is in use too", WITH(1, tids, 1), EEXIST);
	tids[0] = 31234;
	a.set_tid_size = 1;
	long p = clone3_(&a, sizeof(a));
	if (!p)
		_exit(getpid() == 31234 ? 6 : 7);
	CHECK_INT("number", p, 31234);
	waitpid((pid_t)p, &status, 0);
	CHECK_INT("the child has it", status, EXITED(6));
	CHECK_INT("it is free again", WITH(31234, tids, 1), 0);
	CHECK_INT("not for everybody", IN_CHILD(setuid(1000); _exit(WITH(31234, tids, 1))), EXITED(EPERM));
	int next = fork();
	if (!next)
		_exit(0);
	waitpid(next, NULL, 0);
	CHECK("numbers go on where they were", next < 31234);
}

static volatile int handled;

static void on_signal(int n)
{
	handled = n;
}

static void handlers(void)
{
	struct clone_args a = { .flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
	struct sigaction sa;
	int status;

	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, SIG_IGN);
	long p = clone3_(&a, sizeof(a));
	if (!p) {
		sigaction(SIGUSR1, NULL, &sa);
		status = sa.sa_handler == SIG_DFL;
		sigaction(SIGUSR2, NULL, &sa);
		_exit(status + 2 * (sa.sa_handler == SIG_IGN) + 4 * (sa.sa_handler == SIG_DFL));
	}
	waitpid((pid_t)p, &status, 0);
	TELL("CLONE_CLEAR_SIGHAND", "%d", WEXITSTATUS(status));
	sigaction(SIGUSR1, NULL, &sa);
	CHECK("ours stay", sa.sa_handler == on_signal);
	a = (struct clone_args){ .exit_signal = SIGUSR1 };
	p = clone3_(&a, sizeof(a));
	if (!p)
		_exit(0);
	CHECK_INT("another exit signal: waits are for clones", waitpid((pid_t)p, &status, __WCLONE), p);
	CHECK_INT("the signal came", handled, SIGUSR1);
	handled = 0;
	signal(SIGCHLD, on_signal);
	a.exit_signal = 0;
	p = clone3_(&a, sizeof(a));
	if (!p)
		_exit(0);
	CHECK_INT("no exit signal", waitpid((pid_t)p, &status, __WALL), p);
	CHECK_INT("none came", handled, 0);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
}

static void parents(void)
{
	int status, pipes[2], who[2];

	pipe(pipes);
	CHECK_INT("CLONE_PARENT", IN_CHILD({
		long p = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, NULL, NULL, 0);
		if (!p) {
			who[0] = getppid();
			who[1] = getpid();
			write(pipes[1], who, sizeof(who));
			_exit(8);
		}
		_exit(waitpid((pid_t)p, &status, 0) < 0 ? errno : 0);
	}), EXITED(ECHILD));
	read(pipes[0], who, sizeof(who));
	CHECK_INT("it is our child", who[0], getpid());
	CHECK_INT("for us to wait for", waitpid(who[1], &status, 0), who[1]);
	CHECK_INT("its status", status, EXITED(8));
	close(pipes[0]);
	close(pipes[1]);
}

/* Children that share our memory run on the stack given, from here on. */
static char stack[65536] __attribute__((aligned(64)));
static volatile long shared;

static int set_shared(void *arg)
{
	(void)arg;
	sleep_ms(30);
	shared = 9;
	return 0;
}

static void places(void)
{
	static int parent_tid, child_tid;
	int status;
	struct clone_args a = { .flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID, .exit_signal = SIGCHLD,
		.parent_tid = (uintptr_t)&parent_tid, .child_tid = (uintptr_t)&child_tid };
	long p = clone3_(&a, sizeof(a));

	if (!p)
		_exit(child_tid == getpid() ? 5 : 6);
	CHECK_INT("the parent is told", parent_tid, p);
	CHECK_INT("its copy of the child's is not", child_tid, 0);
	waitpid((pid_t)p, &status, 0);
	CHECK_INT("the child is", status, EXITED(5));
	a.parent_tid = a.child_tid = 8;
	p = clone3_(&a, sizeof(a));
	if (!p)
		_exit(7);
	waitpid((pid_t)p, &status, 0);
	CHECK_INT("bad places are passed over", status, EXITED(7));
	shared = 0;
	p = clone(set_shared, stack + sizeof(stack), CLONE_VFORK | CLONE_VM | SIGCHLD, NULL);
	CHECK_INT("CLONE_VFORK waits", shared, 9);
	waitpid((pid_t)p, &status, 0);
}

static int pidfd_(int pid, unsigned flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static short ready(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	poll(&p, 1, ms);
	return p.revents;
}

static int wait_fd(int fd, int options)
{
	siginfo_t info = { 0 };

	return waitid(P_PIDFD, (id_t)fd, &info, options) < 0 ? -errno : info.si_status;
}

static void pidfds(void)
{
	int fd = -1, status, gate[2];
	struct clone_args a = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = (uintptr_t)&fd };
	char link[64], name[64] = "";
	siginfo_t info;

	pipe(gate);
	long p = clone3_(&a, sizeof(a));
	if (!p) {
		char c;

		close(gate[1]);
		read(gate[0], &c, 1);
		_exit(fd == -1 ? 21 : 22);
	}
	CHECK("CLONE_PIDFD", fd >= 0);
	CHECK_INT("closed by exec", fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_INT("its flags", fcntl(fd, F_GETFL), O_RDWR);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	readlink(link, name, sizeof(name) - 1);
	TELL("its name", "%s", name);
	CHECK_INT("not readable yet", ready(fd, 0), 0);
	CHECK_INT("nothing to report", wait_fd(fd, WEXITED | WNOHANG), 0);
	CHECK_INT("a signal that only looks", syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), 0);
	CHECK_ERRNO("it cannot be read", read(fd, name, 8), EINVAL);
	CHECK_ERRNO("nor written", write(fd, name, 8), EINVAL);
	write(gate[1], "x", 1);
	CHECK_INT("readable at its end", ready(fd, 10000), POLLIN);
	CHECK_INT("the status, kept", wait_fd(fd, WEXITED | WNOWAIT), 21);
	CHECK_INT("the status", wait_fd(fd, WEXITED), 21);
	CHECK_INT("which is taken", wait_fd(fd, WEXITED), -ECHILD);
	CHECK_INT("still readable", ready(fd, 0), POLLIN);
	CHECK_ERRNO("no signal any more", syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), ESRCH);
	close(fd);
	a.pidfd = 8;
	CHECK_INT("bad place for the descriptor", try3(a), EFAULT);
	CHECK_INT("none is left open", fcntl(fd, F_GETFD), -1);
	struct rlimit old, few = { 3, 3 };
	getrlimit(RLIMIT_NOFILE, &old);
	few.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	a.pidfd = (uintptr_t)&fd;
	CHECK_INT("no descriptor left", try3(a), EMFILE);
	setrlimit(RLIMIT_NOFILE, &old);
	p = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &fd, NULL, 0);
	if (!p)
		_exit(23);
	CHECK_INT("old call", wait_fd(fd, WEXITED), 23);
	close(fd);

	CHECK_ERRNO("open: flags", pidfd_(getpid(), 1), EINVAL);
	CHECK_ERRNO("open: number 0", pidfd_(0, 0), EINVAL);
	CHECK_ERRNO("open: negative", pidfd_(-5, 0), EINVAL);
	CHECK_ERRNO("open: nobody", pidfd_(4000000, 0), ESRCH);
	p = fork();
	if (!p)
		pause();
	fd = pidfd_((pid_t)p, O_NONBLOCK);
	CHECK("open", fd >= 0);
	CHECK_INT("its flags", fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
	CHECK_INT("wait without waiting", wait_fd(fd, WEXITED), -EAGAIN);
	CHECK_INT("said twice", wait_fd(fd, WEXITED | WNOHANG), 0);
	CHECK_ERRNO("signal: flags", syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 1), EINVAL);
	CHECK_ERRNO("signal: number", syscall(SYS_pidfd_send_signal, fd, 65, NULL, 0), EINVAL);
	CHECK_ERRNO("signal: negative", syscall(SYS_pidfd_send_signal, fd, -1, NULL, 0), EINVAL);
	CHECK_ERRNO("signal: bad information", syscall(SYS_pidfd_send_signal, fd, SIGTERM, (void *)8, 0), EFAULT);
	memset(&info, 0, sizeof(info));
	info.si_signo = SIGINT;
	CHECK_ERRNO("signal: of another number", syscall(SYS_pidfd_send_signal, fd, SIGTERM, &info, 0), EINVAL);
	info.si_signo = SIGTERM;
	CHECK_ERRNO("signal: as if from kill", syscall(SYS_pidfd_send_signal, fd, SIGTERM, &info, 0), EPERM);
	info.si_code = SI_TKILL;
	CHECK_ERRNO("signal: as if from tkill", syscall(SYS_pidfd_send_signal, fd, SIGTERM, &info, 0), EPERM);
	CHECK_ERRNO("signal: no pidfd", syscall(SYS_pidfd_send_signal, gate[0], SIGTERM, NULL, 0), EBADF);
	CHECK_ERRNO("signal: no file", syscall(SYS_pidfd_send_signal, NO_FD, SIGTERM, NULL, 0), EBADF);
	CHECK_INT("wait: no pidfd", wait_fd(gate[0], WEXITED), -EBADF);
	CHECK_INT("wait: no file", wait_fd(NO_FD, WEXITED), -EBADF);
	CHECK_INT("wait: negative", wait_fd(-1, WEXITED), -EINVAL);
	CHECK_INT("not by another user", IN_CHILD(setuid(1000);
		  _exit(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) < 0 ? errno : 0)), EXITED(EPERM));
	info.si_code = SI_QUEUE;
	CHECK_INT("signal: queued", syscall(SYS_pidfd_send_signal, fd, SIGTERM, &info, 0), 0);
	CHECK_INT("which ends it", ready(fd, 10000), POLLIN);
	CHECK_INT("by the signal", wait_fd(fd, WEXITED), SIGTERM);
	close(fd);
	fd = pidfd_(getpid(), 0);
	CHECK_INT("wait for oneself", wait_fd(fd, WEXITED), -ECHILD);
	signal(SIGUSR1, on_signal);
	handled = 0;
	CHECK_INT("signal oneself", syscall(SYS_pidfd_send_signal, fd, SIGUSR1, NULL, 0), 0);
	CHECK_INT("it came", handled, SIGUSR1);
	/* Python's signal.pidfd_send_signal() was refused: it opens a directory of /proc. */
	int dir = open("/proc/self", O_RDONLY | O_DIRECTORY);
	handled = 0;
	CHECK_INT("signal by a directory of /proc", syscall(SYS_pidfd_send_signal, dir, SIGUSR1, NULL, 0), 0);
	CHECK_INT("it came", handled, SIGUSR1);
	CHECK_ERRNO("which is no pidfd", syscall(SYS_pidfd_getfd, dir, 1, 0), EBADF);
	close(dir);
	dir = open("/proc/self/task", O_RDONLY | O_DIRECTORY);
	CHECK_ERRNO("not by another one", syscall(SYS_pidfd_send_signal, dir, SIGUSR1, NULL, 0), EBADF);
	close(dir);
	dir = open("/proc/self/stat", O_RDONLY);
	CHECK_ERRNO("nor by a file there", syscall(SYS_pidfd_send_signal, dir, SIGUSR1, NULL, 0), EBADF);
	close(dir);
	CHECK_ERRNO("getfd: flags", syscall(SYS_pidfd_getfd, fd, 1, 1), EINVAL);
	CHECK_ERRNO("getfd: no pidfd", syscall(SYS_pidfd_getfd, gate[0], 1, 0), EBADF);
	CHECK_ERRNO("getfd: no such file there", syscall(SYS_pidfd_getfd, fd, NO_FD, 0), EBADF);
	int copy = (int)syscall(SYS_pidfd_getfd, fd, gate[1], 0);
	CHECK("getfd", copy >= 0);
	CHECK_INT("closed by exec", fcntl(copy, F_GETFD), FD_CLOEXEC);
	write(copy, "y", 1);
	char c = 0;
	read(gate[0], &c, 1);
	CHECK_INT("it is the same file", c, 'y');
	CHECK_INT("not from another user", IN_CHILD(setuid(1000); _exit(syscall(SYS_pidfd_getfd, fd, 1, 0) < 0 ? errno : 0)),
		  EXITED(EPERM));
	waitpid(-1, &status, 0);
}

int main(void)
{
	errors();
	set_tid();
	handlers();
	parents();
	places();
	pidfds();
	return tap_done();
}
