/* SPDX-License-Identifier: MIT */
/*
 * net/inet/walk.c: going over the tables of ports and connections. The members of a
 * bucket are counted under its lock, and looked at without it.
 */
#include "net/inet/walk.h"
#include "base/random.h"
#include "lib/errno.h"
#include "lib/hash.h"
#include "mem/slab.h"
#include "net/inet/raw.h"
#include "net/inet/tcp.h"

/* A number that differs from that of all others, and tells no address. */
static uint64_t cookie_of(const void *p)
{
	static uint64_t seed; /* atomic: 0: none yet */
	uint64_t none = 0;

	if (unlikely(!atomic_load(&seed)))
		atomic_compare_exchange(&seed, &none, random_u64() | 1);
	return hash_ptr(p, atomic_load(&seed));
}

/* What every socket has. Locked. */
static void describe(struct inet_shown *out, struct inet_socket *s)
{
	struct file *f = s->base.file;

	*out = (struct inet_shown){
		.family = s->base.family,
		.state = s->state,
		.local = s->local,
		.remote = s->remote,
		.uid = s->uid,
		.inode = f ? f->inode->ino : 0,
		.cookie = cookie_of(s),
		.refs = refcount_read(&s->base.refs) - 1,
		.device = s->device,
		.only6 = inet_has(s, INET_ONLY6),
		.socket = s,
	};
}

static int show_tcp(struct tcp_socket *t, inet_show *show, void *arg)
{
	struct inet_shown out;

	spin_lock(&t->inet.base.lock);
	describe(&out, &t->inet);
	if (t->inet.state == TCP_LISTENING) {
		out.receive_queue = t->accepting_count;
		out.send_queue = t->backlog;
	}
	spin_unlock(&t->inet.base.lock);
	if (out.state != TCP_LISTENING) {
		out.receive_queue = tcp_bytes_to_read(t);
		out.send_queue = tcp_bytes_to_send(t);
	}
	return out.state == TCP_CLOSED ? 0 : show(&out, arg);
}

static int show_waiting(const struct tcp_connection *c, inet_show *show, void *arg)
{
	struct inet_shown out = { .family = c->family, .state = atomic_load(&c->state), .local = c->local,
				  .remote = c->remote, .time_left = connection_time_left(c),
				  .cookie = cookie_of(c), .refs = 2 };

	return show(&out, arg);
}

static int show_udp(struct udp_socket *u, inet_show *show, void *arg)
{
	struct inet_shown out;

	spin_lock(&u->inet.base.lock);
	describe(&out, &u->inet);
	out.receive_queue = u->queued_charge;
	out.drops = u->drops;
	spin_unlock(&u->inet.base.lock);
	return show(&out, arg);
}

/* Sockets found by the ports of a bucket. */
static int walk_ports(struct port_table *table, unsigned bucket, inet_show *show, void *arg)
{
	unsigned n = port_list(table, bucket, NULL, 0), found;
	struct inet_socket **v;
	int error = 0;

	if (!n)
		return 0;
	v = kcalloc(n, sizeof(*v), ALLOC_KERNEL);
	if (!v)
		return -ENOMEM;
	found = port_list(table, bucket, v, n);
	for (unsigned i = 0; i < found; i++) {
		if (!error && table == &tcp_ports)
			error = show_tcp(container_of(v[i], struct tcp_socket, inet), show, arg);
		else if (!error)
			error = show_udp(container_of(v[i], struct udp_socket, inet), show, arg);
		socket_put(&v[i]->base);
	}
	kfree(v);
	return error;
}

static int walk_connections(unsigned bucket, inet_show *show, void *arg)
{
	unsigned n = connection_list(bucket, NULL, NULL, 0), found;
	struct tcp_connection **v;
	struct tcp_socket **owner;
	int error = 0;

	if (!n)
		return 0;
	v = kcalloc(2 * n, sizeof(*v), ALLOC_KERNEL);
	if (!v)
		return -ENOMEM;
	owner = (struct tcp_socket **)(v + n);
	found = min(connection_list(bucket, v, owner, n), n);
	for (unsigned i = 0; i < found; i++) {
		if (!error && owner[i])
			error = show_tcp(owner[i], show, arg);
		else if (!error)
			error = show_waiting(v[i], show, arg);
		tcp_put(owner[i]);
		connection_put(v[i]);
	}
	kfree(v);
	return error;
}

static int walk_table(struct port_table *table, inet_show *show, void *arg)
{
	int error = 0;

	for (unsigned i = 0; i < PORT_BUCKETS && !error; i++)
		error = walk_ports(table, i, show, arg);
	return error;
}

int tcp_walk(inet_show *show, void *arg)
{
	int error = walk_table(&tcp_ports, show, arg);

	for (unsigned i = 0; i < CONNECTION_BUCKETS && !error; i++)
		error = walk_connections(i, show, arg);
	return error;
}

int udp_walk(inet_show *show, void *arg)
{
	return walk_table(&udp_ports, show, arg);
}

int udplite_walk(inet_show *show, void *arg)
{
	return walk_table(&udplite_ports, show, arg);
}

int raw_walk(inet_show *show, void *arg)
{
	return walk_table(&raw_ports, show, arg);
}
