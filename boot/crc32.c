/* SPDX-License-Identifier: MIT */
/*
 * CRC-32 as in gzip and zlib, four bytes a step: table[0] advances the remainder by one byte,
 * table[k] by a byte with k zero bytes behind it, so four look-ups advance it by a word.
 */
#include "loader.h"

#define POLYNOMIAL	0xedb88320	/* reflected: the lowest bit is the highest power */

static uint32_t table[4][256];

void crc32_init(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;

		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
		table[0][byte] = crc;
	}
	for (uint32_t byte = 0; byte < 256; byte++)
		for (int k = 1; k < 4; k++)
			table[k][byte] = (table[k - 1][byte] >> 8) ^
					 table[0][table[k - 1][byte] & 255];
}

uint32_t crc32_update(uint32_t crc, const void *data, size_t size)
{
	const uint32_t *word = data;
	const uint8_t *byte;

	crc = ~crc;
	for (; size >= 4; size -= 4) {
		crc ^= *word++;
		crc = table[3][crc & 255] ^ table[2][(crc >> 8) & 255] ^
		      table[1][(crc >> 16) & 255] ^ table[0][crc >> 24];
	}
	for (byte = (const uint8_t *)word; size; size--)
		crc = (crc >> 8) ^ table[0][(crc ^ *byte++) & 255];
	return ~crc;
}
