/* SPDX-License-Identifier: MIT */
/*
 * net/unix_connect.c: listening, connecting, accepting, for streams and packets.
 * A connection is made whole by connect(2): both ends exist and know each other
 * when it returns. accept(2) only gives the far end a file.
 */
#include "lib/errno.h"
#include "net/unix.h"

int unix_listen(struct socket *s, unsigned backlog)
{
	struct unix_socket *u = unix_of(s);
	struct unix_who who = { .pid = NULL };
	int error = -EINVAL;

	unix_who_set(&who);
	spin_lock(&s->lock);
	if (u->address && u->state != UNIX_CONNECTED) {
		struct unix_who old = u->own;

		WRITE_ONCE(u->state, UNIX_LISTENING);
		WRITE_ONCE(u->backlog, backlog);
		u->own = who;
		who = old;
		error = 0;
	}
	spin_unlock(&s->lock);
	unix_who_put(&who);
	waitq_wake_all(&s->room_wait);
	return error;
}

/* May u be connected to `to`? Both are locked. */
static int may_connect(const struct unix_socket *u, const struct unix_socket *to)
{
	if (to->dead || to->state != UNIX_LISTENING || to->base.shutdown & SHUTDOWN_RECEIVE)
		return -ECONNREFUSED;
	if (unix_full(to))
		return -EAGAIN;
	return u->state == UNIX_CONNECTED ? -EISCONN : u->state == UNIX_LISTENING ? -EINVAL : 0;
}

/* u and far are the two ends; far goes to the listener's queue. u and the listener are locked. */
static void connect_ends(struct unix_socket *u, struct unix_socket *far, struct unix_socket *to)
{
	unix_get(u);
	far->peer = u;
	far->address = to->address;
	refcount_get(&far->address->refs);
	far->state = UNIX_CONNECTED;
	unix_who_copy(&u->other, &to->own);
	unix_get(far);
	atomic_store_release(&u->peer, far);
	WRITE_ONCE(u->state, UNIX_CONNECTED);
	list_add_tail(&far->backlog_link, &to->queue);
	WRITE_ONCE(to->queued, to->queued + 1);
}

int unix_stream_connect(struct socket *s, const struct socket_name *name, struct socket **wait_for)
{
	struct unix_socket *u = unix_of(s), *to, *far;
	int error = unix_name_check(name);

	if (!error && atomic_load(&s->flags) & SOCKET_PASSCRED)
		error = unix_bind_any(u);
	if (!error)
		error = unix_find(name, s->type, &to);
	if (error)
		return error;
	error = unix_create(s->type, &far);
	if (error) {
		unix_put(to);
		return error;
	}
	unix_who_set(&far->other);
	unix_lock_two(u, to);
	error = may_connect(u, to);
	if (!error)
		connect_ends(u, far, to);
	unix_unlock_two(u, to);
	if (error)
		unix_end(far, false);
	else
		waitq_wake_key(&to->base.read_wait, EPOLLIN | EPOLLRDNORM);
	if (error == -EAGAIN)
		*wait_for = &to->base;
	else
		unix_put(to);
	if (!error)
		waitq_wake_all(&s->write_wait);
	return error;
}

int unix_accept(struct socket *s, struct socket **out)
{
	struct unix_socket *u = unix_of(s);
	struct list *first;

	spin_lock(&s->lock);
	if (u->state != UNIX_LISTENING || (s->shutdown & SHUTDOWN_RECEIVE && !u->queued)) {
		spin_unlock(&s->lock);
		return -EINVAL;
	}
	first = list_pop_first(&u->queue);
	if (first)
		WRITE_ONCE(u->queued, u->queued - 1);
	spin_unlock(&s->lock);
	if (!first)
		return -EAGAIN;
	waitq_wake_key(&s->room_wait, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	*out = &list_entry(first, struct unix_socket, backlog_link)->base;
	atomic_or(&(*out)->flags, atomic_load(&s->flags) & SOCKET_PASSCRED);
	return 0;
}
