/* SPDX-License-Identifier: MIT */
/*
 * Inflate.
 *
 * Idea. Deflate data is a sequence of literal bytes and matches (length,
 * distance: "copy from so far back"), each written in Huffman codes that may
 * change from block to block. A code is decoded by one look-up: the next 10
 * bits of input index a table whose entry says what symbol they begin with and
 * how many of the bits belong to it. Longer codes lead through a link to a
 * second table. The most frequent symbols have short codes, so that one
 * look-up nearly always does.
 *
 * Data. `bits` holds up to 64 bits of input, the next one lowest, `count` how
 * many of them are real. While eight bytes of input are left it is refilled by
 * one load; what the load brings beyond the whole bytes counted is the same
 * data that the next refill will put there again. At the end of input, bits
 * run out into zeros, and count goes negative as soon as one is used: that is
 * how truncation shows, with a single test for each symbol.
 *
 * Output goes into the window, of which the last 32 KiB are kept as history;
 * it is handed on, checksummed, and moved down when the window is full. Room
 * for the longest matches, and for the up to seven bytes that copying by words
 * writes too many, is there whenever a symbol is begun.
 */
#include "lib/inflate.h"

#include "lib/errno.h"
#include "lib/huffman.h"
#include "lib/string.h"
#include "lib/types.h"

#define MATCH_MAX     258
#define WINDOW_LIMIT  (INFLATE_WINDOW - 2 * (MATCH_MAX + 8)) /* two rounds fit behind it */

static_assert(sizeof(struct inflate) <= 65536, "working memory fits 16 pages");

struct bit_reader {
	const uint8_t *in, *end;
	uint64_t bits;
	int count;
};

/* To 56 bits or more; eight bytes of input are left. */
static __always_inline void refill_fast(struct bit_reader *r)
{
	uint64_t word;

	__builtin_memcpy(&word, r->in, 8);
	r->bits |= word << (r->count & 63);
	r->in += 7 - (r->count >> 3 & 7);
	r->count |= 56;
}

static __always_inline void refill(struct bit_reader *r)
{
	if (likely(r->end - r->in >= 8)) {
		refill_fast(r);
		return;
	}
	while (r->count <= 55 && r->in < r->end) {
		r->bits |= (uint64_t)*r->in++ << r->count;
		r->count += 8;
	}
}

static __always_inline uint32_t take(struct bit_reader *r, unsigned n)
{
	uint32_t v = (uint32_t)(r->bits & ((1UL << n) - 1));

	r->bits >>= n;
	r->count = (int)((uint32_t)r->count - n);
	return v;
}

/* Takes the code of an entry; of count, only the low six bits are right afterwards. */
static __always_inline void take_fast(struct bit_reader *r, uint32_t entry)
{
	r->bits >>= entry & 63;
	r->count = (int)((uint32_t)r->count - entry);
}

static struct bit_reader reader_get(const struct inflate *z)
{
	return (struct bit_reader){ z->in, z->end, z->bits, z->count };
}

static void reader_put(struct inflate *z, const struct bit_reader *r)
{
	z->in = r->in;
	z->end = r->end;
	z->bits = r->bits;
	z->count = r->count;
}

/* The next n (at most 16) bits outside the fast loop; zeros, and count < 0, at the end. */
static uint32_t get_bits(struct inflate *z, unsigned n)
{
	struct bit_reader r = reader_get(z);
	uint32_t v;

	if (r.count >= 0)
		refill(&r);
	v = take(&r, n);
	reader_put(z, &r);
	return v;
}

/*
 * Hands on what is new in the window, and moves the history down. All but the
 * last time in whole words, for the checksum; the rest comes with the next.
 */
static int window_flush(struct inflate *z, bool last)
{
	const uint8_t *data = z->window + z->given;
	uint32_t n = z->pos - z->given, rest = n % 8, moved;

	crc32_fold_words(&z->fold, data, n / 8);
	if (last)
		z->crc = crc32_fold_finish(&z->fold, data + (n - rest), rest);
	else
		n -= rest;
	z->given += n;
	z->total += n;
	if (n) {
		int error = z->write(z->arg, data, n);

		if (error)
			return error;
	}
	moved = z->pos - min(z->pos, (uint32_t)INFLATE_HISTORY);
	memmove(z->window, z->window + moved, z->pos - moved);
	z->pos -= moved;
	z->given -= moved;
	return 0;
}

/* Section 3.2.4. */
static int stored_block(struct inflate *z)
{
	uint32_t n;

	get_bits(z, (unsigned)(z->count & 7));
	n = get_bits(z, 16);
	if (get_bits(z, 16) != (n ^ 0xffff) || z->count < 0)
		return -EINVAL;
	z->in -= z->count / 8; /* whole bytes read ahead */
	z->count = 0;
	z->bits = 0;
	if (n > (size_t)(z->end - z->in))
		return -EINVAL;
	while (n) {
		uint32_t here = min(n, (uint32_t)INFLATE_WINDOW - z->pos);
		int error;

		memcpy(z->window + z->pos, z->in, here);
		z->in += here;
		z->pos += here;
		n -= here;
		error = z->pos >= WINDOW_LIMIT ? window_flush(z, false) : 0;
		if (error)
			return error;
	}
	return 0;
}

/* May write up to seven bytes too many. */
static __always_inline void copy_match(uint8_t *out, uint32_t distance, uint32_t length)
{
	const uint8_t *from = out - distance;
	uint8_t *stop = out + length;
	uint64_t word;

	if (likely(distance >= 8)) {
		do {
			__builtin_memcpy(&word, from, 8);
			__builtin_memcpy(out, &word, 8);
			from += 8;
			out += 8;
		} while (out < stop);
	} else if (distance == 1) {
		word = *from * 0x0101010101010101UL;
		do {
			__builtin_memcpy(out, &word, 8);
			out += 8;
		} while (out < stop);
	} else {
		do
			*out++ = *from++;
		while (out < stop);
	}
}

/* The entry behind a link, or the entry itself when it is none. */
static __always_inline uint32_t follow_link(const uint32_t *table, unsigned root_bits,
					    uint64_t bits, uint32_t entry)
{
	uint64_t index = bits >> root_bits & ((1UL << (entry >> 8 & 15)) - 1);

	return entry & HUFFMAN_LINK ? table[(entry >> 16) + index] : entry;
}

static __always_inline uint32_t look_up_lit(const struct inflate *z, uint64_t bits)
{
	return z->lit[bits & ((1U << INFLATE_LIT_BITS) - 1)];
}

static uint32_t follow_lit(const struct inflate *z, uint64_t bits, uint32_t entry)
{
	return follow_link(z->lit, INFLATE_LIT_BITS, bits, entry);
}

static __always_inline uint32_t look_up_dist(const struct inflate *z, uint64_t bits)
{
	return z->dist[bits & ((1U << INFLATE_DIST_BITS) - 1)];
}

static uint32_t follow_dist(const struct inflate *z, uint64_t bits, uint32_t entry)
{
	return follow_link(z->dist, INFLATE_DIST_BITS, bits, entry);
}

/* Takes the bits of a length or distance: code, then extra bits. */
static __always_inline uint32_t take_value(struct bit_reader *r, uint32_t entry)
{
	take(r, entry & 0xff);
	return (entry >> 16) + take(r, entry >> 8 & 15);
}

static __always_inline uint32_t take_value_fast(struct bit_reader *r, uint32_t entry)
{
	take_fast(r, entry);
	return (entry >> 16) + (entry & 0xf00 ? take(r, entry >> 8 & 15) : 0);
}

/* Copies the match at r to *out. False when it reaches back too far or is none. */
static __always_inline bool decode_match_fast(struct inflate *z, struct bit_reader *r,
					      uint32_t entry, uint8_t **out)
{
	uint32_t length = take_value_fast(r, entry), distance;

	entry = look_up_dist(z, r->bits);
	if (unlikely(entry & HUFFMAN_OTHER)) {
		entry = follow_dist(z, r->bits, entry);
		if (entry & HUFFMAN_OTHER)
			return false;
	}
	distance = take_value_fast(r, entry);
	if (unlikely(distance > *out - z->window))
		return false;
	copy_match(*out, distance, length);
	*out += length;
	return true;
}

/* A literal at out; the entry of the next symbol. */
static __always_inline uint32_t decode_literal_fast(struct inflate *z, struct bit_reader *r,
						    uint32_t entry, uint8_t *out)
{
	take_fast(r, entry);
	*out = (uint8_t)(entry >> 16);
	return look_up_lit(z, r->bits);
}

/*
 * Symbols as long as no test for the end of input is needed: a round takes two
 * refills at most, and writes three literals, or two and a match. Stops before
 * a symbol that is neither. 0 or -EINVAL.
 */
static __always_inline int decode_fast(struct inflate *z, struct bit_reader *r, uint8_t **next)
{
	const uint8_t *last_in = r->end - min_t(ptrdiff_t, r->end - r->in, 16);
	uint8_t *out = *next, *limit = z->window + WINDOW_LIMIT;
	int error = 0;

	while (out < limit && r->in < last_in) {
		uint32_t entry;

		refill_fast(r);
		entry = look_up_lit(z, r->bits);
		if (entry & HUFFMAN_LITERAL) {
			entry = decode_literal_fast(z, r, entry, out++);
			if (entry & HUFFMAN_LITERAL) {
				entry = decode_literal_fast(z, r, entry, out++);
				if (entry & HUFFMAN_LITERAL) {
					decode_literal_fast(z, r, entry, out++);
					continue;
				}
			}
			refill_fast(r);
		}
		if (unlikely(entry & HUFFMAN_OTHER)) {
			entry = follow_lit(z, r->bits, entry);
			if (entry & HUFFMAN_OTHER)
				break;
			if (entry & HUFFMAN_LITERAL) {
				decode_literal_fast(z, r, entry, out++);
				continue;
			}
		}
		if (unlikely(!decode_match_fast(z, r, entry, &out))) {
			error = -EINVAL;
			break;
		}
	}
	r->count &= 63;
	*next = out;
	return error;
}

/* One symbol, perhaps the last that the input has. 0; 1 at the end of the block; -EINVAL. */
static int decode_one(struct inflate *z, struct bit_reader *r, uint8_t **out)
{
	uint32_t entry, length, distance;

	refill(r);
	entry = follow_lit(z, r->bits, look_up_lit(z, r->bits));
	if (entry & (HUFFMAN_LITERAL | HUFFMAN_OTHER)) {
		take(r, entry & 0xff);
		if (r->count < 0 || (entry & HUFFMAN_INVALID) == HUFFMAN_INVALID)
			return -EINVAL;
		if (entry & HUFFMAN_OTHER)
			return 1;
		*(*out)++ = (uint8_t)(entry >> 16);
		return 0;
	}
	length = take_value(r, entry);
	entry = follow_dist(z, r->bits, look_up_dist(z, r->bits));
	if (entry & HUFFMAN_OTHER)
		return -EINVAL;
	distance = take_value(r, entry);
	if (r->count < 0 || distance > *out - z->window)
		return -EINVAL;
	copy_match(*out, distance, length);
	*out += length;
	return 0;
}

/* The symbols of a block: 1 at its end, 0 when the window is full, or -EINVAL. */
static int decode_symbols(struct inflate *z)
{
	struct bit_reader r = reader_get(z);
	uint8_t *out = z->window + z->pos;
	int result = 0;

	while (!result && out < z->window + WINDOW_LIMIT) {
		result = decode_fast(z, &r, &out);
		if (!result)
			result = decode_one(z, &r, &out);
	}
	z->pos = (uint32_t)(out - z->window);
	reader_put(z, &r);
	return result;
}

static int coded_block(struct inflate *z)
{
	int result;

	do {
		int error;

		result = decode_symbols(z);
		error = z->pos >= WINDOW_LIMIT ? window_flush(z, false) : 0;
		if (error)
			return error;
	} while (result == 0);
	return result < 0 ? result : 0;
}

static int build_tables(struct inflate *z, unsigned lits, unsigned dists)
{
	int error = huffman_table_build(HUFFMAN_LIT, z->lit, INFLATE_LIT_TABLE, INFLATE_LIT_BITS,
					z->lengths, lits);

	if (error)
		return error;
	return huffman_table_build(HUFFMAN_DIST, z->dist, INFLATE_DIST_TABLE, INFLATE_DIST_BITS,
			   z->lengths + lits, dists);
}

/* Section 3.2.6. */
static int fixed_block(struct inflate *z)
{
	int error;

	memset(z->lengths, 8, 144);
	memset(z->lengths + 144, 9, 112);
	memset(z->lengths + 256, 7, 24);
	memset(z->lengths + 280, 8, 8);
	memset(z->lengths + 288, 5, 32);
	error = build_tables(z, 288, 32);
	return error ? error : coded_block(z);
}

/* The code in which the lengths of the two other codes are written goes to z->lit. */
static int read_length_code(struct inflate *z, unsigned n)
{
	static const uint8_t order[19] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					   11, 4,  12, 3, 13, 2, 14, 1, 15 };
	uint8_t lengths[19] = { 0 };

	for (unsigned i = 0; i < n; i++)
		lengths[order[i]] = (uint8_t)get_bits(z, 3);
	return huffman_table_build(HUFFMAN_LENGTHS, z->lit, 128, 7, lengths, 19);
}

/* Reads n lengths, run-length coded by the symbols 16 to 18. */
static int read_lengths(struct inflate *z, unsigned n)
{
	unsigned i = 0;

	while (i < n) {
		uint32_t entry, symbol, repeat = 1;
		uint8_t length;

		get_bits(z, 0);
		entry = z->lit[z->bits & 127];
		symbol = entry >> 16;
		get_bits(z, entry & 0xff);
		if (entry & HUFFMAN_OTHER || z->count < 0)
			return -EINVAL;
		length = symbol < 16 ? (uint8_t)symbol : 0;
		if (symbol == 16) {
			if (i == 0)
				return -EINVAL;
			length = z->lengths[i - 1];
			repeat = 3 + get_bits(z, 2);
		} else if (symbol == 17) {
			repeat = 3 + get_bits(z, 3);
		} else if (symbol == 18) {
			repeat = 11 + get_bits(z, 7);
		}
		if (repeat > n - i)
			return -EINVAL;
		memset(z->lengths + i, length, repeat);
		i += repeat;
	}
	return z->count < 0 ? -EINVAL : 0;
}

/* Section 3.2.7. */
static int dynamic_block(struct inflate *z)
{
	unsigned lits = get_bits(z, 5) + 257;
	unsigned dists = get_bits(z, 5) + 1;
	unsigned codes = get_bits(z, 4) + 4;
	int error;

	if (lits > HUFFMAN_LIT_SYMBOLS || dists > HUFFMAN_DIST_SYMBOLS)
		return -EINVAL;
	error = read_length_code(z, codes);
	if (!error)
		error = read_lengths(z, lits + dists);
	if (!error && !z->lengths[256])
		error = -EINVAL; /* a block that could not end */
	if (!error)
		error = build_tables(z, lits, dists);
	return error ? error : coded_block(z);
}

int inflate_blocks(struct inflate *z)
{
	bool last;

	z->bits = 0;
	z->count = 0;
	z->pos = 0;
	z->given = 0;
	z->total = 0;
	crc32_fold_init(&z->fold);
	do {
		unsigned type;
		int error;

		last = get_bits(z, 1);
		type = get_bits(z, 2);
		if (z->count < 0)
			return -EINVAL;
		error = type == 0 ? stored_block(z) :
			type == 1 ? fixed_block(z) :
			type == 2 ? dynamic_block(z) :
				    -EINVAL;
		if (error)
			return error;
	} while (!last);
	z->in -= z->count / 8;
	return window_flush(z, true);
}
