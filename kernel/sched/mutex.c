/* SPDX-License-Identifier: MIT */
/*
 * sched/mutex.c: mutexes and completions; see sched/mutex.h.
 *
 * The owner word holds the owning thread's address and two bits. WAITERS: an
 * unlock must take the slow way. HANDOVER: the first waiter was woken and found
 * the mutex taken again; the next unlock gives it over directly, so nobody
 * starves. Fast paths change the word by compare-and-exchange; the slow ones do
 * so too, under the lock that guards the list.
 *
 * Spinning. An owner that runs will mostly be done before a sleep and a wake-up
 * are. So who comes while nobody waits looks for some microseconds, as long as
 * the owner runs elsewhere and nobody is to run here. Not longer: under a hypervisor the
 * owner's processor may be away.
 */
#include "sched/mutex.h"
#include "base/panic.h"
#include "base/rcu.h"
#include "sched/inspect.h"
#include "sched/lockcheck.h"

#define WAITERS  1UL
#define HANDOVER 2UL
#define FLAGS    (WAITERS | HANDOVER)
#define SPIN_MOST 20000 /* ticks of the time stamp counter */

struct mutex_waiter {
	struct list link;
	struct thread *thread;
};

static inline bool try_fast(struct mutex *m)
{
	uint64_t free = 0;

	return __atomic_compare_exchange_n(&m->owner, &free, (uint64_t)thread_current(), false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* Takes the mutex if it is free or was handed to us. List lock held. */
static bool try_locked(struct mutex *m, struct mutex_waiter *w)
{
	uint64_t me = (uint64_t)thread_current();
	uint64_t seen = atomic_load(&m->owner);

	for (;;) {
		bool first = m->waiters.next == &w->link;
		uint64_t holder = seen & ~FLAGS;

		if (holder == me)
			return true;
		if (holder || ((seen & HANDOVER) && !first))
			return false;
		uint64_t want = me | (list_is_singular(&m->waiters) ? 0 : WAITERS);
		if (__atomic_compare_exchange_n(&m->owner, &seen, want, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return true;
	}
}

static void leave_list(struct mutex *m, struct mutex_waiter *w)
{
	list_del(&w->link);
	if (list_empty(&m->waiters))
		__atomic_and_fetch(&m->owner, ~FLAGS, __ATOMIC_RELAXED);
}

/* True: it spun, and has the mutex. */
static bool lock_spinning(struct mutex *m)
{
	uint64_t start = cpu_cycles(), seen;

	if (cpu_online_count == 1)
		return false;
	do {
		bool runs;

		rcu_read_lock(); /* keeps the owner's structure */
		seen = atomic_load(&m->owner);
		runs = !seen || (!(seen & FLAGS) && atomic_load(&((const struct thread *)seen)->on_cpu));
		rcu_read_unlock();
		if (!seen && try_fast(m))
			return true;
		if (!runs)
			return false;
		cpu_relax();
	} while (cpu_cycles() - start < SPIN_MOST);
	return false;
}

static int lock_slow(struct mutex *m, uint32_t state)
{
	struct mutex_waiter w = { .thread = thread_current() };
	int result = 0;

	uint64_t irq = spin_lock_irq(&m->lock);
	list_add_tail(&w.link, &m->waiters);
	__atomic_or_fetch(&m->owner, WAITERS, __ATOMIC_RELAXED);
	while (!try_locked(m, &w)) {
		if ((state == THREAD_SLEEPING && thread_interrupted()) ||
		    (state == THREAD_KILLABLE && thread_killed())) {
			result = -ERESTARTSYS;
			break;
		}
		thread_set_state(state);
		spin_unlock_irq(&m->lock, irq);
		sched_switch();
		thread_set_state(THREAD_RUNNING);
		irq = spin_lock_irq(&m->lock);
		if (m->waiters.next == &w.link && (atomic_load(&m->owner) & ~FLAGS) &&
		    (atomic_load(&m->owner) & ~FLAGS) != (uint64_t)w.thread)
			__atomic_or_fetch(&m->owner, HANDOVER, __ATOMIC_RELAXED);
	}
	leave_list(m, &w);
	/* A waiter that gives up must pass on a wake-up it may have swallowed. */
	if (result && !(atomic_load(&m->owner) & ~FLAGS) && !list_empty(&m->waiters))
		thread_wake(list_first_entry(&m->waiters, struct mutex_waiter, link)->thread);
	spin_unlock_irq(&m->lock, irq);
	return result;
}

static int lock_state(struct mutex *m, uint32_t state, unsigned flags)
{
	might_sleep();
	lockcheck_before(m, &m->label, flags);
	if (!try_fast(m) && !lock_spinning(m)) {
		thread_waits_begin(m, WAITS_MUTEX);
		int result = lock_slow(m, state);
		thread_waits_end();

		if (result)
			return result;
	}
	lockcheck_taken(m, &m->label, false);
	return 0;
}

void mutex_lock(struct mutex *m) { (void)lock_state(m, THREAD_BLOCKED, 0); }
void mutex_lock_nested(struct mutex *m) { (void)lock_state(m, THREAD_BLOCKED, LOCK_NESTED); }
void mutex_lock_ordered(struct mutex *m) { (void)lock_state(m, THREAD_BLOCKED, LOCK_ORDERED); }
int mutex_lock_interruptible(struct mutex *m) { return lock_state(m, THREAD_SLEEPING, 0); }
int mutex_lock_killable(struct mutex *m) { return lock_state(m, THREAD_KILLABLE, 0); }

bool mutex_trylock(struct mutex *m)
{
	if (!try_fast(m))
		return false;
	lockcheck_taken(m, &m->label, true);
	return true;
}

static void unlock_slow(struct mutex *m)
{
	uint64_t irq = spin_lock_irq(&m->lock);
	struct mutex_waiter *w = NULL;
	uint64_t next = 0;

	if (!list_empty(&m->waiters)) {
		w = list_first_entry(&m->waiters, struct mutex_waiter, link);
		next = WAITERS;
		if (atomic_load(&m->owner) & HANDOVER)
			next |= (uint64_t)w->thread;
	}
	__atomic_store_n(&m->owner, next, __ATOMIC_RELEASE);
	if (w)
		thread_wake(w->thread);
	spin_unlock_irq(&m->lock, irq);
}

void mutex_unlock(struct mutex *m)
{
	uint64_t me = (uint64_t)thread_current();

	assert(mutex_held(m));
	lockcheck_released(m, &m->label);
	if (!__atomic_compare_exchange_n(&m->owner, &me, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		unlock_slow(m);
}

struct thread *mutex_owner(const struct mutex *m)
{
	return (struct thread *)(atomic_load(&m->owner) & ~FLAGS);
}

bool mutex_held(const struct mutex *m)
{
	return (atomic_load(&m->owner) & ~FLAGS) == (uint64_t)thread_current();
}

void completion_init(struct completion *c)
{
	c->done = false;
	waitq_init(&c->q);
}

void completion_signal(struct completion *c)
{
	/* Under the queue's lock to the end: the waiter may free c as soon as it gets it. */
	uint64_t irq = spin_lock_irq(&c->q.lock);
	struct wait_entry *e, *next;

	atomic_store_release(&c->done, true);
	list_for_each_entry_safe(e, next, &c->q.entries, link)
		e->wake(e, 0);
	spin_unlock_irq(&c->q.lock, irq);
}

/* Passes through the lock once, so that the signaller is out of c. */
static void completion_leave(struct completion *c)
{
	uint64_t irq = spin_lock_irq(&c->q.lock);

	spin_unlock_irq(&c->q.lock, irq);
}

void completion_wait(struct completion *c)
{
	wait_event(&c->q, atomic_load_acquire(&c->done));
	completion_leave(c);
}

int completion_wait_killable(struct completion *c)
{
	int result = wait_event_killable(&c->q, atomic_load_acquire(&c->done));

	completion_leave(c);
	return result;
}
