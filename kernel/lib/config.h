/* SPDX-License-Identifier: MIT */
/*
 * Build-time switches. The Makefile includes this file into every unit, so
 * that a switch always has a value and -Wundef catches a misspelt one.
 */
#ifndef LIB_CONFIG_H
#define LIB_CONFIG_H

#ifndef CONFIG_DEBUG
#define CONFIG_DEBUG 0 /* assertions, poison, lock order, in-kernel tests */
#endif

/* The sanitizer builds, each a debug build with the compiler's instrumentation: make SAN=... */
#ifndef CONFIG_UBSAN
#define CONFIG_UBSAN 0 /* SAN=undefined: undefined behaviour, base/ubsan.c */
#endif
#ifndef CONFIG_KASAN
#define CONFIG_KASAN 0 /* SAN=address: memory that is not theirs, base/kasan.c */
#endif
#ifndef CONFIG_KCSAN
#define CONFIG_KCSAN 0 /* SAN=thread: data races, base/kcsan.c */
#endif

#endif
