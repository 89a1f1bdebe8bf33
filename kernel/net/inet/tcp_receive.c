/* SPDX-License-Identifier: MIT */
/*
 * net/inet/tcp_receive.c: reading from a connection: the queue of chunks, the urgent
 * byte in it, and what to say when there is nothing.
 *
 * The urgent byte has a place in the stream. Reading stops in front of it once, so
 * that a program can ask whether it is at the mark; unless SO_OOBINLINE is set the
 * stream goes on behind it, and MSG_OOB reads it. There is one: a second makes the
 * first an ordinary byte.
 */
#include "lib/errno.h"
#include "mem/slab.h"
#include "net/inet/tcp.h"

static bool inline_urgent(const struct tcp_socket *t)
{
	return atomic_load(&t->inet.base.flags) & SOCKET_OOBINLINE;
}

unsigned tcp_bytes_to_read(struct tcp_socket *t)
{
	uint64_t end = READ_ONCE(t->end_position), at = READ_ONCE(t->read_position);

	if (unlikely(READ_ONCE(t->urgent)) && !inline_urgent(t) && t->urgent_position >= at && t->urgent_position < end) {
		if (t->urgent_position > at)
			end = t->urgent_position;
		else
			at++;
	}
	return (unsigned)min(end - at, (uint64_t)max(atomic_load(&t->inet.base.receive_buffer) / 2, 65536u));
}

bool tcp_at_mark(struct tcp_socket *t)
{
	SPIN_GUARD(&t->inet.base.lock);
	return t->urgent && t->urgent_position == t->read_position;
}

static void chunks_free(struct list *done)
{
	struct list *e;

	while ((e = list_pop_first(done)) != NULL)
		tcp_chunk_free(list_entry(e, struct tcp_chunk, link));
}

void tcp_drop_queue(struct tcp_socket *t)
{
	struct list done = LIST_INIT(done);

	spin_lock(&t->inet.base.lock);
	list_splice_tail(&t->queue, &done);
	atomic_store(&t->queued_charge, 0u);
	WRITE_ONCE(t->read_position, t->end_position);
	WRITE_ONCE(t->urgent, URGENT_NONE);
	spin_unlock(&t->inet.base.lock);
	chunks_free(&done);
}

/* One call's way through the queue. */
struct turn {
	struct list done;      /* chunks read to the end */
	uint64_t at;           /* position in the stream */
	size_t total;          /* bytes for the program */
	bool fault, stop;
};

/* How much of `n` bytes from t->at may be read: up to the urgent byte. It is skipped if it is first. */
static size_t before_urgent(struct tcp_socket *t, struct turn *turn, size_t *offset, size_t n)
{
	uint64_t ahead = t->urgent_position - turn->at;

	if (READ_ONCE(t->urgent) == URGENT_NONE || turn->at > t->urgent_position || ahead >= n)
		return n;
	if (ahead || turn->total) { /* up to it now; the next call begins there */
		turn->stop = true;
		return ahead;
	}
	if (inline_urgent(t))
		return n;
	turn->at++;
	*offset += 1;
	return n - 1;
}

/* Reads from one chunk; false: no further. */
static bool read_chunk(struct tcp_socket *t, struct socket_message *m, struct tcp_chunk *c, struct turn *turn, bool take)
{
	size_t offset = c->consumed, n = c->length - offset, got;

	if (unlikely(READ_ONCE(t->urgent)))
		n = before_urgent(t, turn, &offset, n);
	n = min(n, m->data->count);
	if (unlikely(m->flags & MSG_TRUNC)) {
		iter_advance(m->data, n);
		got = n;
	} else {
		got = bytes_copy(&c->bytes, offset, m->data, n, true);
	}
	turn->fault = got < n;
	turn->total += got;
	turn->at += got;
	if (take)
		c->consumed = (uint32_t)(offset + got);
	return !turn->fault && !turn->stop && m->data->count;
}

/* Takes out what was read to the end. read_lock held. True: a writer may wait for the room. */
static bool cut_queue(struct tcp_socket *t, struct turn *turn)
{
	struct tcp_chunk *c, *next;
	uint32_t charge = 0;

	SPIN_GUARD(&t->inet.base.lock);
	list_for_each_entry_safe(c, next, &t->queue, link) {
		if (c->consumed < c->length)
			break;
		charge += c->charge;
		list_move_tail(&c->link, &turn->done);
	}
	WRITE_ONCE(t->read_position, turn->at);
	if (unlikely(t->urgent) && turn->at > t->urgent_position)
		WRITE_ONCE(t->urgent, URGENT_NONE);
	if (charge)
		atomic_sub(&t->queued_charge, charge);
	return charge;
}

/* The queue is empty: why, and what to say. */
static ssize_t nothing(struct tcp_socket *t)
{
	int error;

	SPIN_GUARD(&t->inet.base.lock);
	if (t->end_position != t->read_position)
		return -EAGAIN; /* it came just now */
	if (t->end_received)
		return 0;
	error = socket_take_error(&t->inet.base);
	if (error)
		return error;
	if (t->inet.base.shutdown & SHUTDOWN_RECEIVE)
		return 0;
	return t->inet.state == TCP_CLOSED ? -ENOTCONN : -EAGAIN;
}

/* Wakes who writes at the other end, when there is plenty of room. */
static void tell_writer(struct tcp_socket *t)
{
	struct tcp_socket *peer = t->peer; /* stays while read_lock is held, and so do we */

	if (peer && waitq_active(&peer->inet.base.write_wait) && tcp_has_room(peer, true))
		waitq_wake_n(&peer->inet.base.write_wait, ~0u, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
}

/* read_lock held. */
static void read_queue(struct tcp_socket *t, struct socket_message *m, struct turn *turn)
{
	bool take = !(m->flags & MSG_PEEK);
	struct tcp_chunk *c;

	turn->at = t->read_position;
	list_for_each_entry_rcu(c, &t->queue, link)
		if (!read_chunk(t, m, c, turn, take))
			break;
	if (take && turn->at != t->read_position && cut_queue(t, turn))
		tell_writer(t);
}

/* recv(2) with MSG_OOB. */
static ssize_t receive_urgent(struct tcp_socket *t, struct socket_message *m)
{
	bool there, closed;
	uint8_t byte;

	spin_lock(&t->inet.base.lock);
	there = t->urgent == URGENT_THERE;
	byte = t->urgent_byte;
	closed = t->inet.state == TCP_CLOSED && !t->end_received;
	if (there && !inline_urgent(t) && !(m->flags & MSG_PEEK) && !closed)
		t->urgent = URGENT_READ;
	spin_unlock(&t->inet.base.lock);
	if (inline_urgent(t) || !there)
		return -EINVAL;
	if (closed)
		return -ENOTCONN;
	m->told |= MSG_OOB;
	m->ended = true;
	if (!m->data->count) {
		m->told |= MSG_TRUNC;
		return 0;
	}
	if (m->flags & MSG_TRUNC)
		return 1;
	return iter_put(m->data, &byte, 1) == 1 ? 1 : -EFAULT;
}

static int fault_in(struct socket_message *m, const struct iter *start, size_t *total)
{
	if (m->flags & MSG_PEEK) { /* what was only looked at is looked at anew */
		iter_restore(m->data, start);
		*total = 0;
		return iter_fault_in(m->data, m->data->count);
	}
	return iter_fault_in(m->data, min(m->data->count, (size_t)PAGE_SIZE));
}

ssize_t tcp_receive(struct socket *s, struct socket_message *m)
{
	struct tcp_socket *t = tcp_of(s);
	struct turn turn = { .done = LIST_INIT(turn.done) };
	struct iter start = *m->data;
	size_t total = 0;
	ssize_t n;

	if (unlikely(tcp_state(t) == TCP_LISTENING))
		return -ENOTCONN;
	if (unlikely(m->flags & MSG_ERRQUEUE)) { /* which is always empty */
		m->flags |= MSG_DONTWAIT;
		return -EAGAIN;
	}
	if (unlikely(m->flags & MSG_OOB))
		return receive_urgent(t, m);
	do {
		turn.total = 0;
		turn.fault = false;
		mutex_lock(&t->read_lock);
		read_queue(t, m, &turn);
		mutex_unlock(&t->read_lock);
		chunks_free(&turn.done);
		total += turn.total;
		n = turn.fault ? fault_in(m, &start, &total) : 0;
	} while (turn.fault && !n && !turn.stop);
	m->ended = turn.stop;
	if (total || n)
		return total ? (ssize_t)total : n;
	return !start.count && tcp_bytes_to_read(t) ? 0 : nothing(t);
}
