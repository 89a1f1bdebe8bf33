/* SPDX-License-Identifier: MIT */
/*
 * net/inet/tcp_connect.c: connect(2), listen(2), accept(2).
 *
 * connect(2) is a conversation of its own: `phase` remembers what the program was
 * told, apart from the state that the connection has reached meanwhile. A call that
 * may not wait says EINPROGRESS even if all is done already, as on Linux.
 */
#include "lib/errno.h"
#include "mem/slab.h"
#include "net/inet/tcp.h"

/* Locked. The ends of one that is not connected any more. */
static void forget_ends(struct tcp_socket *t)
{
	struct inet_socket *s = &t->inet;
	struct inet_addr any = s->base.family == AF_INET ? inet_addr4(0) : (struct inet_addr){ .word = { 0 } };

	s->remote = (struct inet_end){ .addr = any };
	if (!s->addr_bound)
		s->local.addr = s->claim ? s->claim->addr : any; /* its port is shown until there is another, as on Linux */
}

void tcp_connect_failed(struct tcp_socket *t, int error)
{
	bool failed = false;

	spin_lock(&t->inet.base.lock);
	if (t->inet.state == TCP_SYN_SENT) {
		tcp_set_closed(t, error);
		forget_ends(t);
		failed = true;
	}
	spin_unlock(&t->inet.base.lock);
	if (!failed)
		return;
	net_count(tcp_failed, 1);
	socket_wake_all(&t->inet.base);
}

/* connect(2) to AF_UNSPEC. */
static int disconnect(struct tcp_socket *t)
{
	mutex_lock(&t->read_lock);
	tcp_disconnect(t);
	spin_lock(&t->inet.base.lock);
	WRITE_ONCE(t->phase, PHASE_NONE);
	WRITE_ONCE(t->inet.base.shutdown, 0);
	t->end_received = false;
	if (!t->inet.port_bound)
		port_release(&t->inet);
	forget_ends(t);
	spin_unlock(&t->inet.base.lock);
	mutex_unlock(&t->read_lock);
	socket_wake_all(&t->inet.base);
	return 0;
}

/* What a later call is told about a connection that was begun. */
static int look_again(struct tcp_socket *t)
{
	int error = 0;

	SPIN_GUARD(&t->inet.base.lock);
	if (t->phase == PHASE_CONNECTED)
		return -EISCONN;
	if (t->inet.state == TCP_SYN_SENT)
		return -EALREADY;
	t->phase = PHASE_CONNECTED;
	if (t->inet.state == TCP_CLOSED && !t->end_received) {
		error = socket_take_error(&t->inet.base);
		error = error ? error : -ECONNABORTED;
		t->phase = PHASE_NONE;
		WRITE_ONCE(t->inet.base.shutdown, 0);
	}
	return error;
}

/* One of the shared ports for which there is no such connection yet. Locked. */
static int choose_port(struct tcp_socket *t, struct inet_claim **fresh)
{
	struct tcp_connection *c = t->connection;
	unsigned first, range = inet_port_range(&t->inet, &first), start = port_search_start(&c->remote);

	for (unsigned i = 0; i < range; i++) {
		unsigned port = first + (start + i) % range;

		if (port == c->remote.port || port_take_shared(&t->inet, &c->local.addr, port, fresh))
			continue;
		c->local.port = (uint16_t)port;
		if (!connection_insert(c, true))
			return 0;
		port_release(&t->inet);
		if (!*fresh) /* it went with the claim that was of no use */
			*fresh = port_claim_create_atomic();
		if (!*fresh)
			return -ENOMEM;
	}
	return -EADDRNOTAVAIL;
}

/* Into SYN_SENT: both ends are fixed, and entered in the table. Locked. */
static int begin(struct tcp_socket *t, const struct inet_end *to, const struct inet_route *route,
		 struct tcp_connection *c, struct inet_claim **fresh)
{
	struct inet_socket *s = &t->inet;
	int error;

	if (s->state != TCP_CLOSED || t->phase != PHASE_NONE)
		return -EISCONN;
	if (!inet_is_any(&s->local.addr) && inet_is4(&s->local.addr) != inet_is4(&to->addr))
		return -ENETUNREACH;
	c->remote = *to;
	c->local = s->local;
	if (inet_is_any(&s->local.addr))
		c->local.addr = route->source;
	t->connection = c;
	if (s->claim)
		error = connection_insert(c, true);
	else
		error = choose_port(t, fresh);
	if (error) {
		t->connection = NULL;
		return error;
	}
	s->local = c->local;
	s->remote = *to;
	t->transport = &tcp_loopback;
	atomic_store(&s->base.error, 0);
	WRITE_ONCE(s->base.shutdown, 0);
	t->end_received = false;
	WRITE_ONCE(t->phase, PHASE_CONNECTING);
	tcp_set_state(t, TCP_SYN_SENT);
	return 0;
}

static int start(struct tcp_socket *t, const struct inet_end *to, const struct inet_route *route)
{
	struct inet_claim *fresh = READ_ONCE(t->inet.claim) ? NULL : port_claim_create();
	struct tcp_connection *c = connection_create(t);
	int error = -ENOMEM;

	if (c && (fresh || t->inet.claim)) {
		spin_lock(&t->inet.base.lock);
		error = begin(t, to, route, c, &fresh);
		spin_unlock(&t->inet.base.lock);
	}
	kfree(fresh);
	if (error && c)
		connection_put(c);
	return error ? error : t->transport->connect(t);
}

int tcp_connect(struct socket *s, const struct socket_name *name, struct socket **wait_for)
{
	struct tcp_socket *t = tcp_of(s);
	struct inet_route route;
	struct inet_end to;
	int error;

	if (name->length < sizeof(name->family))
		return -EINVAL;
	if (name->family == AF_UNSPEC)
		return disconnect(t);
	if (READ_ONCE(t->phase) != PHASE_NONE)
		return look_again(t);
	if (tcp_state(t) != TCP_CLOSED)
		return -EISCONN;
	error = s->family == AF_INET6 && name->length < SIN6_LENGTH_LEAST ? -EINVAL : inet_name_check(&t->inet, name, &to);
	if (error)
		return error;
	inet_replace_any(&to.addr);
	error = inet_route(&to.addr, t->inet.device, &route);
	if (!error && route.kind != ROUTE_LOCAL)
		error = -ENETUNREACH;
	if (!error)
		error = start(t, &to, &route);
	if (error)
		return error;
	if (socket_nowait(s))
		return -EINPROGRESS;
	error = look_again(t);
	return error == -EALREADY ? -EINPROGRESS : error;
}

/* Locked. */
static int listen_locked(struct tcp_socket *t, unsigned backlog, struct inet_claim *fresh[2])
{
	struct inet_socket *s = &t->inet;
	int error = 0;

	if (t->phase != PHASE_NONE || (s->state != TCP_CLOSED && s->state != TCP_LISTENING))
		return -EINVAL;
	WRITE_ONCE(t->backlog, backlog);
	if (s->state == TCP_LISTENING)
		return 0;
	if (!s->claim)
		error = port_take(s, &s->local.addr, 0, &fresh[0]);
	if (!error)
		error = port_listen(s, &fresh[1]);
	if (error)
		return error;
	s->local.port = s->claim->port;
	WRITE_ONCE(s->base.shutdown, 0);
	t->end_received = false;
	tcp_set_state(t, TCP_LISTENING);
	return 0;
}

int tcp_listen(struct socket *s, unsigned backlog)
{
	struct inet_claim *fresh[2] = { port_claim_create(), port_claim_create() };
	int error = -ENOMEM;

	if (fresh[0] && fresh[1]) {
		spin_lock(&s->lock);
		error = listen_locked(tcp_of(s), backlog, fresh);
		spin_unlock(&s->lock);
	}
	kfree(fresh[0]);
	kfree(fresh[1]);
	return error;
}

int tcp_accept(struct socket *s, struct socket **out)
{
	struct tcp_socket *t = tcp_of(s);
	struct list *first = NULL;
	bool listening, knocked;

	spin_lock(&s->lock);
	listening = t->inet.state == TCP_LISTENING;
	if (listening)
		first = list_pop_first(&t->accepting);
	if (first)
		WRITE_ONCE(t->accepting_count, t->accepting_count - 1);
	knocked = !list_empty(&t->knocking);
	spin_unlock(&s->lock);
	if (!first)
		return listening ? -EAGAIN : -EINVAL;
	if (unlikely(knocked))
		tcp_loop_let_in(t);
	*out = &list_entry(first, struct tcp_socket, link)->inet.base;
	return 0;
}

/* Connections that nobody will accept are reset; those who knock are refused. */
void tcp_stop_listening(struct tcp_socket *t)
{
	struct list accepting = LIST_INIT(accepting), *e;

	spin_lock(&t->inet.base.lock);
	list_splice_tail(&t->accepting, &accepting);
	t->accepting_count = 0;
	port_unlisten(&t->inet);
	tcp_set_state(t, TCP_CLOSED);
	spin_unlock(&t->inet.base.lock);
	while ((e = list_pop_first(&accepting)) != NULL) {
		struct tcp_socket *child = list_entry(e, struct tcp_socket, link);

		child->transport->reset(child);
		child->inet.base.ops->release(&child->inet.base);
	}
	while (tcp_loop_refuse(t))
		;
}
