/* SPDX-License-Identifier: MIT */
/*
 * net/unix_message.c: messages: memory, bytes, and what goes along with them.
 *
 * A message is its head with the bytes right behind it (net/bytes.h). Where a stream
 * finds no memory for so many bytes at once, it makes do with a page.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "net/unix.h"
#include "proc/process.h"

static void message_free(struct unix_message *m)
{
	bytes_free_more(&m->bytes);
	kfree(m);
}

/* A message with room for *n bytes; a stream may get fewer. NULL when out. */
static struct unix_message *message_alloc(size_t *n, bool stream)
{
	struct unix_message *m = bytes_alloc(offsetof(struct unix_message, bytes), n, stream);

	if (!m)
		return NULL;
	memset(m, 0, offsetof(struct unix_message, bytes));
	m->refs = 1;
	m->length = (uint32_t)*n;
	return m;
}

int unix_message_create(struct unix_socket *u, struct iter *from, size_t n, struct control *c,
			struct unix_message **out)
{
	struct unix_message *m = message_alloc(&n, u->base.type == SOCK_STREAM);
	struct iter start = *from;
	int error;

	if (!m)
		return -ENOMEM;
	error = bytes_fill(&m->bytes, from);
	if (!error && c && c->rights)
		error = rights_launch(c->rights);
	if (error) {
		iter_restore(from, &start);
		message_free(m);
		return error;
	}
	if (c) {
		m->control = *c;
		*c = (struct control){ .rights = NULL };
	}
	m->charge = (uint32_t)bytes_taken(&m->bytes, offsetof(struct unix_message, bytes));
	m->sender = u;
	unix_get(u);
	atomic_add(&u->base.send_charge, m->charge);
	*out = m;
	return 0;
}

void unix_message_put(struct unix_message *m)
{
	struct unix_socket *u = m->sender;

	if (!atomic_dec_and_test(&m->refs))
		return;
	if (unlikely(m->control.rights || m->control.pid || m->control.extra))
		control_free(&m->control);
	atomic_sub(&u->base.send_charge, m->charge);
	if (unix_has_much_room(u) && waitq_active(&u->base.write_wait))
		waitq_wake_n(&u->base.write_wait, ~0u, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	unix_put(u);
	message_free(m);
}

size_t unix_message_copy(const struct unix_message *m, size_t offset, struct iter *to, size_t n, bool never_sleep)
{
	return bytes_copy(&m->bytes, offset, to, n, never_sleep);
}

void unix_message_sign(struct unix_message *m, const struct unix_socket *from, const struct unix_socket *to)
{
	if (m->control.credentials)
		return;
	if (unlikely((atomic_load(&from->base.flags) | atomic_load(&to->base.flags)) & SOCKET_PASSCRED) ||
	    !atomic_load(&to->base.file))
		control_set_own(&m->control);
}

/* A copy of what m carries, for who only peeks. Another reader may take the original meanwhile: then NULL. */
static struct rights *peek_rights(struct unix_message *m, struct unix_socket *reader)
{
	struct rights *copy = rights_grow(NULL, RIGHTS_MAX), *r;

	if (!copy)
		return NULL;
	spin_lock(&reader->base.lock);
	r = m->control.rights;
	for (unsigned i = 0; r && i < r->count; i++) {
		file_get(r->file[i]);
		copy->file[copy->count++] = r->file[i];
	}
	spin_unlock(&reader->base.lock);
	if (copy->count)
		return copy;
	rights_free(copy);
	return NULL;
}

/* Takes what m carries out of it: it has arrived. NULL if another reader was faster. */
static struct rights *take_rights(struct unix_message *m, struct unix_socket *reader)
{
	struct rights *r;

	spin_lock(&reader->base.lock);
	r = m->control.rights;
	m->control.rights = NULL;
	spin_unlock(&reader->base.lock);
	if (r)
		rights_land(r);
	return r;
}

void unix_message_take_control(struct unix_message *m, struct unix_socket *reader, struct socket_message *to)
{
	struct control *c = to->control;

	if (m->control.credentials && !c->credentials) {
		pid_get(m->control.pid);
		c->pid = m->control.pid;
		c->uid = m->control.uid;
		c->gid = m->control.gid;
		c->credentials = true;
	}
	if (unlikely(READ_ONCE(m->control.rights)) && !c->rights)
		c->rights = to->flags & MSG_PEEK ? peek_rights(m, reader) : take_rights(m, reader);
}
