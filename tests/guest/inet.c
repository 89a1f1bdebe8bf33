/* SPDX-License-Identifier: MIT */
/* TCP over loopback: names, connecting, states, closing, resets, options; errors first. */
#include "net.h"

static volatile int got_signal;

static void on_signal(int n)
{
	got_signal = n;
}

static void test_create(void)
{
	CHECK_ERRNO("stream with UDP's protocol", socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
	CHECK_ERRNO("datagram with TCP's protocol", socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP), EPROTONOSUPPORT);
	CHECK_ERRNO("protocol below 0", socket(AF_INET, SOCK_STREAM, -1), EINVAL);
	CHECK_ERRNO("protocol above 262", socket(AF_INET, SOCK_STREAM, 263), EINVAL);
	CHECK_ERRNO("seqpacket", socket(AF_INET, SOCK_SEQPACKET, 0), ESOCKTNOSUPPORT);
	CHECK_ERRNO("type 7", socket(AF_INET, 7, 0), ESOCKTNOSUPPORT);
	CHECK_ERRNO("type 11", socket(AF_INET, 11, 0), EINVAL);
	CHECK_ERRNO("raw without a protocol", socket(AF_INET, SOCK_RAW, 0), EPROTONOSUPPORT);
	CHECK_ERRNO("pair of Internet sockets", socketpair(AF_INET, SOCK_STREAM, 0, (int[2]){ 0, 0 }), EOPNOTSUPP);
	CHECK_ERRNO("family 99", socket(99, SOCK_STREAM, 0), EAFNOSUPPORT);
	TELL("raw as nobody", "%d", IN_CHILD(setuid(65534); _exit(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) < 0 ? errno : 0)));
	TELL("ping socket as nobody", "%d", IN_CHILD(setgid(65534); setuid(65534); _exit(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP) < 0 ? errno : 0)));
}

static void test_down(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), u = socket(AF_INET, SOCK_DGRAM, 0);
	int fd6 = socket(AF_INET6, SOCK_STREAM, 0), u6 = socket(AF_INET6, SOCK_DGRAM, 0);

	lo_set(1);
	CHECK_OK("lo goes down", lo_set(0));
	CHECK_ERRNO("down: connect", do_connect(fd, "127.0.0.1", 9), EINPROGRESS);
	TELL("down: nobody answers", "state %d poll %#x", tcp_state(fd), poll_of(fd));
	TELL("down: connect ::1", "%ld", RESULT(do_connect(fd6, "::1", 9)));
	TELL("down: bind 127.0.0.1", "%ld", RESULT(do_bind(u, "127.0.0.1", 0)));
	TELL("down: bind ::1", "%ld", RESULT(do_bind(fd6, "::1", 0)));
	TELL("down: send", "%ld", RESULT(send_name(u, "x", "127.0.0.1", 9)));
	TELL("down: send ::1", "%ld", RESULT(send_name(u6, "x", "::1", 9)));
	CHECK_OK("lo goes up", lo_set(1));
	close(fd);
	close(u);
	close(fd6);
	close(u6);
}

static void test_bind(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0), port;
	union any_addr a;

	addr_make(&a, "127.0.0.1", 0);
	CHECK_ERRNO("bind: short", bind(fd, &a.a, 15), EINVAL);
	CHECK_ERRNO("bind: no memory", bind(fd, (void *)8, 16), EFAULT);
	a.a.sa_family = AF_INET6;
	CHECK_ERRNO("bind: IPv6's family", bind(fd, &a.a, sizeof(a.in)), EAFNOSUPPORT);
	a.a.sa_family = AF_UNSPEC;
	CHECK_ERRNO("bind: no family, an address", bind(fd, &a.a, sizeof(a.in)), EAFNOSUPPORT);
	CHECK_ERRNO("bind: not ours", do_bind(fd, "10.1.2.3", 0), EADDRNOTAVAIL);
	TELL("bind: multicast", "%ld", RESULT(do_bind(socket(AF_INET, SOCK_STREAM, 0), "224.0.0.5", 0)));
	TELL("bind: broadcast", "%ld", RESULT(do_bind(socket(AF_INET, SOCK_STREAM, 0), "255.255.255.255", 0)));
	TELL("bind: port 80 as nobody", "%d", IN_CHILD(setuid(65534); _exit(do_bind(fd, "127.0.0.1", 80) ? errno : 0)));
	CHECK_OK("bind", do_bind(fd, "127.0.0.1", 0));
	CHECK_ERRNO("bind twice", do_bind(fd, "127.0.0.1", 0), EINVAL);
	port = port_of(fd);
	CHECK("the port is of the range", port >= 32768 && port < 61000);
	CHECK_ERRNO("taken", do_bind(other, "127.0.0.1", port), EADDRINUSE);
	CHECK_ERRNO("taken, any", do_bind(other, "0.0.0.0", port), EADDRINUSE);
	opt_set(other, SOL_SOCKET, SO_REUSEADDR, 1);
	CHECK_ERRNO("one of two would share", do_bind(other, "127.0.0.1", port), EADDRINUSE);
	CHECK_OK("another address", do_bind(other, "127.0.0.2", port));
	TELL("its name", "%s", name_of(other, 0));
	CHECK_ERRNO("not connected", getpeername(fd, &a.a, &(socklen_t){ 16 }), ENOTCONN);
	close(fd);
	close(other);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	other = socket(AF_INET, SOCK_STREAM, 0);
	opt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	opt_set(other, SOL_SOCKET, SO_REUSEADDR, 1);
	do_bind(fd, "0.0.0.0", 0);
	CHECK_OK("both share", do_bind(other, "0.0.0.0", port_of(fd)));
	CHECK_OK("one listens", listen(fd, 1));
	CHECK_ERRNO("the second may not", listen(other, 1), EADDRINUSE);
	close(other);
	other = socket(AF_INET, SOCK_STREAM, 0);
	opt_set(other, SOL_SOCKET, SO_REUSEADDR, 1);
	CHECK_ERRNO("not beside a listener", do_bind(other, "127.0.0.1", port_of(fd)), EADDRINUSE);
	close(fd);
	close(other);
}

static void test_reuseport(void)
{
	int a = socket(AF_INET, SOCK_STREAM, 0), b = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);
	int n = 0;

	opt_set(a, SOL_SOCKET, SO_REUSEPORT, 1);
	opt_set(b, SOL_SOCKET, SO_REUSEPORT, 1);
	do_bind(a, "127.0.0.1", 0);
	CHECK_OK("reuseport: both", do_bind(b, "127.0.0.1", port_of(a)));
	CHECK_ERRNO("reuseport: not the third", do_bind(c, "127.0.0.1", port_of(a)), EADDRINUSE);
	CHECK_OK("reuseport: listen", listen(a, 64));
	CHECK_OK("reuseport: listen too", listen(b, 64));
	fcntl(a, F_SETFL, O_NONBLOCK);
	fcntl(b, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 32; i++)
		do_connect(socket(AF_INET, SOCK_STREAM, 0), "127.0.0.1", port_of(a));
	for (int i = 0; i < 64; i++) {
		n += accept(a, NULL, NULL) >= 0;
		n += accept(b, NULL, NULL) >= 0;
	}
	CHECK_INT("reuseport: all arrive", n, 32);
	for (int fd = 3; fd < 200; fd++)
		close(fd);
}

static void test_connect(void)
{
	int l = listener("127.0.0.1", 5), fd = socket(AF_INET, SOCK_STREAM, 0), far;
	union any_addr a;
	socklen_t n = sizeof(a);

	addr_make(&a, "127.0.0.1", port_of(l));
	CHECK_ERRNO("connect: short", connect(fd, &a.a, 8), EINVAL);
	a.a.sa_family = 77;
	CHECK_ERRNO("connect: a strange family", connect(fd, &a.a, sizeof(a.in)), EAFNOSUPPORT);
	CHECK_ERRNO("connect: nobody", do_connect(fd, "127.0.0.1", 1), ECONNREFUSED);
	TELL("after that", "state %d poll %#x error %d name %s port %d", tcp_state(fd), poll_of(fd),
	     opt_get(fd, SOL_SOCKET, SO_ERROR), name_of(fd, 0), port_of(fd) > 0);
	CHECK_ERRNO("connect: unreachable", do_connect(fd, "10.1.2.3", 1), ENETUNREACH);
	CHECK_ERRNO("connect: multicast", do_connect(fd, "224.0.0.1", 1), ENETUNREACH);
	CHECK_ERRNO("connect: broadcast", do_connect(fd, "127.255.255.255", 1), ENETUNREACH);
	CHECK_ERRNO("send before", send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_ERRNO("receive before", recv(fd, &a, 1, 0), ENOTCONN);
	CHECK_ERRNO("accept without listen", accept(fd, NULL, NULL), EINVAL);
	CHECK_ERRNO("shutdown before", shutdown(fd, SHUT_RDWR), ENOTCONN);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	TELL("fresh", "state %d poll %#x", tcp_state(fd), poll_of(fd));
	CHECK_OK("connect", do_connect(fd, "127.0.0.1", port_of(l)));
	CHECK_ERRNO("connect again", do_connect(fd, "127.0.0.1", port_of(l)), EISCONN);
	CHECK_ERRNO("listen on it", listen(fd, 1), EINVAL);
	CHECK_ERRNO("bind it", do_bind(fd, "127.0.0.1", 0), EINVAL);
	TELL("listener", "poll %#x state %d", poll_of(l), tcp_state(l));
	far = accept(l, &a.a, &n);
	TELL("accepted", "%d %s %d poll %#x state %d", (int)n, show_addr(&a), ntohs(a.in.sin_port) == port_of(fd), poll_of(far), tcp_state(far));
	TELL("names", "%s %s %s %s", name_of(fd, 0), name_of(fd, 1), name_of(far, 0), name_of(far, 1));
	TELL("connected", "poll %#x state %d", poll_of(fd), tcp_state(fd));
	CHECK_ERRNO("accept on a connection", accept(fd, NULL, NULL), EINVAL);
	CHECK_ERRNO("connect a listener", do_connect(l, "127.0.0.1", 1), EISCONN);
	CHECK_ERRNO("receive from a listener", recv(l, &a, 1, 0), ENOTCONN);
	CHECK_ERRNO("send to a listener", send(l, "x", 1, MSG_NOSIGNAL), EPIPE);
	fcntl(l, F_SETFL, O_NONBLOCK);
	CHECK_ERRNO("nobody waits", accept(l, NULL, NULL), EAGAIN);
	close(far);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_OK("connect to 0.0.0.0", do_connect(fd, "0.0.0.0", port_of(l)));
	TELL("is", "%s", name_of(fd, 1));
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	do_bind(fd, "127.0.0.9", 0);
	CHECK_OK("connect from an address", do_connect(fd, "127.0.0.1", port_of(l)));
	TELL("from", "%s", name_of(fd, 0));
	close(fd);
	close(l);
	l = listener("0.0.0.0", 5);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_OK("connect to another of ours", do_connect(fd, "127.3.2.1", port_of(l)));
	far = accept(l, NULL, NULL);
	TELL("names there", "%s %s %s %s", name_of(fd, 0), name_of(fd, 1), name_of(far, 0), name_of(far, 1));
	close(l);
	close(far);
	close(fd);
}

static void test_nonblocking(void)
{
	int l = listener("127.0.0.1", 5), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	CHECK_ERRNO("nonblocking connect", do_connect(fd, "127.0.0.1", port_of(l)), EINPROGRESS);
	TELL("writable", "%#x", poll_for(fd, POLLOUT));
	CHECK_INT("no error", opt_get(fd, SOL_SOCKET, SO_ERROR), 0);
	CHECK_OK("the second call tells", do_connect(fd, "127.0.0.1", port_of(l)));
	CHECK_ERRNO("the third", do_connect(fd, "127.0.0.1", port_of(l)), EISCONN);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_ERRNO("nonblocking to nobody", do_connect(fd, "127.0.0.1", 1), EINPROGRESS);
	TELL("refused: poll", "%#x", poll_for(fd, POLLOUT | POLLIN | POLLRDHUP));
	CHECK_ERRNO("the second call tells", do_connect(fd, "127.0.0.1", 1), ECONNREFUSED);
	CHECK_ERRNO("then it is tried again", do_connect(fd, "127.0.0.1", 1), EINPROGRESS);
	poll_for(fd, POLLOUT);
	CHECK_INT("SO_ERROR tells", opt_get(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	CHECK_INT("once", opt_get(fd, SOL_SOCKET, SO_ERROR), 0);
	CHECK_ERRNO("connect after that", do_connect(fd, "127.0.0.1", 1), ECONNABORTED);
	close(fd);
	close(l);
}

static void test_backlog(void)
{
	int l = listener("127.0.0.1", 1), fd[4], extra, a;

	for (int i = 0; i < 2; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM, 0);
		CHECK_OK("there is room", do_connect(fd[i], "127.0.0.1", port_of(l)));
	}
	extra = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_ERRNO("full", do_connect(extra, "127.0.0.1", port_of(l)), EINPROGRESS);
	sleep_ms(20);
	TELL("it waits", "poll %#x state %d", poll_of(extra), tcp_state(extra));
	CHECK_ERRNO("already", do_connect(extra, "127.0.0.1", port_of(l)), EALREADY);
	CHECK_ERRNO("send while connecting", send(extra, "x", 1, MSG_NOSIGNAL), EAGAIN);
	CHECK_ERRNO("receive while connecting", recv(extra, &a, 1, 0), EAGAIN);
	a = accept(l, NULL, NULL);
	CHECK("after an accept", poll_for(extra, POLLOUT) == POLLOUT);
	CHECK_INT("it is connected", tcp_state(extra), TCP_ESTABLISHED);
	close(a);
	fd[2] = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd[2], SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){ 0, 50000 }, sizeof(struct timeval));
	CHECK_ERRNO("a limited wait", do_connect(fd[2], "127.0.0.1", port_of(l)), EINPROGRESS);
	CHECK_OK("shut down while connecting", shutdown(fd[2], SHUT_RDWR));
	CHECK_INT("state", tcp_state(fd[2]), TCP_CLOSE);
	close(extra);
	close(fd[2]);
	close(l);
	TELL("the listener went", "poll %#x error %d", poll_for(fd[1], POLLIN | POLLOUT | POLLRDHUP), opt_get(fd[1], SOL_SOCKET, SO_ERROR));
	close(fd[0]);
	close(fd[1]);
}

static void test_close(void)
{
	int p[2];
	char b[16];

	tcp_pair(p);
	CHECK_INT("write", write(p[0], "hello", 5), 5);
	CHECK_INT("waiting", ({ int n = -1; ioctl(p[1], FIONREAD, &n); n; }), 5);
	CHECK_OK("shut down writing", shutdown(p[0], SHUT_WR));
	sleep_ms(100); /* Linux takes its time for an acknowledgement */
	TELL("after FIN", "states %d %d polls %#x %#x", tcp_state(p[0]), tcp_state(p[1]), poll_of(p[0]), poll_of(p[1]));
	CHECK_ERRNO("write after that", send(p[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_INT("read", read(p[1], b, 16), 5);
	CHECK_INT("end", read(p[1], b, 16), 0);
	CHECK_INT("the other way works", write(p[1], "back", 4), 4);
	CHECK_INT("and arrives", read(p[0], b, 16), 4);
	CHECK_OK("the other shuts down", shutdown(p[1], SHUT_WR));
	TELL("after both", "states %d %d polls %#x %#x", tcp_state(p[0]), tcp_state(p[1]), poll_of(p[0]), poll_of(p[1]));
	CHECK_INT("end here", read(p[0], b, 16), 0);
	CHECK_ERRNO("no peer any more", getpeername(p[0], (void *)b, &(socklen_t){ 16 }), ENOTCONN);
	CHECK_ERRNO("shut down again", shutdown(p[0], SHUT_RD), ENOTCONN);
	close(p[0]);
	close(p[1]);

	tcp_pair(p);
	close(p[0]);
	TELL("closed", "state %d poll %#x", tcp_state(p[1]), poll_of(p[1]));
	CHECK_INT("one write goes out", send(p[1], "x", 1, MSG_NOSIGNAL), 1);
	TELL("reset", "poll %#x state %d", poll_for(p[1], POLLIN | POLLOUT | POLLHUP), tcp_state(p[1]));
	CHECK_INT("read says end", read(p[1], b, 16), 0);
	got_signal = 0;
	CHECK_ERRNO("the next fails", write(p[1], "x", 1), EPIPE);
	CHECK_INT("with a signal", got_signal, SIGPIPE);
	CHECK_INT("no error is left", opt_get(p[1], SOL_SOCKET, SO_ERROR), 0);
	close(p[1]);

	tcp_pair(p);
	write(p[1], "unread", 6);
	close(p[0]);
	TELL("closed with bytes unread", "state %d poll %#x", tcp_state(p[1]), poll_of(p[1]));
	CHECK_ERRNO("reset by peer", read(p[1], b, 16), ECONNRESET);
	CHECK_INT("once", read(p[1], b, 16), 0);
	CHECK_ERRNO("write", send(p[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	close(p[1]);

	tcp_pair(p);
	setsockopt(p[0], SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
	write(p[0], "gone", 4);
	close(p[0]);
	TELL("lingers not at all", "poll %#x error %d", poll_of(p[1]), opt_get(p[1], SOL_SOCKET, SO_ERROR));
	TELL("then reads", "%ld", RESULT(read(p[1], b, 16)));
	TELL("then reads again", "%ld", RESULT(read(p[1], b, 16)));
	close(p[1]);

	tcp_pair(p);
	shutdown(p[0], SHUT_RD);
	TELL("shut down reading", "poll %#x read %ld", poll_of(p[0]), RESULT(recv(p[0], b, 16, MSG_DONTWAIT)));
	CHECK_INT("the peer writes on", send(p[1], "late", 4, MSG_NOSIGNAL), 4);
	TELL("and it is read", "%ld", RESULT(recv(p[0], b, 16, MSG_DONTWAIT)));
	shutdown(p[0], SHUT_RDWR);
	sleep_ms(100);
	TELL("both", "states %d %d polls %#x %#x", tcp_state(p[0]), tcp_state(p[1]), poll_of(p[0]), poll_of(p[1]));
	TELL("the peer writes to it", "%ld", RESULT(send(p[1], "late", 4, MSG_NOSIGNAL)));
	TELL("which was too much", "states %d %d errors %d %d", tcp_state(p[0]), tcp_state(p[1]),
	     opt_get(p[0], SOL_SOCKET, SO_ERROR), opt_get(p[1], SOL_SOCKET, SO_ERROR));
	close(p[0]);
	close(p[1]);
}

static void test_disconnect(void)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int p[2], l = listener("127.0.0.1", 5);
	char b[4];

	tcp_pair(p);
	CHECK_OK("connect to AF_UNSPEC", connect(p[0], &none, sizeof(none)));
	TELL("parts them", "states %d %d polls %#x %#x", tcp_state(p[0]), tcp_state(p[1]), poll_of(p[0]), poll_of(p[1]));
	TELL("name", "%s %d", name_of(p[0], 0), port_of(p[0]) > 0);
	CHECK_ERRNO("the other end", read(p[1], b, 4), ECONNRESET);
	CHECK_OK("it connects again", do_connect(p[0], "127.0.0.1", port_of(l)));
	CHECK_INT("without error", opt_get(p[0], SOL_SOCKET, SO_ERROR), 0);
	CHECK_OK("a listener stops", connect(l, &none, sizeof(none)));
	TELL("its connection", "%ld", RESULT(read(p[0], b, 4)));
	close(p[0]);
	close(p[1]);
	close(l);
}

static void test_time_wait(void)
{
	int l = listener("127.0.0.1", 5), port = port_of(l), fd = socket(AF_INET, SOCK_STREAM, 0), far;

	do_connect(fd, "127.0.0.1", port);
	far = accept(l, NULL, NULL);
	close(l);
	fd = fd;
	l = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_ERRNO("a connection keeps the port", do_bind(l, "127.0.0.1", port), EADDRINUSE);
	close(far);
	close(fd);
	sleep_ms(5);
	CHECK_ERRNO("so does TIME_WAIT", do_bind(l, "127.0.0.1", port), EADDRINUSE);
	opt_set(l, SOL_SOCKET, SO_REUSEADDR, 1);
	TELL("not against SO_REUSEADDR of one", "%ld", RESULT(do_bind(l, "127.0.0.1", port)));
	close(l);

	l = socket(AF_INET, SOCK_STREAM, 0);
	opt_set(l, SOL_SOCKET, SO_REUSEADDR, 1);
	do_bind(l, "127.0.0.1", 0);
	listen(l, 5);
	port = port_of(l);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	do_connect(fd, "127.0.0.1", port);
	far = accept(l, NULL, NULL);
	close(far);
	close(fd);
	close(l);
	l = socket(AF_INET, SOCK_STREAM, 0);
	opt_set(l, SOL_SOCKET, SO_REUSEADDR, 1);
	CHECK_OK("of both", do_bind(l, "127.0.0.1", port));
	CHECK_OK("it listens", listen(l, 5));
	close(l);
}

int main(void)
{
	signal(SIGPIPE, on_signal);
	test_create();
	test_down();
	test_bind();
	test_reuseport();
	test_connect();
	test_nonblocking();
	test_backlog();
	test_close();
	test_disconnect();
	test_time_wait();
	return tap_done();
}
