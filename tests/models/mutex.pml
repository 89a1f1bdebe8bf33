/* SPDX-License-Identifier: MIT */
/*
 * The mutex: an owner word with two flags, taken by one instruction; a list of waiters; and
 * the hand-over to one that was woken and lost.
 *
 * Three threads take it and release it, ROUNDS times each; a signal may call a waiter away.
 *
 * Checked: two never have it; nobody who waits is forgotten; when all is done the word is
 * free and has no flags. With a thief, who takes it whenever it is free, and goes on for
 * ever: the one that waits gets it all the same.
 *
 *   here           there
 *   try_fast()     kernel/sched/mutex.c:try_fast
 *   try_locked()   kernel/sched/mutex.c:try_locked
 *   lock_slow()    kernel/sched/mutex.c:lock_slow, kernel/sched/mutex.c:leave_list
 *   unlock()       kernel/sched/mutex.c:mutex_unlock, kernel/sched/mutex.c:unlock_slow
 *
 * Memory order: the word is changed by locked instructions, or under the list's lock to a
 * value that no fast path matches. Sleeping is sleep.pml's subject: here a thread blocks
 * until it was woken since it last set its state.
 *
 * RUN holds
 * RUN holds THREADS=2 THIEF ltl=served
 * RUN fails FLAGS_LOST
 * RUN fails OWNER_IN_TWO_STEPS
 * RUN fails NO_HANDOVER THREADS=2 THIEF ltl=served
 */
#ifndef THREADS
#define THREADS 3
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#define NOBODY 9

/* The word. */
byte owner = NOBODY;
bool waiters, handover;

byte next, serving;      /* the list's lock, a ticket lock: fairness needs its order */
byte list[THREADS];      /* who waits, in order */
byte length;
bool awake[THREADS];
byte inside;
bool waits1;             /* thread 1, for the property */

#define FREE (owner == NOBODY && !waiters && !handover)
#define FIRST(me) (length > 0 && list[0] == me)

inline lock()
{
	atomic { ticket = next; next = (next + 1) % 4 };
	atomic { serving == ticket -> ticket = 0 }
}

#define UNLOCK serving = (serving + 1) % 4

inline wake_first()
{
	if
	:: length > 0 -> awake[list[0]] = true
	:: else
	fi
}

inline try_fast(me, got)
{
#ifdef BUG_OWNER_IN_TWO_STEPS
	got = FREE;
	if
	:: got -> owner = me
	:: else
	fi
#else
	atomic {
		got = FREE;
		if
		:: got -> owner = me
		:: else
		fi
	}
#endif
}

/* List locked. */
inline try_locked(me, got)
{
	atomic {
		if
		:: owner == me -> got = true
		:: owner != me && (owner != NOBODY || (handover && !FIRST(me))) -> got = false
		:: owner == NOBODY && !(handover && !FIRST(me)) ->
			owner = me;
#ifdef BUG_FLAGS_LOST
			waiters = false;
#else
			waiters = length > 1;
#endif
			handover = false;
			got = true
		fi
	}
}

inline leave_list(me)
{
	d_step {
		i = 0;
		do
		:: i < length && list[i] != me -> i++
		:: else -> break
		od;
		do
		:: i + 1 < length -> list[i] = list[i + 1]; i++
		:: else -> break
		od;
		length--;
		list[length] = 0;
		i = 0;
		if
		:: length == 0 -> waiters = false; handover = false
		:: else
		fi
	}
}

/* got: it has it; else a signal came. */
inline lock_slow(me, got)
{
	lock();
	atomic { list[length] = me; length++; waiters = true; waits1 = waits1 || me == 1 };
	do
	:: try_locked(me, got);
		if
		:: got -> break
		:: !got && signals -> break /* a signal */
		:: !got ->
			awake[me] = false;
			UNLOCK;
			awake[me];
			lock();
#ifndef BUG_NO_HANDOVER
			atomic {
				if
				:: FIRST(me) && owner != NOBODY && owner != me -> handover = true
				:: else
				fi
			}
#endif
		:: !got && signals ->
			/* The signal comes while it sleeps: perhaps together with a wake-up. */
			awake[me] = false;
			UNLOCK;
			true;
			lock();
			try_locked(me, got);
			break
		fi
	od;
	leave_list(me);
	/* A waiter that gives up has seen another owner, who will wake the next. */
	assert(got || owner != NOBODY || length == 0);
	UNLOCK
}

inline unlock(me)
{
	atomic {
		slow = waiters || handover;
		if
		:: !slow -> owner = NOBODY
		:: else
		fi
	};
	if
	:: slow ->
		lock();
		atomic {
			if
			:: length > 0 -> owner = (handover -> list[0] : NOBODY); waiters = true; handover = false
			:: else -> owner = NOBODY; waiters = false; handover = false
			fi;
			wake_first()
		};
		UNLOCK
	:: else
	fi;
	slow = false
}

proctype thread(byte me; bool signals)
{
	byte rounds, i, ticket;
	bool got, slow;

	do
#ifdef THIEF
	:: true ->
#else
	:: rounds == ROUNDS -> break
	:: rounds < ROUNDS ->
		rounds++;
#endif
		try_fast(me, got);
		if
		:: !got -> lock_slow(me, got)
		:: else
		fi;
		if
		:: got ->
			atomic { inside++; assert(inside == 1); assert(owner == me); waits1 = waits1 && me != 1 };
			inside--;
			unlock(me)
		:: else
		fi
	od
}

init
{
	byte i;

	atomic {
#ifdef THIEF
		for (i : 0 .. THREADS - 1) { run thread(i, false) }
#else
		for (i : 0 .. THREADS - 1) { run thread(i, i != 0) }
#endif
	};
	_nr_pr == 1;
	assert(FREE && length == 0)
}

ltl served { [] (waits1 -> <> !waits1) }
