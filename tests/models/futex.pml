/* SPDX-License-Identifier: MIT */
/*
 * Futexes: waiting, waking and requeueing; timeouts and signals racing all of them.
 *
 * WAITERS threads wait on a word, as in a condition variable. A broadcast changes the
 * word, wakes one and moves the others to a second futex (the mutex's), where each one
 * that comes back wakes the next. A third party moves whom it finds there back, and wakes
 * them. Any waiter may run into its deadline, or a signal, at any time, or never.
 *
 * Checked: everybody comes back, though no timer helps; a waiter is on one list at most,
 * and on none when its call returns; nobody touches a waiter that has returned; as many
 * were woken as say so.
 *
 *   here           there
 *   waiter()       kernel/proc/futex.c:futex_wait, kernel/proc/futex.c:queue_if_equal,
 *                  kernel/proc/futex.c:sleep_queued
 *   unqueue()      kernel/proc/futex.c:unqueue
 *   wake_one()     kernel/proc/futex.c:wake_waiter
 *   wake()         kernel/proc/futex.c:wake_key
 *   requeue()      kernel/proc/futex.c:futex_requeue, kernel/proc/futex.c:requeue_locked,
 *                  kernel/proc/futex.c:move_waiter, kernel/proc/futex.c:lock_two
 *
 * Memory order: sequentially consistent, as x86 is here: the word is changed before the
 * bucket's lock is taken by a locked instruction, and all else is written under the lock of
 * a bucket. Read without it are "woken", which is stored last, and "bucket", which is looked
 * at again under the lock it led to. That a sleep loses no wake-up is sleep.pml's subject:
 * here a thread blocks until there is a reason. A woken thread's own memory stays for the
 * waker, as a processor with a spinlock held is a reader to RCU (rcu.pml).
 *
 * RUN holds
 * RUN holds ltl=ends
 * RUN holds WAITERS=3 deep
 * RUN fails LOOK_BEFORE_LOCK
 * RUN fails NO_LOOK_AGAIN
 * RUN fails WOKEN_FIRST
 * RUN fails BUCKET_NOT_CHANGED
 * RUN fails LOCKS_AS_GIVEN
 * RUN fails UNQUEUE_BLINDLY
 */
#ifndef WAITERS
#define WAITERS 2
#endif
#define NOWHERE 2

bool word;                /* of the first futex; waiters expect false */
bool locked[2];           /* the two buckets */
byte list[WAITERS];       /* on which bucket's list the waiter is linked */
byte bucket[WAITERS];     /* what the waiter says: where to find its lock */
bool woken[WAITERS];
bool valid[WAITERS];      /* the call lasts: the waiter is on its stack */
bool interrupted[WAITERS]; /* a signal, or the deadline */
byte wakes, returns;      /* waiters woken; calls that returned 0 */
byte through;             /* waiters that came back */

#define lock(b)   atomic { !locked[b] -> locked[b] = true }
#define unlock(b) locked[b] = false

inline link(w, b)
{
	d_step { assert(list[w] == NOWHERE && valid[w]); list[w] = b }
}

inline unlink(w, b)
{
	d_step { assert(list[w] == b && valid[w]); list[w] = NOWHERE }
}

inline mark_woken(w)
{
	d_step { assert(valid[w]); woken[w] = true; wakes++ }
}

/* Bucket locked. */
inline wake_one(w, b)
{
#ifdef BUG_WOKEN_FIRST
	mark_woken(w);
	unlink(w, b)
#else
	unlink(w, b);
	mark_woken(w)
#endif
}

/* Wakes n on the list of b. */
inline wake(b, n)
{
	lock(b);
	at = 0; count = 0;
	do
	:: at < WAITERS && count < n && list[at] == b -> wake_one(at, b); count++; at++
	:: at < WAITERS && count < n && list[at] != b -> at++
	:: at == WAITERS || count == n -> break
	od;
	unlock(b)
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
	lock_two(a, b);
	at = 0; count = 0;
	do
	:: at < WAITERS && list[at] == a && count < n -> wake_one(at, a); count++; at++
	:: at < WAITERS && list[at] == a && count == n ->
		unlink(at, a);
		link(at, b);
#ifndef BUG_BUCKET_NOT_CHANGED
		bucket[at] = b;
#endif
		at++
	:: at < WAITERS && list[at] != a -> at++
	:: at == WAITERS -> break
	od;
	unlock(b);
	unlock(a)
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
	bool seen, queued;

	valid[w] = true;
#ifdef BUG_LOOK_BEFORE_LOCK
	seen = word;
	lock(0);
#else
	lock(0);
	seen = word;
#endif
	if
	:: seen -> unlock(0) /* -EWOULDBLOCK */
	:: !seen ->
		bucket[w] = 0;
		link(w, 0);
		unlock(0);
		woken[w] || interrupted[w];
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
	wake(1, 1);
	atomic {
		through++;
		assert(through < WAITERS || wakes == returns)
	}
}

proctype broadcast()
{
	byte at, count;

	word = true;
	requeue(0, 1, 1)
}

proctype meddler()
{
	byte at, count;

	requeue(1, 0, 0);
	wake(0, WAITERS)
}

/* Deadlines and signals, which need not come. */
proctype interruptions()
{
	byte w;

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
		:: w < WAITERS -> list[w] = NOWHERE; run waiter(w); w++
		:: w == WAITERS -> break
		od;
		run broadcast();
		run meddler();
		run interruptions()
	}
}

ltl ends { <> (through == WAITERS) }
