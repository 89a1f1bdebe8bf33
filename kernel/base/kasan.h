/* SPDX-License-Identifier: MIT */
/*
 * base/kasan.h: what allocators tell the address sanitizer (make SAN=address).
 *
 * For each 8 bytes of the kernel half there is a byte of shadow: 0, all may be
 * touched; 1 to 7, so many from the start; above, none, and the value says why.
 * Compiled code looks there before every access. In other builds all this is
 * nothing. Any context, no locks: an allocator only marks what it owns.
 */
#ifndef BASE_KASAN_H
#define BASE_KASAN_H

#include "lib/types.h"

/* Why memory may not be touched. The compiler's own: f1 to f3 and f8 on stacks, f9 here for globals. */
enum kasan_reason {
	KASAN_GLOBAL    = 0xf9,
	KASAN_SLAB_FREE = 0xfb,
	KASAN_RED_ZONE  = 0xfc,
	KASAN_PAGE_FREE = 0xff,
};

#if CONFIG_KASAN
/* [p, p + n) may not be touched; p is a multiple of 8, n is rounded up. */
void kasan_poison(const void *p, size_t n, enum kasan_reason why);
/* [p, p + n) may be; p is a multiple of 8. */
void kasan_unpoison(const void *p, size_t n);
/* Of room bytes at p only the first n may be. */
void kasan_trim(const void *p, size_t n, size_t room);
/* Reports begin: the shadow is there. Registers the image's globals. */
void kasan_enable(void);

/* The running call chain, kept for good under a number; 0 when the store is full. */
uint32_t kasan_trace_save(void);
/* Prints one, after a line that says what it is. Inside a report. */
void kasan_trace_say(const char *what, uint32_t trace);

/* Set by mem/: prints what is known about the memory at addr. Inside a report. */
extern void (*kasan_describe)(vaddr_t addr);
#else
#define kasan_poison(p, n, why) ((void)(p))
#define kasan_unpoison(p, n) ((void)(p))
#define kasan_trim(p, n, room) ((void)(p))
#endif

#endif
