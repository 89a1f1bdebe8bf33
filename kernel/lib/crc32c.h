/* SPDX-License-Identifier: MIT */
/*
 * Two 32-bit checksums: CRC-32 (polynomial 0x04c11db7, RFC 1952 section 8), of
 * gzip, and CRC-32C (Castagnoli, 0x1edc6f41, RFC 3720 appendix B.4), of file
 * systems and block devices. Three ways: crc32 and crc32c, four bits at a time,
 * for short pieces; crc32_update, eight bytes at a time by tables that the
 * caller builds once and shares; crc32_fold, for long streams (see crc32_fold.c).
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

/* The same without tables of the caller's; about 1.5 instructions a bit. */
uint32_t crc32(uint32_t crc, const void *data, size_t n);
uint32_t crc32c(uint32_t crc, const void *data, size_t n);

#define CRC32_FOLD_WORDS 300

/* A CRC-32 under way. The caller's alone. */
struct crc32_fold {
	uint64_t words[CRC32_FOLD_WORDS]; /* the last words of the stream, a ring */
	uint32_t at;			  /* the oldest of them */
	bool begun;			  /* a word has come in */
};

/* CRC-32 of a stream: any number of whole words, then the rest of up to 7 bytes. */
void crc32_fold_init(struct crc32_fold *f);
void crc32_fold_words(struct crc32_fold *f, const void *data, size_t words);
uint32_t crc32_fold_finish(struct crc32_fold *f, const void *rest, size_t n);

#endif
