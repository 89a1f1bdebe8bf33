/* SPDX-License-Identifier: MIT */
/*
 * base/random.h: random numbers for the whole kernel: /dev/urandom, getrandom(2),
 * layout randomisation, AT_RANDOM. Nothing here blocks or fails, from the first
 * call during boot on; the generator seeds itself then.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include "lib/types.h"

/* Fills buf with n bytes that nobody can predict who does not know the pool. Any context. */
void random_bytes(void *buf, size_t n);

/* 64 random bits. Any context. */
uint64_t random_u64(void);

/* A number below limit (limit > 0) with a bias smaller than limit / 2^64. Any context. */
static inline uint64_t random_below(uint64_t limit)
{
	return (uint64_t)(((unsigned __int128)random_u64() * limit) >> 64);
}

/*
 * Stirs n bytes into the pool: it can only get better by it, whatever they are.
 * Generators that run already follow at their next use. Any context.
 */
void random_mix(const void *data, size_t n);

/*
 * Notes that something happened now which has to do with the outside (an
 * interrupt, with value what it brought). A few instructions; every 64th time
 * what was gathered is stirred in. Interrupts off.
 */
void random_event(uint64_t value);

#endif
