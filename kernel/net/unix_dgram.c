/* SPDX-License-Identifier: MIT */
/*
 * net/unix_dgram.c: messages with borders: datagrams to anybody who has a name, and
 * packets (SOCK_SEQPACKET) between connected ends. A message is taken out of the
 * queue first and copied with nothing held; what does not fit is lost, and so is one
 * that meets bad memory.
 */
#include "lib/errno.h"
#include "net/filter.h"
#include "net/unix.h"

/* The peer, counted, or NULL. */
static struct unix_socket *get_peer(struct unix_socket *u)
{
	struct unix_socket *peer;

	SPIN_GUARD(&u->base.lock);
	peer = u->peer;
	if (peer)
		unix_get(peer);
	return peer;
}

/* Somebody connected to another takes messages from that one only. to is locked. */
static bool may_send_to(const struct unix_socket *u, const struct unix_socket *to)
{
	return !to->peer || to->peer == u;
}

bool unix_peer_has_room(struct unix_socket *u)
{
	struct unix_socket *peer;
	bool room;

	if (likely(!READ_ONCE(u->peer)))
		return true;
	spin_lock(&u->base.lock);
	peer = u->peer;
	room = !peer || READ_ONCE(peer->peer) == u || !unix_full(peer);
	if (!room && !u->dead) {
		if (list_empty(&u->relay.link))
			waitq_add(&peer->base.room_wait, &u->relay);
		room = !unix_full(peer);
	}
	spin_unlock(&u->base.lock);
	return room;
}

/* u gives up its peer `old`, whose reference is passed in: what it sent is void. */
static void disconnected(struct unix_socket *u, struct unix_socket *old)
{
	struct list dropped = LIST_INIT(dropped), *e;
	bool told;

	waitq_remove(&old->base.room_wait, &u->relay);
	spin_lock(&u->base.lock);
	list_splice_tail(&u->queue, &dropped);
	WRITE_ONCE(u->queued, 0);
	WRITE_ONCE(u->queued_bytes, 0);
	spin_unlock(&u->base.lock);
	told = !list_empty(&dropped);
	while ((e = list_pop_first(&dropped)) != NULL)
		unix_message_put(list_entry(e, struct unix_message, link));
	if (told) {
		spin_lock(&old->base.lock);
		told = !old->dead && old->peer == u;
		if (told)
			atomic_store(&old->base.error, ECONNRESET);
		spin_unlock(&old->base.lock);
		waitq_wake_all(&u->base.room_wait);
	}
	if (told)
		socket_wake_all(&old->base);
	unix_put(old);
}

int unix_dgram_connect(struct socket *s, const struct socket_name *name, struct socket **wait_for)
{
	struct unix_socket *u = unix_of(s), *to = NULL, *old;
	int error = 0;

	if (name->length < sizeof(name->family))
		return -EINVAL;
	if (name->family != AF_UNSPEC) {
		error = unix_name_check(name);
		if (!error && atomic_load(&s->flags) & SOCKET_PASSCRED)
			error = unix_bind_any(u);
		if (!error)
			error = unix_find(name, s->type, &to);
		if (error)
			return error;
	}
	unix_lock_two(u, to ? to : u);
	if (to && to->dead)
		error = -ECONNREFUSED;
	else if (to && !may_send_to(u, to))
		error = -EPERM;
	old = error ? to : u->peer;
	if (!error) {
		WRITE_ONCE(u->peer, to);
		WRITE_ONCE(u->state, to ? UNIX_CONNECTED : UNIX_OPEN);
	}
	unix_unlock_two(u, to ? to : u);
	if (error || old == to)
		unix_put(old);
	else if (old)
		disconnected(u, old);
	return error;
}

/* Where a message goes; counted. A connection to a dead peer ends here. */
static int find_target(struct unix_socket *u, const struct socket_name *name, struct unix_socket **out)
{
	int error;

	if (name)
		return unix_find(name, u->base.type, out);
	*out = get_peer(u);
	if (!*out)
		return -ENOTCONN;
	if (likely(!READ_ONCE((*out)->dead)))
		return 0;
	error = u->base.type == SOCK_SEQPACKET ? -EPIPE : -ECONNREFUSED;
	if (error == -ECONNREFUSED) {
		struct unix_socket *peer;

		spin_lock(&u->base.lock);
		peer = u->peer == *out ? u->peer : NULL;
		if (peer) {
			WRITE_ONCE(u->peer, NULL);
			WRITE_ONCE(u->state, UNIX_OPEN);
		}
		spin_unlock(&u->base.lock);
		if (peer)
			disconnected(u, peer);
	}
	unix_put(*out);
	return error;
}

/* Why a message may not go into the queue of `to`, which is locked. */
static int refusal(struct unix_socket *u, struct unix_socket *to)
{
	if (!may_send_to(u, to))
		return -EPERM;
	if (to->dead)
		return u->base.type == SOCK_SEQPACKET ? -EPIPE : -ECONNREFUSED;
	if (to->base.shutdown & SHUTDOWN_RECEIVE)
		return -EPIPE;
	if (to != u && to->peer != u && unix_full(to))
		return -EAGAIN;
	return 0;
}

static int deliver(struct unix_socket *u, struct unix_socket *to, struct unix_message *msg)
{
	int error;

	spin_lock(&to->base.lock);
	error = refusal(u, to);
	if (!error) {
		list_add_tail(&msg->link, &to->queue);
		WRITE_ONCE(to->queued, to->queued + 1);
		WRITE_ONCE(to->queued_bytes, to->queued_bytes + msg->length);
	}
	spin_unlock(&to->base.lock);
	if (!error && waitq_active(&to->base.read_wait))
		waitq_wake_key(&to->base.read_wait, EPOLLIN | EPOLLRDNORM);
	return error;
}

/* There was no room: all is as before the try. */
static void take_back(struct unix_message *msg, struct socket_message *m, const struct iter *start)
{
	iter_restore(m->data, start);
	if (m->control) {
		if (msg->control.rights)
			rights_land(msg->control.rights);
		*m->control = msg->control;
		msg->control = (struct control){ .rights = NULL };
	}
	unix_message_put(msg);
}

/* Asks the receiver's filter. False: it does not want the message. */
static bool passes_filter(struct unix_socket *to, struct unix_message *msg)
{
	struct filter_packet p = { .bytes = &msg->bytes, .length = msg->length };
	size_t keep = socket_filter(&to->base, &p);

	msg->length = (uint32_t)min((size_t)msg->length, max(keep, (size_t)1));
	return keep;
}

/* m->data to `to`. Bytes, or -EAGAIN with all as it was. */
static ssize_t send_to(struct unix_socket *u, struct unix_socket *to, struct socket_message *m)
{
	struct iter start = *m->data;
	struct unix_message *msg;
	size_t n = m->data->count;
	int error;

	spin_lock(&to->base.lock);
	error = refusal(u, to); /* before the work is done */
	spin_unlock(&to->base.lock);
	if (error)
		return error;
	error = unix_message_create(u, m->data, n, m->control, &msg);
	if (error)
		return error;
	unix_message_sign(msg, u, to);
	if (unlikely(!passes_filter(to, msg))) { /* the sender is not told */
		unix_message_put(msg);
		return (ssize_t)n;
	}
	error = deliver(u, to, msg);
	if (error == -EAGAIN)
		take_back(msg, m, &start);
	else if (error)
		unix_message_put(msg);
	return error ? error : (ssize_t)n;
}

/* Checks that need no target. */
static int may_send_now(struct unix_socket *u, const struct socket_message *m)
{
	size_t limit = atomic_load(&u->base.send_buffer);
	int error;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	error = m->name ? unix_name_check(m->name) : READ_ONCE(u->peer) ? 0 : -ENOTCONN;
	if (error)
		return error;
	if (m->data->count > limit - 32)
		return -EMSGSIZE;
	error = socket_take_error(&u->base);
	if (error)
		return error;
	if (READ_ONCE(u->base.shutdown) & SHUTDOWN_SEND)
		return -EPIPE;
	return unix_has_room(u) ? 0 : -EAGAIN;
}

ssize_t unix_dgram_send(struct socket *s, struct socket_message *m)
{
	struct unix_socket *u = unix_of(s), *to;
	ssize_t n = may_send_now(u, m);

	if (!n && atomic_load(&s->flags) & SOCKET_PASSCRED)
		n = unix_bind_any(u);
	if (!n)
		n = find_target(u, m->name, &to);
	if (n)
		return n;
	n = send_to(u, to, m);
	if (n == -EAGAIN)
		m->target = &to->base;
	else
		unix_put(to);
	return n;
}

/* The first message, or the first behind *offset bytes; *offset is then what to leave out of it. Locked. */
static struct unix_message *find_message(struct unix_socket *u, int *offset)
{
	struct unix_message *msg;

	list_for_each_entry(msg, &u->queue, link)
		if (!socket_peek_skips(offset, msg->length, msg->peeked))
			return msg;
	return NULL;
}

/*
 * The first message, out of the queue unless it is only looked at; with a reference. Or what to answer without one.
 * *offset: what to leave out of it.
 */
static ssize_t take_message(struct unix_socket *u, const struct socket_message *m, struct unix_message **out, int *offset)
{
	struct unix_message *msg;
	int error = socket_take_error(&u->base);

	if (error)
		return error;
	*offset = m->flags & MSG_PEEK ? atomic_load(&u->base.peek_offset) : -1;
	SPIN_GUARD(&u->base.lock);
	msg = find_message(u, offset);
	*offset = max(*offset, 0);
	if (!msg) {
		bool end = u->base.shutdown & SHUTDOWN_RECEIVE;

		return end && (u->base.type == SOCK_SEQPACKET || !(m->flags & MSG_DONTWAIT)) ? 0 : -EAGAIN;
	}
	if (m->flags & MSG_PEEK) {
		msg->peeked = true;
		atomic_inc(&msg->refs);
	} else {
		list_del(&msg->link);
		WRITE_ONCE(u->queued, u->queued - 1);
		WRITE_ONCE(u->queued_bytes, u->queued_bytes - msg->length);
	}
	*out = msg;
	return 0;
}

ssize_t unix_dgram_receive(struct socket *s, struct socket_message *m)
{
	struct unix_socket *u = unix_of(s);
	struct unix_message *msg = NULL;
	size_t left, want, got;
	int offset;
	ssize_t n;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	n = take_message(u, m, &msg, &offset);
	if (!msg)
		return n;
	if (!(m->flags & MSG_PEEK))
		waitq_wake_key(&s->room_wait, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	left = msg->length - (size_t)offset;
	want = min(m->data->count, left);
	got = unix_message_copy(msg, (size_t)offset, m->data, want, false);
	n = -EFAULT;
	if (got == want) {
		if (m->name)
			unix_tell_sender(msg->sender, m->name);
		unix_message_take_control(msg, u, m);
		m->ended = true;
		if (want < left)
			m->told |= MSG_TRUNC;
		n = m->flags & MSG_TRUNC ? (ssize_t)left : (ssize_t)want;
		socket_peek_move(s, m->flags & MSG_PEEK ? (long)want : -(long)msg->length);
	}
	unix_message_put(msg);
	return n;
}

ssize_t unix_seqpacket_send(struct socket *s, struct socket_message *m)
{
	if (READ_ONCE(unix_of(s)->state) != UNIX_CONNECTED)
		return -ENOTCONN;
	m->name = NULL; /* is not looked at */
	return unix_dgram_send(s, m);
}

ssize_t unix_seqpacket_receive(struct socket *s, struct socket_message *m)
{
	if (READ_ONCE(unix_of(s)->state) != UNIX_CONNECTED)
		return -ENOTCONN;
	return unix_dgram_receive(s, m);
}
