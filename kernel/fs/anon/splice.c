/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/splice.c: splice(2), tee(2), vmsplice(2): moving data between pipes and
 * files, without a byte being lost on the way.
 *
 * From pipe to pipe pages change hands, or are shown by both: such a page is
 * marked shared in both rings, and nobody writes to it again. From a file bytes
 * are read straight into pages that then join the ring; slots for them are
 * reserved first, so that what was read has its place. To a file bytes are written
 * straight from the ring; meanwhile they are claimed, which holds off other
 * readers, and what the file did not take stays where it is. Neither holds the
 * pipe's lock while the file works.
 *
 * Memory given by vmsplice(2) is copied.
 */
#include "fs/anon/pipe.h"
#include "fs/internal.h"
#include "lib/errno.h"
#include "mem/frame.h"
#include <linux/fcntl.h>

#define ROUND_PAGES 16 /* what one round moves at most */

bool file_is_pipe(const struct file *f)
{
	return f->ops == &fifo_file_ops;
}

static void lock_two(struct pipe *a, struct pipe *b)
{
	mutex_lock(a < b ? &a->lock : &b->lock);
	mutex_lock_ordered(a < b ? &b->lock : &a->lock);
}

static void unlock_two(struct pipe *a, struct pipe *b)
{
	mutex_unlock(a < b ? &b->lock : &a->lock);
	mutex_unlock(a < b ? &a->lock : &b->lock);
}

/* The first len bytes of one slot become a slot of another pipe, which has room. Both locked. */
static void slot_show(struct pipe_slot *s, struct pipe *to, uint32_t len, bool keep)
{
	struct pipe_slot *d = pipe_slot_at(to, to->head);

	if (keep) {
		page_get(s->page);
		s->shared = true;
	}
	*d = *s;
	d->len = len;
	to->bytes += len;
	WRITE_ONCE(to->head, to->head + 1);
}

/* Moves what is there and has room, or with tee lets both show it. Bytes. Both locked. */
static size_t move_slots(struct pipe *from, struct pipe *to, size_t n, bool tee)
{
	size_t left = n;

	for (uint32_t i = from->tail; left && i != from->head && !pipe_full(to); i++) {
		struct pipe_slot *s = pipe_slot_at(from, i);
		uint32_t part = (uint32_t)min_t(size_t, s->len, left);

		slot_show(s, to, part, tee || part < s->len);
		left -= part;
		if (tee)
			continue;
		from->bytes -= part;
		s->offset += part;
		s->len -= part;
		if (!s->len)
			WRITE_ONCE(from->tail, from->tail + 1); /* the page has gone over */
	}
	return n - left;
}

/* One try. Bytes; 0: end of file; -EPIPE; -EAGAIN with *blocked: the pipe that must change first. Both locked. */
static ssize_t try_move(struct pipe *from, struct pipe *to, size_t n, bool tee, struct pipe **blocked)
{
	*blocked = from;
	if (!pipe_may_read(from))
		return -EAGAIN;
	if (!to->readers)
		return -EPIPE;
	if (pipe_empty(from))
		return 0;
	*blocked = to;
	if (pipe_full(to))
		return -EAGAIN;
	return (ssize_t)move_slots(from, to, n, tee);
}

ssize_t pipe_move(struct file *from_file, struct file *to_file, size_t n, bool nowait, bool tee)
{
	struct pipe *from = from_file->data, *to = to_file->data, *blocked;
	ssize_t moved;
	int error;

	if (from == to)
		return -EINVAL;
	nowait |= (from_file->flags | to_file->flags) & O_NONBLOCK;
	for (;;) {
		lock_two(from, to);
		moved = try_move(from, to, n, tee, &blocked);
		unlock_two(from, to);
		if (moved != -EAGAIN)
			break;
		error = blocked == from ? pipe_wait_readable(from, nowait) : pipe_wait_room(to, 1, nowait);
		if (error)
			return error;
	}
	pipe_wake(from);
	pipe_wake(to);
	return moved;
}

/* Keeps up to want slots free. Their number; -EPIPE, -EAGAIN, -ERESTARTSYS. */
static int slots_reserve(struct pipe *p, unsigned want, bool nowait)
{
	for (;;) {
		unsigned n = 0;
		bool broken;
		int error;

		mutex_lock(&p->lock);
		broken = !p->readers;
		if (!broken && !pipe_full(p)) {
			n = min(want, p->slots - (p->head - p->tail) - p->reserved);
			WRITE_ONCE(p->reserved, p->reserved + n);
		}
		mutex_unlock(&p->lock);
		if (broken)
			return -EPIPE;
		if (n)
			return (int)n;
		error = pipe_wait_room(p, 1, nowait);
		if (error)
			return error;
	}
}

/* The reservation ends; bytes in the pages join the ring, which takes those pages over. */
static void slots_fill(struct pipe *p, unsigned reserved, struct page **page, size_t bytes)
{
	mutex_lock(&p->lock);
	WRITE_ONCE(p->reserved, p->reserved - reserved);
	p->bytes += bytes;
	for (; bytes; page++) {
		uint32_t part = (uint32_t)min_t(size_t, bytes, PAGE_SIZE);

		*pipe_slot_at(p, p->head) = (struct pipe_slot){ .page = *page, .len = part };
		WRITE_ONCE(p->head, p->head + 1);
		*page = NULL;
		bytes -= part;
	}
	mutex_unlock(&p->lock);
	pipe_wake(p);
}

/* One round from a file into a pipe. Bytes, 0: end of file, -errno. */
static ssize_t fill_some(struct file *from, loff_t *position, struct pipe *p, size_t n, bool nowait)
{
	struct page *page[ROUND_PAGES];
	unsigned pages = 0;
	struct iter to;
	ssize_t got = -ENOMEM;
	int reserved = slots_reserve(p, (unsigned)min_t(size_t, div_round_up(n, PAGE_SIZE), ROUND_PAGES), nowait);

	if (reserved < 0)
		return reserved;
	while (pages < (unsigned)reserved && (page[pages] = frame_alloc(0, ALLOC_KERNEL)))
		pages++;
	if (pages) {
		iter_init_pages(&to, page, 0, min(n, pages * PAGE_SIZE), false);
		got = file_read(from, &to, position);
	}
	slots_fill(p, (unsigned)reserved, page, got > 0 ? (size_t)got : 0);
	while (pages)
		if (page[--pages])
			page_put(page[pages]);
	return got;
}

static ssize_t file_to_pipe(struct file *from, loff_t *position, struct file *to, size_t n, bool nowait)
{
	size_t done = 0;
	ssize_t got = 0;

	nowait |= to->flags & O_NONBLOCK;
	do { /* once it moved something it does not wait */
		got = fill_some(from, position, to->data, n - done, nowait || done);
		if (got <= 0)
			break;
		done += (size_t)got;
	} while (done < n && !(from->mode & FILE_STREAM));
	return done ? (ssize_t)done : got;
}

/* Claims up to n bytes at the tail, as segments. Their sum; 0: end of file; -EAGAIN, -ERESTARTSYS. */
static ssize_t claim(struct pipe *p, struct iter_segment *s, unsigned *count, size_t n, bool nowait)
{
	size_t sum = 0;

	for (;;) {
		int error;

		mutex_lock(&p->lock);
		if (pipe_may_read(p))
			break;
		mutex_unlock(&p->lock);
		error = pipe_wait_readable(p, nowait);
		if (error)
			return error;
	}
	*count = 0;
	for (uint32_t i = p->tail; i != p->head && *count < ROUND_PAGES && sum < n; i++) {
		const struct pipe_slot *slot = pipe_slot_at(p, i);
		size_t part = min_t(size_t, slot->len, n - sum);

		s[(*count)++] = (struct iter_segment){ (uint64_t)page_address(slot->page) + slot->offset, part };
		sum += part;
	}
	WRITE_ONCE(p->claimed, sum > 0);
	mutex_unlock(&p->lock);
	return (ssize_t)sum;
}

/* The claim ends: so many bytes of it are gone. */
static void consume(struct pipe *p, size_t bytes)
{
	mutex_lock(&p->lock);
	while (bytes) {
		struct pipe_slot *s = pipe_slot_at(p, p->tail);
		uint32_t part = (uint32_t)min_t(size_t, bytes, s->len);

		s->offset += part;
		s->len -= part;
		p->bytes -= part;
		bytes -= part;
		if (!s->len)
			pipe_drop_slot(p, s);
	}
	WRITE_ONCE(p->claimed, false);
	mutex_unlock(&p->lock);
	waitq_wake_all(&p->read_wait); /* also those whom the claim turned away */
	pipe_wake(p);
}

/* One round from a pipe into a file. */
static ssize_t drain_some(struct pipe *p, struct file *to, loff_t *position, size_t n, bool nowait)
{
	struct iter_segment segment[ROUND_PAGES];
	struct iter from;
	unsigned count = 0;
	ssize_t put, got = claim(p, segment, &count, n, nowait);

	if (got <= 0)
		return got;
	iter_init_segments(&from, ITER_KERNEL, segment, count, (size_t)got, true);
	put = file_write(to, &from, position);
	consume(p, put > 0 ? (size_t)put : 0);
	return put;
}

static ssize_t pipe_to_file(struct file *from, struct file *to, loff_t *position, size_t n, bool nowait)
{
	size_t done = 0;
	ssize_t put = 0;

	nowait |= from->flags & O_NONBLOCK;
	do {
		put = drain_some(from->data, to, position, n - done, nowait || done);
		if (put <= 0)
			break;
		done += (size_t)put;
	} while (done < n && !thread_killed());
	return done ? (ssize_t)done : put;
}

ssize_t file_splice(struct file *from, loff_t *from_position, struct file *to, loff_t *to_position, size_t n,
		    bool nowait)
{
	if (file_is_pipe(from) && file_is_pipe(to))
		return pipe_move(from, to, n, nowait, false);
	if (file_is_pipe(from))
		return pipe_to_file(from, to, to_position, n, nowait);
	return file_to_pipe(from, from_position, to, n, nowait);
}

ssize_t pipe_write_some(struct file *f, struct iter *from, bool nowait)
{
	struct io io = { .file = f, .flags = IO_NOWAIT };

	for (;;) {
		ssize_t n = pipe_write(&io, from);

		if (n != -EAGAIN)
			return n;
		n = pipe_wait_room(f->data, 1, nowait);
		if (n)
			return n;
	}
}

ssize_t pipe_read_some(struct file *f, struct iter *to, bool nowait)
{
	struct io io = { .file = f, .flags = nowait ? IO_NOWAIT : 0 };

	return pipe_read(&io, to);
}
