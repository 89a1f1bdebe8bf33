/* SPDX-License-Identifier: MIT */
/*
 * sched/rwsem.c: reader-writer sleeping locks; see sched/mutex.h. First come,
 * first served: a reader that finds somebody waiting waits behind, and a release
 * lets in the first writer or all readers up to the next writer. Whoever releases
 * hands the lock over, so a woken waiter owns it already.
 *
 * The word counts the readers, and says whether a writer has it and whether
 * somebody waits. While nobody waits, all goes by the word alone. WAITERS
 * changes under the lock only, with the list. Who queues sets it and then looks once
 * more whether it may come in; who releases sees it, or had released before that look.
 */
#include "base/panic.h"
#include "sched/inspect.h"
#include "sched/lockcheck.h"
#include "sched/mutex.h"

#define WAITERS 1u
#define WRITER  2u
#define READER  4u /* one of them */

struct rwsem_waiter {
	struct list link;
	struct thread *thread;
	bool write;
	bool granted; /* the rwsem's lock */
};

/* For t, which comes now (ignore: 0), or whose turn it is among those that wait (WAITERS). */
static inline bool admit(struct rwsem *s, bool write, struct thread *t, uint32_t ignore)
{
	uint32_t seen = atomic_load(&s->state), unless = write ? ~ignore : (WRITER | WAITERS) & ~ignore;

	do {
		if (seen & unless)
			return false;
	} while (!__atomic_compare_exchange_n(&s->state, &seen, write ? seen | WRITER : seen + READER, false,
					      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	if (write)
		WRITE_ONCE(s->writer, t);
	return true;
}

static void leave_list(struct rwsem *s, struct rwsem_waiter *w)
{
	assert_held(&s->lock);
	list_del(&w->link);
	if (list_empty(&s->waiters))
		__atomic_and_fetch(&s->state, ~WAITERS, __ATOMIC_RELAXED);
}

/* Lets in whoever may come in now, in order. Lock held. */
static void grant(struct rwsem *s)
{
	while (!list_empty(&s->waiters)) {
		struct rwsem_waiter *w = list_first_entry(&s->waiters, struct rwsem_waiter, link);
		struct thread *t = w->thread;

		if (!admit(s, w->write, t, WAITERS))
			return;
		leave_list(s, w);
		w->granted = true; /* w is its owner's stack: gone after this and the wake-up */
		thread_wake(t);
	}
}

static int wait_turn(struct rwsem *s, bool write, uint32_t state)
{
	struct rwsem_waiter w = { .thread = thread_current(), .write = write };

	uint64_t irq = spin_lock_irq(&s->lock);
	list_add_tail(&w.link, &s->waiters);
	__atomic_or_fetch(&s->state, WAITERS, __ATOMIC_SEQ_CST);
	grant(s); /* perhaps nobody has it any more */
	while (!w.granted) {
		if (state == THREAD_KILLABLE && thread_killed()) {
			leave_list(s, &w);
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

static __always_inline int acquire(struct rwsem *s, bool write, uint32_t state, unsigned flags)
{
	int result = 0;

	might_sleep();
	lockcheck_before(s, &s->label, flags);
	if (!admit(s, write, thread_current(), 0)) {
		thread_waits_begin(s, WAITS_RWSEM);
		result = wait_turn(s, write, state);
		thread_waits_end();
	}
	if (!result)
		lockcheck_taken(s, &s->label, false);
	return result;
}

static bool try_acquire(struct rwsem *s, bool write)
{
	bool taken = admit(s, write, thread_current(), 0);

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

static void let_in(struct rwsem *s)
{
	uint64_t irq = spin_lock_irq(&s->lock);

	grant(s);
	spin_unlock_irq(&s->lock, irq);
}

void rwsem_read_unlock(struct rwsem *s)
{
	lockcheck_released(s, &s->label);
	assert(atomic_load(&s->state) >= READER);
	if (unlikely(__atomic_sub_fetch(&s->state, READER, __ATOMIC_RELEASE) == WAITERS))
		let_in(s);
}

void rwsem_write_unlock(struct rwsem *s)
{
	assert(rwsem_write_held(s));
	lockcheck_released(s, &s->label);
	WRITE_ONCE(s->writer, NULL);
	if (unlikely(__atomic_sub_fetch(&s->state, WRITER, __ATOMIC_RELEASE)))
		let_in(s);
}

void rwsem_downgrade(struct rwsem *s)
{
	assert(rwsem_write_held(s));
	WRITE_ONCE(s->writer, NULL);
	if (unlikely(__atomic_add_fetch(&s->state, READER - WRITER, __ATOMIC_RELEASE) & WAITERS))
		let_in(s);
}

bool rwsem_write_held(const struct rwsem *s)
{
	return READ_ONCE(s->writer) == thread_current();
}
