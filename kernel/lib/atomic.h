/* SPDX-License-Identifier: MIT */
/*
 * Atomic operations on plain integers and pointers of 1 to 8 bytes, given by
 * address. atomic_load and atomic_store order nothing; _acquire and _release
 * order what their names say; everything that reads and writes in one step is
 * sequentially consistent (on x86 that costs nothing more).
 *
 * Publishing to RCU readers: build the object, then atomic_store_release the
 * pointer; readers use atomic_load_acquire.
 */
#ifndef LIB_ATOMIC_H
#define LIB_ATOMIC_H

#include "lib/types.h"

#define atomic_load(p)		   __atomic_load_n(p, __ATOMIC_RELAXED)
#define atomic_load_acquire(p)	   __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define atomic_store(p, v)	   __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define atomic_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

/* No result. */
#define atomic_add(p, v) ((void)__atomic_add_fetch(p, v, __ATOMIC_SEQ_CST))
#define atomic_sub(p, v) ((void)__atomic_sub_fetch(p, v, __ATOMIC_SEQ_CST))
#define atomic_and(p, v) ((void)__atomic_and_fetch(p, v, __ATOMIC_SEQ_CST))
#define atomic_or(p, v)	 ((void)__atomic_or_fetch(p, v, __ATOMIC_SEQ_CST))
#define atomic_inc(p)	 atomic_add(p, 1)
#define atomic_dec(p)	 atomic_sub(p, 1)

/* The new value. */
#define atomic_add_return(p, v) __atomic_add_fetch(p, v, __ATOMIC_SEQ_CST)
#define atomic_sub_return(p, v) __atomic_sub_fetch(p, v, __ATOMIC_SEQ_CST)
#define atomic_and_return(p, v) __atomic_and_fetch(p, v, __ATOMIC_SEQ_CST)
#define atomic_or_return(p, v)	__atomic_or_fetch(p, v, __ATOMIC_SEQ_CST)
#define atomic_inc_return(p)	atomic_add_return(p, 1)
#define atomic_dec_return(p)	atomic_sub_return(p, 1)

/* The value before. */
#define atomic_fetch_add(p, v) __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST)
#define atomic_fetch_sub(p, v) __atomic_fetch_sub(p, v, __ATOMIC_SEQ_CST)
#define atomic_fetch_and(p, v) __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST)
#define atomic_fetch_or(p, v)  __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST)
#define atomic_exchange(p, v)  __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)

/* True when the value is zero afterwards. */
#define atomic_dec_and_test(p) (atomic_sub_return(p, 1) == 0)

/* Stores want where *old stands; else puts what stands there into *old and is false. */
#define atomic_compare_exchange(p, old, want) \
	__atomic_compare_exchange_n(p, old, want, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

/* Adds one unless the value is zero; true when it did. */
#define atomic_inc_unless_zero(p)                                              \
	({                                                                     \
		__typeof__(p) inc_p_ = (p);                                    \
		__auto_type inc_old_ = atomic_load(inc_p_);                    \
		while (inc_old_ != 0 &&                                        \
		       !atomic_compare_exchange(inc_p_, &inc_old_, inc_old_ + 1)) \
			;                                                      \
		inc_old_ != 0;                                                 \
	})

/* A full barrier between processors; and one for the compiler alone. */
#define atomic_fence()	   __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define compiler_barrier() __asm__ __volatile__("" ::: "memory")

#endif
