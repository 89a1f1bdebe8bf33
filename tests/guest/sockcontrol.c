/* SPDX-License-Identifier: MIT */
/* What comes along with a datagram, by option: marks, losses, time stamps, hops, addresses. */
#include "net.h"

static void show(const char *name, int fd)
{
	char data[100], control[500], text[900] = "";
	struct iovec v = { data, sizeof(data) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); n >= 0 && c; c = CMSG_NXTHDR(&m, c)) {
		bool stamp = c->cmsg_level == SOL_SOCKET && c->cmsg_type != SO_MARK && c->cmsg_type != SO_RXQ_OVFL;
		bool address = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == 74;

		sprintf(text + strlen(text), " %d.%d:%zu:", c->cmsg_level, c->cmsg_type, c->cmsg_len);
		for (size_t i = 0; !stamp && i < c->cmsg_len - CMSG_LEN(0); i++)
			if (!address || i < 2 || i > 3) /* the port */
				sprintf(text + strlen(text), "%02x", CMSG_DATA(c)[i]);
	}
	TELL(name, "%zd%s", n, text);
}

static void with(const char *family, int level, int option)
{
	int fd[2] = { socket(strchr(family, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0), socket(strchr(family, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0) };
	char name[60];

	do_bind(fd[1], family, 0);
	do_connect(fd[0], family, port_of(fd[1]));
	opt_set(fd[0], SOL_SOCKET, SO_MARK, 0x1234);
	if (level == SOL_SOCKET)
		opt_set(fd[1], SOL_SOCKET, SO_TIMESTAMP, 1); /* another kind replaces it */
	opt_set(fd[1], level, option, 1);
	send(fd[0], "data", 4, 0);
	snprintf(name, sizeof(name), "%s %d.%d", family, level, option);
	show(name, fd[1]);
	close(fd[0]);
	close(fd[1]);
}

static void losses(void)
{
	int fd[2] = { socket(AF_INET, SOCK_DGRAM, 0), socket(AF_INET, SOCK_DGRAM, 0) }, sent = 0;
	char data[1000];

	opt_set(fd[1], SOL_SOCKET, SO_RCVBUF, 1);
	opt_set(fd[1], SOL_SOCKET, SO_RXQ_OVFL, 1);
	do_bind(fd[1], "127.0.0.1", 0);
	do_connect(fd[0], "127.0.0.1", port_of(fd[1]));
	while (sent++ < 20)
		send(fd[0], data, sizeof(data), 0);
	show("before a loss", fd[1]);
	while (recv(fd[1], data, sizeof(data), MSG_DONTWAIT) >= 0)
		sent--;
	send(fd[0], data, 5, 0);
	TELL("after a loss", "%d", sent < 20);
	close(fd[0]);
	close(fd[1]);
}

/* An error that waits is urgent, if asked for. */
static void errors(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	opt_set(fd, IPPROTO_IP, IP_RECVERR, 1);
	do_connect(fd, "127.0.0.1", 9);
	send(fd, "x", 1, 0);
	TELL("poll", "%x", poll_of(fd));
	opt_set(fd, SOL_SOCKET, SO_SELECT_ERR_QUEUE, 1);
	TELL("poll with SO_SELECT_ERR_QUEUE", "%x", poll_of(fd));
	close(fd);
}

/* Ports that are not named come out of a socket's own range. */
static void range(int type)
{
	int l = listener("127.0.0.1", 5), fd[4], wide = 40001 << 16 | 40000, below = 30 << 16 | 20;
	long result;

	for (int i = 0; i < 4; i++) {
		fd[i] = socket(AF_INET, type, 0);
		setsockopt(fd[i], IPPROTO_IP, 51 /* IP_LOCAL_PORT_RANGE */, i < 3 ? &wide : &below, sizeof(wide));
	}
	for (int i = 0; i < 4; i++) {
		result = RESULT(do_bind(fd[i], "127.0.0.1", 0));
		TELL("bind", "%ld %d", result, port_of(fd[i]) / 10 == 4000);
	}
	for (int i = 0; i < 4; i++) {
		close(fd[i]);
		fd[i] = socket(AF_INET, type, 0);
		setsockopt(fd[i], IPPROTO_IP, 51, &wide, sizeof(wide));
	}
	for (int i = 0; i < 4; i++) {
		if (i == 3 && type == SOCK_DGRAM) /* no port is left: that is not waited for */
			TELL("send", "%ld", RESULT(send_name(fd[i], "x", "127.0.0.1", port_of(l))));
		result = RESULT(do_connect(fd[i], "127.0.0.1", port_of(l)));
		TELL("connect", "%ld %d", result, port_of(fd[i]) / 10 == 4000);
	}
	for (int i = 0; i < 4; i++)
		close(fd[i]);
	close(l);
}

int main(void)
{
	static const int base[] = { SO_TIMESTAMP, SO_TIMESTAMPNS, 63, 64, 75 /* SO_RCVMARK */, SO_RXQ_OVFL };
	static const int four[] = { IP_PKTINFO, IP_RECVTTL, IP_RECVTOS, IP_RETOPTS, IP_RECVOPTS, 25 /* IP_RECVFRAGSIZE */ };
	static const int six[] = { 2, 3, 4, 5, 8, 49, 51, 66, 74 };

	lo_set(1);
	for (int i = 0; i < 6; i++) {
		with("127.0.0.1", SOL_SOCKET, base[i]);
		with("::1", SOL_SOCKET, base[i]);
	}
	for (int i = 0; i < 9; i++)
		with("::1", IPPROTO_IPV6, six[i]);
	for (int i = 0; i < 6; i++)
		with("127.0.0.1", IPPROTO_IP, four[i]);
	losses();
	errors();
	range(SOCK_DGRAM);
	range(SOCK_STREAM);
	return tap_done();
}
