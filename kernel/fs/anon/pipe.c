/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/pipe.c: the data of pipes and FIFOs: a ring of pages (pipe(7)).
 *
 * One mutex guards the ring. It is never held while user memory is faulted in: a
 * copy that stops short ends the turn, the mutex is dropped, the memory touched,
 * and the copy tried again. A page that was emptied is kept for the next write, so
 * that a ping-pong of small messages allocates nothing.
 *
 * Writes of up to PIPE_BUF bytes go in as one: they wait until all of it has room.
 * Sleepers queue exclusively, and one is woken at a time: a reader that leaves
 * data behind, or a writer that leaves room, wakes the next of its kind.
 */
#include "fs/anon/pipe.h"
#include "fs/poll.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/fcntl.h>
#include <linux/limits.h>

#define READABLE (EPOLLIN | EPOLLRDNORM)
#define WRITABLE (EPOLLOUT | EPOLLWRNORM)

uint64_t pipe_soft_pages = 16384, pipe_hard_pages;
static const struct pipe_account_hooks *account_hooks; /* immutable once set */

void pipe_set_account_hooks(const struct pipe_account_hooks *hooks)
{
	account_hooks = hooks;
}

static uint64_t limit_of(uint64_t *setting)
{
	uint64_t limit = atomic_load(setting);

	return limit ? limit : UINT64_MAX;
}

/* As many pages as the user may have, for a new pipe. False: none. */
static bool charge_new(struct pipe *p)
{
	uint64_t soft = limit_of(&pipe_soft_pages), hard = limit_of(&pipe_hard_pages);

	p->slots = p->charged = PIPE_SLOTS;
	if (!account_hooks || account_hooks->charge(&p->account, PIPE_SLOTS, min(soft, hard)))
		return true;
	if (account_hooks->privileged())
		return account_hooks->charge(&p->account, PIPE_SLOTS, UINT64_MAX);
	if (account_hooks->charge(&p->account, PIPE_SLOTS, soft))
		goto refuse; /* over the hard limit only */
	p->slots = p->charged = PIPE_FEW_SLOTS;
	return account_hooks->charge(&p->account, PIPE_FEW_SLOTS, hard);
refuse:
	pipe_uncharge(p, PIPE_SLOTS);
	return false;
}

int pipe_charge(struct pipe *p, uint32_t slots)
{
	uint64_t limit = min(limit_of(&pipe_soft_pages), limit_of(&pipe_hard_pages));
	uint32_t old = READ_ONCE(p->charged);

	if (!p->account)
		return 0;
	/* Less is always allowed; and the old ring's pages, which go, are not in the way. */
	if (slots <= old || account_hooks->privileged())
		limit = UINT64_MAX;
	else if (limit <= UINT64_MAX - old)
		limit += old;
	return account_hooks->charge(&p->account, slots, limit) ? 0 : -EPERM;
}

void pipe_uncharge(struct pipe *p, uint32_t slots)
{
	if (p->account)
		account_hooks->uncharge(p->account, slots);
}

struct pipe *pipe_create(void)
{
	struct pipe *p = kzalloc(sizeof(*p), ALLOC_KERNEL);

	if (!p)
		return NULL;
	if (!charge_new(p)) {
		kfree(p);
		return NULL;
	}
	p->slot = kcalloc(p->slots, sizeof(p->slot[0]), ALLOC_KERNEL);
	if (!p->slot) {
		pipe_uncharge(p, p->charged);
		kfree(p);
		return NULL;
	}
	mutex_init(&p->lock, RANK_PIPE);
	waitq_init(&p->read_wait);
	waitq_init(&p->write_wait);
	waitq_init(&p->open_wait);
	return p;
}

void pipe_destroy(struct pipe *p)
{
	for (; p->tail != p->head; p->tail++)
		page_put(p->slot[p->tail & (p->slots - 1)].page);
	for (unsigned i = 0; i < PIPE_SPARES; i++)
		if (p->spare[i])
			page_put(p->spare[i]);
	pipe_uncharge(p, p->charged);
	kfree(p->slot);
	kfree(p);
}

static struct page *page_take(struct pipe *p)
{
	for (unsigned i = 0; i < PIPE_SPARES; i++) {
		struct page *page = p->spare[i];

		if (page) {
			p->spare[i] = NULL;
			return page;
		}
	}
	return frame_alloc(0, ALLOC_NOFS);
}

static void page_give(struct pipe *p, struct page *page)
{
	for (unsigned i = 0; i < PIPE_SPARES; i++)
		if (!p->spare[i]) {
			p->spare[i] = page;
			return;
		}
	page_put(page);
}

/* The newest page, if bytes may be added behind what is in it. */
static struct pipe_slot *mergeable(struct pipe *p, bool packet)
{
	struct pipe_slot *s;

	if (packet || p->head == p->tail)
		return NULL;
	s = pipe_slot_at(p, p->head - 1);
	return !s->packet && !s->shared && s->offset + s->len < PAGE_SIZE ? s : NULL;
}

static size_t pipe_room(struct pipe *p, bool packet)
{
	struct pipe_slot *s = mergeable(p, packet);

	return (size_t)(p->slots - (p->head - p->tail) - p->reserved) * PAGE_SIZE + (s ? PAGE_SIZE - s->offset - s->len : 0);
}

/* Copies into a page of the ring, a new one if need be. Bytes; 0: fault in first; -ENOMEM. */
static ssize_t fill_slot(struct pipe *p, struct iter *from, bool packet)
{
	struct pipe_slot *s = mergeable(p, packet);
	bool fresh = !s;
	size_t done;

	if (fresh) {
		struct page *page = page_take(p);

		if (!page)
			return -ENOMEM;
		s = pipe_slot_at(p, p->head);
		*s = (struct pipe_slot){ .page = page, .packet = packet };
	}
	done = iter_take_atomic(from, (uint8_t *)page_address(s->page) + s->offset + s->len,
				min(from->count, PAGE_SIZE - s->offset - s->len));
	s->len += (uint32_t)done;
	p->bytes += done;
	if (fresh && done)
		WRITE_ONCE(p->head, p->head + 1);
	else if (fresh)
		page_give(p, s->page);
	return (ssize_t)done;
}

/*
 * Writes what fits now. Bytes; -EAGAIN: no room; -EFAULT: memory must be faulted in;
 * -EPIPE, -ENOMEM. A short write that is to be atomic is taken back when its copy stops.
 */
static ssize_t write_some(struct pipe *p, struct iter *from, bool packet)
{
	struct iter start = *from;
	bool atomic = from->count <= PIPE_BUF;
	size_t done = 0, want = from->count;
	ssize_t n = 1;

	if (!p->readers)
		return -EPIPE;
	if (pipe_room(p, packet) < (atomic ? want : 1))
		return -EAGAIN;
	while (from->count && pipe_room(p, packet)) {
		n = fill_slot(p, from, packet);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (atomic && done < want && done) { /* one or two pages: shorten or drop them again */
		struct pipe_slot *s = pipe_slot_at(p, p->head - 1);
		uint32_t last = (uint32_t)min_t(size_t, s->len, done);

		s->len -= last;
		p->bytes -= done;
		if (last < done)
			pipe_slot_at(p, p->head - 2)->len -= (uint32_t)(done - last);
		if (!s->len) {
			WRITE_ONCE(p->head, p->head - 1);
			page_give(p, s->page);
		}
		iter_restore(from, &start);
		done = 0;
	}
	if (done)
		return (ssize_t)done;
	return n < 0 ? n : -EFAULT;
}

int pipe_wait_room(struct pipe *p, size_t bytes, bool nowait)
{
	int error;

	if (nowait)
		return -EAGAIN;
	error = wait_event_interruptible_exclusive(&p->write_wait,
						   !READ_ONCE(p->readers) || pipe_room(p, true) >= bytes);
	if (error && !pipe_full(p))
		waitq_wake_key(&p->write_wait, WRITABLE); /* our wake-up may have been meant for another */
	return error;
}

/* What is to be done about a turn that moved nothing. 0: try again. */
static int wait_writable(struct pipe *p, unsigned flags, int error, struct iter *from)
{
	if (error == -EFAULT)
		return iter_fault_in(from, min(from->count, (size_t)PAGE_SIZE));
	if (error != -EAGAIN)
		return error;
	return pipe_wait_room(p, from->count <= PIPE_BUF ? from->count : 1, flags & IO_NOWAIT);
}

ssize_t pipe_write(struct io *io, struct iter *from)
{
	struct pipe *p = io->file->data;
	bool packet = io->file->flags & O_DIRECT, room;
	size_t total = 0;
	ssize_t n = 0;

	while (from->count) {
		bool was_empty;

		mutex_lock(&p->lock);
		was_empty = p->head == p->tail;
		n = write_some(p, from, packet);
		room = !pipe_full(p);
		mutex_unlock(&p->lock);
		if (n > 0) {
			total += (size_t)n;
			if (was_empty || waitq_active(&p->read_wait))
				waitq_wake_key(&p->read_wait, READABLE);
			if (room && from->count == 0 && waitq_active(&p->write_wait))
				waitq_wake_key(&p->write_wait, WRITABLE);
			continue;
		}
		n = wait_writable(p, io->flags, (int)n, from);
		if (n)
			break;
	}
	if (total)
		inode_touch(io->file->inode, ATTR_MTIME | ATTR_CTIME);
	return total ? (ssize_t)total : n;
}

void pipe_drop_slot(struct pipe *p, struct pipe_slot *s)
{
	p->bytes -= s->len;
	if (s->shared)
		page_put(s->page);
	else
		page_give(p, s->page);
	WRITE_ONCE(p->tail, p->tail + 1);
}

/* Reads what is there. Bytes; 0: end of file; -EAGAIN: nothing yet. *fault: it stopped at memory to be faulted in. */
static ssize_t read_some(struct pipe *p, struct iter *to, bool *fault)
{
	size_t total = 0;

	*fault = false;
	while (to->count && p->head != p->tail && !p->claimed) {
		struct pipe_slot *s = pipe_slot_at(p, p->tail);
		size_t want = min(to->count, (size_t)s->len);
		size_t done = iter_put_atomic(to, (uint8_t *)page_address(s->page) + s->offset, want);
		bool packet = s->packet;

		s->offset += (uint32_t)done;
		s->len -= (uint32_t)done;
		p->bytes -= done;
		total += done;
		*fault = done < want;
		if (*fault)
			return (ssize_t)total;
		if (!s->len || packet)
			pipe_drop_slot(p, s);
		if (packet)
			break;
	}
	if (total || !to->count)
		return (ssize_t)total;
	return pipe_may_read(p) ? 0 : -EAGAIN;
}

int pipe_wait_readable(struct pipe *p, bool nowait)
{
	int error;

	if (nowait)
		return -EAGAIN;
	error = wait_event_interruptible_exclusive(&p->read_wait, pipe_may_read(p));
	if (error && !pipe_empty(p))
		waitq_wake_key(&p->read_wait, READABLE);
	return error;
}

void pipe_wake(struct pipe *p)
{
	if (pipe_may_read(p) && waitq_active(&p->read_wait))
		waitq_wake_key(&p->read_wait, READABLE);
	if (!pipe_full(p) && waitq_active(&p->write_wait))
		waitq_wake_key(&p->write_wait, WRITABLE);
}

/* Until something was read, and all of it if memory had to be faulted in between. */
static ssize_t read_turns(struct pipe *p, struct io *io, struct iter *to, bool *more)
{
	size_t total = 0;
	bool fault;

	for (;;) {
		int error = 0;
		ssize_t n;

		mutex_lock(&p->lock);
		n = read_some(p, to, &fault);
		*more = p->head != p->tail;
		mutex_unlock(&p->lock);
		total += n > 0 ? (size_t)n : 0;
		if (fault)
			error = iter_fault_in(to, min(to->count, (size_t)PAGE_SIZE));
		else if (n >= 0 || total)
			return (ssize_t)total;
		else
			error = pipe_wait_readable(p, io->flags & IO_NOWAIT);
		if (error)
			return total ? (ssize_t)total : error;
	}
}

ssize_t pipe_read(struct io *io, struct iter *to)
{
	struct pipe *p = io->file->data;
	bool more = false;
	ssize_t n;

	if (!to->count)
		return 0;
	n = read_turns(p, io, to, &more);
	if (n > 0 && waitq_active(&p->write_wait))
		waitq_wake_key(&p->write_wait, WRITABLE);
	if (more && waitq_active(&p->read_wait))
		waitq_wake_key(&p->read_wait, READABLE);
	if (n > 0)
		file_touch_access(io->file);
	return n;
}
