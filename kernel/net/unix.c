/* SPDX-License-Identifier: MIT */
/*
 * net/unix.c: sockets between programs of one machine (unix(7)): the two ends, how
 * they come and go.
 *
 * Data. A message is one piece of kernel memory: bytes are copied in by the sender,
 * with no lock held, and out by the receiver; the queue in between is a list at the
 * receiving end. Streams cut what is written into messages and forget their borders
 * when reading; datagrams and packets keep them. A message is charged to the socket
 * that sent it until it is freed, which is what limits a sender; a datagram socket
 * also refuses more than `backlog` messages from those it is not connected to.
 *
 * Connecting makes the other end at once: a socket without a file waits in the
 * listener's queue until accept(2) gives it one, and the first bytes may be in it
 * already. Two ends hold a reference to each other; the file of an end that goes
 * drops its own, and the other end keeps a dead peer until it goes as well.
 *
 * Locks. A socket's spinlock guards its state and its queue; two of them are taken
 * in the order of addresses, a listener before the connections in its queue. Wake-
 * ups happen after it was dropped. Readers of a stream exclude each other by
 * read_lock, a mutex: only they remove messages, so they walk the queue without the
 * spinlock and take it once, to cut off what was read. User memory is faulted in
 * with nothing held.
 */
#include "net/unix.h"
#include "hal/usercopy.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/process.h"
#include <asm/ioctls.h>
#include <asm/socket.h>
#include <linux/sockios.h>

#define DGRAM_BACKLOG 10 /* net.unix.max_dgram_qlen */

#define READABLE (EPOLLIN | EPOLLRDNORM)
#define WRITABLE (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)

static const struct socket_ops stream_ops, dgram_ops, seqpacket_ops;

void unix_who_put(struct unix_who *w)
{
	pid_put(w->pid);
	if (w->cred)
		cred_put(w->cred);
}

void unix_who_set(struct unix_who *w)
{
	struct unix_who old = *w;

	w->pid = process_current()->pid;
	pid_get(w->pid);
	w->cred = cred_get(cred_current());
	unix_who_put(&old);
}

void unix_who_copy(struct unix_who *to, const struct unix_who *from)
{
	*to = *from;
	if (to->pid)
		pid_get(to->pid);
	if (to->cred)
		cred_get(to->cred);
}

/* A peer's queue has room again: tells those who wait to write here. The peer's room_wait is locked. */
static bool relay_wake(struct wait_entry *e, uint64_t key)
{
	struct unix_socket *u = container_of(e, struct unix_socket, relay);

	list_del_init(&e->link);
	waitq_wake_nested(&u->base.write_wait, ~0u, WRITABLE);
	return false;
}

int unix_create(int type, struct unix_socket **out)
{
	struct unix_socket *u = kzalloc(sizeof(*u), ALLOC_KERNEL);

	if (!u)
		return -ENOMEM;
	socket_init(&u->base, type == SOCK_STREAM ? &stream_ops : type == SOCK_DGRAM ? &dgram_ops : &seqpacket_ops,
		    AF_UNIX, type, 0);
	list_init(&u->queue);
	list_init(&u->backlog_link);
	list_init(&u->flying_link);
	list_init(&u->relay.link);
	u->relay.wake = relay_wake;
	u->backlog = DGRAM_BACKLOG;
	mutex_init(&u->read_lock, RANK_SOCKET_READ);
	unix_table_add(u);
	*out = u;
	return 0;
}

static int family_create(int type, int protocol, struct socket **out)
{
	struct unix_socket *u;
	int error;

	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (type == SOCK_RAW)
		type = SOCK_DGRAM;
	if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	error = unix_create(type, &u);
	if (!error) {
		u->base.protocol = protocol;
		*out = &u->base;
	}
	return error;
}

TABLE_ENTRY(socket_families, struct socket_family, unix) = { AF_UNIX, family_create };

static void unix_destroy(struct socket *s)
{
	struct unix_socket *u = unix_of(s);

	assert(u->dead && list_empty(&u->queue) && !u->peer && list_empty(&u->flying_link));
	unix_address_put(u->address);
	unix_who_put(&u->own);
	unix_who_put(&u->other);
	kfree(u);
}

void unix_lock_two(struct unix_socket *a, struct unix_socket *b)
{
	if (a > b) {
		struct unix_socket *t = a;

		a = b;
		b = t;
	}
	spin_lock(&a->base.lock);
	if (a != b)
		spin_lock_ordered(&b->base.lock);
}

void unix_unlock_two(struct unix_socket *a, struct unix_socket *b)
{
	spin_unlock(&a->base.lock);
	if (a != b)
		spin_unlock(&b->base.lock);
}

static bool has_connections(const struct unix_socket *u)
{
	return u->base.type != SOCK_DGRAM;
}

/* u is gone: its peer will neither get more nor get anything through. */
static void end_peer(struct unix_socket *peer, bool unread)
{
	spin_lock(&peer->base.lock);
	WRITE_ONCE(peer->base.shutdown, SHUTDOWN_BOTH);
	if (unread)
		atomic_store(&peer->base.error, ECONNRESET);
	spin_unlock(&peer->base.lock);
	socket_wake_all(&peer->base);
}

/* What was in a queue when its socket ended. */
static void drop_queue(struct list *queue, bool listening)
{
	struct list *e;

	while ((e = list_pop_first(queue)) != NULL) {
		if (listening)
			unix_end(list_entry(e, struct unix_socket, backlog_link), true);
		else
			unix_message_put(list_entry(e, struct unix_message, link));
	}
}

void unix_end(struct unix_socket *u, bool never_accepted)
{
	struct list left = LIST_INIT(left);
	struct unix_socket *peer;
	bool listening;

	unix_table_remove(u);
	spin_lock(&u->base.lock);
	atomic_store(&u->base.file, (struct file *)NULL);
	WRITE_ONCE(u->dead, true);
	WRITE_ONCE(u->base.shutdown, SHUTDOWN_BOTH);
	listening = u->state == UNIX_LISTENING;
	list_splice_tail(&u->queue, &left);
	u->queued = 0;
	u->urgent = NULL;
	peer = u->peer;
	u->peer = NULL;
	spin_unlock(&u->base.lock);
	if (peer)
		waitq_remove(&peer->base.room_wait, &u->relay);
	socket_wake_all(&u->base);
	if (peer && has_connections(u))
		end_peer(peer, never_accepted || !list_empty(&left));
	unix_put(peer);
	drop_queue(&left, listening);
	if (u->path.dentry)
		path_put(&u->path);
	unix_put(u);
}

static void unix_release(struct socket *s)
{
	unix_end(unix_of(s), false);
	collect_start();
}

static int unix_shutdown(struct socket *s, unsigned how)
{
	struct unix_socket *u = unix_of(s), *peer;

	spin_lock(&s->lock);
	WRITE_ONCE(s->shutdown, s->shutdown | how);
	peer = has_connections(u) ? u->peer : NULL;
	if (peer)
		unix_get(peer);
	spin_unlock(&s->lock);
	socket_wake_all(s);
	if (!peer)
		return 0;
	how = (how & SHUTDOWN_RECEIVE ? SHUTDOWN_SEND : 0) | (how & SHUTDOWN_SEND ? SHUTDOWN_RECEIVE : 0);
	spin_lock(&peer->base.lock);
	WRITE_ONCE(peer->base.shutdown, peer->base.shutdown | how);
	spin_unlock(&peer->base.lock);
	socket_wake_all(&peer->base);
	unix_put(peer);
	return 0;
}

int unix_pair(struct socket *sa, struct socket *sb)
{
	struct unix_socket *a = unix_of(sa), *b = unix_of(sb);

	unix_get(a);
	unix_get(b);
	a->peer = b;
	b->peer = a;
	unix_who_set(&a->other);
	unix_who_set(&b->other);
	a->state = b->state = UNIX_CONNECTED;
	return 0;
}

static uint32_t unix_poll(struct socket *s, struct poll_table *pt)
{
	struct unix_socket *u = unix_of(s);
	uint32_t shutdown, events = 0;

	poll_wait(pt, &s->read_wait);
	poll_wait(pt, &s->write_wait);
	shutdown = READ_ONCE(s->shutdown);
	if (atomic_load(&s->error))
		events |= EPOLLERR | (s->type != SOCK_STREAM && atomic_load(&s->flags) & SOCKET_SELECT_ERRORS ? EPOLLPRI : 0);
	if (shutdown == SHUTDOWN_BOTH)
		events |= EPOLLHUP;
	if (shutdown & SHUTDOWN_RECEIVE)
		events |= EPOLLRDHUP | READABLE;
	if (READ_ONCE(u->queued))
		events |= READABLE;
	if (unlikely(READ_ONCE(u->urgent)))
		events |= EPOLLPRI;
	if (has_connections(u) && READ_ONCE(u->state) == UNIX_OPEN)
		events |= EPOLLHUP;
	if (READ_ONCE(u->state) != UNIX_LISTENING && unix_has_much_room(u) &&
	    (s->type != SOCK_DGRAM || unix_peer_has_room(u)))
		events |= WRITABLE;
	return events;
}

/* FIONREAD: all there is, but of datagrams the first. */
static int bytes_waiting(struct unix_socket *u)
{
	int n = 0;

	SPIN_GUARD(&u->base.lock);
	if (u->state == UNIX_LISTENING)
		return -EINVAL;
	if (has_connections(u))
		return (int)u->queued_bytes;
	if (u->queued)
		n = (int)list_first_entry(&u->queue, struct unix_message, link)->length;
	return n;
}

static int64_t unix_ioctl(struct socket *s, unsigned command, uint64_t argument)
{
	int n;

	switch (command) {
	case FIONREAD:
		n = bytes_waiting(unix_of(s));
		break;
	case SIOCATMARK:
		n = unix_at_mark(unix_of(s));
		break;
	case SIOCOUTQ:
		n = (int)atomic_load(&s->send_charge);
		break;
	default:
		return -ENOTTY;
	}
	return n < 0 ? n : copy_to_user(argument, &n, sizeof(n));
}

static void get_peer_credentials(struct unix_socket *u, void *value, unsigned *n)
{
	struct ucred c = { 0, UINT32_MAX, UINT32_MAX };

	spin_lock(&u->base.lock);
	if (u->other.pid)
		c = (struct ucred){ (uint32_t)u->other.pid->number, u->other.cred->euid, u->other.cred->egid };
	spin_unlock(&u->base.lock);
	*n = min(*n, (unsigned)sizeof(c));
	memcpy(value, &c, *n);
}

/* SO_PEERGROUPS: all or nothing. */
static int get_peer_groups(struct unix_socket *u, void *value, unsigned *n)
{
	const struct group_list *g;
	unsigned size;

	SPIN_GUARD(&u->base.lock);
	if (!u->other.pid)
		return -ENODATA;
	g = u->other.cred->groups;
	size = g ? g->count * (unsigned)sizeof(g->gid[0]) : 0;
	if (size <= *n && size)
		memcpy(value, g->gid, size);
	size = size <= *n ? size : UINT32_MAX;
	*n = min(size, *n);
	return size == UINT32_MAX ? -ERANGE : 0;
}

static int unix_get_option(struct socket *s, int level, int option, void *value, unsigned *n)
{
	struct unix_socket *u = unix_of(s);
	int listening = READ_ONCE(u->state) == UNIX_LISTENING;

	switch (option) {
	case SO_ACCEPTCONN:
		*n = min(*n, (unsigned)sizeof(listening));
		memcpy(value, &listening, *n);
		return 0;
	case SO_PEERCRED:
		get_peer_credentials(u, value, n);
		return 0;
	case SO_PEERGROUPS:
		return get_peer_groups(u, value, n);
	}
	return -ENOPROTOOPT;
}

#define COMMON_OPS                                                                                   \
	.pair = unix_pair, .bind = unix_bind, .shutdown = unix_shutdown, .get_name = unix_get_name,  \
	.poll = unix_poll, .may_peek = unix_may_peek, .ioctl = unix_ioctl, .get_option = unix_get_option, .may_send = unix_may_send, \
	.release = unix_release, .destroy = unix_destroy

static const struct socket_ops stream_ops = {
	COMMON_OPS,
	.connect = unix_stream_connect, .listen = unix_listen, .accept = unix_accept,
	.send = unix_stream_send, .receive = unix_stream_receive,
};

static const struct socket_ops seqpacket_ops = {
	COMMON_OPS,
	.connect = unix_stream_connect, .listen = unix_listen, .accept = unix_accept,
	.send = unix_seqpacket_send, .receive = unix_seqpacket_receive,
};

static const struct socket_ops dgram_ops = {
	COMMON_OPS,
	.connect = unix_dgram_connect,
	.send = unix_dgram_send, .receive = unix_dgram_receive,
};
