/* SPDX-License-Identifier: MIT */
/*
 * base/spinlock.h: ticket locks that hand over in order. Held for few
 * instructions; the holder does not sleep. Taking one disables preemption; the
 * _irq forms disable interrupts too and are for locks that an interrupt handler
 * takes. Every lock has a rank (base/lockrank.h); debug builds record holder
 * and caller, check the order, recursion and foreign unlocks, and report a spin
 * of seconds with both sides. Once a processor is in panic(), no lock holds it up.
 *
 *   struct spinlock l = SPINLOCK_INIT(RANK_FILES);   or spin_init(&l, RANK_FILES)
 *   spin_lock(&l); … spin_unlock(&l);
 *   uint64_t irq = spin_lock_irq(&l); … spin_unlock_irq(&l, irq);
 *   { SPIN_GUARD(&l); … return early; }
 */
#ifndef BASE_SPINLOCK_H
#define BASE_SPINLOCK_H

#include "base/lockrank.h"
#include "base/panic.h"
#include "base/preempt.h"
#include "lib/atomic.h"

struct spinlock {
	union {
		uint32_t both;                        /* atomic */
		struct { uint16_t serving, next; };
	};
#if CONFIG_DEBUG
	uint16_t rank;     /* immutable */
	uint16_t cpu;      /* atomic, written by the owner: the holder's processor + 1 */
	uint64_t caller;   /* owner: where it was taken */
#endif
};

#if CONFIG_DEBUG
#define SPINLOCK_INIT(rank_) { .rank = (rank_) }
void spin_debug_before(struct spinlock *l, uint64_t caller, bool nested);
void spin_debug_after(struct spinlock *l, uint64_t caller);
void spin_debug_unlock(struct spinlock *l);
void spin_debug_spinning(const struct spinlock *l, uint64_t caller); /* for a suspiciously long time */
void spin_debug_log_held(void);           /* logs the locks this processor holds */
bool spin_held(const struct spinlock *l); /* by this processor */
#define assert_held(l) verify(spin_held(l))
#else
#define SPINLOCK_INIT(rank_) { .both = 0 }
#define spin_debug_before(l, caller, nested) ((void)0)
#define spin_debug_after(l, caller) ((void)0)
#define spin_debug_unlock(l) ((void)0)
#define spin_debug_spinning(l, caller) ((void)0)
#define spin_debug_log_held() ((void)0)
#define assert_held(l) ((void)0)
#endif

static inline void spin_init(struct spinlock *l, enum lock_rank rank)
{
	*l = (struct spinlock)SPINLOCK_INIT(rank);
	(void)rank;
}

/* Waits until the ticket is served; the contended half of spin_lock(). */
void spin_wait(struct spinlock *l, uint16_t ticket);

#define SPIN_CALLER() ((uint64_t)__builtin_return_address(0))

static __always_inline void spin_acquire(struct spinlock *l, bool nested)
{
	spin_debug_before(l, SPIN_CALLER(), nested);
	uint32_t seen = __atomic_fetch_add(&l->both, 1u << 16, __ATOMIC_ACQUIRE);
	if (unlikely((uint16_t)seen != (uint16_t)(seen >> 16)))
		spin_wait(l, (uint16_t)(seen >> 16));
	spin_debug_after(l, SPIN_CALLER());
}

static __always_inline void spin_release(struct spinlock *l)
{
	spin_debug_unlock(l);
	__atomic_store_n(&l->serving, (uint16_t)(atomic_load(&l->serving) + 1), __ATOMIC_RELEASE);
}

static __always_inline void spin_lock(struct spinlock *l)
{
	preempt_disable();
	spin_acquire(l, false);
}

/* A second lock of the same rank, whose order against the first is fixed otherwise. */
static __always_inline void spin_lock_nested(struct spinlock *l)
{
	preempt_disable();
	spin_acquire(l, true);
}

static __always_inline void spin_unlock(struct spinlock *l)
{
	spin_release(l);
	preempt_enable();
}

static __always_inline bool spin_trylock(struct spinlock *l)
{
	preempt_disable();
	uint32_t seen = __atomic_load_n(&l->both, __ATOMIC_RELAXED);
	if ((uint16_t)seen == (uint16_t)(seen >> 16) &&
	    __atomic_compare_exchange_n(&l->both, &seen, seen + (1u << 16), false,
					__ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		spin_debug_after(l, SPIN_CALLER());
		return true;
	}
	preempt_enable();
	return false;
}

static __always_inline uint64_t spin_lock_irq(struct spinlock *l)
{
	uint64_t irq = irq_save();
	preempt_disable();
	spin_acquire(l, false);
	return irq;
}

static __always_inline void spin_unlock_irq(struct spinlock *l, uint64_t irq)
{
	spin_release(l);
	preempt_enable_no_resched();
	irq_restore(irq);
	if (unlikely(context_current()->work & WORK_RESCHED))
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
