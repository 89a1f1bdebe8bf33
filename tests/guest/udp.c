/* SPDX-License-Identifier: MIT */
/* UDP over loopback: names, datagrams, errors that come back, control messages, groups. */
#include "net.h"
#include <linux/errqueue.h>
#include <netinet/ip.h>

static char big[70000];

static int udp(const char *text)
{
	int fd = socket(strchr(text, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);

	if (do_bind(fd, text, 0))
		return -1;
	return fd;
}

static void test_errors(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), other = udp("127.0.0.1");
	union any_addr a;
	char b[8];

	TELL("fresh", "poll %#x %s", poll_of(fd), name_of(fd, 0));
	CHECK_ERRNO("send to nobody", send(fd, "x", 1, 0), EDESTADDRREQ);
	TELL("that bound it", "%d", port_of(fd) > 0);
	CHECK_ERRNO("port 0", send_name(fd, "x", "127.0.0.1", 0), EINVAL);
	addr_make(&a, "127.0.0.1", 9);
	CHECK_ERRNO("short address", sendto(fd, "x", 1, 0, &a.a, 8), EINVAL);
	a.a.sa_family = AF_INET6;
	CHECK_ERRNO("IPv6's family", sendto(fd, "x", 1, 0, &a.a, sizeof(a.in)), EAFNOSUPPORT);
	CHECK_ERRNO("unreachable", send_name(fd, "x", "10.1.2.3", 9), ENETUNREACH);
	CHECK_ERRNO("broadcast without leave", send_name(fd, "x", "127.255.255.255", 9), EACCES);
	TELL("broadcast to all", "%ld", RESULT(send_name(fd, "x", "255.255.255.255", 9)));
	TELL("multicast", "%ld", RESULT(send_name(fd, "x", "224.0.0.1", 9)));
	addr_make(&a, "127.0.0.1", port_of(other));
	CHECK_ERRNO("too long", sendto(fd, big, 65508, 0, &a.a, sizeof(a.in)), EMSGSIZE);
	CHECK_ERRNO("much too long", sendto(fd, big, 70000, 0, &a.a, sizeof(a.in)), EMSGSIZE);
	CHECK_INT("just so", sendto(fd, big, 65507, 0, &a.a, sizeof(a.in)), 65507);
	CHECK_INT("arrives", recv(other, big, sizeof(big), 0), 65507);
	CHECK_ERRNO("out of band", sendto(fd, "x", 1, MSG_OOB, &a.a, sizeof(a.in)), EOPNOTSUPP);
	CHECK_ERRNO("no memory", sendto(fd, (void *)8, 1, 0, &a.a, sizeof(a.in)), EFAULT);
	CHECK_ERRNO("nothing there", recv(other, b, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_ERRNO("listen", listen(fd, 1), EOPNOTSUPP);
	CHECK_ERRNO("accept", accept(fd, NULL, NULL), EOPNOTSUPP);
	CHECK_ERRNO("shutdown", shutdown(fd, SHUT_RD), ENOTCONN);
	CHECK_INT("what it did", recv(fd, b, 1, 0), 0);
	CHECK_ERRNO("no peer", getpeername(fd, &a.a, &(socklen_t){ 16 }), ENOTCONN);
	CHECK_ERRNO("taken", do_bind(socket(AF_INET, SOCK_DGRAM, 0), "0.0.0.0", port_of(other)), EADDRINUSE);
	close(fd);
	close(other);
}

static void test_messages(void)
{
	int a = udp("127.0.0.1"), b = udp("127.0.0.1"), n;
	struct mmsghdr many[3];
	struct iovec v[3];
	char text[3][8];
	union any_addr from;
	socklen_t length = sizeof(from);

	send_name(a, "hello", "127.0.0.1", port_of(b));
	send_name(a, "", "127.0.0.1", port_of(b));
	send_name(a, "again", "127.0.0.1", port_of(b));
	TELL("there", "poll %#x", poll_of(b));
	ioctl(b, FIONREAD, &n);
	CHECK_INT("the first", n, 5);
	CHECK_INT("peek", recv(b, text[0], 8, MSG_PEEK), 5);
	CHECK_INT("peek, cut", recv(b, text[0], 2, MSG_PEEK | MSG_TRUNC), 5);
	CHECK_INT("cut", recvfrom(b, text[0], 2, MSG_TRUNC, &from.a, &length), 5);
	CHECK("from", length == 16 && ntohs(from.in.sin_port) == port_of(a) && from.in.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
	CHECK_INT("an empty one", recv(b, text[0], 8, 0), 0);
	CHECK_INT("the next", recv(b, text[0], 8, 0), 5);
	for (int i = 0; i < 3; i++) {
		v[i] = (struct iovec){ text[i], 8 };
		many[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &v[i], .msg_iovlen = 1 } };
	}
	do_connect(a, "127.0.0.1", port_of(b));
	CHECK_INT("three at once", sendmmsg(a, many, 3, 0), 3);
	CHECK_INT("and received", recvmmsg(b, many, 3, MSG_DONTWAIT, NULL), 3);
	CHECK_INT("the flags of one cut", ({ struct msghdr m = { .msg_iov = v, .msg_iovlen = 1 }; v[0].iov_len = 1; send(a, "xyz", 3, 0); recvmsg(b, &m, 0); m.msg_flags; }), MSG_TRUNC);
	CHECK_INT("read stops at a border", ({ send(a, "12", 2, 0); send(a, "34", 2, 0); read(b, text[0], 8); }), 2);
	recv(b, text[0], 8, 0);
	close(a);
	close(b);
}

static void test_connected(void)
{
	int a = udp("127.0.0.1"), b = udp("127.0.0.1"), c = udp("127.0.0.1"), gone, port;
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	char t[8];

	CHECK_OK("connect", do_connect(b, "127.0.0.1", port_of(a)));
	TELL("names", "%s %s", name_of(b, 0), name_of(b, 1));
	send_name(c, "no", "127.0.0.1", port_of(b));
	CHECK_ERRNO("a stranger is not heard", recv(b, t, 8, MSG_DONTWAIT), EAGAIN);
	send_name(a, "yes", "127.0.0.1", port_of(b));
	CHECK_INT("the peer is", recv(b, t, 8, MSG_DONTWAIT), 3);
	CHECK_INT("another may be sent to", send_name(b, "c", "127.0.0.1", port_of(c)), 1);
	CHECK_INT("who hears", recv(c, t, 8, MSG_DONTWAIT), 1);
	CHECK_OK("disconnect", connect(b, &none, sizeof(none)));
	CHECK_ERRNO("nobody again", send(b, "x", 1, 0), EDESTADDRREQ);
	gone = udp("127.0.0.1");
	port = port_of(gone);
	close(gone);
	do_connect(b, "127.0.0.1", port);
	CHECK_INT("to a closed port", send(b, "x", 1, 0), 1);
	TELL("it comes back", "%#x", poll_of(b));
	CHECK_ERRNO("refused", recv(b, t, 8, MSG_DONTWAIT), ECONNREFUSED);
	CHECK_ERRNO("once", recv(b, t, 8, MSG_DONTWAIT), EAGAIN);
	send(b, "x", 1, 0);
	CHECK_ERRNO("a send tells, too", send(b, "x", 1, 0), ECONNREFUSED);
	CHECK_INT("then goes out", send(b, "x", 1, 0), 1);
	CHECK_INT("SO_ERROR", opt_get(b, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	CHECK_INT("not connected: no error", send_name(c, "x", "127.0.0.1", port), 1);
	CHECK_INT("none at all", opt_get(c, SOL_SOCKET, SO_ERROR), 0);
	CHECK_OK("shutdown", shutdown(b, SHUT_WR));
	CHECK_ERRNO("no more", send(b, "x", 1, 0), EPIPE);
	TELL("poll", "%#x", poll_of(b));
	shutdown(b, SHUT_RD);
	TELL("poll after both", "%#x", poll_of(b));
	close(a);
	close(b);
	close(c);
}

static void test_error_queue(void)
{
	int a = udp("127.0.0.1"), gone = udp("127.0.0.1"), port = port_of(gone);
	char t[16], space[512];
	struct iovec v = { t, sizeof(t) };
	union any_addr to;
	struct msghdr m = { &to, sizeof(to), &v, 1, space, sizeof(space), 0 };
	struct cmsghdr *c;
	struct sock_extended_err *e;

	close(gone);
	CHECK_OK("IP_RECVERR", opt_set(a, IPPROTO_IP, IP_RECVERR, 1));
	send_name(a, "lost", "127.0.0.1", port);
	TELL("poll", "%#x", poll_of(a));
	CHECK_INT("the bytes", recvmsg(a, &m, MSG_ERRQUEUE), 4);
	c = CMSG_FIRSTHDR(&m);
	e = (void *)CMSG_DATA(c);
	TELL("what is told", "flags %#x level %d type %d errno %d origin %d type %d code %d port %d %s", m.msg_flags, c->cmsg_level,
	     c->cmsg_type, e->ee_errno, e->ee_origin, e->ee_type, e->ee_code, ntohs(to.in.sin_port) == port, show_addr(&to));
	CHECK_ERRNO("no more", recvmsg(a, &m, MSG_ERRQUEUE), EAGAIN);
	TELL("the error after that", "%ld", RESULT(recv(a, t, 1, MSG_DONTWAIT)));
	close(a);
}

static void show_control(const char *name, struct msghdr *m)
{
	char text[256] = "";
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		char *end = text + strlen(text);

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo *p = (void *)CMSG_DATA(c);

			sprintf(end, " info %d %s", p->ipi_ifindex, inet_ntoa(p->ipi_addr));
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo *p = (void *)CMSG_DATA(c);
			char a[64];

			sprintf(end, " info6 %d %s", p->ipi6_ifindex, inet_ntop(AF_INET6, &p->ipi6_addr, a, 64));
		} else {
			sprintf(end, " %d/%d/%d=%d", c->cmsg_level, c->cmsg_type, (int)c->cmsg_len, c->cmsg_level == SOL_SOCKET ? 0 : *(unsigned char *)CMSG_DATA(c));
		}
	}
	TELL(name, "%s flags %#x", text, m->msg_flags);
}

static void test_control(void)
{
	int a = udp("127.0.0.1"), b = udp("0.0.0.0"), b6 = udp("::"), a6 = udp("::1");
	char t[16], space[256];
	struct iovec v = { t, sizeof(t) };
	struct msghdr m = { NULL, 0, &v, 1, space, sizeof(space), 0 };

	opt_set(b, IPPROTO_IP, IP_PKTINFO, 1);
	opt_set(b, IPPROTO_IP, IP_RECVTTL, 1);
	opt_set(b, IPPROTO_IP, IP_RECVTOS, 1);
	opt_set(b, SOL_SOCKET, SO_TIMESTAMP, 1);
	opt_set(a, IPPROTO_IP, IP_TTL, 33);
	opt_set(a, IPPROTO_IP, IP_TOS, 0x10);
	send_name(a, "x", "127.0.0.5", port_of(b));
	recvmsg(b, &m, 0);
	show_control("IPv4", &m);
	m.msg_controllen = 20;
	send_name(a, "x", "127.0.0.1", port_of(b));
	recvmsg(b, &m, 0);
	CHECK("cut", m.msg_flags & MSG_CTRUNC);
	opt_set(b6, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	opt_set(b6, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	opt_set(b6, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	opt_set(a6, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 44);
	opt_set(a6, IPPROTO_IPV6, IPV6_TCLASS, 0x20);
	send_name(a6, "x", "::1", port_of(b6));
	m.msg_controllen = sizeof(space);
	recvmsg(b6, &m, 0);
	show_control("IPv6", &m);
	send_name(a, "x", "127.0.0.1", port_of(b6));
	m.msg_controllen = sizeof(space);
	recvmsg(b6, &m, 0);
	show_control("IPv4 to an IPv6 socket", &m);
	struct { struct cmsghdr h; struct in_pktinfo p; } out = { { CMSG_LEN(sizeof(struct in_pktinfo)), IPPROTO_IP, IP_PKTINFO }, { 0 } };
	union any_addr to, from;
	int c = udp("0.0.0.0");

	inet_pton(AF_INET, "127.0.0.77", &out.p.ipi_spec_dst);
	m = (struct msghdr){ &to, addr_make(&to, "127.0.0.1", port_of(b)), &v, 1, &out, sizeof(out), 0 };
	TELL("a source for one message", "%ld", RESULT(sendmsg(c, &m, 0)));
	recvfrom(b, t, 16, 0, &from.a, &(socklen_t){ sizeof(from) });
	TELL("is seen", "%s", show_addr(&from));
	out.h.cmsg_type = 77;
	CHECK_ERRNO("a piece that is unknown", sendmsg(c, &m, 0), EINVAL);
	close(a);
	close(b);
	close(a6);
	close(b6);
	close(c);
}

static void test_groups(void)
{
	int a = udp("0.0.0.0"), b = udp("0.0.0.0");
	struct ip_mreqn r = { .imr_ifindex = 1 };
	char t[8];

	inet_pton(AF_INET, "239.1.2.3", &r.imr_multiaddr);
	CHECK_ERRNO("join: short", setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &r, 4), EINVAL);
	CHECK_OK("join on lo", setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &r, sizeof(r)));
	CHECK_ERRNO("twice", setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &r, sizeof(r)), EADDRINUSE);
	r.imr_ifindex = 0;
	CHECK_ERRNO("without an interface", setsockopt(b, IPPROTO_IP, IP_ADD_MEMBERSHIP, &r, sizeof(r)), ENODEV);
	inet_pton(AF_INET, "10.1.2.3", &r.imr_multiaddr);
	CHECK_ERRNO("no group", setsockopt(b, IPPROTO_IP, IP_ADD_MEMBERSHIP, &r, sizeof(r)), EINVAL);
	r.imr_ifindex = 1;
	CHECK_OK("by lo", setsockopt(b, IPPROTO_IP, IP_MULTICAST_IF, &r, sizeof(r)));
	CHECK_INT("send", send_name(b, "all", "239.1.2.3", port_of(a)), 3);
	CHECK_INT("a member hears", recv(a, t, 8, MSG_DONTWAIT), 3);
	inet_pton(AF_INET, "239.1.2.3", &r.imr_multiaddr);
	CHECK_OK("leave", setsockopt(a, IPPROTO_IP, IP_DROP_MEMBERSHIP, &r, sizeof(r)));
	CHECK_ERRNO("twice", setsockopt(a, IPPROTO_IP, IP_DROP_MEMBERSHIP, &r, sizeof(r)), EADDRNOTAVAIL);
	opt_set(b, SOL_SOCKET, SO_BROADCAST, 1);
	CHECK_INT("broadcast", send_name(b, "all", "127.255.255.255", port_of(a)), 3);
	TELL("is heard", "%ld", RESULT(recv(a, t, 8, MSG_DONTWAIT)));
	close(a);
	close(b);
}

static void test_ipv6(void)
{
	int a = udp("::1"), b = udp("::"), c = socket(AF_INET6, SOCK_DGRAM, 0), d = udp("127.0.0.1");
	union any_addr from;
	socklen_t n = sizeof(from);
	char t[8];

	CHECK_INT("::1", send_name(a, "six", "::1", port_of(b)), 3);
	recvfrom(b, t, 8, 0, &from.a, &n);
	TELL("from", "%d %s", (int)n, show_addr(&from));
	CHECK_INT("IPv4 to ::", send_name(d, "four", "127.0.0.1", port_of(b)), 4);
	n = sizeof(from);
	recvfrom(b, t, 8, 0, &from.a, &n);
	TELL("from", "%d %s", (int)n, show_addr(&from));
	CHECK_INT("and back", send_name(b, "back", "::ffff:127.0.0.1", port_of(d)), 4);
	CHECK_INT("arrives", recv(d, t, 8, MSG_DONTWAIT), 4);
	TELL("from ::1 to IPv4", "%ld", RESULT(send_name(a, "x", "::ffff:127.0.0.1", port_of(d))));
	CHECK_OK("IPV6_V6ONLY", opt_set(c, IPPROTO_IPV6, IPV6_V6ONLY, 1));
	TELL("only IPv6", "%ld", RESULT(send_name(c, "x", "::ffff:127.0.0.1", port_of(d))));
	close(c);
	c = socket(AF_INET6, SOCK_DGRAM, 0);
	opt_set(c, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	CHECK_OK("beside IPv4", do_bind(c, "::", port_of(d)));
	CHECK_ERRNO("too late", opt_set(b, IPPROTO_IPV6, IPV6_V6ONLY, 1), EINVAL);
	TELL("unreachable", "%ld", RESULT(send_name(b, "x", "2001:db8::1", 9)));
	CHECK_OK("connect", do_connect(b, "::ffff:127.0.0.1", port_of(d)));
	TELL("names", "%s %s", name_of(b, 0), name_of(b, 1));
	CHECK_ERRNO("IPV6 option on IPv4", opt_set(d, IPPROTO_IPV6, IPV6_V6ONLY, 1), ENOPROTOOPT);
	close(a);
	close(b);
	close(c);
	close(d);
}

static void test_reuse(void)
{
	int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0), c = udp("127.0.0.1"), n = 0;
	char t[8];

	opt_set(a, SOL_SOCKET, SO_REUSEADDR, 1);
	opt_set(b, SOL_SOCKET, SO_REUSEADDR, 1);
	do_bind(a, "127.0.0.1", 0);
	CHECK_OK("two share", do_bind(b, "127.0.0.1", port_of(a)));
	send_name(c, "x", "127.0.0.1", port_of(a));
	TELL("the later one hears", "%ld %ld", RESULT(recv(a, t, 8, MSG_DONTWAIT)), RESULT(recv(b, t, 8, MSG_DONTWAIT)));
	do_connect(a, "127.0.0.1", port_of(c));
	send_name(c, "x", "127.0.0.1", port_of(a));
	TELL("the connected one does", "%ld %ld", RESULT(recv(a, t, 8, MSG_DONTWAIT)), RESULT(recv(b, t, 8, MSG_DONTWAIT)));
	close(a);
	close(b);
	a = udp("0.0.0.0");
	b = socket(AF_INET, SOCK_DGRAM, 0);
	opt_set(b, SOL_SOCKET, SO_RCVBUF, 4096);
	do_bind(b, "127.0.0.1", 0);
	for (int i = 0; i < 100; i++)
		send_name(c, "12345678", "127.0.0.1", port_of(b));
	while (recv(b, t, 8, MSG_DONTWAIT) == 8)
		n++;
	CHECK("a full queue loses some", n > 0 && n < 100);
	close(a);
	close(b);
	close(c);
}

int main(void)
{
	lo_set(1);
	test_errors();
	test_messages();
	test_connected();
	test_error_queue();
	test_control();
	test_groups();
	test_ipv6();
	test_reuse();
	return tap_done();
}
