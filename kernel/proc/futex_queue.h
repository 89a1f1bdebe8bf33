/* SPDX-License-Identifier: MIT */
/*
 * proc/futex_queue.h: what the files of the futexes share: buckets, waiters, and
 * lists of threads to wake.
 */
#ifndef PROC_FUTEX_QUEUE_H
#define PROC_FUTEX_QUEUE_H

#include "proc/futex.h"
#include "proc/process.h"
#include "sched/wait.h"

struct futex_bucket {
	struct spinlock lock;   /* rank FUTEX */
	uint32_t count;         /* atomic: waiters here, and those that are about to be */
	struct list waiters;    /* lock: real-time threads by priority, then the others; in order of arrival */
	struct list *last_rt;   /* lock: the last real-time thread's link, or the list's head */
} __aligned(64);

/* A lock that somebody waits for, see futex_graph.c. */
struct pi_lock {
	struct task *owner;            /* pi_graph_lock; it lives: its end takes it off */
	struct rb_root_cached waiters; /* pi_graph_lock: pi_waiter.node, the most urgent first */
	struct rb_node held_node;      /* pi_graph_lock: in owner->pi_held while somebody waits */
	int order;                     /* pi_graph_lock: of the first waiter, while in that tree */
	unsigned refs;                 /* pi_graph_lock */
	bool stale;                    /* pi_graph_lock: the word does not name the owner yet, who will see to it */
	bool owner_died;               /* pi_graph_lock: the word is to say so then */
};

struct pi_waiter {
	struct rb_node node;    /* pi_graph_lock: in lock->waiters until granted */
	struct pi_lock *lock;   /* pi_graph_lock; counted */
	struct task *task;      /* immutable */
	int order;              /* pi_graph_lock: place in the tree: fair threads are all equal, as on Linux */
	int priority;           /* pi_graph_lock: what the owner inherits */
	bool granted;           /* atomic, written under pi_graph_lock: the lock is its task's */
};

struct futex_waiter {
	struct list link;            /* the bucket's lock */
	struct futex_bucket *bucket; /* the bucket's lock; changed by requeue. Read without to find the lock */
	struct futex_key key;        /* the bucket's lock */
	struct task *task;           /* immutable */
	uint32_t bitset;             /* immutable */
	int order;                   /* immutable: place in the bucket */
	bool woken;                  /* atomic: set last by the waker, w may be gone after */
	const struct futex_key *requeue_to; /* immutable: the lock that FUTEX_WAIT_REQUEUE_PI wants, or NULL */
	struct pi_waiter pi;         /* pi.lock is set under the bucket's lock; NULL unless it waits for that */
};

/* Neither a plain waiter's wake-up nor its requeueing is good for it. */
static inline bool futex_waiter_is_pi(const struct futex_waiter *w)
{
	return w->pi.lock || w->requeue_to;
}

/* Threads to be woken when no lock is held any more. */
struct wake_list { struct task *first, *last; };
/* Any lock held. What t waits for was made true; a reference that was taken before that is consumed. */
void wake_list_add(struct wake_list *l, struct task *t);
void wake_list_run(struct wake_list *l);

int futex_get_key(uaddr_t addr, bool shared, bool write, struct futex_key *k); /* -EINVAL, -EFAULT, -ERESTARTSYS */
struct futex_bucket *futex_bucket_of(const struct futex_key *k);
static inline bool futex_same_key(const struct futex_key *a, const struct futex_key *b)
{
	return a->base == b->base && a->offset == b->offset;
}

/* Somebody is about to wait here: wakers look from now on. Before the word is read. */
void futex_bucket_enter(struct futex_bucket *b);
void futex_bucket_leave(struct futex_bucket *b);
/* The first waiter of the key behind after, or of all if that is NULL. Lock held, as by those below. */
struct futex_waiter *futex_next(struct futex_bucket *b, const struct futex_key *k, const struct futex_waiter *after);
void futex_waiter_init(struct futex_waiter *w, uint32_t bitset);
/* The bucket counts w already. */
void futex_queue(struct futex_waiter *w, struct futex_bucket *b);
/* Off the bucket, which counts it no more. */
void futex_unqueue_locked(struct futex_waiter *w);
/* The bucket that w is in, locked. */
struct futex_bucket *futex_lock_bucket_of(const struct futex_waiter *w);
/* Takes w off wherever it is. False: a waker was faster. No lock held. */
bool futex_unqueue(struct futex_waiter *w);
/* Marks w and takes it off; its thread joins the list. */
void futex_mark_woken(struct futex_waiter *w, struct wake_list *l);

/* Reads the word with a lock held. -EFAULT: not there, bring it in with that released. */
int futex_load(uint32_t *value, uaddr_t addr);
/* Exchanges it, likewise; *seen is what was there. */
int futex_exchange(uaddr_t addr, uint32_t old, uint32_t value, uint32_t *seen);
/* The word can be written: 0, or -EFAULT. No lock held. */
int futex_touch(uaddr_t addr);

/* Queues w with its key if the word has the value; 0, -EWOULDBLOCK, -EFAULT. No lock held. */
int futex_queue_if_equal(struct futex_waiter *w, uaddr_t addr, uint32_t value);
/* Sleeps until done(arg): 0; or to the deadline, -ETIMEDOUT, or a signal, -ERESTARTSYS. */
static __always_inline int futex_sleep(bool (*done)(const void *), const void *arg, nsec_t deadline)
{
	nsec_t slack = deadline == INT64_MAX ? 0 : task_current()->timer_slack;
	bool timeout = false, over = false;

	while (!timeout) {
		thread_set_state(THREAD_SLEEPING);
		over = done(arg);
		if (over || thread_interrupted())
			break;
		timeout = sched_switch_until(deadline, slack);
	}
	thread_set_state(THREAD_RUNNING);
	if (over || (timeout && done(arg)))
		return 0;
	return timeout ? -ETIMEDOUT : -ERESTARTSYS;
}

/* futex_graph.c, all with pi_graph_lock held. */
extern struct spinlock pi_graph_lock;
struct pi_lock *pi_lock_create(struct task *owner);        /* one reference; NULL when out */
void pi_lock_put(struct pi_lock *l);
/*
 * w waits for l from now on, whose owner inherits. -EDEADLK if that waits for w's task;
 * -EBUSY if it ends just now. Changes nothing then.
 */
int pi_block(struct pi_lock *l, struct pi_waiter *w);
void pi_unblock(struct pi_waiter *w);                      /* it gave up */
struct pi_waiter *pi_first(const struct pi_lock *l);       /* the most urgent, or NULL */
/* The lock is the first waiter's from now on: marked, to be woken. */
void pi_grant(struct pi_lock *l, struct wake_list *list);

/* futex_pi.c */
/*
 * Tries to take the lock for t; buckets locked. 1: its word says so now. 0: another has
 * it, *l is counted. set_waiters: more will wait at once, so *l is made then too.
 * *exiting: an owner that ends just now, counted, with -EBUSY. Other errors as futex(2), and
 * -EFAULT as above.
 */
int futex_try_pi(uaddr_t addr, struct futex_bucket *b, const struct futex_key *k, struct task *t, bool set_waiters,
		 struct pi_lock **l, struct task **exiting);
/* Whether all is to be tried again after error, with what it takes done: 0, or the errno. No lock held. */
int futex_pi_retry(int error, uaddr_t addr, struct task *exiting);
/* Ends w's wait for a lock, with what its sleep said: 0 if it has it. No lock held. */
int futex_finish_pi(struct futex_waiter *w, uaddr_t addr, int slept);
/* All that the ended thread held goes to whom waits. */
void futex_leave_pi(struct task *t);

/* futex_robust.c */
void futex_leave_robust(struct task *t);

#endif
