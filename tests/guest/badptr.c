/* SPDX-License-Identifier: MIT */
/*
 * Wild pointers to system calls: an unmapped page, kernel addresses, the end of the
 * address space, a block that runs from a mapped page into nothing. Each must give
 * the error Linux gives, and the kernel must go on.
 */
#include "tap.h"
#include <sys/mman.h>
#include <sys/uio.h>

static int fd, zero, p[2];
static char *edge;		/* the last byte before an unmapped page is edge[-1] */

struct call {
	const char *name;
	long nr, a[6];
};

#define PTR 0x7e57		/* stands for the wild pointer */
#define FD 0x7e58		/* for a file open for reading and writing */
#define ZERO 0x7e59		/* for /dev/zero */
#define PIPE_IN 0x7e5a
#define PIPE_OUT 0x7e5b
#define CALL(name, ...) { #name, SYS_##name, { __VA_ARGS__ } }

static const struct call calls[] = {
	CALL(read, ZERO, PTR, 100),
	CALL(write, PIPE_OUT, PTR, 100),
	CALL(write, FD, PTR, 100),
	CALL(pread64, FD, PTR, 100, 0),
	CALL(pwrite64, FD, PTR, 100, 0),
	CALL(readv, FD, PTR, 2),
	CALL(writev, FD, PTR, 2),
	CALL(open, PTR, O_RDONLY),
	CALL(openat, AT_FDCWD, PTR, O_RDONLY),
	CALL(stat, PTR, 0),
	CALL(fstat, FD, PTR),
	CALL(newfstatat, AT_FDCWD, PTR, PTR, 0),
	CALL(statx, AT_FDCWD, PTR, 0, 0, PTR),
	CALL(access, PTR, 0),
	CALL(mkdir, PTR, 0700),
	CALL(rmdir, PTR),
	CALL(unlink, PTR),
	CALL(rename, PTR, PTR),
	CALL(link, PTR, PTR),
	CALL(symlink, PTR, PTR),
	CALL(readlink, PTR, PTR, 10),
	CALL(chmod, PTR, 0),
	CALL(chown, PTR, 0, 0),
	CALL(chdir, PTR),
	CALL(chroot, PTR),
	CALL(getcwd, PTR, 4096),
	CALL(truncate, PTR, 0),
	CALL(utimensat, AT_FDCWD, PTR, 0, 0),
	CALL(mknod, PTR, S_IFREG, 0),
	CALL(statfs, PTR, PTR),
	CALL(fstatfs, FD, PTR),
	CALL(pipe2, PTR, 0),
	CALL(poll, PTR, 3, 0),
	CALL(select, 64, PTR, 0, 0, 0),
	CALL(wait4, -1, PTR, 1, 0),
	CALL(execve, PTR, 0, 0),
	CALL(uname, PTR),
	CALL(sysinfo, PTR),
	CALL(times, PTR),
	CALL(getrlimit, 0, PTR),
	CALL(setrlimit, 0, PTR),
	CALL(prlimit64, 0, 0, PTR, 0),
	CALL(getrusage, 0, PTR),
	CALL(gettimeofday, PTR, 0),
	CALL(clock_gettime, 0, PTR),
	CALL(clock_getres, 0, PTR),
	CALL(nanosleep, PTR, 0),
	CALL(clock_nanosleep, 1, 0, PTR, 0),
	CALL(getitimer, 0, PTR),
	CALL(setitimer, 0, PTR, 0),
	CALL(rt_sigaction, SIGUSR1, PTR, 0, 8),
	CALL(rt_sigaction, SIGUSR1, 0, PTR, 8),
	CALL(rt_sigprocmask, 0, PTR, 0, 8),
	CALL(rt_sigprocmask, 0, 0, PTR, 8),
	CALL(rt_sigpending, PTR, 8),
	CALL(rt_sigsuspend, PTR, 8),
	CALL(rt_sigtimedwait, PTR, 0, 0, 8),
	CALL(sigaltstack, PTR, 0),
	CALL(futex, PTR, 0, 0, 0, 0, 0),
	CALL(futex, PTR, 1, 1, 0, 0, 0),
	CALL(set_robust_list, PTR, 24),
	CALL(epoll_create, 0),
	CALL(getrandom, PTR, 100, 0),
	CALL(getdents64, FD, PTR, 1000),
	CALL(fcntl, FD, F_GETLK, PTR),
	CALL(fcntl, FD, F_SETLK, PTR),
	CALL(ioctl, PIPE_IN, 0x541b, PTR),
	CALL(sendfile, FD, FD, PTR, 10),
	CALL(getresuid, PTR, PTR, PTR),
	CALL(getgroups, 10, PTR),
	CALL(setgroups, 10, PTR),
	CALL(sched_getaffinity, 0, 128, PTR),
	CALL(sched_setaffinity, 0, 128, PTR),
	CALL(sched_getparam, 0, PTR),
	CALL(sethostname, PTR, 10),
	CALL(mount, PTR, PTR, PTR, 0, PTR),
	CALL(umount2, PTR, 0),
	CALL(arch_prctl, 0x1003, PTR),
	CALL(prctl, 15, PTR),
	CALL(prctl, 16, PTR),
	CALL(mincore, 0x10000, 4096, PTR),
	CALL(getcpu, PTR, 0, 0),
	CALL(clone3, PTR, 88),
	CALL(waitid, 0, 0, PTR, 5, 0),
	CALL(timer_create, 0, 0, PTR),
	CALL(copy_file_range, FD, PTR, FD, 0, 10, 0),
};

static long subst(long a, uintptr_t wild)
{
	switch (a) {
	case PTR: return (long)wild;
	case FD: return fd;
	case ZERO: return zero;
	case PIPE_IN: return p[0];
	case PIPE_OUT: return p[1];
	}
	return a;
}

/* In a child, for some calls succeed and change things (chdir, signal masks). */
static int outcome(const struct call *c, uintptr_t wild)
{
	return IN_CHILD({
		long a[6];

		for (int i = 0; i < 6; i++)
			a[i] = subst(c->a[i], wild);
		errno = 0;
		long r = syscall(c->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
		_exit(r == -1 ? errno : 200);
	});
}

int main(void)
{
	static const struct {
		const char *name;
		uintptr_t at;
	} wild[] = {
		{ "low", 8 },
		{ "unmapped", 0x10000000000 },
		{ "last page", 0x7ffffffff000 },
		{ "not canonical", 0x8000000000000000 },
		{ "kernel", 0xffffffff81000000 },
		{ "direct map", 0xffff888000001000 },
		{ "top", 0xffffffffffffffff },
	};

	edge = (char *)mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + 4096;
	munmap(edge, 4096);
	memset(edge - 4096, 0x11, 4096);
	fd = open("file", O_RDWR | O_CREAT, 0600);
	write(fd, edge - 4096, 4096);
	zero = open("/dev/zero", O_RDWR);
	pipe(p);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		char line[256] = "";

		for (size_t w = 0; w < sizeof(wild) / sizeof(wild[0]); w++) {
			int st = outcome(&calls[i], wild[w].at);

			sprintf(line + strlen(line), " %s=%d", wild[w].name,
				st & 0x7f ? 1000 + (st & 0x7f) : st >> 8);
		}
		TELL(calls[i].name, "%s", line);
	}
	CHECK_INT("read into the edge is cut", read(zero, edge - 10, 100), 10);
	CHECK_INT("pread into the edge is cut", pread(fd, edge - 10, 100, 0), 10);
	CHECK_INT("write from the edge is cut", pwrite(fd, edge - 10, 100, 0), 10);
	CHECK_ERRNO("a name that runs over the edge", open(edge - 10, O_RDONLY), EFAULT);
	memcpy(edge - 5, "file", 5);
	CHECK_OK("a name that ends at the edge", access(edge - 5, F_OK));
	struct iovec v[2] = { { edge - 20, 20 }, { (void *)8, 20 } };
	CHECK_INT("readv stops at a bad part", readv(zero, v, 2), 20);
	CHECK_ERRNO("stat over the edge", stat("file", (struct stat *)(edge - 8)), EFAULT);
	char *ro = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK_ERRNO("read into read-only memory", read(zero, ro, 10), EFAULT);
	CHECK_ERRNO("into our own text", read(zero, (void *)main, 10), EFAULT);
	return tap_done();
}
