/* SPDX-License-Identifier: MIT */
/*
 * mem/inject.h: debug builds: makes one allocation of the running thread fail,
 * the n-th from now, as Linux's /proc/self/fail-nth does. A test repeats a
 * system call with n = 1, 2, … until it succeeds, and has seen every way in
 * which it can run out of memory. Only allocations that may sleep count: those
 * are the ones that a thread asks for itself. One thread at a time.
 */
#ifndef MEM_INJECT_H
#define MEM_INJECT_H

#include "lib/types.h"

#if CONFIG_DEBUG
/* The n-th allocation of the running thread from now fails; 0 disarms. -EBUSY: another thread is at it. */
int inject_arm(uint64_t n);
/* How many allocations are left until the one that fails; 0 when it has failed or nothing is armed. */
uint64_t inject_left(void);
/* Asked by the allocators: must this one fail? flags: enum alloc_flags. */
bool inject_fail(unsigned flags);
/* The running thread ends: disarms. */
void inject_thread_end(void);
#else
#define inject_fail(flags) false
static inline void inject_thread_end(void) { }
#endif

#endif
