/* SPDX-License-Identifier: MIT */
/*
 * A ring of bytes in memory that the caller supplies, a power of two long.
 * Both positions run on freely and are cut down to the size when used, so
 * that full and empty differ. One writer and one reader may work at the same
 * time without a lock (an interrupt handler and a thread, say); several of a
 * kind need a lock among themselves.
 */
#ifndef LIB_RING_H
#define LIB_RING_H

#include "lib/atomic.h"
#include "lib/string.h"
#include "lib/types.h"

struct ring {
	uint8_t *data; /* immutable */
	uint32_t size; /* immutable; a power of two */
	uint32_t head; /* atomic; where the writer goes on; only it changes this */
	uint32_t tail; /* atomic; where the reader goes on; only it changes this */
};

static inline void ring_init(struct ring *r, void *data, uint32_t size)
{
	r->data = data;
	r->size = size;
	r->head = 0;
	r->tail = 0;
}

static inline uint32_t ring_used(const struct ring *r)
{
	return atomic_load_acquire(&r->head) - atomic_load_acquire(&r->tail);
}

static inline uint32_t ring_room(const struct ring *r)
{
	return r->size - ring_used(r);
}

/* The reader's: drops everything. */
static inline void ring_clear(struct ring *r)
{
	atomic_store_release(&r->tail, atomic_load_acquire(&r->head));
}

/* The free bytes that follow in one piece: fill some of them, then ring_commit. */
static inline uint32_t ring_room_span(const struct ring *r, uint8_t **p)
{
	uint32_t at = r->head & (r->size - 1);

	*p = r->data + at;
	return min(ring_room(r), r->size - at);
}

static inline void ring_commit(struct ring *r, uint32_t n)
{
	atomic_store_release(&r->head, r->head + n);
}

/* The bytes to read that lie in one piece: use some of them, then ring_consume. */
static inline uint32_t ring_data_span(const struct ring *r, uint8_t **p)
{
	uint32_t at = r->tail & (r->size - 1);

	*p = r->data + at;
	return min(ring_used(r), r->size - at);
}

static inline void ring_consume(struct ring *r, uint32_t n)
{
	atomic_store_release(&r->tail, r->tail + n);
}

/* Returns how many of n bytes found room. */
static inline size_t ring_write(struct ring *r, const void *src, size_t n)
{
	size_t done = 0;
	uint32_t span;
	uint8_t *p;

	while (done < n && (span = ring_room_span(r, &p)) != 0) {
		span = (uint32_t)min((size_t)span, n - done);
		memcpy(p, (const uint8_t *)src + done, span);
		ring_commit(r, span);
		done += span;
	}
	return done;
}

/* Returns how many bytes there were, at most n. */
static inline size_t ring_read(struct ring *r, void *dst, size_t n)
{
	size_t done = 0;
	uint32_t span;
	uint8_t *p;

	while (done < n && (span = ring_data_span(r, &p)) != 0) {
		span = (uint32_t)min((size_t)span, n - done);
		memcpy((uint8_t *)dst + done, p, span);
		ring_consume(r, span);
		done += span;
	}
	return done;
}

/* False when full. */
static inline bool ring_put(struct ring *r, uint8_t byte)
{
	if (!ring_room(r))
		return false;
	r->data[r->head & (r->size - 1)] = byte;
	ring_commit(r, 1);
	return true;
}

/* The next byte, or -1 when empty. */
static inline int ring_get(struct ring *r)
{
	int byte;

	if (!ring_used(r))
		return -1;
	byte = r->data[r->tail & (r->size - 1)];
	ring_consume(r, 1);
	return byte;
}

/* The byte at offset i from the oldest (i < ring_used), left where it is. */
static inline uint8_t ring_peek(const struct ring *r, uint32_t i)
{
	return r->data[(r->tail + i) & (r->size - 1)];
}

#endif
