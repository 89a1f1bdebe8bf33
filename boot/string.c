/* SPDX-License-Identifier: MIT */
/* The three memory functions that stage 2 and the compiler need; copies go four bytes a step. */
#include "loader.h"

void *memcpy(void *dest, const void *source, size_t size)
{
	void *to = dest;
	size_t words = size / 4;

	size %= 4;
	__asm__ volatile("rep movsl" : "+D" (to), "+S" (source), "+c" (words) : : "memory");
	__asm__ volatile("rep movsb" : "+D" (to), "+S" (source), "+c" (size) : : "memory");
	return dest;
}

void *memset(void *dest, int value, size_t size)
{
	void *to = dest;
	size_t words = size / 4;
	uint32_t pattern = (uint8_t)value * 0x01010101u;

	size %= 4;
	__asm__ volatile("rep stosl" : "+D" (to), "+c" (words) : "a" (pattern) : "memory");
	__asm__ volatile("rep stosb" : "+D" (to), "+c" (size) : "a" (pattern) : "memory");
	return dest;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a, *y = b;

	for (; size; size--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}
