/* SPDX-License-Identifier: MIT */
/*
 * hal/usercopy.h: the only routines that touch user memory. Each checks the
 * range against USER_TOP, opens SMAP for the copy, and recovers from faults
 * through an exception table. All may fault and therefore sleep, unless page
 * faults are disabled (usercopy_disable_faults), in which case a page that is
 * not mapped ends the copy instead: the second half of "fault in first, then
 * copy".
 */
#ifndef HAL_USERCOPY_H
#define HAL_USERCOPY_H

#include "hal/context.h"
#include "lib/atomic.h"
#include "lib/errno.h"
#include "lib/instrument.h"
#include "lib/types.h"

/* True if [addr, addr+n) lies below USER_TOP without wrapping. */
static inline bool user_range_ok(uaddr_t addr, size_t n)
{
	return n <= USER_TOP && addr <= USER_TOP - n;
}

/* Each returns the number of bytes NOT copied: 0 is success. */
size_t usercopy_from(void *to, uaddr_t from, size_t n);
size_t usercopy_to(uaddr_t to, const void *from, size_t n);
size_t usercopy_clear(uaddr_t to, size_t n);

#if (CONFIG_KASAN || CONFIG_KCSAN) && !SAN_NONE
#define usercopy_from(to, from, n)                                                                 \
	({                                                                                         \
		void *copy_kernel_ = (to);                                                         \
		size_t copy_bytes_ = (n);                                                          \
		instrument_write(copy_kernel_, copy_bytes_);                                       \
		(usercopy_from)(copy_kernel_, from, copy_bytes_);                                  \
	})
#define usercopy_to(to, from, n)                                                                   \
	({                                                                                         \
		const void *copy_kernel_ = (from);                                                 \
		size_t copy_bytes_ = (n);                                                          \
		instrument_read(copy_kernel_, copy_bytes_);                                        \
		(usercopy_to)(to, copy_kernel_, copy_bytes_);                                      \
	})
#endif

/*
 * Copies a string with its zero byte. Length without it; -EFAULT; -E2BIG when
 * size bytes held no zero (the caller names the errno, often ENAMETOOLONG).
 */
ssize_t usercopy_string(char *to, uaddr_t from, size_t size);

/* 0 or -EFAULT. */
static inline int copy_from_user(void *to, uaddr_t from, size_t n)
{
	return usercopy_from(to, from, n) ? -EFAULT : 0;
}

static inline int copy_to_user(uaddr_t to, const void *from, size_t n)
{
	return usercopy_to(to, from, n) ? -EFAULT : 0;
}

/* 0 or -EFAULT. */
int usercopy_store16(uaddr_t to, uint16_t value);

/* 32-bit atomics on user memory for futexes, aligned. 0 or -EFAULT. */
int usercopy_load32(uint32_t *value, uaddr_t from);
/* *seen gets the value found; the exchange happened if it equals old. */
int usercopy_cmpxchg32(uaddr_t at, uint32_t old, uint32_t value, uint32_t *seen);
/* op: FUTEX_OP_* of <linux/futex.h>; *old gets the value before. -ENOSYS for an unknown op. */
int usercopy_atomic_op32(uaddr_t at, int op, uint32_t arg, uint32_t *old);

/* Counted per thread: faults on user addresses fail instead of being served. */
static inline void usercopy_disable_faults(void)
{
	context_current()->faults_off++;
	compiler_barrier();
}

static inline void usercopy_enable_faults(void)
{
	compiler_barrier();
	context_current()->faults_off--;
}

static inline bool usercopy_faults_disabled(void)
{
	return context_current()->faults_off != 0;
}

#endif
