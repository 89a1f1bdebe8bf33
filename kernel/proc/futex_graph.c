/* SPDX-License-Identifier: MIT */
/*
 * proc/futex_graph.c: who waits for whom: priority inheritance between threads.
 *
 * Idea. A lock (struct pi_lock) exists while a thread waits for it. It knows its
 * owner and, in a tree, its waiters by urgency; a thread knows the one lock it waits
 * for, and, in a tree by their most urgent waiters, the locks it holds that are waited
 * for. So what a thread inherits is the priority of the first waiter of the first of
 * these; and if it waits itself, its own place among waiters may change with that, and
 * so on along the chain. The chain cannot be a circle: who would close one is refused.
 *
 * As on Linux only real-time threads overtake others among the waiters; the rest wait
 * in order of arrival, and what the owner inherits from them is the nice value of the first.
 *
 * Locking. All of it is guarded by one spinlock, held for as long as a chain is. That
 * is one for the machine, but only contended locks with inheritance come here, each
 * of whose operations sleeps or wakes anyway; and chains may cross processes. A lock
 * for each node would need two held to follow an edge against their order, so tries
 * and restarts all along the way; the thing here can be read and is right.
 *
 * A thread that ends takes itself off: from the moment it says so (futex_state) nobody
 * adds a lock to it, and then it gives on those that it holds, see futex_leave().
 */
#include "base/panic.h"
#include "mem/slab.h"
#include "proc/futex_queue.h"

#define CHAIN_MAX 1024 /* Linux's limit too: longer ones count as circles */
#define FAIR      120  /* order of all threads that are not real-time */
#define RT_END    100

struct spinlock pi_graph_lock = SPINLOCK_INIT(RANK_FUTEX_GRAPH);

struct pi_lock *pi_lock_create(struct task *owner)
{
	struct pi_lock *l = kzalloc(sizeof(*l), ALLOC_ATOMIC);

	if (!l)
		return NULL;
	l->owner = owner;
	l->refs = 1;
	rb_node_init(&l->held_node);
	return l;
}

void pi_lock_put(struct pi_lock *l)
{
	assert_held(&pi_graph_lock);
	if (--l->refs)
		return;
	assert(!l->waiters.leftmost && !rb_node_is_linked(&l->held_node));
	kfree(l);
}

struct pi_waiter *pi_first(const struct pi_lock *l)
{
	struct rb_node *first = rb_first_cached(&l->waiters);

	return first ? rb_entry(first, struct pi_waiter, node) : NULL;
}

/* Behind those of the same order. */
static void waiter_insert(struct pi_lock *l, struct pi_waiter *w)
{
	struct rb_node **link = &l->waiters.root.node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (w->order < rb_entry(parent, struct pi_waiter, node)->order) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link(&w->node, parent, link);
	rb_insert_fix_cached(&w->node, &l->waiters, leftmost);
}

static void held_insert(struct task *t, struct pi_lock *l)
{
	struct rb_node **link = &t->pi_held.root.node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (l->order < rb_entry(parent, struct pi_lock, held_node)->order) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link(&l->held_node, parent, link);
	rb_insert_fix_cached(&l->held_node, &t->pi_held, leftmost);
}

static void held_remove(struct pi_lock *l)
{
	if (rb_node_is_linked(&l->held_node))
		rb_erase_cached(&l->held_node, &l->owner->pi_held);
	rb_node_init(&l->held_node);
}

/* The waiters of l changed, or its owner: its place among what that holds. */
static void held_update(struct pi_lock *l)
{
	const struct pi_waiter *first = pi_first(l);

	held_remove(l);
	if (!first)
		return;
	l->order = first->order;
	held_insert(l->owner, l);
}

static int inherited(const struct task *t)
{
	struct rb_node *first = rb_first_cached(&t->pi_held);

	return first ? pi_first(rb_entry(first, struct pi_lock, held_node))->priority : THREAD_NO_BOOST;
}

/* The priority of w's thread is another one: its place. False: that changes nothing for others. */
static bool waiter_update(struct pi_waiter *w)
{
	int priority = thread_priority(&w->task->thread), order = priority < RT_END ? priority : FAIR;

	if (priority == w->priority)
		return false;
	w->priority = priority;
	if (order != w->order) {
		rb_erase_cached(&w->node, &w->lock->waiters);
		w->order = order;
		waiter_insert(w->lock, w);
	}
	held_update(w->lock);
	return true;
}

/* What t holds, or who waits for that, changed: what it inherits, and those it waits for after it. */
static void propagate(struct task *t)
{
	for (unsigned i = 0; i < CHAIN_MAX; i++) {
		struct pi_waiter *w = t->pi_blocked;

		thread_set_boost(&t->thread, inherited(t));
		if (!w || !waiter_update(w))
			return;
		t = w->lock->owner;
	}
}

void futex_priority_changed(struct task *t)
{
	SPIN_GUARD(&pi_graph_lock); /* it may just begin to wait, with the old ones */
	if (t->pi_blocked)
		propagate(t);
}

/* Whether somebody whom the owner of l waits for, or the owner, is t. */
static bool leads_to(const struct pi_lock *l, const struct task *t)
{
	for (unsigned i = 0; i < CHAIN_MAX; i++) {
		const struct task *owner = l->owner;

		if (owner == t)
			return true;
		if (!owner->pi_blocked)
			return false;
		l = owner->pi_blocked->lock;
	}
	return true;
}

int pi_block(struct pi_lock *l, struct pi_waiter *w)
{
	assert_held(&pi_graph_lock);
	if (leads_to(l, w->task))
		return -EDEADLK;
	w->lock = l;
	w->priority = thread_priority(&w->task->thread);
	w->order = w->priority < RT_END ? w->priority : FAIR;
	w->granted = false;
	waiter_insert(l, w);
	held_update(l);
	/* An owner that ends says so first and then looks what it holds. */
	atomic_fence();
	if (atomic_load(&l->owner->futex_state) != FUTEX_ALIVE) {
		rb_erase_cached(&w->node, &l->waiters);
		held_update(l);
		w->lock = NULL;
		return -EBUSY;
	}
	l->refs++;
	WRITE_ONCE(w->task->pi_blocked, w);
	propagate(l->owner);
	return 0;
}

void pi_unblock(struct pi_waiter *w)
{
	struct pi_lock *l = w->lock;

	assert_held(&pi_graph_lock);
	rb_erase_cached(&w->node, &l->waiters);
	WRITE_ONCE(w->task->pi_blocked, NULL);
	held_update(l);
	propagate(l->owner);
}

void pi_grant(struct pi_lock *l, struct wake_list *list)
{
	struct task *old = l->owner, *new;
	struct pi_waiter *w = pi_first(l);

	assert_held(&pi_graph_lock);
	held_remove(l);
	rb_erase_cached(&w->node, &l->waiters);
	new = w->task;
	WRITE_ONCE(new->pi_blocked, NULL);
	l->owner = new;
	held_update(l);
	propagate(old);
	propagate(new);
	task_get(new);
	atomic_store_release(&w->granted, true);
	wake_list_add(list, new);
}
