/* SPDX-License-Identifier: MIT */
/*
 * sched/rt.c: the real-time class: a list per priority and a bitmap, first in
 * first out; and the limit on it. Within a period (sched_rt_period_us) real-time
 * threads of a processor may run for sched_rt_runtime_us while others wait; then
 * those get the rest of the period, so that a real-time thread that spins does
 * not take the machine. Where nobody else waits, nothing is limited.
 *
 * The run queue's lock is held everywhere here.
 */
#include "sched/runq.h"
#include <linux/sched.h>

#define ORDERS_OF_A_SLOT (1LL << 55) /* of either sign: not used up in this machine's life */

int32_t sched_rr_slice = RR_SLICE_NS;
struct sched_rt_limit sched_rt_limit = { .period = 1000000000, .runtime = 950000000 };

/* Higher priorities have lower numbers, so that the lowest set bit is the best. */
static inline unsigned slot_of(const struct thread *t)
{
	return RT_PRIORITIES - 1 - (unsigned)t->params.priority;
}

static inline struct thread *thread_of(const struct rb_node *n)
{
	return rb_entry(n, struct thread, run_node);
}

static void update_cpus(struct rb_node *n)
{
	uint64_t cpus = thread_of(n)->affinity;

	if (n->left)
		cpus |= thread_of(n->left)->cpus_below;
	if (n->right)
		cpus |= thread_of(n->right)->cpus_below;
	thread_of(n)->cpus_below = cpus;
}

void rt_note_movable(struct runq *rq, struct thread *t)
{
	struct rb_node **link = &rq->rt_movable.node, *parent = NULL;

	rb_node_init(&t->run_node);
	if (likely(!(t->affinity & cpu_all() & ~BIT(rq->cpu))))
		return;
	t->cpus_below = t->affinity;
	while (*link) {
		parent = *link;
		link = t->deadline < thread_of(parent)->deadline ? &parent->left : &parent->right;
	}
	rb_link(&t->run_node, parent, link);
	rb_insert_augmented(&t->run_node, &rq->rt_movable, update_cpus);
}

void rt_forget_movable(struct runq *rq, struct thread *t)
{
	if (rb_node_is_linked(&t->run_node))
		rb_erase_augmented(&t->run_node, &rq->rt_movable, update_cpus);
}

/* The tree's order, by priority and then as in the lists, is one number, since fair threads are ordered by one too. */
void rt_insert(struct runq *rq, struct thread *t, bool first)
{
	unsigned slot = slot_of(t);

	if (first)
		list_add_head(&t->run_link, &rq->rt[slot]);
	else
		list_add_tail(&t->run_link, &rq->rt[slot]);
	rq->rt_bitmap[slot / 64] |= BIT(slot % 64);
	t->deadline = slot * ORDERS_OF_A_SLOT + (first ? --rq->rt_foremost : ++rq->rt_hindmost);
	rt_note_movable(rq, t);
}

void rt_remove(struct runq *rq, struct thread *t)
{
	unsigned slot = slot_of(t);

	rt_forget_movable(rq, t);
	list_del(&t->run_link);
	if (list_empty(&rq->rt[slot]))
		rq->rt_bitmap[slot / 64] &= ~BIT(slot % 64);
}

struct thread *rt_first(struct runq *rq)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rq->rt_bitmap); i++) {
		if (rq->rt_bitmap[i]) {
			unsigned slot = i * 64 + (unsigned)__builtin_ctzl(rq->rt_bitmap[i]);

			return list_first_entry(&rq->rt[slot], struct thread, run_link);
		}
	}
	return NULL;
}

void rt_charge(struct runq *rq, struct thread *t, nsec_t ran)
{
	rq->rt_used += ran;
	if (t->params.policy == SCHED_RR)
		t->slice_left -= (int32_t)min(ran, (nsec_t)max(t->slice_left, 0));
}

/* Goes over to the period that now is in. */
static void period_follow(struct runq *rq, nsec_t now)
{
	nsec_t period = READ_ONCE(sched_rt_limit.period), passed = (now - rq->rt_period_start) / period;

	if (passed <= 0)
		return;
	rq->rt_period_start += passed * period;
	/* What was used beyond the limit counts in the next one, as far as that can be. */
	rq->rt_used -= min(rq->rt_used, passed * READ_ONCE(sched_rt_limit.runtime));
	rq->rt_used = min(rq->rt_used, now - rq->rt_period_start);
}

nsec_t rt_time_left(struct runq *rq, nsec_t now)
{
	nsec_t runtime = READ_ONCE(sched_rt_limit.runtime);

	if (runtime < 0 || rb_empty(&rq->fair.waiting))
		return INT64_MAX;
	period_follow(rq, now);
	return max(runtime - rq->rt_used, (nsec_t)0);
}

nsec_t rt_period_end(const struct runq *rq)
{
	return rq->rt_period_start + READ_ONCE(sched_rt_limit.period);
}
