/* SPDX-License-Identifier: MIT */
/*
 * net/unix_stream.c: bytes without borders between two connected ends. Reading goes
 * on over messages until there is enough; it stops behind one that carried files,
 * and before one from somebody else if the reader wants to know who wrote.
 */
#include "lib/errno.h"
#include "net/unix.h"

/* Puts a message into the other end's queue. -EPIPE: nobody will read it. */
static int deliver(struct unix_socket *to, struct unix_message *msg)
{
	spin_lock(&to->base.lock);
	if (unlikely(to->dead || to->base.shutdown & SHUTDOWN_RECEIVE)) {
		spin_unlock(&to->base.lock);
		return -EPIPE;
	}
	list_add_tail(&msg->link, &to->queue);
	WRITE_ONCE(to->queued, to->queued + 1);
	WRITE_ONCE(to->queued_bytes, to->queued_bytes + msg->length);
	spin_unlock(&to->base.lock);
	if (waitq_active(&to->base.read_wait))
		waitq_wake_key(&to->base.read_wait, EPOLLIN | EPOLLRDNORM);
	return 0;
}

ssize_t unix_stream_send(struct socket *s, struct socket_message *m)
{
	struct unix_socket *u = unix_of(s), *peer = atomic_load_acquire(&u->peer);
	struct unix_message *msg;
	size_t n = m->data->count;
	int error;

	if (unlikely(m->flags & MSG_OOB))
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
	error = unix_message_create(u, m->data, min(n, (size_t)atomic_load(&s->send_buffer) / 2), m->control, &msg);
	if (error)
		return error;
	unix_message_sign(msg, u, peer);
	n = msg->length;
	error = deliver(peer, msg);
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

/* What a turn found in the queue. */
struct turn {
	struct list done;      /* read to the end, to be freed */
	size_t total;
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
static bool read_message(struct unix_socket *u, struct socket_message *m, struct unix_message *msg, struct turn *t)
{
	size_t want = min(m->data->count, (size_t)(msg->length - msg->consumed)), got;

	got = unix_message_copy(msg, msg->consumed, m->data, want, true);
	t->fault = got < want;
	if (t->fault && !got)
		return false;
	if (m->name && !m->name->length)
		unix_tell_sender(msg->sender, m->name);
	unix_message_take_control(msg, u, m);
	t->total += got;
	m->ended = m->control->rights != NULL;
	if (!(m->flags & MSG_PEEK))
		msg->consumed += (uint32_t)got;
	return !t->fault && !m->ended && got == want && m->data->count;
}

/* Cuts off what was read to the end. */
static void cut_queue(struct unix_socket *u, struct turn *t)
{
	struct unix_message *msg, *next;

	SPIN_GUARD(&u->base.lock);
	list_for_each_entry_safe(msg, next, &u->queue, link) {
		if (msg->consumed < msg->length)
			break;
		list_move_tail(&msg->link, &t->done);
		WRITE_ONCE(u->queued, u->queued - 1);
	}
	WRITE_ONCE(u->queued_bytes, u->queued_bytes - t->total);
}

/* Nothing was there: why, and is that still so? */
static ssize_t nothing(struct unix_socket *u)
{
	int error;

	SPIN_GUARD(&u->base.lock);
	if (!list_empty(&u->queue))
		return -EAGAIN; /* just come; a wait ends at once, and without one it came too late */
	error = socket_take_error(&u->base);
	if (error)
		return error;
	return u->base.shutdown & SHUTDOWN_RECEIVE ? 0 : -EAGAIN;
}

/* One turn. read_lock held. */
static ssize_t read_queue(struct unix_socket *u, struct socket_message *m, struct turn *t)
{
	struct unix_message *msg;
	bool any = false;

	list_for_each_entry_rcu(msg, &u->queue, link) {
		if (any && !may_follow(u, m, msg)) {
			m->ended = true;
			break;
		}
		any = true;
		if (!read_message(u, m, msg, t))
			break;
	}
	if (!any)
		return nothing(u);
	if (!(m->flags & MSG_PEEK))
		cut_queue(u, t);
	return (ssize_t)t->total;
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
		return -EOPNOTSUPP;
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
	return total ? (ssize_t)total : n;
}
