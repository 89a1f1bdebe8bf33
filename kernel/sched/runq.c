/* SPDX-License-Identifier: MIT */
/*
 * sched/runq.c: the two classes of a run queue: inserting, removing, picking,
 * charging. No locking and no switching here: callers hold the run queue's lock.
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

#define WEIGHT_NORMAL 1024
#define WEIGHT_IDLE   3

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
	rq->slice_end = rq->sample_at = INT64_MAX;
}

static inline int64_t to_virtual(const struct thread *t, int64_t ns)
{
	return likely(t->weight == WEIGHT_NORMAL) ? ns : ns * WEIGHT_NORMAL / t->weight;
}

/* Higher priorities have lower numbers, so that the lowest set bit is the best. */
static inline unsigned rt_slot(const struct thread *t)
{
	return RT_PRIORITIES - 1 - (unsigned)t->params.priority;
}

static void rt_insert(struct runq *rq, struct thread *t, bool first)
{
	unsigned slot = rt_slot(t);

	if (first)
		list_add_head(&t->run_link, &rq->rt[slot]);
	else
		list_add_tail(&t->run_link, &rq->rt[slot]);
	rq->rt_bitmap[slot / 64] |= BIT(slot % 64);
}

static void rt_remove(struct runq *rq, struct thread *t)
{
	unsigned slot = rt_slot(t);

	list_del(&t->run_link);
	if (list_empty(&rq->rt[slot]))
		rq->rt_bitmap[slot / 64] &= ~BIT(slot % 64);
}

/* Equal deadlines keep the order of arrival. */
static void fair_insert(struct runq *rq, struct thread *t)
{
	struct rb_node **link = &rq->fair.root.node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (t->deadline < rb_entry(parent, struct thread, run_node)->deadline) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link(&t->run_node, parent, link);
	rb_insert_fix_cached(&t->run_node, &rq->fair, leftmost);
}

void runq_insert(struct runq *rq, struct thread *t, bool first)
{
	assert_held(&rq->lock);
	if (thread_is_rt(t))
		rt_insert(rq, t, first);
	else
		fair_insert(rq, t);
}

void runq_remove(struct runq *rq, struct thread *t)
{
	assert_held(&rq->lock);
	if (thread_is_rt(t))
		rt_remove(rq, t);
	else
		rb_erase_cached(&t->run_node, &rq->fair);
}

struct thread *runq_pick(struct runq *rq)
{
	assert_held(&rq->lock);
	for (unsigned i = 0; i < ARRAY_SIZE(rq->rt_bitmap); i++) {
		if (unlikely(rq->rt_bitmap[i])) {
			unsigned slot = i * 64 + (unsigned)__builtin_ctzl(rq->rt_bitmap[i]);
			return list_first_entry(&rq->rt[slot], struct thread, run_link);
		}
	}
	struct rb_node *first = rb_first_cached(&rq->fair);
	return first ? rb_entry(first, struct thread, run_node) : NULL;
}

/* Batch and idle threads never preempt on waking; everybody preempts an idle-class one. */
bool runq_preempts(const struct thread *t, const struct thread *running)
{
	if (thread_is_rt(t) || thread_is_rt(running))
		return t->params.priority > running->params.priority;
	if (running->params.policy == SCHED_IDLE)
		return t->params.policy != SCHED_IDLE;
	return t->params.policy == SCHED_NORMAL && t->deadline < running->deadline;
}

static void fair_charge(struct runq *rq, struct thread *t, nsec_t ran)
{
	t->vruntime += to_virtual(t, ran);
	if (t->vruntime >= t->deadline)
		t->deadline = t->vruntime + to_virtual(t, SLICE_NS);

	/* The queue's virtual time follows the least of those that compete. */
	struct rb_node *first = rb_first_cached(&rq->fair);
	int64_t least = t->vruntime;
	if (first && rb_entry(first, struct thread, run_node)->vruntime < least)
		least = rb_entry(first, struct thread, run_node)->vruntime;
	if (least > rq->min_vruntime)
		rq->min_vruntime = least;
}

void runq_charge(struct runq *rq, struct thread *t, nsec_t ran)
{
	t->runtime += ran;
	if (!thread_is_rt(t))
		fair_charge(rq, t, ran);
	else if (t->params.policy == SCHED_RR)
		t->slice_left -= (int32_t)min(ran, (nsec_t)RR_SLICE_NS);
}

/*
 * A thread that slept keeps its virtual time if that is ahead; one that is far
 * behind gets at most half a slice of credit, so that sleeping cannot be saved up.
 */
void runq_place(struct runq *rq, struct thread *t)
{
	int64_t oldest = rq->min_vruntime - SLICE_NS / 2;

	if (t->vruntime < oldest)
		t->vruntime = oldest;
	t->deadline = t->vruntime + to_virtual(t, SLICE_NS);
}

void runq_use_params(struct runq *rq, struct thread *t)
{
	bool waiting = t->queued && rq->current != t;

	assert_held(&rq->lock);
	if (waiting)
		runq_remove(rq, t);
	t->params = boosted(&t->own, t->boost);
	t->weight = runq_weight(&t->params);
	if (t->queued)
		runq_place(rq, t);
	if (waiting)
		runq_insert(rq, t, false);
}
