/* SPDX-License-Identifier: MIT */
/* TCP over loopback: bytes, urgent ones, limits, waiting, options, IPv6. */
#include "net.h"
#include <linux/sockios.h>
#include <pthread.h>

static volatile int got_urgent;
static char big[400000];

static void on_urgent(int n)
{
	got_urgent += n == SIGURG;
}

static int ask(int fd, unsigned long what)
{
	int n = -1;

	return ioctl(fd, what, &n) ? -errno : n;
}

static void test_bytes(void)
{
	struct iovec v[3] = { { "one", 3 }, { "", 0 }, { "two", 3 } };
	int p[2];
	char b[64];

	tcp_pair(p);
	CHECK_INT("vector", writev(p[0], v, 3), 6);
	CHECK_INT("there", ask(p[1], FIONREAD), 6);
	CHECK_INT("none to send", ask(p[0], SIOCOUTQ), 0);
	CHECK_INT("peek", recv(p[1], b, 64, MSG_PEEK), 6);
	CHECK_INT("a part", recv(p[1], b, 4, 0), 4);
	CHECK("bytes", !memcmp(b, "onet", 4));
	CHECK_INT("thrown away", recv(p[1], b, 64, MSG_TRUNC), 2);
	CHECK_ERRNO("nothing", recv(p[1], b, 64, MSG_DONTWAIT), EAGAIN);
	CHECK_INT("nothing to write", write(p[0], b, 0), 0);
	CHECK_ERRNO("bad memory", write(p[0], (void *)8, 4), EFAULT);
	CHECK_ERRNO("bad memory to read to", ({ write(p[0], "x", 1); read(p[1], (void *)8, 1); }), EFAULT);
	CHECK_INT("it is not lost", read(p[1], b, 8), 1);
	CHECK_INT("a name is not looked at", send_name(p[0], "x", "10.1.1.1", 5), 1);
	read(p[1], b, 1);
	CHECK_ERRNO("errors' queue", recv(p[1], b, 1, MSG_ERRQUEUE), EAGAIN);
	setsockopt(p[1], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ 0, 30000 }, sizeof(struct timeval));
	CHECK_ERRNO("a limited wait", read(p[1], b, 1), EAGAIN);
	send(p[0], "abc", 3, 0);
	CHECK_INT("all or the time", recv(p[1], b, 8, MSG_WAITALL), 3);
	opt_set(p[1], SOL_SOCKET, SO_RCVLOWAT, 4);
	send(p[0], "abc", 3, 0);
	TELL("below the mark", "poll %#x", poll_of(p[1]) & POLLIN);
	send(p[0], "d", 1, 0);
	TELL("at the mark", "poll %#x", poll_of(p[1]) & POLLIN);
	close(p[0]);
	close(p[1]);
}

static void *drain(void *arg)
{
	int fd = *(int *)arg;
	long total = 0, sum = 0;
	static char b[60000];
	ssize_t n;

	while ((n = read(fd, b, sizeof(b))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			sum += (unsigned char)b[i] * ((total + i) % 7 + 1);
		total += n;
	}
	return (void *)(n < 0 ? -1 : total * 1000003 + sum);
}

static void test_much(void)
{
	long sum = 0, n = 0, got;
	pthread_t t;
	void *result;
	int p[2];

	tcp_pair(p);
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = i * 31 + i / 251;
	for (int k = 0; k < 10; k++)
		for (size_t i = 0; i < sizeof(big); i++)
			sum += (unsigned char)big[i] * ((k * sizeof(big) + i) % 7 + 1);
	pthread_create(&t, NULL, drain, &p[1]);
	for (int k = 0; k < 10; k++)
		n += write(p[0], big, sizeof(big));
	shutdown(p[0], SHUT_WR);
	pthread_join(t, &result);
	got = (long)result;
	CHECK_INT("all is written", n, 10 * sizeof(big));
	CHECK("all arrives in order", got == n * 1000003 + sum);
	close(p[0]);
	close(p[1]);
	tcp_pair(p);
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	opt_set(p[0], SOL_SOCKET, SO_SNDBUF, 8192);
	for (n = 0; (got = write(p[0], big, 4096)) > 0; n += got)
		;
	CHECK("a limit", got < 0 && errno == EAGAIN && n > 8192 && n < 4000000);
	CHECK_INT("not writable", poll_of(p[0]) & POLLOUT, 0);
	CHECK("some is on its way", ask(p[0], SIOCOUTQ) > 0);
	fcntl(p[1], F_SETFL, O_NONBLOCK);
	while ((got = read(p[1], big, sizeof(big))) > 0 || poll_for(p[1], POLLIN) == -2)
		n -= got;
	CHECK("writable again", poll_for(p[0], POLLOUT) == POLLOUT);
	close(p[0]);
	close(p[1]);
}

static void test_urgent(void)
{
	char b[16];
	int p[2];

	signal(SIGURG, on_urgent);
	tcp_pair(p);
	fcntl(p[1], F_SETOWN, getpid());
	CHECK_ERRNO("none", recv(p[1], b, 1, MSG_OOB), EINVAL);
	send(p[0], "abc", 3, 0);
	CHECK_INT("send", send(p[0], "dE", 2, MSG_OOB), 2);
	send(p[0], "fgh", 3, 0);
	CHECK_INT("signal", ({ for (int i = 0; !got_urgent && i < 100; i++) sleep_ms(2); got_urgent; }), 1);
	TELL("poll", "%#x", poll_of(p[1]));
	TELL("waiting", "%d at mark %d", ask(p[1], FIONREAD), ask(p[1], SIOCATMARK));
	CHECK_INT("up to the mark", read(p[1], b, 16), 4);
	CHECK_INT("at the mark", ask(p[1], SIOCATMARK), 1);
	CHECK_INT("peek", recv(p[1], b, 1, MSG_OOB | MSG_PEEK), 1);
	CHECK_INT("the byte", ({ recv(p[1], b, 16, MSG_OOB); b[0]; }), 'E');
	CHECK_ERRNO("once", recv(p[1], b, 1, MSG_OOB), EINVAL);
	CHECK_INT("behind it", read(p[1], b, 16), 3);
	CHECK_INT("past the mark", ask(p[1], SIOCATMARK), 0);
	opt_set(p[1], SOL_SOCKET, SO_OOBINLINE, 1);
	send(p[0], "abX", 3, MSG_OOB);
	CHECK_ERRNO("in line", recv(p[1], b, 1, MSG_OOB), EINVAL);
	CHECK_INT("the mark holds", read(p[1], b, 16), 2);
	CHECK_INT("then the byte", read(p[1], b, 16), 1);
	close(p[0]);
	close(p[1]);
}

static void test_options(void)
{
	static const struct { const char *name; int level, option; } all[] = {
		{ "SO_TYPE", SOL_SOCKET, SO_TYPE }, { "SO_DOMAIN", SOL_SOCKET, SO_DOMAIN }, { "SO_PROTOCOL", SOL_SOCKET, SO_PROTOCOL },
		{ "SO_ACCEPTCONN", SOL_SOCKET, SO_ACCEPTCONN }, { "SO_SNDBUF", SOL_SOCKET, SO_SNDBUF }, { "SO_RCVBUF", SOL_SOCKET, SO_RCVBUF },
		{ "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE }, { "SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR }, { "SO_BROADCAST", SOL_SOCKET, SO_BROADCAST },
		{ "TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY }, { "TCP_CORK", IPPROTO_TCP, TCP_CORK }, { "TCP_MAXSEG", IPPROTO_TCP, TCP_MAXSEG },
		{ "TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE }, { "TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL }, { "TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT },
		{ "TCP_SYNCNT", IPPROTO_TCP, TCP_SYNCNT }, { "TCP_LINGER2", IPPROTO_TCP, TCP_LINGER2 }, { "TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT },
		{ "TCP_WINDOW_CLAMP", IPPROTO_TCP, TCP_WINDOW_CLAMP }, { "TCP_QUICKACK", IPPROTO_TCP, TCP_QUICKACK }, { "TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT },
		{ "TCP_FASTOPEN", IPPROTO_TCP, TCP_FASTOPEN }, { "TCP 99", IPPROTO_TCP, 99 }, { "IP_TOS", IPPROTO_IP, IP_TOS }, { "IP_TTL", IPPROTO_IP, IP_TTL },
		{ "IP_MTU_DISCOVER", IPPROTO_IP, IP_MTU_DISCOVER }, { "IP_RECVERR", IPPROTO_IP, IP_RECVERR }, { "IP_PKTINFO", IPPROTO_IP, IP_PKTINFO },
		{ "IP_MTU", IPPROTO_IP, IP_MTU }, { "IP_MULTICAST_TTL", IPPROTO_IP, IP_MULTICAST_TTL }, { "IP_MULTICAST_LOOP", IPPROTO_IP, IP_MULTICAST_LOOP },
		{ "IP 99", IPPROTO_IP, 99 }, { "IPV6_V6ONLY", IPPROTO_IPV6, IPV6_V6ONLY }, { "level 99", 99, 1 },
	};
	static const struct { const char *name; int level, option, value; } sets[] = {
		{ "TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, 5 }, { "TCP_MAXSEG 10", IPPROTO_TCP, TCP_MAXSEG, 10 }, { "TCP_MAXSEG 1000", IPPROTO_TCP, TCP_MAXSEG, 1000 },
		{ "TCP_KEEPIDLE 0", IPPROTO_TCP, TCP_KEEPIDLE, 0 }, { "TCP_KEEPIDLE 32768", IPPROTO_TCP, TCP_KEEPIDLE, 32768 }, { "TCP_KEEPIDLE 10", IPPROTO_TCP, TCP_KEEPIDLE, 10 },
		{ "TCP_KEEPCNT 128", IPPROTO_TCP, TCP_KEEPCNT, 128 }, { "TCP_KEEPCNT 5", IPPROTO_TCP, TCP_KEEPCNT, 5 }, { "TCP_SYNCNT 0", IPPROTO_TCP, TCP_SYNCNT, 0 },
		{ "TCP_DEFER_ACCEPT 5", IPPROTO_TCP, TCP_DEFER_ACCEPT, 5 }, { "TCP_USER_TIMEOUT -1", IPPROTO_TCP, TCP_USER_TIMEOUT, -1 }, { "TCP_USER_TIMEOUT 900", IPPROTO_TCP, TCP_USER_TIMEOUT, 900 },
		{ "TCP_LINGER2 -1", IPPROTO_TCP, TCP_LINGER2, -1 }, { "TCP_LINGER2 20", IPPROTO_TCP, TCP_LINGER2, 20 }, { "IP_TOS 255", IPPROTO_IP, IP_TOS, 255 }, { "IP_TTL 0", IPPROTO_IP, IP_TTL, 0 },
		{ "IP_TTL 256", IPPROTO_IP, IP_TTL, 256 }, { "IP_TTL 7", IPPROTO_IP, IP_TTL, 7 }, { "IP_TTL -1", IPPROTO_IP, IP_TTL, -1 }, { "IP_MTU_DISCOVER 9", IPPROTO_IP, IP_MTU_DISCOVER, 9 },
		{ "IP_MULTICAST_TTL 3", IPPROTO_IP, IP_MULTICAST_TTL, 3 }, { "SO_SNDBUF 1", SOL_SOCKET, SO_SNDBUF, 1 }, { "SO_RCVBUF 100000", SOL_SOCKET, SO_RCVBUF, 100000 },
		{ "TCP 99", IPPROTO_TCP, 99, 1 }, { "IP 99", IPPROTO_IP, 99, 1 }, { "level 99", 99, 1, 1 },
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0), p[2];
	char text[64], name[32] = "";
	socklen_t n = sizeof(name);

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		TELL(all[i].name, "%d", opt_get(fd, all[i].level, all[i].option));
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		snprintf(text, 64, "set %s", sets[i].name);
		TELL(text, "%ld now %d", RESULT(opt_set(fd, sets[i].level, sets[i].option, sets[i].value)), opt_get(fd, sets[i].level, sets[i].option));
	}
	getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &n);
	TELL("congestion", "%s %d", name, (int)n);
	TELL("a byte of an int", "%ld", RESULT(setsockopt(fd, IPPROTO_IP, IP_TTL, &(char){ 9 }, 1)));
	TELL("is taken", "%d", opt_get(fd, IPPROTO_IP, IP_TTL));
	TELL("not by TCP", "%ld", RESULT(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(char){ 1 }, 1)));
	TELL("device", "%ld", RESULT(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "nope", 5)));
	TELL("device lo", "%ld", RESULT(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3)));
	tcp_pair(p);
	TELL("connected", "maxseg %d sndbuf %d", opt_get(p[0], IPPROTO_TCP, TCP_MAXSEG), opt_get(p[0], SOL_SOCKET, SO_SNDBUF));
	TELL("accepted", "maxseg %d sndbuf %d rcvbuf %d mtu %d", opt_get(p[1], IPPROTO_TCP, TCP_MAXSEG), opt_get(p[1], SOL_SOCKET, SO_SNDBUF), opt_get(p[1], SOL_SOCKET, SO_RCVBUF), opt_get(p[1], IPPROTO_IP, IP_MTU));
	close(p[0]);
	close(p[1]);
	close(fd);
}

static void test_ipv6(void)
{
	int p[2], l = listener("::", 5), fd = socket(AF_INET, SOCK_STREAM, 0), far, four;
	union any_addr a;
	socklen_t n = sizeof(a);

	CHECK_OK("::1", tcp_pair_at(p, "::1"));
	TELL("names", "%s %s %s %s", name_of(p[0], 0), name_of(p[0], 1), name_of(p[1], 0), name_of(p[1], 1));
	TELL("maxseg", "%d", opt_get(p[0], IPPROTO_TCP, TCP_MAXSEG));
	CHECK_INT("bytes", ({ write(p[0], "six", 3); read(p[1], &a, 10); }), 3);
	close(p[0]);
	close(p[1]);
	CHECK_OK("IPv4 to a listener at ::", do_connect(fd, "127.0.0.1", port_of(l)));
	far = accept(l, &a.a, &n);
	TELL("its names", "%d %s %s %s", (int)n, show_addr(&a), name_of(far, 0), name_of(fd, 1));
	close(far);
	close(fd);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	four = listener("127.0.0.1", 5);
	CHECK_OK("IPv6 to an IPv4 listener", do_connect(fd, "::ffff:127.0.0.1", port_of(four)));
	TELL("names", "%s %s", name_of(fd, 0), name_of(fd, 1));
	close(fd);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	CHECK_OK("only IPv6", opt_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
	TELL("connect to IPv4", "%ld", RESULT(do_connect(fd, "::ffff:127.0.0.1", port_of(four))));
	CHECK_ERRNO("bind to IPv4", do_bind(fd, "::ffff:127.0.0.1", 0), EINVAL);
	TELL("bind beside IPv4", "%ld", RESULT(do_bind(fd, "::", port_of(four))));
	close(fd);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	CHECK_ERRNO("both, beside IPv4", do_bind(fd, "::", port_of(four)), EADDRINUSE);
	CHECK_ERRNO("IPv4 beside both", do_bind(socket(AF_INET, SOCK_STREAM, 0), "127.0.0.1", port_of(l)), EADDRINUSE);
	TELL("unreachable", "%ld", RESULT(do_connect(fd, "2001:db8::1", 9)));
	TELL("multicast", "%ld", RESULT(do_connect(fd, "ff02::1", 9)));
	addr_make(&a, "::1", 9);
	CHECK_ERRNO("short", connect(fd, &a.a, 20), EINVAL);
	TELL("IPv4's own address", "%ld", ({ n = addr_make(&a, "127.0.0.1", port_of(four)); RESULT(connect(fd, &a.a, n)); }));
	TELL("bind IPv4's own address", "%ld", ({ n = addr_make(&a, "127.0.0.1", 0); RESULT(bind(socket(AF_INET6, SOCK_STREAM, 0), &a.a, n)); }));
	TELL("bind a strange one", "%ld", RESULT(do_bind(socket(AF_INET6, SOCK_STREAM, 0), "2001:db8::1", 0)));
	close(fd);
	close(four);
	close(l);
}

static void test_epoll(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
	int ep = epoll_create1(0), p[2], n;

	tcp_pair(p);
	epoll_ctl(ep, EPOLL_CTL_ADD, p[1], &e);
	n = epoll_wait(ep, &e, 1, 0);
	TELL("edge: first", "%d %#x", n, e.events);
	CHECK_INT("edge: then nothing", epoll_wait(ep, &e, 1, 0), 0);
	write(p[0], "x", 1);
	n = epoll_wait(ep, &e, 1, 1000);
	TELL("edge: a byte", "%d %#x", n, e.events);
	write(p[0], "x", 1);
	n = epoll_wait(ep, &e, 1, 1000);
	TELL("edge: another", "%d %#x", n, e.events);
	shutdown(p[0], SHUT_WR);
	n = epoll_wait(ep, &e, 1, 1000);
	TELL("edge: the end", "%d %#x", n, e.events);
	close(p[0]);
	close(p[1]);
	close(ep);
}

static void test_interfaces(void)
{
	struct ifreq all[8], r = { .ifr_name = "lo" }, none = { .ifr_name = "none0" };
	struct ifconf c = { sizeof(all), { (void *)all } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), un = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK_OK("SIOCGIFCONF", ioctl(fd, SIOCGIFCONF, &c));
	TELL("interfaces", "%d %s %s", c.ifc_len, all[0].ifr_name, inet_ntoa(((struct sockaddr_in *)&all[0].ifr_addr)->sin_addr));
	CHECK_ERRNO("none", ioctl(fd, SIOCGIFFLAGS, &none), ENODEV);
	TELL("flags", "%ld %#x", RESULT(ioctl(fd, SIOCGIFFLAGS, &r)), r.ifr_flags);
	TELL("by a Unix socket", "%ld", RESULT(ioctl(un, SIOCGIFFLAGS, &r)));
	TELL("address", "%ld %s", RESULT(ioctl(fd, SIOCGIFADDR, &r)), inet_ntoa(((struct sockaddr_in *)&r.ifr_addr)->sin_addr));
	TELL("mask", "%ld %s", RESULT(ioctl(fd, SIOCGIFNETMASK, &r)), inet_ntoa(((struct sockaddr_in *)&r.ifr_addr)->sin_addr));
	TELL("broadcast", "%ld %s", RESULT(ioctl(fd, SIOCGIFBRDADDR, &r)), inet_ntoa(((struct sockaddr_in *)&r.ifr_addr)->sin_addr));
	TELL("mtu", "%ld %d", RESULT(ioctl(fd, SIOCGIFMTU, &r)), r.ifr_mtu);
	TELL("index", "%ld %d", RESULT(ioctl(fd, SIOCGIFINDEX, &r)), r.ifr_ifindex);
	TELL("name", "%ld %s", RESULT(ioctl(fd, SIOCGIFNAME, &r)), r.ifr_name);
	TELL("metric", "%ld %d", RESULT(ioctl(fd, SIOCGIFMETRIC, &r)), r.ifr_metric);
	TELL("queue", "%ld %d", RESULT(ioctl(fd, SIOCGIFTXQLEN, &r)), r.ifr_qlen);
	TELL("hardware", "%ld %d", RESULT(ioctl(fd, SIOCGIFHWADDR, &r)), r.ifr_hwaddr.sa_family);
	TELL("as nobody", "%d", IN_CHILD(setuid(65534); ioctl(fd, SIOCGIFFLAGS, &r); _exit(ioctl(fd, SIOCSIFFLAGS, &r) ? errno : 0)));
	TELL("if_nametoindex", "%d", if_nametoindex("lo"));
	close(fd);
	close(un);
}

int main(void)
{
	lo_set(1);
	test_bytes();
	test_much();
	test_urgent();
	test_options();
	test_ipv6();
	test_epoll();
	test_interfaces();
	return tap_done();
}
