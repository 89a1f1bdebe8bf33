/* SPDX-License-Identifier: MIT */
/*
 * proc/futex_requeue.c: from one word to another: FUTEX_REQUEUE and its kin. A program
 * that wakes many who would all want one lock at once wakes one, and moves the others
 * to where they wait for the lock.
 *
 * Towards a lock with priority inheritance (FUTEX_CMP_REQUEUE_PI) only those go that
 * said so when they began to wait (FUTEX_WAIT_REQUEUE_PI). If the lock is free the first
 * of them is its owner at once and returns; the others are entered as its waiters.
 */
#include "hal/usercopy.h"
#include "proc/futex_queue.h"
#include <linux/futex.h>

/* What goes on with both buckets locked. */
struct move {
	struct futex_key from, to;
	struct futex_bucket *a, *b;
	struct wake_list woken;
	struct pi_lock *lock;    /* pi: of to, counted, or NULL */
	struct task *exiting;    /* as futex_try_pi() says */
	int done;                /* waiters woken or moved */
	bool lock_failed;        /* the error is about the lock */
};

/* Two buckets, the lower address first; the same one once. */
static void lock_both(const struct move *m)
{
	struct futex_bucket *first = min(m->a, m->b), *second = max(m->a, m->b);

	spin_lock(&first->lock);
	if (first != second)
		spin_lock_ordered(&second->lock);
}

static void unlock_both(const struct move *m)
{
	if (m->a != m->b)
		spin_unlock(&m->b->lock);
	spin_unlock(&m->a->lock);
}

/* Within one bucket it keeps its place, so that nobody is met twice. */
static void move_waiter(struct move *m, struct futex_waiter *w)
{
	w->key = m->to;
	if (m->a == m->b)
		return;
	futex_unqueue_locked(w);
	futex_bucket_enter(m->b);
	futex_queue(w, m->b);
}

/* The lock was free and is w's now. It leaves by futex_finish_pi() if there is a lock in the graph, with more to come. */
static void give_lock(struct move *m, struct futex_waiter *w)
{
	if (m->lock) {
		SPIN_GUARD(&pi_graph_lock);
		m->lock->refs++;
		w->pi.lock = m->lock;
		move_waiter(m, w);
		task_get(w->task);
		atomic_store_release(&w->pi.granted, true);
		wake_list_add(&m->woken, w->task);
	} else {
		futex_mark_woken(w, &m->woken);
	}
}

/* The first of those that want the lock: 1: it has it. 0: another has, or nobody waits. */
static int try_for_first(const struct futex_requeue *r, struct move *m)
{
	struct futex_waiter *w = futex_next(m->a, &m->from, NULL);
	int result;

	if (!w)
		return 0;
	if (!w->requeue_to || w->pi.lock || !futex_same_key(w->requeue_to, &m->to))
		return -EINVAL;
	result = futex_try_pi(r->to, m->b, &m->to, w->task, r->move > 0, &m->lock, &m->exiting);
	m->lock_failed = result < 0;
	if (result > 0) {
		give_lock(m, w);
		m->done++;
	}
	return result;
}

static int move_to_lock(struct move *m, struct futex_waiter *w)
{
	int result;

	if (!w->requeue_to || w->pi.lock || !futex_same_key(w->requeue_to, &m->to))
		return -EINVAL;
	SPIN_GUARD(&pi_graph_lock);
	result = pi_block(m->lock, &w->pi);
	m->lock_failed = result == -EBUSY && !m->done;
	if (!result)
		move_waiter(m, w);
	return result;
}

static int move_one(const struct futex_requeue *r, struct move *m, struct futex_waiter *w)
{
	if (r->pi)
		return move_to_lock(m, w);
	if (futex_waiter_is_pi(w))
		return -EINVAL;
	if (m->done < r->wake)
		futex_mark_woken(w, &m->woken);
	else
		move_waiter(m, w);
	return 0;
}

static int move_locked(const struct futex_requeue *r, struct move *m)
{
	struct futex_waiter *w, *next;
	int result = r->pi ? try_for_first(r, m) : 0;

	if (result < 0)
		return result;
	result = 0;
	for (w = futex_next(m->a, &m->from, NULL); w && !result && m->done - r->wake < r->move; w = next) {
		next = futex_next(m->a, &m->from, w);
		result = move_one(r, m, w);
		if (!result)
			m->done++;
	}
	return result;
}

/* -EFAULT: a word is not there; *missing says which. */
static int compare_and_move(const struct futex_requeue *r, struct move *m, uaddr_t *missing)
{
	uint32_t now;
	int result = 0;

	*missing = 0;
	if (r->compare && futex_load(&now, r->from)) {
		*missing = r->from;
		return -EFAULT;
	}
	if (r->compare && now != r->value)
		return -EWOULDBLOCK;
	result = move_locked(r, m);
	if (m->lock) {
		SPIN_GUARD(&pi_graph_lock);
		pi_lock_put(m->lock);
	}
	return result;
}

static int find_keys(const struct futex_requeue *r, struct move *m)
{
	int result = futex_get_key(r->from, r->shared, false, &m->from);

	if (!result)
		result = futex_get_key(r->to, r->shared, r->pi, &m->to);
	if (!result && r->pi && futex_same_key(&m->from, &m->to))
		result = -EINVAL;
	return result;
}

/* 0 or errno. *again: the lock's owner, or a word, was not where it should be. */
static int requeue_once(const struct futex_requeue *r, struct move *m, bool *again)
{
	uaddr_t missing;
	uint32_t touched;
	int result = find_keys(r, m);

	*again = false;
	if (result)
		return result;
	m->a = futex_bucket_of(&m->from);
	m->b = futex_bucket_of(&m->to);
	futex_bucket_enter(m->b); /* wakers there look from now on */
	lock_both(m);
	result = compare_and_move(r, m, &missing);
	unlock_both(m);
	futex_bucket_leave(m->b);
	wake_list_run(&m->woken);
	if (missing)
		result = usercopy_load32(&touched, missing);
	else if (m->lock_failed)
		result = futex_pi_retry(result, r->to, m->exiting);
	else
		return result;
	*again = !result;
	return result;
}

int64_t futex_requeue(const struct futex_requeue *r)
{
	struct move m;
	bool again;
	int result;

	if (r->wake < 0 || r->move < 0 || (r->pi && (r->from == r->to || r->wake != 1)))
		return -EINVAL;
	do {
		m = (struct move){0};
		result = requeue_once(r, &m, &again);
	} while (again);
	return result && result != -EBUSY ? result : m.done; /* busy: some moved before the owner began to end */
}

/* It was not requeued: back to the program as if nothing had been. */
static int64_t not_moved(struct futex_waiter *w, int slept)
{
	struct futex_bucket *b = futex_lock_bucket_of(w);
	bool moved = w->pi.lock, woken = w->woken;

	if (!moved && !woken)
		futex_unqueue_locked(w);
	spin_unlock(&b->lock);
	return woken ? 0 : moved ? 1 : slept == -ERESTARTSYS ? -ERESTARTNOINTR : slept;
}

/* It got the lock with nobody behind it, or with others. */
static bool has_lock(const void *waiter)
{
	const struct futex_waiter *w = waiter;

	return atomic_load_acquire(&w->woken) || atomic_load_acquire(&w->pi.granted);
}

int64_t futex_wait_requeue_pi(uaddr_t addr, bool shared, uint32_t value, nsec_t deadline, uint32_t bitset, uaddr_t lock)
{
	struct futex_waiter w;
	struct futex_key to;
	int64_t result;
	int slept;

	if (addr == lock || !bitset)
		return -EINVAL;
	futex_waiter_init(&w, bitset);
	w.requeue_to = &to;
	result = futex_get_key(lock, shared, true, &to);
	if (!result)
		result = futex_get_key(addr, shared, false, &w.key);
	if (!result && futex_same_key(&w.key, &to))
		result = -EINVAL;
	if (!result)
		result = futex_queue_if_equal(&w, addr, value);
	if (result)
		return result;
	slept = futex_sleep(has_lock, &w, deadline);
	result = not_moved(&w, slept);
	if (result <= 0)
		return result;
	/* It waits for the lock by now. Made again after a signal the call would find another value. */
	slept = futex_finish_pi(&w, lock, slept);
	return slept == -ERESTARTSYS ? -EWOULDBLOCK : slept;
}
