/* SPDX-License-Identifier: MIT */
/*
 * Futexes with priority inheritance: taking, releasing, giving up, and the death of owners.
 *
 * Each thread takes the lock once, by the word alone or through the kernel, then releases it or dies
 * with it; the word is on its robust list. All but the first may give up while they wait: a
 * deadline or a signal.
 *
 * Checked: one has the lock at a time, the dead not counted; nobody is refused; everybody comes back; at the
 * end nobody waits and the word names nobody.
 *
 *   here           there
 *   lock_pi()      kernel/proc/futex_pi.c:futex_lock_pi, kernel/proc/futex_pi.c:try_or_queue,
 *                  kernel/proc/futex_pi.c:futex_try_pi, kernel/proc/futex_pi.c:find_owner
 *   block()        kernel/proc/futex_graph.c:pi_block, kernel/proc/futex_pi.c:enter_queue
 *   grant()        kernel/proc/futex_graph.c:pi_grant
 *   finish()       kernel/proc/futex_pi.c:futex_finish_pi, kernel/proc/futex_pi.c:repair
 *   unlock_pi()    kernel/proc/futex_pi.c:futex_unlock_pi, kernel/proc/futex_pi.c:give_on
 *   leave()        kernel/proc/futex_pi.c:futex_leave, kernel/proc/futex_robust.c:orphan
 *
 * Memory order: sequentially consistent: the word is changed by locked instructions, and so is what a thread
 * says of its end; all else under the lock of the bucket or of the graph. What is read without is
 * whether the dying thread holds anything that is waited for, which is a step of its own here.
 * Priorities and chains are left out: who waits is served in order. Of a sleep see sleep.pml.
 *
 * RUN holds
 * RUN fails CHECKED_BEFORE
 * RUN fails LOOKS_BEFORE_IT_SAYS
 * RUN fails NOT_STALE
 * RUN fails WORD_FIRST
 * RUN fails GRANT_MISSED
 * RUN fails LEAVER_IS_GONE
 * RUN fails LEFT_BEFORE_REPAIR
 * RUN fails NO_GRANT_AT_DEATH
 */
#ifndef THREADS
#define THREADS 3
#endif
#define ALIVE   0
#define LEAVING 1
#define GONE    2
#define NOBODY  15

byte tid;                /* the word: a thread's number plus one, or 0, */
bool waitbit, died;      /* FUTEX_WAITERS and FUTEX_OWNER_DIED */
bool bucket, graph;      /* the two locks */
bool queued[THREADS];    /* in the bucket */
byte in_bucket;          /* how many */
byte owner = NOBODY;     /* the lock in the kernel: there while somebody is in the bucket */
bool stale, l_died;
byte list[THREADS];      /* who waits for it, in order */
byte length;
bool granted[THREADS];
byte state[THREADS];
byte inside;
byte ended;

#define lock(l)   atomic { !l -> l = true }
#define unlock(l) l = false

inline take_off(t)
{
	d_step {
		i = 0;
		do
		:: i < length && list[i] != t -> i++
		:: else -> break
		od;
		assert(i < length);
		do
		:: i + 1 < length -> list[i] = list[i + 1]; i++
		:: else -> break
		od;
		length--;
		list[length] = 0;
		i = 0
	}
}

/* To the first who waits. Graph locked. */
inline grant()
{
	d_step {
		assert(length > 0);
		owner = list[0];
		i = 0;
		do
		:: i + 1 < length -> list[i] = list[i + 1]; i++
		:: else -> break
		od;
		length--;
		list[length] = 0;
		i = 0;
		granted[owner] = true
	}
}

/* Bucket locked. busy: the owner ends just now. */
inline block()
{
	lock(graph);
#ifdef BUG_CHECKED_BEFORE
	busy = state[owner] != ALIVE;
	if
	:: !busy -> d_step { assert(owner != me); list[length] = me; length++; granted[me] = false }
	:: else
	fi;
#else
	d_step { assert(owner != me); list[length] = me; length++; granted[me] = false };
	busy = state[owner] != ALIVE;
	if
	:: busy -> take_off(me)
	:: else
	fi;
#endif
	if
	:: busy
	:: else -> d_step { queued[me] = true; in_bucket++ }
	fi;
	unlock(graph)
}

inline finish()
{
	lock(bucket);
	lock(graph);
	if
#ifdef BUG_GRANT_MISSED
	:: granted[me] && !gave_up -> got = true
	:: granted[me] && gave_up
#else
	:: granted[me] -> got = true
#endif
	:: !granted[me] -> take_off(me)
	fi;
	busy = got && stale;
	unlock(graph);
#ifdef BUG_LEFT_BEFORE_REPAIR
	d_step { queued[me] = false; in_bucket-- };
#endif
	if
	:: busy ->
		unlock(bucket);
		lock(bucket);
		atomic { tid = me + 1; waitbit = true; died = died || l_died };
		atomic { !graph -> stale = false; l_died = false };
		unlock(bucket);
		lock(bucket)
	:: else
	fi;
#ifndef BUG_LEFT_BEFORE_REPAIR
	d_step { queued[me] = false; in_bucket-- };
#endif
	atomic { unlock(bucket); busy = false }
}

/* What it found in the word is still there. */
#define SAME (tid == t && waitbit == w && died == d)

inline load()
{
	d_step { t = tid; w = waitbit; d = died }
}

inline forget()
{
	d_step { t = 0; w = false; d = false; busy = false }
}

inline lock_pi()
{
	do
	:: lock(bucket);
		load();
		assert(t != me + 1);
		if
		:: in_bucket > 0 ->
			assert(stale || t == owner + 1 || (t == 0 && d)); /* else -EINVAL */
			block();
			if
			:: busy -> unlock(bucket)
			:: !busy -> unlock(bucket); break
			fi
		:: in_bucket == 0 && t == 0 ->
			if
			:: atomic { SAME -> tid = me + 1; waitbit = false; got = true; unlock(bucket) }; break
			:: !SAME -> unlock(bucket)
			fi
		:: in_bucket == 0 && t > 0 ->
			if
			:: atomic { SAME -> waitbit = true; w = true };
				if
#ifdef BUG_LEAVER_IS_GONE
				:: state[t - 1] != ALIVE ->
#else
				:: state[t - 1] == LEAVING ->
					unlock(bucket);
					state[t - 1] != LEAVING
				:: state[t - 1] == GONE ->
#endif
					assert(!SAME); /* else -ESRCH */
					unlock(bucket)
				:: state[t - 1] == ALIVE ->
					d_step { owner = t - 1; stale = false; l_died = false; assert(length == 0) };
					block();
					if
					:: busy -> unlock(bucket)
					:: !busy -> unlock(bucket); break
					fi
				fi
			:: !SAME -> unlock(bucket)
			fi
		fi;
		forget()
	od;
	forget();
	if
	:: got
	:: !got ->
		if
		:: granted[me]
		:: mortal -> gave_up = true
		fi;
		finish()
	fi
}

inline unlock_pi()
{
	do
	:: load();
		assert(t == me + 1); /* else -EPERM */
		lock(bucket);
		if
		:: in_bucket > 0 ->
			lock(graph);
			assert(owner == me && length > 0); /* else -EINVAL */
			atomic {
				if
#ifdef BUG_WORD_FIRST
				:: SAME -> tid = 0; waitbit = false; died = false; ok = true
#else
				:: SAME -> tid = list[0] + 1; waitbit = true; died = false; ok = true
#endif
				:: else -> assert(tid == t) /* else -EINVAL */
				fi
			};
			if
			:: ok ->
#ifdef BUG_WORD_FIRST
				atomic { tid = list[0] + 1; waitbit = true };
#endif
				grant()
			:: else
			fi;
			unlock(graph)
		:: else ->
			atomic {
				if
				:: SAME -> tid = 0; waitbit = false; died = false
				:: else
				fi
			}
		fi;
		unlock(bucket);
		if
		:: tid != me + 1 -> break
		:: else
		fi
	od;
	forget();
	ok = false
}

#define HOLDS (owner == me && length > 0)

inline leave()
{
#ifdef BUG_LOOKS_BEFORE_IT_SAYS
	ok = HOLDS;
#endif
	state[me] = LEAVING;
	atomic {
		if
		:: tid == me + 1 -> tid = 0; died = true
		:: else
		fi
	};
#ifndef BUG_LOOKS_BEFORE_IT_SAYS
	ok = HOLDS;
#endif
#ifdef BUG_NO_GRANT_AT_DEATH
	ok = false;
#endif
	do
	:: ok ->
		lock(graph);
		if
		:: HOLDS ->
#ifndef BUG_NOT_STALE
			d_step { stale = true; l_died = true };
#endif
			grant()
		:: else -> ok = false
		fi;
		unlock(graph)
	:: !ok -> break
	od;
	state[me] = GONE
}

proctype thread(byte me; bool mortal)
{
	byte i, t;
	bool w, d, got, gave_up, busy, ok;

	if
	:: atomic { tid == 0 && !waitbit && !died -> tid = me + 1; got = true }
	:: tid != 0 || waitbit || died -> lock_pi()
	fi;
	if
	:: got ->
		atomic { assert(inside == 0); inside++; granted[me] = false };
		died = false; /* the program has seen it, and made good what the dead one left */
		inside--;
		if
		:: atomic { tid == me + 1 && !waitbit && !died -> tid = 0 }
		:: unlock_pi() /* a program need not try by itself */
		:: true /* it dies with it */
		fi
	:: !got -> assert(tid != me + 1)
	fi;
	leave();
	ended++
}

init
{
	byte i;

	atomic {
		for (i : 0 .. THREADS - 1) { run thread(i, i != 0) }
	};
	ended == THREADS;
	assert(length == 0 && in_bucket == 0 && tid == 0)
}
