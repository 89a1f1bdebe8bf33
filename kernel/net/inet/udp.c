/* SPDX-License-Identifier: MIT */
/*
 * net/inet/udp.c: datagrams (udp(7)): the sockets, and how they come and go.
 *
 * A datagram is made by its sender with nothing locked and put into the queue of
 * whoever has the port: found in the table of ports under RCU, and counted while the
 * queue is locked. A queue that is full loses it, and nobody hears of that. One for a
 * port that nobody has comes back as an error (the ICMP message of a real network):
 * for a socket that is connected to that port, or one that asked for IP_RECVERR,
 * which finds the datagram in its queue of errors, too.
 *
 * A message is taken out of the queue first and copied with nothing held; what does
 * not fit is lost.
 *
 * UDP-Lite is the same with ports of its own; how much of a datagram its checksum covers
 * is kept and shown.
 *
 * Not done: gathering of segments (UDP_GRO), checksums (there is nothing
 * that could be wrong), fragments.
 */
#include "net/inet/udp.h"
#include "hal/usercopy.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include <asm/ioctls.h>
#include <linux/sockios.h>

#define READABLE (EPOLLIN | EPOLLRDNORM)
#define WRITABLE (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)

static const struct socket_ops udp_ops;

void udp_init(struct udp_socket *u, const struct socket_ops *ops, int family, int type, int protocol, struct port_table *ports)
{
	inet_init(&u->inet, ops, family, type, protocol);
	u->inet.ports = ports;
	list_init(&u->queue);
	list_init(&u->errors);
	list_init(&u->members);
	list_init(&u->parts);
}

int udp_create(int family, int protocol, struct socket **out)
{
	struct udp_socket *u = kzalloc(sizeof(*u), ALLOC_KERNEL);

	if (!u)
		return -ENOMEM;
	udp_init(u, &udp_ops, family, SOCK_DGRAM, protocol, protocol == IPPROTO_UDP ? &udp_ports : &udplite_ports);
	*out = &u->inet.base;
	return 0;
}

void udp_destroy(struct socket *s)
{
	struct udp_socket *u = udp_of(s);

	assert(list_empty(&u->members));
	inet_free(&u->inet);
}

void udp_packet_put(struct udp_packet *p)
{
	if (!atomic_dec_and_test(&p->refs))
		return;
	bytes_free_more(&p->bytes);
	kfree(p);
}

static void drop_all(struct list *packets)
{
	struct list *e;

	while ((e = list_pop_first(packets)) != NULL)
		udp_packet_put(list_entry(e, struct udp_packet, link));
}

/* Who found it by its port may still put something into its queue, which then goes with it. */
void udp_release(struct socket *s)
{
	struct udp_socket *u = udp_of(s);
	struct list left = LIST_INIT(left);

	udp_leave_all(u);
	udp_cork_drop(u);
	spin_lock(&s->lock);
	atomic_store(&s->file, (struct file *)NULL);
	port_release(&u->inet);
	WRITE_ONCE(s->shutdown, SHUTDOWN_BOTH);
	u->dead = true;
	list_splice_tail(&u->queue, &left);
	list_splice_tail(&u->errors, &left);
	spin_unlock(&s->lock);
	drop_all(&left);
	socket_wake_all(s);
	socket_put(s);
}

int udp_shutdown(struct socket *s, unsigned how)
{
	bool connected = READ_ONCE(inet_of(s)->state) == TCP_ESTABLISHED;

	spin_lock(&s->lock);
	WRITE_ONCE(s->shutdown, s->shutdown | how);
	spin_unlock(&s->lock);
	socket_wake_all(s);
	return connected ? 0 : -ENOTCONN;
}

/* Locked. To AF_UNSPEC: as before connect(2). */
static void disconnect(struct inet_socket *s)
{
	struct inet_addr any = s->base.family == AF_INET ? inet_addr4(0) : (struct inet_addr){ .word = { 0 } };

	WRITE_ONCE(s->state, (uint8_t)TCP_CLOSED);
	WRITE_ONCE(s->remote.port, 0);
	s->remote.addr = any;
	if (!s->port_bound)
		port_release(s);
	if (!s->addr_bound)
		s->local.addr = s->claim ? s->claim->addr : any;
	if (!s->claim)
		s->local.port = 0;
}

static int connect_to(struct inet_socket *s, const struct inet_end *to)
{
	struct inet_route route;
	int error = inet_route(&to->addr, s->device ? s->device : s->options.multicast_device, &route);

	if (error)
		return error;
	if (route.kind == ROUTE_BROADCAST && !(atomic_load(&s->base.flags) & SOCKET_BROADCAST))
		return -EACCES;
	SPIN_GUARD(&s->base.lock);
	if (!inet_is_any(&s->local.addr) && inet_is4(&s->local.addr) != inet_is4(&to->addr))
		return -ENETUNREACH;
	if (!s->addr_bound)
		s->local.addr = route.source;
	s->remote.addr = to->addr;
	s->remote.scope = to->scope;
	WRITE_ONCE(s->remote.port, to->port);
	WRITE_ONCE(s->state, (uint8_t)TCP_ESTABLISHED);
	return 0;
}

int udp_connect(struct socket *s, const struct socket_name *name, struct socket **wait_for)
{
	struct inet_socket *i = inet_of(s);
	struct inet_end to;
	int error;

	if (name->length < sizeof(name->family))
		return -EINVAL;
	if (name->family == AF_UNSPEC) {
		SPIN_GUARD(&s->lock);
		disconnect(i);
		return 0;
	}
	error = inet_bind_any(i);
	if (!error)
		error = inet_name_check(i, name, &to);
	if (error)
		return error;
	inet_replace_any(&to.addr);
	return connect_to(i, &to);
}

uint32_t udp_poll(struct socket *s, struct poll_table *pt)
{
	struct udp_socket *u = udp_of(s);
	uint32_t shutdown, events = WRITABLE;

	poll_wait(pt, &s->read_wait);
	poll_wait(pt, &s->write_wait);
	shutdown = READ_ONCE(s->shutdown);
	if (atomic_load(&s->error) || READ_ONCE(u->queued_errors))
		events |= EPOLLERR | (atomic_load(&s->flags) & SOCKET_SELECT_ERRORS ? EPOLLPRI : 0);
	if (shutdown & SHUTDOWN_RECEIVE)
		events |= EPOLLRDHUP | READABLE;
	if (shutdown == SHUTDOWN_BOTH)
		events |= EPOLLHUP;
	if (READ_ONCE(u->queued))
		events |= READABLE;
	return events;
}

static int bytes_waiting(struct udp_socket *u)
{
	SPIN_GUARD(&u->inet.base.lock);
	return list_empty(&u->queue) ? 0 : (int)list_first_entry(&u->queue, struct udp_packet, link)->bytes.length;
}

int64_t udp_ioctl(struct socket *s, unsigned command, uint64_t argument)
{
	int n = 0;

	if (command != FIONREAD && command != SIOCOUTQ)
		return inet_ioctl(s, command, argument);
	if (command == FIONREAD)
		n = bytes_waiting(udp_of(s));
	return copy_to_user(argument, &n, sizeof(n));
}

static bool always(struct socket *s, struct socket *target)
{
	return true;
}

static const struct socket_ops udp_ops = {
	.bind = inet_bind, .get_name = inet_get_name,
	.connect = udp_connect, .send = udp_send, .receive = udp_receive, .may_send = always,
	.shutdown = udp_shutdown, .poll = udp_poll, .may_peek = udp_may_peek, .ioctl = udp_ioctl,
	.get_option = udp_get_option, .set_option = udp_set_option,
	.release = udp_release, .destroy = udp_destroy,
};
