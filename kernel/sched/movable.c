/* SPDX-License-Identifier: MIT */
/*
 * sched/movable.c: which waiting threads of a run queue other processors may take.
 *
 * A queue can hold thousands that may run nowhere else, and one behind them that may.
 * Interrupts are off meanwhile, so nobody walks along the queue: the waiting fair threads
 * are in a tree anyway (fair.c), the real-time ones that may leave are in a second one
 * (rt.c), and each node of either knows the processors that the threads below it may
 * use. So what all of them want is read at the root, and the first that one processor
 * may take is found going down once.
 *
 * The run queue's lock is held everywhere here.
 */
#include "base/panic.h"
#include "sched/runq.h"

static inline struct thread *thread_of(const struct rb_node *n)
{
	return rb_entry(n, struct thread, run_node);
}

uint64_t runq_wanted_cpus(const struct rb_root *waiting)
{
	return waiting->node ? thread_of(waiting->node)->cpus_below : 0;
}

static struct thread *first_for(struct runq *rq, const struct rb_root *waiting, unsigned cpu)
{
	struct rb_node *n = runq_wanted_cpus(waiting) & BIT(cpu) ? waiting->node : NULL;

	while (n) {
		rq->looked++;
		if (n->left && (thread_of(n->left)->cpus_below & BIT(cpu)))
			n = n->left;
		else if (thread_of(n)->affinity & BIT(cpu))
			return thread_of(n);
		else
			n = n->right;
	}
	return NULL;
}

struct thread *runq_first_movable(struct runq *rq, unsigned cpu)
{
	struct thread *t;

	assert_held(&rq->lock);
	t = first_for(rq, &rq->rt_movable, cpu);
	return t ? t : first_for(rq, &rq->fair.waiting, cpu);
}

void runq_set_affinity(struct runq *rq, struct thread *t, uint64_t affinity)
{
	bool waiting = t->queued && rq->current != t;

	assert_held(&rq->lock);
	if (waiting && thread_is_rt(t))
		rt_forget_movable(rq, t);
	else if (waiting)
		fair_remove(&rq->fair, t);
	t->affinity = affinity;
	if (waiting && thread_is_rt(t))
		rt_note_movable(rq, t);
	else if (waiting)
		fair_insert(&rq->fair, t);
}
