/* SPDX-License-Identifier: MIT */
/*
 * Fast hashing for tables inside the kernel; nothing cryptographic. Tables
 * whose keys a program chooses pass a random seed, so that collisions cannot
 * be prepared. Multiply-and-fold on 128-bit products throughout.
 */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#include "lib/types.h"

/* Odd constants with their bits well mixed (from the golden ratio and roots). */
#define HASH_K0 0x9e3779b97f4a7c15UL
#define HASH_K1 0xbb67ae8584caa73bUL
#define HASH_K2 0x3c6ef372fe94f82bUL

static __always_inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* All 64 bits of the result are usable; take the low ones as an index. */
static __always_inline uint64_t hash_u64(uint64_t key)
{
	return hash_fold(key ^ HASH_K1, HASH_K0);
}

static __always_inline uint64_t hash_2u64(uint64_t a, uint64_t b)
{
	return hash_fold(hash_fold(a ^ HASH_K1, HASH_K0) ^ b, HASH_K2);
}

static __always_inline uint64_t hash_ptr(const void *p, uint64_t seed)
{
	return hash_fold((uintptr_t)p ^ seed ^ HASH_K1, HASH_K0);
}

/* At most 8 bytes as a little-endian number. */
static __always_inline uint64_t hash_load_tail(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static inline uint64_t hash_bytes(const void *data, size_t n, uint64_t seed)
{
	const uint8_t *p = data;
	uint64_t h = hash_fold(seed ^ HASH_K1, n ^ HASH_K0);

	for (; n >= 8; n -= 8, p += 8) {
		uint64_t word;

		__builtin_memcpy(&word, p, 8);
		h = hash_fold(h ^ word, HASH_K0);
	}
	return hash_fold(h ^ hash_load_tail(p, n), HASH_K2);
}

#endif
