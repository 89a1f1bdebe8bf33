/* SPDX-License-Identifier: MIT */
/*
 * sched/inspect.c: looking at threads from outside; see sched/inspect.h.
 *
 * A waiting thread says for which lock. Who holds a mutex its owner word tells,
 * and a rwsem knows its writer; readers are known in debug builds only, where
 * every thread has the list of what it holds.
 *
 * Races. A lock may be freed as soon as its waiter has got it. So the waiter's
 * count is read before and after the owner is: if it did not change, the thread
 * waited all along, and the lock was there. The owner cannot have ended before
 * it was read, and threads are freed after a grace period, so it is safe to look
 * at inside the read section. A circle counts as a deadlock when none of its
 * counts changed between two walks around it: then all its waits stood at once.
 */
#include "sched/inspect.h"
#include "base/backtrace.h"
#include "base/rcu.h"
#include "base/sysrq.h"
#include "hal/clock.h"
#include "sched/lockcheck.h"
#include "sched/mutex.h"
#include "sched/runq.h"

#define CHAIN_MAX  16
#define CIRCLE_MAX 64

void thread_waits_begin(const void *lock, enum wait_kind kind)
{
	struct thread *t = thread_current();

	atomic_store(&t->waits_kind, (uint32_t)kind);
	atomic_store_release(&t->waits_for, lock);
	atomic_store_release(&t->waits_count, t->waits_count + 1);
}

void thread_waits_end(void)
{
	struct thread *t = thread_current();

	atomic_store_release(&t->waits_count, t->waits_count + 1);
	atomic_store_release(&t->waits_for, (const void *)NULL);
}

void thread_for_each(void (*visit)(struct thread *t, int id, void *arg), void *arg)
{
	TABLE_FOREACH(thread_sources, struct thread_source, s) {
		rcu_read_lock();
		s->each(visit, arg);
		rcu_read_unlock();
	}
}

/* The holder of a lock that is known to exist. */
static struct thread *holder_of(const void *lock, uint32_t kind)
{
	return kind == WAITS_MUTEX ? mutex_owner(lock) : READ_ONCE(((const struct rwsem *)lock)->writer);
}

/* Who holds what t waits for; NULL if it does not wait, or that is not known. count: which of its waits it is. */
static struct thread *waits_for_whom(struct thread *t, const void **lock, uint32_t *count)
{
	struct thread *holder;

	*count = atomic_load_acquire(&t->waits_count);
	*lock = atomic_load_acquire(&t->waits_for);
	if (!*lock)
		return NULL;
	holder = holder_of(*lock, atomic_load(&t->waits_kind));
	atomic_fence();
	return atomic_load(&t->waits_count) == *count ? holder : NULL;
}

/* Steps around a circle that t is in, and the sum of its waits' counts; 0: it is in none. */
static unsigned circle_walk(struct thread *t, uint64_t *sum)
{
	struct thread *at = t;
	const void *lock;
	uint32_t count;

	*sum = 0;
	for (unsigned steps = 1; steps <= CIRCLE_MAX; steps++) {
		at = waits_for_whom(at, &lock, &count);
		if (!at)
			return 0;
		*sum += count;
		if (at == t)
			return steps;
	}
	return 0;
}

static bool in_deadlock(struct thread *t)
{
	uint64_t first, second;

	return circle_walk(t, &first) && circle_walk(t, &second) && first == second;
}

/* A circle is named once: by the one of its threads with the lowest address. */
static bool is_lowest(struct thread *t)
{
	struct thread *at = t;
	const void *lock;
	uint32_t count;

	do {
		at = waits_for_whom(at, &lock, &count);
		if (!at || at < t)
			return false;
	} while (at != t);
	return true;
}

static void print_circle(int level, struct thread *t)
{
	struct thread *at = t, *holder;
	const void *lock;
	uint32_t count;

	log_printf((enum log_level)level, "DEADLOCK:");
	do {
		holder = waits_for_whom(at, &lock, &count);
		if (!holder)
			return;
		log_printf((enum log_level)level, "  %s waits for the lock at %p, which %s holds", at->name, lock,
			   holder->name);
		at = holder;
	} while (at != t);
}

struct waits {
	int level;
	unsigned deadlocks;
};

static void print_wait(struct thread *t, int id, void *arg)
{
	struct waits *w = arg;
	const void *lock;
	uint32_t count;
	struct thread *holder = waits_for_whom(t, &lock, &count);

	if (!lock)
		return;
	log_printf((enum log_level)w->level, "%s (%d) waits for the %s at %p, held by %s", t->name, id,
		   t->waits_kind == WAITS_MUTEX ? "mutex" : "rwsem", lock, holder ? holder->name : "readers or nobody");
	if (!in_deadlock(t) || !is_lowest(t))
		return;
	w->deadlocks++;
	print_circle(w->level, t);
}

unsigned thread_print_waits(int level)
{
	struct waits w = { .level = level };

	thread_for_each(print_wait, &w);
	if (w.deadlocks)
		log_printf((enum log_level)level, "%u deadlocks among sleeping locks", w.deadlocks);
	return w.deadlocks;
}

/* A sleeping thread's call chain: its run queue is locked, so that it stays asleep; not if that takes too long. */
unsigned thread_sleeping_chain(struct thread *t, vaddr_t *chain, unsigned max)
{
	uint64_t irq = irq_save();
	struct runq *rq = percpu_of(runq, atomic_load(&t->cpu));
	unsigned n = 0, tries = 0;

	while (tries < 100000 && !spin_trylock(&rq->lock)) {
		cpu_relax();
		tries++;
	}
	if (tries < 100000) {
		if (rq->cpu == atomic_load(&t->cpu) && !atomic_load(&t->on_cpu) &&
		    !(atomic_load(&t->state) & (THREAD_NEW | THREAD_DEAD)))
			n = context_backtrace_of(&t->context, chain, max);
		spin_release(&rq->lock);
		preempt_enable_no_resched();
	}
	irq_restore(irq);
	return n;
}

static const char *state_name(const struct thread *t)
{
	switch (atomic_load(&t->state)) {
	case THREAD_RUNNING: return atomic_load(&t->on_cpu) ? "runs" : "waits to run";
	case THREAD_SLEEPING: return "sleeps";
	case THREAD_KILLABLE: return "sleeps, killable";
	case THREAD_BLOCKED: return "blocked";
	case THREAD_STOPPED: return "stopped";
	case THREAD_TRACED: return "traced";
	case THREAD_NEW: return "new";
	default: return "dead";
	}
}

void thread_print(int level, struct thread *t, int id)
{
	vaddr_t chain[CHAIN_MAX];
	const void *lock;
	uint32_t count;
	struct thread *holder = waits_for_whom(t, &lock, &count);

	log_printf((enum log_level)level, "task:%s pid:%d processor:%u state: %s", t->name, id, atomic_load(&t->cpu),
		   state_name(t));
	if (lock)
		log_printf((enum log_level)level, "  waits for the lock at %p, held by %s", lock,
			   holder ? holder->name : "readers or nobody");
	backtrace_print((enum log_level)level, chain, thread_sleeping_chain(t, chain, CHAIN_MAX));
	lockcheck_print(level, t);
}

static void show_one(struct thread *t, int id, void *arg)
{
	thread_print(LOG_INFO, t, id);
}

static void show_all(void)
{
	thread_for_each(show_one, NULL);
}

static void show_if_blocked(struct thread *t, int id, void *arg)
{
	if (atomic_load(&t->state) & (THREAD_BLOCKED | THREAD_KILLABLE))
		thread_print(LOG_INFO, t, id);
}

static void show_blocked(void)
{
	thread_for_each(show_if_blocked, NULL);
	thread_print_waits(LOG_INFO);
}

static void show_held(struct thread *t, int id, void *arg)
{
	if (lockcheck_holds(t))
		log_info("%s (%d):", t->name, id);
	lockcheck_print(LOG_INFO, t);
}

/* What is held is known in debug builds; in all of them, what is waited for and who has it. */
static void show_locks(void)
{
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		lockcheck_spin_print(LOG_INFO, cpu);
	thread_for_each(show_held, NULL);
	thread_print_waits(LOG_INFO);
}

TABLE_ENTRY(sysrq_keys, struct sysrq_key, locks) = { 'd', "show-all-locks(d)", show_locks };
TABLE_ENTRY(sysrq_keys, struct sysrq_key, tasks) = { 't', "show-task-states(t)", show_all };
TABLE_ENTRY(sysrq_keys, struct sysrq_key, blocked) = { 'w', "show-blocked-tasks(w)", show_blocked };
