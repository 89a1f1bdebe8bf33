/* SPDX-License-Identifier: MIT */
/*
 * Unpredictable bits from this processor: its own generator (Intel SDM volume
 * 1, 7.3.17), or the jitter of its timing. No state, no locks, any context.
 */
#include "hal/cpu.h"

#define RANDOM_TRIES  10  /* Intel's advice for RDRAND */
#define JITTER_ROUNDS 32
#define JITTER_BYTES  64

static bool rdseed(uint64_t *out)
{
	bool ok;

	__asm__ volatile("rdseed %0" : "=r"(*out), "=@ccc"(ok));
	return ok;
}

static bool rdrand(uint64_t *out)
{
	bool ok;

	__asm__ volatile("rdrand %0" : "=r"(*out), "=@ccc"(ok));
	return ok;
}

bool cpu_random(uint64_t *out)
{
	for (unsigned i = 0; i < RANDOM_TRIES && cpu_features.rdseed; i++) {
		if (rdseed(out))
			return true;
		cpu_relax();
	}
	for (unsigned i = 0; i < RANDOM_TRIES && cpu_features.rdrand; i++)
		if (rdrand(out))
			return true;
	return false;
}

/*
 * Each round does work whose time depends on caches, on the interrupts of a
 * host and on everything else that goes on, and stirs in when it ended. What to
 * touch next depends on the times before.
 */
uint64_t cpu_jitter(void)
{
	const uint64_t odd = 0x9e3779b97f4a7c15; /* 2^64 over the golden ratio: spreads every bit */
	volatile uint8_t touched[JITTER_BYTES] = { 0 };
	uint64_t mix = cpu_cycles();

	for (unsigned i = 0; i < JITTER_ROUNDS; i++) {
		touched[mix >> 56 & (JITTER_BYTES - 1)] = (uint8_t)mix;
		mix = (mix << 23 | mix >> 41) ^ cpu_cycles();
		mix = (mix + touched[mix >> 40 & (JITTER_BYTES - 1)]) * odd;
	}
	return mix;
}
