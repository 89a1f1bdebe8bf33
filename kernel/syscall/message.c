/* SPDX-License-Identifier: MIT */
/*
 * syscall/message.c: sending and receiving: sendto(2), sendmsg(2), recvfrom(2),
 * recvmsg(2), and several at once. A call is a struct socket_message over the
 * program's vector, its address and its control buffer.
 */
#include "syscall/socket.h"
#include "hal/clock.h"
#include "mem/slab.h"
#include "net/control.h"
#include "syscall/rw.h"
#include <linux/fcntl.h>
#include <linux/uio.h>

#define COUNT_MAX       0x7ffff000UL /* bytes in one call */
#define MSG_CMSG_COMPAT 0x80000000u  /* of no use to a program */

/* struct msghdr of <sys/socket.h>; the kernel's headers do not have it. */
struct message_header {
	uaddr_t name;
	int name_length;
	uaddr_t vector;
	uint64_t vectors;
	uaddr_t control;
	uint64_t control_length;
	unsigned flags;
};

struct message_many { /* struct mmsghdr */
	struct message_header header;
	unsigned length;
};

static unsigned message_flags(const struct file *f, unsigned flags)
{
	return f->flags & O_NONBLOCK ? flags | MSG_DONTWAIT : flags;
}

static ssize_t send_message(struct file *f, struct socket *s, struct socket_message *m)
{
	ssize_t n;

	if (m->data->count > COUNT_MAX)
		iter_truncate(m->data, COUNT_MAX);
	n = socket_send(s, m);
	if (unlikely(n == -EPIPE) && !(m->flags & MSG_NOSIGNAL))
		raise_pipe_signal(f);
	return n;
}

SYSCALL6(sendto, int, fd, uaddr_t, buf, size_t, n, unsigned, flags, uaddr_t, name_at, int, name_length)
{
	struct socket_message m = { .data = NULL };
	struct socket_name name;
	struct iter it;
	int result = 0;

	if (!user_range_ok(buf, n))
		return -EFAULT;
	SOCKET_GUARD(f, s, fd);
	if (!s)
		return f ? -ENOTSOCK : -EBADF;
	if (name_at)
		result = socket_name_read(&name, name_at, name_length);
	if (result)
		return result;
	iter_init_user(&it, buf, n, true);
	m.data = &it;
	m.flags = message_flags(f, flags);
	m.name = name_at && name_length ? &name : NULL;
	return send_message(f, s, &m);
}

SYSCALL6(recvfrom, int, fd, uaddr_t, buf, size_t, n, unsigned, flags, uaddr_t, name_at, uaddr_t, length_at)
{
	struct control control = { .rights = NULL };
	struct socket_message m = { .control = &control };
	struct socket_name name;
	struct iter it;
	ssize_t result;

	if (!user_range_ok(buf, n))
		return -EFAULT;
	SOCKET_GUARD(f, s, fd);
	if (!s)
		return f ? -ENOTSOCK : -EBADF;
	iter_init_user(&it, buf, min(n, COUNT_MAX), false);
	name.length = 0;
	m.data = &it;
	m.flags = message_flags(f, flags);
	m.name = name_at ? &name : NULL;
	result = socket_receive(s, &m);
	control_free(&control);
	if (result >= 0 && name_at) {
		int error = socket_name_write(&name, name_at, length_at);

		result = error ? error : result;
	}
	return result;
}

/* A header, checked, with an iterator over its vector; iovec_free() after success. */
static int header_read(struct message_header *h, uaddr_t at, struct iovec_copy *v, struct iter *it, bool source)
{
	if (copy_from_user(h, at, sizeof(*h)))
		return -EFAULT;
	if (!h->name)
		h->name_length = 0;
	if (h->name_length < 0)
		return -EINVAL;
	h->name_length = min(h->name_length, (int)sizeof(struct __kernel_sockaddr_storage));
	if (h->vectors > UIO_MAXIOV)
		return -EMSGSIZE;
	return iovec_read(v, it, h->vector, h->vectors, source);
}

static int control_from_user(struct control *c, uaddr_t at, uint64_t n)
{
	void *buf;
	int result;

	if (n > CONTROL_MAX)
		return -ENOBUFS;
	buf = kmalloc(n, ALLOC_KERNEL);
	if (!buf)
		return -ENOMEM;
	result = copy_from_user(buf, at, n);
	if (!result)
		result = control_read(c, buf, n);
	kfree(buf);
	return result;
}

static ssize_t send_header(struct file *f, struct socket *s, uaddr_t at, unsigned flags)
{
	struct control control = { .rights = NULL };
	struct socket_message m = { .control = &control, .flags = message_flags(f, flags) };
	struct message_header h;
	struct socket_name name;
	struct iovec_copy v;
	struct iter it;
	ssize_t n = header_read(&h, at, &v, &it, true);

	if (n)
		return n;
	m.data = &it;
	if (h.name_length) {
		n = socket_name_read(&name, h.name, h.name_length);
		m.name = &name;
	}
	if (!n && h.control_length)
		n = control_from_user(&control, h.control, h.control_length);
	if (!n)
		n = send_message(f, s, &m);
	control_free(&control);
	iovec_free(&v);
	return n;
}

/* What came with the bytes, and what is to be told about them. */
static int header_write(uaddr_t at, const struct message_header *h, const struct socket_name *name, size_t used,
			unsigned told)
{
	if (h->name) {
		int error = socket_name_write(name, h->name, at + offsetof(struct message_header, name_length));

		if (error)
			return error;
	}
	if (put_user_struct(at + offsetof(struct message_header, flags), told))
		return -EFAULT;
	return put_user_struct(at + offsetof(struct message_header, control_length), used);
}

static ssize_t receive_header(struct file *f, struct socket *s, uaddr_t at, unsigned flags)
{
	struct control control = { .rights = NULL };
	struct socket_message m = { .control = &control, .flags = message_flags(f, flags) };
	struct message_header h;
	struct socket_name name;
	struct iovec_copy v;
	struct iter it;
	ssize_t n = header_read(&h, at, &v, &it, false);

	if (n)
		return n;
	if (it.count > COUNT_MAX)
		iter_truncate(&it, COUNT_MAX);
	m.data = &it;
	m.told = flags & MSG_CMSG_CLOEXEC; /* Linux shows it among what it tells */
	name.length = 0;
	m.name = h.name ? &name : NULL;
	n = socket_receive(s, &m);
	if (n >= 0) {
		size_t used = h.control_length;
		int error;

		control_write(&control, h.control, &used, atomic_load(&s->flags) & SOCKET_PASSCRED, flags, &m.told);
		error = header_write(at, &h, &name, used, m.told);
		n = error ? error : n;
	}
	control_free(&control);
	iovec_free(&v);
	return n;
}

SYSCALL3(sendmsg, int, fd, uaddr_t, at, unsigned, flags)
{
	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	SOCKET_GUARD(f, s, fd);
	return s ? send_header(f, s, at, flags) : f ? -ENOTSOCK : -EBADF;
}

SYSCALL3(recvmsg, int, fd, uaddr_t, at, unsigned, flags)
{
	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	SOCKET_GUARD(f, s, fd);
	return s ? receive_header(f, s, at, flags) : f ? -ENOTSOCK : -EBADF;
}

static int length_write(uaddr_t at, ssize_t n)
{
	unsigned length = (unsigned)n;

	return put_user_struct(at + offsetof(struct message_many, length), length);
}

SYSCALL4(sendmmsg, int, fd, uaddr_t, at, unsigned, count, unsigned, flags)
{
	unsigned done = 0;
	ssize_t n = 0;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	SOCKET_GUARD(f, s, fd);
	if (!s)
		return f ? -ENOTSOCK : -EBADF;
	for (count = min(count, (unsigned)UIO_MAXIOV); done < count; done++, at += sizeof(struct message_many)) {
		n = send_header(f, s, at, flags);
		if (n >= 0)
			n = length_write(at, n);
		if (n < 0 || thread_interrupted())
			break;
	}
	if (n >= 0 && done < count)
		done++; /* a signal came after this one */
	return done ? (int64_t)done : n;
}

/* Until count messages came, or the time is over: looked at only after each, as on Linux. */
static ssize_t receive_many(struct file *f, struct socket *s, uaddr_t at, unsigned count, unsigned flags, nsec_t end)
{
	unsigned done = 0;
	ssize_t n = socket_take_error(s);

	while (!n && done < count) {
		n = receive_header(f, s, at, flags & ~(unsigned)MSG_WAITFORONE);
		if (n >= 0)
			n = length_write(at, n);
		if (n < 0)
			break;
		done++;
		at += sizeof(struct message_many);
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (clock_now() >= end)
			break;
	}
	if (done && n < 0 && n != -EAGAIN && n > -ERESTARTSYS)
		atomic_store(&s->error, (int)-n); /* for the next call */
	return done ? (ssize_t)done : n;
}

SYSCALL5(recvmmsg, int, fd, uaddr_t, at, unsigned, count, unsigned, flags, uaddr_t, timeout_at)
{
	nsec_t timeout = INT64_MAX, end = INT64_MAX;
	ssize_t n = 0;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	if (timeout_at) {
		n = timespec_read(&timeout, timeout_at);
		end = n ? 0 : deadline_after(timeout);
	}
	if (n)
		return n;
	SOCKET_GUARD(f, s, fd);
	if (!s)
		return f ? -ENOTSOCK : -EBADF;
	n = receive_many(f, s, at, min(count, (unsigned)UIO_MAXIOV), flags, end);
	if (n > 0 && timeout_at) {
		nsec_t now = clock_now();

		if (timespec_write(timeout_at, end > now ? end - now : 0))
			return -EFAULT;
	}
	return n;
}
