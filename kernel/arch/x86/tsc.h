/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/tsc.h: how fast the time stamp counter counts. Boot processor;
 * tsc_recalibrate() from one thread at a time.
 */
#ifndef ARCH_X86_TSC_H
#define ARCH_X86_TSC_H

#include "arch/x86/clock_reference.h"
#include "lib/types.h"


/* a * b / c with a 128-bit product; the quotient must fit 64 bits, or the processor faults. */
static inline uint64_t mul_div(uint64_t a, uint64_t b, uint64_t c)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	uint64_t quotient, rest;

	__asm__("divq %4"
		: "=a"(quotient), "=d"(rest)
		: "0"((uint64_t)product), "1"((uint64_t)(product >> 64)), "r"(c)
		: "cc");
	return quotient;
}

/* The rate in Hz as the hypervisor or the processor states it; 0 if neither does. */
uint64_t tsc_stated_hz(void);

/* The processor's name-plate rate (CPUID 0x16), or 1 GHz: when nothing can measure. */
uint64_t tsc_assumed_hz(void);

/* Measures the rate for at most a millisecond and remembers where it began. 0 if the counter fails. */
uint64_t tsc_calibrate(const struct clock_reference *ref);

/*
 * Measures again, from where tsc_calibrate() began until now; hz is the best
 * rate known. 0 if the result cannot be trusted. Interrupts are off for a few
 * microseconds.
 */
uint64_t tsc_recalibrate(const struct clock_reference *ref, uint64_t hz);

#endif
