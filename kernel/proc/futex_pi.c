/* SPDX-License-Identifier: MIT */
/*
 * proc/futex_pi.c: futexes that are locks with priority inheritance: the word holds
 * the thread id of the owner. Programs take and release a free lock by themselves;
 * who finds it taken comes here, sets FUTEX_WAITERS, and is given the lock when it
 * is released, in order of urgency: word and graph change hands in one step, with the
 * word's bucket locked.
 *
 * Only where the owner ends can the word not be written at once: it may be in memory
 * that the owner has left already. Such a lock is stale: its new owner, who waited
 * for that address, writes the word first of all, see repair().
 */
#include "base/panic.h"
#include "hal/usercopy.h"
#include "proc/futex_queue.h"
#include "proc/internal.h"
#include <linux/futex.h>

static struct waitq leavers = WAITQ_INIT(leavers); /* woken when a thread has left its locks */

static uint32_t tid_of(const struct task *t)
{
	return (uint32_t)t->pid->number;
}

/* Others wait for the lock already: what is known about it is known by them. */
static int join(const struct futex_waiter *first, uint32_t word, struct pi_lock **out)
{
	struct pi_lock *l = first->pi.lock;
	uint32_t tid = word & FUTEX_TID_MASK;

	if (!l)
		return -EINVAL;
	SPIN_GUARD(&pi_graph_lock);
	/* A program that changed the word by itself cannot be helped. */
	if (!l->stale && tid != tid_of(l->owner) && (tid || !(word & FUTEX_OWNER_DIED)))
		return -EINVAL;
	l->refs++;
	*out = l;
	return 0;
}

/* The word names an owner that is none, or ends: unless it does not any more. */
static int judge_owner(uaddr_t addr, uint32_t word, int error)
{
	uint32_t now;

	if (futex_load(&now, addr))
		return -EFAULT;
	return now == word ? error : -EAGAIN;
}

/* The first who waits: the owner is found by its number. */
static int find_owner(uaddr_t addr, uint32_t word, struct pi_lock **out, struct task **exiting)
{
	struct task *owner = task_find((int)(word & FUTEX_TID_MASK));
	int state, result = 0;

	if (!owner)
		return judge_owner(addr, word, -ESRCH);
	state = atomic_load(&owner->futex_state);
	if (state == FUTEX_LEAVING) {
		*exiting = owner;
		return -EBUSY;
	}
	if (state == FUTEX_GONE) {
		result = judge_owner(addr, word, -ESRCH);
	} else {
		*out = pi_lock_create(owner);
		result = *out ? 0 : -ENOMEM;
	}
	task_put(owner);
	return result;
}

/* From one value to another: 0, -EFAULT, -EAGAIN if it had changed. */
static int change(uaddr_t addr, uint32_t from, uint32_t to)
{
	uint32_t seen;

	if (futex_exchange(addr, from, to, &seen))
		return -EFAULT;
	return seen == from ? 0 : -EAGAIN;
}

/* Nobody has it, and nobody waits. */
static int take_free(uaddr_t addr, uint32_t word, struct task *t, bool set_waiters, struct pi_lock **out)
{
	uint32_t new = (word & FUTEX_OWNER_DIED) | tid_of(t) | (set_waiters ? FUTEX_WAITERS : 0);
	int result = 0;

	if (set_waiters) {
		*out = pi_lock_create(t);
		result = *out ? 0 : -ENOMEM;
	}
	if (!result)
		result = change(addr, word, new);
	if (result && *out) {
		SPIN_GUARD(&pi_graph_lock);
		pi_lock_put(*out);
		*out = NULL;
	}
	return result ? result : 1;
}

int futex_try_pi(uaddr_t addr, struct futex_bucket *b, const struct futex_key *k, struct task *t, bool set_waiters,
		 struct pi_lock **out, struct task **exiting)
{
	const struct futex_waiter *first;
	uint32_t word;
	int result;

	*out = NULL;
	*exiting = NULL;
	if (futex_load(&word, addr))
		return -EFAULT;
	if ((word & FUTEX_TID_MASK) == tid_of(t))
		return -EDEADLK;
	first = futex_next(b, k, NULL);
	if (first)
		return join(first, word, out);
	if (!(word & FUTEX_TID_MASK))
		return take_free(addr, word, t, set_waiters, out);
	result = change(addr, word, word | FUTEX_WAITERS);
	return result ? result : find_owner(addr, word | FUTEX_WAITERS, out, exiting);
}

int futex_pi_retry(int error, uaddr_t addr, struct task *exiting)
{
	if (exiting) {
		(void)WAIT_EVENT(&leavers, atomic_load(&exiting->futex_state) != FUTEX_LEAVING, THREAD_KILLABLE,
				 INT64_MAX, false);
		task_put(exiting);
	}
	if (error == -EFAULT)
		return futex_touch(addr);
	return error == -EAGAIN || error == -EBUSY ? 0 : error;
}

/* Waits behind the owner of l, whose reference is consumed; a mere try is over at once. */
static int enter_queue(struct futex_waiter *w, struct futex_bucket *b, struct pi_lock *l, bool try)
{
	int result;

	SPIN_GUARD(&pi_graph_lock);
	result = try ? -ETIMEDOUT : pi_block(l, &w->pi);
	pi_lock_put(l);
	if (!result)
		futex_queue(w, b);
	return result;
}

/* 1: the lock is ours. 0: w is queued for it. Otherwise errno, and *exiting, as futex_try_pi(). */
static int try_or_queue(struct futex_waiter *w, uaddr_t addr, bool try, struct task **exiting)
{
	struct futex_bucket *b = futex_bucket_of(&w->key);
	struct pi_lock *l;
	int result;

	futex_bucket_enter(b);
	spin_lock(&b->lock);
	result = futex_try_pi(addr, b, &w->key, w->task, false, &l, exiting);
	if (!result)
		result = enter_queue(w, b, l, try);
	if (result)
		futex_bucket_leave(b);
	spin_unlock(&b->lock);
	return result;
}

/* The lock is ours by the death of its owner: the word says so now. 0, or -EFAULT: it cannot be written. */
static int write_owner(uaddr_t addr, uint32_t died)
{
	uint32_t tid = tid_of(task_current()), now;
	int result = futex_load(&now, addr);

	while (!result) {
		result = change(addr, now, (now & FUTEX_OWNER_DIED) | died | tid | FUTEX_WAITERS);
		if (result != -EAGAIN)
			break;
		result = futex_load(&now, addr);
	}
	return result;
}

/* A stale lock is made good. One whose word is gone goes on to the next who waits. */
static int repair(struct futex_waiter *w, uaddr_t addr)
{
	struct pi_lock *l = w->pi.lock;
	struct wake_list list = {0};
	int result;

	do {
		struct futex_bucket *b = futex_lock_bucket_of(w);

		result = write_owner(addr, l->owner_died ? FUTEX_OWNER_DIED : 0);
		if (!result) {
			SPIN_GUARD(&pi_graph_lock);
			l->stale = l->owner_died = false;
		}
		spin_unlock(&b->lock);
	} while (result && !futex_touch(addr));
	if (result) {
		spin_lock(&pi_graph_lock);
		if (pi_first(l))
			pi_grant(l, &list);
		spin_unlock(&pi_graph_lock);
		wake_list_run(&list);
	}
	return result;
}

int futex_finish_pi(struct futex_waiter *w, uaddr_t addr, int slept)
{
	struct futex_bucket *b = futex_lock_bucket_of(w);
	bool stale;

	/* Bucket and graph agree about who waits: it leaves both in one step. */
	spin_lock(&pi_graph_lock);
	if (w->pi.granted)
		slept = 0;
	else
		pi_unblock(&w->pi);
	stale = !slept && w->pi.lock->stale;
	spin_unlock(&pi_graph_lock);
	if (stale) {
		spin_unlock(&b->lock);
		slept = repair(w, addr);
		spin_lock(&b->lock);
	}
	futex_unqueue_locked(w);
	spin_lock(&pi_graph_lock);
	pi_lock_put(w->pi.lock);
	spin_unlock(&pi_graph_lock);
	spin_unlock(&b->lock);
	return slept;
}

static bool is_granted(const void *waiter)
{
	return atomic_load_acquire(&((const struct futex_waiter *)waiter)->pi.granted);
}

int64_t futex_lock_pi(uaddr_t addr, bool shared, nsec_t deadline, bool try)
{
	struct futex_waiter w;
	struct task *exiting;
	int result;

	futex_waiter_init(&w, FUTEX_BITSET_MATCH_ANY);
	do {
		result = futex_get_key(addr, shared, true, &w.key);
		if (result)
			return result;
		result = try_or_queue(&w, addr, try, &exiting);
		if (result > 0)
			return 0;
		if (!result) {
			result = futex_finish_pi(&w, addr, futex_sleep(is_granted, &w, deadline));
			return result == -ERESTARTSYS ? -ERESTARTNOINTR : result;
		}
		if (result == -ETIMEDOUT)
			return -EWOULDBLOCK;
		result = futex_pi_retry(result, addr, exiting);
	} while (!result && !thread_interrupted());
	return result ? result : -ERESTARTNOINTR;
}

/* With waiters: the first one gets it. -EAGAIN: the word changed in a way that is allowed. Bucket locked. */
static int give_on(uaddr_t addr, uint32_t word, const struct futex_waiter *first, struct wake_list *list)
{
	struct pi_lock *l = first->pi.lock;
	uint32_t seen;

	if (!l)
		return -EINVAL;
	SPIN_GUARD(&pi_graph_lock);
	if (l->owner != task_current() || !pi_first(l))
		return -EINVAL;
	if (futex_exchange(addr, word, FUTEX_WAITERS | tid_of(pi_first(l)->task), &seen))
		return -EFAULT;
	if (seen != word)
		return (seen & FUTEX_TID_MASK) == word ? -EAGAIN : -EINVAL;
	pi_grant(l, list);
	return 0;
}

static int unlock(uaddr_t addr, const struct futex_key *k, uint32_t word, struct wake_list *list)
{
	struct futex_bucket *b = futex_bucket_of(k);
	const struct futex_waiter *first;

	SPIN_GUARD(&b->lock);
	first = futex_next(b, k, NULL);
	return first ? give_on(addr, word, first, list) : change(addr, word, 0);
}

int64_t futex_unlock_pi(uaddr_t addr, bool shared)
{
	struct wake_list list = {0};
	struct futex_key k;
	uint32_t word;
	int result;

	do {
		if (usercopy_load32(&word, addr))
			return -EFAULT;
		if ((word & FUTEX_TID_MASK) != tid_of(task_current()))
			return -EPERM;
		result = futex_get_key(addr, shared, true, &k);
		if (result)
			return result;
		result = unlock(addr, &k, word, &list);
		if (result == -EFAULT)
			result = futex_touch(addr) ? -EFAULT : -EAGAIN;
	} while (result == -EAGAIN);
	wake_list_run(&list);
	return result;
}

/* One lock of a thread that ends. False: it has none any more. */
static bool leave_one(struct task *t, struct wake_list *list)
{
	struct rb_node *first;
	struct pi_lock *l;

	SPIN_GUARD(&pi_graph_lock);
	first = rb_first_cached(&t->pi_held);
	if (!first)
		return false;
	l = rb_entry(first, struct pi_lock, held_node);
	l->stale = l->owner_died = true;
	pi_grant(l, list);
	return true;
}

void futex_leave_pi(struct task *t)
{
	for (;;) {
		struct wake_list list = {0};

		if (!leave_one(t, &list))
			break;
		wake_list_run(&list);
	}
}

void futex_leave(struct task *t, bool exits)
{
	(void)atomic_exchange(&t->futex_state, FUTEX_LEAVING); /* before the look at what it holds, see pi_block() */
	futex_leave_robust(t);
	if (unlikely(!rb_empty(&t->pi_held.root)))
		futex_leave_pi(t);
	(void)atomic_exchange(&t->futex_state, exits ? FUTEX_GONE : FUTEX_ALIVE);
	waitq_wake_all(&leavers);
}
