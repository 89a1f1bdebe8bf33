/* SPDX-License-Identifier: MIT */
/*
 * base/lockcheck.h: the checks of spinlocks in debug builds, for base/spinlock.h
 * and for locks of other kinds that are spun for and have a label elsewhere.
 * Nothing of it is left in other builds.
 */
#ifndef BASE_LOCKCHECK_H
#define BASE_LOCKCHECK_H

#include "base/lockgraph.h"

#if CONFIG_DEBUG
/* Around taking and releasing; see lockgraph_before() for what is checked. */
void lockcheck_spin_before(const void *lock, struct lock_label *l, unsigned flags);
void lockcheck_spin_taken(void *lock, struct lock_label *l, bool tried);
void lockcheck_spin_released(const void *lock, const struct lock_label *l);

bool lockcheck_spin_held(const void *lock);                 /* by this processor */
unsigned lockcheck_spin_count(void);                        /* held by this processor */
void lockcheck_spin_holder(int level, const void *lock);    /* logs who holds it and where it was taken */
void lockcheck_spin_print(int level, unsigned cpu);         /* logs what a processor holds; any context */

/* A spinlock held for more ticks of the time stamp counter is reported. */
extern uint64_t lockcheck_hold_limit;
#else
#define lockcheck_spin_before(lock, l, flags) ((void)0)
#define lockcheck_spin_taken(lock, l, tried) ((void)0)
#define lockcheck_spin_released(lock, l) ((void)0)
#define lockcheck_spin_held(lock) true
#define lockcheck_spin_holder(level, lock) ((void)0)
#define lockcheck_spin_print(level, cpu) ((void)0)
#endif

#endif
