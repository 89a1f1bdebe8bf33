/* SPDX-License-Identifier: MIT */
/*
 * sched/fair.c: the fair class: earliest eligible virtual deadline first (Stoica
 * and Abdel-Wahab, "Earliest Eligible Virtual Deadline First", 1995), as Linux
 * has it since 6.6.
 *
 * Idea. A thread's virtual time (vruntime) advances while it runs, the slower the
 * greater its weight. If all had been served exactly by their weights, all would
 * stand at the same virtual time: the average, weighted, of what they have. How
 * far a thread is behind that average is its lag: what it is owed. Who is owed
 * something, or nothing, is eligible; who is ahead must wait until the average
 * has caught up. Among the eligible the one runs whose slice must be complete
 * first: its virtual deadline is one slice, in virtual time, after it was asked for.
 * So over any time nobody gets more than a slice too much or too little, and who
 * asks for little at a time is served soon.
 *
 * The average. Kept as a sum of distances from a base nearby, so that an
 * eligibility test is a multiplication and no division; the base follows now and
 * then, which keeps the products small.
 *
 * The tree. Waiting threads by deadline; each node holds the least vruntime of its
 * subtree. The leftmost eligible one is found going down once: left if somebody
 * there is eligible, else this one, else right. It knows as well which processors those
 * below may use, see movable.c.
 *
 * Sleep. Who sleeps takes its lag along and has it again when it wakes: sleeping
 * neither earns nor loses anything. As the joining thread moves the average itself,
 * its place is chosen so that the lag comes out right afterwards: for a thread of
 * weight w that joins a load of W, lag * (W + w) / W behind. Lag is cut to two slices.
 *
 * Deliberately not done: slices that programs choose; the groups of control groups.
 */
#include "sched/fair.h"

#define REBASE_AFTER 4194304 /* ns of virtual time that the average may be from the base */
#define ROOM_PER_SLICE 16 /* how often in a slice who yields makes room for somebody */

static inline struct thread *thread_of(const struct rb_node *n)
{
	return rb_entry(n, struct thread, run_node);
}

static inline int64_t to_virtual(const struct thread *t, int64_t ns)
{
	return likely(t->weight == WEIGHT_NORMAL) ? ns : (ns * WEIGHT_NORMAL + t->weight / 2) / t->weight;
}

static int64_t average(const struct fair_queue *q)
{
	return q->load ? q->base + q->sum / q->load : q->base;
}

static inline bool is_eligible(const struct fair_queue *q, int64_t vruntime)
{
	return (__int128)(vruntime - q->base) * q->load <= q->sum;
}

void fair_init(struct fair_queue *q)
{
	*q = (struct fair_queue){0};
}

void fair_join(struct fair_queue *q, struct thread *t)
{
	int64_t lag = 0;

	if (q->load && t->lag)
		lag = t->lag * (q->load + t->weight) / q->load;
	t->vruntime = average(q) - lag;
	/* A new thread comes in the middle of the others' slices; half a one is fair. */
	t->deadline = t->vruntime + to_virtual(t, t->runtime ? SLICE_NS : SLICE_NS / 2);
	if (!q->load) {
		q->base = t->vruntime;
		q->sum = 0;
	}
	q->sum += (t->vruntime - q->base) * t->weight;
	q->load += t->weight;
}

void fair_leave(struct fair_queue *q, struct thread *t)
{
	int64_t most = to_virtual(t, 2 * SLICE_NS);

	t->lag = max(-most, min(average(q) - t->vruntime, most));
	q->sum -= (t->vruntime - q->base) * t->weight;
	q->load -= t->weight;
	if (!q->load)
		q->base = t->vruntime;
}

static void update_node(struct rb_node *n)
{
	struct thread *t = thread_of(n), *child;
	int64_t least = t->vruntime;
	uint64_t cpus = t->affinity;

	if (n->left) {
		child = thread_of(n->left);
		least = min(least, child->least_vruntime);
		cpus |= child->cpus_below;
	}
	if (n->right) {
		child = thread_of(n->right);
		least = min(least, child->least_vruntime);
		cpus |= child->cpus_below;
	}
	t->least_vruntime = least;
	t->cpus_below = cpus;
}

/* Equal deadlines keep the order of arrival. */
void fair_insert(struct fair_queue *q, struct thread *t)
{
	struct rb_node **link = &q->waiting.node, *parent = NULL;

	t->least_vruntime = t->vruntime;
	t->cpus_below = t->affinity;
	while (*link) {
		parent = *link;
		link = t->deadline < thread_of(parent)->deadline ? &parent->left : &parent->right;
		q->steps++;
	}
	rb_link(&t->run_node, parent, link);
	rb_insert_augmented(&t->run_node, &q->waiting, update_node);
}

void fair_remove(struct fair_queue *q, struct thread *t)
{
	rb_erase_augmented(&t->run_node, &q->waiting, update_node);
}

struct thread *fair_pick(struct fair_queue *q)
{
	struct rb_node *n = q->waiting.node;

	while (n) {
		q->steps++;
		if (n->left && is_eligible(q, thread_of(n->left)->least_vruntime)) {
			n = n->left;
			continue;
		}
		if (is_eligible(q, thread_of(n)->vruntime))
			return thread_of(n);
		n = n->right;
	}
	/* Who is owed something does not wait: it ran, and may not go on here or gave way. */
	n = rb_first(&q->waiting);
	return n ? thread_of(n) : NULL;
}

static void follow_average(struct fair_queue *q)
{
	int64_t by = q->sum / q->load;

	q->base += by;
	q->sum -= by * q->load;
}

void fair_charge(struct fair_queue *q, struct thread *t, nsec_t ran)
{
	int64_t virtual = to_virtual(t, ran);

	t->vruntime += virtual;
	q->sum += virtual * t->weight;
	if (q->sum > q->load * REBASE_AFTER || q->sum < -q->load * REBASE_AFTER)
		follow_average(q);
	if (t->vruntime >= t->deadline)
		t->deadline = t->vruntime + to_virtual(t, SLICE_NS);
}

nsec_t fair_slice_left(const struct thread *t)
{
	int64_t left = max(t->deadline - t->vruntime, (int64_t)0);

	return likely(t->weight == WEIGHT_NORMAL) ? left : left * t->weight / WEIGHT_NORMAL;
}

/*
 * It gives up what it is owed and stands just ahead of where the others are on average, so
 * that one of them is eligible and it is not: who waits, yielding, for another to do something
 * would otherwise do so until the two are even. Its deadline goes beyond its next slice, which
 * marks who gave way until it had so much.
 */
void fair_yield(struct fair_queue *q, struct thread *t)
{
	int64_t slice = to_virtual(t, SLICE_NS), others = q->load - t->weight;
	int64_t at = t->vruntime - q->base, ahead;

	if (others > 0) {
		ahead = (q->sum - at * t->weight) / others + 1 - at;
		if (ahead > 0) {
			t->vruntime += ahead;
			q->sum += ahead * t->weight;
		}
	}
	t->deadline = min(max(t->deadline, t->vruntime) + slice, t->vruntime + 2 * slice);
}

/*
 * A loop that yields with a lock held is left always there, and never where it has woken
 * somebody to take the lock: both get their share, and one does nothing with it. So who
 * keeps yielding makes room now and then for one that is not eligible.
 */
static bool makes_room(struct thread *running)
{
	int64_t slice = to_virtual(running, SLICE_NS);

	if (likely(running->deadline - running->vruntime <= slice) ||
	    running->vruntime - running->made_room < slice / ROOM_PER_SLICE)
		return false;
	running->made_room = running->vruntime;
	return true;
}

bool fair_precedes(const struct fair_queue *q, const struct thread *t, struct thread *running)
{
	return t->deadline < running->deadline && (is_eligible(q, t->vruntime) || makes_room(running));
}

void fair_set_weight(struct thread *t, uint32_t weight)
{
	if (weight == t->weight)
		return;
	t->lag = t->lag * t->weight / weight; /* what it is owed stays the same in real time */
	t->weight = weight;
}
