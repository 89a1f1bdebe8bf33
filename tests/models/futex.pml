/* SPDX-License-Identifier: MIT */
/*
 * Futexes: waiting, waking and requeueing; timeouts and signals racing all of them.
 *
 * WAITERS threads wait on a word, as in a condition variable. A broadcast changes the
 * word and wakes all, or wakes one and moves the others to a second futex (the mutex's), where each one
 * that comes back wakes the next. A third party moves whom it finds there back, and wakes
 * them. Any waiter may run into its deadline, or a signal, at any time, or never. Three of
 * all that are more states than memory holds: there is no third party then (ALONE), or two
 * have neither deadline nor signals (PATIENT=2).
 *
 * Checked: everybody comes back, though no timer helps; a waiter is on one list at most,
 * and on none when its call returns; nobody touches a waiter that has returned, nor wakes a
 * thread that is gone, which all are as soon as their call has returned; as many were woken
 * as say so.
 *
 *   here           there
 *   waiter()       kernel/proc/futex.c:futex_wait, kernel/proc/futex.c:try_queue,
 *                  kernel/proc/futex_queue.h:futex_sleep
 *   link()         kernel/proc/futex.c:futex_queue
 *   unlink()       kernel/proc/futex.c:futex_unqueue_locked
 *   unqueue()      kernel/proc/futex.c:futex_unqueue, kernel/proc/futex.c:futex_lock_bucket_of
 *   mark()         kernel/proc/futex.c:futex_mark_woken
 *   run_list()     kernel/proc/futex.c:wake_list_run
 *   wake()         kernel/proc/futex.c:wake_key, kernel/proc/futex.c:nobody_waits
 *   requeue()      kernel/proc/futex_requeue.c:requeue_once, kernel/proc/futex_requeue.c:move_one,
 *                  kernel/proc/futex_requeue.c:move_waiter, kernel/proc/futex_requeue.c:lock_both
 *
 * Memory order: sequentially consistent but for one place: who finds a bucket's count zero
 * writes nothing and locks nothing, so that a fence must keep its look at the count behind
 * its change of the word; the variant without it looks first. All else is written under the
 * lock of a bucket, whose taking is a locked instruction. Read without are "woken", which
 * is stored last, and "bucket", which is looked at again under the lock it led to. That a
 * sleep loses no wake-up is sleep.pml's subject: here a thread blocks until it was woken.
 *
 * RUN holds
 * RUN holds ltl=ends deep
 * RUN holds WAITERS=3 ALONE deep
 * RUN holds WAITERS=3 PATIENT=2 deep
 * RUN fails LOOK_BEFORE_LOCK
 * RUN fails NO_LOOK_AGAIN
 * RUN fails WOKEN_FIRST
 * RUN fails BUCKET_NOT_CHANGED
 * RUN fails LOCKS_AS_GIVEN
 * RUN fails UNQUEUE_BLINDLY
 * RUN fails NO_FENCE
 * RUN fails COUNT_LATE
 * RUN fails MOVED_UNCOUNTED
 * RUN fails COUNTED_AFTER_MARK
 */
#ifndef WAITERS
#define WAITERS 2
#endif
#ifndef PATIENT
#define PATIENT 0         /* how many of them have no deadline and no signals */
#endif
#define NOWHERE 2

bool word;                /* of the first futex; waiters expect false */
bool locked[2];           /* the two buckets */
byte list[WAITERS];       /* on which bucket's list the waiter is linked */
byte bucket[WAITERS];     /* what the waiter says: where to find its lock */
bool woken[WAITERS];
byte counts[2];           /* of the buckets: waiters, and those about to be */
bool awake[WAITERS];      /* the thread was woken since it last looked */
byte refs[WAITERS];       /* of the thread */
bool valid[WAITERS];      /* the call lasts: the waiter is on its stack */
bool interrupted[WAITERS]; /* a signal, or the deadline */
byte wakes, returns;      /* waiters woken; calls that returned 0 */
byte through;             /* waiters that came back */

#define lock(b)   atomic { !locked[b] -> locked[b] = true }
#define unlock(b) locked[b] = false

#ifdef BUG_MOVED_UNCOUNTED
#define LEAVE(b) if :: counts[b] > 0 -> counts[b]-- :: else fi
#else
#define LEAVE(b) assert(counts[b] > 0); counts[b]--
#endif

inline link(w, b)
{
	d_step { assert(list[w] == NOWHERE && valid[w]); list[w] = b }
}

inline unlink(w, b)
{
	d_step { assert(list[w] == b && valid[w]); list[w] = NOWHERE; LEAVE(b) }
}

/* Bucket locked. That a thread may be on another's list already is wakelist.pml's subject. */
inline mark(w, b)
{
#ifndef BUG_COUNTED_AFTER_MARK
	d_step { assert(refs[w] > 0); refs[w]++ };
#endif
#ifdef BUG_WOKEN_FIRST
	d_step { assert(valid[w]); woken[w] = true; wakes++ };
	unlink(w, b);
#else
	unlink(w, b);
	d_step { assert(valid[w]); woken[w] = true; wakes++ };
#endif
#ifdef BUG_COUNTED_AFTER_MARK
	d_step { assert(refs[w] > 0); refs[w]++ };
#endif
	mine[w] = true
}

/* No lock held. */
inline run_list()
{
	at = 0;
	do
	:: at < WAITERS && mine[at] ->
		d_step { assert(refs[at] > 0); awake[at] = true };
		d_step { mine[at] = false; refs[at]--; at++ }
	:: at < WAITERS && !mine[at] -> at++
	:: at == WAITERS -> break
	od;
	at = 0; count = 0
}

/* Wakes n on the list of b; change: of the word, before. */
inline wake(b, n, change)
{
#ifdef BUG_NO_FENCE
	seen = counts[b] == 0;
	word = word || change;
#else
	word = word || change;
	seen = counts[b] == 0;
#endif
	if
	:: seen
	:: !seen ->
		lock(b);
		do
		:: at < WAITERS && count < n && list[at] == b -> mark(at, b); count++; at++
		:: at < WAITERS && count < n && list[at] != b -> at++
		:: at == WAITERS || count == n -> break
		od;
		unlock(b);
		run_list()
	fi;
	seen = false
}

inline lock_two(a, b)
{
#ifdef BUG_LOCKS_AS_GIVEN
	lock(a);
	lock(b)
#else
	lock(0);
	lock(1)
#endif
}

/* Wakes n waiters of a, moves the others to b. */
inline requeue(a, b, n)
{
#ifndef BUG_MOVED_UNCOUNTED
	counts[b]++;
#endif
	lock_two(a, b);
	do
	:: at < WAITERS && list[at] == a && count < n -> mark(at, a); count++; at++
	:: at < WAITERS && list[at] == a && count == n ->
		unlink(at, a);
#ifndef BUG_MOVED_UNCOUNTED
		counts[b]++;
#endif
		link(at, b);
#ifndef BUG_BUCKET_NOT_CHANGED
		bucket[at] = b;
#endif
		at++
	:: at < WAITERS && list[at] != a -> at++
	:: at == WAITERS -> break
	od;
	unlock(b);
	unlock(a);
#ifndef BUG_MOVED_UNCOUNTED
	counts[b]--;
#endif
	run_list()
}

/* queued: it was still on a list. */
inline unqueue(w, queued)
{
	do
	:: b = bucket[w];
		lock(b);
		if
#ifdef BUG_NO_LOOK_AGAIN
		:: true ->
#else
		:: b == bucket[w] ->
#endif
#ifdef BUG_UNQUEUE_BLINDLY
			queued = true;
#else
			queued = !woken[w];
#endif
			if
			:: queued -> unlink(w, b)
			:: else
			fi;
			unlock(b);
			break
#ifndef BUG_NO_LOOK_AGAIN
		:: else -> unlock(b)
#endif
		fi
	od
}

proctype waiter(byte w)
{
	byte b, at, count;
	bool seen, queued, mine[WAITERS];

	valid[w] = true;
#ifdef BUG_LOOK_BEFORE_LOCK
	counts[0]++;
	seen = word;
	lock(0);
#else
#ifdef BUG_COUNT_LATE
	lock(0);
	seen = word;
	counts[0]++;
#else
	counts[0]++;
	lock(0);
	seen = word;
#endif
#endif
	if
	:: seen ->
		counts[0]--;
		unlock(0) /* -EWOULDBLOCK */
	:: !seen ->
		bucket[w] = 0;
		link(w, 0);
		unlock(0);
		do
		:: atomic { awake[w] || interrupted[w] -> awake[w] = false };
			if
			:: woken[w] || interrupted[w] -> break
			:: else
			fi
		od;
		if
		:: woken[w] -> returns++
		:: else ->
			unqueue(w, queued);
			if
			:: queued
			:: else -> returns++
			fi
		fi
	fi;
	d_step { assert(list[w] == NOWHERE); valid[w] = false };
	/* It has the mutex, and lets it go. */
	wake(1, 1, false);
	atomic {
		refs[w]--;
		through++;
		seen = false; queued = false;
		assert(through < WAITERS || wakes == returns)
	}
}

proctype broadcast()
{
	byte at, count;
	bool seen, mine[WAITERS];

	if
	:: word = true;
		requeue(0, 1, 1)
	:: wake(0, WAITERS, true)
	fi
}

proctype meddler()
{
	byte at, count;
	bool seen, mine[WAITERS];

	requeue(1, 0, 0);
	wake(0, WAITERS, false)
}

/* Deadlines and signals, which need not come. */
proctype interruptions()
{
	byte w = PATIENT;

end:
	do
	:: w < WAITERS -> interrupted[w] = true; w++
	:: w < WAITERS -> w++
	:: w == WAITERS -> break
	od
}

init
{
	byte w;

	atomic {
		do
		:: w < WAITERS -> list[w] = NOWHERE; refs[w] = 1; run waiter(w); w++
		:: w == WAITERS -> break
		od;
		run broadcast();
#ifndef ALONE
		run meddler();
#endif
		run interruptions()
	}
}

ltl ends { <> (through == WAITERS) }
