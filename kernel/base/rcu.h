/* SPDX-License-Identifier: MIT */
/*
 * base/rcu.h: read-copy-update. A reader is a stretch with preemption off; it
 * takes nothing and writes nothing shared. A writer unpublishes an object, then
 * frees it after every processor has passed a quiescent state: a context
 * switch, user mode, or idle. The scheduler reports those (rcu_quiescent), and
 * runs due callbacks from its deferred-work thread (rcu_run_callbacks).
 *
 * Grace periods are numbered. A callback queued in period n may run once all
 * online processors have reported a quiescent state in a period after n.
 */
#ifndef BASE_RCU_H
#define BASE_RCU_H

#include "base/preempt.h"
#include "lib/atomic.h"

struct rcu_head {
	struct rcu_head *next;                /* owner: the queue */
	void (*callback)(struct rcu_head *h); /* immutable once queued */
	uint64_t period;                      /* owner: the queue */
};

static inline void rcu_read_lock(void)
{
	preempt_disable();
	rcu_read_note(1);
}

static inline void rcu_read_unlock(void)
{
	rcu_read_note(-1);
	preempt_enable();
}

#define rcu_dereference(p) __atomic_load_n(&(p), __ATOMIC_CONSUME)
#define rcu_assign(p, v)   __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)

/* Calls callback(h) after a grace period, in thread context with preemption on. Any context. */
void rcu_call(struct rcu_head *h, void (*callback)(struct rcu_head *h));

/* This processor passes a quiescent state. Preemption or interrupts off. Few instructions when nothing waits. */
void rcu_quiescent(void);

/*
 * True if this processor has callbacks that are due, or a period waits for its
 * report, or one is wanted and nobody began it. A processor that does not
 * switch looks here at every tick, and an idle one before it sleeps.
 */
bool rcu_pending(void);

/*
 * Around the sleep of an idle processor, interrupts off: a quiescent state, and
 * whoever needs another one wakes it.
 */
void rcu_idle_enter(void);
void rcu_idle_exit(void);

/*
 * Interrupts the processors on which the running period waits: one that runs a
 * program, or kernel code that may be preempted, reports at once. For when a
 * period takes long: nothing else interrupts a program that runs alone. Interrupts off.
 */
void rcu_hurry(void);

/*
 * Runs due callbacks of this processor, passing quiescent states itself. Thread
 * context, on one processor throughout, preemption on. True if some are left
 * that wait for other processors: call again in a millisecond or so.
 */
bool rcu_run_callbacks(void);

/* Processors that the running period waits for; 0 if none runs. period: its number. Racy, to look at. */
uint64_t rcu_waiting(uint64_t *period);

/*
 * Called once by sched/: how to ask for rcu_run_callbacks() to be run on this
 * processor, at once or within a few milliseconds. It is called when a callback
 * is queued and none waited, and (urgent) when many wait; interrupts off, any
 * lock held that the caller of rcu_call() holds.
 */
void rcu_set_wakeup(void (*wakeup)(bool urgent));

#endif
