/* SPDX-License-Identifier: MIT */
/* Unix sockets: streams, datagrams, packets; names; waiting; options; errors. */
#include "unix.h"

static char big[300000];
static volatile int got_pipe;

static void on_pipe(int n)
{
	got_pipe = n;
}

static void on_alarm(int n)
{
	(void)n;
}

static void making(void)
{
	int p[2], fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct stat st;
	char link[64] = "", want[64], path[64];

	CHECK("socket", fd >= 0);
	CHECK_INT("fstat", fstat(fd, &st), 0);
	TELL("mode", "%o", st.st_mode);
	sprintf(path, "/proc/self/fd/%d", fd);
	sprintf(want, "socket:[%lu]", (unsigned long)st.st_ino);
	readlink(path, link, sizeof(link) - 1);
	CHECK("link in /proc", !strcmp(link, want));
	CHECK_ERRNO("open through /proc", open(path, O_RDWR), ENXIO);
	CHECK_ERRNO("lseek", lseek(fd, 0, SEEK_SET), ESPIPE);
	CHECK_ERRNO("pread", pread(fd, link, 1, 0), ESPIPE);
	CHECK_ERRNO("unconnected write", write(fd, "x", 1), ENOTCONN);
	CHECK_ERRNO("unconnected read", read(fd, link, 1), EINVAL);
	CHECK_ERRNO("unconnected getpeername", getpeername(fd, (void *)want, &(socklen_t){ 64 }), ENOTCONN);
	TELL("unconnected poll", "%x", events_of(fd));
	close(fd);
	CHECK_ERRNO("unknown family", socket(45, SOCK_STREAM, 0), EAFNOSUPPORT);
	CHECK_ERRNO("family out of range", socket(46, SOCK_STREAM, 0), EAFNOSUPPORT);
	CHECK_ERRNO("negative family", socket(-1, SOCK_STREAM, 0), EAFNOSUPPORT);
	CHECK_ERRNO("type out of range", socket(AF_UNIX, 12, 0), EINVAL);
	CHECK_ERRNO("unsupported type", socket(AF_UNIX, SOCK_RDM, 0), ESOCKTNOSUPPORT);
	CHECK_ERRNO("unknown flag", socket(AF_UNIX, SOCK_STREAM | 0x100, 0), EINVAL);
	CHECK_ERRNO("protocol", socket(AF_UNIX, SOCK_STREAM, 7), EPROTONOSUPPORT);
	fd = socket(AF_UNIX, SOCK_RAW, 0);
	CHECK_INT("raw is datagrams", get_int(fd, SO_TYPE), SOCK_DGRAM);
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	TELL("flags", "%x %x", fcntl(fd, F_GETFD), fcntl(fd, F_GETFL));
	close(fd);
	CHECK_INT("socketpair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p), 0);
	TELL("pair flags", "%x %x", fcntl(p[0], F_GETFD), fcntl(p[1], F_GETFL));
	close(p[0]);
	close(p[1]);
	CHECK_ERRNO("socketpair to bad memory", socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)8), EFAULT);
	fd = open(".", O_RDONLY);
	CHECK_ERRNO("no socket", listen(fd, 1), ENOTSOCK);
	CHECK_ERRNO("no socket to receive from", recv(fd, link, 1, 0), ENOTSOCK);
	close(fd);
	CHECK_ERRNO("no descriptor", listen(fd, 1), EBADF);
}

static void streams(void)
{
	int p[2], n = -1;
	char b[64] = "";
	struct iovec v[2] = { { b, 2 }, { b + 2, 3 } };

	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	TELL("poll of an idle end", "%x", events_of(p[0]));
	CHECK_INT("write", write(p[0], "hel", 3), 3);
	CHECK_INT("send", send(p[0], "lo", 2, 0), 2);
	CHECK_INT("FIONREAD", ioctl(p[1], FIONREAD, &n), 0);
	CHECK_INT("bytes waiting", n, 5);
	TELL("poll with data", "%x", events_of(p[1]));
	CHECK_INT("MSG_PEEK goes over messages", recv(p[1], b, 10, MSG_PEEK), 5);
	CHECK_INT("MSG_PEEK again", recv(p[1], b, 4, MSG_PEEK), 4);
	CHECK_INT("readv", readv(p[1], v, 2), 5);
	CHECK("bytes", !memcmp(b, "hello", 5));
	CHECK_ERRNO("MSG_DONTWAIT", recv(p[1], b, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_INT("writev", writev(p[1], v, 2), 5);
	CHECK_INT("short read", read(p[0], b, 2), 2);
	CHECK_INT("the rest", read(p[0], b, 10), 3);
	CHECK_INT("write of nothing", write(p[0], b, 0), 0);
	CHECK_INT("read of nothing", read(p[0], b, 0), 0);
	CHECK_ERRNO("recv of nothing waits", recv(p[0], b, 0, MSG_DONTWAIT), EAGAIN);
	CHECK_ERRNO("bad memory", write(p[0], (void *)8, 4), EFAULT);
	write(p[0], "kept", 4);
	CHECK_ERRNO("read to bad memory", read(p[1], (void *)8, 4), EFAULT);
	CHECK_INT("is not lost", read(p[1], b, 10), 4);
	n = 1;
	CHECK_INT("FIONBIO", ioctl(p[0], FIONBIO, &n), 0);
	CHECK_ERRNO("does not wait", read(p[0], b, 1), EAGAIN);
	long total = 0;
	while ((n = write(p[0], big, sizeof(big))) > 0)
		total += n;
	CHECK("until it is full", errno == EAGAIN && total > 100000);
	TELL("poll of a full end", "%x", events_of(p[0]));
	long back = 0;
	while (back < total && (n = read(p[1], big, sizeof(big))) > 0)
		back += n;
	CHECK("all comes out", back == total);
	TELL("poll when empty again", "%x", events_of(p[0]));
	CHECK_ERRNO("connect of a connected one", do_connect(p[0], "@none"), ECONNREFUSED);
	CHECK_ERRNO("sendto of a connected one", send_name(p[0], "x", "@none"), EISCONN);
	CHECK_ERRNO("unknown ioctl", ioctl(p[0], 0x1234, 0), ENOTTY);
	close(p[0]);
	close(p[1]);
}

static void whole_messages(void)
{
	int p[2], status;
	char b[64] = "", *fresh = malloc(200000);

	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	if (fork() == 0) {
		write(p[1], "ab", 2);
		sleep_ms(20);
		write(p[1], "cd", 2);
		sleep_ms(20);
		write(p[1], big, sizeof(big));
		_exit(0);
	}
	CHECK_INT("MSG_WAITALL", recv(p[0], b, 4, MSG_WAITALL), 4);
	CHECK("its bytes", !memcmp(b, "abcd", 4));
	CHECK_INT("MSG_WAITALL into fresh memory", recv(p[0], fresh, 200000, MSG_WAITALL), 200000);
	long rest = 200000;
	while (rest < (long)sizeof(big))
		rest += read(p[0], big, sizeof(big));
	CHECK_INT("the rest", rest, sizeof(big));
	wait(&status);
	CHECK_INT("the writer ended well", status, 0);
	write(p[1], "xyz", 3);
	close(p[1]);
	CHECK_INT("MSG_WAITALL cut by the end", recv(p[0], b, 10, MSG_WAITALL), 3);
	CHECK_INT("and the end", recv(p[0], b, 10, MSG_WAITALL), 0);
	close(p[0]);
	free(fresh);
}

static void ends(void)
{
	int p[2];
	char b[8];

	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	write(p[1], "x", 1);
	close(p[1]);
	TELL("poll after the other end went", "%x", events_of(p[0]));
	CHECK_INT("what is left", read(p[0], b, 8), 1);
	CHECK_INT("end", read(p[0], b, 8), 0);
	signal(SIGPIPE, on_pipe);
	CHECK_ERRNO("EPIPE", write(p[0], "x", 1), EPIPE);
	CHECK_INT("with a signal", got_pipe, SIGPIPE);
	got_pipe = 0;
	CHECK_ERRNO("MSG_NOSIGNAL", send(p[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_INT("without", got_pipe, 0);
	close(p[0]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	write(p[0], "x", 1);
	close(p[1]);
	TELL("poll after it went with data unread", "%x", events_of(p[0]));
	CHECK_INT("SO_ERROR", get_int(p[0], SO_ERROR), ECONNRESET);
	CHECK_INT("only once", get_int(p[0], SO_ERROR), 0);
	close(p[0]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	write(p[0], "x", 1);
	close(p[1]);
	CHECK_ERRNO("ECONNRESET", read(p[0], b, 1), ECONNRESET);
	CHECK_INT("then the end", read(p[0], b, 1), 0);
	close(p[0]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	write(p[0], "x", 1);
	CHECK_INT("shutdown of writing", shutdown(p[0], SHUT_WR), 0);
	TELL("poll here", "%x", events_of(p[0]));
	TELL("poll there", "%x", events_of(p[1]));
	CHECK_INT("data before it", read(p[1], b, 8), 1);
	CHECK_INT("end after it", read(p[1], b, 8), 0);
	CHECK_ERRNO("write after it", write(p[0], "x", 1), EPIPE);
	CHECK_INT("the other way goes on", write(p[1], "y", 1), 1);
	CHECK_INT("and arrives", read(p[0], b, 8), 1);
	CHECK_INT("shutdown of reading", shutdown(p[0], SHUT_RD), 0);
	TELL("poll when both are shut", "%x", events_of(p[0]));
	CHECK_ERRNO("write to it", write(p[1], "x", 1), EPIPE);
	CHECK_ERRNO("shutdown of what", shutdown(p[0], 3), EINVAL);
	close(p[0]);
	close(p[1]);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_INT("shutdown of an unconnected one", shutdown(s, SHUT_RD), 0);
	close(s);
}

static void tell_name(const char *what, int result, const struct sockaddr_un *a, socklen_t n)
{
	char text[128] = "";
	int k = n > 2 ? n - 2 : 0;

	for (int i = 0; i < k && i < 110; i++)
		text[i] = a->sun_path[i] ? a->sun_path[i] : '@';
	TELL(what, "%d %u %s", result, n, text);
}

static void names(void)
{
	struct sockaddr_un a;
	socklen_t n = sizeof(a);
	struct stat st;
	int r, s = socket(AF_UNIX, SOCK_STREAM, 0), t = socket(AF_UNIX, SOCK_STREAM, 0);

	r = getsockname(s, (void *)&a, &n);
	tell_name("no name", r, &a, n);
	umask(022);
	CHECK_INT("bind", do_bind(s, "sock"), 0);
	CHECK_INT("makes a file", lstat("sock", &st), 0);
	TELL("its mode", "%o", st.st_mode);
	n = sizeof(a);
	r = getsockname(s, (void *)&a, &n);
	tell_name("its name", r, &a, n);
	n = 4;
	r = getsockname(s, (void *)&a, &n);
	TELL("a short buffer", "%d %u", r, n);
	CHECK_ERRNO("a negative one", getsockname(s, (void *)&a, &(socklen_t){ -1 }), EINVAL);
	CHECK_ERRNO("bind again", do_bind(s, "other"), EINVAL);
	unlink("other");
	CHECK_ERRNO("bind to what exists", do_bind(t, "sock"), EADDRINUSE);
	CHECK_ERRNO("open of it", open("sock", O_RDWR), ENXIO);
	CHECK_ERRNO("nobody listens", do_connect(t, "sock"), ECONNREFUSED);
	CHECK_ERRNO("no such file", do_connect(t, "nothing"), ENOENT);
	file_write("plain", "");
	CHECK_ERRNO("no socket", do_connect(t, "plain"), ECONNREFUSED);
	CHECK_ERRNO("a folder", do_connect(t, "."), ECONNREFUSED);
	CHECK_ERRNO("no such folder", do_bind(t, "none/x"), ENOENT);
	close(s);
	CHECK_INT("the file stays", lstat("sock", &st), 0);
	CHECK_ERRNO("and leads to nobody", do_connect(t, "sock"), ECONNREFUSED);
	name_of(&a, "x");
	CHECK_ERRNO("address too long", bind(t, (void *)&a, 111), EINVAL);
	CHECK_ERRNO("far too long", bind(t, (void *)&a, 129), EINVAL);
	CHECK_ERRNO("too short", bind(t, (void *)&a, 1), EINVAL);
	a.sun_family = AF_INET;
	CHECK_ERRNO("wrong family", bind(t, (void *)&a, 5), EINVAL);
	CHECK_ERRNO("connect with it", connect(t, (void *)&a, 5), EINVAL);
	CHECK_ERRNO("bad memory", bind(t, (void *)8, 5), EFAULT);
	memset(&a, 'p', sizeof(a));
	a.sun_family = AF_UNIX;
	CHECK_INT("a path of 108 bytes", bind(t, (void *)&a, sizeof(a)), 0);
	char room[128];
	n = sizeof(room);
	r = getsockname(t, (void *)room, &n);
	TELL("its length", "%d %u", r, n);
	close(t);
	t = socket(AF_UNIX, SOCK_STREAM, 0);
	a.sun_family = AF_UNIX;
	CHECK_INT("a name of its own choice", bind(t, (void *)&a, 2), 0);
	n = sizeof(a);
	getsockname(t, (void *)&a, &n);
	TELL("looks so", "%u %d", n, a.sun_path[0]);
	CHECK_INT("choice again", bind(t, (void *)&a, 2), 0);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_INT("abstract", do_bind(s, "@name"), 0);
	close(t);
	t = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_ERRNO("taken", do_bind(t, "@name"), EADDRINUSE);
	CHECK_INT("a longer one is another", do_bind(t, "@name2"), 0);
	close(s);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_INT("free after close", do_bind(s, "@name"), 0);
	n = sizeof(a);
	r = getsockname(s, (void *)&a, &n);
	tell_name("abstract name", r, &a, n);
	close(s);
	close(t);
	s = socket(AF_UNIX, SOCK_DGRAM, 0);
	t = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_INT("one kind", do_bind(s, "@kind"), 0);
	CHECK_INT("the other kind", do_bind(t, "@kind"), 0);
	CHECK_INT("datagram with a file", (close(s), s = socket(AF_UNIX, SOCK_DGRAM, 0), do_bind(s, "dsock")), 0);
	CHECK_ERRNO("other type behind it", do_connect(t, "dsock"), EPROTOTYPE);
	close(s);
	close(t);
	CHECK_INT("search without the right", IN_CHILD({
		mkdir("closed", 0700);
		s = socket(AF_UNIX, SOCK_STREAM, 0);
		do_bind(s, "mine");
		listen(s, 1);
		chmod("mine", 0600);
		setuid(1000);
		t = socket(AF_UNIX, SOCK_STREAM, 0);
		_exit(do_connect(t, "mine") == -1 ? errno : 0);
	}), EXITED(EACCES));
}

static void connections(void)
{
	struct sockaddr_un a;
	socklen_t n = sizeof(a);
	int r, s = socket(AF_UNIX, SOCK_STREAM, 0), c, d;
	char b[16];

	CHECK_ERRNO("listen without a name", listen(s, 1), EINVAL);
	do_bind(s, "srv");
	CHECK_ERRNO("accept without listen", accept(s, NULL, NULL), EINVAL);
	CHECK_INT("SO_ACCEPTCONN before", get_int(s, SO_ACCEPTCONN), 0);
	CHECK_INT("listen", listen(s, 1), 0);
	CHECK_INT("SO_ACCEPTCONN", get_int(s, SO_ACCEPTCONN), 1);
	TELL("poll of a listener", "%x", events_of(s));
	CHECK_ERRNO("FIONREAD of a listener", ioctl(s, FIONREAD, &r), EINVAL);
	CHECK_ERRNO("read of a listener", read(s, b, 1), EINVAL);
	CHECK_ERRNO("write to a listener", write(s, b, 1), ENOTCONN);
	CHECK_ERRNO("connect to itself", do_connect(s, "srv"), EINVAL);
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_INT("connect", do_connect(c, "srv"), 0);
	TELL("poll with one waiting", "%x", events_of(s));
	TELL("poll of the client", "%x", events_of(c));
	CHECK_INT("write before accept", write(c, "early", 5), 5);
	CHECK_ERRNO("connect twice", do_connect(c, "srv"), EISCONN);
	d = accept(s, (void *)&a, &n);
	CHECK("accept", d >= 0);
	tell_name("name of the client", 0, &a, n);
	n = sizeof(a);
	r = getsockname(d, (void *)&a, &n);
	tell_name("name of the connection", r, &a, n);
	n = sizeof(a);
	r = getpeername(c, (void *)&a, &n);
	tell_name("name of the server", r, &a, n);
	CHECK_INT("early bytes", read(d, b, 16), 5);
	CHECK_INT("answer", write(d, "ok", 2), 2);
	CHECK_INT("arrives", read(c, b, 16), 2);
	CHECK_ERRNO("listen when connected", listen(c, 1), EINVAL);
	close(c);
	close(d);
	fcntl(s, F_SETFL, O_NONBLOCK);
	CHECK_ERRNO("nobody waits", accept(s, NULL, NULL), EAGAIN);
	int w[4];
	for (int i = 0; i < 4; i++) {
		w[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		r = do_connect(w[i], "srv");
		TELL("beyond the backlog", "%d %d", i, r ? errno : 0);
	}
	d = accept4(s, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	TELL("accept4 flags", "%x %x", fcntl(d, F_GETFD), fcntl(d, F_GETFL));
	CHECK_INT("room again", do_connect(w[2], "srv"), 0);
	CHECK_ERRNO("accept4 with other flags", accept4(s, NULL, NULL, 1), EINVAL);
	close(s);
	CHECK_ERRNO("the listener went", read(w[1], b, 1), ECONNRESET);
	TELL("poll then", "%x", events_of(w[1]));
	CHECK_INT("accepted ones live", write(w[0], "x", 1), 1);
	for (int i = 0; i < 4; i++)
		close(w[i]);
	close(d);
	s = socket(AF_UNIX, SOCK_DGRAM, 0);
	do_bind(s, "@dg");
	CHECK_ERRNO("listen on datagrams", listen(s, 1), EOPNOTSUPP);
	CHECK_ERRNO("accept on datagrams", accept(s, NULL, NULL), EOPNOTSUPP);
	close(s);
	s = listener(SOCK_STREAM, "@shut", 5);
	shutdown(s, SHUT_RD);
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_ERRNO("connect to a listener shut for reading", do_connect(c, "@shut"), ECONNREFUSED);
	CHECK_ERRNO("accept there", accept(s, NULL, NULL), EINVAL);
	close(s);
	close(c);
}

static void waiting(void)
{
	int s = listener(SOCK_STREAM, "@wait", 0), c, p[2], status;
	char b[16];

	if (fork() == 0) {
		for (int i = 0; i < 3; i++) {
			c = socket(AF_UNIX, SOCK_STREAM, 0);
			if (do_connect(c, "@wait") || write(c, "hi", 2) != 2)
				_exit(1);
		}
		_exit(0);
	}
	int good = 0;
	for (int i = 0; i < 3; i++) {
		sleep_ms(10);
		c = accept(s, NULL, NULL);
		good += read(c, b, 16) == 2;
		close(c);
	}
	CHECK_INT("blocking accept and connect", good, 3);
	wait(&status);
	CHECK_INT("client", status, 0);
	close(s);
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	struct timeval tv = { 0, 30000 };
	CHECK_INT("SO_RCVTIMEO", setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
	socklen_t n = sizeof(tv);
	getsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &tv, &n);
	CHECK("is kept", tv.tv_sec == 0 && tv.tv_usec > 29000 && n == sizeof(tv));
	int64_t before = now_ns(CLOCK_MONOTONIC);
	CHECK_ERRNO("read times out", read(p[0], b, 1), EAGAIN);
	CHECK("after a while", now_ns(CLOCK_MONOTONIC) - before > 25000000);
	setsockopt(p[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	while (write(p[0], big, 100000) == 100000)
		;
	CHECK_ERRNO("write times out", write(p[0], big, 100000), EAGAIN);
	tv.tv_usec = 1000000;
	CHECK_ERRNO("no such time", setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), EDOM);
	CHECK_ERRNO("short", setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &tv, 8), EINVAL);
	struct sigaction sa = { .sa_handler = on_alarm };
	sigaction(SIGALRM, &sa, NULL);
	struct itimerval it = { { 0, 0 }, { 0, 20000 } };
	setitimer(ITIMER_REAL, &it, NULL);
	CHECK_ERRNO("a signal interrupts", (tv = (struct timeval){ 0, 0 },
		    setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), read(p[0], b, 1)), EINTR);
	close(p[0]);
	close(p[1]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	if (fork() == 0) {
		close(p[1]);
		long total = 0;
		for (int k; total < 2000000; total += k)
			if ((k = write(p[0], big, 50000)) <= 0)
				_exit(1);
		_exit(0);
	}
	close(p[0]);
	long total = 0;
	for (int k; (k = read(p[1], big, 7000)) > 0; total += k)
		;
	CHECK_INT("much data", total, 2000000);
	wait(&status);
	CHECK_INT("writer", status, 0);
	close(p[1]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	if (fork() == 0) {
		sleep_ms(20);
		shutdown(p[1], SHUT_RDWR);
		_exit(0);
	}
	CHECK_INT("shutdown ends a wait", read(p[0], b, 1), 0);
	wait(NULL);
	close(p[0]);
	close(p[1]);
}

static void datagrams(void)
{
	struct sockaddr_un a;
	socklen_t n = sizeof(a);
	int r, s = socket(AF_UNIX, SOCK_DGRAM, 0), c = socket(AF_UNIX, SOCK_DGRAM, 0), k = -1;
	char b[64] = "";

	TELL("poll", "%x", events_of(c));
	do_bind(s, "@server");
	CHECK_ERRNO("send to nobody", send(c, "x", 1, 0), ENOTCONN);
	CHECK_ERRNO("to no such name", send_name(c, "x", "@none"), ECONNREFUSED);
	CHECK_ERRNO("to no such file", send_name(c, "x", "none"), ENOENT);
	CHECK_INT("sendto", send_name(c, "hello", "@server"), 5);
	CHECK_INT("another", send_name(c, "wor", "@server"), 3);
	CHECK_INT("FIONREAD", ioctl(s, FIONREAD, &k), 0);
	CHECK_INT("is the first", k, 5);
	r = recvfrom(s, b, sizeof(b), MSG_PEEK, (void *)&a, &n);
	TELL("peek, sender without name", "%d %u", r, n);
	CHECK_INT("cut", recv(s, b, 2, 0), 2);
	CHECK_INT("the next", recv(s, b, 64, 0), 3);
	CHECK_ERRNO("no more", recv(s, b, 64, MSG_DONTWAIT), EAGAIN);
	do_bind(c, "@client");
	send_name(c, "hello", "@server");
	CHECK_INT("MSG_TRUNC gives the length", recv(s, b, 2, MSG_TRUNC), 5);
	send_name(c, "hello", "@server");
	struct iovec v = { b, 3 };
	struct msghdr m = { .msg_name = &a, .msg_namelen = sizeof(a), .msg_iov = &v, .msg_iovlen = 1 };
	r = recvmsg(s, &m, 0);
	TELL("recvmsg of a long one", "%d %x %u", r, m.msg_flags, m.msg_namelen);
	tell_name("sender", 0, &a, m.msg_namelen);
	CHECK_INT("an empty one", send_name(c, "", "@server"), 0);
	TELL("poll of it", "%x", events_of(s));
	CHECK_INT("arrives", recv(s, b, 64, 0), 0);
	CHECK_INT("connect", do_connect(c, "@server"), 0);
	CHECK_INT("send", send(c, "abc", 3, 0), 3);
	n = sizeof(a);
	r = recvfrom(s, b, 64, 0, (void *)&a, &n);
	tell_name("from", r, &a, n);
	CHECK_INT("answer", sendto(s, "def", 3, 0, (void *)&a, n), 3);
	CHECK_INT("read", read(c, b, 64), 3);
	int x = socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK_ERRNO("to one connected elsewhere", send_name(x, "x", "@client"), EPERM);
	CHECK_ERRNO("connect to it", do_connect(x, "@client"), EPERM);
	for (k = 0; k < 100 && send(c, "x", 1, MSG_DONTWAIT) == 1; k++)
		;
	TELL("how many fit", "%d %d", k, errno);
	TELL("poll of who sent them", "%x", events_of(c));
	struct pollfd pf = { c, POLLOUT, 0 };
	if (fork() == 0) {
		sleep_ms(20);
		_exit(recv(s, b, 1, 0) != 1);
	}
	CHECK_INT("poll waits for room", poll(&pf, 1, 5000), 1);
	wait(NULL);
	if (fork() == 0) {
		sleep_ms(20);
		recv(s, b, 1, 0);
		_exit(recv(s, b, 1, 0) != 1);
	}
	CHECK_INT("send", send(c, "y", 1, 0), 1);
	CHECK_INT("send waits for room", send(c, "y", 1, 0), 1);
	wait(NULL);
	while (recv(s, b, 64, MSG_DONTWAIT) >= 0)
		;
	CHECK_ERRNO("too long", send(c, big, 250000, 0), EMSGSIZE);
	CHECK_INT("a long one", send(c, big, 150000, 0), 150000);
	CHECK_INT("comes whole", recv(s, big, sizeof(big), 0), 150000);
	CHECK_ERRNO("bad memory", send(c, (void *)8, 10, 0), EFAULT);
	send(c, "lost", 4, 0);
	CHECK_ERRNO("received to bad memory", recv(s, (void *)8, 4, 0), EFAULT);
	CHECK_ERRNO("is lost", recv(s, b, 4, MSG_DONTWAIT), EAGAIN);
	CHECK_INT("shutdown", shutdown(s, SHUT_RD), 0);
	got_pipe = 0;
	CHECK_ERRNO("write to it", write(c, "x", 1), EPIPE);
	CHECK_INT("no signal", got_pipe, 0);
	CHECK_ERRNO("receive without waiting", recv(s, b, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_INT("receive", recv(s, b, 1, 0), 0);
	close(s);
	CHECK_ERRNO("it went", send(c, "x", 1, 0), ECONNREFUSED);
	CHECK_ERRNO("and is forgotten", send(c, "x", 1, 0), ENOTCONN);
	a.sun_family = AF_UNSPEC;
	CHECK_INT("disconnect", connect(c, (void *)&a, 2), 0);
	CHECK_INT("by now", send_name(x, "x", "@client"), 1);
	close(c);
	close(x);
	int p[2];
	socketpair(AF_UNIX, SOCK_DGRAM, 0, p);
	for (k = 0; k < 40 && send(p[0], "x", 1, MSG_DONTWAIT) == 1; k++)
		;
	CHECK_INT("a pair has no such limit", k, 40);
	CHECK_INT("one is one", recv(p[1], b, 64, 0), 1);
	close(p[1]);
	CHECK_ERRNO("pair broken", send(p[0], "x", 1, 0), ECONNREFUSED);
	close(p[0]);
}

static void packets(void)
{
	int p[2], s = listener(SOCK_SEQPACKET, "@packets", 3), c, d;
	char b[16];

	c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	CHECK_ERRNO("unconnected send", send(c, "x", 1, 0), ENOTCONN);
	CHECK_ERRNO("unconnected receive", recv(c, b, 1, 0), ENOTCONN);
	TELL("poll", "%x", events_of(c));
	CHECK_INT("connect", do_connect(c, "@packets"), 0);
	d = accept(s, NULL, NULL);
	CHECK_INT("write", write(c, "abc", 3), 3);
	CHECK_INT("write", write(c, "de", 2), 2);
	int n = 0;
	ioctl(d, FIONREAD, &n);
	CHECK_INT("FIONREAD", n, 5);
	CHECK_INT("one", read(d, b, 16), 3);
	CHECK_INT("cut", read(d, b, 1), 1);
	CHECK_ERRNO("the rest is lost", recv(d, b, 16, MSG_DONTWAIT), EAGAIN);
	CHECK_INT("an address is ignored", send_name(c, "xy", "@none"), 2);
	close(c);
	CHECK_INT("what is left", recv(d, b, 16, MSG_DONTWAIT), 2);
	CHECK_INT("end without waiting", recv(d, b, 16, MSG_DONTWAIT), 0);
	CHECK_ERRNO("EPIPE", send(d, "x", 1, 0), EPIPE);
	close(d);
	close(s);
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p);
	write(p[0], "x", 1);
	close(p[1]);
	CHECK_ERRNO("reset", read(p[0], b, 1), ECONNRESET);
	CHECK_INT("end", read(p[0], b, 1), 0);
	close(p[0]);
}

static void options(void)
{
	int p[2], v = 7;
	socklen_t n;

	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p);
	TELL("type, domain, protocol", "%d %d %d", get_int(p[0], SO_TYPE), get_int(p[0], SO_DOMAIN),
	     get_int(p[0], SO_PROTOCOL));
	TELL("buffers", "%d %d", get_int(p[0], SO_SNDBUF), get_int(p[0], SO_RCVBUF));
	set_int(p[0], SO_SNDBUF, 10000);
	set_int(p[0], SO_RCVBUF, 1);
	TELL("set", "%d %d", get_int(p[0], SO_SNDBUF), get_int(p[0], SO_RCVBUF));
	set_int(p[0], SO_SNDBUF, 1);
	set_int(p[0], SO_RCVBUF, 1 << 30);
	TELL("least and most", "%d %d", get_int(p[0], SO_SNDBUF), get_int(p[0], SO_RCVBUF));
	TELL("low water", "%d %d", get_int(p[0], SO_RCVLOWAT), get_int(p[0], SO_SNDLOWAT));
	CHECK_INT("SO_REUSEADDR", set_int(p[0], SO_REUSEADDR, 5), 0);
	CHECK_INT("is a bit", get_int(p[0], SO_REUSEADDR), 1);
	CHECK_INT("SO_KEEPALIVE", set_int(p[0], SO_KEEPALIVE, 1), 0);
	CHECK_INT("SO_ERROR", get_int(p[0], SO_ERROR), 0);
	CHECK_ERRNO("SO_TYPE cannot be set", set_int(p[0], SO_TYPE, 1), ENOPROTOOPT);
	CHECK_ERRNO("unknown option", set_int(p[0], 999, 1), ENOPROTOOPT);
	CHECK_INT("unknown option to get", get_int(p[0], 999), -ENOPROTOOPT);
	CHECK_ERRNO("other level", setsockopt(p[0], 6, 1, &v, sizeof(v)), EOPNOTSUPP);
	CHECK_ERRNO("short value", setsockopt(p[0], SOL_SOCKET, SO_REUSEADDR, &v, 2), EINVAL);
	CHECK_ERRNO("bad value", setsockopt(p[0], SOL_SOCKET, SO_REUSEADDR, (void *)8, 4), EFAULT);
	n = 2;
	CHECK_INT("short answer", getsockopt(p[0], SOL_SOCKET, SO_SNDBUF, &v, &n), 0);
	CHECK_INT("its length", n, 2);
	n = -1;
	CHECK_ERRNO("negative length", getsockopt(p[0], SOL_SOCKET, SO_SNDBUF, &v, &n), EINVAL);
	struct linger l = { 1, 5 };
	CHECK_INT("SO_LINGER", setsockopt(p[0], SOL_SOCKET, SO_LINGER, &l, sizeof(l)), 0);
	n = sizeof(l);
	getsockopt(p[0], SOL_SOCKET, SO_LINGER, &l, &n);
	TELL("is kept", "%d %d", l.l_onoff, l.l_linger);
	close(p[0]);
	close(p[1]);
}

static void several(void)
{
	struct mmsghdr m[4] = { 0 };
	struct iovec v[4];
	char b[4][16];
	int p[2], n;

	socketpair(AF_UNIX, SOCK_DGRAM, 0, p);
	for (int i = 0; i < 4; i++) {
		v[i] = (struct iovec){ b[i], i + 1 };
		memset(b[i], 'a' + i, 16);
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	n = sendmmsg(p[0], m, 3, 0);
	TELL("sendmmsg", "%d %u %u %u", n, m[0].msg_len, m[1].msg_len, m[2].msg_len);
	for (int i = 0; i < 4; i++)
		v[i].iov_len = 16;
	n = recvmmsg(p[1], m, 2, 0, NULL);
	TELL("recvmmsg", "%d %u %u %c", n, m[0].msg_len, m[1].msg_len, b[1][1]);
	n = recvmmsg(p[1], m, 4, MSG_WAITFORONE, NULL);
	TELL("MSG_WAITFORONE", "%d %u", n, m[0].msg_len);
	CHECK_ERRNO("none", recvmmsg(p[1], m, 4, MSG_DONTWAIT, NULL), EAGAIN);
	m[1].msg_hdr.msg_iovlen = 2000;
	CHECK_INT("a bad one ends it", sendmmsg(p[0], m, 3, 0), 1);
	m[0].msg_hdr.msg_iovlen = 2000;
	CHECK_ERRNO("the first", sendmmsg(p[0], m, 3, 0), EMSGSIZE);
	CHECK_ERRNO("sendmsg of it", sendmsg(p[0], &m[0].msg_hdr, 0), EMSGSIZE);
	CHECK_ERRNO("bad header", sendmsg(p[0], (void *)8, 0), EFAULT);
	struct cmsghdr c = { .cmsg_len = 4, .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	struct msghdr h = { .msg_iov = v, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c) };
	CHECK_ERRNO("bad control", sendmsg(p[0], &h, 0), EINVAL);
	c.cmsg_len = sizeof(c);
	c.cmsg_type = 77;
	CHECK_ERRNO("unknown control", sendmsg(p[0], &h, 0), EINVAL);
	c.cmsg_level = 6;
	CHECK_INT("of another level", sendmsg(p[0], &h, 0), 16);
	close(p[0]);
	close(p[1]);
}

static void watched(void)
{
	int e = epoll_create1(0), p[2], s = listener(SOCK_STREAM, "@epoll", 5), c;
	struct epoll_event v = { EPOLLIN | EPOLLET | EPOLLRDHUP, { .fd = 1 } };
	char b[8];

	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	epoll_ctl(e, EPOLL_CTL_ADD, p[0], &v);
	v.events = EPOLLIN;
	v.data.fd = 2;
	epoll_ctl(e, EPOLL_CTL_ADD, s, &v);
	CHECK_INT("quiet", epoll_wait(e, &v, 1, 0), 0);
	write(p[1], "x", 1);
	CHECK_INT("data", epoll_wait(e, &v, 1, 1000), 1);
	TELL("event", "%x %d", v.events, v.data.fd);
	CHECK_INT("edge", epoll_wait(e, &v, 1, 0), 0);
	write(p[1], "x", 1);
	CHECK_INT("more data", epoll_wait(e, &v, 1, 1000), 1);
	read(p[0], b, 8);
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	do_connect(c, "@epoll");
	CHECK_INT("connection", epoll_wait(e, &v, 1, 1000), 1);
	TELL("event", "%x %d", v.events, v.data.fd);
	close(accept(s, NULL, NULL));
	close(p[1]);
	CHECK_INT("end", epoll_wait(e, &v, 1, 1000), 1);
	TELL("event", "%x %d", v.events, v.data.fd);
	close(p[0]);
	close(s);
	close(c);
	close(e);
}

static void listed(void)
{
	char text[8192] = "", *line;
	int s = listener(SOCK_STREAM, "@shown", 5), fd = open("/proc/net/unix", O_RDONLY);
	unsigned refs, protocol, flags, type, state;
	unsigned long ino;

	for (int n, at = 0; (n = read(fd, text + at, sizeof(text) - 1 - at)) > 0; at += n)
		;
	close(fd);
	line = strchr(text, '\n');
	TELL("heading", "%.*s", (int)(line - text), text);
	line = strstr(text, "@shown");
	while (line && line > text && line[-1] != '\n')
		line--;
	if (line && sscanf(line, "%*x: %X %X %X %X %X %lu", &refs, &protocol, &flags, &type, &state, &ino) == 6)
		TELL("line", "%u %u %x %u %u", refs, protocol, flags, type, state);
	else
		TELL("line", "none");
	close(s);
}

int main(void)
{
	making();
	streams();
	whole_messages();
	ends();
	names();
	connections();
	waiting();
	datagrams();
	packets();
	options();
	several();
	watched();
	listed();
	return tap_done();
}
