/* SPDX-License-Identifier: MIT */
/* net/bytes.c: memory for the bytes of messages; see net/bytes.h. */
#include "net/bytes.h"
#include "lib/errno.h"
#include "mem/slab.h"

#define ALLOCATION_MAX KiB(32)

void bytes_free_more(struct bytes *b)
{
	struct bytes_more *next;

	for (struct bytes_more *c = b->more; c; c = next) {
		next = c->next;
		kfree(c);
	}
}

static int add_pieces(struct bytes *b, size_t left)
{
	struct bytes_more **tail = &b->more;

	for (; left; tail = &(*tail)->next) {
		size_t size = min(left, ALLOCATION_MAX - sizeof(**tail));

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
	size_t fixed = head + sizeof(struct bytes), first = min(*n, ALLOCATION_MAX - fixed);
	struct bytes *b;
	void *p = kmalloc(fixed + first, ALLOC_KERNEL);

	if (!p && shorten && first > PAGE_SIZE - fixed) {
		first = PAGE_SIZE - fixed;
		p = kmalloc(fixed + first, ALLOC_KERNEL);
	}
	if (!p)
		return NULL;
	b = (struct bytes *)((char *)p + head);
	*n = shorten ? first : *n;
	*b = (struct bytes){ .length = (uint32_t)*n, .room = (uint32_t)first };
	if (*n > first && add_pieces(b, *n - first)) {
		bytes_free_more(b);
		kfree(p);
		return NULL;
	}
	return p;
}

int bytes_fill(struct bytes *b, struct iter *from)
{
	if (iter_take(from, b->data, b->room) != b->room)
		return -EFAULT;
	for (struct bytes_more *c = b->more; c; c = c->next)
		if (iter_take(from, c->data, c->size) != c->size)
			return -EFAULT;
	return 0;
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
