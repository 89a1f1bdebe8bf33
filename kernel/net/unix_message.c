/* SPDX-License-Identifier: MIT */
/*
 * net/unix_message.c: messages: memory, bytes, and what goes along with them.
 *
 * A message is its head with the bytes right behind it, in one allocation; only a
 * datagram of more than MESSAGE_MAX hangs further chunks on it. Where a stream finds
 * no memory for so many bytes at once, it makes do with a page.
 */
#include "lib/errno.h"
#include "mem/slab.h"
#include "net/unix.h"
#include "proc/process.h"

#define ALLOCATION_MAX KiB(32)
#define MESSAGE_MAX    (ALLOCATION_MAX - sizeof(struct unix_message))
#define MESSAGE_SMALL  (PAGE_SIZE - sizeof(struct unix_message))
#define CHUNK_MAX      (ALLOCATION_MAX - sizeof(struct unix_chunk))

static void message_free(struct unix_message *m)
{
	struct unix_chunk *next;

	for (struct unix_chunk *c = m->more; c; c = next) {
		next = c->next;
		kfree(c);
	}
	kfree(m);
}

/* A message with room for *n bytes; a stream may get fewer. NULL when out. */
static struct unix_message *message_alloc(size_t *n, bool stream)
{
	size_t first = min(*n, MESSAGE_MAX), left = *n - first;
	struct unix_message *m = kmalloc(sizeof(*m) + first, ALLOC_KERNEL);
	struct unix_chunk **tail;

	if (stream && (m || first <= MESSAGE_SMALL)) {
		left = 0;
	} else if (stream) {
		first = MESSAGE_SMALL;
		left = 0;
		m = kmalloc(sizeof(*m) + first, ALLOC_KERNEL);
	}
	if (!m)
		return NULL;
	*m = (struct unix_message){ .refs = 1, .room = (uint32_t)first };
	*n = first + left;
	m->length = (uint32_t)*n;
	for (tail = &m->more; left; tail = &(*tail)->next) {
		size_t size = min(left, CHUNK_MAX);

		*tail = kmalloc(sizeof(**tail) + size, ALLOC_KERNEL);
		if (!*tail) {
			message_free(m);
			return NULL;
		}
		(*tail)->next = NULL;
		(*tail)->size = (uint32_t)size;
		left -= size;
	}
	return m;
}

static int message_fill(struct unix_message *m, struct iter *from)
{
	if (iter_take(from, m->data, m->room) != m->room)
		return -EFAULT;
	for (struct unix_chunk *c = m->more; c; c = c->next)
		if (iter_take(from, c->data, c->size) != c->size)
			return -EFAULT;
	return 0;
}

int unix_message_create(struct unix_socket *u, struct iter *from, size_t n, struct control *c,
			struct unix_message **out)
{
	struct unix_message *m = message_alloc(&n, u->base.type == SOCK_STREAM);
	struct iter start = *from;
	int error;

	if (!m)
		return -ENOMEM;
	error = message_fill(m, from);
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
	m->charge = (uint32_t)(sizeof(*m) + n);
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
	if (unlikely(m->control.rights || m->control.pid))
		control_free(&m->control);
	atomic_sub(&u->base.send_charge, m->charge);
	if (unix_has_much_room(u) && waitq_active(&u->base.write_wait))
		waitq_wake_n(&u->base.write_wait, ~0u, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	unix_put(u);
	message_free(m);
}

/* One run of bytes of the message: those from offset on that lie in `size` bytes at data. */
static size_t copy_run(const uint8_t *data, size_t size, size_t offset, struct iter *to, size_t n, bool never_sleep)
{
	n = min(n, size - offset);
	return never_sleep ? iter_put_atomic(to, data + offset, n) : iter_put(to, data + offset, n);
}

size_t unix_message_copy(const struct unix_message *m, size_t offset, struct iter *to, size_t n, bool never_sleep)
{
	const struct unix_chunk *c = m->more;
	const uint8_t *data = m->data;
	size_t size = m->room, done = 0;

	n = min(n, m->length - offset);
	while (done < n) {
		size_t want = offset < size ? min(n - done, size - offset) : 0;
		size_t got = want ? copy_run(data, size, offset, to, want, never_sleep) : 0;

		done += got;
		if (got < want || done == n)
			break;
		offset = offset + want - size;
		data = c->data;
		size = c->size;
		c = c->next;
	}
	return done;
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
