/* SPDX-License-Identifier: MIT */
/*
 * syscall/socket.h: what the handlers of sockets share: descriptors and addresses.
 */
#ifndef SYSCALL_SOCKET_H
#define SYSCALL_SOCKET_H

#include "net/socket.h"
#include "syscall/syscall.h"

/*
 * SOCKET_GUARD(f, s, fd) declares f, the file of a descriptor until the end of the
 * block, and s, its socket. Without s: no descriptor (f is NULL, -EBADF), or no
 * socket (-ENOTSOCK).
 */
#define SOCKET_GUARD(f, s, fd) \
	FILE_GUARD(f, fd);     \
	struct socket *s = f ? socket_of_file(f) : NULL

/* An address argument. -EINVAL (length), -EFAULT. */
int socket_name_read(struct socket_name *n, uaddr_t from, int length);
/* The other way: as much as the int at length_at says there is room for, which then becomes the whole length. */
int socket_name_write(const struct socket_name *n, uaddr_t to, uaddr_t length_at);

#endif
