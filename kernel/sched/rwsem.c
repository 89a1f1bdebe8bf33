/* SPDX-License-Identifier: MIT */
/*
 * sched/rwsem.c: reader-writer sleeping locks; see sched/mutex.h. First come,
 * first served: a reader that finds somebody waiting waits behind, and a release
 * lets in the first writer or all readers up to the next writer. Whoever releases
 * hands the lock over, so a woken waiter owns it already.
 */
#include "base/panic.h"
#include "sched/inspect.h"
#include "sched/lockcheck.h"
#include "sched/mutex.h"

struct rwsem_waiter {
	struct list link;
	struct thread *thread;
	bool write;
	bool granted; /* the rwsem's lock */
};

static bool admit(struct rwsem *s, bool write, struct thread *t)
{
	if (write ? s->active != 0 : s->active < 0)
		return false;
	s->active = write ? -1 : s->active + 1;
	s->writer = write ? t : NULL;
	return true;
}

/* Lets in whoever may come in now, in order. Lock held. */
static void grant(struct rwsem *s)
{
	while (!list_empty(&s->waiters)) {
		struct rwsem_waiter *w = list_first_entry(&s->waiters, struct rwsem_waiter, link);
		struct thread *t = w->thread;

		if (!admit(s, w->write, t))
			return;
		list_del(&w->link);
		w->granted = true; /* w is its owner's stack: gone after this and the wake-up */
		thread_wake(t);
	}
}

static int wait_turn(struct rwsem *s, bool write, uint32_t state, uint64_t irq)
{
	struct rwsem_waiter w = { .thread = thread_current(), .write = write };

	list_add_tail(&w.link, &s->waiters);
	while (!w.granted) {
		if (state == THREAD_KILLABLE && thread_killed()) {
			list_del(&w.link);
			grant(s);
			spin_unlock_irq(&s->lock, irq);
			return -ERESTARTSYS;
		}
		thread_set_state(state);
		spin_unlock_irq(&s->lock, irq);
		sched_switch();
		thread_set_state(THREAD_RUNNING);
		irq = spin_lock_irq(&s->lock);
	}
	spin_unlock_irq(&s->lock, irq);
	return 0;
}

static int acquire(struct rwsem *s, bool write, uint32_t state, unsigned flags)
{
	int result = 0;

	might_sleep();
	lockcheck_before(s, &s->label, flags);
	uint64_t irq = spin_lock_irq(&s->lock);
	if (list_empty(&s->waiters) && admit(s, write, thread_current())) {
		spin_unlock_irq(&s->lock, irq);
	} else {
		thread_waits_begin(s, WAITS_RWSEM);
		result = wait_turn(s, write, state, irq);
		thread_waits_end();
	}
	if (!result)
		lockcheck_taken(s, &s->label, false);
	return result;
}

static bool try_acquire(struct rwsem *s, bool write)
{
	uint64_t irq = spin_lock_irq(&s->lock);
	bool taken = list_empty(&s->waiters) && admit(s, write, thread_current());

	spin_unlock_irq(&s->lock, irq);
	if (taken)
		lockcheck_taken(s, &s->label, true);
	return taken;
}

void rwsem_read_lock(struct rwsem *s) { (void)acquire(s, false, THREAD_BLOCKED, 0); }
void rwsem_write_lock(struct rwsem *s) { (void)acquire(s, true, THREAD_BLOCKED, 0); }
void rwsem_write_lock_nested(struct rwsem *s) { (void)acquire(s, true, THREAD_BLOCKED, LOCK_NESTED); }
int rwsem_write_lock_killable(struct rwsem *s) { return acquire(s, true, THREAD_KILLABLE, 0); }
bool rwsem_read_trylock(struct rwsem *s) { return try_acquire(s, false); }
bool rwsem_write_trylock(struct rwsem *s) { return try_acquire(s, true); }

void rwsem_read_unlock(struct rwsem *s)
{
	lockcheck_released(s, &s->label);
	uint64_t irq = spin_lock_irq(&s->lock);
	assert(s->active > 0);
	s->active--;
	grant(s);
	spin_unlock_irq(&s->lock, irq);
}

void rwsem_write_unlock(struct rwsem *s)
{
	assert(rwsem_write_held(s));
	lockcheck_released(s, &s->label);
	uint64_t irq = spin_lock_irq(&s->lock);
	s->active = 0;
	s->writer = NULL;
	grant(s);
	spin_unlock_irq(&s->lock, irq);
}

void rwsem_downgrade(struct rwsem *s)
{
	assert(rwsem_write_held(s));
	uint64_t irq = spin_lock_irq(&s->lock);
	s->active = 1;
	s->writer = NULL;
	grant(s);
	spin_unlock_irq(&s->lock, irq);
}

bool rwsem_write_held(const struct rwsem *s)
{
	return READ_ONCE(s->active) < 0 && READ_ONCE(s->writer) == thread_current();
}
