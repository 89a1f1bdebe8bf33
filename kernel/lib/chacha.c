/* SPDX-License-Identifier: MIT */
/* The ChaCha20 block function, after RFC 8439; x86 is little-endian as the RFC. */
#include "lib/chacha.h"

#include "lib/string.h"
#include "lib/types.h"

static __always_inline uint32_t rotate_left(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static __always_inline void quarter_round(uint32_t *x, unsigned a, unsigned b, unsigned c,
					  unsigned d)
{
	x[a] += x[b];
	x[d] = rotate_left(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = rotate_left(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = rotate_left(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = rotate_left(x[b] ^ x[c], 7);
}

void chacha_init(struct chacha *c, const uint8_t key[CHACHA_KEY_SIZE], uint32_t counter,
		 const uint8_t nonce[CHACHA_NONCE_SIZE])
{
	memcpy(c->state, "expand 32-byte k", 16);
	memcpy(c->state + 4, key, CHACHA_KEY_SIZE);
	c->state[12] = counter;
	memcpy(c->state + 13, nonce, CHACHA_NONCE_SIZE);
}

void chacha_block(struct chacha *c, uint8_t out[CHACHA_BLOCK_SIZE])
{
	uint32_t x[16];

	memcpy(x, c->state, sizeof(x));
	for (unsigned round = 0; round < 20; round += 2) {
		quarter_round(x, 0, 4, 8, 12);
		quarter_round(x, 1, 5, 9, 13);
		quarter_round(x, 2, 6, 10, 14);
		quarter_round(x, 3, 7, 11, 15);
		quarter_round(x, 0, 5, 10, 15);
		quarter_round(x, 1, 6, 11, 12);
		quarter_round(x, 2, 7, 8, 13);
		quarter_round(x, 3, 4, 9, 14);
	}
	for (unsigned i = 0; i < 16; i++)
		x[i] += c->state[i];
	memcpy(out, x, sizeof(x));
	c->state[12]++;
}
