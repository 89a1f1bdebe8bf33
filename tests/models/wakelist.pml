/* SPDX-License-Identifier: MIT */
/*
 * Lists of threads to wake when no lock is held any more: a thread is on one list at a
 * time; a second waker that finds it there leaves it to the first.
 *
 * A thread waits until each of three wakers has made its condition true.
 *
 *   here           there
 *   waker()        kernel/proc/futex.c:futex_mark_woken, kernel/proc/futex.c:wake_list_add,
 *                  kernel/proc/futex.c:wake_list_run
 *   sleeper()      kernel/proc/futex_queue.h:futex_sleep
 *
 * Memory order: the link is taken by a compare-and-exchange and freed by an exchange, which
 * are fences: the condition is stored before the one, the thread woken after the other.
 * Sleep and wake-up themselves are sleep.pml's subject.
 *
 * RUN holds
 * RUN holds ltl=ends
 * RUN fails LISTED_FIRST
 * RUN fails CLEARED_AFTER_WAKE
 */
#define WAKERS 3

bool condition[WAKERS];
bool listed; /* thread's wake_next is not free */
bool awake;
bool done;

active proctype sleeper()
{
	do
	:: awake ->
		awake = false; /* says that it sleeps, then looks */
		if
		:: condition[0] && condition[1] && condition[2] -> break
		:: else
		fi
	od;
	done = true
}

active [WAKERS] proctype waker()
{
	byte i = _pid - 1;
	bool mine;

#ifdef BUG_LISTED_FIRST
	atomic { mine = !listed; listed = true };
	condition[i] = true;
#else
	condition[i] = true;
	atomic { mine = !listed; listed = true };
#endif
	if
	:: mine ->
#ifdef BUG_CLEARED_AFTER_WAKE
		awake = true;
		listed = false
#else
		listed = false;
		awake = true
#endif
	:: else
	fi
}

ltl ends { <> done }
