/* SPDX-License-Identifier: MIT */
/*
 * net/unix_urgent.c: urgent bytes of streams (MSG_OOB). Such a byte is a message of its own in
 * the queue, and the socket remembers it. It is read by itself, with MSG_OOB, and stays as an
 * empty message then, until reading gets there. Reading stops in front of it once, so that a
 * program can ask whether it is at the mark; the next call goes on behind it, and it is lost,
 * unless SO_OOBINLINE makes it a byte like others. A second one makes the first ordinary.
 *
 * The socket's lock guards which message is urgent; only who has read_lock reads from one.
 */
#include "lib/errno.h"
#include "net/unix.h"

static bool is_inline(const struct unix_socket *u)
{
	return atomic_load(&u->base.flags) & SOCKET_OOBINLINE;
}

enum unix_pass unix_pass_urgent(struct unix_socket *u, const struct socket_message *m, struct unix_message *msg, bool copied)
{
	bool peek = m->flags & MSG_PEEK;

	if (msg->consumed == msg->length) /* read by itself before: as Linux, a call ends here */
		return peek ? UNIX_SKIP : UNIX_STOP;
	SPIN_GUARD(&u->base.lock);
	if (u->urgent != msg)
		return UNIX_READ;
	if (copied)
		return UNIX_STOP;
	if (peek)
		return is_inline(u) ? UNIX_READ : UNIX_SKIP;
	u->urgent = NULL;
	if (is_inline(u))
		return UNIX_READ;
	msg->consumed = msg->length;
	WRITE_ONCE(u->queued_bytes, u->queued_bytes - msg->length);
	return UNIX_SKIP;
}

/* msg was read by itself. Of such ones side by side the last stays: the one before, out of the queue, or NULL. Locked. */
static struct unix_message *read_alone(struct unix_socket *u, struct unix_message *msg)
{
	struct unix_message *before = list_prev_entry(msg, link);

	msg->consumed = msg->length;
	WRITE_ONCE(u->queued_bytes, u->queued_bytes - msg->length);
	u->urgent = NULL;
	if (u->queue.next == &msg->link || before->consumed < before->length)
		return NULL;
	list_del(&before->link);
	WRITE_ONCE(u->queued, u->queued - 1);
	return before;
}

ssize_t unix_receive_urgent(struct unix_socket *u, struct socket_message *m)
{
	struct unix_message *msg, *before = NULL;
	uint8_t byte = 0;

	mutex_lock(&u->read_lock);
	spin_lock(&u->base.lock);
	msg = is_inline(u) ? NULL : u->urgent;
	if (msg)
		byte = bytes_at(&msg->bytes, 0);
	if (msg && !(m->flags & MSG_PEEK))
		before = read_alone(u, msg);
	spin_unlock(&u->base.lock);
	mutex_unlock(&u->read_lock);
	if (before)
		unix_message_put(before);
	if (!msg)
		return -EINVAL;
	m->told |= MSG_OOB;
	m->ended = true;
	return m->data->count && iter_put(m->data, &byte, 1) != 1 ? -EFAULT : 1;
}

struct file *unix_mark_urgent(struct unix_socket *u, struct unix_message *msg)
{
	struct file *f = u->base.file;

	assert_held(&u->base.lock);
	WRITE_ONCE(u->urgent, msg);
	return f && refcount_get_unless_zero(&f->refs) ? f : NULL;
}

int unix_at_mark(struct unix_socket *u)
{
	SPIN_GUARD(&u->base.lock);
	return u->urgent && u->queue.next == &u->urgent->link;
}
