/* SPDX-License-Identifier: MIT */
/*
 * Debug builds only: every processor remembers the spinlocks it holds, in the
 * order it took them, and what it would wait for is checked against them: by
 * rank, and by the orders seen before (base/lockgraph.c).
 *
 * Interrupt handlers push onto the same stack: a lock they take comes on top of
 * what they interrupted, for the deadlock is as real as any other. Interrupts
 * are off while the stack changes. Other processors look at it only to print it:
 * what they see may be half changed, but every pointer in it is to a label, and
 * labels are static or in locks, which stay readable.
 */
#include "base/lockcheck.h"

#if CONFIG_DEBUG
#include "base/backtrace.h"
#include "base/spinlock.h"
#include "hal/irq.h"

#define HELD_MAX 20U

struct held_locks {
	struct lock_hold hold[HELD_MAX]; /* owner: this processor, interrupts off */
	unsigned count;                  /* the same */
};
static PERCPU(struct held_locks, held_locks);

uint64_t lockcheck_hold_limit = 10UL * 1000 * 1000 * 1000;

void lockcheck_spin_before(const void *lock, struct lock_label *l, unsigned flags)
{
	const struct held_locks *held;
	char name[80];
	uint64_t irq;

	if (panic_active())
		return;
	if (l->rank < RANK_SPIN_FIRST || l->rank >= RANK_LAST)
		panic("spinlock %p, %s: no rank, or not a spinlock's", lock, lock_label_name(l, name, sizeof(name)));
	lockgraph_irq_use(l);
	if (l->rank >= RANK_IRQ_SAFE && irq_enabled())
		panic("lock %s taken with interrupts on", lock_label_name(l, name, sizeof(name)));
	if (l->rank < RANK_IRQ_SAFE && irq_in_progress())
		panic("lock %s taken in an interrupt", lock_label_name(l, name, sizeof(name)));
	irq = irq_save();
	held = cpu_local_ptr(held_locks);
	if (held->count)
		lockgraph_before(lock, l, flags, held->hold, held->count);
	irq_restore(irq);
}

void lockcheck_spin_taken(void *lock, struct lock_label *l, bool tried)
{
	uint64_t irq = irq_save();
	struct held_locks *held = cpu_local_ptr(held_locks);

	if (held->count == HELD_MAX && !panic_active())
		panic("%u spinlocks held at once", HELD_MAX);
	if (held->count < HELD_MAX)
		lockgraph_hold(&held->hold[held->count++], lock, l, tried, cpu_frame_pointer());
	irq_restore(irq);
}

/* Usually the last one; hand-over-hand locking releases an earlier one first. */
static bool held_remove(struct held_locks *held, const void *lock, struct lock_hold *out)
{
	unsigned i = held->count;

	while (i > 0 && held->hold[i - 1].lock != lock)
		i--;
	if (i == 0)
		return false;
	*out = held->hold[i - 1];
	for (; i < held->count; i++)
		held->hold[i - 1] = held->hold[i];
	held->count--;
	return true;
}

/* The processor that holds it, and where that took it; the caller's own is no answer. */
static bool holder_find(const void *lock, unsigned *cpu, struct lock_hold *h)
{
	for (*cpu = 0; *cpu < cpu_online_count; ++*cpu) {
		const struct held_locks *held = percpu_of(held_locks, *cpu);

		for (unsigned i = 0; i < min(READ_ONCE(held->count), HELD_MAX); i++) {
			*h = held->hold[i];
			if (h->lock == lock)
				return true;
		}
	}
	return false;
}

static __noreturn __cold void panic_foreign(const void *lock, const struct lock_label *l)
{
	struct lock_hold h;
	char name[80];
	unsigned cpu;

	lock_label_name(l, name, sizeof(name));
	if (!holder_find(lock, &cpu, &h))
		panic("lock %s released on processor %u: nobody holds it", name, cpu_id());
	lockgraph_print_hold(LOG_ERR, "held: ", &h);
	panic("lock %s released on processor %u: processor %u holds it", name, cpu_id(), cpu);
}

void lockcheck_spin_released(const void *lock, const struct lock_label *l)
{
	uint64_t irq = irq_save();
	struct lock_hold h;

	if (held_remove(cpu_local_ptr(held_locks), lock, &h)) {
		uint64_t ticks = cpu_cycles() - h.since;

		/* Consoles are slow, and a report about one would be told by it. */
		if (unlikely(ticks > lockcheck_hold_limit) && l->rank < RANK_LOG && !panic_active()) {
			log_warn("spinlock held for %llu million ticks of the time stamp counter",
				 (unsigned long long)ticks / 1000000);
			lockgraph_print_hold(LOG_WARNING, "", &h);
			log_warn("and released at");
			backtrace_log(LOG_WARNING);
		}
	} else if (!panic_active()) {
		panic_foreign(lock, l);
	}
	irq_restore(irq);
}

bool lockcheck_spin_held(const void *lock)
{
	uint64_t irq = irq_save();
	const struct held_locks *held = cpu_local_ptr(held_locks);
	bool found = panic_active();

	for (unsigned i = held->count; i-- > 0 && !found;)
		found = held->hold[i].lock == lock;
	irq_restore(irq);
	return found;
}

unsigned lockcheck_spin_count(void)
{
	return cpu_local_ptr(held_locks)->count;
}

void lockcheck_spin_holder(int level, const void *lock)
{
	struct lock_hold h;
	unsigned cpu;

	if (!holder_find(lock, &cpu, &h)) {
		log_printf((enum log_level)level, "nobody is known to hold it");
		return;
	}
	log_printf((enum log_level)level, "held by processor %u:", cpu);
	lockgraph_print_hold(level, "", &h);
}

void lockcheck_spin_print(int level, unsigned cpu)
{
	const struct held_locks *held = percpu_of(held_locks, cpu);
	struct lock_hold h;
	unsigned n = min(READ_ONCE(held->count), HELD_MAX);

	for (unsigned i = 0; i < n; i++) {
		h = held->hold[i];
		log_printf((enum log_level)level, "processor %u holds spinlock %u of %u:", cpu, i + 1, n);
		lockgraph_print_hold(level, "", &h);
	}
}
#endif
