/* SPDX-License-Identifier: MIT */
/*
 * Calls that programs seldom make, each with what is wrong about its arguments:
 * only the answers are compared, so Linux says what is right.
 */
#include "tap.h"
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <linux/reboot.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#define CALL(name, ...)                                       \
	({                                                    \
		errno = 0;                                    \
		long r_ = syscall(SYS_##name, ##__VA_ARGS__); \
		r_ == -1 ? -errno : r_;                       \
	})

static char b[65536];

static void copying(void)
{
	int f = open("from", O_RDWR | O_CREAT, 0644), t = open("to", O_RDWR | O_CREAT, 0644), p[2],
	    a;
	int dir = open(".", O_RDONLY), wo = open("from", O_WRONLY);
	loff_t from = 2, to = 5, bad = -1;

	a = open("to", O_WRONLY | O_APPEND);
	pipe(p);
	write(f, "0123456789", 10);
	TELL("sendfile", "%ld %ld", CALL(sendfile, t, f, &from, 4), from);
	TELL("sendfile at the file's own place", "%ld %ld", CALL(sendfile, t, f, NULL, 4),
	     lseek(f, 0, SEEK_CUR));
	TELL("sendfile: bad files", "%ld %ld %ld %ld %ld", CALL(sendfile, 99, f, NULL, 1),
	     CALL(sendfile, t, 99, NULL, 1), CALL(sendfile, f, wo, NULL, 1),
	     CALL(sendfile, dir, f, NULL, 1), CALL(sendfile, t, dir, NULL, 1));
	TELL("sendfile: bad places", "%ld %ld %ld", CALL(sendfile, t, f, &bad, 1),
	     CALL(sendfile, t, f, 1, 1), CALL(sendfile, a, f, &from, 1));
	TELL("sendfile to a pipe", "%ld", CALL(sendfile, p[1], f, &from, 3));
	TELL("sendfile from a pipe with a place", "%ld", CALL(sendfile, t, p[0], &from, 3));
	from = 0;
	TELL("copy_file_range", "%ld %ld %ld", CALL(copy_file_range, f, &from, t, &to, 5, 0), from,
	     to);
	TELL("copy_file_range: flags, folder, pipe, append", "%ld %ld %ld %ld",
	     CALL(copy_file_range, f, &from, t, &to, 5, 1),
	     CALL(copy_file_range, dir, NULL, t, NULL, 5, 0),
	     CALL(copy_file_range, p[0], NULL, t, NULL, 5, 0),
	     CALL(copy_file_range, f, NULL, a, NULL, 5, 0));
	from = 0, to = 2;
	TELL("copy_file_range onto itself", "%ld %ld",
	     CALL(copy_file_range, f, &from, f, &to, 5, 0),
	     CALL(copy_file_range, wo, &from, t, &to, 5, 0));
	from = 0;
	TELL("splice out of a file", "%ld %ld", CALL(splice, f, &from, p[1], NULL, 4, 0), from);
	TELL("splice into a file", "%ld %ld", CALL(splice, p[0], NULL, t, &to, 4, 0), to);
	TELL("splice: no pipe, place of a pipe, flags, nothing", "%ld %ld %ld %ld",
	     CALL(splice, f, NULL, t, NULL, 1, 0), CALL(splice, p[0], &from, t, NULL, 1, 0),
	     CALL(splice, p[0], NULL, t, NULL, 1, 64), CALL(splice, p[0], NULL, t, NULL, 0, 0));
	close(f), close(t), close(a), close(dir), close(wo), close(p[0]), close(p[1]);
}

static void vectors(void)
{
	int f = open("vec", O_RDWR | O_CREAT, 0644);
	struct iovec v[3] = { { "abc", 3 }, { NULL, 0 }, { "defg", 4 } },
		     r[2] = { { b, 2 }, { b + 10, 9 } };
	struct iovec bad[2] = { { "x", 1 }, { b, (size_t)-1 } },
		     wild[2] = { { "x", 1 }, { (void *)8, 4 } };

	TELL("writev", "%ld", CALL(writev, f, v, 3));
	lseek(f, 0, SEEK_SET);
	TELL("readv", "%ld %.2s %.5s", CALL(readv, f, r, 2), b, b + 10);
	TELL("counts", "%ld %ld %ld %ld", CALL(readv, f, r, 0), CALL(readv, f, r, 1025),
	     CALL(readv, f, r, -1), CALL(readv, 99, r, 1025));
	TELL("lengths", "%ld %ld", CALL(writev, f, bad, 2), CALL(readv, f, bad, 2));
	TELL("a wild second part", "%ld", CALL(writev, f, wild, 2));
	TELL("preadv", "%ld %.2s", CALL(preadv, f, r, 2, 3, 0), b);
	TELL("preadv: negative", "%ld %ld", CALL(preadv, f, r, 2, -1, -1),
	     CALL(pwritev, f, v, 3, -2, -1));
	TELL("preadv2 at -1", "%ld", CALL(preadv2, f, r, 2, -1, -1, 0));
	TELL("preadv2: unknown flags", "%ld", CALL(preadv2, f, r, 2, 0, 0, 0x4000));
	TELL("pwritev2 RWF_DSYNC", "%ld", CALL(pwritev2, f, v, 3, 0, 0, 2));
	close(f);
}

static void openings(void)
{
	struct open_how how = { .flags = O_RDONLY }, none = { 0 };
	unsigned long big[4] = { 0, 0, 0, 1 };
	int dir = open(".", O_RDONLY);

	mkdir("d", 0755);
	file_write("d/f", "x");
	symlink("f", "d/l");
	symlink("/", "d/root");
#define OPEN2(path)                                                         \
	({                                                                  \
		int fd_ = (int)CALL(openat2, dir, path, &how, sizeof(how)); \
		if (fd_ >= 0)                                               \
			close(fd_);                                         \
		fd_ >= 0 ? 0 : fd_;                                         \
	})
	TELL("openat2", "%d", OPEN2("d/f"));
	how.resolve = RESOLVE_NO_SYMLINKS;
	TELL("no links", "%d %d", OPEN2("d/f"), OPEN2("d/l"));
	how.resolve = RESOLVE_BENEATH;
	TELL("beneath", "%d %d %d %d", OPEN2("d/l"), OPEN2(".."), OPEN2("/"), OPEN2("d/root"));
	how.resolve = RESOLVE_IN_ROOT;
	TELL("in root", "%d %d %d", OPEN2("d/root/d/f"), OPEN2("../../d/f"), OPEN2("/d/f"));
	how.resolve = RESOLVE_NO_XDEV;
	TELL("no other device", "%d", OPEN2("/proc/self"));
	how = (struct open_how){ .flags = O_RDONLY, .mode = 0644 };
	TELL("a mode without O_CREAT", "%d", OPEN2("d/f"));
	how = (struct open_how){ .flags = 1UL << 40 };
	TELL("unknown flags", "%d", OPEN2("d/f"));
	how = (struct open_how){ .resolve = 64 };
	TELL("unknown resolve", "%d", OPEN2("d/f"));
	TELL("sizes", "%ld %ld %ld", CALL(openat2, dir, "d/f", &none, 8),
	     CALL(openat2, dir, "d/f", big, sizeof(big)), CALL(openat2, dir, "d/f", big, 5000));
	TELL("O_PATH", "%ld %ld %ld", ({
		     int fd = open("d/f", O_PATH);
		     long r = CALL(read, fd, b, 1);
		     close(fd);
		     r;
	     }),
	     ({
		     int fd = open("d/f", O_PATH);
		     long r = CALL(fchmod, fd, 0600);
		     close(fd);
		     r;
	     }),
	     ({
		     int fd = open("d/l", O_PATH | O_NOFOLLOW);
		     long r = CALL(readlinkat, fd, "", b, 10);
		     close(fd);
		     r;
	     }));
	TELL("faccessat2", "%ld %ld %ld %ld", CALL(faccessat2, dir, "d/f", 4, AT_EACCESS),
	     CALL(faccessat2, dir, "d/l", 0, AT_SYMLINK_NOFOLLOW),
	     CALL(faccessat2, dir, "d/f", 8, 0), CALL(faccessat2, dir, "d/f", 0, 1));
	close(dir);
}

static void descriptors(void)
{
	int a = dup(0), c = dup(0), d = dup(0);

	TELL("close_range", "%ld %ld %ld", CALL(close_range, c, d, 0), CALL(fcntl, c, F_GETFD),
	     CALL(fcntl, a, F_GETFD));
	TELL("CLOSE_RANGE_CLOEXEC", "%ld %ld", CALL(close_range, a, ~0u, CLOSE_RANGE_CLOEXEC),
	     CALL(fcntl, a, F_GETFD));
	TELL("close_range: wrong", "%ld %ld", CALL(close_range, 9, 8, 0),
	     CALL(close_range, 100, 200, 64));
	TELL("CLOSE_RANGE_UNSHARE", "%ld %ld", CALL(close_range, a, a, CLOSE_RANGE_UNSHARE),
	     CALL(fcntl, a, F_GETFD));
	TELL("dup3", "%ld %ld %ld", CALL(dup3, 0, 0, 0), CALL(dup3, 0, 50, 1),
	     CALL(dup3, 0, 50, O_CLOEXEC));
	TELL("dup2", "%ld %ld %ld %ld", CALL(dup2, 50, 50), CALL(dup2, 51, 51), CALL(dup2, 0, -1),
	     CALL(dup2, 0, 1 << 20));
	TELL("memfd", "%ld %ld", CALL(memfd_create, "name", 64),
	     CALL(memfd_create, (memset(b, 'x', 300), b[300] = 0, b), 0));
	int m = memfd_create("name", MFD_ALLOW_SEALING);
	TELL("seals", "%ld %ld %ld %ld %ld", CALL(fcntl, m, F_GET_SEALS), CALL(ftruncate, m, 100),
	     CALL(fcntl, m, F_ADD_SEALS, F_SEAL_GROW), CALL(ftruncate, m, 200),
	     CALL(ftruncate, m, 50));
	TELL("more seals", "%ld %ld %ld %ld",
	     CALL(fcntl, m, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL), CALL(write, m, "x", 1),
	     CALL(fcntl, m, F_ADD_SEALS, F_SEAL_SHRINK), CALL(fcntl, m, F_ADD_SEALS, 1 << 20));
	TELL("seals of an ordinary file", "%ld",
	     CALL(fcntl, open("plain", O_RDWR | O_CREAT, 0600), F_GET_SEALS));
	close(m);
}

static void attributes(void)
{
	int f = open("x", O_RDWR | O_CREAT, 0644);

	TELL("trusted", "%ld %ld %.3s", CALL(setxattr, "x", "trusted.a", "abc", 3, 0),
	     CALL(getxattr, "x", "trusted.a", b, 10), b);
	TELL("sizes", "%ld %ld", CALL(getxattr, "x", "trusted.a", b, 0),
	     CALL(getxattr, "x", "trusted.a", b, 2));
	TELL("flags", "%ld %ld %ld", CALL(setxattr, "x", "trusted.a", "d", 1, XATTR_CREATE),
	     CALL(setxattr, "x", "trusted.b", "d", 1, XATTR_REPLACE),
	     CALL(setxattr, "x", "trusted.b", "d", 1, 4));
	TELL("names", "%ld %ld %ld", CALL(setxattr, "x", "", "d", 1, 0),
	     CALL(setxattr, "x", "nonsense", "d", 1, 0),
	     CALL(setxattr, "x", (memset(b, 'x', 300), b[300] = 0, b), "d", 1, 0));
	TELL("too large", "%ld", CALL(setxattr, "x", "trusted.c", b, 65537, 0));
	TELL("listed", "%ld %ld %s", CALL(flistxattr, f, b, 0), CALL(flistxattr, f, b, 100), b);
	TELL("removed", "%ld %ld %ld", CALL(fremovexattr, f, "trusted.a"),
	     CALL(removexattr, "x", "trusted.a"), CALL(fgetxattr, f, "trusted.a", b, 9));
	TELL("as a user", "%d", IN_CHILD({
		     setuid(1000);
		     _exit((int)-CALL(setxattr, "x", "trusted.a", "d", 1, 0));
	     }));
	TELL("read as a user", "%d", IN_CHILD({
		     setuid(1000);
		     _exit((int)-CALL(getxattr, "x", "trusted.a", b, 1));
	     }));
	close(f);
}

static void waiting(void)
{
	struct timeval t = { 0, 1500000 }, zero = { 0, 0 }, negative = { 0, -1 };
	struct timespec ts = { 0, 10000000 }, wrong = { 0, 1000000000 };
	sigset_t set;
	fd_set in;
	int p[2];

	pipe(p);
	FD_ZERO(&in);
	FD_SET(p[0], &in);
	TELL("select, nothing", "%ld %d", CALL(select, p[0] + 1, &in, NULL, NULL, &zero),
	     FD_ISSET(p[0], &in));
	write(p[1], "x", 1);
	FD_SET(p[0], &in);
	TELL("more than a second of microseconds", "%ld",
	     CALL(select, p[0] + 1, &in, NULL, NULL, &t));
	TELL("left", "%d", t.tv_sec == 1 && t.tv_usec > 0);
	TELL("select: negative", "%ld %ld", CALL(select, -1, NULL, NULL, NULL, &zero),
	     CALL(select, 0, NULL, NULL, NULL, &negative));
	TELL("pselect", "%ld %ld", CALL(pselect6, 0, NULL, NULL, NULL, &ts, NULL),
	     CALL(pselect6, 0, NULL, NULL, NULL, &wrong, NULL));
	TELL("the time was up", "%ld %ld", ts.tv_sec, ts.tv_nsec);
	TELL("ppoll", "%ld %ld", CALL(ppoll, NULL, 0, &wrong, NULL, 8),
	     CALL(ppoll, NULL, 0, &ts, &set, 4));
	TELL("poll of too many", "%ld", CALL(poll, b, 1 << 20, 0));
	TELL("sigtimedwait", "%ld %ld",
	     (sigemptyset(&set), sigaddset(&set, SIGUSR1),
	      CALL(rt_sigtimedwait, &set, NULL, &wrong, 8)),
	     CALL(rt_sigtimedwait, &set, NULL, &ts, 8));
	TELL("nanosleep", "%ld %ld", CALL(nanosleep, &wrong, NULL), CALL(nanosleep, &ts, NULL));
	for (int clock = -1; clock < 12;
	     clock++) /* processor time does not pass while a thread sleeps */
		if (clock != CLOCK_PROCESS_CPUTIME_ID)
			TELL("clock_nanosleep", "%d: %ld", clock,
			     CALL(clock_nanosleep, clock, 0, &ts, NULL));
	TELL("epoll", "%ld %ld %ld", CALL(epoll_create, 0), CALL(epoll_create1, 1),
	     CALL(epoll_wait, p[0], b, 1, 0));
	int e = epoll_create1(0);
	TELL("epoll_wait", "%ld %ld %ld", CALL(epoll_wait, e, b, 0, 0),
	     CALL(epoll_wait, e, b, -1, 0), CALL(epoll_wait, e, 1L << 62, 1, 0));
	TELL("epoll_ctl", "%ld %ld %ld %ld", CALL(epoll_ctl, e, EPOLL_CTL_DEL, p[0], NULL),
	     CALL(epoll_ctl, e, EPOLL_CTL_ADD, e, b), CALL(epoll_ctl, e, 9, p[0], b),
	     CALL(epoll_ctl, e, EPOLL_CTL_ADD, open("x", O_RDONLY), b));
	TELL("epoll_pwait", "%ld %ld", CALL(epoll_pwait, e, b, 1, 0, &set, 4),
	     CALL(epoll_pwait2, e, b, 1, &wrong, NULL, 8));
	close(e), close(p[0]), close(p[1]);
}

static void memory(void)
{
	char *m = mmap(NULL, 8 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int f = open("plain", O_RDWR | O_CREAT, 0600), ro = open("plain", O_RDONLY),
	    wo = open("plain", O_WRONLY);

#define MAP(...)                                                          \
	({                                                                \
		long r_ = CALL(mmap, __VA_ARGS__);                        \
		r_<0 && r_> - 4096 ? r_ : (munmap((void *)r_, 4096), 0L); \
	})
	TELL("mmap: length, offset, type", "%ld %ld %ld %ld", MAP(0, 0, 1, MAP_PRIVATE, f, 0),
	     MAP(0, 4096, 1, MAP_PRIVATE, f, 100), MAP(0, 4096, 1, 0, f, 0),
	     MAP(0, 4096, 1, 3 | MAP_ANONYMOUS, -1, 0));
	TELL("mmap: files", "%ld %ld %ld %ld", MAP(0, 4096, 1, MAP_PRIVATE, 99, 0),
	     MAP(0, 4096, 3, MAP_SHARED, ro, 0), MAP(0, 4096, 1, MAP_SHARED, wo, 0),
	     MAP(0, 4096, 3, MAP_PRIVATE, ro, 0));
	TELL("mmap: folder, pipe", "%ld %ld", MAP(0, 4096, 1, MAP_PRIVATE, open(".", O_RDONLY), 0),
	     ({
		     int p[2];
		     pipe(p);
		     MAP(0, 4096, 1, MAP_PRIVATE, p[0], 0);
	     }));
	TELL("mmap: huge, odd place, kernel, zero", "%ld %ld %ld %ld",
	     MAP(0, 1UL << 60, 1, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	     MAP(123, 4096, 1, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
	     MAP(1UL << 63, 4096, 1, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
	     MAP(0, -1UL, 1, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	TELL("mmap: offset over the end", "%ld", MAP(0, 4096, 1, MAP_PRIVATE, f, -4096L));
	TELL("MAP_SHARED_VALIDATE", "%ld %ld", MAP(0, 4096, 1, MAP_SHARED_VALIDATE, f, 0),
	     MAP(0, 4096, 1, MAP_SHARED_VALIDATE | 1 << 30, f, 0));
	TELL("MAP_FIXED_NOREPLACE", "%ld",
	     MAP(m, 4096, 1, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	TELL("MAP_GROWSDOWN of a file", "%ld", MAP(0, 4096, 1, MAP_PRIVATE | MAP_GROWSDOWN, f, 0));
	TELL("munmap", "%ld %ld %ld", CALL(munmap, m + 1, 10), CALL(munmap, m, 0),
	     CALL(munmap, 1UL << 62, 4096));
	TELL("mprotect", "%ld %ld %ld %ld", CALL(mprotect, m + 1, 10, 1), CALL(mprotect, m, 0, 1),
	     CALL(mprotect, m, 4096, 99), CALL(mprotect, m, 10, 1));
	TELL("mincore", "%ld %ld %ld", CALL(mincore, m + 1, 10, b), CALL(mincore, m, 4096, 8),
	     CALL(mincore, 4096, 4096, b));
	TELL("madvise", "%ld %ld %ld %ld", CALL(madvise, m, 4096, 99),
	     CALL(madvise, m + 1, 4096, 0), CALL(madvise, m, 0, 0), CALL(madvise, 4096, 4096, 4));
	TELL("mlock", "%ld %ld %ld %ld", CALL(mlock, m, 4096), CALL(munlock, m, 4096),
	     CALL(mlock, 4096, 4096), CALL(mlock2, m, 4096, 8));
	TELL("mlockall", "%ld %ld %ld", CALL(mlockall, 0), CALL(mlockall, 64), CALL(munlockall));
	TELL("msync", "%ld %ld %ld", CALL(msync, m, 4096, 8), CALL(msync, m + 1, 4096, 4),
	     CALL(msync, 4096, 4096, 4));
	TELL("mremap", "%ld %ld %ld %ld", CALL(mremap, m + 1, 4096, 8192, 0, 0),
	     CALL(mremap, m, 4096, 0, 0, 0), CALL(mremap, m, 4096, 8192, 0, 0),
	     CALL(mremap, 4096, 4096, 8192, 1, 0));
	TELL("fallocate", "%ld %ld %ld %ld", CALL(fallocate, f, 0, 0, 0),
	     CALL(fallocate, f, 0, -1, 5), CALL(fallocate, ro, 0, 0, 5),
	     CALL(fallocate, f, 2, 0, 5));
	TELL("fallocate: what can be", "%ld %ld %ld", CALL(fallocate, f, 0, 0, 5000),
	     lseek(f, 0, SEEK_END), CALL(fallocate, f, 3, 0, 4096));
	TELL("fadvise", "%ld %ld %ld", CALL(fadvise64, f, 0, 0, 3), CALL(fadvise64, f, 0, 0, 9),
	     CALL(fadvise64, 99, 0, 0, 3));
	TELL("readahead", "%ld %ld", CALL(readahead, f, 0, 10), CALL(readahead, wo, 0, 10));
	TELL("sync_file_range", "%ld %ld", CALL(sync_file_range, f, 0, 10, 7),
	     CALL(sync_file_range, f, -1, 10, 7));
	TELL("truncate", "%ld %ld %ld %ld", CALL(ftruncate, f, -1), CALL(ftruncate, ro, 5),
	     CALL(truncate, ".", 5), CALL(truncate, "plain", 100));
	munmap(m, 8 << 12);
	close(f), close(ro), close(wo);
}

static void misplaced(void)
{
	struct rlimit r;

	TELL("reboot", "%ld %ld", CALL(reboot, 1, 2, 3, 0),
	     CALL(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, 77, 0));
	TELL("getrandom", "%ld %ld %ld", CALL(getrandom, b, 16, 8), CALL(getrandom, b, 16, 6),
	     CALL(getrandom, b, 16, 0));
	TELL("umask", "%lo %lo", CALL(umask, 07777), CALL(umask, 022));
	TELL("sysinfo, times, uname", "%ld %d %ld", CALL(sysinfo, 8), CALL(times, NULL) > 0,
	     CALL(uname, 8));
	TELL("getrlimit", "%ld %ld", CALL(getrlimit, 99, &r),
	     CALL(prlimit64, 31000, 0, NULL, NULL));
	TELL("getrusage", "%ld %ld", CALL(getrusage, 5, b), CALL(getrusage, -2, b));
	TELL("unshare", "%ld %ld", CALL(unshare, CLONE_FS | CLONE_FILES), CALL(unshare, 1));
	TELL("chroot, chdir", "%ld %ld %ld", CALL(chroot, "/nowhere"), CALL(chdir, "plain"),
	     CALL(fchdir, 0));
	TELL("getcwd", "%ld", CALL(getcwd, b, 1));
	TELL("mknod", "%ld %ld %ld", CALL(mknod, "n", S_IFDIR, 0), CALL(mknod, "n", 0170000, 0),
	     CALL(mknod, "n", 0, 0));
	TELL("unlinkat", "%ld %ld %ld", CALL(unlinkat, AT_FDCWD, "n", 1),
	     CALL(unlinkat, AT_FDCWD, "d", 0), CALL(unlinkat, AT_FDCWD, "n", 0));
	TELL("renameat2", "%ld %ld", CALL(renameat2, AT_FDCWD, "plain", AT_FDCWD, "d", 1),
	     CALL(renameat2, AT_FDCWD, "plain", AT_FDCWD, "d", 64));
	TELL("linkat", "%ld %ld", CALL(linkat, AT_FDCWD, "plain", AT_FDCWD, "hard", 1),
	     CALL(linkat, AT_FDCWD, "d", AT_FDCWD, "hard", 0));
	TELL("symlink", "%ld %ld", CALL(symlink, "", "s"), CALL(symlink, "a", ""));
	TELL("readlink", "%ld %ld %ld", CALL(readlink, "plain", b, 10), CALL(readlink, "d/l", b, 0),
	     CALL(readlink, "", b, 10));
	TELL("statx", "%ld %ld", CALL(statx, AT_FDCWD, "plain", 0x6000, 0, b),
	     CALL(statx, AT_FDCWD, "plain", 0, 1u << 31, b));
	TELL("utimensat", "%ld %ld", CALL(utimensat, AT_FDCWD, "plain", NULL, 64),
	     CALL(utimensat, AT_FDCWD, NULL, NULL, 0));
	TELL("mount", "%ld %ld %ld", CALL(mount, "none", "d", "nonsense", 0, 0),
	     CALL(umount2, "d", 0), CALL(umount2, "d", 64));
	TELL("swapon, acct", "%ld %ld", CALL(swapoff, "plain"), CALL(iopl, 4));
	TELL("kill", "%ld %ld %ld %ld", CALL(kill, 0, 99), CALL(kill, 31000, 0),
	     CALL(kill, -31000, 0), CALL(tgkill, -1, 1, 0));
	TELL("tkill", "%ld %ld %ld", CALL(tkill, 0, 0), CALL(tkill, 31000, 0),
	     CALL(tgkill, 1, getpid(), 0));
	TELL("sigaction", "%ld %ld %ld", CALL(rt_sigaction, SIGKILL, NULL, b, 8),
	     CALL(rt_sigaction, 65, NULL, b, 8), CALL(rt_sigaction, 1, NULL, b, 4));
	TELL("wait4", "%ld %ld %ld", CALL(wait4, -1, NULL, 0, NULL),
	     CALL(wait4, INT_MIN, NULL, 0, NULL), CALL(wait4, -1, NULL, 64, NULL));
	TELL("waitid", "%ld %ld %ld %ld", CALL(waitid, P_ALL, 0, NULL, 0, NULL),
	     CALL(waitid, P_PID, 0, NULL, WEXITED, NULL), CALL(waitid, 9, 0, NULL, WEXITED, NULL),
	     CALL(waitid, P_PGID, -1, NULL, WEXITED, NULL));
	TELL("setpgid, getpgid, getsid", "%ld %ld %ld %ld", CALL(setpgid, -1, 0),
	     CALL(setpgid, 0, -1), CALL(getpgid, 31000), CALL(getsid, -5));
	TELL("get_robust_list", "%ld", CALL(set_robust_list, b, 5));
	TELL("futex", "%ld %ld %ld", CALL(futex, b, 99, 0, 0, 0, 0),
	     CALL(futex, b + 1, 0, 0, 0, 0, 0), CALL(futex, b, 9, 0, 0, 0, 0));
	TELL("timers", "%ld %ld %ld", CALL(timer_gettime, 99, b), CALL(timer_delete, 99),
	     CALL(timer_settime, 99, 0, NULL, NULL));
	TELL("itimers", "%ld %ld", CALL(getitimer, 3, b), CALL(setitimer, 3, NULL, b));
	TELL("membarrier", "%ld %ld", CALL(membarrier, 1 << 30, 0, 0), CALL(membarrier, 0, 1, 0));
	TELL("syslog", "%ld %ld", CALL(syslog, 99, b, 1), CALL(syslog, 3, NULL, 1));
	TELL("exec", "%ld %ld %ld", CALL(execve, ".", NULL, NULL),
	     CALL(execve, "nowhere", NULL, NULL), CALL(execveat, AT_FDCWD, "", NULL, NULL, 64));
	TELL("clone", "%ld %ld %ld", CALL(clone, CLONE_THREAD, 0, 0, 0, 0), CALL(clone3, b, 5),
	     CALL(clone, CLONE_SIGHAND, 0, 0, 0, 0));
	TELL("arch_prctl", "%ld %ld", CALL(arch_prctl, 0x9999, 0),
	     CALL(arch_prctl, 0x1002, 1UL << 63));
	TELL("sigaltstack", "%ld", ({
		     stack_t s = { .ss_sp = b, .ss_size = 100 };
		     CALL(sigaltstack, &s, NULL);
	     }));
}

int main(void)
{
	copying();
	vectors();
	openings();
	descriptors();
	attributes();
	waiting();
	memory();
	misplaced();
	return tap_done();
}
