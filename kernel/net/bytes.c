/* SPDX-License-Identifier: MIT */
/* net/bytes.c: memory for the bytes of messages; see net/bytes.h. */
#include "net/bytes.h"
#include "mem/slab.h"

#define ALLOCATION_MAX KiB(32)
/* What a stream takes in one go: whoever waits to read is woken once for a write of that size. */
#define STREAM_MAX KiB(64)

void bytes_free_more(struct bytes *b)
{
	struct bytes_more *next;

	for (struct bytes_more *c = b->more; c; c = next) {
		next = c->next;
		kfree(c);
	}
}

/*
 * How much of so many bytes to allocate at once. Above a page sizes are powers of two: rather
 * two pieces than one of which more than a fifth is empty.
 */
static size_t piece_size(size_t n)
{
	size_t up = PAGE_SIZE;

	if (n <= PAGE_SIZE || n >= ALLOCATION_MAX)
		return min(n, ALLOCATION_MAX);
	while (up < n)
		up *= 2;
	return up - n > up / 5 ? up / 2 : n;
}

static int add_pieces(struct bytes *b, size_t left)
{
	struct bytes_more **tail = &b->more;

	for (; left; tail = &(*tail)->next) {
		size_t size = piece_size(sizeof(**tail) + left) - sizeof(**tail);

		*tail = kmalloc(sizeof(**tail) + size, ALLOC_KERNEL);
		if (!*tail)
			return -ENOMEM;
		(*tail)->next = NULL;
		(*tail)->size = (uint32_t)size;
		left -= size;
	}
	return 0;
}

void *bytes_alloc(size_t head, size_t *n, bool shorten)
{
	size_t fixed = head + sizeof(struct bytes), all = shorten ? min(*n, (size_t)STREAM_MAX) : *n;
	size_t first = piece_size(fixed + all) - fixed;
	struct bytes *b;
	void *p = kmalloc(fixed + first, ALLOC_KERNEL);

	if (!p && shorten && first > PAGE_SIZE - fixed) {
		all = first = PAGE_SIZE - fixed;
		p = kmalloc(fixed + first, ALLOC_KERNEL);
	}
	if (!p)
		return NULL;
	b = (struct bytes *)((char *)p + head);
	*b = (struct bytes){ .length = (uint32_t)all, .room = (uint32_t)first };
	if (all > first && add_pieces(b, all - first)) {
		bytes_free_more(b);
		b->more = NULL;
		b->length = (uint32_t)first;
		all = first;
		if (!shorten) {
			kfree(p);
			return NULL;
		}
	}
	*n = all;
	return p;
}

size_t bytes_taken(const struct bytes *b, size_t head)
{
	size_t sum = kmalloc_size(head + sizeof(*b) + b->room);

	for (const struct bytes_more *c = b->more; c; c = c->next)
		sum += kmalloc_size(sizeof(*c) + c->size);
	return sum;
}

size_t bytes_take(struct bytes *b, struct iter *from)
{
	size_t done = iter_take(from, b->data, b->room), all = b->room;

	for (struct bytes_more *c = b->more; c && done == all; c = c->next) {
		done += iter_take(from, c->data, c->size);
		all += c->size;
	}
	return done;
}

uint8_t bytes_at(const struct bytes *b, size_t offset)
{
	const struct bytes_more *c = b->more;

	if (offset < b->room)
		return b->data[offset];
	for (offset -= b->room; offset >= c->size; c = c->next)
		offset -= c->size;
	return c->data[offset];
}

static size_t copy_run(const uint8_t *data, size_t size, size_t offset, struct iter *to, size_t n, bool never_sleep)
{
	n = min(n, size - offset);
	return never_sleep ? iter_put_atomic(to, data + offset, n) : iter_put(to, data + offset, n);
}

size_t bytes_copy(const struct bytes *b, size_t offset, struct iter *to, size_t n, bool never_sleep)
{
	const struct bytes_more *c = b->more;
	const uint8_t *data = b->data;
	size_t size = b->room, done = 0;

	n = min(n, b->length - offset);
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
