/* SPDX-License-Identifier: MIT */
/*
 * Copying, filling and comparing memory in units of eight bytes.
 *
 * Short blocks are done by plain loads and stores; the bytes left over at an
 * end are covered by one more eight-byte access that overlaps the last, so
 * that there is no byte loop. From REP_MIN bytes on, `rep movsq` and
 * `rep stosq` do a word for one instruction; `rep movsb` is never used, since
 * an emulator pays one instruction a byte for it. Names in parentheses escape
 * the macros of the header.
 */
#include "lib/string.h"

#include "lib/errno.h"
#include "lib/types.h"

#define REP_MIN 128 /* below this a loop beats the start-up of rep */

typedef uint64_t __attribute__((__may_alias__, __aligned__(1))) word64_t;
typedef uint32_t __attribute__((__may_alias__, __aligned__(1))) word32_t;
typedef uint16_t __attribute__((__may_alias__, __aligned__(1))) word16_t;

static __always_inline uint64_t load64(const void *p)
{
	return *(const word64_t *)p;
}

static __always_inline void store64(void *p, uint64_t v)
{
	*(word64_t *)p = v;
}

/* n is at most 8. All loads come before all stores: good for overlap too. */
static __always_inline void copy_tiny(uint8_t *d, const uint8_t *s, size_t n)
{
	if (n >= 4) {
		uint32_t a = *(const word32_t *)s;
		uint32_t b = *(const word32_t *)(s + n - 4);

		*(word32_t *)d = a;
		*(word32_t *)(d + n - 4) = b;
	} else if (n >= 2) {
		uint16_t a = *(const word16_t *)s;
		uint16_t b = *(const word16_t *)(s + n - 2);

		*(word16_t *)d = a;
		*(word16_t *)(d + n - 2) = b;
	} else if (n) {
		*d = *s;
	}
}

/* n is at least 8; the blocks may overlap with d below s. */
static __always_inline void copy_up(uint8_t *d, const uint8_t *s, size_t n)
{
	uint64_t tail = load64(s + n - 8);
	uint8_t *last = d + n - 8;

	if (n >= REP_MIN) {
		size_t words = n / 8;

		__asm__ __volatile__("rep movsq"
				     : "+D"(d), "+S"(s), "+c"(words)
				     :
				     : "memory");
	} else {
		for (; n >= 32; n -= 32, d += 32, s += 32) {
			store64(d, load64(s));
			store64(d + 8, load64(s + 8));
			store64(d + 16, load64(s + 16));
			store64(d + 24, load64(s + 24));
		}
		for (; n > 8; n -= 8, d += 8, s += 8)
			store64(d, load64(s));
	}
	store64(last, tail);
}

/* n is at least 8; the blocks may overlap with d above s. */
static __always_inline void copy_down(uint8_t *d, const uint8_t *s, size_t n)
{
	uint64_t head = load64(s);

	for (; n >= 32; n -= 32) {
		store64(d + n - 8, load64(s + n - 8));
		store64(d + n - 16, load64(s + n - 16));
		store64(d + n - 24, load64(s + n - 24));
		store64(d + n - 32, load64(s + n - 32));
	}
	for (; n > 8; n -= 8)
		store64(d + n - 8, load64(s + n - 8));
	store64(d, head);
}

__no_loop_idioms void *(memcpy)(void *restrict dst, const void *restrict src, size_t n)
{
	if (n < 8)
		copy_tiny(dst, src, n);
	else
		copy_up(dst, src, n);
	return dst;
}

__no_loop_idioms void *(memmove)(void *dst, const void *src, size_t n)
{
	if (n < 8)
		copy_tiny(dst, src, n);
	else if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_up(dst, src, n);
	else
		copy_down(dst, src, n);
	return dst;
}

static __always_inline void set_tiny(uint8_t *d, uint64_t v, size_t n)
{
	if (n >= 4) {
		*(word32_t *)d = (uint32_t)v;
		*(word32_t *)(d + n - 4) = (uint32_t)v;
	} else if (n >= 2) {
		*(word16_t *)d = (uint16_t)v;
		*(word16_t *)(d + n - 2) = (uint16_t)v;
	} else if (n) {
		*d = (uint8_t)v;
	}
}

__no_loop_idioms void *(memset)(void *dst, int c, size_t n)
{
	uint64_t v = (uint8_t)c * 0x0101010101010101UL;
	uint8_t *d = dst;

	if (n < 8) {
		set_tiny(d, v, n);
		return dst;
	}
	store64(d + n - 8, v);
	if (n >= REP_MIN) {
		size_t words = n / 8;

		__asm__ __volatile__("rep stosq" : "+D"(d), "+c"(words) : "a"(v) : "memory");
		return dst;
	}
	for (; n >= 32; n -= 32, d += 32) {
		store64(d, v);
		store64(d + 8, v);
		store64(d + 16, v);
		store64(d + 24, v);
	}
	for (; n >= 8; n -= 8, d += 8)
		store64(d, v);
	return dst;
}

__no_loop_idioms int (memcmp)(const void *a, const void *b, size_t n)
{
	const uint8_t *p = a, *q = b;

	for (; n >= 8; n -= 8, p += 8, q += 8) {
		uint64_t x = load64(p), y = load64(q);

		if (x != y)
			return __builtin_bswap64(x) < __builtin_bswap64(y) ? -1 : 1;
	}
	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

__no_loop_idioms void *memchr(const void *s, int c, size_t n)
{
	const uint8_t *p = s;

	for (; n; n--, p++)
		if (*p == (uint8_t)c)
			return (void *)(uintptr_t)p;
	return NULL;
}

__no_loop_idioms size_t (strlen)(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

__no_loop_idioms size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

__no_loop_idioms int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (uint8_t)*a - (uint8_t)*b;
}

__no_loop_idioms int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (uint8_t)*a - (uint8_t)*b;
	return 0;
}

__no_loop_idioms char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}

__no_loop_idioms char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	do {
		if (*s == (char)c)
			found = s;
	} while (*s++);
	return (char *)(uintptr_t)found;
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src);

	if (size) {
		size_t n = min(len, size - 1);

		memcpy(dst, src, n);
		dst[n] = '\0';
	}
	return len;
}

ssize_t strscpy(char *dst, const char *src, size_t size)
{
	size_t len = strnlen(src, size);

	if (!size)
		return -E2BIG;
	if (len == size) {
		memcpy(dst, src, size - 1);
		dst[size - 1] = '\0';
		return -E2BIG;
	}
	memcpy(dst, src, len + 1);
	return (ssize_t)len;
}

/* The value of a digit in any base up to 36; 36 for what is none. */
static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 36;
}

static const char *skip_base_prefix(const char *s, int *base)
{
	bool hex = s[0] == '0' && (s[1] | 0x20) == 'x' && digit_value(s[2]) < 16;

	if (*base == 0)
		*base = hex ? 16 : s[0] == '0' ? 8 : 10;
	return hex && *base == 16 ? s + 2 : s;
}

int parse_u64(const char *s, const char **end, int base, uint64_t *out)
{
	const char *start = s = skip_base_prefix(s, &base);
	uint64_t value = 0;
	int error = 0;

	for (; digit_value(*s) < base; s++) {
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit_value(*s), &value))
			error = -ERANGE;
	}
	if (end)
		*end = s;
	if (s == start)
		return -EINVAL;
	if (!error)
		*out = value;
	return error;
}

int parse_size(const char *s, const char **end, uint64_t *out)
{
	static const char units[] = "kmgtpe";
	const char *rest, *unit;
	uint64_t value = 0;
	int error = parse_u64(s, &rest, 0, &value);

	if (error != -EINVAL && *rest && (unit = strchr(units, *rest | 0x20))) {
		unsigned shift = 10 * (unsigned)(unit - units + 1);

		rest++;
		if (value > UINT64_MAX >> shift)
			error = -ERANGE;
		value <<= shift;
	}
	if (end)
		*end = rest;
	if (!error)
		*out = value;
	return error;
}
