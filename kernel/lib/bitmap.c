/* SPDX-License-Identifier: MIT */
/*
 * Bitmaps with a summary. Bits past the end, in the last words, are kept set
 * on both levels, so that searches need no special case for them.
 */
#include "lib/bitmap.h"

#include "lib/string.h"
#include "lib/types.h"

static size_t word_count(const struct bitmap *b)
{
	return div_round_up(b->size, (size_t)64);
}

/* The ones from bit first to bit last of a word, both included. */
static uint64_t mask_between(size_t first, size_t last)
{
	return (~0UL << first) & (~0UL >> (63 - last));
}

static void fill_past_end(uint64_t *words, size_t n)
{
	if (n % 64)
		words[n / 64] |= ~0UL << (n % 64);
}

void bitmap_init(struct bitmap *b, uint64_t *storage, size_t size)
{
	b->bits = storage;
	b->size = size;
	b->taken = 0;
	b->summary = storage + word_count(b);
	memset(storage, 0, BITMAP_STORAGE_WORDS(size) * sizeof(*storage));
	fill_past_end(b->bits, size);
	fill_past_end(b->summary, word_count(b));
}

static void word_set(struct bitmap *b, size_t w, uint64_t mask)
{
	uint64_t old = b->bits[w];

	b->bits[w] = old | mask;
	b->taken += (size_t)__builtin_popcountl(mask & ~old);
	if (b->bits[w] == ~0UL)
		b->summary[w / 64] |= BIT(w % 64);
}

static void word_clear(struct bitmap *b, size_t w, uint64_t mask)
{
	uint64_t old = b->bits[w];

	b->bits[w] = old & ~mask;
	b->taken -= (size_t)__builtin_popcountl(mask & old);
	b->summary[w / 64] &= ~BIT(w % 64);
}

void bitmap_set(struct bitmap *b, size_t i)
{
	if (bitmap_test(b, i))
		return;
	b->taken++;
	if ((b->bits[i / 64] |= BIT(i % 64)) == ~0UL)
		b->summary[i / 4096] |= BIT(i / 64 % 64);
}

void bitmap_clear(struct bitmap *b, size_t i)
{
	if (!bitmap_test(b, i))
		return;
	b->taken--;
	b->bits[i / 64] &= ~BIT(i % 64);
	b->summary[i / 4096] &= ~BIT(i / 64 % 64);
}

static void change_range(struct bitmap *b, size_t first, size_t n,
			 void (*change)(struct bitmap *b, size_t w, uint64_t mask))
{
	while (n) {
		size_t here = min(n, 64 - first % 64);

		change(b, first / 64, mask_between(first % 64, first % 64 + here - 1));
		first += here;
		n -= here;
	}
}

void bitmap_set_range(struct bitmap *b, size_t first, size_t n)
{
	change_range(b, first, n, word_set);
}

void bitmap_clear_range(struct bitmap *b, size_t first, size_t n)
{
	change_range(b, first, n, word_clear);
}

/* The first clear bit of words at or after from, below n; n when there is none. */
static size_t scan_zero(const uint64_t *words, size_t from, size_t n)
{
	uint64_t zeros;

	if (from >= n)
		return n;
	zeros = ~words[from / 64] & (~0UL << (from % 64));
	for (from /= 64; !zeros; zeros = ~words[from])
		if (++from >= div_round_up(n, (size_t)64))
			return n;
	return from * 64 + (size_t)__builtin_ctzl(zeros);
}

size_t bitmap_next_zero(const struct bitmap *b, size_t from)
{
	uint64_t zeros;
	size_t w;

	if (from >= b->size)
		return BITMAP_NONE;
	w = from / 64;
	zeros = ~b->bits[w] & (~0UL << (from % 64));
	if (!zeros) {
		w = scan_zero(b->summary, w + 1, word_count(b));
		if (w >= word_count(b))
			return BITMAP_NONE;
		zeros = ~b->bits[w];
	}
	return w * 64 + (size_t)__builtin_ctzl(zeros);
}

size_t bitmap_next_one(const struct bitmap *b, size_t from)
{
	uint64_t ones;
	size_t w = from / 64;

	if (from >= b->size)
		return BITMAP_NONE;
	ones = b->bits[w] & (~0UL << (from % 64));
	while (!ones && ++w < word_count(b))
		ones = b->bits[w];
	if (!ones)
		return BITMAP_NONE;
	from = w * 64 + (size_t)__builtin_ctzl(ones);
	return from < b->size ? from : BITMAP_NONE;
}

size_t bitmap_find_zero(const struct bitmap *b, size_t hint)
{
	size_t i = bitmap_next_zero(b, hint);

	return i == BITMAP_NONE && hint ? bitmap_next_zero(b, 0) : i;
}

/* The first one in [from, from + n); from + n when there is none. */
static size_t one_within(const struct bitmap *b, size_t from, size_t n)
{
	size_t end = from + n, w = from / 64;
	uint64_t ones = b->bits[w] & (~0UL << (from % 64));

	while (!ones && (w + 1) * 64 < end)
		ones = b->bits[++w];
	if (!ones)
		return end;
	return min(end, w * 64 + (size_t)__builtin_ctzl(ones));
}

static size_t find_zeros_from(const struct bitmap *b, size_t from, size_t n, size_t align)
{
	while ((from = bitmap_next_zero(b, from)) != BITMAP_NONE) {
		size_t one;

		from = align_up(from, align);
		if (from > b->size || b->size - from < n)
			return BITMAP_NONE;
		one = one_within(b, from, n);
		if (one == from + n)
			return from;
		from = one;
	}
	return BITMAP_NONE;
}

size_t bitmap_find_zeros(const struct bitmap *b, size_t hint, size_t n, size_t align)
{
	size_t i;

	if (n == 0 || n > bitmap_count_free(b))
		return BITMAP_NONE;
	i = find_zeros_from(b, hint, n, align);
	return i == BITMAP_NONE && hint ? find_zeros_from(b, 0, n, align) : i;
}

size_t bitmap_take(struct bitmap *b, size_t hint)
{
	size_t i = bitmap_find_zero(b, hint);

	if (i != BITMAP_NONE)
		bitmap_set(b, i);
	return i;
}
