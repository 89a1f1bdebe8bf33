/* SPDX-License-Identifier: MIT */
/*
 * Memory and string functions, C's and a few safer ones, and the reading of
 * numbers. None keeps state; all may be called from anywhere.
 *
 * On the host, where the tests run, every name gets the prefix lib_, so that
 * these and not the C library's are tested.
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include "lib/instrument.h"
#include "lib/types.h"

#if __STDC_HOSTED__
#include <string.h>
#define memcpy	lib_memcpy
#define memmove lib_memmove
#define memset	lib_memset
#define memcmp	lib_memcmp
#define memchr	lib_memchr
#define strlen	lib_strlen
#define strnlen lib_strnlen
#define strcmp	lib_strcmp
#define strncmp lib_strncmp
#define strchr	lib_strchr
#define strrchr lib_strrchr
#define strlcpy lib_strlcpy
#define strscpy lib_strscpy
#endif

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

/* Copies what fits and ends it with NUL (size > 0); returns strlen(src). */
size_t strlcpy(char *dst, const char *src, size_t size);

/* The same; returns the length copied, or -E2BIG when src was cut short. */
ssize_t strscpy(char *dst, const char *src, size_t size);

/*
 * Freestanding code knows no builtins of these names, so say so by hand: the
 * compiler then does small constant sizes in line and calls ours for the rest.
 */
#if !__STDC_HOSTED__ && (CONFIG_KASAN || CONFIG_KCSAN) && !SAN_NONE
/* The sanitizer looks at the whole of both blocks; see lib/instrument.h. */
#define memcpy(d, s, n)                                                                            \
	({                                                                                         \
		void *copy_to_ = (d);                                                              \
		const void *copy_from_ = (s);                                                      \
		size_t copy_bytes_ = (n);                                                          \
		instrument_read(copy_from_, copy_bytes_);                                          \
		instrument_write(copy_to_, copy_bytes_);                                           \
		(memcpy)(copy_to_, copy_from_, copy_bytes_);                                       \
	})
#define memmove(d, s, n)                                                                           \
	({                                                                                         \
		void *copy_to_ = (d);                                                              \
		const void *copy_from_ = (s);                                                      \
		size_t copy_bytes_ = (n);                                                          \
		instrument_read(copy_from_, copy_bytes_);                                          \
		instrument_write(copy_to_, copy_bytes_);                                           \
		(memmove)(copy_to_, copy_from_, copy_bytes_);                                      \
	})
#define memset(d, c, n)                                                                            \
	({                                                                                         \
		void *set_ = (d);                                                                  \
		size_t set_bytes_ = (n);                                                           \
		instrument_write(set_, set_bytes_);                                                \
		(memset)(set_, c, set_bytes_);                                                     \
	})
#define memcmp(a, b, n)                                                                            \
	({                                                                                         \
		const void *compare_a_ = (a), *compare_b_ = (b);                                   \
		size_t compare_bytes_ = (n);                                                       \
		instrument_read(compare_a_, compare_bytes_);                                       \
		instrument_read(compare_b_, compare_bytes_);                                       \
		(memcmp)(compare_a_, compare_b_, compare_bytes_);                                  \
	})
#define strlen(s)	 __builtin_strlen(s)
#elif !__STDC_HOSTED__
#define memcpy(d, s, n)	 __builtin_memcpy(d, s, n)
#define memmove(d, s, n) __builtin_memmove(d, s, n)
#define memset(d, c, n)	 __builtin_memset(d, c, n)
#define memcmp(a, b, n)	 __builtin_memcmp(a, b, n)
#define strlen(s)	 __builtin_strlen(s)
#endif

/* True when s begins with prefix. */
static inline bool str_has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/*
 * Reads an unsigned number in base 2 to 36; base 0 takes 0x, 0 (octal) or
 * decimal as in C. No sign, no leading space. *end (when end is not NULL) is
 * set to the first character not used. 0; -EINVAL without a digit; -ERANGE
 * when it does not fit (*end behind all digits). *out is set only on 0.
 */
int parse_u64(const char *s, const char **end, int base, uint64_t *out);

/*
 * Reads a size in bytes as in "64M": a number as above (base 0) and perhaps
 * one of K, M, G, T, P, E in either case, powers of 1024. Errors as parse_u64.
 */
int parse_size(const char *s, const char **end, uint64_t *out);

/* Keep the loop from being turned into a call to the function it is in. */
#ifdef __clang__
#define __no_loop_idioms __attribute__((__no_builtin__))
#else
#define __no_loop_idioms __attribute__((__optimize__("no-tree-loop-distribute-patterns")))
#endif

#endif
