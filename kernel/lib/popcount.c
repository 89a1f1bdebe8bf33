/* SPDX-License-Identifier: MIT */
/*
 * __popcountdi2: what the compiler calls for __builtin_popcountl() where it may
 * not assume that the processor counts bits itself. The sums of ever larger
 * groups of bits stand side by side; the product adds the bytes into the top one.
 */
#include "lib/types.h"

int __popcountdi2(long x);

int __popcountdi2(long x)
{
	uint64_t v = (uint64_t)x;

	v -= v >> 1 & 0x5555555555555555;
	v = (v & 0x3333333333333333) + (v >> 2 & 0x3333333333333333);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return (int)(v * 0x0101010101010101 >> 56);
}
