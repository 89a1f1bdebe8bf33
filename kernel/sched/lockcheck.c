/* SPDX-License-Identifier: MIT */
/*
 * sched/lockcheck.c: see sched/lockcheck.h. Only the owner touches its own list,
 * so there is nothing to lock. Built into debug kernels only.
 */
#include "sched/lockcheck.h"

#if CONFIG_DEBUG
#include "base/panic.h"

void lockcheck_before(const void *lock, unsigned rank, bool nested)
{
	const struct thread *t = thread_current();

	for (unsigned i = 0; i < t->held_count; i++) {
		unsigned held = t->held[i].rank;

		if (t->held[i].lock == lock || held > rank || (held == rank && !nested))
			panic("lock order: taking %p (rank %u) while holding %p (rank %u, taken at %p)", lock, rank,
			      t->held[i].lock, held, (void *)t->held[i].caller);
	}
}

void lockcheck_taken(void *lock, unsigned rank, uint64_t caller)
{
	struct thread *t = thread_current();

	verify(t->held_count < ARRAY_SIZE(t->held));
	t->held[t->held_count].lock = lock;
	t->held[t->held_count].rank = (uint16_t)rank;
	t->held[t->held_count++].caller = caller;
}

void lockcheck_released(const void *lock)
{
	struct thread *t = thread_current();

	for (unsigned i = t->held_count; i-- > 0;) {
		if (t->held[i].lock == lock) {
			t->held[i] = t->held[--t->held_count];
			return;
		}
	}
	panic("lock %p released by %s, which does not hold it", lock, t->name);
}
#endif
