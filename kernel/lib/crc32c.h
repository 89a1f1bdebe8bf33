/* SPDX-License-Identifier: MIT */
/*
 * Two 32-bit checksums: CRC-32 (polynomial 0x04c11db7, RFC 1952 section 8), of
 * gzip, and CRC-32C (Castagnoli, 0x1edc6f41, RFC 3720 appendix B.4), of file
 * systems and block devices. Both are done eight bytes at a time by tables
 * that the caller of the checksum shares, built once by crc32_table_init.
 */
#ifndef LIB_CRC32C_H
#define LIB_CRC32C_H

#include "lib/types.h"

#define CRC32_POLYNOMIAL  0xedb88320u /* both with their bits reversed */
#define CRC32C_POLYNOMIAL 0x82f63b78u

struct crc32_table {
	uint32_t slice[8][256]; /* immutable once built */
};

/* Builds the table for a polynomial with its bits reversed. About 20,000 instructions. */
void crc32_table_init(struct crc32_table *table, uint32_t polynomial);

/*
 * The checksum of what gave crc (0 at the start) followed by n more bytes.
 * Which checksum it is depends on the table.
 */
uint32_t crc32_update(const struct crc32_table *table, uint32_t crc, const void *data, size_t n);

/* CRC-32C by a small constant table, four bits at a time: for short pieces. */
uint32_t crc32c(uint32_t crc, const void *data, size_t n);

#endif
