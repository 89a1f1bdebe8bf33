/* SPDX-License-Identifier: MIT */
/*
 * What the unit tests share: cmocka, a small random generator with a printed
 * seed, and helpers for hostile input. Set UNIT_SEED to repeat a run.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static uint64_t unit_seed __attribute__((__unused__));

/* Seeds the generator and says with what; call at the start of a random test. */
static inline void unit_random_start(const char *test)
{
	const char *given = getenv("UNIT_SEED");
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	unit_seed = given ? strtoull(given, NULL, 0) :
			    (uint64_t)now.tv_sec * 1000000007 + (uint64_t)now.tv_nsec;
	printf("# %s: UNIT_SEED=%llu\n", test, (unsigned long long)unit_seed);
	fflush(stdout);
}

static inline uint64_t unit_random(void)
{
	uint64_t z = (unit_seed += 0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static inline uint64_t unit_random_below(uint64_t n)
{
	return unit_random() % n;
}

/* A copy in memory of exactly that size, so that the sanitizer sees every step outside. */
static inline void *unit_exact_copy(const void *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	for (size_t i = 0; i < n; i++)
		copy[i] = ((const uint8_t *)p)[i];
	return copy;
}

#endif
