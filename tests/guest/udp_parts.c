/* SPDX-License-Identifier: MIT */
/* One datagram from several calls (MSG_MORE, UDP_CORK), several from one (UDP_SEGMENT). */
#include "net.h"
#include <netinet/udp.h>

static char data[70000];

static void open_pair(int fd[2], const char *at)
{
	for (int i = 0; i < 2; i++)
		fd[i] = socket(strchr(at, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	do_bind(fd[1], at, 0);
	do_connect(fd[0], at, port_of(fd[1]));
}

/* The lengths of what came. */
static void show(const char *name, int fd)
{
	char text[800] = "";
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), MSG_DONTWAIT)) >= 0 && strlen(text) < 700)
		sprintf(text + strlen(text), " %zd%.3s", n, n ? data : "");
	TELL(name, "%s", text);
}

static void parts(const char *at)
{
	int fd[2], other = socket(strchr(at, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);

	open_pair(fd, at);
	do_bind(other, at, 0);
	TELL("MSG_MORE", "%ld", RESULT(send(fd[0], "abc", 3, MSG_MORE)));
	show("nothing yet", fd[1]);
	TELL("more", "%ld %ld", RESULT(send(fd[0], "", 0, MSG_MORE)), RESULT(send(fd[0], "de", 2, 0)));
	show("one", fd[1]);
	TELL("to another first", "%ld", RESULT(sendto(fd[0], "x", 1, MSG_MORE, NULL, 0)));
	TELL("the first says where", "%ld", RESULT(send_name(fd[0], "yz", at, port_of(other))));
	show("one", fd[1]);
	show("none", other);
	TELL("UDP_CORK", "%ld %ld %ld", RESULT(opt_set(fd[0], IPPROTO_UDP, UDP_CORK, 1)), RESULT(send(fd[0], "123", 3, 0)), RESULT(send(fd[0], "45", 2, 0)));
	show("nothing yet", fd[1]);
	TELL("uncorked", "%ld", RESULT(opt_set(fd[0], IPPROTO_UDP, UDP_CORK, 0)));
	show("one", fd[1]);
	opt_set(fd[0], IPPROTO_UDP, UDP_CORK, 1);
	TELL("too long", "%ld %ld", RESULT(send(fd[0], data, 60000, 0)), RESULT(send(fd[0], data, 6000, 0)));
	opt_set(fd[0], IPPROTO_UDP, UDP_CORK, 0);
	show("given up", fd[1]);
	send(fd[0], "gone", 4, MSG_MORE);
	close(fd[0]);
	show("closed", fd[1]);
	close(fd[1]);
	close(other);
}

static long send_cut(int fd, size_t n, uint16_t size, int type)
{
	char control[CMSG_SPACE(2)] = "";
	struct iovec v = { data, n };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(2);
	memcpy(CMSG_DATA(c), &size, 2);
	return RESULT(sendmsg(fd, &m, 0));
}

static void segments(const char *at)
{
	int fd[2], n;

	open_pair(fd, at);
	for (int i = 0; i < (int)sizeof(data); i++)
		data[i] = (char)('a' + i % 26);
	TELL("cut", "%ld %ld", RESULT(opt_set(fd[0], IPPROTO_UDP, UDP_SEGMENT, 100)), RESULT(send(fd[0], data, 350, 0)));
	show("four", fd[1]);
	TELL("short", "%ld %ld %ld", RESULT(send(fd[0], data, 100, 0)), RESULT(send(fd[0], data, 99, 0)), RESULT(send(fd[0], data, 0, 0)));
	show("whole", fd[1]);
	TELL("too many", "%ld", RESULT(send(fd[0], data, 12801, 0)));
	TELL("many", "%ld", RESULT(send(fd[0], data, 12800, 0)));
	for (n = 0; recv(fd[1], data, sizeof(data), MSG_DONTWAIT) == 100; n++)
		;
	TELL("came", "%d", n);
	TELL("by the call", "%ld %ld", send_cut(fd[0], 50, 20, UDP_SEGMENT), send_cut(fd[0], 50, 20, 77));
	show("three", fd[1]);
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
	lo_set(1);
	parts("127.0.0.1");
	parts("::1");
	segments("127.0.0.1");
	segments("::1");
	return tap_done();
}
