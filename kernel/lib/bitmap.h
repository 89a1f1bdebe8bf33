/* SPDX-License-Identifier: MIT */
/*
 * The core of every allocator of numbered things: a bitmap, 0 free and 1
 * taken, with a summary bitmap above it that marks the words which are full.
 * One summary word speaks for 4096 bits, so a search through 100,000 bits
 * looks at 25 words and then at one more.
 *
 * The caller supplies the memory and holds a lock around every call.
 */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include "lib/types.h"

#define BITMAP_NONE SIZE_MAX

/* Words of storage for n bits: the bits, then the summary. A constant for constant n. */
#define BITMAP_STORAGE_WORDS(n) (((n) + 63) / 64 + ((n) + 4095) / 4096)

struct bitmap {
	uint64_t *bits;	   /* immutable pointer; contents: the owner's lock */
	uint64_t *summary; /* a bit a word of bits, set when the word is all ones */
	size_t size;	   /* immutable: bits */
	size_t taken;	   /* the owner's lock: ones among them */
};

/* All bits clear. storage has BITMAP_STORAGE_WORDS(size) words; size > 0. */
void bitmap_init(struct bitmap *b, uint64_t *storage, size_t size);

static inline bool bitmap_test(const struct bitmap *b, size_t i)
{
	return b->bits[i / 64] >> (i % 64) & 1;
}

static inline size_t bitmap_count_free(const struct bitmap *b)
{
	return b->size - b->taken;
}

/* Setting a set bit, or clearing a clear one, changes nothing. */
void bitmap_set(struct bitmap *b, size_t i);
void bitmap_clear(struct bitmap *b, size_t i);
void bitmap_set_range(struct bitmap *b, size_t first, size_t n);
void bitmap_clear_range(struct bitmap *b, size_t first, size_t n);

/* The first such bit at or after from; BITMAP_NONE when there is none. */
size_t bitmap_next_zero(const struct bitmap *b, size_t from);
size_t bitmap_next_one(const struct bitmap *b, size_t from);

/* A clear bit at or after hint, else before it; BITMAP_NONE when all are set. */
size_t bitmap_find_zero(const struct bitmap *b, size_t hint);

/*
 * The first of n clear bits in a row, at a multiple of align (a power of two),
 * at or after hint, else from the beginning; BITMAP_NONE when there are none.
 */
size_t bitmap_find_zeros(const struct bitmap *b, size_t hint, size_t n, size_t align);

/* bitmap_find_zero, and sets the bit. */
size_t bitmap_take(struct bitmap *b, size_t hint);

#endif
