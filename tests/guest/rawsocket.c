/* SPDX-License-Identifier: MIT */
/* Raw sockets (raw(7)), and the echo that this machine answers: what ping and traceroute need. */
#include "net.h"
#include "told.h"
#include <linux/filter.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/udp.h>

#ifndef ICMP_FILTER
#define ICMP_FILTER 1
#endif

static unsigned short checksum(const void *data, size_t n)
{
	const unsigned char *at = data;
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += i & 1 ? at[i] : at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((unsigned short)~sum);
}

/* An echo request of 8 + 12 bytes. */
static int echo(int fd, const char *to, int good)
{
	struct { struct icmphdr h; char data[12]; } m = { .h.type = strchr(to, ':') ? ICMP6_ECHO_REQUEST : ICMP_ECHO, .data = "hello, you" };
	union any_addr u;
	socklen_t n = addr_make(&u, to, 0);

	m.h.un.echo.id = htons(7);
	m.h.un.echo.sequence = htons(3);
	if (!strchr(to, ':'))
		m.h.checksum = (unsigned short)(checksum(&m, sizeof(m)) + !good);
	return (int)RESULT(sendto(fd, &m, sizeof(m), 0, &u.a, n));
}

/* What can be read: of the header what is the same each time, and the message. */
static void show(const char *name, int fd)
{
	unsigned char data[2000];
	char text[900] = "";
	union any_addr from;
	struct iovec v = { data, sizeof(data) };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &v, .msg_iovlen = 1 };
	ssize_t n;
	int next = 0;

	for (int i = 0; i < 5; i++) {
		m.msg_namelen = sizeof(from);
		if (ioctl(fd, FIONREAD, &next) || (n = recvmsg(fd, &m, MSG_DONTWAIT)) < 0)
			break;
		sprintf(text + strlen(text), "%d/%zd from %s port %d:", next, n, show_addr(&from), ntohs(from.in.sin_port));
		for (int k = 0; k < n && k < 28; k++) {
			bool four = from.a.sa_family == AF_INET;

			if (!four || (k != 4 && k != 5 && k != 6 && k != 10 && k != 11))
				sprintf(text + strlen(text), "%02x", data[k]);
		}
		strcat(text, n >= 0 && from.a.sa_family == AF_INET && !checksum(data, 20) ? " good, " : ", ");
	}
	TELL(name, "%s poll %x", text, poll_of(fd));
}

static int raw(int family, int protocol)
{
	return socket(family, SOCK_RAW, protocol);
}

static void echoes(void)
{
	struct icmp_filter blocked = { 1u << ICMP_ECHO };
	struct icmp6_filter blocked6;
	int fd = raw(AF_INET, IPPROTO_ICMP), other = raw(AF_INET, IPPROTO_ICMP), six = raw(AF_INET6, IPPROTO_ICMPV6);

	TELL("echo", "%d", echo(fd, "127.0.0.1", 1));
	show("request and reply", fd);
	show("others hear them too", other);
	TELL("another address", "%d", echo(fd, "127.1.2.3", 1));
	show("request and reply", fd);
	show("others", other);
	TELL("a wrong checksum", "%d", echo(fd, "127.0.0.1", 0));
	show("no reply", fd);
	show("others", other);
	TELL("filter", "%ld", RESULT(setsockopt(fd, SOL_RAW, ICMP_FILTER, &blocked, sizeof(blocked))));
	echo(fd, "127.0.0.1", 1);
	show("reply only", fd);
	show("others", other);
	TELL("IPv6", "%d", echo(six, "::1", 1));
	show("request and reply", six);
	ICMP6_FILTER_SETBLOCKALL(&blocked6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &blocked6);
	TELL("filter", "%ld", RESULT(setsockopt(six, IPPROTO_ICMPV6, ICMP6_FILTER, &blocked6, sizeof(blocked6))));
	echo(six, "::1", 1);
	show("reply only", six);
	TELL("nowhere", "%d %d", echo(fd, "10.1.1.1", 1), echo(six, "2001::1", 1));
	TELL("no address", "%ld", RESULT(send(fd, "x", 1, 0)));
	TELL("a port of IPv6's names", "%ld %ld", RESULT(send_name(six, "x", "::1", 58)), RESULT(send_name(six, "x", "::1", 59)));
	close(fd);
	close(other);
	close(six);
}

static void ends(void)
{
	int fd = raw(AF_INET, 200), other = raw(AF_INET, 200), third = raw(AF_INET, 200);

	TELL("names", "%s %d, %s", name_of(fd, 0), port_of(fd), name_of(fd, 1));
	TELL("bind", "%ld %s %d", RESULT(do_bind(fd, "127.0.0.2", 77)), name_of(fd, 0), port_of(fd));
	TELL("bind elsewhere", "%ld", RESULT(do_bind(other, "10.0.0.1", 0)));
	TELL("connect", "%ld %s %s", RESULT(do_connect(other, "127.0.0.3", 5)), name_of(other, 0), name_of(other, 1));
	TELL("send", "%ld %ld", RESULT(send_name(third, "one", "127.0.0.1", 0)), RESULT(send_name(third, "two", "127.0.0.2", 0)));
	show("bound", fd);
	show("connected", other);
	show("neither", third);
	do_bind(third, "127.0.0.3", 0);
	TELL("send", "%ld %ld %ld", RESULT(send_name(third, "three", "127.0.0.1", 0)), RESULT(send(other, "four", 4, 0)),
	     RESULT(send_name(third, "", "127.0.0.3", 0)));
	show("bound", fd);
	show("connected", other);
	show("bound too", third);
	TELL("too long", "%ld", RESULT(sendto(third, NULL, 70000, 0, NULL, 0)));
	TELL("shutdown", "%ld %ld", RESULT(shutdown(third, SHUT_RDWR)), RESULT(shutdown(other, SHUT_WR)));
	TELL("shut", "%ld", RESULT(send(other, "x", 1, MSG_NOSIGNAL)));
	close(fd);
	close(other);
	close(third);
}

static void with_header(void)
{
	struct { struct iphdr h; char data[6]; } p = { .h = { .version = 4, .ihl = 5, .ttl = 9, .protocol = 201, .tos = 4 }, .data = "whole" };
	int fd = raw(AF_INET, IPPROTO_RAW), to = raw(AF_INET, 201), other = raw(AF_INET, 201);
	union any_addr u;
	socklen_t n = addr_make(&u, "127.0.0.1", 0);

	p.h.daddr = htonl(INADDR_LOOPBACK);
	TELL("whole packet", "%d %ld", opt_get(fd, IPPROTO_IP, IP_HDRINCL), RESULT(sendto(fd, &p, sizeof(p), 0, &u.a, n)));
	show("received", to);
	p.h.saddr = htonl(0x7f050505);
	TELL("set", "%d %ld %d", opt_get(other, IPPROTO_IP, IP_HDRINCL), RESULT(opt_set(other, IPPROTO_IP, IP_HDRINCL, 1)),
	     opt_get(other, IPPROTO_IP, IP_HDRINCL));
	TELL("whole packet", "%ld", RESULT(sendto(other, &p, sizeof(p), 0, &u.a, n)));
	show("received", to);
	TELL("too short", "%ld", RESULT(sendto(fd, &p, 19, 0, &u.a, n)));
	TELL("of others", "%ld", RESULT(opt_set(socket(AF_INET, SOCK_DGRAM, 0), IPPROTO_IP, IP_HDRINCL, 1)));
	close(fd);
	close(to);
	close(other);
}

static void datagrams(void)
{
	int fd = raw(AF_INET, IPPROTO_UDP), icmp = raw(AF_INET, IPPROTO_ICMP), six = raw(AF_INET6, IPPROTO_ICMPV6), u = socket(AF_INET, SOCK_DGRAM, 0);
	int u6 = socket(AF_INET6, SOCK_DGRAM, 0), sink = socket(AF_INET, SOCK_DGRAM, 0);
	unsigned char data[2000];
	ssize_t n;

	do_bind(sink, "127.0.0.1", 0);
	send_name(u, "seen", "127.0.0.1", port_of(sink));
	n = recv(fd, data, sizeof(data), MSG_DONTWAIT);
	TELL("a datagram is seen", "%zd %02x %.4s", n, data[9], data + 20 + 8);
	TELL("and arrives", "%zd", recv(sink, data, sizeof(data), MSG_DONTWAIT));
	send_name(u, "nobody", "127.0.0.1", 9);
	n = recv(icmp, data, sizeof(data), MSG_DONTWAIT);
	TELL("unreachable", "%zd: %x %x %x, %x %x about %x port %d", n, data[1], data[8], data[9], data[20], data[21], data[28 + 9], data[28 + 23]);
	TELL("checksum", "%d", checksum(data + 20, n > 20 ? (size_t)n - 20 : 0));
	send_name(u6, "nobody", "::1", 9);
	n = recv(six, data, sizeof(data), MSG_DONTWAIT);
	TELL("unreachable", "%zd: %x %x about %x port %d", n, data[0], data[1], data[8 + 6], data[8 + 40 + 3]);
	close(fd);
	close(icmp);
	close(six);
	close(u);
	close(u6);
	close(sink);
}

static void options(void)
{
	struct sock_filter reject[] = { { BPF_RET, 0, 0, 0 } }, cut[] = { { BPF_LD | BPF_B | BPF_ABS, 0, 0, 0 }, { BPF_RET | BPF_A, 0, 0, 0 } };
	struct sock_fprog p = { 1, reject };
	int fd = raw(AF_INET, 200), icmp = raw(AF_INET, IPPROTO_ICMP), six = raw(AF_INET6, 200), icmp6 = raw(AF_INET6, IPPROTO_ICMPV6);

	TELL("ICMP_FILTER", "%d %d %d %d", opt_get(fd, SOL_RAW, ICMP_FILTER), opt_get(icmp, SOL_RAW, ICMP_FILTER), opt_get(icmp, SOL_RAW, 2),
	     opt_get(six, SOL_RAW, ICMP_FILTER));
	TELL("ICMP6_FILTER", "%d %d %d %d", opt_get(six, IPPROTO_ICMPV6, ICMP6_FILTER), opt_get(icmp6, IPPROTO_ICMPV6, ICMP6_FILTER),
	     opt_get(icmp6, IPPROTO_ICMPV6, 2), opt_get(fd, IPPROTO_ICMPV6, ICMP6_FILTER));
	TELL("IPV6_CHECKSUM", "%d %d", opt_get(six, IPPROTO_IPV6, IPV6_CHECKSUM), opt_get(icmp6, IPPROTO_IPV6, IPV6_CHECKSUM));
	TELL("set", "%ld %ld %ld %ld", RESULT(opt_set(six, IPPROTO_IPV6, IPV6_CHECKSUM, 2)), RESULT(opt_set(six, IPPROTO_IPV6, IPV6_CHECKSUM, 3)),
	     RESULT(opt_set(icmp6, IPPROTO_IPV6, IPV6_CHECKSUM, 2)), RESULT(opt_set(icmp6, IPPROTO_IPV6, IPV6_CHECKSUM, -1)));
	TELL("with a checksum", "%ld %ld", RESULT(send_name(six, "abcdef", "::1", 0)), RESULT(send_name(six, "abc", "::1", 0)));
	show("received", six);
	TELL("basics", "%d %d %d %d", opt_get(fd, SOL_SOCKET, SO_TYPE), opt_get(fd, SOL_SOCKET, SO_PROTOCOL), opt_get(six, SOL_SOCKET, SO_DOMAIN),
	     opt_get(fd, SOL_SOCKET, SO_PEEK_OFF));
	TELL("filter", "%ld %ld", RESULT(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p))), RESULT(send_name(fd, "gone", "127.0.0.1", 0)));
	show("rejected", fd);
	p = (struct sock_fprog){ 2, cut };
	setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p));
	setsockopt(six, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p));
	sendto(fd, reject, 0, 0, NULL, 0);
	TELL("another", "%ld %ld", RESULT(send_name(fd, "123456789 123456789 123456789 123456789 123456789 123456789", "127.0.0.1", 0)),
	     RESULT(send_name(six, "\5bcdefghijk", "::1", 0)));
	show("cut", fd);
	show("cut", six);
	close(fd);
	close(icmp);
	close(six);
	close(icmp6);
}

static void listed(const char *path)
{
	char line[300];
	FILE *f = fopen(path, "r");
	int n = 0;

	while (f && fgets(line, sizeof(line), f)) {
		int slot, state;
		char local[80], remote[80];

		if (sscanf(line, "%d: %79s %79s %x", &slot, local, remote, &state) == 4)
			TELL(path, "%s %s %x", local, remote, (unsigned)state);
		else if (!n++)
			TELL(path, "%s", strtok(line, "\n"));
	}
	if (f)
		fclose(f);
}

static void unprivileged(void)
{
	setresgid(65534, 65534, 65534);
	setresuid(65534, 65534, 65534);
	say("%ld %ld %ld", RESULT(raw(AF_INET, IPPROTO_ICMP)), RESULT(raw(AF_INET6, IPPROTO_ICMPV6)), RESULT(raw(AF_INET, 0)));
}

int main(void)
{
	int fd;

	lo_set(1);
	TOLD("unprivileged", unprivileged());
	TELL("no protocol", "%ld", RESULT(raw(AF_INET, 0)));
	echoes();
	ends();
	with_header();
	datagrams();
	options();
	fd = raw(AF_INET, 222);
	do_connect(fd, "127.0.0.1", 0);
	raw(AF_INET6, 223);
	listed("/proc/net/raw");
	listed("/proc/net/raw6");
	return tap_done();
}
