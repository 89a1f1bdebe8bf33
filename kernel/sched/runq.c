/* SPDX-License-Identifier: MIT */
/*
 * sched/runq.c: what a run queue does with threads of either class: inserting,
 * removing, picking, charging; and what parameters mean. No locking and no
 * switching here: callers hold the run queue's lock.
 */
#include "sched/runq.h"
#include "base/panic.h"
#include "hal/clock.h"
#include <linux/sched.h>

PERCPU(struct runq, runq);

/* 1024 / 1.25^nice: one step of nice is about a tenth of the processor. */
static const uint32_t weight_of_nice[40] = {
	88818, 71054, 56843, 45475, 36380, 29104, 23283, 18626,
	14901, 11921, 9537, 7629, 6104, 4883, 3906, 3125,
	2500, 2000, 1600, 1280, 1024, 819, 655, 524,
	419, 336, 268, 215, 172, 137, 110, 88,
	70, 56, 45, 36, 29, 23, 18, 15,
};

#define WEIGHT_IDLE   3
#define SLICE_LEAST   100000 /* ns: a shorter rest of a slice is not worth an interrupt */

/* As Linux counts priorities: real-time ones below the first, nice 0 is the second. */
#define MAX_RT_PRIO  100
#define DEFAULT_PRIO 120

uint32_t runq_weight(const struct sched_params *p)
{
	return p->policy == SCHED_IDLE ? WEIGHT_IDLE : weight_of_nice[p->nice + 20];
}

int runq_priority(const struct sched_params *p)
{
	return p->priority ? MAX_RT_PRIO - 1 - p->priority : DEFAULT_PRIO + p->nice;
}

/* A thread's own parameters, or what is needed to run with a priority that is better than those. */
static struct sched_params boosted(const struct sched_params *own, int boost)
{
	struct sched_params p = *own;

	if (boost >= runq_priority(own))
		return p;
	if (boost < MAX_RT_PRIO) {
		p.priority = MAX_RT_PRIO - 1 - boost;
		p.policy = own->priority ? own->policy : SCHED_FIFO;
	} else {
		p.nice = boost - DEFAULT_PRIO;
		p.policy = SCHED_NORMAL;
	}
	return p;
}

void runq_init(struct runq *rq)
{
	spin_init(&rq->lock, RANK_RUNQ);
	for (unsigned i = 0; i < RT_PRIORITIES; i++)
		list_init(&rq->rt[i]);
	fair_init(&rq->fair);
	rq->slice_end = rq->sample_at = INT64_MAX;
}

void runq_join(struct runq *rq, struct thread *t)
{
	if (thread_is_rt(t))
		return;
	/* Where the others stand counts what the running one ran until now. */
	if (rq->current != rq->idle && rq->current != t)
		account_current(rq, clock_now());
	fair_join(&rq->fair, t);
}

void runq_leave(struct runq *rq, struct thread *t)
{
	if (!thread_is_rt(t))
		fair_leave(&rq->fair, t);
}

void runq_insert(struct runq *rq, struct thread *t, bool first)
{
	assert_held(&rq->lock);
	if (thread_is_rt(t))
		rt_insert(rq, t, first);
	else
		fair_insert(&rq->fair, t);
}

void runq_remove(struct runq *rq, struct thread *t)
{
	assert_held(&rq->lock);
	if (thread_is_rt(t))
		rt_remove(rq, t);
	else
		fair_remove(&rq->fair, t);
}

struct thread *runq_pick(struct runq *rq, nsec_t now)
{
	assert_held(&rq->lock);
	if (unlikely(rq->rt_bitmap[0] | rq->rt_bitmap[1]) && rt_time_left(rq, now) > 0)
		return rt_first(rq);
	return fair_pick(&rq->fair);
}

/* Batch and idle threads never preempt on waking; everybody preempts an idle-class one. */
bool runq_preempts(const struct runq *rq, const struct thread *t)
{
	struct thread *running = rq->current;

	if (thread_is_rt(t) || thread_is_rt(running))
		return t->params.priority > running->params.priority;
	if (running->params.policy == SCHED_IDLE)
		return t->params.policy != SCHED_IDLE;
	return t->params.policy == SCHED_NORMAL && fair_precedes(&rq->fair, t, running);
}

void runq_charge(struct runq *rq, struct thread *t, nsec_t ran)
{
	t->runtime += ran;
	if (unlikely(thread_is_rt(t)))
		rt_charge(rq, t, ran);
	else
		fair_charge(&rq->fair, t, ran);
}

nsec_t runq_slice(struct runq *rq, struct thread *t, nsec_t now)
{
	nsec_t left;

	if (likely(!thread_is_rt(t))) {
		left = now + max(fair_slice_left(t), (nsec_t)SLICE_LEAST);
		return rq->rt_bitmap[0] | rq->rt_bitmap[1] ? min(left, rt_period_end(rq)) : left;
	}
	left = rt_time_left(rq, now);
	if (t->params.policy == SCHED_RR)
		left = min(left, (nsec_t)t->slice_left);
	return left == INT64_MAX ? INT64_MAX : now + max(left, (nsec_t)SLICE_LEAST);
}

void runq_use_params(struct runq *rq, struct thread *t)
{
	bool waiting = t->queued && rq->current != t;

	assert_held(&rq->lock);
	if (rq->current == t)
		account_current(rq, clock_now());
	if (waiting)
		runq_remove(rq, t);
	if (t->queued)
		runq_leave(rq, t);
	t->params = boosted(&t->own, t->boost);
	fair_set_weight(t, runq_weight(&t->params));
	if (t->queued)
		runq_join(rq, t);
	if (waiting)
		runq_insert(rq, t, false);
}
