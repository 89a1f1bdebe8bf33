/* SPDX-License-Identifier: MIT */
/* What the tests of the Internet families share: lo up and down, addresses, pairs of ends. */
#ifndef GUEST_NET_H
#define GUEST_NET_H

#include "tap.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

static inline int lo_set(int up)
{
	struct ifreq r = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), result = ioctl(fd, SIOCGIFFLAGS, &r);

	if (up)
		r.ifr_flags |= IFF_UP;
	else
		r.ifr_flags &= ~IFF_UP;
	result = result ? result : ioctl(fd, SIOCSIFFLAGS, &r);
	close(fd);
	return result;
}

union any_addr { struct sockaddr a; struct sockaddr_in in; struct sockaddr_in6 in6; struct sockaddr_storage all; };

static inline socklen_t addr_make(union any_addr *u, const char *text, int port)
{
	memset(u, 0, sizeof(*u));
	if (strchr(text, ':')) {
		u->in6.sin6_family = AF_INET6;
		u->in6.sin6_port = htons(port);
		inet_pton(AF_INET6, text, &u->in6.sin6_addr);
		return sizeof(u->in6);
	}
	u->in.sin_family = AF_INET;
	u->in.sin_port = htons(port);
	inet_pton(AF_INET, text, &u->in.sin_addr);
	return sizeof(u->in);
}

static inline int do_bind(int fd, const char *text, int port)
{
	union any_addr u;
	socklen_t n = addr_make(&u, text, port);

	return bind(fd, &u.a, n);
}

static inline int do_connect(int fd, const char *text, int port)
{
	union any_addr u;
	socklen_t n = addr_make(&u, text, port);

	return connect(fd, &u.a, n);
}

static inline ssize_t send_name(int fd, const char *data, const char *text, int port)
{
	union any_addr u;
	socklen_t n = addr_make(&u, text, port);

	return sendto(fd, data, strlen(data), 0, &u.a, n);
}

static inline int port_of(int fd)
{
	union any_addr u;
	socklen_t n = sizeof(u);

	if (getsockname(fd, &u.a, &n))
		return -1;
	return ntohs(u.in.sin_port);
}

/* The address of an end, without its port: that differs. */
static inline const char *show_addr(const union any_addr *u)
{
	static char text[4][80];
	static int turn;
	char *t = text[turn++ % 4];

	if (u->a.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &u->in6.sin6_addr, t, 80);
	else if (u->a.sa_family == AF_INET)
		inet_ntop(AF_INET, &u->in.sin_addr, t, 80);
	else
		snprintf(t, 80, "family %d", u->a.sa_family);
	return t;
}

static inline const char *name_of(int fd, int peer)
{
	union any_addr u = { .a.sa_family = 0 };
	socklen_t n = sizeof(u);

	if (peer ? getpeername(fd, &u.a, &n) : getsockname(fd, &u.a, &n))
		return strerror(errno);
	return show_addr(&u);
}

static inline int opt_set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

static inline int opt_get(int fd, int level, int option)
{
	int value = -12345;
	socklen_t n = sizeof(value);

	if (getsockopt(fd, level, option, &value, &n))
		return -errno;
	return value;
}

static inline int poll_of(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLWRNORM | POLLWRBAND, 0 };

	poll(&p, 1, 0);
	return p.revents;
}

/* Waits for an event, so that nothing depends on when. */
static inline int poll_for(int fd, int events)
{
	struct pollfd p = { fd, events, 0 };

	return poll(&p, 1, 3000) == 1 ? p.revents : -1;
}

/* A listener at an address, port chosen by the kernel. */
static inline int listener(const char *text, int backlog)
{
	int fd = socket(strchr(text, ':') ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

	if (do_bind(fd, text, 0) || listen(fd, backlog))
		return -1;
	return fd;
}

/* Both ends of a connection: fd[0] connected, fd[1] accepted. */
static inline int tcp_pair_at(int fd[2], const char *text)
{
	int l = listener(text, 8);

	fd[0] = socket(strchr(text, ':') ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	if (do_connect(fd[0], text, port_of(l)))
		return -1;
	fd[1] = accept(l, NULL, NULL);
	close(l);
	return fd[1] < 0 ? -1 : 0;
}

static inline int tcp_pair(int fd[2]) { return tcp_pair_at(fd, "127.0.0.1"); }

static inline int tcp_state(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) ? -errno : info.tcpi_state;
}

/* Result and errno of a call, as one number. */
#define RESULT(call) ({ errno = 0; long r_ = (long)(call); r_ < 0 ? -errno : r_; })

#endif
