/* SPDX-License-Identifier: MIT */
/* fcntl: descriptor flags, status flags, record locks, open-file locks, flock. */
#include "tap.h"
#include <sys/file.h>

static void flags(void)
{
	int fd = open("f", O_RDWR | O_CREAT | O_APPEND, 0600);

	TELL("F_GETFL", "%o", fcntl(fd, F_GETFL));
	CHECK_INT("F_SETFL", fcntl(fd, F_SETFL, O_NONBLOCK | O_WRONLY), 0);
	TELL("only what may change did", "%o", fcntl(fd, F_GETFL));
	CHECK_INT("F_GETFD", fcntl(fd, F_GETFD), 0);
	CHECK_INT("F_SETFD", fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
	CHECK_INT("is set", fcntl(fd, F_GETFD), FD_CLOEXEC);
	int d = fcntl(fd, F_DUPFD, 30);
	CHECK_INT("F_DUPFD", d, 30);
	CHECK_INT("a copy has its own flag", fcntl(d, F_GETFD), 0);
	CHECK_INT("next free", fcntl(fd, F_DUPFD, 30), 31);
	CHECK_INT("F_DUPFD_CLOEXEC", fcntl(fd, F_DUPFD_CLOEXEC, 32), 32);
	CHECK_INT("is set", fcntl(32, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO("too high", fcntl(fd, F_DUPFD, 1 << 20), EINVAL);
	CHECK_ERRNO("negative", fcntl(fd, F_DUPFD, -1), EINVAL);
	CHECK_ERRNO("unknown", fcntl(fd, 9999), EINVAL);
	CHECK_ERRNO("closed", fcntl(99, F_GETFL), EBADF);
	fcntl(d, F_SETFL, 0);
	TELL("status flags are shared", "%o", fcntl(fd, F_GETFL));
	TELL("a folder", "%o", fcntl(open(".", O_RDONLY | O_DIRECTORY), F_GETFL));
	TELL("a pipe end", "%o", ({ int p[2]; pipe(p); fcntl(p[1], F_GETFL); }));
}

static struct flock lock(int type, off_t start, off_t length)
{
	return (struct flock){ .l_type = (short)type, .l_whence = SEEK_SET, .l_start = start,
			       .l_len = length };
}

/* What another process finds when it asks for a lock: 0 free, else who holds what. */
static int asked(int fd, int type, off_t start, off_t length)
{
	struct flock l = lock(type, start, length);

	return IN_CHILD({
		if (fcntl(fd, F_GETLK, &l))
			_exit(99);
		_exit(l.l_type == F_UNLCK ? 0 : 10 + l.l_type + (l.l_pid == getppid() ? 0 : 50));
	}) >> 8;
}

static int taken(int fd, int type, off_t start, off_t length)
{
	struct flock l = lock(type, start, length);

	return IN_CHILD(_exit(fcntl(fd, F_SETLK, &l) ? errno : 0)) >> 8;
}

static void records(void)
{
	int fd = open("locks", O_RDWR | O_CREAT, 0600);
	struct flock l = lock(F_WRLCK, 10, 10);

	CHECK_OK("write lock", fcntl(fd, F_SETLK, &l));
	CHECK_INT("another may not read there", taken(fd, F_RDLCK, 15, 1), EAGAIN);
	CHECK_INT("nor before and into it", taken(fd, F_WRLCK, 0, 11), EAGAIN);
	CHECK_INT("but just before", taken(fd, F_WRLCK, 0, 10), 0);
	CHECK_INT("and just after", taken(fd, F_WRLCK, 20, 0), 0);
	CHECK_INT("F_GETLK tells type and owner", asked(fd, F_RDLCK, 0, 0), 10 + F_WRLCK);
	l = lock(F_RDLCK, 10, 10);
	CHECK_OK("our own is replaced", fcntl(fd, F_SETLK, &l));
	CHECK_INT("now readers may", taken(fd, F_RDLCK, 10, 10), 0);
	CHECK_INT("writers may not", taken(fd, F_WRLCK, 19, 1), EAGAIN);
	l = lock(F_UNLCK, 13, 2);
	CHECK_OK("a hole in it", fcntl(fd, F_SETLK, &l));
	CHECK_INT("the hole is free", taken(fd, F_WRLCK, 13, 2), 0);
	CHECK_INT("left of it is not", taken(fd, F_WRLCK, 12, 1), EAGAIN);
	CHECK_INT("right of it neither", taken(fd, F_WRLCK, 15, 1), EAGAIN);
	close(open("locks", O_RDONLY));
	CHECK_INT("closing any descriptor of the file drops all", taken(fd, F_WRLCK, 0, 0), 0);
	l = lock(F_WRLCK, 0, 0);
	fcntl(fd, F_SETLK, &l);
	CHECK_INT("to the end means for ever", taken(fd, F_WRLCK, 1L << 40, 1), EAGAIN);
	CHECK_INT("a child has none of our locks", asked(fd, F_WRLCK, 0, 1), 10 + F_WRLCK);
	l = lock(9, 0, 0);
	CHECK_ERRNO("bad type", fcntl(fd, F_SETLK, &l), EINVAL);
	l = lock(F_WRLCK, -5, 1);
	CHECK_ERRNO("before the start", fcntl(fd, F_SETLK, &l), EINVAL);
	int ro = open("locks", O_RDONLY);
	l = lock(F_WRLCK, 0, 1);
	CHECK_ERRNO("write lock on a read-only descriptor", fcntl(ro, F_SETLK, &l), EBADF);
	close(fd), close(ro);
}

static void waiting(void)
{
	int fd = open("wait", O_RDWR | O_CREAT, 0600), p[2], st;
	struct flock l = lock(F_WRLCK, 0, 1), m = lock(F_WRLCK, 1, 1);
	char c;

	pipe(p);
	fcntl(fd, F_SETLK, &l);
	pid_t child = fork();
	if (!child) {
		fcntl(fd, F_SETLK, &m);
		write(p[1], "r", 1);
		_exit(fcntl(fd, F_SETLKW, &l) ? errno : 7);
	}
	read(p[0], &c, 1);
	sleep_ms(30);
	CHECK_ERRNO("a circle of waits is refused", fcntl(fd, F_SETLKW, &m), EDEADLK);
	l.l_type = F_UNLCK;
	fcntl(fd, F_SETLK, &l);
	waitpid(child, &st, 0);
	CHECK_INT("the waiter gets it", st, EXITED(7));
	CHECK_INT("an exit drops locks", taken(fd, F_WRLCK, 0, 0), 0);
	close(fd), close(p[0]), close(p[1]);
}

static void whole_files(void)
{
	int a = open("fl", O_RDWR | O_CREAT, 0600), b = open("fl", O_RDWR), c = dup(a);

	CHECK_OK("flock", flock(a, LOCK_EX));
	CHECK_ERRNO("another open file", flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	CHECK_OK("a copy is the same", flock(c, LOCK_EX | LOCK_NB));
	CHECK_OK("share it", flock(a, LOCK_SH));
	CHECK_OK("both share", flock(b, LOCK_SH | LOCK_NB));
	CHECK_ERRNO("none alone", flock(a, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	close(b);
	CHECK_OK("after the other is closed", flock(a, LOCK_EX | LOCK_NB));
	CHECK_ERRNO("bad operation", flock(a, 77), EINVAL);
	CHECK_ERRNO("closed", flock(b, LOCK_SH), EBADF);
	close(a);
	b = open("fl", O_RDWR);
	CHECK_ERRNO("the copy still holds it", flock(b, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	close(c);
	CHECK_OK("the last close drops it", flock(b, LOCK_SH | LOCK_NB));
	struct flock l = lock(F_WRLCK, 0, 0);
	a = open("fl", O_RDWR);
	CHECK_OK("F_OFD_SETLK", fcntl(a, F_OFD_SETLK, &l));
	CHECK_ERRNO("against another open file", fcntl(b, F_OFD_SETLK, &l), EAGAIN);
	close(a), close(b);
}

int main(void)
{
	flags();
	records();
	waiting();
	whole_files();
	return tap_done();
}
