/* SPDX-License-Identifier: MIT */
/*
 * net/unix_stream.c: bytes without borders between two connected ends. Reading goes
 * on over messages until there is enough; it stops behind one that carried files,
 * and before one from somebody else if the reader wants to know who wrote. Urgent bytes
 * are in net/unix_urgent.c.
 */
#include "lib/errno.h"
#include "net/unix.h"
#include "proc/process.h"

/* Puts a message into the other end's queue. -EPIPE: nobody will read it. */
static int deliver(struct unix_socket *to, struct unix_message *msg, bool urgent)
{
	struct file *owner = NULL;

	spin_lock(&to->base.lock);
	if (unlikely(to->dead || to->base.shutdown & SHUTDOWN_RECEIVE)) {
		spin_unlock(&to->base.lock);
		return -EPIPE;
	}
	list_add_tail(&msg->link, &to->queue);
	WRITE_ONCE(to->queued, to->queued + 1);
	WRITE_ONCE(to->queued_bytes, to->queued_bytes + msg->length);
	if (unlikely(urgent))
		owner = unix_mark_urgent(to, msg);
	spin_unlock(&to->base.lock);
	if (waitq_active(&to->base.read_wait))
		waitq_wake_key(&to->base.read_wait, EPOLLIN | EPOLLRDNORM | (urgent ? EPOLLPRI : 0));
	if (unlikely(owner)) {
		sigio_send_urgent(owner);
		file_put(owner);
	}
	return 0;
}

ssize_t unix_stream_send(struct socket *s, struct socket_message *m)
{
	struct unix_socket *u = unix_of(s), *peer = atomic_load_acquire(&u->peer);
	struct unix_message *msg;
	size_t n = m->data->count;
	bool urgent = false;
	int error;

	if (unlikely(m->flags & MSG_OOB) && !n)
		return -EOPNOTSUPP;
	if (unlikely(m->name))
		return READ_ONCE(u->state) == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	if (unlikely(!peer))
		return -ENOTCONN;
	if (unlikely(READ_ONCE(s->shutdown) & SHUTDOWN_SEND))
		return -EPIPE;
	if (!n)
		return 0;
	error = socket_take_error(s);
	if (error)
		return error;
	if (!unix_has_room(u))
		return -EAGAIN;
	if (unlikely(m->flags & MSG_OOB)) { /* the last byte, by itself */
		urgent = n == 1;
		n = urgent ? 1 : n - 1;
	}
	error = unix_message_create(u, m->data, min(n, (size_t)atomic_load(&s->send_buffer) / 2), m->control, &msg);
	if (error)
		return error;
	unix_message_sign(msg, u, peer);
	n = msg->length;
	error = deliver(peer, msg, urgent);
	if (error)
		unix_message_put(msg);
	return error ? error : (ssize_t)n;
}

bool unix_may_send(struct socket *s, struct socket *target)
{
	const struct unix_socket *u = unix_of(s), *to = target ? unix_of(target) : NULL;

	bool connecting = to && s->type != SOCK_DGRAM;

	if (!connecting && (atomic_load(&s->error) || READ_ONCE(s->shutdown) & SHUTDOWN_SEND))
		return true;
	if (!to)
		return unix_has_room(u);
	return !unix_full(to) || READ_ONCE(to->dead) || READ_ONCE(target->shutdown) & SHUTDOWN_RECEIVE;
}

bool unix_may_peek(struct socket *s, int offset)
{
	struct unix_socket *u = unix_of(s);
	struct unix_message *msg;

	if (atomic_load(&s->error) || READ_ONCE(s->shutdown) & SHUTDOWN_RECEIVE)
		return true;
	SPIN_GUARD(&s->lock);
	if (s->type == SOCK_STREAM)
		return u->queued_bytes > (unsigned)offset;
	list_for_each_entry(msg, &u->queue, link)
		if (!socket_peek_skips(&offset, msg->length, msg->peeked))
			return true;
	return false;
}

/* What a turn found in the queue. */
struct turn {
	struct list done;      /* read to the end, to be freed */
	size_t total;
	bool copied;           /* there were bytes for the program, in a turn before too */
	bool fault;            /* stopped at memory that is not there */
};

/* May this message follow what was read already? */
static bool may_follow(const struct unix_socket *u, const struct socket_message *m, const struct unix_message *msg)
{
	const struct control *c = m->control, *other = &msg->control;

	if (likely(!(atomic_load(&u->base.flags) & SOCKET_PASSCRED)) || !c->credentials)
		return true;
	return other->credentials && c->pid == other->pid && c->uid == other->uid && c->gid == other->gid;
}

/* Reads from one message. True: go on with the next. */
static bool read_message(struct unix_socket *u, struct socket_message *m, struct unix_message *msg, unsigned skip,
			 struct turn *t)
{
	size_t want = min(m->data->count, (size_t)(msg->length - msg->consumed - skip)), got;

	got = unix_message_copy(msg, msg->consumed + skip, m->data, want, true);
	t->fault = got < want;
	if (t->fault && !got)
		return false;
	if (m->name && !m->name->length)
		unix_tell_sender(msg->sender, m->name);
	unix_message_take_control(msg, u, m);
	t->total += got;
	t->copied |= got;
	m->ended = m->control->rights != NULL;
	if (!(m->flags & MSG_PEEK))
		msg->consumed += (uint32_t)got;
	return !t->fault && !m->ended && got == want && m->data->count;
}

/* Cuts off what was read to the end, up to the last that was seen. */
static void cut_queue(struct unix_socket *u, struct turn *t, const struct list *last)
{
	struct unix_message *msg, *next;

	SPIN_GUARD(&u->base.lock);
	list_for_each_entry_safe(msg, next, &u->queue, link) {
		if (msg->consumed < msg->length)
			break;
		list_move_tail(&msg->link, &t->done);
		WRITE_ONCE(u->queued, u->queued - 1);
		if (&msg->link == last)
			break;
	}
	WRITE_ONCE(u->queued_bytes, u->queued_bytes - t->total);
}

/* Nothing was there, up to the last that was seen: why, and is that still so? */
static ssize_t nothing(struct unix_socket *u, const struct list *last)
{
	int error;

	SPIN_GUARD(&u->base.lock);
	if (!list_empty(&u->queue) && u->queue.prev != last)
		return -EAGAIN; /* just come; a wait ends at once, and without one it came too late */
	error = socket_take_error(&u->base);
	if (error)
		return error;
	return u->base.shutdown & SHUTDOWN_RECEIVE ? 0 : -EAGAIN;
}

/*
 * Is this message one to read from? *skip: bytes that a peek leaves out, then those to leave out of this one.
 * passed: the one before was left out, which as on Linux makes this an ordinary one.
 */
static enum unix_pass may_read(struct unix_socket *u, const struct socket_message *m, struct unix_message *msg,
			       const struct turn *t, bool passed, unsigned *skip)
{
	uint32_t left = msg->length - msg->consumed;
	enum unix_pass pass = UNIX_READ;

	if (unlikely(!left || msg == READ_ONCE(u->urgent)) && !passed)
		pass = unix_pass_urgent(u, m, msg, t->copied);
	if (pass != UNIX_READ || likely(*skip < left))
		return pass;
	*skip -= left;
	return UNIX_SKIP;
}

/* One turn. read_lock held. */
static ssize_t read_queue(struct unix_socket *u, struct socket_message *m, struct turn *t)
{
	unsigned skip = m->flags & MSG_PEEK ? (unsigned)max(atomic_load(&u->base.peek_offset), 0) : 0;
	bool any = false, passed = false;
	struct unix_message *msg;
	struct list *last = NULL;

	list_for_each_entry_rcu(msg, &u->queue, link) {
		enum unix_pass pass = may_read(u, m, msg, t, passed, &skip);

		last = &msg->link;
		m->ended = pass == UNIX_STOP && t->copied;
		passed = pass == UNIX_SKIP;
		if (passed)
			continue;
		if (pass == UNIX_STOP || (any && !may_follow(u, m, msg))) {
			m->ended |= any;
			break;
		}
		any = true;
		if (!read_message(u, m, msg, skip, t))
			break;
		skip = 0;
	}
	if (!(m->flags & MSG_PEEK))
		cut_queue(u, t, last);
	return any ? (ssize_t)t->total : nothing(u, last);
}

static void free_done(struct list *done)
{
	struct list *e;

	while ((e = list_pop_first(done)) != NULL)
		unix_message_put(list_entry(e, struct unix_message, link));
}

/* A turn that stopped at memory which is not there: brings it in, and what was only looked at is looked at anew. */
static int fault_in(struct socket_message *m, const struct iter *start, size_t *total)
{
	if (m->flags & MSG_PEEK) {
		iter_restore(m->data, start);
		*total = 0;
		return iter_fault_in(m->data, m->data->count);
	}
	return iter_fault_in(m->data, min(m->data->count, (size_t)PAGE_SIZE));
}

ssize_t unix_stream_receive(struct socket *s, struct socket_message *m)
{
	struct unix_socket *u = unix_of(s);
	struct turn t = { .done = LIST_INIT(t.done) };
	struct iter start = *m->data;
	size_t total = 0;
	ssize_t n;

	if (unlikely(READ_ONCE(u->state) != UNIX_CONNECTED))
		return -EINVAL;
	if (unlikely(m->flags & MSG_OOB))
		return unix_receive_urgent(u, m);
	t.copied = m->done;
	do {
		t.total = 0;
		t.fault = false;
		mutex_lock(&u->read_lock);
		n = read_queue(u, m, &t);
		mutex_unlock(&u->read_lock);
		free_done(&t.done);
		total += t.total;
		if (t.fault)
			n = fault_in(m, &start, &total);
	} while (t.fault && !n && !m->ended);
	socket_peek_move(s, m->flags & MSG_PEEK ? (long)total : -(long)total);
	return total ? (ssize_t)total : n;
}
