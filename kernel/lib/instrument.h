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
#else
#define instrument_read(p, n)  ((void)(p))
#define instrument_write(p, n) ((void)(p))
#endif

#endif
