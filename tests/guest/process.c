/* SPDX-License-Identifier: MIT */
/* fork, vfork, wait4 and waitid: statuses, choosing children, orphans, errors. */
#include "tap.h"
#include <sys/mman.h>
#include <sys/resource.h>

static int shared = 1;

static void statuses(void)
{
	CHECK_INT("exit status 0", IN_CHILD(_exit(0)), EXITED(0));
	CHECK_INT("exit status 7", IN_CHILD(_exit(7)), EXITED(7));
	CHECK_INT("exit status is cut to 8 bits", IN_CHILD(_exit(0x1234)), EXITED(0x34));
	CHECK_INT("exit status -1", IN_CHILD(_exit(-1)), EXITED(255));
	CHECK_INT("killed by SIGTERM", IN_CHILD(raise(SIGTERM)), SIGTERM);
	CHECK_INT("killed by SIGKILL", IN_CHILD(raise(SIGKILL)), SIGKILL);
	CHECK_INT("null pointer", IN_CHILD(*(volatile int *)8 = 1) & 0x7f, SIGSEGV);
	CHECK_INT("division by zero", IN_CHILD(
		__asm__ volatile("xor %%ecx, %%ecx; div %%ecx" ::: "eax", "ecx", "edx")) & 0x7f,
		  SIGFPE);
	CHECK_INT("illegal instruction", IN_CHILD(__asm__ volatile("ud2")) & 0x7f, SIGILL);
	CHECK_INT("breakpoint", IN_CHILD(__asm__ volatile("int3")) & 0x7f, SIGTRAP);
	CHECK_INT("privileged instruction", IN_CHILD(__asm__ volatile("hlt")) & 0x7f, SIGSEGV);
	CHECK_INT("abort", IN_CHILD(abort()) & 0x7f, SIGABRT);
}

static void memory_is_private(void)
{
	static char page[8192];
	int fds[2];
	char c = 0;

	pipe(fds);
	CHECK_INT("child changes its copy", IN_CHILD({ shared = 2; page[4096] = 5; }), 0);
	CHECK("parent's data unchanged", shared == 1 && page[4096] == 0);
	CHECK_INT("child inherits descriptors", IN_CHILD(write(fds[1], "x", 1)), 0);
	CHECK("what it wrote arrives", read(fds[0], &c, 1) == 1 && c == 'x');
	close(fds[0]);
	close(fds[1]);
}

static void offsets_are_shared(void)
{
	int fd = open("offset", O_RDWR | O_CREAT, 0600);

	write(fd, "0123456789", 10);
	lseek(fd, 2, SEEK_SET);
	IN_CHILD(lseek(fd, 3, SEEK_CUR));
	CHECK_INT("file position is shared with the child", lseek(fd, 0, SEEK_CUR), 5);
	close(fd);
}

static void identity(void)
{
	pid_t me = getpid();

	CHECK_INT("child's parent is us", IN_CHILD(_exit(getppid() == me)), EXITED(1));
	CHECK_INT("child has another number", IN_CHILD(_exit(getpid() != me)), EXITED(1));
	CHECK_INT("thread number is process number", syscall(SYS_gettid), me);
	CHECK_INT("child's too", IN_CHILD(_exit(syscall(SYS_gettid) == getpid())), EXITED(1));
}

static void waiting(void)
{
	int status = 99;
	pid_t a, b;

	CHECK_ERRNO("wait without children", wait(&status), ECHILD);
	CHECK_ERRNO("wait4 for a stranger", waitpid(1, &status, 0), ECHILD);
	CHECK_ERRNO("wait4 with bad options", waitpid(-1, &status, 0x1000), EINVAL);
	a = fork();
	if (!a) {
		sleep_ms(50);
		_exit(1);
	}
	CHECK_INT("WNOHANG while it runs", waitpid(a, &status, WNOHANG), 0);
	CHECK_INT("waits for it", waitpid(a, &status, 0), a);
	CHECK_INT("its status", status, EXITED(1));
	CHECK_ERRNO("only once", waitpid(a, &status, 0), ECHILD);
	a = fork();
	if (!a)
		_exit(2);
	b = fork();
	if (!b)
		_exit(3);
	CHECK_INT("chooses the second", waitpid(b, &status, 0), b);
	CHECK_INT("second's status", status, EXITED(3));
	CHECK_INT("first by group", waitpid(0, &status, 0), a);
	CHECK_INT("first's status", status, EXITED(2));
	a = fork();
	if (!a) {
		setpgid(0, 0);
		_exit(4);
	}
	setpgid(a, a);
	CHECK_INT("by its own group", waitpid(-a, &status, 0), a);
	CHECK_INT("wait without a status", (a = fork()) ? waitpid(a, NULL, 0) == a : (_exit(0), 0), 1);
}

static void waitid_cases(void)
{
	siginfo_t info = { 0 };
	pid_t a = fork();

	if (!a)
		_exit(42);
	CHECK_INT("waitid leaves it", waitid(P_PID, (id_t)a, &info, WEXITED | WNOWAIT), 0);
	CHECK("siginfo: who", info.si_pid == a && info.si_signo == SIGCHLD);
	CHECK("siginfo: how", info.si_code == CLD_EXITED && info.si_status == 42);
	CHECK_INT("waitid takes it", waitid(P_ALL, 0, &info, WEXITED), 0);
	CHECK_ERRNO("waitid: none left", waitid(P_ALL, 0, &info, WEXITED), ECHILD);
	CHECK_ERRNO("waitid: no options", waitid(P_ALL, 0, &info, 0), EINVAL);
	a = fork();
	if (!a) {
		raise(SIGKILL);
		_exit(0);
	}
	CHECK_INT("waitid: killed", waitid(P_PID, (id_t)a, &info, WEXITED), 0);
	CHECK("siginfo: killed", info.si_code == CLD_KILLED && info.si_status == SIGKILL);
	a = fork();
	if (!a) {
		sleep_ms(100);
		_exit(0);
	}
	info.si_pid = 77;
	CHECK_INT("waitid: WNOHANG", waitid(P_PID, (id_t)a, &info, WEXITED | WNOHANG), 0);
	CHECK_INT("siginfo is cleared", info.si_pid, 0);
	waitpid(a, NULL, 0);
}

static void orphans(void)
{
	int fds[2], status, parent = 0;
	pid_t a;

	pipe(fds);
	a = fork();
	if (!a) {
		if (!fork()) {
			for (int i = 0; i < 1000 && getppid() != 1; i++)
				sleep_ms(1);
			parent = getppid();
			write(fds[1], &parent, sizeof(parent));
			_exit(0);
		}
		_exit(0);
	}
	waitpid(a, &status, 0);
	read(fds[0], &parent, sizeof(parent));
	CHECK_INT("an orphan becomes process 1's", parent, 1);
	CHECK_ERRNO("and is no child of ours", wait(NULL), ECHILD);
}

static void ignored_children(void)
{
	signal(SIGCHLD, SIG_IGN);
	if (!fork())
		_exit(0);
	CHECK_ERRNO("SIGCHLD ignored: wait finds nothing at the end", wait(NULL), ECHILD);
	signal(SIGCHLD, SIG_DFL);
}

static volatile int vfork_mark;

static void vfork_cases(void)
{
	int status;
	pid_t a = vfork();

	if (!a) {
		vfork_mark = 1;
		_exit(3);
	}
	CHECK_INT("vfork: memory is shared and the parent waits", vfork_mark, 1);
	waitpid(a, &status, 0);
	CHECK_INT("vfork: status", status, EXITED(3));
}

static void many(void)
{
	int ended = 0, status, sum = 0;

	for (int i = 0; i < 50; i++)
		if (!fork())
			_exit(i);
	while (wait(&status) > 0) {
		ended++;
		sum += WEXITSTATUS(status);
	}
	CHECK_INT("fifty children end", ended, 50);
	CHECK_INT("each with its status", sum, 49 * 50 / 2);
}

/*
 * The sum of what is promised may be larger than memory, and fork() still works, as
 * long as no single area is. Every second one cannot be written: neighbours of a kind
 * would become one area, too large for Linux to promise again.
 */
static void fork_with_much_promised(void)
{
	const size_t size = 64 << 20;
	void *p[20];

	for (int i = 0; i < 20; i++)
		p[i] = mmap(NULL, size, PROT_READ | (i % 2 ? PROT_WRITE : 0), MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK("twenty times 64 MiB", p[19] != MAP_FAILED);
	CHECK_INT("child with as much", IN_CHILD({ _exit(4); }), EXITED(4));
	for (int i = 0; i < 20; i++)
		munmap(p[i], size);
}

static void usage(void)
{
	struct rusage r;
	pid_t a = fork();

	if (!a) {
		for (volatile int i = 0; i < 3000000; i++)
			;
		_exit(0);
	}
	memset(&r, 0xff, sizeof(r));
	CHECK_INT("wait4 with usage", wait4(a, NULL, 0, &r), a);
	CHECK("user time is sane", r.ru_utime.tv_sec >= 0 && r.ru_utime.tv_usec < 1000000);
	CHECK_OK("getrusage", getrusage(RUSAGE_CHILDREN, &r));
	CHECK_ERRNO("getrusage of nobody", getrusage(5, &r), EINVAL);
}

int main(void)
{
	statuses();
	memory_is_private();
	offsets_are_shared();
	identity();
	waiting();
	waitid_cases();
	orphans();
	ignored_children();
	vfork_cases();
	many();
	fork_with_much_promised();
	usage();
	return tap_done();
}
