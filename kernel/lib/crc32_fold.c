/* SPDX-License-Identifier: MIT */
/*
 * CRC-32 of long streams at about one instruction a byte, without tables.
 *
 * Idea. A CRC is the remainder of the message, taken as a polynomial over two
 * elements, divided by the generator P. Adding a multiple of P to the message
 * changes nothing. Let y stand for a shift by 64 bits; then
 *
 *	y^300 + y^155 + y^117 + y^89 + 1
 *
 * is a multiple of P (found by search; any such sum of few powers would do).
 * So a 64-bit word may be wiped out if it is added to the words that come 145,
 * 183, 211 and 300 places later. Doing so for every word but the last 300
 * leaves a message of 300 words with the same remainder, of which the CRC is
 * computed in the ordinary way at the end.
 *
 * Data. The last 300 words stand in a ring, with all that was added to them.
 * The word which comes in takes the place of the oldest, which is first added
 * to it and to those 155, 117 and 89 places back from it.
 */
#include "lib/crc32c.h"

#include "lib/string.h"
#include "lib/types.h"

#define RING CRC32_FOLD_WORDS

static unsigned places_back(unsigned at, unsigned n)
{
	return at >= n ? at - n : at + RING - n;
}

void crc32_fold_init(struct crc32_fold *f)
{
	memset(f, 0, sizeof(*f));
}

/* n words, up to where one of the four places would wrap around. */
static void fold_piece(struct crc32_fold *f, const uint8_t *p, size_t n, unsigned a, unsigned b,
		       unsigned c)
{
	uint64_t *w = f->words + f->at, *stop = w + n;
	uint64_t *wa = f->words + a, *wb = f->words + b, *wc = f->words + c;

	for (; w < stop; w++, p += 8) {
		uint64_t old = *w, new;

		__builtin_memcpy(&new, p, 8);
		*wa++ ^= old;
		*wb++ ^= old;
		*wc++ ^= old;
		*w = old ^ new;
	}
}

void crc32_fold_words(struct crc32_fold *f, const void *data, size_t words)
{
	const uint8_t *p = data;

	while (words) {
		unsigned a = places_back(f->at, 155);
		unsigned b = places_back(f->at, 117);
		unsigned c = places_back(f->at, 89);
		size_t n = min(words, (size_t)RING - max(max(f->at, a), max(b, c)));

		fold_piece(f, p, n, a, b, c);
		if (!f->begun) {
			f->words[0] ^= 0xffffffff; /* the CRC begins with all ones */
			f->begun = true;
		}
		f->at = (f->at + (unsigned)n) % RING;
		p += n * 8;
		words -= n;
	}
}

uint32_t crc32_fold_finish(struct crc32_fold *f, const void *rest, size_t n)
{
	uint32_t crc = 0;

	if (f->begun) {
		crc = crc32(~crc, f->words + f->at, (RING - f->at) * sizeof(f->words[0]));
		crc = crc32(crc, f->words, f->at * sizeof(f->words[0]));
	}
	return crc32(crc, rest, n);
}
