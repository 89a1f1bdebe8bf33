/* SPDX-License-Identifier: MIT */
/* Unix sockets by their names, and their options: for the tests of them. */
#ifndef GUEST_UNIX_H
#define GUEST_UNIX_H

#include "tap.h"
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

static inline socklen_t name_of(struct sockaddr_un *a, const char *name)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	if (name[0] == '@') {
		memcpy(a->sun_path + 1, name + 1, strlen(name) - 1);
		return offsetof(struct sockaddr_un, sun_path) + strlen(name);
	}
	strcpy(a->sun_path, name);
	return offsetof(struct sockaddr_un, sun_path) + strlen(name) + 1;
}

static inline int do_bind(int fd, const char *name)
{
	struct sockaddr_un a;
	socklen_t n = name_of(&a, name);

	return bind(fd, (void *)&a, n);
}

static inline int do_connect(int fd, const char *name)
{
	struct sockaddr_un a;
	socklen_t n = name_of(&a, name);

	return connect(fd, (void *)&a, n);
}

static inline int send_name(int fd, const char *text, const char *name)
{
	struct sockaddr_un a;
	socklen_t n = name_of(&a, name);

	return sendto(fd, text, strlen(text), 0, (void *)&a, n);
}

static inline int listener(int type, const char *name, int backlog)
{
	int fd = socket(AF_UNIX, type, 0);

	if (do_bind(fd, name) || listen(fd, backlog))
		return -1;
	return fd;
}

static inline int get_int(int fd, int option)
{
	int value = -1;
	socklen_t n = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &n) ? -errno : value;
}

static inline int set_int(int fd, int option, int value)
{
	return setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value));
}

static inline int events_of(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDHUP, 0 };

	poll(&p, 1, 0);
	return p.revents;
}

#endif /* GUEST_UNIX_H */
