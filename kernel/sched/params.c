/* SPDX-License-Identifier: MIT */
/*
 * sched/params.c: what a thread is told about how and where it runs: policy and priority, a
 * boost for as long as somebody more urgent waits for it, affinity. Each is set with the
 * run queue of the thread locked, and looked at again where it matters at once.
 */
#include "sched/runq.h"

void thread_set_params(struct thread *t, const struct sched_params *p)
{
	uint64_t irq = irq_save();
	struct runq *rq = runq_lock_of(t);

	t->own = *p;
	t->slice_left = atomic_load(&sched_rr_slice);
	runq_use_params(rq, t);
	if (t->queued)
		sched_ask_reschedule(rq);
	runq_unlock(rq, irq);
}

void thread_get_params(struct thread *t, struct sched_params *p)
{
	uint64_t irq = irq_save();
	struct runq *rq = runq_lock_of(t);

	*p = t->own;
	runq_unlock(rq, irq);
}

void thread_set_boost(struct thread *t, int priority)
{
	uint64_t irq = irq_save();
	struct runq *rq = runq_lock_of(t);

	if (t->boost != priority) {
		t->boost = priority;
		runq_use_params(rq, t);
		if (t->queued)
			sched_ask_reschedule(rq);
	}
	runq_unlock(rq, irq);
}

int thread_priority(struct thread *t)
{
	uint64_t irq = irq_save();
	struct runq *rq = runq_lock_of(t);
	int priority = runq_priority(&t->params);

	runq_unlock(rq, irq);
	return priority;
}

void thread_set_affinity(struct thread *t, uint64_t mask)
{
	uint64_t irq = irq_save();
	struct runq *rq = runq_lock_of(t);
	bool misplaced = t->queued && !(mask & BIT(rq->cpu)), running = rq->current == t;

	runq_set_affinity(rq, t, mask);
	if (misplaced && running)
		sched_ask_reschedule(rq); /* its processor sends it away */
	else if (t->queued && !misplaced && !running && cpu_online_count > 1)
		balance_offer(t);
	runq_unlock(rq, irq);
	if (misplaced && !running)
		sched_push(t);
}
