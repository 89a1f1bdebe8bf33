/* SPDX-License-Identifier: MIT */
/*
 * sched/mutex.h: sleeping locks. Uncontended: one atomic instruction. Contended:
 * the thread spins for some microseconds if nobody waits yet and the owner runs on
 * another processor; then it queues and sleeps; the lock is handed over in order after a
 * waiter was woken and lost once. Ranks as in base/lockrank.h, checked in debug builds
 * against all sleeping locks the thread holds; no spinlock may be held.
 *
 * A rwsem admits many readers or one writer; a waiting writer stops new readers. Taking
 * and releasing it are one atomic instruction each while nobody waits.
 *
 * Who releases one may still touch it when the next owner has it already, and even when that one has
 * released it. So nobody frees a lock because he got it: those that use it each have a reference
 * on what it is in, and let go of that after the lock. (A spinlock's release is one store, after which it
 * is not touched; and a completion is made for this.)
 */
#ifndef SCHED_MUTEX_H
#define SCHED_MUTEX_H

#include "sched/wait.h"

struct mutex {
	uint64_t owner;      /* atomic: the thread, bit 0: somebody waits, bit 1: hand over */
	struct spinlock lock;
	struct list waiters; /* lock */
#if CONFIG_DEBUG
	struct lock_label label;
#endif
};

#define MUTEX_INIT(m, rank_) \
	{ .lock = SPINLOCK_INIT(RANK_WAITQ), .waiters = LIST_INIT((m).waiters), LOCK_LABEL(rank_) }
#define mutex_init(m, rank) \
	({ struct mutex *mutex_ = (m); *mutex_ = (struct mutex)MUTEX_INIT(*mutex_, rank); (void)0; })

void mutex_lock(struct mutex *m);
void mutex_lock_nested(struct mutex *m); /* of the same rank as one held, order fixed otherwise */
void mutex_lock_ordered(struct mutex *m); /* the same, where the order is by address */
int mutex_lock_interruptible(struct mutex *m); /* 0 or -ERESTARTSYS */
int mutex_lock_killable(struct mutex *m);      /* 0 or -ERESTARTSYS */
bool mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);
bool mutex_held(const struct mutex *m); /* by the running thread */
/* Who holds it at the moment, or NULL; only to look at, under RCU. */
struct thread *mutex_owner(const struct mutex *m);

struct rwsem {
	uint32_t state;      /* atomic: see rwsem.c; 0: free */
	struct spinlock lock;
	struct list waiters; /* lock: in order of arrival */
	struct thread *writer; /* owner: the writer, for checks; others read it to look at */
#if CONFIG_DEBUG
	struct lock_label label;
#endif
};

#define RWSEM_INIT(s, rank_) \
	{ .lock = SPINLOCK_INIT(RANK_WAITQ), .waiters = LIST_INIT((s).waiters), LOCK_LABEL(rank_) }
#define rwsem_init(s, rank) \
	({ struct rwsem *rwsem_ = (s); *rwsem_ = (struct rwsem)RWSEM_INIT(*rwsem_, rank); (void)0; })

void rwsem_read_lock(struct rwsem *s);
bool rwsem_read_trylock(struct rwsem *s);
void rwsem_read_unlock(struct rwsem *s);
void rwsem_write_lock(struct rwsem *s);
void rwsem_write_lock_nested(struct rwsem *s);
int rwsem_write_lock_killable(struct rwsem *s); /* 0 or -ERESTARTSYS */
bool rwsem_write_trylock(struct rwsem *s);
void rwsem_write_unlock(struct rwsem *s);
void rwsem_downgrade(struct rwsem *s);
bool rwsem_write_held(const struct rwsem *s); /* by the running thread */

static inline void mutex_guard_release(struct mutex **m) { mutex_unlock(*m); }
#define MUTEX_GUARD_NAME2(line) mutex_guard_##line
#define MUTEX_GUARD_NAME(line) MUTEX_GUARD_NAME2(line)
#define MUTEX_GUARD(m)                                                                             \
	struct mutex *MUTEX_GUARD_NAME(__LINE__) __attribute__((cleanup(mutex_guard_release), unused)) = (m); \
	mutex_lock(MUTEX_GUARD_NAME(__LINE__))

/* One event, once: for "wait until that thread is done". */
struct completion {
	bool done;           /* q.lock */
	struct waitq q;
};
void completion_init(struct completion *c);
void completion_signal(struct completion *c); /* any context */
void completion_wait(struct completion *c);
int completion_wait_killable(struct completion *c); /* 0 or -ERESTARTSYS */

#endif
