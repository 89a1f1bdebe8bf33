/* SPDX-License-Identifier: MIT */
/* What goes along with messages of Unix sockets: files, credentials, who the other end is. */
#include "unix.h"

/* A message of `text` with files, and what comes back. */
static int send_files(int fd, const char *text, const int *files, int n)
{
	char control[CMSG_SPACE(sizeof(int) * 300)] = "";
	struct iovec v = { (char *)text, strlen(text) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *c = (void *)control;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * n);
	memcpy(CMSG_DATA(c), files, sizeof(int) * n);
	m.msg_controllen = CMSG_SPACE(sizeof(int) * n);
	return sendmsg(fd, &m, MSG_NOSIGNAL);
}

static int receive_files(int fd, char *text, int size, int *files, int room, int *flags)
{
	char control[CMSG_SPACE(sizeof(int) * 300)];
	struct iovec v = { text, size };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = room >= 0 ? control : NULL,
			    .msg_controllen = room > 0 ? CMSG_LEN(sizeof(int) * room) : 0 };
	int n = recvmsg(fd, &m, *flags), got = 0;

	if (n < 0)
		return -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_type == SCM_RIGHTS) {
			got = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(files, CMSG_DATA(c), got * sizeof(int));
		}
	}
	*flags = m.msg_flags;
	return got;
}

static void rights(void)
{
	int p[2], q[2], got[300], flags = 0, n, many[260];
	char b[64] = "";
	struct stat a, c;

	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	pipe(q);
	CHECK_INT("send two", send_files(p[0], "two", q, 2), 3);
	close(q[0]);
	n = receive_files(p[1], b, 64, got, 10, &flags);
	CHECK_INT("two come", n, 2);
	CHECK_INT("flags", flags, 0);
	CHECK_INT("not closed on exec", fcntl(got[0], F_GETFD), 0);
	write(q[1], "hi", 2);
	CHECK_INT("the same pipe", read(got[0], b, 64), 2);
	fstat(q[1], &a);
	fstat(got[1], &c);
	CHECK("the same file", a.st_ino == c.st_ino);
	close(got[0]);
	close(got[1]);
	send_files(p[0], "x", &q[1], 1);
	flags = MSG_CMSG_CLOEXEC;
	n = receive_files(p[1], b, 64, got, 10, &flags);
	TELL("MSG_CMSG_CLOEXEC", "%d %x %d", n, flags, fcntl(got[0], F_GETFD));
	close(got[0]);
	write(p[0], "aa", 2);
	send_files(p[0], "bb", &q[1], 1);
	write(p[0], "cc", 2);
	CHECK_INT("bytes up to the files", recv(p[1], b, 64, MSG_PEEK), 4);
	flags = 0;
	n = receive_files(p[1], b, 64, got, 10, &flags);
	CHECK_INT("come with the files", n, 1);
	close(got[0]);
	CHECK_INT("then the others", read(p[1], b, 64), 2);
	for (int i = 0; i < 260; i++)
		many[i] = q[1];
	send_files(p[0], "x", many, 5);
	flags = 0;
	n = receive_files(p[1], b, 64, got, 2, &flags);
	TELL("room for two of five", "%d %x", n, flags);
	close(got[0]);
	close(got[1]);
	send_files(p[0], "x", many, 5);
	flags = 0;
	n = receive_files(p[1], b, 64, got, -1, &flags);
	TELL("no room at all", "%d %x", n, flags);
	send_files(p[0], "xyz", many, 1);
	CHECK_INT("read drops them", read(p[1], b, 64), 3);
	CHECK_INT("most", send_files(p[0], "x", many, 253), 1);
	flags = 0;
	n = receive_files(p[1], b, 64, got, 253, &flags);
	CHECK_INT("come", n, 253);
	for (int i = 0; i < n; i++)
		close(got[i]);
	CHECK_ERRNO("too many", send_files(p[0], "x", many, 254), EINVAL);
	many[1] = 999;
	CHECK_ERRNO("a bad one", send_files(p[0], "x", many, 2), EBADF);
	send_files(p[0], "x", &q[1], 1);
	flags = MSG_PEEK;
	n = receive_files(p[1], b, 64, got, 2, &flags);
	CHECK_INT("peek gives one too", n, 1);
	close(got[0]);
	flags = 0;
	n = receive_files(p[1], b, 64, got, 2, &flags);
	CHECK_INT("and leaves it", n, 1);
	close(got[0]);
	close(p[0]);
	close(p[1]);
	close(q[1]);
}

static void rights_at_the_end(void)
{
	int p[2], q[2], r[2], got[8], flags = 0, n;
	char b[64] = "";

	socketpair(AF_UNIX, SOCK_DGRAM, 0, p);
	pipe(q);
	send_files(p[0], "d", q, 1);
	close(q[0]);
	CHECK_INT("with a datagram", receive_files(p[1], b, 64, got, 8, &flags), 1);
	close(got[0]);
	CHECK_ERRNO("closed by all", write(q[1], "x", 1), EPIPE);
	close(q[1]);
	pipe(q);
	send_files(p[0], "d", q, 1);
	close(q[0]);
	CHECK_INT("kept alive by a message", write(q[1], "x", 1), 1);
	close(p[0]);
	close(p[1]);
	CHECK_ERRNO("which went", write(q[1], "x", 1), EPIPE);
	close(q[1]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	socketpair(AF_UNIX, SOCK_STREAM, 0, r);
	pipe(q);
	send_files(p[0], "in", &r[1], 1);
	send_files(r[0], "deep", &q[0], 1);
	close(q[0]);
	close(r[1]);
	n = receive_files(p[1], b, 64, got, 8, &flags);
	CHECK_INT("a socket with a message inside", n, 1);
	r[1] = got[0];
	CHECK_INT("read from it", receive_files(r[1], b, 64, got, 8, &flags), 1);
	write(q[1], "z", 1);
	CHECK_INT("and from that", read(got[0], b, 1), 1);
	close(got[0]);
	send_files(r[0], "deep", &q[1], 1);
	send_files(p[0], "in", &r[1], 1);
	close(r[1]);
	close(p[1]);
	CHECK_ERRNO("all that goes at once", write(r[0], "x", 1), EPIPE);
	close(p[0]);
	close(r[0]);
	close(q[1]);
	pipe(q);
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	send_files(p[0], "self", &p[1], 1);
	send_files(p[0], "pipe", &q[0], 1);
	close(q[0]);
	close(p[0]);
	close(p[1]);
	for (n = 0; n < 100 && write(q[1], "x", 1) == 1; n++) {
		close(socket(AF_UNIX, SOCK_STREAM, 0)); /* looked for when one is closed */
		sleep_ms(20);
	}
	CHECK("a circle is found", n < 100);
	close(q[1]);
	struct rlimit l = { 20, 20 };
	CHECK_INT("many in flight", IN_CHILD({
		setrlimit(RLIMIT_NOFILE, &l);
		setuid(4321);
		socketpair(AF_UNIX, SOCK_STREAM, 0, p);
		for (n = 0; n < 100 && send_files(p[0], "x", (int[]){ 0, 0, 0 }, 3) == 1; n++)
			;
		_exit(errno == ETOOMANYREFS ? n : 99);
	}), EXITED(7));
}

static int receive_credentials(int fd, struct ucred *u, int *flags)
{
	char control[256], b[64];
	struct iovec v = { b, 64 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	int n = recvmsg(fd, &m, 0);

	memset(u, 0xff, sizeof(*u));
	*flags = m.msg_flags;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_type == SCM_CREDENTIALS)
			memcpy(u, CMSG_DATA(c), sizeof(*u));
	return n;
}

static int send_credentials(int fd, int pid, int uid, int gid)
{
	char control[CMSG_SPACE(sizeof(struct ucred))] = "";
	struct ucred u = { pid, uid, gid };
	struct iovec v = { "c", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = (void *)control;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_CREDENTIALS;
	c->cmsg_len = CMSG_LEN(sizeof(u));
	memcpy(CMSG_DATA(c), &u, sizeof(u));
	return sendmsg(fd, &m, 0);
}

static void credentials(void)
{
	struct ucred u;
	socklen_t n = sizeof(u);
	int p[2], flags;

	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	CHECK_INT("SO_PEERCRED", getsockopt(p[0], SOL_SOCKET, SO_PEERCRED, &u, &n), 0);
	CHECK("is who made the pair", u.pid == getpid() && u.uid == 0 && u.gid == 0 && n == sizeof(u));
	write(p[0], "before", 6);
	CHECK_INT("SO_PASSCRED", set_int(p[1], SO_PASSCRED, 1), 0);
	CHECK_INT("reads so", get_int(p[1], SO_PASSCRED), 1);
	receive_credentials(p[1], &u, &flags);
	TELL("of a message sent before", "%d %d %d %x", u.pid, u.uid, u.gid, flags);
	write(p[0], "x", 1);
	receive_credentials(p[1], &u, &flags);
	CHECK("of one sent after", u.pid == getpid() && u.uid == 0 && flags == 0);
	CHECK_INT("our own", send_credentials(p[0], getpid(), 0, 0), 1);
	CHECK_INT("somebody else's", send_credentials(p[0], 1, 7, 8), 1);
	receive_credentials(p[1], &u, &flags);
	CHECK("not glued together", u.pid == getpid());
	receive_credentials(p[1], &u, &flags);
	TELL("the other's", "%d %d %d", u.pid, u.uid, u.gid);
	CHECK_ERRNO("nobody's", send_credentials(p[0], 32000, 0, 0), ESRCH);
	CHECK_INT("without the right", IN_CHILD({
		setgid(5);
		setuid(5);
		_exit(send_credentials(p[0], getpid(), 5, 5) != 1 || send_credentials(p[0], getpid(), 6, 5) != -1 ||
		      errno != EPERM || send_credentials(p[0], 1, 5, 5) != -1 || errno != EPERM);
	}), 0);
	receive_credentials(p[1], &u, &flags);
	TELL("a child's", "%d %d", u.uid, u.gid);
	char b[8];
	write(p[0], "x", 1);
	struct iovec v = { b, 8 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	recvmsg(p[1], &m, 0);
	TELL("no room for them", "%x", m.msg_flags);
	close(p[0]);
	close(p[1]);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	n = sizeof(u);
	getsockopt(s, SOL_SOCKET, SO_PEERCRED, &u, &n);
	TELL("of nobody", "%d %d %d", u.pid, u.uid, u.gid);
	close(s);
	s = socket(AF_UNIX, SOCK_DGRAM, 0);
	set_int(s, SO_PASSCRED, 1);
	send_name(s, "x", "@none");
	struct sockaddr_un a;
	n = sizeof(a);
	getsockname(s, (void *)&a, &n);
	TELL("SO_PASSCRED gives a name", "%u", n);
	close(s);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	rights();
	rights_at_the_end();
	credentials();
	return tap_done();
}
