/* SPDX-License-Identifier: MIT */
/*
 * sched/work.h: deferred work: functions that a kernel thread of this processor
 * calls soon, in order. For what an interrupt handler or a holder of a spinlock
 * may not do itself.
 */
#ifndef SCHED_WORK_H
#define SCHED_WORK_H

#include "lib/list.h"
#include "lib/types.h"

struct work {
	struct list link;              /* the queue's lock; before it is in one, whoever set queued */
	void (*run)(struct work *w);   /* immutable while queued; thread context, may sleep */
	bool queued;                   /* atomic */
};

void work_init(struct work *w, void (*run)(struct work *w));
/* Queues once: false if it was queued already. May be queued again from run(). Any context. */
bool work_queue(struct work *w);
/* Waits until all work queued before has run. May sleep. */
void work_flush(void);
/* Waits until on every processor RCU's call-backs and work that wait now have run, and what those hand on to later. May sleep. */
void work_settle(void);

/* Waits until every processor passed a quiescent state. May sleep. */
void rcu_synchronize(void);

/* Starts the worker threads; after sched_init(). */
void work_start(void);

#endif
