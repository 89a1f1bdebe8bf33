/* SPDX-License-Identifier: MIT */
/*
 * syscall/socket.c: sockets: making, naming, connecting, options (socket(2) and
 * those it leads to). Sending and receiving are in syscall/message.c.
 */
#include "syscall/socket.h"
#include "net/filter.h"
#include "syscall/syscall.h"
#include <asm/socket.h>
#include <linux/fcntl.h>

#define SOCK_CLOEXEC  O_CLOEXEC
#define SOCK_NONBLOCK O_NONBLOCK
#define SOCK_FLAGS    (SOCK_CLOEXEC | SOCK_NONBLOCK)

int socket_name_read(struct socket_name *n, uaddr_t from, int length)
{
	if (length < 0 || (size_t)length > sizeof(n->storage))
		return -EINVAL;
	n->length = (unsigned)length;
	n->family = AF_UNSPEC;
	return length ? copy_from_user(&n->storage, from, (size_t)length) : 0;
}

int socket_name_write(const struct socket_name *n, uaddr_t to, uaddr_t length_at)
{
	int room;

	if (get_user_struct(room, length_at))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (copy_to_user(to, &n->storage, min((unsigned)room, n->length)))
		return -EFAULT;
	return put_user_struct(length_at, n->length);
}

SYSCALL3(socket, int, family, int, type, int, protocol)
{
	struct file *f;
	int result;

	if (type & ~SOCK_TYPE_MASK & ~SOCK_FLAGS)
		return -EINVAL;
	result = socket_create_file(family, type & SOCK_TYPE_MASK, protocol, (uint32_t)type & SOCK_NONBLOCK, &f);
	return result ? result : fd_install(f, type & SOCK_CLOEXEC);
}

/* Two descriptors for two files, told to the program before they are there. References are consumed on success. */
static int install_pair(struct file *f[2], bool cloexec, uaddr_t to)
{
	struct files *t = task_current()->files;
	uint64_t limit = process_limit(RLIMIT_NOFILE);
	int fd[2], result;

	fd[0] = files_reserve(t, 0, limit, cloexec);
	if (fd[0] < 0)
		return fd[0];
	fd[1] = files_reserve(t, 0, limit, cloexec);
	result = fd[1] < 0 ? fd[1] : put_user_struct(to, fd);
	if (result) {
		if (fd[1] >= 0)
			files_unreserve(t, fd[1]);
		files_unreserve(t, fd[0]);
		return result;
	}
	files_install(t, fd[0], f[0]);
	files_install(t, fd[1], f[1]);
	return 0;
}

SYSCALL4(socketpair, int, family, int, type, int, protocol, uaddr_t, to)
{
	struct file *f[2];
	int result;

	if (type & ~SOCK_TYPE_MASK & ~SOCK_FLAGS)
		return -EINVAL;
	result = socket_create_pair(family, type & SOCK_TYPE_MASK, protocol, (uint32_t)type & SOCK_NONBLOCK, f);
	if (result)
		return result;
	result = install_pair(f, type & SOCK_CLOEXEC, to);
	if (result) {
		file_put(f[0]);
		file_put(f[1]);
	}
	return result;
}

SYSCALL3(bind, int, fd, uaddr_t, name_at, int, length)
{
	struct socket_name name;
	int result;
	SOCKET_GUARD(f, s, fd);

	if (!s)
		return f ? -ENOTSOCK : -EBADF;
	result = socket_name_read(&name, name_at, length);
	return result ? result : socket_bind(s, &name);
}

SYSCALL3(connect, int, fd, uaddr_t, name_at, int, length)
{
	struct socket_name name;
	int result;
	SOCKET_GUARD(f, s, fd);

	if (!s)
		return f ? -ENOTSOCK : -EBADF;
	result = socket_name_read(&name, name_at, length);
	return result ? result : socket_connect(s, &name);
}

SYSCALL2(listen, int, fd, int, backlog)
{
	SOCKET_GUARD(f, s, fd);

	return s ? socket_listen(s, backlog) : f ? -ENOTSOCK : -EBADF;
}

/* The connection's name, if it is wanted, before the descriptor is there. */
static int accept_file(struct socket *s, uint32_t flags, uaddr_t name_at, uaddr_t length_at, struct file **out)
{
	struct socket_name name;
	int result = socket_accept(s, flags, out);

	if (result || !name_at)
		return result;
	result = socket_get_name(socket_of_file(*out), true, &name);
	result = result ? -ECONNABORTED : socket_name_write(&name, name_at, length_at);
	if (result)
		file_put(*out);
	return result;
}

static int64_t accept_flags(int fd, uaddr_t name_at, uaddr_t length_at, unsigned flags)
{
	struct files *t = task_current()->files;
	struct file *made;
	int result, number;

	if (flags & ~(unsigned)SOCK_FLAGS)
		return -EINVAL;
	SOCKET_GUARD(f, s, fd);
	if (!s)
		return f ? -ENOTSOCK : -EBADF;
	number = files_reserve(t, 0, process_limit(RLIMIT_NOFILE), flags & SOCK_CLOEXEC);
	if (number < 0)
		return number;
	result = accept_file(s, flags & SOCK_NONBLOCK, name_at, length_at, &made);
	if (result)
		files_unreserve(t, number);
	else
		files_install(t, number, made);
	return result ? result : number;
}

SYSCALL3(accept, int, fd, uaddr_t, name_at, uaddr_t, length_at)
{
	return accept_flags(fd, name_at, length_at, 0);
}

SYSCALL4(accept4, int, fd, uaddr_t, name_at, uaddr_t, length_at, unsigned, flags)
{
	return accept_flags(fd, name_at, length_at, flags);
}

static int64_t tell_name(int fd, bool peer, uaddr_t name_at, uaddr_t length_at)
{
	struct socket_name name;
	int result;
	SOCKET_GUARD(f, s, fd);

	if (!s)
		return f ? -ENOTSOCK : -EBADF;
	result = socket_get_name(s, peer, &name);
	return result ? result : socket_name_write(&name, name_at, length_at);
}

SYSCALL3(getsockname, int, fd, uaddr_t, name_at, uaddr_t, length_at)
{
	return tell_name(fd, false, name_at, length_at);
}

SYSCALL3(getpeername, int, fd, uaddr_t, name_at, uaddr_t, length_at)
{
	return tell_name(fd, true, name_at, length_at);
}

SYSCALL2(shutdown, int, fd, int, how)
{
	SOCKET_GUARD(f, s, fd);

	return s ? socket_shutdown(s, how) : f ? -ENOTSOCK : -EBADF;
}

SYSCALL5(setsockopt, int, fd, int, level, int, option, uaddr_t, value_at, int, length)
{
	uint64_t value[SOCKET_OPTION_MAX / sizeof(uint64_t)];
	unsigned n;

	if (length < 0)
		return -EINVAL;
	SOCKET_GUARD(f, s, fd);
	if (!s)
		return f ? -ENOTSOCK : -EBADF;
	n = min((unsigned)length, (unsigned)SOCKET_OPTION_MAX);
	if (copy_from_user(value, value_at, n))
		return -EFAULT;
	return socket_set_option(s, level, option, value, n);
}

SYSCALL5(getsockopt, int, fd, int, level, int, option, uaddr_t, value_at, uaddr_t, length_at)
{
	uint64_t value[SOCKET_OPTION_MAX / sizeof(uint64_t)];
	int length, result;
	unsigned n;
	SOCKET_GUARD(f, s, fd);

	if (!s)
		return f ? -ENOTSOCK : -EBADF;
	if (get_user_struct(length, length_at))
		return -EFAULT;
	if (length < 0)
		return -EINVAL;
	if (level == SOL_SOCKET && option == SO_GET_FILTER) { /* counts instructions, not bytes */
		n = (unsigned)length;
		result = socket_filter_get(s, value_at, &n);
		return result ? result : put_user_struct(length_at, n);
	}
	n = min((unsigned)length, (unsigned)SOCKET_OPTION_MAX);
	result = socket_get_option(s, level, option, value, &n);
	if (!result && copy_to_user(value_at, value, n))
		result = -EFAULT;
	return result ? result : put_user_struct(length_at, n);
}
