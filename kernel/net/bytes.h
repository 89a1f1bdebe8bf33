/* SPDX-License-Identifier: MIT */
/*
 * net/bytes.h: the bytes of a message: they stand behind its head, in one allocation
 * with it; what would make that too large hangs on it in further pieces. Whoever owns
 * the head owns them; no locks.
 *
 *   struct head { …; struct bytes bytes; };   last
 *   size_t n = 70000;
 *   struct head *h = bytes_alloc(offsetof(struct head, bytes), &n, false);
 */
#ifndef NET_BYTES_H
#define NET_BYTES_H

#include "lib/errno.h"
#include "vm/iter.h"

struct bytes_more {
	struct bytes_more *next;
	uint32_t size;               /* bytes in it */
	uint8_t data[];
};

struct bytes {
	struct bytes_more *more;
	uint32_t length;             /* of all */
	uint32_t room;               /* of those here */
	uint8_t data[];
};

/*
 * A head of that many bytes, not initialised, and room for *n behind it. shorten: *n may
 * come back smaller, but not 0, when it is more than 64 KiB or memory is short. NULL when
 * out. May sleep.
 */
void *bytes_alloc(size_t head, size_t *n, bool shorten);
/* The memory that bytes_alloc(head) took for them, to be charged to whoever sent them. */
size_t bytes_taken(const struct bytes *b, size_t head);
/* Frees the pieces; the head is its owner's to free. */
void bytes_free_more(struct bytes *b);
/* Fills them in, from the first on: how many there were. May sleep. */
size_t bytes_take(struct bytes *b, struct iter *from);
/* The same, all or nothing: 0 or -EFAULT. */
static inline int bytes_fill(struct bytes *b, struct iter *from)
{
	return bytes_take(b, from) == b->length ? 0 : -EFAULT;
}
/* The one at an offset. */
uint8_t bytes_at(const struct bytes *b, size_t offset);
/* Up to n bytes from offset on. never_sleep: stops at memory that is not there. */
size_t bytes_copy(const struct bytes *b, size_t offset, struct iter *to, size_t n, bool never_sleep);

#endif
