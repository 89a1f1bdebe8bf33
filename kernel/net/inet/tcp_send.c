/* SPDX-License-Identifier: MIT */
/*
 * net/inet/tcp_send.c: writing into a connection. A try moves one chunk: it is
 * allocated and filled with nothing locked, and handed to the transport.
 */
#include "lib/errno.h"
#include "net/inet/tcp.h"

/* What may be on the way from t, in bytes with their chunks. */
uint32_t tcp_send_limit(const struct tcp_socket *t, const struct tcp_socket *peer)
{
	return atomic_load(&t->inet.base.send_buffer) + atomic_load(&peer->inet.base.receive_buffer) / 2;
}

bool tcp_has_room(struct tcp_socket *t, bool much)
{
	const struct tcp_socket *peer;
	uint64_t used = 0, limit = 1;

	rcu_read_lock();
	peer = rcu_dereference(t->peer);
	if (peer) {
		used = atomic_load(&peer->queued_charge);
		limit = tcp_send_limit(t, peer);
	}
	rcu_read_unlock();
	return much ? used * 3 <= limit * 2 : used < limit;
}

bool tcp_may_send(struct socket *s, struct socket *target)
{
	struct tcp_socket *t = tcp_of(s);

	if (READ_ONCE(t->phase) == PHASE_CONNECTING)
		return tcp_state(t) != TCP_SYN_SENT;
	if (atomic_load(&s->error) || READ_ONCE(s->shutdown) & SHUTDOWN_SEND)
		return true;
	return tcp_has_room(t, true);
}

/* Why nothing can be sent now, or 0. */
static int refusal(struct tcp_socket *t)
{
	struct socket *s = &t->inet.base;
	int error;

	if (tcp_state_in(t, TCP_OPEN_TO_SEND) && !atomic_load(&s->error) && !(READ_ONCE(s->shutdown) & SHUTDOWN_SEND))
		return tcp_has_room(t, false) ? 0 : -EAGAIN;
	error = socket_take_error(s);
	if (error)
		return error;
	return tcp_state(t) == TCP_SYN_SENT ? -EAGAIN : -EPIPE;
}

ssize_t tcp_send(struct socket *s, struct socket_message *m)
{
	struct tcp_socket *t = tcp_of(s);
	size_t n = m->data->count, got;
	struct tcp_chunk *c;
	int error = refusal(t);

	if (error)
		return error;
	if (!n)
		return 0;
	c = bytes_alloc(offsetof(struct tcp_chunk, bytes), &n, true);
	if (!c)
		return -ENOBUFS;
	got = bytes_take(&c->bytes, m->data);
	if (!got) {
		tcp_chunk_free(c);
		return -EFAULT;
	}
	c->length = (uint32_t)got;
	c->consumed = 0;
	c->charge = (uint32_t)bytes_taken(&c->bytes, offsetof(struct tcp_chunk, bytes));
	c->urgent = unlikely(m->flags & MSG_OOB) && !m->data->count;
	t->transport->send(t, c);
	net_count(tcp_segments, 1);
	net_count(packets, 1);
	net_count(bytes, got + 66);
	return (ssize_t)got;
}

unsigned tcp_bytes_to_send(struct tcp_socket *t)
{
	struct tcp_socket *peer = tcp_peer_get(t);
	uint64_t queued = 0, window = 0;

	if (!peer)
		return 0;
	spin_lock(&peer->inet.base.lock);
	queued = peer->end_position - peer->read_position;
	window = atomic_load(&peer->inet.base.receive_buffer) / 2;
	spin_unlock(&peer->inet.base.lock);
	tcp_put(peer);
	return queued > window ? (unsigned)(queued - window) : 0;
}
