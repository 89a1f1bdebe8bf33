/* SPDX-License-Identifier: MIT */
/*
 * Decoding tables for the Huffman codes of deflate data. A part of inflate.
 *
 * A table entry, from bit 0: 8 bits, length of the code; 4 bits, number of
 * extra bits; flags; 16 bits, the value: a literal, the base of a length or
 * distance, the place of a linked table (its index bits in the 4).
 */
#ifndef LIB_HUFFMAN_H
#define LIB_HUFFMAN_H

#include "lib/types.h"

#define HUFFMAN_LITERAL 0x8000u
#define HUFFMAN_OTHER   0x4000u /* end of block or invalid; with LINK, a link */
#define HUFFMAN_LINK    0x2000u
#define HUFFMAN_END     HUFFMAN_OTHER
#define HUFFMAN_INVALID (HUFFMAN_OTHER | 1u << 16)

#define HUFFMAN_LIT_SYMBOLS   286
#define HUFFMAN_DIST_SYMBOLS  30

enum huffman_kind {
	HUFFMAN_LENGTHS, /* the code in which lengths of codes are written */
	HUFFMAN_LIT,	 /* literals and lengths of matches */
	HUFFMAN_DIST,	 /* distances */
};

/*
 * Builds the table (of size entries at most) for the code in which symbol i of
 * n, at most 288, has lengths[i] bits, 0 to 15 (RFC 1951, 3.2.2); root_bits of
 * input index it. 0, or -EINVAL when there can be no such code.
 */
int huffman_table_build(enum huffman_kind kind, uint32_t *table, unsigned size,
			unsigned root_bits, const uint8_t *lengths, unsigned n);

#endif
