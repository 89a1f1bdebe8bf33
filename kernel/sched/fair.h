/* SPDX-License-Identifier: MIT */
/*
 * sched/fair.h: the queue of fair threads of a processor, inside sched/ only.
 * Its run queue's lock guards it. fair.c explains how it works.
 *
 * A thread joins when it becomes runnable and leaves when it sleeps or goes to
 * another processor. In between it either runs, or waits in the tree.
 */
#ifndef SCHED_FAIR_H
#define SCHED_FAIR_H

#include "lib/rbtree.h"
#include "sched/thread.h"

#define SLICE_NS      3000000 /* what a thread is promised at a time */
#define WEIGHT_NORMAL 1024    /* of nice 0: its virtual time runs as real time */

struct fair_queue {
	struct rb_root waiting; /* by virtual deadline; each node knows the least vruntime below it */
	int64_t base;           /* a virtual time near the average of all that joined */
	int64_t sum;            /* over those: (vruntime - base) * weight */
	int64_t load;           /* over those: weight */
	uint64_t steps;         /* nodes looked at since boot, for tests */
};

void fair_init(struct fair_queue *q);
/* Gives t its place in virtual time, as far from the average as it was when it left. */
void fair_join(struct fair_queue *q, struct thread *t);
/* The reverse; t does not wait in the tree. */
void fair_leave(struct fair_queue *q, struct thread *t);
/* Into the tree and out of it. */
void fair_insert(struct fair_queue *q, struct thread *t);
void fair_remove(struct fair_queue *q, struct thread *t);
/* Of those in the tree, the one to run: not removed; NULL if there is none. O(log n). */
struct thread *fair_pick(struct fair_queue *q);
/* t, which runs, did so for ns. */
void fair_charge(struct fair_queue *q, struct thread *t, nsec_t ran);
/* ns until t has had its slice, if it runs on. */
nsec_t fair_slice_left(const struct thread *t);
/* t, which runs, gives up the rest of its slice and what it is owed. */
void fair_yield(struct fair_queue *q, struct thread *t);
/* Whether t, which has just been inserted, is to run before the one that runs, whose turn that may end. */
bool fair_precedes(const struct fair_queue *q, const struct thread *t, struct thread *running);
/* Its weight changes; t has not joined. */
void fair_set_weight(struct thread *t, uint32_t weight);

#endif
