/* SPDX-License-Identifier: MIT */
/*
 * sched/lockcheck.c: see sched/lockcheck.h. Only the owner changes its own list,
 * so there is nothing to lock. Built into debug kernels only.
 */
#include "sched/lockcheck.h"

#if CONFIG_DEBUG
#include "base/lockcheck.h"
#include "base/log.h"
#include "base/panic.h"
#include "hal/upcall.h"

void lockcheck_before(const void *lock, struct lock_label *l, unsigned flags)
{
	struct thread *t = thread_current();
	char name[80];

	if (l->rank == 0 || l->rank >= RANK_SPIN_FIRST)
		panic("sleeping lock %p, %s: no rank, or a spinlock's", lock, lock_label_name(l, name, sizeof(name)));
	if (t->held_count && !panic_active())
		lockgraph_before(lock, l, flags, t->held, t->held_count);
}

void lockcheck_taken(void *lock, struct lock_label *l, bool tried)
{
	struct thread *t = thread_current();

	verify(t->held_count < ARRAY_SIZE(t->held));
	lockgraph_hold(&t->held[t->held_count++], lock, l, tried, cpu_frame_pointer());
}

void lockcheck_released(const void *lock, const struct lock_label *l)
{
	struct thread *t = thread_current();
	unsigned i = t->held_count;
	char name[80];

	while (i > 0 && t->held[i - 1].lock != lock)
		i--;
	if (i == 0 && panic_active())
		return;
	if (i == 0)
		panic("lock %s released by %s, which does not hold it", lock_label_name(l, name, sizeof(name)),
		      t->name);
	for (; i < t->held_count; i++)
		t->held[i - 1] = t->held[i];
	t->held_count--;
}

static __noreturn __cold void panic_held(const char *doing)
{
	const struct thread *t = thread_current();

	lockcheck_print(LOG_ERR, t);
	preempt_print();
	panic("thread %s %s with %u sleeping locks and %u spinlocks held, preemption off %u deep", t->name, doing,
	      t->held_count, lockcheck_spin_count(), cpu_local_read(preempt_count));
}

void lockcheck_nothing_held(const char *doing)
{
	if (unlikely(thread_current()->held_count || cpu_local_read(preempt_count)) && !panic_active())
		panic_held(doing);
}

void upcall_check_user(void)
{
	lockcheck_nothing_held("returns to user mode");
}

void lockcheck_print(int level, const struct thread *t)
{
	unsigned n = min_t(unsigned, READ_ONCE(t->held_count), ARRAY_SIZE(t->held));

	for (unsigned i = 0; i < n; i++) {
		struct lock_hold h = t->held[i];

		lockgraph_print_hold(level, "  holds ", &h);
	}
}
#endif
