/* SPDX-License-Identifier: MIT */
/*
 * net/inet/udp_send.c: sending a datagram: where to, with what along, and into whose
 * queue.
 */
#include "hal/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "net/inet/raw.h"
#include <linux/time.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ipv6.h>

#define UDP_HEADER  8u
#define HEADERS     42u    /* what a packet has beside its data: counted, never made */

int udp_packet_create(struct inet_socket *s, struct socket_message *m, const struct inet_envelope *e, struct udp_packet **out)
{
	size_t n = m->data->count;
	struct udp_packet *p = bytes_alloc(offsetof(struct udp_packet, bytes), &n, false);
	struct iter start = *m->data;
	int error;

	if (!p)
		return -ENOBUFS;
	p->refs = 1;
	p->charge = (uint32_t)(n + 768); /* about what Linux counts for a small one */
	p->from = e->from;
	p->to = e->to;
	p->time = 0;
	p->ttl = e->ttl;
	p->tos = e->tos;
	p->device = (uint8_t)e->route.device;
	p->error = 0;
	p->peeked = false;
	p->mark = atomic_load(&s->base.mark);
	error = bytes_fill(&p->bytes, m->data);
	if (error) {
		iter_restore(m->data, &start);
		udp_packet_put(p);
		return error;
	}
	*out = p;
	return 0;
}

void udp_headers_make(struct inet_headers *h, const struct udp_packet *p, int protocol)
{
	struct inet_envelope e = { .from = p->from, .to = p->to, .ttl = p->ttl, .tos = p->tos, .protocol = (uint8_t)protocol };
	uint16_t length = (uint16_t)(UDP_HEADER + p->bytes.length);
	uint16_t field[4] = { net16(p->from.port), net16(p->to.port), net16(length),
			      net16(inet_sum_fold(inet_sum_pseudo(&e, length))) };

	inet_headers_make(h, &e, UDP_HEADER, p->bytes.length);
	memcpy(h->data + h->transport, field, sizeof(field));
}

/* The same for a packet of a raw socket, which has the header of IPv4 among its bytes. */
static void raw_headers_make(struct inet_headers *h, const struct udp_packet *p, int protocol)
{
	struct inet_envelope e = { .from = p->from, .to = p->to, .ttl = p->ttl, .tos = p->tos, .protocol = (uint8_t)protocol };

	inet_headers_make(h, &e, 0, p->bytes.length);
	if (inet_is4(&p->to.addr))
		h->length = h->transport = LINK_HEADER;
}

/* Asks the socket's filter. False: it does not want the datagram. */
static bool passes_filter(struct udp_socket *u, struct udp_packet *p)
{
	unsigned header = u->inet.base.type == SOCK_RAW ? 0 : UDP_HEADER;
	struct filter_packet seen;
	struct inet_headers h;
	size_t keep;

	if (likely(!READ_ONCE(u->inet.base.filter)))
		return true;
	(header ? udp_headers_make : raw_headers_make)(&h, p, u->inet.base.protocol);
	inet_headers_packet(&h, inet_is4(&p->to.addr), &p->bytes, &seen);
	seen.mark = p->mark;
	keep = socket_filter(&u->inet.base, &seen);
	p->bytes.length = (uint32_t)min((size_t)p->bytes.length, max(keep, (size_t)max(header, 1u)) - header);
	return keep;
}

void udp_deliver(struct udp_socket *u, struct udp_packet *p)
{
	struct socket *s = &u->inet.base;
	bool taken = passes_filter(u, p);

	if (unlikely(atomic_load(&s->flags) & (SOCKET_TIMESTAMP | SOCKET_TIMESTAMP_NS)))
		p->time = clock_wall();
	spin_lock(&s->lock);
	taken = taken && !u->dead && u->queued_charge <= atomic_load(&s->receive_buffer);
	if (likely(taken)) {
		list_add_tail(&p->link, &u->queue);
		p->drops = u->drops;
		WRITE_ONCE(u->queued, u->queued + 1);
		u->queued_charge += p->charge;
	} else {
		WRITE_ONCE(u->drops, u->drops + 1);
	}
	spin_unlock(&s->lock);
	if (!taken) {
		net_count(udp_full, 1);
		udp_packet_put(p);
	} else if (waitq_active(&s->read_wait)) {
		waitq_wake_key(&s->read_wait, EPOLLIN | EPOLLRDNORM);
	}
}

/* Nobody has the port: the sender may learn of it. Consumes p. */
static void come_back(struct udp_socket *u, struct udp_packet *p)
{
	struct inet_socket *s = &u->inet;
	bool four = inet_is4(&p->to.addr), wanted = inet_has(s, four && s->base.family == AF_INET ? INET_ERRORS : INET_ERRORS6);
	bool connected = READ_ONCE(s->state) == TCP_ESTABLISHED && inet_end_equal(&s->remote, &p->to);

	net_count(udp_no_port, 1);
	if (unlikely(atomic_load(&raw_count)))
		icmp_unreachable(p, s->base.protocol);
	if (!connected && !(wanted && READ_ONCE(s->state) != TCP_ESTABLISHED)) {
		udp_packet_put(p);
		return;
	}
	p->error = ECONNREFUSED;
	p->origin = four ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6;
	p->type = four ? ICMP_DEST_UNREACH : ICMPV6_DEST_UNREACH;
	p->code = four ? ICMP_PORT_UNREACH : ICMPV6_PORT_UNREACH;
	spin_lock(&s->base.lock);
	if (wanted) {
		list_add_tail(&p->link, &u->errors);
		WRITE_ONCE(u->queued_errors, u->queued_errors + 1);
	}
	atomic_store(&s->base.error, ECONNREFUSED);
	spin_unlock(&s->base.lock);
	if (!wanted)
		udp_packet_put(p);
	socket_wake_all(&s->base);
}

/* A copy with a life of its own, for another queue. NULL when out. */
static struct udp_packet *packet_copy(const struct udp_packet *p)
{
	size_t n = p->bytes.length;
	struct udp_packet *c = bytes_alloc(offsetof(struct udp_packet, bytes), &n, false);
	const struct bytes_more *from = p->bytes.more;

	if (!c)
		return NULL;
	memcpy(c, p, offsetof(struct udp_packet, bytes));
	c->refs = 1;
	memcpy(c->bytes.data, p->bytes.data, p->bytes.room);
	for (struct bytes_more *to = c->bytes.more; to; to = to->next, from = from->next)
		memcpy(to->data, from->data, to->size);
	return c;
}

/* Those who take a datagram for all: gathered first, since a copy may sleep. */
#define TAKERS 64
struct takers {
	const struct udp_packet *packet;
	unsigned n;
	struct inet_socket *v[TAKERS];
};

static void add_taker(struct inet_socket *s, void *arg)
{
	struct takers *t = arg;
	const struct udp_packet *p = t->packet;
	const struct inet_addr *mine = &s->local.addr;

	if (s->remote.port && !inet_end_equal(&s->remote, &p->from))
		return;
	if (s->base.family == AF_INET6 && inet_is4(&p->to.addr) && inet_has(s, INET_ONLY6))
		return;
	if (inet_is_any(mine) ? inet_is4(mine) && !inet_is4(&p->to.addr) :
				!inet_equal(mine, &p->to.addr) && !(s->remote.port && !s->addr_bound))
		return;
	if (inet_is_multicast(&p->to.addr) && !udp_is_member(container_of(s, struct udp_socket, inet), &p->to.addr, p->device))
		return;
	if (t->n < TAKERS && refcount_get_unless_zero(&s->base.refs))
		t->v[t->n++] = s;
}

static void deliver_to_all(struct port_table *table, struct udp_packet *p)
{
	struct takers *t = kmalloc(sizeof(*t), ALLOC_KERNEL);

	if (!t)
		return;
	t->packet = p;
	t->n = 0;
	port_for_each(table, p->to.port, add_taker, t);
	for (unsigned i = 0; i < t->n; i++) {
		struct udp_packet *copy = packet_copy(p);

		if (copy)
			udp_deliver(container_of(t->v[i], struct udp_socket, inet), copy);
		socket_put(&t->v[i]->base);
	}
	kfree(t);
}

void udp_transmit(struct udp_socket *u, struct udp_packet *p, const struct inet_route *route)
{
	struct inet_socket *to;

	net_count(udp_out, 1);
	net_count(packets, 1);
	net_count(bytes, p->bytes.length + HEADERS);
	if (unlikely(route->kind != ROUTE_LOCAL || route->lost)) {
		if (!route->lost)
			deliver_to_all(u->inet.ports, p);
		udp_packet_put(p);
		return;
	}
	if (unlikely(atomic_load(&raw_count)))
		raw_see_datagram(p, u->inet.base.protocol);
	to = port_find(u->inet.ports, &p->to, &p->from, route->device, &p->bytes);
	if (likely(to)) {
		net_count(udp_in, 1);
		udp_deliver(container_of(to, struct udp_socket, inet), p);
		socket_put(&to->base);
	} else {
		come_back(u, p);
	}
}

ssize_t udp_send(struct socket *s, struct socket_message *m)
{
	struct udp_socket *u = udp_of(s);
	size_t n = m->data->count;
	bool more = m->flags & MSG_MORE || atomic_load(&u->kept) & UDP_KEPT_CORK;
	struct udp_packet *p;
	struct inet_envelope e;
	int error;

	if (unlikely(!READ_ONCE(u->inet.claim))) {
		error = inet_bind_any(&u->inet);
		if (error) {
			m->flags |= MSG_DONTWAIT; /* no port is nothing to wait for */
			return error;
		}
	}
	if (n > UINT16_MAX)
		return -EMSGSIZE;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (unlikely(READ_ONCE(u->corked)))
		return udp_cork_add(u, m, NULL, more);
	e.segment = (uint16_t)atomic_load(&u->segment);
	error = inet_address(&u->inet, m, &e);
	if (!error && n > (inet_is4(&e.to.addr) ? UDP_LENGTH_MAX4 : UDP_LENGTH_MAX6))
		error = -EMSGSIZE;
	if (!error)
		error = socket_take_error(s);
	if (!error && READ_ONCE(s->shutdown) & SHUTDOWN_SEND)
		error = -EPIPE;
	if (!error && unlikely(more))
		return udp_cork_add(u, m, &e, true);
	if (!error && unlikely(e.segment) && n > e.segment)
		return udp_send_segments(u, m, &e, e.segment);
	if (!error)
		error = udp_packet_create(&u->inet, m, &e, &p);
	if (error)
		return error;
	udp_transmit(u, p, &e.route);
	return (ssize_t)n;
}
