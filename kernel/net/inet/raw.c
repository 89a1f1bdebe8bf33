/* SPDX-License-Identifier: MIT */
/*
 * net/inet/raw.c: raw sockets (raw(7)): what is written is a packet of a protocol, of IPv4
 * with its header or without (IP_HDRINCL), and what is read is every packet of that protocol:
 * of IPv4 with the header, of IPv6 without.
 *
 * A raw socket is a UDP socket with other operations: its queue, its ends and what comes along
 * with a datagram are the same. All are in a table of ports of their own, under the number of
 * their protocol. The packets there are on this machine: those that raw sockets send, the
 * messages of ICMP, and datagrams of UDP, for which headers are made here when somebody looks.
 * TCP has none (net/inet/tcp.c).
 *
 * Not done: datagrams of UDP that are sent through a raw socket reach raw sockets only; an
 * unknown protocol is not answered; options in headers are kept, not obeyed.
 */
#include "net/inet/raw.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/process.h"
#include <asm/ioctls.h>
#include <linux/capability.h>
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/sockios.h>

#define PACKET_MAX 65535u

static const struct socket_ops raw_ops;
uint32_t raw_count;
struct port_table raw_ports = { .bucket[0 ... PORT_BUCKETS - 1].lock = SPINLOCK_INIT(RANK_PORT) };

int raw_create(int family, int protocol, struct socket **out)
{
	struct raw_socket *r;
	struct inet_claim *fresh;
	struct inet_socket *i;

	if (!protocol)
		return -EPROTONOSUPPORT;
	if (!cred_capable(cred_current(), CAP_NET_RAW))
		return -EPERM;
	r = kzalloc(sizeof(*r), ALLOC_KERNEL);
	fresh = port_claim_create();
	if (!r || !fresh) {
		kfree(r);
		kfree(fresh);
		return -ENOMEM;
	}
	i = &r->udp.inet;
	udp_init(&r->udp, &raw_ops, family, SOCK_RAW, protocol, &raw_ports);
	i->base.flags |= SOCKET_REUSEADDR;
	r->checksum_at = family == AF_INET6 && protocol == IPPROTO_ICMPV6 ? 2 : -1;
	if (protocol == IPPROTO_RAW)
		atomic_or(&i->options.bits, INET_HEADER);
	spin_lock(&i->base.lock);
	port_take_shared(i, &i->local.addr, (unsigned)protocol, &fresh); /* everybody may have it */
	i->local.port = (uint16_t)protocol;
	i->port_bound = true;
	spin_unlock(&i->base.lock);
	kfree(fresh);
	atomic_inc(&raw_count);
	*out = &i->base;
	return 0;
}

static void raw_release(struct socket *s)
{
	atomic_dec(&raw_count);
	udp_release(s);
}

static int raw_bind(struct socket *base, const struct socket_name *name)
{
	struct inet_socket *s = inet_of(base);
	struct inet_end to;
	int error = inet_name_check(s, name, &to);

	if (error)
		return error == -EAFNOSUPPORT ? -EINVAL : error;
	if (!inet_may_bind(&to.addr, s->device) && !inet_has(s, INET_FREEBIND | INET_TRANSPARENT))
		return -EADDRNOTAVAIL;
	SPIN_GUARD(&base->lock);
	if (s->state != TCP_CLOSED)
		return -EINVAL;
	s->local.addr = to.addr;
	s->addr_bound = !inet_is_any(&to.addr);
	return 0;
}

/* ---- receiving ---------------------------------------------------------------------------- */

#define TAKERS 64
struct takers {
	const struct inet_envelope *e;
	const uint8_t *message;      /* what is behind the header */
	size_t length;
	unsigned n;
	struct inet_socket *v[TAKERS];
};

static bool wants_type(struct inet_socket *s, const struct takers *t)
{
	const struct raw_socket *r = raw_of(&s->base);
	int icmp = s->base.family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	if (s->base.protocol != icmp)
		return true;
	return t->length && !(atomic_load(&r->blocked[t->message[0] / 32]) >> t->message[0] % 32 & 1);
}

static void add_taker(struct inet_socket *s, void *arg)
{
	struct takers *t = arg;
	const struct inet_envelope *e = t->e;

	if (inet_is4(&e->to.addr) != (s->base.family == AF_INET))
		return;
	if (!inet_is_any(&s->remote.addr) && !inet_equal(&s->remote.addr, &e->from.addr))
		return;
	if (!inet_is_any(&s->local.addr) && !inet_equal(&s->local.addr, &e->to.addr))
		return;
	if (wants_type(s, t) && t->n < TAKERS && refcount_get_unless_zero(&s->base.refs))
		t->v[t->n++] = s;
}

static struct udp_packet *packet_make(const struct inet_envelope *e, const uint8_t *data, size_t n)
{
	struct udp_packet *p = bytes_alloc(offsetof(struct udp_packet, bytes), &n, false);
	struct iter it;

	if (!p)
		return NULL;
	memset(p, 0, offsetof(struct udp_packet, bytes));
	p->refs = 1;
	p->charge = (uint32_t)(n + 768);
	p->from = e->from;
	p->to = e->to;
	p->from.port = p->to.port = 0;
	p->ttl = e->ttl;
	p->tos = e->tos;
	p->device = (uint8_t)(e->route.device ? e->route.device : 1);
	iter_init_kernel(&it, (void *)data, n, true);
	bytes_take(&p->bytes, &it);
	return p;
}

void raw_deliver(const struct inet_envelope *e, const uint8_t *data, size_t n, unsigned header)
{
	struct takers *t = kmalloc(sizeof(*t), ALLOC_KERNEL);

	if (!t)
		return;
	*t = (struct takers){ .e = e, .message = data + header, .length = n - header };
	port_for_each(&raw_ports, e->protocol, add_taker, t);
	for (unsigned i = 0; i < t->n; i++) {
		struct udp_packet *p = packet_make(e, data, n);

		if (p)
			udp_deliver(container_of(t->v[i], struct udp_socket, inet), p);
		socket_put(&t->v[i]->base);
	}
	kfree(t);
}

void raw_see_datagram(const struct udp_packet *p, int protocol)
{
	struct inet_headers h;
	unsigned skip;
	size_t n;
	uint8_t *data;
	struct iter it;
	struct inet_envelope e = { .from = p->from, .to = p->to, .ttl = p->ttl, .tos = p->tos, .protocol = (uint8_t)protocol };

	udp_headers_make(&h, p, protocol);
	skip = inet_is4(&p->to.addr) ? LINK_HEADER : h.transport;
	n = h.length - skip + p->bytes.length;
	data = kmalloc(n, ALLOC_KERNEL);
	if (!data)
		return;
	memcpy(data, h.data + skip, h.length - skip);
	iter_init_kernel(&it, data + h.length - skip, p->bytes.length, false);
	bytes_copy(&p->bytes, 0, &it, p->bytes.length, false);
	raw_deliver(&e, data, n, h.transport - skip);
	kfree(data);
}

/* ---- sending ------------------------------------------------------------------------------ */

/* A packet with its header, from a program: what the kernel fills in, and what it says. -EINVAL. */
static int read_header(struct inet_envelope *e, uint8_t *data, size_t n, unsigned *header)
{
	struct iphdr h;

	if (n < sizeof(h))
		return -EINVAL;
	memcpy(&h, data, sizeof(h));
	*header = h.ihl * 4u;
	if (*header < sizeof(h) || *header > n)
		return -EINVAL;
	if (!h.saddr)
		h.saddr = e->from.addr.word[3];
	h.tot_len = net16((uint16_t)n);
	h.check = 0;
	memcpy(data, &h, sizeof(h));
	h.check = net16((uint16_t)~inet_sum_fold(inet_sum(0, data, *header)));
	memcpy(data, &h, sizeof(h));
	e->from.addr = inet_addr4(h.saddr);
	e->to.addr = inet_addr4(h.daddr);
	e->ttl = h.ttl;
	e->tos = h.tos;
	e->protocol = h.protocol;
	return 0;
}

/* The checksum of a message of IPv6 where the socket has one. */
static int put_checksum(const struct inet_envelope *e, int at, uint8_t *data, size_t n)
{
	uint16_t sum;

	if (at < 0 || inet_is4(&e->to.addr))
		return 0;
	if ((size_t)at + 2 > n)
		return -EINVAL;
	memset(data + at, 0, 2);
	sum = (uint16_t)~inet_sum_fold(inet_sum(inet_sum_pseudo(e, n), data, n));
	sum = net16(sum ? sum : 0xffff);
	memcpy(data + at, &sum, sizeof(sum));
	return 0;
}

/* Makes the packet, *length bytes in memory that the caller frees. */
static int packet_write(struct socket *s, struct socket_message *m, struct inet_envelope *e, uint8_t **out, size_t *length,
			unsigned *header)
{
	bool four = inet_is4(&e->to.addr), whole = inet_has(inet_of(s), INET_HEADER) && four;
	size_t n = m->data->count;
	uint8_t *data;
	int error = 0;

	*header = four && !whole ? IP4_HEADER : 0;
	*length = n + *header;
	if (*length > PACKET_MAX)
		return -EMSGSIZE;
	if (!whole && n < 2 && s->protocol == (four ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return -EFAULT; /* type and code: as Linux says it */
	data = kmalloc(*length + 1, ALLOC_KERNEL);
	if (!data)
		return -ENOBUFS;
	if (iter_take(m->data, data + *header, n) != n)
		error = -EFAULT;
	else if (whole)
		error = read_header(e, data, n, header);
	else if (four)
		inet_header_make(data, e, n);
	else
		error = put_checksum(e, atomic_load(&raw_of(s)->checksum_at), data, n);
	if (error)
		kfree(data);
	else
		*out = data;
	return error;
}

/* IPv6's port in a name is a protocol: the socket's own, or none. */
static int check_port(const struct socket *s, const struct inet_end *to)
{
	if (s->family != AF_INET6 || !to->port || s->protocol == IPPROTO_RAW)
		return 0;
	return to->port == s->protocol ? 0 : -EINVAL;
}

static ssize_t raw_send(struct socket *s, struct socket_message *m)
{
	size_t n = m->data->count, length;
	struct inet_envelope e;
	uint8_t *data;
	unsigned header;
	int error;

	if (n > PACKET_MAX)
		return -EMSGSIZE;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	error = inet_address(inet_of(s), m, &e);
	if (!error)
		error = check_port(s, &e.to);
	if (!error)
		error = socket_take_error(s);
	e.protocol = (uint8_t)s->protocol;
	if (!error)
		error = packet_write(s, m, &e, &data, &length, &header);
	if (error)
		return error;
	net_count(packets, 1);
	net_count(bytes, length + LINK_HEADER);
	if (!e.route.lost) {
		raw_deliver(&e, data, length, header);
		icmp_receive(&e, data, length, header);
	}
	kfree(data);
	return (ssize_t)n;
}

static bool always(struct socket *s, struct socket *target)
{
	return true;
}

static const struct socket_ops raw_ops = {
	.bind = raw_bind, .get_name = inet_get_name,
	.connect = udp_connect, .send = raw_send, .receive = udp_receive, .may_send = always,
	.shutdown = udp_shutdown, .poll = udp_poll, .ioctl = udp_ioctl,
	.get_option = raw_get_option, .set_option = raw_set_option,
	.release = raw_release, .destroy = udp_destroy,
};
