/* SPDX-License-Identifier: MIT */
/*
 * Formatted printing, as C's snprintf: %d %i %u %x %X %o %c %s %p %%, flags
 * `- + space # 0`, width and precision (also `*`), lengths hh h l ll z j t.
 * No floating point, no %n. No state, no locks: usable in a panic.
 */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include "lib/types.h"

/*
 * Writes at most size bytes, NUL included (none for size 0). Returns the
 * length that the whole text has without NUL, which may be more than fits.
 */
int vformat(char *buf, size_t size, const char *fmt, va_list args) __printf_like(3, 0);
int format(char *buf, size_t size, const char *fmt, ...) __printf_like(3, 4);

/*
 * As format, but returns the number of bytes really written without NUL, so
 * that pieces can be put one after the other.
 */
int format_cut(char *buf, size_t size, const char *fmt, ...) __printf_like(3, 4);

/* Hands the text to put() piece by piece, not NUL-terminated; returns its length. */
int vformat_sink(void (*put)(void *arg, const char *s, size_t n), void *arg, const char *fmt,
		 va_list args) __printf_like(3, 0);

#endif
