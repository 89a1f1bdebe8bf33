/* SPDX-License-Identifier: MIT */
/*
 * proc/futex.h: futexes, as futex(2) has them. The word is known by its address in
 * the running process's memory; shared says whether processes that share the memory
 * are meant as well. Deadlines are clock_now() times, INT64_MAX is none. All may sleep.
 * Errors are those of futex(2) and the internal restart codes.
 *
 * futex.c: waiting and waking; futex_requeue.c: from one word to another;
 * futex_waitv.c: for several words; futex_pi.c: locks with priority inheritance, on the
 * graph of futex_graph.c; futex_robust.c: what an ended thread leaves behind.
 */
#ifndef PROC_FUTEX_H
#define PROC_FUTEX_H

#include "lib/types.h"

struct task;

int64_t futex_wait(uaddr_t addr, bool shared, uint32_t value, nsec_t deadline, uint32_t bitset);
/* How many were woken: at most n, but one even if n is not positive. */
int64_t futex_wake(uaddr_t addr, bool shared, int n, uint32_t bitset);
int64_t futex_wake_op(uaddr_t addr, uaddr_t addr2, bool shared, int n, int n2, uint32_t encoded);

struct futex_requeue {
	uaddr_t from, to;
	bool shared, compare, pi;  /* pi: to is a lock with priority inheritance */
	uint32_t value;            /* that from must have, if compare */
	int wake, move;
};
int64_t futex_requeue(const struct futex_requeue *r);

/* futex_waitv(2): the n (1..FUTEX_WAITV_MAX) entries at waiters, checked here. */
int64_t futex_waitv(uaddr_t waiters, unsigned n, nsec_t deadline);

int64_t futex_lock_pi(uaddr_t addr, bool shared, nsec_t deadline, bool try);
int64_t futex_unlock_pi(uaddr_t addr, bool shared);
int64_t futex_wait_requeue_pi(uaddr_t addr, bool shared, uint32_t value, nsec_t deadline, uint32_t bitset,
			      uaddr_t lock);
/* The scheduling parameters of t changed: whom it waits for may have to run by them. */
void futex_priority_changed(struct task *t);

int futex_wake_address(uaddr_t addr, int n); /* for clear_child_tid */
/* The running thread's memory goes, by exit or exec: its locks are given on, as set_robust_list(2) says. */
void futex_leave(struct task *t, bool exits);

void futex_init(void);

#endif
