/* SPDX-License-Identifier: MIT */
/*
 * The ChaCha20 block function (RFC 8439, section 2.3), from which the random
 * driver draws. The state belongs to the caller, who locks it.
 */
#ifndef LIB_CHACHA_H
#define LIB_CHACHA_H

#include "lib/types.h"

#define CHACHA_KEY_SIZE	  32
#define CHACHA_NONCE_SIZE 12
#define CHACHA_BLOCK_SIZE 64

struct chacha {
	uint32_t state[16]; /* constants, key, counter (word 12), nonce */
};

void chacha_init(struct chacha *c, const uint8_t key[CHACHA_KEY_SIZE], uint32_t counter,
		 const uint8_t nonce[CHACHA_NONCE_SIZE]);

/* The block for the counter as it stands, which then goes up by one. */
void chacha_block(struct chacha *c, uint8_t out[CHACHA_BLOCK_SIZE]);

#endif
