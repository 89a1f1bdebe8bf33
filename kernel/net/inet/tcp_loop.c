/* SPDX-License-Identifier: MIT */
/*
 * net/inet/tcp_loop.c: both ends on this machine: the transport that joins two
 * sockets directly. What a segment would do at the other end is done there at once.
 *
 * Who finds a listener's queue full knocks: it stays in SYN_SENT, in the listener's
 * list, until accept(2) lets it in, the listener goes, or its time is over. A socket
 * in that list is counted by it, and counts the listener; its timer counts it, too.
 */
#include "hal/clock.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include "net/inet/tcp.h"
#include "proc/process.h"
#include <linux/if.h>

#define SYN_COUNT     6        /* net.ipv4.tcp_syn_retries */
#define LOOP_SEND_MAX 2626560u /* what Linux lets a loopback connection's send buffer grow to */

#define READABLE (EPOLLIN | EPOLLRDNORM | EPOLLRDHUP)

/* The whole time that Linux would try again for: 1, 2, 4 ... seconds. */
static nsec_t knock_time(const struct tcp_socket *t)
{
	int count = atomic_load(&t->options.syn_count), limit = atomic_load(&t->options.user_timeout);

	if (limit)
		return (nsec_t)limit * 1000000;
	return ((2LL << (count ? count : SYN_COUNT)) - 1) * NSEC_PER_SEC;
}

void tcp_loop_fire(struct timer *timer)
{
	work_queue(&container_of(timer, struct tcp_socket, give_up)->gave_up);
}

void tcp_loop_gave_up(struct work *w)
{
	struct tcp_socket *t = container_of(w, struct tcp_socket, gave_up);

	tcp_loop_leave(t);
	tcp_connect_failed(t, ETIMEDOUT);
	tcp_put(t);
}

static void stop_timer(struct tcp_socket *t)
{
	if (timer_cancel(&t->give_up))
		tcp_put(t);
}

/* Takes back what t knows of its listener, which it counts no more. Counted by the caller now, or NULL. */
static struct tcp_socket *take_listener(struct tcp_socket *t)
{
	struct tcp_socket *l;

	SPIN_GUARD(&t->inet.base.lock);
	l = t->listener;
	t->listener = NULL;
	return l;
}

void tcp_loop_leave(struct tcp_socket *t)
{
	struct tcp_socket *l = take_listener(t);
	bool listed;

	stop_timer(t);
	if (!l)
		return;
	spin_lock(&l->inet.base.lock);
	listed = !list_empty(&t->link);
	list_del_init(&t->link);
	spin_unlock(&l->inet.base.lock);
	if (listed)
		tcp_put(t);
	tcp_put(l);
}

static void start_timer(struct tcp_socket *t)
{
	tcp_get(t);
	timer_arm(&t->give_up, clock_now() + knock_time(t), NSEC_PER_SEC / 100);
}

/* Both locked. */
static void knock(struct tcp_socket *t, struct tcp_socket *l)
{
	tcp_get(t);
	tcp_get(l);
	t->listener = l;
	list_add_tail(&t->link, &l->knocking);
	start_timer(t);
	net_count(listen_overflows, 1);
}

static void grow_buffer(struct tcp_socket *t)
{
	if (!(atomic_load(&t->inet.base.flags) & SOCKET_SEND_FIXED))
		atomic_store(&t->inet.base.send_buffer, LOOP_SEND_MAX);
}

/* The far end, before anybody can see it. t and l are locked. */
static void child_fill(struct tcp_socket *child, const struct tcp_socket *t, const struct tcp_socket *l)
{
	tcp_inherit(child, l);
	child->transport = &tcp_loopback;
	child->inet.local = t->inet.remote;
	child->inet.remote = t->inet.local;
	child->inet.claim = l->inet.claim;
	child->inet.device = l->inet.device;
	child->inet.uid = l->inet.uid;
	child->inet.port_bound = true;
	child->inet.addr_bound = true;
	child->accepted = true;
	child->phase = PHASE_CONNECTED;
	child->connection->local = child->inet.local;
	child->connection->remote = child->inet.remote;
	child->connection->uid = l->inet.uid;
	grow_buffer(child);
}

/* t, in SYN_SENT, and child become the two ends; t and l are locked. */
static int join(struct tcp_socket *t, struct tcp_socket *child, struct tcp_socket *l)
{
	child_fill(child, t, l);
	if (connection_insert(child->connection, false))
		return -ECONNREFUSED;
	port_claim_get(child->inet.claim);
	tcp_get(t);
	child->peer = t;
	tcp_get(child);
	rcu_assign(t->peer, child);
	tcp_begin(child);
	tcp_set_state(t, TCP_ESTABLISHED);
	grow_buffer(t);
	list_add_tail(&child->link, &l->accepting);
	WRITE_ONCE(l->accepting_count, l->accepting_count + 1);
	net_count(tcp_passive, 1);
	net_count(tcp_segments, 3);
	net_count(packets, 3);
	net_count(bytes, 3 * 66);
	return 0;
}

/* One that was never joined. */
static void child_drop(struct tcp_socket *child)
{
	connection_put(child->connection);
	child->connection = NULL;
	child->inet.claim = NULL;
	child->dead = true;
	tcp_put(child);
}

/* 0: joined, or knocks, or somebody else settled it. */
static int try_join(struct tcp_socket *t, struct tcp_socket *l, struct tcp_socket *child)
{
	bool joined = false;
	int error = 0;

	tcp_lock_two(t, l);
	if (l->inet.state != TCP_LISTENING) {
		error = -ECONNREFUSED;
	} else if (t->inet.state == TCP_SYN_SENT && l->accepting_count > l->backlog) {
		knock(t, l);
	} else if (t->inet.state == TCP_SYN_SENT) {
		error = join(t, child, l);
		joined = !error;
	}
	tcp_unlock_two(t, l);
	if (!joined)
		child_drop(child);
	else
		waitq_wake_key(&l->inet.base.read_wait, EPOLLIN | EPOLLRDNORM);
	if (joined && waitq_active(&t->inet.base.write_wait))
		waitq_wake_n(&t->inet.base.write_wait, ~0u, EPOLLOUT | EPOLLWRNORM);
	return error;
}

static int child_create(const struct tcp_socket *l, struct tcp_socket **out)
{
	int error = tcp_create_socket(l->inet.base.family, out);

	if (error)
		return error;
	(*out)->connection = connection_create(*out);
	if ((*out)->connection)
		return 0;
	(*out)->dead = true;
	tcp_put(*out);
	return -ENOMEM;
}

static int knock_or_join(struct tcp_socket *t, struct tcp_socket *l)
{
	struct tcp_socket *child;
	int error = child_create(l, &child);

	return error ? error : try_join(t, l, child);
}

static int loop_connect(struct tcp_socket *t)
{
	struct inet_socket *found;
	int error;

	net_count(tcp_active, 1);
	if (unlikely(!(atomic_load(&net_loopback.flags) & IFF_UP))) { /* nobody answers */
		start_timer(t);
		return 0;
	}
	found = port_find(&tcp_ports, &t->inet.remote, &t->inet.local, net_loopback.index, NULL);
	error = found ? knock_or_join(t, container_of(found, struct tcp_socket, inet)) : -ECONNREFUSED;
	if (found)
		socket_put(&found->base);
	if (error)
		tcp_connect_failed(t, -error);
	return error == -ECONNREFUSED ? 0 : error;
}

/* The first who knocks, out of the list and counted by the caller; NULL if there is nobody, or no room. */
static struct tcp_socket *next_to_let_in(struct tcp_socket *l)
{
	struct list *e;

	SPIN_GUARD(&l->inet.base.lock);
	if (l->accepting_count > l->backlog)
		return NULL;
	e = list_pop_first(&l->knocking);
	return e ? list_entry(e, struct tcp_socket, link) : NULL;
}

void tcp_loop_let_in(struct tcp_socket *l)
{
	struct tcp_socket *t = next_to_let_in(l);
	int error;

	if (!t)
		return;
	tcp_put(take_listener(t));
	stop_timer(t);
	error = knock_or_join(t, l);
	if (error)
		tcp_connect_failed(t, -error);
	tcp_put(t);
}

bool tcp_loop_refuse(struct tcp_socket *l)
{
	struct tcp_socket *t;
	struct list *e;

	spin_lock(&l->inet.base.lock);
	e = list_pop_first(&l->knocking);
	spin_unlock(&l->inet.base.lock);
	if (!e)
		return false;
	t = list_entry(e, struct tcp_socket, link);
	tcp_put(take_listener(t));
	stop_timer(t);
	tcp_connect_failed(t, ECONNREFUSED);
	tcp_put(t);
	return true;
}

/* The connection is void at both ends, which are locked. The far end hears of it if `told`. */
static void void_both(struct tcp_socket *t, struct tcp_socket *peer, int error, bool told)
{
	if (tcp_state_in(peer, TCP_JOINED))
		tcp_set_closed(peer, !told ? 0 : peer->inet.state == TCP_CLOSE_WAIT ? EPIPE : ECONNRESET);
	if (tcp_state_in(t, TCP_JOINED))
		tcp_set_closed(t, error);
}

static void loop_void(struct tcp_socket *t, int error, bool told)
{
	struct tcp_socket *peer = tcp_peer_get(t);

	if (!peer)
		return;
	tcp_lock_two(t, peer);
	void_both(t, peer, error, told);
	tcp_unlock_two(t, peer);
	net_count(tcp_reset, 1);
	socket_wake_all(&t->inet.base);
	socket_wake_all(&peer->inet.base);
	tcp_put(peer);
}

static void loop_reset(struct tcp_socket *t)
{
	loop_void(t, 0, true);
}

static void loop_finish(struct tcp_socket *t)
{
	struct tcp_socket *peer = tcp_peer_get(t);

	if (!peer)
		return;
	tcp_lock_two(t, peer);
	if (t->inet.state == TCP_ESTABLISHED) {
		tcp_set_state(t, TCP_FIN_WAIT2);
		tcp_set_state(peer, TCP_CLOSE_WAIT);
		WRITE_ONCE(peer->end_received, true);
		WRITE_ONCE(peer->inet.base.shutdown, peer->inet.base.shutdown | SHUTDOWN_RECEIVE);
	} else if (t->inet.state == TCP_CLOSE_WAIT) {
		tcp_set_closed(t, 0);
		WRITE_ONCE(peer->end_received, true);
		tcp_set_waiting(peer, TCP_TIME_WAIT);
		net_count(time_waits, 1);
	}
	tcp_unlock_two(t, peer);
	net_count(tcp_segments, 2);
	net_count(packets, 2);
	net_count(bytes, 2 * 66);
	socket_wake_all(&t->inet.base);
	socket_wake_all(&peer->inet.base);
	tcp_put(peer);
}

/* A byte out of band. The owner's file, counted, who gets SIGURG; or NULL. Locked. */
static struct file *mark_urgent(struct tcp_socket *to, const struct tcp_chunk *c)
{
	struct file *f = to->inet.base.file;

	to->urgent_byte = bytes_at(&c->bytes, c->length - 1);
	to->urgent_position = to->end_position - 1;
	WRITE_ONCE(to->urgent, URGENT_THERE);
	return f && refcount_get_unless_zero(&f->refs) ? f : NULL;
}

enum delivery { DELIVERED, IGNORED, REFUSED };

static enum delivery put_chunk(struct tcp_socket *to, struct tcp_chunk *c, struct file **urgent)
{
	SPIN_GUARD(&to->inet.base.lock);
	if (unlikely(to->dead || !tcp_state_in(to, TCP_JOINED)))
		return to->dead ? REFUSED : IGNORED;
	if (unlikely(to->inet.state == TCP_FIN_WAIT2 && to->inet.base.shutdown & SHUTDOWN_RECEIVE))
		return REFUSED;
	list_add_tail(&c->link, &to->queue);
	WRITE_ONCE(to->end_position, to->end_position + c->length);
	atomic_add(&to->queued_charge, c->charge);
	if (unlikely(c->urgent))
		*urgent = mark_urgent(to, c);
	return DELIVERED;
}

static void loop_send(struct tcp_socket *t, struct tcp_chunk *c)
{
	struct tcp_socket *peer = tcp_peer_get(t);
	enum delivery result = IGNORED;
	struct file *urgent = NULL;
	bool marked = c->urgent;

	if (likely(peer))
		result = put_chunk(peer, c, &urgent);
	if (likely(result == DELIVERED)) {
		if (waitq_active(&peer->inet.base.read_wait))
			waitq_wake_key(&peer->inet.base.read_wait, READABLE | (marked ? EPOLLPRI : 0));
	} else {
		tcp_chunk_free(c);
		if (result == REFUSED)
			loop_void(t, tcp_state(t) == TCP_CLOSE_WAIT ? EPIPE : ECONNRESET, true);
	}
	if (unlikely(urgent)) {
		sigio_send_urgent(urgent);
		file_put(urgent);
	}
	tcp_put(peer);
}

const struct tcp_transport tcp_loopback = {
	.connect = loop_connect,
	.send = loop_send,
	.finish = loop_finish,
	.reset = loop_reset,
};
