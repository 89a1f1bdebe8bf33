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
#define NIBBLE(i, b0, b1, b2, b3) \
	(((i)&1 ? b0 : 0) ^ ((i)&2 ? b1 : 0) ^ ((i)&4 ? b2 : 0) ^ ((i)&8 ? b3 : 0))
#define NIBBLES_4(i, ...) \
	NIBBLE(i, __VA_ARGS__), NIBBLE(i + 1, __VA_ARGS__), NIBBLE(i + 2, __VA_ARGS__), \
		NIBBLE(i + 3, __VA_ARGS__)
#define NIBBLES(...) \
	NIBBLES_4(0, __VA_ARGS__), NIBBLES_4(4, __VA_ARGS__), NIBBLES_4(8, __VA_ARGS__), \
		NIBBLES_4(12, __VA_ARGS__)

static const uint32_t crc32_nibbles[16] = {
	NIBBLES(0x1db71064u, 0x3b6e20c8u, 0x76dc4190u, CRC32_POLYNOMIAL)
};
static const uint32_t crc32c_nibbles[16] = {
	NIBBLES(0x105ec76fu, 0x20bd8edeu, 0x417b1dbcu, CRC32C_POLYNOMIAL)
};

static uint32_t crc_by_nibbles(const uint32_t *nibbles, uint32_t crc, const uint8_t *p, size_t n)
{
	for (crc = ~crc; n; n--, p++) {
		crc ^= *p;
		crc = crc >> 4 ^ nibbles[crc & 15];
		crc = crc >> 4 ^ nibbles[crc & 15];
	}
	return ~crc;
}

uint32_t crc32(uint32_t crc, const void *data, size_t n)
{
	return crc_by_nibbles(crc32_nibbles, crc, data, n);
}

uint32_t crc32c(uint32_t crc, const void *data, size_t n)
{
	return crc_by_nibbles(crc32c_nibbles, crc, data, n);
}
