/* SPDX-License-Identifier: MIT */
/*
 * sched/wait.h: wait queues. A queue is a list of entries with a call-back each;
 * a thread that sleeps is one kind of entry, an epoll item another. Wakers make
 * their condition true, then call waitq_wake*(). The queue's lock is taken with
 * interrupts off, so any context may wake.
 */
#ifndef SCHED_WAIT_H
#define SCHED_WAIT_H

#include "lib/errno.h"
#include "sched/thread.h"

struct waitq {
	struct spinlock lock;
	struct list entries;   /* lock */
};

struct wait_entry {
	struct list link;      /* the queue's lock */
	/*
	 * Called with the queue's lock held, interrupts off. key is the waker's (poll
	 * events, or 0 for any). True if it counts as an exclusive wake-up.
	 */
	bool (*wake)(struct wait_entry *e, uint64_t key);
	struct thread *thread; /* immutable while queued: for thread_entry_wake */
	bool exclusive;        /* immutable while queued */
};

#define WAITQ_INIT(q) { .lock = SPINLOCK_INIT(RANK_WAITQ), .entries = LIST_INIT((q).entries) }

#define waitq_init(q) ({ struct waitq *waitq_ = (q); *waitq_ = (struct waitq)WAITQ_INIT(*waitq_); (void)0; })

/* Exclusive entries go to the tail, the others to the head. */
void waitq_add(struct waitq *q, struct wait_entry *e);
/* Whether queued or not. Afterwards no call-back runs any more. */
void waitq_remove(struct waitq *q, struct wait_entry *e);

/* Wakes all non-exclusive entries and at most n exclusive ones. key 0: no filter. Any context. */
void waitq_wake_n(struct waitq *q, unsigned n, uint64_t key);
/* The same from within another queue's call-back; the order of the two queues is fixed otherwise. */
void waitq_wake_nested(struct waitq *q, unsigned n, uint64_t key);
static inline void waitq_wake_all(struct waitq *q) { waitq_wake_n(q, ~0u, 0); }
static inline void waitq_wake_one(struct waitq *q) { waitq_wake_n(q, 1, 0); }
static inline void waitq_wake_key(struct waitq *q, uint64_t key) { waitq_wake_n(q, 1, key); }

/* May be skipped when nobody waits; the condition must be published with a full barrier before. */
static inline bool waitq_active(const struct waitq *q)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !list_empty(&q->entries);
}

/* An entry that wakes the running thread. */
void wait_entry_init(struct wait_entry *e);
bool thread_entry_wake(struct wait_entry *e, uint64_t key);

/* Step 1 for an entry that may be queued already: queue it, set the state. */
void wait_prepare(struct waitq *q, struct wait_entry *e, uint32_t state);
/* Back to RUNNING, off the queue. */
void wait_finish(struct waitq *q, struct wait_entry *e);

/*
 * Sleeps with sched_switch() until woken or clock_now() reaches deadline
 * (INT64_MAX: no deadline; below zero: until the wall clock shows -deadline, as
 * wall_deadline() makes it). The state was set before. True if the time was
 * reached. slack: ns by which the wake-up may be late, of a real-time thread none.
 */
bool sched_switch_until(nsec_t deadline, nsec_t slack);
bool sched_switch_until_wall(nsec_t wall, nsec_t slack);
/* A deadline at a time of the wall clock, which stays there when that clock is set. INT64_MAX: none. */
static inline nsec_t wall_deadline(nsec_t wall)
{
	return wall == INT64_MAX ? wall : wall > 0 ? -wall : -1;
}
/* The wall clock was set: who waits for a time of it looks again. May be called with no lock of rank WALL or above. */
void sched_wall_was_set(void);

/*
 * wait_event(q, cond): sleeps until cond, uninterruptible.
 * wait_event_interruptible(q, cond): 0, or -ERESTARTSYS when a signal came first.
 * wait_event_killable(q, cond): 0, or -ERESTARTSYS when killed.
 * ..._until(q, cond, deadline): also -ETIMEDOUT.
 */
#define WAIT_EVENT(q, cond, state_, deadline_, exclusive_)                                         \
	({                                                                                         \
		int result_ = 0;                                                                   \
		might_sleep();                                                                     \
		if (!(cond)) {                                                                     \
			struct wait_entry entry_;                                                  \
			bool timeout_ = false;                                                     \
			wait_entry_init(&entry_);                                                  \
			entry_.exclusive = (exclusive_);                                           \
			for (;;) {                                                                 \
				wait_prepare((q), &entry_, (state_));                              \
				if (cond)                                                          \
					break;                                                     \
				if ((state_) == THREAD_SLEEPING && thread_interrupted()) {         \
					result_ = -ERESTARTSYS;                                    \
					break;                                                     \
				}                                                                  \
				if ((state_) == THREAD_KILLABLE && thread_killed()) {              \
					result_ = -ERESTARTSYS;                                    \
					break;                                                     \
				}                                                                  \
				if (timeout_) {                                                    \
					result_ = -ETIMEDOUT;                                      \
					break;                                                     \
				}                                                                  \
				timeout_ = sched_switch_until((deadline_), 0);                     \
			}                                                                          \
			wait_finish((q), &entry_);                                                 \
		}                                                                                  \
		result_;                                                                           \
	})

#define wait_event(q, cond)                          ((void)WAIT_EVENT(q, cond, THREAD_BLOCKED, INT64_MAX, false))
#define wait_event_interruptible(q, cond)            WAIT_EVENT(q, cond, THREAD_SLEEPING, INT64_MAX, false)
#define wait_event_interruptible_exclusive(q, cond)  WAIT_EVENT(q, cond, THREAD_SLEEPING, INT64_MAX, true)
#define wait_event_killable(q, cond)                 WAIT_EVENT(q, cond, THREAD_KILLABLE, INT64_MAX, false)
#define wait_event_interruptible_until(q, cond, d)   WAIT_EVENT(q, cond, THREAD_SLEEPING, d, false)

/*
 * Restart codes, internal: they never reach a program. As in Linux, a system
 * call that a signal interrupted returns one of these, and the way back to user
 * mode turns it into a restart or EINTR.
 */
#define ERESTARTSYS           512 /* restart if the handler has SA_RESTART */
#define ERESTARTNOINTR        513 /* always restart */
#define ERESTARTNOHAND        514 /* restart if no handler runs */
#define ERESTART_RESTARTBLOCK 516 /* restart through restart_syscall(2) if no handler runs */

#endif
