/* SPDX-License-Identifier: MIT */
/*
 * sched/lockcheck.h: the checks of sleeping locks in debug builds: mutexes,
 * reader-writer locks, the lock bits of pages. A thread remembers those it
 * holds; what it would wait for is checked against them (base/lockgraph.h).
 */
#ifndef SCHED_LOCKCHECK_H
#define SCHED_LOCKCHECK_H

#include "base/lockgraph.h"
#include "sched/thread.h"

#if CONFIG_DEBUG
/* Around taking and releasing. flags: enum lock_flags. */
void lockcheck_before(const void *lock, struct lock_label *l, unsigned flags);
void lockcheck_taken(void *lock, struct lock_label *l, bool tried);
void lockcheck_released(const void *lock, const struct lock_label *l);
/* Panics if the running thread or its processor holds anything; doing: "exits". */
void lockcheck_nothing_held(const char *doing);
/* How many sleeping locks a thread holds. */
static inline unsigned lockcheck_holds(const struct thread *t) { return READ_ONCE(t->held_count); }
/* Logs what a thread holds; any context. */
void lockcheck_print(int level, const struct thread *t);
#else
#define lockcheck_before(lock, l, flags) ((void)(flags))
#define lockcheck_taken(lock, l, tried) ((void)0)
#define lockcheck_released(lock, l) ((void)0)
#define lockcheck_nothing_held(doing) ((void)0)
#define lockcheck_holds(t) 0
#define lockcheck_print(level, t) ((void)0)
#endif

#endif
