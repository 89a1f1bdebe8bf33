/* SPDX-License-Identifier: MIT */
/* Bugs planted for the SAN=undefined build: each must be reported (base/ubsan.c), in these words. */
#include "base/ktest.h"
#include "lib/string.h"

/* What the compiler cannot see through. */
static int opaque(int v)
{
	__asm__ volatile("" : "+r"(v));
	return v;
}

static volatile int sink;

KTEST_REPORTS(ubsan_finds_signed_overflow, "1 + 2147483647 does not fit 'int'")
{
	sink = opaque(INT_MAX) + opaque(1);
}

KTEST_REPORTS(ubsan_finds_multiplication_overflow, "65536 * 65536 does not fit 'int'")
{
	sink = opaque(65536) * opaque(65536);
}

KTEST_REPORTS(ubsan_finds_negation_overflow, "does not fit 'int'")
{
	sink = -opaque(INT_MIN);
}

KTEST_REPORTS(ubsan_finds_a_shift_too_far, "shift of 'int' 1 by 32")
{
	sink = opaque(1) << opaque(32);
}

KTEST_REPORTS(ubsan_finds_division_by_zero, "1 / 0 does not fit 'int'")
{
	sink = opaque(1) / opaque(0);
}

KTEST_REPORTS(ubsan_finds_an_index_out_of_bounds, "index 8 is out of bounds of 'int [8]'")
{
	static int row[8];

	sink = row[opaque(8)];
}

KTEST_REPORTS(ubsan_finds_a_misaligned_pointer, "misaligned pointer")
{
	static uint64_t words[2];

	sink = (int)*(uint64_t *)((char *)words + opaque(3));
}

KTEST_REPORTS(ubsan_finds_a_null_pointer, "null pointer")
{
	struct { int a, b; } *p = (void *)(uintptr_t)opaque(0);

	sink = p->b;
}

KTEST_REPORTS(ubsan_finds_what_is_no_bool, "2 is no value of '_Bool'")
{
	static unsigned char byte;
	bool b;

	byte = (unsigned char)opaque(2);
	memcpy(&b, &byte, 1);
	sink = b ? 3 : 4;
}

KTEST_REPORTS(ubsan_finds_ctz_of_zero, "ctz or clz of zero")
{
	sink = __builtin_ctz((unsigned)opaque(0));
}
