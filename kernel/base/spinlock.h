/* SPDX-License-Identifier: MIT */
/*
 * base/spinlock.h: locks that hand over in order. Held for few
 * instructions; the holder does not sleep. Taking one disables preemption; the
 * _irq forms disable interrupts too and are for locks that an interrupt handler
 * takes. Every lock has a rank (base/lockrank.h); debug builds record who holds
 * it since when and where it was taken, check the order, recursion and foreign
 * unlocks (base/lockcheck.c), and report holding it for seconds. Spinning for
 * seconds is reported in every build, with what all processors do. Once a
 * processor is in panic(), no lock holds it up.
 *
 *   struct spinlock l = SPINLOCK_INIT(RANK_FILES);   or spin_init(&l, RANK_FILES)
 *   spin_lock(&l); … spin_unlock(&l);
 *   uint64_t irq = spin_lock_irq(&l); … spin_unlock_irq(&l, irq);
 *   { SPIN_GUARD(&l); … return early; }
 */
#ifndef BASE_SPINLOCK_H
#define BASE_SPINLOCK_H

#include "base/lockcheck.h"
#include "base/lockrank.h"
#include "base/panic.h"
#include "base/preempt.h"
#include "lib/atomic.h"

struct spinlock {
	union {
		uint32_t word;                                   /* atomic; 0: free, and nobody waits */
		struct { uint8_t held, waiting, serving, next; }; /* see spinlock.c */
	};
#if CONFIG_DEBUG
	struct lock_label label;
#endif
};

#define SPINLOCK_INIT(rank_) { .word = 0, LOCK_LABEL(rank_) }
#define spin_init(l, rank)   ((void)(*(l) = (struct spinlock)SPINLOCK_INIT(rank)))

#if CONFIG_DEBUG
#define spin_held(l)   lockcheck_spin_held(l) /* by this processor */
#define assert_held(l) verify(spin_held(l))
#else
#define assert_held(l) ((void)0)
#endif

/* Waits for its turn and takes the lock; the contended half of spin_lock(). */
void spin_wait(struct spinlock *l);
/* How often somebody went before one whose turn it was, since boot; for tests. */
extern uint64_t spin_overtaken;

/* Who called the function this stands in. */
#define SPIN_CALLER() ((uint64_t)__builtin_return_address(0))

/* flags: enum lock_flags. */
static __always_inline void spin_acquire(struct spinlock *l, unsigned flags)
{
	lockcheck_spin_before(l, &l->label, flags);
	uint32_t free = 0;
	if (unlikely(!__atomic_compare_exchange_n(&l->word, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		spin_wait(l);
	lockcheck_spin_taken(l, &l->label, false);
}

static __always_inline void spin_release(struct spinlock *l)
{
	lockcheck_spin_released(l, &l->label);
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

static __always_inline void spin_lock(struct spinlock *l)
{
	preempt_disable();
	spin_acquire(l, 0);
}

/* A second lock of the same rank, whose order against the first is fixed otherwise. */
static __always_inline void spin_lock_nested(struct spinlock *l)
{
	preempt_disable();
	spin_acquire(l, LOCK_NESTED);
}

/* The same, where the order is by address: the lower one first. */
static __always_inline void spin_lock_ordered(struct spinlock *l)
{
	preempt_disable();
	spin_acquire(l, LOCK_ORDERED);
}

static __always_inline void spin_unlock(struct spinlock *l)
{
	spin_release(l);
	preempt_enable();
}

static __always_inline bool spin_trylock(struct spinlock *l)
{
	preempt_disable();
	uint32_t free = __atomic_load_n(&l->word, __ATOMIC_RELAXED);
	if (!free && __atomic_compare_exchange_n(&l->word, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		lockcheck_spin_taken(l, &l->label, true);
		return true;
	}
	preempt_enable();
	return false;
}

static __always_inline uint64_t spin_lock_irq(struct spinlock *l)
{
	uint64_t irq = irq_save();
	preempt_disable();
	spin_acquire(l, 0);
	return irq;
}

static __always_inline void spin_unlock_irq(struct spinlock *l, uint64_t irq)
{
	spin_release(l);
	preempt_enable_no_resched();
	irq_restore(irq);
	if (unlikely(atomic_load(&context_current()->work) & WORK_RESCHED))
		preempt_check();
}

static inline void spin_guard_release(struct spinlock **l)
{
	spin_unlock(*l);
}

#define SPIN_GUARD_NAME2(line) spin_guard_##line
#define SPIN_GUARD_NAME(line) SPIN_GUARD_NAME2(line)
#define SPIN_GUARD(l)                                                                              \
	struct spinlock *SPIN_GUARD_NAME(__LINE__) __attribute__((cleanup(spin_guard_release), unused)) = (l); \
	spin_lock(SPIN_GUARD_NAME(__LINE__))

#endif
