/* SPDX-License-Identifier: MIT */
/*
 * sched/lockcheck.h: the order of sleeping locks, checked in debug builds. A
 * thread remembers the ranks of those it holds; taking one of the same or a
 * lower rank than the highest held panics with both callers.
 */
#ifndef SCHED_LOCKCHECK_H
#define SCHED_LOCKCHECK_H

#include "sched/thread.h"

#if CONFIG_DEBUG
void lockcheck_before(const void *lock, unsigned rank, bool nested);
void lockcheck_taken(void *lock, unsigned rank, uint64_t caller);
void lockcheck_released(const void *lock);
#else
#define lockcheck_before(lock, rank, nested) ((void)(nested))
#define lockcheck_taken(lock, rank, caller) ((void)0)
#define lockcheck_released(lock) ((void)0)
#endif

#endif
