/* SPDX-License-Identifier: MIT */
/*
 * net/socket.c: sockets as files, and the waiting around the protocols' tries.
 *
 * A reader sleeps exclusively: one message wakes one reader. Whoever leaves
 * something behind for the next, because it took less or gave up, wakes the next;
 * the same holds for those who wait for room.
 */
#include "net/socket.h"
#include "fs/cred.h"
#include "hal/clock.h"
#include "hal/usercopy.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "net/control.h"
#include "net/device.h"
#include "net/filter.h"
#include "proc/process.h"
#include <asm/sockios.h>
#include <linux/fcntl.h>

#define READABLE (EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | EPOLLHUP | EPOLLERR)
#define WRITABLE (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)

void socket_init(struct socket *s, const struct socket_ops *ops, int family, int type, int protocol)
{
	refcount_init(&s->refs, 1);
	s->ops = ops;
	s->family = (uint16_t)family;
	s->type = (uint16_t)type;
	s->protocol = protocol;
	spin_init(&s->lock, RANK_SOCKET);
	waitq_init(&s->read_wait);
	waitq_init(&s->write_wait);
	waitq_init(&s->room_wait);
	s->send_buffer = s->receive_buffer = SOCKET_BUFFER_DEFAULT;
	s->low_water = 1;
	s->peek_offset = -1;
	s->kept.pacing = UINT64_MAX;
	s->kept.processor = -1;
	s->receive_timeout = s->send_timeout = INT64_MAX;
}

void socket_destroy(struct socket *s)
{
	socket_filter_drop(s);
	s->ops->destroy(s);
}

void socket_wake_all(struct socket *s)
{
	waitq_wake_all(&s->read_wait);
	waitq_wake_all(&s->write_wait);
	waitq_wake_all(&s->room_wait);
}

static bool readable(struct socket *s)
{
	return s->ops->poll(s, NULL) & READABLE;
}

/* The absolute end of a wait; *deadline 0 means that it was not asked for yet. */
static nsec_t deadline_of(nsec_t timeout, nsec_t *deadline)
{
	nsec_t now;

	if (*deadline)
		return *deadline;
	now = clock_now();
	*deadline = timeout > INT64_MAX - now ? INT64_MAX : now + timeout;
	return *deadline;
}

/* A wait with a limit is not begun anew after a signal: nobody knows what is left of it. */
static int wait_result(int error, nsec_t timeout)
{
	if (error == -ETIMEDOUT)
		return -EAGAIN;
	return error == -ERESTARTSYS && timeout != INT64_MAX ? -EINTR : error;
}

/* Is another try of the call worth it? A peek at an offset wants more than there is before that. */
static bool readable_by(struct socket *s, const struct socket_message *m)
{
	int offset = atomic_load(&s->peek_offset);

	if (unlikely(offset >= 0) && m && m->flags & MSG_PEEK && s->ops->may_peek)
		return s->ops->may_peek(s, offset);
	return readable(s);
}

/* m: NULL for accept(2). */
static int wait_readable(struct socket *s, const struct socket_message *m, nsec_t *deadline)
{
	nsec_t timeout = atomic_load(&s->receive_timeout), end = deadline_of(timeout, deadline);
	int error = WAIT_EVENT(&s->read_wait, readable_by(s, m), THREAD_SLEEPING, end, true);

	if (error && readable(s))
		waitq_wake_key(&s->read_wait, EPOLLIN | EPOLLRDNORM); /* our wake-up may have been meant for another */
	return wait_result(error, timeout);
}

/* Until s may send: to target if not NULL, whose reference is consumed. */
static int wait_writable(struct socket *s, struct socket *target, nsec_t *deadline)
{
	nsec_t timeout = atomic_load(&s->send_timeout), end = deadline_of(timeout, deadline);
	struct waitq *q = target ? &target->room_wait : &s->write_wait;
	int error = WAIT_EVENT(q, s->ops->may_send(s, target), THREAD_SLEEPING, end, true);

	if (error && s->ops->may_send(s, target))
		waitq_wake_key(q, WRITABLE);
	socket_put(target);
	return wait_result(error, timeout);
}

/* After a turn that had to wait: is there still something for the next in the queue? */
static void pass_on(struct socket *s)
{
	if (waitq_active(&s->read_wait) && readable(s))
		waitq_wake_key(&s->read_wait, EPOLLIN | EPOLLRDNORM);
}

ssize_t socket_send(struct socket *s, struct socket_message *m)
{
	nsec_t deadline = 0;
	size_t done = 0;

	if (unlikely(!s->ops->send))
		return -EOPNOTSUPP;
	for (;;) {
		ssize_t n = s->ops->send(s, m);

		if (n >= 0) {
			done += (size_t)n;
			if (!m->data->count)
				return (ssize_t)done;
			continue;
		}
		if (n == -EAGAIN && !(m->flags & MSG_DONTWAIT))
			n = wait_writable(s, m->target, &deadline);
		else if (n == -EAGAIN)
			socket_put(m->target);
		m->target = NULL;
		if (n)
			return done ? (ssize_t)done : n;
	}
}

/* After so many bytes, is it too early to return? */
static bool wants_more(const struct socket *s, const struct socket_message *m, size_t done)
{
	return m->flags & MSG_WAITALL || (unlikely(s->low_water > done) && s->type == SOCK_STREAM);
}

ssize_t socket_receive(struct socket *s, struct socket_message *m)
{
	nsec_t deadline = 0;
	size_t done = 0;
	ssize_t n;

	if (unlikely(!s->ops->receive))
		return -EOPNOTSUPP;
	for (;;) {
		m->done = done;
		n = s->ops->receive(s, m);
		if (n > 0) {
			done += (size_t)n;
			if (m->flags & MSG_PEEK || m->ended || !m->data->count || !wants_more(s, m, done))
				break;
			continue;
		}
		if (n == -EAGAIN && !(m->flags & MSG_DONTWAIT)) {
			n = wait_readable(s, m, &deadline);
			if (!n)
				continue;
		}
		break;
	}
	pass_on(s);
	return done ? (ssize_t)done : n;
}

bool socket_nowait(const struct socket *s)
{
	const struct file *f = atomic_load(&s->file);

	return f && f->flags & O_NONBLOCK;
}

int socket_bind(struct socket *s, const struct socket_name *name)
{
	return s->ops->bind ? s->ops->bind(s, name) : -EOPNOTSUPP;
}

int socket_connect(struct socket *s, const struct socket_name *name)
{
	nsec_t deadline = 0;
	int first = 0;

	if (!s->ops->connect)
		return -EOPNOTSUPP;
	for (;;) {
		struct socket *wait_for = NULL;
		int error = s->ops->connect(s, name, &wait_for);

		if (((error == -EAGAIN && wait_for) || error == -EINPROGRESS || error == -EALREADY) && !socket_nowait(s)) {
			first = first ? first : error;
			error = wait_writable(s, wait_for, &deadline);
			if (!error)
				continue;
			return error == -EAGAIN ? first : error;
		}
		if (wait_for)
			socket_put(wait_for);
		return error;
	}
}

int socket_listen(struct socket *s, int backlog)
{
	if (!s->ops->listen)
		return -EOPNOTSUPP;
	return s->ops->listen(s, min((unsigned)backlog, (unsigned)SOMAXCONN));
}

int socket_shutdown(struct socket *s, int how)
{
	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	return s->ops->shutdown ? s->ops->shutdown(s, (unsigned)how + 1) : -EOPNOTSUPP;
}

int socket_get_name(struct socket *s, bool peer, struct socket_name *out)
{
	return s->ops->get_name ? s->ops->get_name(s, peer, out) : -EOPNOTSUPP;
}

static ssize_t socket_read(struct io *io, struct iter *to)
{
	struct control c = { .rights = NULL };
	struct socket_message m = { .data = to, .control = &c, .flags = io->flags & IO_NOWAIT ? MSG_DONTWAIT : 0 };
	ssize_t n;

	if (!to->count)
		return 0;
	n = socket_receive(io->file->data, &m);
	if (unlikely(c.rights || c.pid || c.extra))
		control_free(&c); /* nobody asked for them */
	return n;
}

static ssize_t socket_write(struct io *io, struct iter *from)
{
	struct socket_message m = { .data = from, .flags = io->flags & IO_NOWAIT ? MSG_DONTWAIT : 0 };

	return socket_send(io->file->data, &m);
}

static uint32_t socket_poll(struct file *f, struct poll_table *pt)
{
	struct socket *s = f->data;

	return s->ops->poll(s, pt);
}

static int64_t set_owner(struct file *f, uaddr_t from)
{
	int number;

	return copy_from_user(&number, from, sizeof(number)) ? -EFAULT : sigio_set_owner_number(f, number);
}

static int64_t get_owner(struct file *f, uaddr_t to)
{
	int number = sigio_get_owner_number(f);

	return copy_to_user(to, &number, sizeof(number)) ? -EFAULT : 0;
}

static int64_t socket_ioctl(struct file *f, unsigned command, uint64_t argument)
{
	struct socket *s = f->data;
	int64_t result;

	if (command == FIOSETOWN || command == SIOCSPGRP)
		return set_owner(f, argument);
	if (command == FIOGETOWN || command == SIOCGPGRP)
		return get_owner(f, argument);
	result = s->ops->ioctl ? s->ops->ioctl(s, command, argument) : -ENOTTY;

	return result == -ENOTTY ? net_device_ioctl(command, argument) : result;
}

static void socket_release(struct file *f)
{
	struct socket *s = f->data;

	if (s)
		s->ops->release(s);
}

static const struct file_ops socket_file_ops = {
	.read = socket_read,
	.write = socket_write,
	.poll = socket_poll,
	.ioctl = socket_ioctl,
	.release = socket_release,
};

struct socket *socket_of_file(const struct file *f)
{
	return f->ops == &socket_file_ops ? f->data : NULL;
}

bool socket_breaks_pipe(const struct file *f)
{
	const struct socket *s = socket_of_file(f);

	return !s || s->type == SOCK_STREAM;
}

/* A socket's file that has no socket yet. */
static int file_create(uint32_t flags, struct file **out)
{
	struct inode *i = inode_create_anonymous(S_IFSOCK | 0777, cred_current());
	char name[40];
	int error;

	if (!i)
		return -ENOMEM;
	format(name, sizeof(name), "socket:[%lu]", i->ino);
	error = file_create_inode(i, name, &socket_file_ops, NULL, O_RDWR | (flags & O_NONBLOCK), out);
	inode_put(i);
	return error;
}

static void file_attach(struct file *f, struct socket *s)
{
	f->data = s;
	atomic_store_release(&s->file, f);
}

static int socket_create(int family, int type, int protocol, struct socket **out)
{
	if (family < 0 || family >= AF_LIMIT)
		return -EAFNOSUPPORT;
	if (type < 0 || type >= SOCK_TYPE_LIMIT)
		return -EINVAL;
	TABLE_FOREACH(socket_families, struct socket_family, f)
		if (f->family == family)
			return f->create(type, protocol, out);
	return -EAFNOSUPPORT;
}

int socket_create_file(int family, int type, int protocol, uint32_t flags, struct file **out)
{
	struct socket *s;
	int error = socket_create(family, type, protocol, &s);

	if (error)
		return error;
	error = file_create(flags, out);
	if (error)
		s->ops->release(s);
	else
		file_attach(*out, s);
	return error;
}

int socket_create_pair(int family, int type, int protocol, uint32_t flags, struct file *out[2])
{
	struct socket *a, *b;
	int error = socket_create_file(family, type, protocol, flags, &out[0]);

	if (error)
		return error;
	error = socket_create_file(family, type, protocol, flags, &out[1]);
	if (error) {
		file_put(out[0]);
		return error;
	}
	a = out[0]->data;
	b = out[1]->data;
	error = a->ops->pair ? a->ops->pair(a, b) : -EOPNOTSUPP;
	if (error) {
		file_put(out[0]);
		file_put(out[1]);
	}
	return error;
}

int socket_accept(struct socket *s, uint32_t flags, struct file **out)
{
	struct socket *made;
	nsec_t deadline = 0;
	int error;

	if (!s->ops->accept)
		return -EOPNOTSUPP;
	error = file_create(flags, out); /* first: a connection that was taken cannot be put back */
	if (error)
		return error;
	for (;;) {
		error = s->ops->accept(s, &made);
		if (error != -EAGAIN || socket_nowait(s))
			break;
		error = wait_readable(s, NULL, &deadline);
		if (error)
			break;
	}
	pass_on(s);
	if (error)
		file_put(*out);
	else
		file_attach(*out, made);
	return error;
}
