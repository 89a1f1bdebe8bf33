/* SPDX-License-Identifier: MIT */
/* Netlink: sockets and names, requests that fail, interfaces, addresses, sockets as sock_diag shows them; /proc/net. */
#include "net.h"
#include <ifaddrs.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

static char answer[65536] __attribute__((aligned(8)));

static int nl(int protocol)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
}

static struct { struct nlmsghdr h; char body[1024]; } request;

static void begin(int type, int flags, const void *body, size_t n)
{
	memset(&request, 0, sizeof(request));
	request.h = (struct nlmsghdr){ NLMSG_LENGTH(n), type, NLM_F_REQUEST | flags, 77, 0 };
	memcpy(request.body, body, n);
}

static void add(int type, const void *data, size_t n)
{
	struct rtattr *a = (void *)((char *)&request + NLMSG_ALIGN(request.h.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(n);
	memcpy(RTA_DATA(a), data, n);
	request.h.nlmsg_len = NLMSG_ALIGN(request.h.nlmsg_len) + RTA_ALIGN(a->rta_len);
}

/* Sends the request; the first packet that comes back. */
static ssize_t ask(int fd)
{
	if (send(fd, &request, request.h.nlmsg_len, 0) < 0)
		return -errno;
	return recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
}

/* The errno an answer tells, positive; -1: it is no such answer. */
static int error_of(int fd)
{
	ssize_t n = ask(fd);
	struct nlmsghdr *h = (void *)answer;

	return n > 0 && h->nlmsg_type == NLMSG_ERROR ? -((struct nlmsgerr *)NLMSG_DATA(h))->error : n > 0 ? -1 : -2;
}

static void test_sockets(void)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK }, b;
	socklen_t n = sizeof(b);
	int fd, other;

	CHECK_ERRNO("stream", socket(AF_NETLINK, SOCK_STREAM, 0), ESOCKTNOSUPPORT);
	CHECK_ERRNO("protocol 31", nl(31), EPROTONOSUPPORT);
	CHECK_ERRNO("protocol 99", nl(99), EPROTONOSUPPORT);
	fd = nl(NETLINK_ROUTE);
	TELL("fresh", "poll %#x", poll_of(fd));
	getsockname(fd, (void *)&b, &n);
	TELL("name", "%d family %d port %d groups %d", (int)n, b.nl_family, b.nl_pid, b.nl_groups);
	CHECK_ERRNO("bind: short", bind(fd, (void *)&a, 8), EINVAL);
	a.nl_family = AF_INET;
	CHECK_ERRNO("bind: family", bind(fd, (void *)&a, sizeof(a)), EINVAL);
	a.nl_family = AF_NETLINK;
	CHECK_OK("bind", bind(fd, (void *)&a, sizeof(a)));
	getsockname(fd, (void *)&b, &n);
	CHECK("the port is the process", b.nl_pid == (unsigned)getpid());
	a.nl_pid = 12345;
	CHECK_ERRNO("another port", bind(fd, (void *)&a, sizeof(a)), EINVAL);
	other = nl(NETLINK_ROUTE);
	a.nl_pid = getpid();
	CHECK_ERRNO("taken", bind(other, (void *)&a, sizeof(a)), EADDRINUSE);
	a.nl_pid = 0;
	CHECK_OK("another is found", bind(other, (void *)&a, sizeof(a)));
	getsockname(other, (void *)&b, &n);
	CHECK("it differs", b.nl_pid != (unsigned)getpid() && b.nl_pid != 0);
	CHECK_ERRNO("listen", listen(fd, 1), EOPNOTSUPP);
	CHECK_ERRNO("accept", accept(fd, NULL, NULL), EOPNOTSUPP);
	CHECK_ERRNO("shutdown", shutdown(fd, SHUT_RDWR), EOPNOTSUPP);
	CHECK_ERRNO("nothing", recv(fd, answer, 8, MSG_DONTWAIT), EAGAIN);
	CHECK_ERRNO("out of band", send(fd, "x", 1, MSG_OOB), EOPNOTSUPP);
	CHECK_ERRNO("group 0", opt_set(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, 0), EINVAL);
	CHECK_OK("group 1", opt_set(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, 1));
	getsockname(fd, (void *)&b, &n);
	CHECK_INT("is in the name", b.nl_groups, 1);
	CHECK_ERRNO("option 99", opt_set(fd, SOL_NETLINK, 99, 1), ENOPROTOOPT);
	TELL("too little is no message", "%ld", RESULT(send(fd, "12345678", 8, 0)));
	CHECK_ERRNO("and gets no answer", recv(fd, answer, 8, MSG_DONTWAIT), EAGAIN);
	close(other);
	other = nl(NETLINK_USERSOCK);
	close(fd);
	fd = nl(NETLINK_USERSOCK);
	a.nl_pid = 0;
	bind(fd, (void *)&a, sizeof(a));
	getsockname(fd, (void *)&b, &n);
	CHECK_INT("to another program", sendto(other, "hello", 5, 0, (void *)&b, sizeof(b)), 5);
	n = sizeof(a);
	CHECK_INT("arrives", recvfrom(fd, answer, 16, MSG_DONTWAIT, (void *)&a, &n), 5);
	CHECK("from it", a.nl_pid != 0 && a.nl_pid != b.nl_pid);
	b.nl_pid = 999999;
	CHECK_ERRNO("to nobody", sendto(other, "hello", 5, 0, (void *)&b, sizeof(b)), ECONNREFUSED);
	CHECK_ERRNO("to a kernel that is not there", send(other, "hello", 5, 0), ECONNREFUSED);
	close(fd);
	close(other);
	fd = nl(NETLINK_KOBJECT_UEVENT);
	a = (struct sockaddr_nl){ .nl_family = AF_NETLINK, .nl_groups = 1 };
	CHECK_OK("device events", bind(fd, (void *)&a, sizeof(a)));
	TELL("as nobody", "%d", IN_CHILD(setuid(65534); _exit(bind(nl(NETLINK_KOBJECT_UEVENT), (void *)&a, sizeof(a)) ? errno : 0)));
	close(fd);
}

static void test_errors(void)
{
	struct ifinfomsg link = { .ifi_index = 99 };
	struct ifaddrmsg addr = { .ifa_family = AF_INET, .ifa_prefixlen = 8, .ifa_index = 1 };
	int fd = nl(NETLINK_ROUTE);
	unsigned v4;

	begin(RTM_GETLINK, 0, &link, sizeof(link));
	CHECK_INT("no such interface", error_of(fd), ENODEV);
	TELL("the answer", "length %d flags %#x sequence %d port %d", ((struct nlmsghdr *)answer)->nlmsg_len, ((struct nlmsghdr *)answer)->nlmsg_flags,
	     ((struct nlmsghdr *)answer)->nlmsg_seq, ((struct nlmsghdr *)answer)->nlmsg_pid == (unsigned)getpid());
	begin(RTM_SETLINK, NLM_F_ACK, &link, sizeof(link));
	CHECK_INT("change it", error_of(fd), ENODEV);
	link.ifi_index = 1;
	begin(RTM_SETLINK, NLM_F_ACK, &link, sizeof(link));
	CHECK_INT("change nothing", error_of(fd), 0);
	TELL("acknowledged", "length %d flags %#x", ((struct nlmsghdr *)answer)->nlmsg_len, ((struct nlmsghdr *)answer)->nlmsg_flags);
	begin(RTM_NEWLINK, NLM_F_ACK, &link, 4);
	CHECK_INT("short", error_of(fd), EINVAL);
	begin(RTM_NEWADDR, NLM_F_ACK, &addr, sizeof(addr));
	CHECK_INT("no address", error_of(fd), EINVAL);
	v4 = htonl(INADDR_LOOPBACK);
	begin(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &addr, sizeof(addr));
	add(IFA_LOCAL, &v4, 4);
	CHECK_INT("there already", error_of(fd), EEXIST);
	v4 = htonl(0x0a090807);
	begin(RTM_DELADDR, NLM_F_ACK, &addr, sizeof(addr));
	add(IFA_LOCAL, &v4, 4);
	CHECK_INT("not there", error_of(fd), EADDRNOTAVAIL);
	addr.ifa_index = 55;
	begin(RTM_NEWADDR, NLM_F_ACK, &addr, sizeof(addr));
	add(IFA_LOCAL, &v4, 4);
	CHECK_INT("no interface", error_of(fd), ENODEV);
	TELL("change as nobody", "%d", IN_CHILD(setuid(65534); begin(RTM_SETLINK, NLM_F_ACK, &link, sizeof(link)); _exit(error_of(nl(NETLINK_ROUTE)))));
	begin(999, NLM_F_ACK, &link, sizeof(link));
	CHECK_INT("no such type", error_of(fd), EOPNOTSUPP);
	begin(NLMSG_NOOP, NLM_F_ACK, &link, sizeof(link));
	CHECK_INT("no operation", error_of(fd), 0);
	close(fd);
}

static const void *find(struct nlmsghdr *h, size_t body, int type)
{
	struct rtattr *a = (void *)((char *)NLMSG_DATA(h) + NLMSG_ALIGN(body));
	int n = h->nlmsg_len - NLMSG_SPACE(body);

	for (; RTA_OK(a, n); a = RTA_NEXT(a, n))
		if (a->rta_type == type)
			return RTA_DATA(a);
	return NULL;
}

static void test_link(void)
{
	struct ifinfomsg link = { .ifi_index = 1 }, *got;
	struct nlmsghdr *h = (void *)answer;
	int fd = nl(NETLINK_ROUTE), events = nl(NETLINK_ROUTE);
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };

	begin(RTM_GETLINK, 0, &link, sizeof(link));
	CHECK("lo", ask(fd) > 0 && h->nlmsg_type == RTM_NEWLINK);
	got = NLMSG_DATA(h);
	TELL("what it is", "type %d index %d flags %#x", got->ifi_type, got->ifi_index, got->ifi_flags);
	TELL("name", "%s queue %s mtu %u", (char *)find(h, sizeof(*got), IFLA_IFNAME), (char *)find(h, sizeof(*got), IFLA_QDISC),
	     *(unsigned *)find(h, sizeof(*got), IFLA_MTU));
	begin(RTM_GETLINK, NLM_F_DUMP, &link, sizeof(link));
	CHECK("all", ask(fd) > 0 && h->nlmsg_type == RTM_NEWLINK && h->nlmsg_flags & NLM_F_MULTI);
	bind(events, (void *)&a, sizeof(a));
	lo_set(0);
	CHECK("going down is told", recv(events, answer, sizeof(answer), MSG_DONTWAIT) > 0 && h->nlmsg_type == RTM_NEWLINK);
	got = NLMSG_DATA(h);
	TELL("with", "flags %#x", got->ifi_flags & ~IFF_RUNNING);
	close(fd);
	fd = nl(NETLINK_ROUTE);
	link = (struct ifinfomsg){ .ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	begin(RTM_NEWLINK, NLM_F_ACK, &link, sizeof(link));
	CHECK_INT("up by a message", error_of(fd), 0);
	CHECK("it works", listener("127.0.0.1", 1) >= 0);
	close(fd);
	close(events);
}

static void test_addresses(void)
{
	struct ifaddrmsg addr = { .ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 1 };
	int fd = nl(NETLINK_ROUTE), s = socket(AF_INET, SOCK_STREAM, 0), n4 = 0, n6 = 0, links = 0;
	struct ifaddrs *all, *i;
	unsigned v4 = htonl(0x0a010203);

	CHECK_OK("getifaddrs", getifaddrs(&all));
	for (i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr)
			continue;
		n4 += i->ifa_addr->sa_family == AF_INET;
		n6 += i->ifa_addr->sa_family == AF_INET6;
		links += i->ifa_addr->sa_family == AF_PACKET;
	}
	TELL("it finds", "%d %d %d", n4, n6, links);
	freeifaddrs(all);
	CHECK_ERRNO("not ours", do_bind(s, "10.1.2.3", 0), EADDRNOTAVAIL);
	begin(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &addr, sizeof(addr));
	add(IFA_LOCAL, &v4, 4);
	add(IFA_ADDRESS, &v4, 4);
	CHECK_INT("an address more", error_of(fd), 0);
	CHECK_OK("is ours", do_bind(s, "10.1.2.3", 0));
	CHECK_OK("and listens", listen(s, 1));
	int c = socket(AF_INET, SOCK_STREAM, 0);

	CHECK_OK("and connects", do_connect(c, "10.1.2.3", port_of(s)));
	TELL("from", "%s", name_of(c, 0));
	begin(RTM_DELADDR, NLM_F_ACK, &addr, sizeof(addr));
	add(IFA_LOCAL, &v4, 4);
	CHECK_INT("it goes", error_of(fd), 0);
	close(c);
	close(s);
	close(fd);
}

/* Linux has the rest of it in a module; tests/system/test_network.py asks ss(8). */
static void test_diag(void)
{
	struct inet_diag_req_v2 r = { .sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = -1 };
	int fd = nl(NETLINK_SOCK_DIAG);

	begin(999, NLM_F_ACK, &r, sizeof(r));
	CHECK_INT("sock_diag: no such type", error_of(fd), EINVAL);
	close(fd);
}

static void test_proc(void)
{
	int l = listener("127.0.0.1", 3), u = socket(AF_INET, SOCK_DGRAM, 0), l6 = listener("::1", 3), found = 0;
	static char text[65536];
	char want[64];
	const char *files[] = { "/proc/net/tcp", "/proc/net/udp", "/proc/net/tcp6" };
	FILE *f;

	do_bind(u, "127.0.0.1", 0);
	for (int i = 0; i < 3; i++) {
		int port = port_of(i == 0 ? l : i == 1 ? u : l6);
		FILE *in = fopen(files[i], "r");
		size_t n = in ? fread(text, 1, sizeof(text) - 1, in) : 0;

		text[n] = 0;
		if (in)
			fclose(in);
		sprintf(want, ":%04X ", port);
		CHECK(files[i], strstr(text, want));
		TELL("its head", "%.*s", (int)strcspn(text, "\n"), text);
		if (i == 0)
			TELL("its line", "%.30s", strstr(text, want) ? strstr(text, want) + 6 : "none");
	}
	f = fopen("/proc/net/dev", "r");
	while (f && fgets(text, sizeof(text), f))
		found += strstr(text, "lo:") != NULL;
	CHECK_INT("/proc/net/dev has lo", found, 1);
	if (f)
		fclose(f);
	close(l);
	close(u);
	close(l6);
}

int main(void)
{
	lo_set(1);
	test_sockets();
	test_errors();
	test_link();
	test_addresses();
	test_diag();
	test_proc();
	return tap_done();
}
