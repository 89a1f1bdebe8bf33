/* SPDX-License-Identifier: MIT */
/*
 * lib/instrument.h: tells the sanitizers of memory that is accessed where the
 * compiler does not see it: in assembly, or in files that are built without
 * instrumentation. Nothing in other builds.
 */
#ifndef LIB_INSTRUMENT_H
#define LIB_INSTRUMENT_H

#include "lib/types.h"

#ifndef SAN_NONE
#define SAN_NONE 0 /* a file that the sanitizers leave alone */
#endif

#if CONFIG_KASAN && !SAN_NONE
/* The compiler's names, in base/kasan.c. */
void __asan_loadN_noabort(uintptr_t addr, size_t n);
void __asan_storeN_noabort(uintptr_t addr, size_t n);
#define instrument_read(p, n)  __asan_loadN_noabort((uintptr_t)(p), n)
#define instrument_write(p, n) __asan_storeN_noabort((uintptr_t)(p), n)
#elif CONFIG_KCSAN && !SAN_NONE
/* The compiler's names, in base/kcsan.c. */
void __tsan_read_range(uintptr_t addr, size_t n);
void __tsan_write_range(uintptr_t addr, size_t n);
#define instrument_read(p, n)  __tsan_read_range((uintptr_t)(p), n)
#define instrument_write(p, n) __tsan_write_range((uintptr_t)(p), n)
#else
#define instrument_read(p, n)  ((void)(p))
#define instrument_write(p, n) ((void)(p))
#endif

/* A plain read that may race with writes, because nothing depends on what it gives. */
#if CONFIG_KCSAN
void kcsan_read_racing(void *to, const volatile void *from, size_t n);
#define data_race(x)                                                                               \
	({                                                                                         \
		__typeof__(x) data_race_;                                                          \
		kcsan_read_racing(&data_race_, &(x), sizeof(x));                                   \
		data_race_;                                                                        \
	})
/* A copy from or to memory of programs, whose races are their own. */
#define copy_racing(to, from, n) kcsan_read_racing(to, from, n)
#else
#define data_race(x) (x)
#define copy_racing(to, from, n) ((void)memcpy(to, from, n))
#endif

#endif
