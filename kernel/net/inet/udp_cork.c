/* SPDX-License-Identifier: MIT */
/*
 * net/inet/udp_cork.c: one datagram from several calls (MSG_MORE, UDP_CORK), and several
 * datagrams from one call (UDP_SEGMENT), as udp(7) has them.
 *
 * Parts are copied with nothing locked and put into the socket's list; the first call says
 * where the datagram goes. The socket's lock guards the list; whoever sends the datagram takes
 * all of it out.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "net/inet/header.h"
#include "net/inet/udp.h"

#define SEGMENTS_MAX 128u
#define UDP_HEADER   8u
#define MTU          65536u

struct part {
	struct list link;
	size_t length;
	uint8_t data[];
};

static void drop_parts(struct list *parts)
{
	struct list *e;

	while ((e = list_pop_first(parts)) != NULL)
		kfree(list_entry(e, struct part, link));
}

/* Takes out what there is: who it is for, owned by the caller now, or NULL. */
static struct inet_envelope *take_parts(struct udp_socket *u, struct list *parts, size_t *length)
{
	struct inet_envelope *e;

	SPIN_GUARD(&u->inet.base.lock);
	e = u->corked;
	list_splice_tail(&u->parts, parts);
	*length = u->parts_length;
	WRITE_ONCE(u->corked, NULL);
	u->parts_length = 0;
	return e;
}

void udp_cork_drop(struct udp_socket *u)
{
	struct list parts = LIST_INIT(parts);
	size_t length;

	kfree(take_parts(u, &parts, &length));
	drop_parts(&parts);
}

/* The parts behind each other, as one datagram. */
static int send_parts(struct udp_socket *u, const struct inet_envelope *e, const struct list *parts, size_t length)
{
	uint8_t *data = kmalloc(length + 1, ALLOC_KERNEL);
	struct socket_message m = { .data = NULL };
	struct udp_packet *p;
	struct part *part;
	struct iter it;
	size_t at = 0;
	int error;

	if (!data)
		return -ENOBUFS;
	list_for_each_entry(part, parts, link) {
		memcpy(data + at, part->data, part->length);
		at += part->length;
	}
	iter_init_kernel(&it, data, length, true);
	m.data = &it;
	error = udp_packet_create(&u->inet, &m, e, &p);
	if (!error)
		udp_transmit(u, p, &e->route);
	kfree(data);
	return error;
}

int udp_cork_push(struct udp_socket *u)
{
	struct list parts = LIST_INIT(parts);
	struct inet_envelope *e;
	size_t length;
	int error = 0;

	if (likely(!READ_ONCE(u->corked)))
		return 0;
	e = take_parts(u, &parts, &length);
	if (e)
		error = send_parts(u, e, &parts, length);
	drop_parts(&parts);
	kfree(e);
	return error;
}

/* Adds a part; e: of the first, which is taken over unless it fails. */
static int add_part(struct udp_socket *u, struct part *part, struct inet_envelope *e)
{
	size_t limit;

	SPIN_GUARD(&u->inet.base.lock);
	if (e ? u->corked != NULL : u->corked == NULL)
		return -EINVAL; /* another was faster */
	if (e)
		WRITE_ONCE(u->corked, e);
	limit = inet_is4(&u->corked->to.addr) ? UDP_LENGTH_MAX4 : UDP_LENGTH_MAX6;
	list_add_tail(&part->link, &u->parts);
	u->parts_length += part->length;
	return u->parts_length > limit ? -EMSGSIZE : 0;
}

ssize_t udp_cork_add(struct udp_socket *u, struct socket_message *m, const struct inet_envelope *first, bool more)
{
	size_t n = m->data->count;
	struct part *part = kmalloc(sizeof(*part) + n, ALLOC_KERNEL);
	struct inet_envelope *e = first ? kmalloc(sizeof(*e), ALLOC_KERNEL) : NULL;
	int error = part && (e || !first) ? 0 : -ENOBUFS;

	if (!error && iter_take(m->data, part->data, n) != n)
		error = -EFAULT;
	if (error) {
		kfree(part);
		kfree(e);
		return error;
	}
	part->length = n;
	if (e)
		*e = *first;
	error = add_part(u, part, e);
	if (error == -EINVAL) {
		kfree(part);
		kfree(e);
	} else if (error) {
		udp_cork_drop(u);
	} else if (!more) {
		error = udp_cork_push(u);
	}
	return error ? error : (ssize_t)n;
}

ssize_t udp_send_segments(struct udp_socket *u, struct socket_message *m, const struct inet_envelope *e, unsigned size)
{
	unsigned headers = (inet_is4(&e->to.addr) ? IP4_HEADER : IP6_HEADER) + UDP_HEADER;
	struct list packets = LIST_INIT(packets), *first;
	size_t n = m->data->count;
	int error = headers + size > MTU || n > (size_t)size * SEGMENTS_MAX ? -EINVAL : 0;

	while (!error && m->data->count) {
		struct iter some = *m->data;
		struct socket_message one = { .data = &some };
		struct udp_packet *p;

		iter_truncate(&some, min((size_t)size, some.count));
		error = udp_packet_create(&u->inet, &one, e, &p);
		if (error)
			break;
		iter_advance(m->data, min((size_t)size, m->data->count));
		list_add_tail(&p->link, &packets);
	}
	while ((first = list_pop_first(&packets)) != NULL) {
		struct udp_packet *p = list_entry(first, struct udp_packet, link);

		if (error)
			udp_packet_put(p);
		else
			udp_transmit(u, p, &e->route);
	}
	return error ? error : (ssize_t)n;
}
