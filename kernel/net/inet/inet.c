/* SPDX-License-Identifier: MIT */
/*
 * net/inet/inet.c: the Internet families, AF_INET and AF_INET6: what TCP and UDP
 * sockets have in common.
 *
 * One machine. There is no wire yet, so both ends of every conversation are here,
 * and a packet would only be an envelope that is closed and opened at once. TCP
 * (tcp.c) therefore connects two sockets directly: what is written is put into the
 * queue of the other end, and the states, TIME_WAIT, resets, urgent data and limits
 * that a program can see are those that segments would have led to. UDP (udp.c)
 * puts a datagram into the queue of whoever has the port. Neither makes headers.
 * What belongs to that way of delivery is a table of functions (struct
 * inet_transport); a wire's will be another.
 *
 * Look-up. net/inet/port.c knows who has which port; net/inet/connection.c knows all
 * connections, by both ends, among them those whose sockets are gone (TIME_WAIT).
 * net/inet/route.c tells whether an address is one of ours.
 *
 * Locks. A socket's spinlock guards its state, its ends and its queue. Two of them
 * are taken in the order of addresses. The buckets of ports and of connections come
 * after it. Nothing is shared by all sockets on the way of data. Memory and user
 * memory are seen to with nothing held. A socket is found under RCU and freed after
 * a grace period.
 */
#include "net/inet/inet.h"
#include "hal/usercopy.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "net/inet/raw.h"
#include "net/inet/tcp.h"
#include "proc/process.h"
#include <linux/capability.h>

void inet_init(struct inet_socket *s, const struct socket_ops *ops, int family, int type, int protocol)
{
	socket_init(&s->base, ops, family, type, protocol);
	s->state = TCP_CLOSED;
	s->uid = cred_current()->euid;
	s->local.addr = s->remote.addr = family == AF_INET ? inet_addr4(0) : (struct inet_addr){ .word = { 0 } };
	s->options.ttl = s->options.hops = -1;
	s->options.multicast_ttl = s->options.multicast_hops = 1;
	s->options.discover = IP_PMTUDISC_WANT;
	s->options.discover6 = IPV6_PMTUDISC_WANT;
	s->options.bits = INET_AUTOFLOW | (family == AF_INET6 ? INET_NOT_ALL : 0);
	s->base.kept.rehash = 1;
}

/* TCP over several paths (IPPROTO_MPTCP): here is one, so it is what that falls back to. */
static int stream_create(int family, int protocol, struct socket **out)
{
	int error = tcp_create(family, out);

	if (!error && protocol)
		(*out)->protocol = protocol;
	return error;
}

static int family_create(int family, int type, int protocol, struct socket **out)
{
	if (protocol < 0 || (protocol >= IPPROTO_MAX && protocol != IPPROTO_MPTCP))
		return -EINVAL;
	switch (type) {
	case SOCK_STREAM:
		return protocol && protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP ? -EPROTONOSUPPORT :
											  stream_create(family, protocol, out);
	case SOCK_DGRAM:
		if (protocol == (family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6))
			return -EACCES; /* net.ipv4.ping_group_range lets nobody */
		if (protocol && protocol != IPPROTO_UDP && protocol != IPPROTO_UDPLITE)
			return -EPROTONOSUPPORT;
		return udp_create(family, protocol ? protocol : IPPROTO_UDP, out);
	case SOCK_PACKET: /* as it was before there was AF_PACKET */
		return family == AF_INET ? socket_family_absent(type, protocol, out) : -ESOCKTNOSUPPORT;
	case SOCK_RAW:
		return raw_create(family, protocol, out);
	}
	return -ESOCKTNOSUPPORT;
}

static int create4(int type, int protocol, struct socket **out)
{
	return family_create(AF_INET, type, protocol, out);
}

static int create6(int type, int protocol, struct socket **out)
{
	return family_create(AF_INET6, type, protocol, out);
}

TABLE_ENTRY(socket_families, struct socket_family, inet) = { AF_INET, create4 };
TABLE_ENTRY(socket_families, struct socket_family, inet6) = { AF_INET6, create6 };

static void free_later(struct rcu_head *h)
{
	kfree(container_of(h, struct inet_socket, rcu));
}

void inet_free(struct inet_socket *s)
{
	assert(!s->claim && !s->listening);
	kfree(s->chooser);
	rcu_call(&s->rcu, free_later);
}

int inet_name_check(const struct inet_socket *s, const struct socket_name *name, struct inet_end *out)
{
	bool six = s->base.family == AF_INET6;

	if (six && name->length >= sizeof(struct sockaddr_in) && name->family == AF_INET)
		six = false; /* one of IPv4 will do as well */
	else if (name->length < (six ? SIN6_LENGTH_LEAST : sizeof(struct sockaddr_in)))
		return -EINVAL;
	if (name->family != (six ? AF_INET6 : AF_INET))
		return -EAFNOSUPPORT;
	inet_end_read(out, name);
	if (s->base.family == AF_INET6 && inet_is4(&out->addr) && inet_has(s, INET_ONLY6))
		return -ENETUNREACH;
	return 0;
}

/* bind(2) is stricter: the socket's own family, but for an AF_UNSPEC that says "any". */
static int bind_name_check(const struct inet_socket *s, const struct socket_name *name, struct inet_end *out)
{
	bool six = s->base.family == AF_INET6;
	bool any = !six && name->family == AF_UNSPEC;

	if (name->length < (six ? SIN6_LENGTH_LEAST : sizeof(struct sockaddr_in)))
		return -EINVAL;
	if (name->family != s->base.family && !any)
		return -EAFNOSUPPORT;
	inet_end_read(out, name);
	if (any && !inet_is_any(&out->addr))
		return -EAFNOSUPPORT;
	if (six && inet_is4(&out->addr) && inet_has(s, INET_ONLY6))
		return -EINVAL;
	if (six && s->base.type == SOCK_STREAM && inet_is_multicast(&out->addr))
		return -EINVAL;
	if (!inet_may_bind(&out->addr, s->device) && !inet_has(s, INET_FREEBIND | INET_TRANSPARENT))
		return -EADDRNOTAVAIL;
	return out->port && out->port < PORT_UNPRIVILEGED && !cred_capable(cred_current(), CAP_NET_BIND_SERVICE) ?
		       -EACCES : 0;
}

/* The socket is locked. */
static int bind_locked(struct inet_socket *s, const struct inet_end *to, struct inet_claim **fresh)
{
	int error = 0;

	if (s->state != TCP_CLOSED || s->claim || s->port_bound)
		return -EINVAL;
	if (to->port || !inet_has(s, INET_LATE_PORT))
		error = port_take(s, &to->addr, to->port, fresh);
	if (error)
		return error;
	s->local.addr = to->addr;
	s->local.scope = to->scope;
	s->local.port = s->claim ? s->claim->port : 0;
	s->addr_bound = !inet_is_any(&to->addr);
	s->port_bound = to->port;
	return 0;
}

int inet_bind(struct socket *base, const struct socket_name *name)
{
	struct inet_socket *s = inet_of(base);
	struct inet_claim *fresh;
	struct inet_end to;
	int error = bind_name_check(s, name, &to);

	if (error)
		return error;
	fresh = port_claim_create();
	if (!fresh)
		return -ENOMEM;
	spin_lock(&base->lock);
	error = bind_locked(s, &to, &fresh);
	spin_unlock(&base->lock);
	kfree(fresh);
	return error;
}

int inet_bind_any(struct inet_socket *s)
{
	struct inet_claim *fresh;
	int error = 0;

	if (READ_ONCE(s->claim))
		return 0;
	fresh = port_claim_create();
	if (!fresh)
		return -ENOMEM;
	spin_lock(&s->base.lock);
	if (!s->claim) {
		error = port_take(s, &s->local.addr, 0, &fresh);
		s->local.port = error ? 0 : s->claim->port;
	}
	spin_unlock(&s->base.lock);
	kfree(fresh);
	return error ? -EAGAIN : 0;
}

int inet_get_name(struct socket *base, bool peer, struct socket_name *out)
{
	struct inet_socket *s = inet_of(base);
	struct inet_end end;
	bool connected;

	spin_lock(&base->lock);
	end = peer ? s->remote : s->local;
	connected = s->remote.port && s->state != TCP_CLOSED && s->state != TCP_SYN_SENT && s->state != TCP_LISTENING;
	spin_unlock(&base->lock);
	if (peer && !connected)
		return -ENOTCONN;
	inet_end_show(&end, base->family, out);
	return 0;
}

/* The interfaces' commands are the socket layer's; routes and neighbours cannot be changed. */
int64_t inet_ioctl(struct socket *s, unsigned command, uint64_t argument)
{
	return -ENOTTY;
}
