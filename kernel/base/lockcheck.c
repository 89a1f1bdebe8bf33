/* SPDX-License-Identifier: MIT */
/*
 * Debug builds only: every processor remembers the spinlocks it holds, in the
 * order it took them, and a lock is taken only while all of them have lower
 * ranks. That makes a circle of waiting processors impossible, and shows the
 * violation the first time two locks meet in the wrong order, not the first
 * time two processors do.
 *
 * Interrupt handlers push onto the same stack: a lock they take comes on top of
 * what they interrupted, for the deadlock is as real as any other. Interrupts
 * are off while the stack changes; other processors never look at it.
 */
#include "base/backtrace.h"
#include "base/log.h"
#include "base/spinlock.h"
#include "hal/irq.h"

#if CONFIG_DEBUG

#define HELD_MAX 16

struct held_locks {
	struct spinlock *lock[HELD_MAX]; /* owner: this processor, interrupts off */
	unsigned count;
};
static PERCPU(struct held_locks, held_locks);

static const char *caller_name(uint64_t caller)
{
	const char *name = symbol_name(caller, NULL);

	return name ? name : "?";
}

static __noreturn __cold void order_violated(struct spinlock *l, uint64_t caller, const struct spinlock *h)
{
	spin_debug_log_held();
	panic("lock order: %s takes rank %u with rank %u held, taken in %s", caller_name(caller),
	      l->rank, h->rank, caller_name(h->caller));
}

static void order_check(struct spinlock *l, uint64_t caller, bool nested)
{
	struct held_locks *held = cpu_local_ptr(held_locks);

	for (unsigned i = 0; i < held->count; i++) {
		const struct spinlock *h = held->lock[i];

		if (h->rank > l->rank || (h->rank == l->rank && !nested))
			order_violated(l, caller, h);
	}
}

void spin_debug_before(struct spinlock *l, uint64_t caller, bool nested)
{
	uint64_t irq;

	if (panic_active())
		return;
	if (l->rank < RANK_SPIN_FIRST || l->rank >= RANK_LAST)
		panic("lock %p taken in %s has no rank: not initialised", (void *)l, caller_name(caller));
	if (l->rank >= RANK_IRQ_SAFE && irq_enabled())
		panic("lock of rank %u taken in %s with interrupts on", l->rank, caller_name(caller));
	irq = irq_save();
	if (atomic_load(&l->cpu) == cpu_id() + 1)
		panic("lock of rank %u taken twice: in %s and in %s", l->rank, caller_name(l->caller),
		      caller_name(caller));
	order_check(l, caller, nested);
	irq_restore(irq);
}

void spin_debug_after(struct spinlock *l, uint64_t caller)
{
	uint64_t irq = irq_save();
	struct held_locks *held = cpu_local_ptr(held_locks);

	atomic_store(&l->cpu, (uint16_t)(cpu_id() + 1));
	l->caller = caller;
	if (held->count == HELD_MAX && !panic_active())
		panic("%u spinlocks held at once", HELD_MAX);
	if (held->count < HELD_MAX)
		held->lock[held->count++] = l;
	irq_restore(irq);
}

/* Usually the last one; hand-over-hand locking releases an earlier one first. */
static bool held_remove(struct held_locks *held, const struct spinlock *l)
{
	unsigned i = held->count;

	while (i > 0 && held->lock[i - 1] != l)
		i--;
	if (i == 0)
		return false;
	for (; i < held->count; i++)
		held->lock[i - 1] = held->lock[i];
	held->count--;
	return true;
}

void spin_debug_unlock(struct spinlock *l)
{
	uint64_t irq = irq_save();

	if (!held_remove(cpu_local_ptr(held_locks), l) && !panic_active())
		panic("lock of rank %u released on processor %u: %s", l->rank, cpu_id(),
		      l->cpu ? "another one holds it" : "nobody holds it");
	atomic_store(&l->cpu, 0);
	irq_restore(irq);
}

bool spin_held(const struct spinlock *l)
{
	uint64_t irq = irq_save();
	bool held = atomic_load(&l->cpu) == cpu_id() + 1;

	irq_restore(irq);
	return held || panic_active();
}

void spin_debug_spinning(const struct spinlock *l, uint64_t caller)
{
	log_err("processor %u spins in %s for a lock of rank %u; processor %d took it in %s", cpu_id(),
		caller_name(caller), l->rank, (int)READ_ONCE(l->cpu) - 1, caller_name(READ_ONCE(l->caller)));
	backtrace_log(LOG_ERR);
}

void spin_debug_log_held(void)
{
	const struct held_locks *held = cpu_local_ptr(held_locks);

	for (unsigned i = 0; i < held->count; i++)
		log_err("lock held: rank %u, taken in %s", held->lock[i]->rank,
			caller_name(held->lock[i]->caller));
}

#endif
