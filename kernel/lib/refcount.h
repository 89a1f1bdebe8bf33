/* SPDX-License-Identifier: MIT */
/*
 * Reference counts that fail safe: a count that overflows, or is taken or
 * dropped at zero, sticks at a huge value, so that the object leaks instead of
 * being freed under its users. refcount_is_saturated tells assertions.
 *
 * Who found the object without holding a reference (under RCU) uses
 * refcount_get_unless_zero; everyone else refcount_get.
 */
#ifndef LIB_REFCOUNT_H
#define LIB_REFCOUNT_H

#include "lib/atomic.h"
#include "lib/types.h"

#define REFCOUNT_SATURATED 0xc0000000u /* halfway into the range that counts as stuck */
#define REFCOUNT_MAX	   0x7fffffffu

struct refcount {
	uint32_t n; /* atomic */
};

static inline void refcount_init(struct refcount *r, uint32_t n)
{
	atomic_store(&r->n, n);
}

static inline uint32_t refcount_read(const struct refcount *r)
{
	return atomic_load(&r->n);
}

static inline bool refcount_is_saturated(const struct refcount *r)
{
	return refcount_read(r) > REFCOUNT_MAX;
}

/* The caller holds a reference already. */
static inline void refcount_get(struct refcount *r)
{
	uint32_t old = atomic_fetch_add(&r->n, 1);

	if (unlikely(old == 0 || old >= REFCOUNT_MAX))
		atomic_store(&r->n, REFCOUNT_SATURATED);
}

/* False when the object is on its way out. */
static inline __must_check bool refcount_get_unless_zero(struct refcount *r)
{
	uint32_t old = atomic_load(&r->n);

	do {
		if (old == 0)
			return false;
		if (unlikely(old >= REFCOUNT_MAX))
			return true;
	} while (!atomic_compare_exchange(&r->n, &old, old + 1));
	return true;
}

/* True when this was the last reference: the caller then frees the object. */
static inline __must_check bool refcount_put(struct refcount *r)
{
	uint32_t old = atomic_fetch_sub(&r->n, 1);

	if (unlikely(old == 0 || old > REFCOUNT_MAX)) {
		atomic_store(&r->n, REFCOUNT_SATURATED);
		return false;
	}
	return old == 1;
}

#endif
