/* SPDX-License-Identifier: MIT */
/*
 * net/inet/envelope.c: where a datagram goes, and with what along: the socket's options, the
 * call's address and its control messages put together.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/inet/header.h"
#include <linux/ipv6.h>
#include <linux/udp.h>

#define DEFAULT_TTL 64

static int read_piece4(struct inet_envelope *e, const struct control_header *h, size_t n)
{
	const void *data = h + 1;
	struct in_pktinfo info;
	int value = 0;

	if (h->type == IP_PKTINFO && n == sizeof(info)) {
		memcpy(&info, data, n);
		if (info.ipi_ifindex)
			e->device = info.ipi_ifindex;
		if (info.ipi_spec_dst.s_addr)
			e->from.addr = inet_addr4(info.ipi_spec_dst.s_addr);
		return 0;
	}
	if ((h->type != IP_TTL && h->type != IP_TOS) || (n != sizeof(int) && (n != 1 || h->type == IP_TTL)))
		return -EINVAL;
	memcpy(&value, data, n);
	if (h->type == IP_TTL ? value < 1 || value > 255 : value < 0 || value > 255)
		return -EINVAL;
	*(h->type == IP_TTL ? &e->ttl : &e->tos) = (uint8_t)value;
	return 0;
}

static int read_piece6(struct inet_envelope *e, const struct control_header *h, size_t n)
{
	struct in6_pktinfo info;
	int value;

	if (h->type == IPV6_PKTINFO && n >= sizeof(info)) {
		memcpy(&info, h + 1, sizeof(info));
		if (info.ipi6_ifindex)
			e->device = (int)info.ipi6_ifindex;
		memcpy(&e->from.addr, &info.ipi6_addr, sizeof(e->from.addr));
		return 0;
	}
	if ((h->type != IPV6_HOPLIMIT && h->type != IPV6_TCLASS) || n != sizeof(value))
		return -EINVAL;
	memcpy(&value, h + 1, n);
	if (value < -1 || value > 255)
		return -EINVAL;
	if (value >= 0)
		*(h->type == IPV6_HOPLIMIT ? &e->ttl : &e->tos) = (uint8_t)value;
	return 0;
}

static int read_segment(struct inet_envelope *e, const struct control_header *h, size_t n)
{
	if (h->type != UDP_SEGMENT || n != sizeof(e->segment))
		return -EINVAL;
	memcpy(&e->segment, h + 1, n);
	return 0;
}

static int read_control(const struct inet_socket *s, struct inet_envelope *e, const struct control *c)
{
	int error = 0;

	for (const struct control_header *h = control_next(c, NULL); h && !error; h = control_next(c, h)) {
		size_t n = h->length - sizeof(*h);

		if (h->level == IPPROTO_IP && (s->base.family == AF_INET || inet_is4(&e->to.addr)))
			error = read_piece4(e, h, n);
		else if (h->level == IPPROTO_IPV6 && s->base.family == AF_INET6)
			error = read_piece6(e, h, n);
		else if (h->level == IPPROTO_UDP && s->base.protocol == IPPROTO_UDP)
			error = read_segment(e, h, n);
	}
	return error;
}

static int read_target(struct inet_socket *s, const struct socket_name *name, struct inet_end *to)
{
	int error;

	if (!name || (name->family == AF_UNSPEC && s->base.family == AF_INET6)) {
		SPIN_GUARD(&s->base.lock);
		*to = s->remote;
		return s->state == TCP_ESTABLISHED ? 0 : -EDESTADDRREQ;
	}
	if (name->family == AF_UNSPEC && s->base.family == AF_INET && name->length >= sizeof(struct sockaddr_in)) {
		inet_end_read(to, name);
		error = 0;
	} else {
		error = inet_name_check(s, name, to);
	}
	return error || to->port || s->base.type == SOCK_RAW ? error : -EINVAL;
}

static void fill_defaults(const struct inet_socket *s, struct inet_envelope *e)
{
	const struct inet_options *o = &s->options;
	bool four = inet_is4(&e->to.addr), group = inet_is_multicast(&e->to.addr);
	int ttl = four ? group ? o->multicast_ttl : o->ttl : group ? o->multicast_hops : o->hops;

	e->ttl = ttl < 0 ? DEFAULT_TTL : (uint8_t)ttl;
	e->tos = four ? o->tos : o->tclass;
	e->from = s->local;
	e->device = atomic_load(&s->device);
	if (!e->device && group)
		e->device = four ? o->multicast_device : o->multicast_device6;
	if (!e->device && !four && inet_is_link_local6(&e->to.addr))
		e->device = (int)e->to.scope;
	if (!e->device && !four)
		e->device = o->sticky_device;
	if (!e->device && !group)
		e->device = four ? o->unicast_device : o->unicast_device6;
}

int inet_address(struct inet_socket *s, const struct socket_message *m, struct inet_envelope *e)
{
	int error = read_target(s, m->name, &e->to);

	if (error)
		return error;
	inet_replace_any(&e->to.addr);
	fill_defaults(s, e);
	if (m->control)
		error = read_control(s, e, m->control);
	if (!error)
		error = inet_route(&e->to.addr, e->device, &e->route);
	if (error)
		return error;
	if (e->route.kind == ROUTE_BROADCAST && !(atomic_load(&s->base.flags) & SOCKET_BROADCAST))
		return -EACCES;
	if (inet_is_any(&e->from.addr) || inet_is_multicast(&e->from.addr))
		e->from.addr = e->route.source;
	else if (inet_is4(&e->from.addr) != inet_is4(&e->to.addr))
		return -ENETUNREACH;
	return 0;
}
