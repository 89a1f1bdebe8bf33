/* SPDX-License-Identifier: MIT */
/*
 * net/collect.c: circles of sockets in flight. A program may send a socket over
 * itself and close it, or two over each other: then nobody can receive them any
 * more, and the messages hold the sockets which hold the messages.
 *
 * What could be part of a circle is a socket in flight to which nobody but messages
 * holds a reference: a candidate. Nobody reads from a candidate, for that takes a
 * reference. Of its references those from messages in queues of candidates are
 * struck out. Who has some left can still be received: by way of a socket that is
 * open, or of a message on its way into or out of a queue, in no queue at all. What
 * can be received through those is saved too. The rest is unreachable: the files
 * are taken out of the messages in their queues and dropped, and the sockets go.
 *
 * A file's references and the number of messages that carry it are compared with
 * `lock` held, which everybody takes who launches or lands one: what a reader has
 * taken out of a queue still counts as carried until it has landed, and whoever has
 * landed one waits here before it can be used. Messages put into queues meanwhile
 * do no harm: one not seen strikes nothing out.
 *
 * The search looks at all sockets in flight, and is made by a worker when a socket
 * is closed while there are any. That is rare, and it is not on anybody's way.
 */
#include "lib/errno.h"
#include "net/unix.h"
#include "sched/mutex.h"
#include "sched/work.h"

static struct mutex lock = MUTEX_INIT(lock, RANK_SLEEP_LEAF);
static struct list flying = LIST_INIT(flying); /* lock: sockets in flight */

typedef void visit_fn(struct unix_socket *found, struct list *todo);

static struct unix_socket *unix_of_file(const struct file *f)
{
	struct socket *s = socket_of_file(f);

	return s && s->family == AF_UNIX ? unix_of(s) : NULL;
}

void collect_launch(struct file *f)
{
	struct unix_socket *u = unix_of_file(f);

	MUTEX_GUARD(&lock);
	if (u->flying++ == 0)
		list_add_tail(&u->flying_link, &flying);
}

void collect_land(struct file *f)
{
	struct unix_socket *u = unix_of_file(f);

	MUTEX_GUARD(&lock);
	assert(u->flying);
	if (--u->flying == 0)
		list_del_init(&u->flying_link);
}

/* Calls visit for every candidate in a message of one queue, whose socket is locked. */
static void visit_queue(struct unix_socket *u, visit_fn *visit, struct list *todo)
{
	struct unix_message *m;

	list_for_each_entry(m, &u->queue, link) {
		const struct rights *r = m->control.rights;

		for (unsigned i = 0; r && r->sockets && i < r->count; i++) {
			struct unix_socket *found = unix_of_file(r->file[i]);

			if (found && found->held >= 0)
				visit(found, todo);
		}
	}
}

/* The same for all that can be received through u: from a listener, what its connections have got. */
static void visit_all(struct unix_socket *u, visit_fn *visit, struct list *todo)
{
	struct unix_socket *c;

	SPIN_GUARD(&u->base.lock);
	if (u->state != UNIX_LISTENING) {
		visit_queue(u, visit, todo);
		return;
	}
	list_for_each_entry(c, &u->queue, backlog_link) {
		spin_lock_nested(&c->base.lock);
		visit_queue(c, visit, todo);
		spin_unlock(&c->base.lock);
	}
}

static void strike_out(struct unix_socket *found, struct list *todo)
{
	if (found->held > 0)
		found->held--;
}

static void save(struct unix_socket *found, struct list *todo)
{
	if (!found->reached) {
		found->reached = true;
		list_move_tail(&found->flying_link, todo);
	}
}

/* Finds the candidates: held is the number of messages that carry them, or -1 for the others. */
static void find_candidates(void)
{
	struct unix_socket *u;

	list_for_each_entry(u, &flying, flying_link) {
		const struct file *f = atomic_load(&u->base.file);

		u->held = f && refcount_read(&f->refs) == u->flying ? (long)u->flying : -1;
		u->reached = u->held < 0;
	}
}

/* Moves who can be reached to the end of saved, one after the other. */
static void save_reachable(struct list *saved)
{
	struct unix_socket *u, *next;

	list_for_each_entry_safe(u, next, &flying, flying_link) {
		if (u->held) {
			u->reached = true;
			list_move_tail(&u->flying_link, saved);
		}
	}
	list_for_each_entry(u, saved, flying_link) /* grows while it is walked */
		if (u->held >= 0)
			visit_all(u, save, saved);
}

/* Takes the rights out of one queue, whose socket is locked. */
static void empty_queue(struct unix_socket *u, struct list *garbage)
{
	struct unix_message *m;

	list_for_each_entry(m, &u->queue, link) {
		if (m->control.rights) {
			list_add_tail(&m->control.rights->link, garbage);
			m->control.rights = NULL;
		}
	}
}

static void empty_all(struct unix_socket *u, struct list *garbage)
{
	struct unix_socket *c;

	SPIN_GUARD(&u->base.lock);
	if (u->state != UNIX_LISTENING) {
		empty_queue(u, garbage);
		return;
	}
	list_for_each_entry(c, &u->queue, backlog_link) {
		spin_lock_nested(&c->base.lock);
		empty_queue(c, garbage);
		spin_unlock(&c->base.lock);
	}
}

static void collect(struct work *w)
{
	struct list saved = LIST_INIT(saved), garbage = LIST_INIT(garbage), *next;
	struct unix_socket *u;

	mutex_lock(&lock);
	find_candidates();
	list_for_each_entry(u, &flying, flying_link)
		if (u->held >= 0)
			visit_all(u, strike_out, NULL);
	save_reachable(&saved);
	list_for_each_entry(u, &flying, flying_link)
		empty_all(u, &garbage);
	list_splice_tail(&saved, &flying);
	mutex_unlock(&lock);
	while ((next = list_pop_first(&garbage)) != NULL)
		rights_free(list_entry(next, struct rights, link));
}

static struct work collect_work = { .link = LIST_INIT(collect_work.link), .run = collect };

void collect_start(void)
{
	if (!list_empty(&flying))
		work_queue(&collect_work);
}
