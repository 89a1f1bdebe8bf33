/* SPDX-License-Identifier: MIT */
/*
 * net/inet/tcp.c: byte streams (tcp(7)): the life of an end, from outside.
 *
 * A connection is two sockets that hold a reference to each other. Bytes written at
 * one end are copied into a chunk of memory, with no lock held, and put into the
 * queue of the other; a reader copies them out. What Linux would keep in the sender's
 * buffer and what it would have sent is the same queue here: the first half of the
 * receiver's buffer counts as arrived (FIONREAD), what is beyond it as on its way
 * (SIOCOUTQ), and a sender waits when both buffers' worth is there.
 *
 * States. Acknowledgements come at once, so of two ends that are joined there are
 * only these: both ESTABLISHED; FIN_WAIT2 with CLOSE_WAIT after one of them said that
 * it will not send any more; both CLOSED when the other did so, too, the first of them
 * leaving a connection in TIME_WAIT behind. A reset, which is a close with bytes
 * unread, or after SO_LINGER with no time, or bytes for a socket that is gone, makes
 * both CLOSED at once, and the other end sees ECONNRESET, or EPIPE if it had heard the
 * end. SYN_SENT is seen while a listener's queue is full: who knocks there waits for
 * accept(2) to make room, at most the time of net.ipv4.tcp_syn_retries.
 *
 * Locks. Each end's spinlock guards its state and its queue. Both are taken, in the
 * order of addresses, when the states of both change; bytes need the receiver's only.
 * A writer reads its peer under RCU and takes a reference, for connect(2) to AF_UNSPEC
 * may part them at any time. Readers exclude each other by read_lock, a mutex: only
 * they take chunks out, so they walk the queue without the spinlock and copy with
 * nothing spinning; who parts the ends takes it as well. A listener's lock guards the
 * connections in its queue by their `link`, and those who knock.
 *
 * Deliberately not done: segments, sequence numbers, windows, timers, congestion; a
 * FIN is never late, though bytes before it may be unread. TCP_CORK and TCP_NODELAY
 * are remembered, but nothing is ever held back. TCP_DEFER_ACCEPT does not defer.
 */
#include "net/inet/tcp.h"
#include "hal/usercopy.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include <asm/ioctls.h>
#include <linux/sockios.h>

#define SEND_BUFFER    16384u  /* net.ipv4.tcp_wmem */
#define RECEIVE_BUFFER 131072u /* net.ipv4.tcp_rmem */

#define READABLE (EPOLLIN | EPOLLRDNORM)
#define WRITABLE (EPOLLOUT | EPOLLWRNORM)

static const struct socket_ops tcp_ops;
static uint32_t established; /* atomic: connections as SNMP counts them */

int tcp_create_socket(int family, struct tcp_socket **out)
{
	struct tcp_socket *t = kzalloc(sizeof(*t), ALLOC_KERNEL);

	if (!t)
		return -ENOMEM;
	inet_init(&t->inet, &tcp_ops, family, SOCK_STREAM, IPPROTO_TCP);
	t->inet.ports = &tcp_ports;
	t->inet.base.send_buffer = SEND_BUFFER;
	t->inet.base.receive_buffer = RECEIVE_BUFFER;
	mutex_init(&t->read_lock, RANK_SOCKET_READ);
	list_init(&t->queue);
	list_init(&t->accepting);
	list_init(&t->knocking);
	list_init(&t->link);
	timer_init(&t->give_up, tcp_loop_fire);
	work_init(&t->gave_up, tcp_loop_gave_up);
	*out = t;
	return 0;
}

int tcp_create(int family, struct socket **out)
{
	struct tcp_socket *t;
	int error = tcp_create_socket(family, &t);

	if (!error)
		*out = &t->inet.base;
	return error;
}

static void tcp_destroy(struct socket *s)
{
	struct tcp_socket *t = tcp_of(s);

	assert(t->dead && !t->peer && list_empty(&t->queue));
	if (t->connection)
		connection_put(t->connection);
	inet_free(&t->inet);
}

unsigned tcp_established_count(void)
{
	return atomic_load(&established);
}

struct tcp_socket *tcp_peer_get(struct tcp_socket *t)
{
	struct tcp_socket *peer;

	rcu_read_lock();
	peer = rcu_dereference(t->peer);
	if (peer && !refcount_get_unless_zero(&peer->inet.base.refs))
		peer = NULL;
	rcu_read_unlock();
	return peer;
}

void tcp_lock_two(struct tcp_socket *a, struct tcp_socket *b)
{
	struct tcp_socket *first = a < b ? a : b, *second = a < b ? b : a;

	spin_lock(&first->inet.base.lock);
	if (first != second)
		spin_lock_ordered(&second->inet.base.lock);
}

void tcp_unlock_two(struct tcp_socket *a, struct tcp_socket *b)
{
	spin_unlock(&a->inet.base.lock);
	if (a != b)
		spin_unlock(&b->inet.base.lock);
}

void tcp_set_state(struct tcp_socket *t, enum inet_state state)
{
	unsigned counted = TCP_IN(TCP_ESTABLISHED) | TCP_IN(TCP_CLOSE_WAIT);

	assert_held(&t->inet.base.lock);
	if (!(counted >> t->inet.state & 1) && counted >> state & 1)
		atomic_inc(&established);
	else if (counted >> t->inet.state & 1 && !(counted >> state & 1))
		atomic_dec(&established);
	WRITE_ONCE(t->inet.state, (uint8_t)state);
	if (t->connection)
		atomic_store(&t->connection->state, (uint8_t)state);
}

void tcp_begin(struct tcp_socket *t)
{
	atomic_inc(&established);
	t->inet.state = TCP_ESTABLISHED;
	atomic_store(&t->connection->state, (uint8_t)TCP_ESTABLISHED);
}

static void close_end(struct tcp_socket *t)
{
	tcp_set_state(t, TCP_CLOSED);
	WRITE_ONCE(t->inet.base.shutdown, SHUTDOWN_BOTH);
	if (!t->inet.port_bound)
		port_release(&t->inet);
}

void tcp_set_closed(struct tcp_socket *t, int error)
{
	assert_held(&t->inet.base.lock);
	if (error)
		atomic_store(&t->inet.base.error, error);
	if (t->connection)
		connection_remove(t->connection);
	t->connection = NULL;
	close_end(t);
}

void tcp_set_waiting(struct tcp_socket *t, enum inet_state state)
{
	struct tcp_connection *c = t->connection;

	assert_held(&t->inet.base.lock);
	t->connection = NULL;
	if (c)
		connection_wait(c, state, t->inet.claim);
	close_end(t);
}

/* Both ends forget each other, or what is left of them. */
static void part(struct tcp_socket *t)
{
	struct tcp_socket *peer;

	spin_lock(&t->inet.base.lock);
	peer = t->peer;
	rcu_assign(t->peer, (struct tcp_socket *)NULL);
	spin_unlock(&t->inet.base.lock);
	tcp_put(peer);
}

void tcp_disconnect(struct tcp_socket *t)
{
	switch (tcp_state(t)) {
	case TCP_LISTENING:
		tcp_stop_listening(t);
		break;
	case TCP_SYN_SENT:
		tcp_loop_leave(t);
		tcp_connect_failed(t, ECONNRESET);
		break;
	case TCP_ESTABLISHED:
	case TCP_CLOSE_WAIT:
	case TCP_FIN_WAIT2:
		t->transport->reset(t);
		atomic_store(&t->inet.base.error, ECONNRESET);
		break;
	}
	tcp_drop_queue(t);
	part(t);
}

/* close(2) when both are joined still: is it a reset? */
static bool closes_hard(struct tcp_socket *t)
{
	const struct socket *s = &t->inet.base;

	if (READ_ONCE(t->end_position) != t->read_position)
		return true;
	return atomic_load(&s->flags) & SOCKET_LINGER && !atomic_load(&s->linger);
}

static void close_joined(struct tcp_socket *t)
{
	if (closes_hard(t)) {
		net_count(tcp_resets_sent, 1);
		t->transport->reset(t);
	} else if (tcp_state_in(t, TCP_OPEN_TO_SEND)) {
		t->transport->finish(t);
	}
}

static void tcp_release(struct socket *s)
{
	struct tcp_socket *t = tcp_of(s);

	spin_lock(&s->lock);
	atomic_store(&s->file, (struct file *)NULL);
	spin_unlock(&s->lock);
	if (tcp_state_in(t, TCP_JOINED))
		close_joined(t);
	else if (tcp_state(t) == TCP_SYN_SENT || tcp_state(t) == TCP_LISTENING)
		tcp_disconnect(t);
	spin_lock(&s->lock);
	t->dead = true;
	if (t->inet.state == TCP_FIN_WAIT2 && t->connection) { /* the other end has yet to close */
		refcount_get(&t->connection->refs);
		connection_wait(t->connection, TCP_FIN_WAIT2, t->inet.claim);
	} else {
		tcp_set_closed(t, 0);
	}
	WRITE_ONCE(s->shutdown, SHUTDOWN_BOTH);
	t->inet.port_bound = false;
	port_release(&t->inet);
	spin_unlock(&s->lock);
	socket_wake_all(s);
	tcp_drop_queue(t);
	part(t);
	tcp_put(t);
}

static int tcp_shutdown(struct socket *s, unsigned how)
{
	struct tcp_socket *t = tcp_of(s);
	uint8_t state = tcp_state(t);
	bool finish;

	if (state == TCP_SYN_SENT || (state == TCP_LISTENING && how & SHUTDOWN_RECEIVE)) {
		mutex_lock(&t->read_lock);
		tcp_disconnect(t);
		mutex_unlock(&t->read_lock);
		WRITE_ONCE(t->phase, PHASE_NONE);
		WRITE_ONCE(s->shutdown, 0);
		socket_wake_all(s);
		return 0;
	}
	spin_lock(&s->lock);
	finish = how & SHUTDOWN_SEND && tcp_state_in(t, TCP_OPEN_TO_SEND);
	if (state != TCP_LISTENING)
		WRITE_ONCE(s->shutdown, s->shutdown | how);
	spin_unlock(&s->lock);
	if (finish)
		t->transport->finish(t);
	socket_wake_all(s);
	return state == TCP_CLOSED ? -ENOTCONN : 0;
}

/* Of an end that is, or was, connected. */
static uint32_t poll_data(struct tcp_socket *t, uint32_t shutdown)
{
	unsigned target = atomic_load(&t->inet.base.low_water), n = tcp_bytes_to_read(t);
	uint32_t events = 0;

	if (n >= target)
		events |= READABLE;
	if (READ_ONCE(t->urgent) == URGENT_THERE)
		events |= EPOLLPRI;
	if (shutdown & SHUTDOWN_SEND || tcp_has_room(t, true))
		events |= WRITABLE;
	return events;
}

static uint32_t tcp_poll(struct socket *s, struct poll_table *pt)
{
	struct tcp_socket *t = tcp_of(s);
	uint32_t events = 0, shutdown;
	uint8_t state;

	poll_wait(pt, &s->read_wait);
	poll_wait(pt, &s->write_wait);
	state = tcp_state(t);
	if (state == TCP_LISTENING)
		return READ_ONCE(t->accepting_count) ? READABLE : 0;
	shutdown = READ_ONCE(s->shutdown);
	if (shutdown == SHUTDOWN_BOTH || state == TCP_CLOSED)
		events |= EPOLLHUP;
	if (shutdown & SHUTDOWN_RECEIVE)
		events |= READABLE | EPOLLRDHUP;
	if (state != TCP_SYN_SENT)
		events |= poll_data(t, shutdown);
	if (atomic_load(&s->error))
		events |= EPOLLERR;
	return events;
}

static int64_t tcp_ioctl(struct socket *s, unsigned command, uint64_t argument)
{
	struct tcp_socket *t = tcp_of(s);
	bool listening = tcp_state(t) == TCP_LISTENING;
	int n;

	switch (command) {
	case FIONREAD:
		n = (int)tcp_bytes_to_read(t);
		break;
	case SIOCATMARK:
		n = tcp_at_mark(t);
		listening = false;
		break;
	case SIOCOUTQ:
	case SIOCOUTQNSD:
		n = (int)tcp_bytes_to_send(t);
		break;
	default:
		return inet_ioctl(s, command, argument);
	}
	return listening ? -EINVAL : copy_to_user(argument, &n, sizeof(n));
}

static const struct socket_ops tcp_ops = {
	.bind = inet_bind, .get_name = inet_get_name,
	.connect = tcp_connect, .listen = tcp_listen, .accept = tcp_accept,
	.send = tcp_send, .receive = tcp_receive, .may_send = tcp_may_send,
	.shutdown = tcp_shutdown, .poll = tcp_poll, .ioctl = tcp_ioctl,
	.get_option = tcp_get_option, .set_option = tcp_set_option,
	.release = tcp_release, .destroy = tcp_destroy,
};
