/* SPDX-License-Identifier: MIT */
/*
 * Checksums by tables. slice[0][b] is the remainder that byte b leaves;
 * slice[k][b] is the same with k zero bytes behind it. So the remainders of
 * eight bytes at once are eight look-ups, combined by exclusive or.
 */
#include "lib/crc32c.h"

#include "lib/string.h"
#include "lib/types.h"

void crc32_table_init(struct crc32_table *table, uint32_t polynomial)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t crc = b;

		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (polynomial & -(crc & 1));
		table->slice[0][b] = crc;
	}
	for (unsigned k = 1; k < 8; k++)
		for (unsigned b = 0; b < 256; b++) {
			uint32_t crc = table->slice[k - 1][b];

			table->slice[k][b] = crc >> 8 ^ table->slice[0][crc & 0xff];
		}
}

uint32_t crc32_update(const struct crc32_table *table, uint32_t crc, const void *data, size_t n)
{
	const uint32_t(*t)[256] = table->slice;
	const uint8_t *p = data;

	crc = ~crc;
	for (; n >= 8; n -= 8, p += 8) {
		uint32_t low, high;

		__builtin_memcpy(&low, p, 4);
		__builtin_memcpy(&high, p + 4, 4);
		low ^= crc;
		crc = t[7][low & 0xff] ^ t[6][low >> 8 & 0xff] ^ t[5][low >> 16 & 0xff] ^
		      t[4][low >> 24] ^ t[3][high & 0xff] ^ t[2][high >> 8 & 0xff] ^
		      t[1][high >> 16 & 0xff] ^ t[0][high >> 24];
	}
	for (; n; n--, p++)
		crc = crc >> 8 ^ t[0][(crc ^ *p) & 0xff];
	return ~crc;
}

/* The remainder of a 4-bit piece, from those of its single bits. */
#define NIBBLE(i)                                                                     \
	(((i)&1 ? 0x105ec76fu : 0) ^ ((i)&2 ? 0x20bd8edeu : 0) ^ ((i)&4 ? 0x417b1dbcu : 0) ^ \
	 ((i)&8 ? 0x82f63b78u : 0))

static const uint32_t nibbles[16] = {
	NIBBLE(0), NIBBLE(1), NIBBLE(2),  NIBBLE(3),  NIBBLE(4),  NIBBLE(5),  NIBBLE(6),  NIBBLE(7),
	NIBBLE(8), NIBBLE(9), NIBBLE(10), NIBBLE(11), NIBBLE(12), NIBBLE(13), NIBBLE(14), NIBBLE(15),
};

uint32_t crc32c(uint32_t crc, const void *data, size_t n)
{
	const uint8_t *p = data;

	for (crc = ~crc; n; n--, p++) {
		crc ^= *p;
		crc = crc >> 4 ^ nibbles[crc & 15];
		crc = crc >> 4 ^ nibbles[crc & 15];
	}
	return ~crc;
}
