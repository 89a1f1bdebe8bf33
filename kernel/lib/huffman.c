/* SPDX-License-Identifier: MIT */
/*
 * Building Huffman tables. The symbols are sorted by the length of their codes,
 * which in deflate determines the codes themselves: consecutive numbers in each
 * length. Input comes lowest bit first but codes highest bit first, hence the
 * codes are kept reversed throughout. A symbol is entered wherever the index
 * begins with its code; codes longer than the index get a linked table.
 */
#include "lib/huffman.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "lib/types.h"

#define CODE_MAX      15 /* bits in the longest code */

/* RFC 1951, section 3.2.5: base and number of extra bits. */
static const uint16_t length_base[29] = { 3,  4,  5,  6,  7,  8,  9,  10, 11,	13,
					  15, 17, 19, 23, 27, 31, 35, 43, 51,	59,
					  67, 83, 99, 115, 131, 163, 195, 227, 258 };
static const uint8_t length_extra[29] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
					  2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
static const uint16_t dist_base[30] = { 1,   2,	  3,   4,   5,	 7,    9,    13,   17,	 25,
					33,  49,  65,  97,  129, 193,  257,  385,  513,	 769,
					1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577 };
static const uint8_t dist_extra[30] = { 0, 0, 0, 0, 1, 1, 2, 2, 3,  3,	4,  4,	5,  5,	6,
					6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13 };

static uint32_t entry_for(enum huffman_kind kind, unsigned symbol)
{
	if (kind == HUFFMAN_LENGTHS)
		return symbol << 16;
	if (kind == HUFFMAN_DIST)
		return symbol < HUFFMAN_DIST_SYMBOLS ?
			       (uint32_t)dist_base[symbol] << 16 | (uint32_t)dist_extra[symbol] << 8 :
			       HUFFMAN_INVALID;
	if (symbol < 256)
		return symbol << 16 | HUFFMAN_LITERAL;
	if (symbol == 256)
		return HUFFMAN_END;
	symbol -= 257;
	return symbol < ARRAY_SIZE(length_base) ?
		       (uint32_t)length_base[symbol] << 16 | (uint32_t)length_extra[symbol] << 8 :
		       HUFFMAN_INVALID;
}

/* A Huffman code while its table is built. */
struct code {
	enum huffman_kind kind;
	uint32_t *table;
	unsigned root_bits;
	unsigned size;	    /* entries of table */
	unsigned used;	    /* of which taken */
	unsigned longest;   /* length of the longest code */
	unsigned reversed;  /* the code of the next symbol, first bit lowest */
	unsigned link;	    /* the linked table being filled ... */
	unsigned link_bits; /* ... its index bits, 0: none yet ... */
	unsigned prefix;    /* ... and the root bits that lead to it */
	uint16_t count[CODE_MAX + 1];
	uint16_t sorted[288]; /* symbols by length, then by number */
};

/* Counts and sorts. -EINVAL when more codes are claimed than there can be, or too few. */
static int code_sort(struct code *c, const uint8_t *lengths, unsigned n)
{
	uint16_t at[CODE_MAX + 2] = { 0 };
	int left = 1;

	memset(c->count, 0, sizeof(c->count));
	for (unsigned i = 0; i < n; i++)
		c->count[lengths[i]]++;
	c->longest = 0;
	for (unsigned len = 1; len <= CODE_MAX; len++) {
		at[len + 1] = at[len] + c->count[len];
		left = left * 2 - c->count[len];
		if (left < 0)
			return -EINVAL;
		if (c->count[len])
			c->longest = len;
	}
	for (unsigned i = 0; i < n; i++)
		if (lengths[i])
			c->sorted[at[lengths[i]]++] = (uint16_t)i;
	/* Incomplete: only a single code of one bit, or none at all, is in order. */
	if (left > 0 && (c->longest > 1 || (c->kind == HUFFMAN_LENGTHS && c->longest)))
		return -EINVAL;
	return 0;
}

/* Adds one to a code of len bits whose bits are stored in reverse. */
static unsigned reversed_next(unsigned reversed, unsigned len)
{
	unsigned bit = 1U << (len - 1);

	while (reversed & bit) {
		reversed ^= bit;
		bit >>= 1;
	}
	return reversed | bit;
}

/* Opens the linked table for the code at hand, as large as the codes to come need. */
static int link_open(struct code *c, unsigned len)
{
	unsigned bits = len - c->root_bits;
	int left = 1 << bits;

	while (c->root_bits + bits < c->longest) {
		left -= c->count[c->root_bits + bits];
		if (left <= 0)
			break;
		bits++;
		left <<= 1;
	}
	if (c->used + (1U << bits) > c->size)
		return -EINVAL;
	c->prefix = c->reversed & ((1U << c->root_bits) - 1);
	c->link = c->used;
	c->link_bits = bits;
	c->used += 1U << bits;
	c->table[c->prefix] = (uint32_t)c->link << 16 | HUFFMAN_OTHER | HUFFMAN_LINK | bits << 8 |
			      c->root_bits;
	return 0;
}

/* Enters a symbol with a code of len bits in all places that begin with it. */
static int code_add(struct code *c, unsigned symbol, unsigned len)
{
	uint32_t entry = entry_for(c->kind, symbol) | len;
	unsigned prefix = c->reversed & ((1U << c->root_bits) - 1);

	if (len <= c->root_bits) {
		for (unsigned i = c->reversed; i < 1U << c->root_bits; i += 1U << len)
			c->table[i] = entry;
		return 0;
	}
	if (!c->link_bits || prefix != c->prefix) {
		int error = link_open(c, len);

		if (error)
			return error;
	}
	for (unsigned i = c->reversed >> c->root_bits; i < 1U << c->link_bits;
	     i += 1U << (len - c->root_bits))
		c->table[c->link + i] = entry;
	return 0;
}

int huffman_table_build(enum huffman_kind kind, uint32_t *table, unsigned size,
			unsigned root_bits, const uint8_t *lengths, unsigned n)
{
	struct code c = { .kind = kind, .table = table, .root_bits = root_bits, .size = size };
	const uint16_t *symbol = c.sorted;
	int error = code_sort(&c, lengths, n);

	if (error)
		return error;
	c.used = 1U << root_bits;
	if (c.longest <= 1)
		for (unsigned i = 0; i < c.used; i++)
			table[i] = HUFFMAN_INVALID | 1;
	for (unsigned len = 1; len <= c.longest; len++)
		while (c.count[len]) {
			error = code_add(&c, *symbol++, len);
			if (error)
				return error;
			c.reversed = reversed_next(c.reversed, len);
			c.count[len]--;
		}
	return 0;
}
