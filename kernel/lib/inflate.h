/* SPDX-License-Identifier: MIT */
/*
 * Decompressing gzip (RFC 1952) and the deflate data in it (RFC 1951). The
 * input lies in memory as a whole; the output is handed on in pieces, so that
 * nobody needs to know its size. No input, however malformed, makes it read
 * outside the input or write outside its own structure.
 */
#ifndef LIB_INFLATE_H
#define LIB_INFLATE_H

#include "lib/crc32c.h"
#include "lib/types.h"

#define INFLATE_HISTORY	   32768 /* how far back a match may reach */
#define INFLATE_WINDOW	   (INFLATE_HISTORY + 16384)
#define INFLATE_LIT_BITS   10 /* looked up in one step */
#define INFLATE_DIST_BITS  8
#define INFLATE_LIT_TABLE  1334 /* the most that any code of 288 symbols takes, with links */
#define INFLATE_DIST_TABLE 402	/* the same for 32 symbols */

/* Takes n bytes of output. 0, or a negative errno that ends the decompression. */
typedef int inflate_write_fn(void *arg, const uint8_t *data, size_t n);

/* Working memory, about 58 KiB; contents need not be initialised. The caller's alone. */
struct inflate {
	const uint8_t *in, *end;
	uint64_t bits;	/* read from in, lowest first; above count, junk or zeros */
	int count;	/* how many of them are input not yet used */
	uint32_t pos;	/* in window: where the next byte goes */
	uint32_t given; /* in window: what has been handed on */
	uint32_t crc;	/* of all output, at the end */
	uint64_t total; /* bytes handed on */
	inflate_write_fn *write;
	void *arg;
	struct crc32_fold fold;
	uint32_t lit[INFLATE_LIT_TABLE];
	uint32_t dist[INFLATE_DIST_TABLE];
	uint8_t lengths[288 + 32];
	uint8_t window[INFLATE_WINDOW];
};

/*
 * The deflate data from z->in on (z->end, write and arg are set);
 * z->in ends behind it, crc and total tell of the output. 0, -EINVAL, or
 * write's error. A part of gunzip.
 */
int inflate_blocks(struct inflate *z);

/*
 * Decompresses the gzip member at the start of in. 0, and in *used the bytes
 * that it took (another may follow); -EINVAL when it is malformed, truncated,
 * or fails its checksum or length; or write's error. Output written before an
 * error is found has been handed on already.
 */
int gunzip(struct inflate *z, const void *in, size_t size, size_t *used, inflate_write_fn *write,
	   void *arg);

#endif
