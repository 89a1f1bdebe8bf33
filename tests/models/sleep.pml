/* SPDX-License-Identifier: MIT */
/*
 * Sleeping and waking: no wake-up is lost, neither an event's nor a signal's nor a timer's.
 *
 * A thread sleeps twice on processor 0: first for event A alone, then for event B, a signal
 * or a timer. Processor 1 makes A come true, processor 2 one of the others, at any time; so a
 * late wake-up for the first sleep may fall into the second. The thread is preempted where
 * it may be.
 *
 *   here                   there
 *   sleeper()              kernel/sched/wait.h:WAIT_EVENT, kernel/sched/wait.c:sched_switch_until
 *   set_state()            kernel/sched/thread.h:thread_set_state, kernel/sched/wait.c:wait_prepare
 *   switch_away()          kernel/sched/sched.c:switch_away, kernel/sched/sched.c:settle_previous
 *   may_sleep              kernel/sched/sched.c:may_sleep_now
 *   wake()                 kernel/sched/sched.c:thread_wake_state
 *   notify(), in waker()   kernel/sched/sched.c:thread_notify
 *   fire(), in waker()     kernel/sched/wait.c:sleep_timer_fire
 *   "cancelled"            kernel/sched/timer.c:timer_cancel_sync, kernel/sched/timer.c:timer_run
 *
 * Memory order: x86-TSO, spelt out. A plain store goes into the processor's store buffer,
 * which empties at any later time and in order (drain()); a load looks at memory. Locked
 * instructions and fences wait until the buffer is empty. Nobody here loads what stands in
 * its own buffer, so that forwarding is left out. Taking a spinlock is a locked
 * instruction; releasing one, a store.
 *
 * RUN holds
 * RUN holds ltl=ends
 * RUN fails LOOK_FIRST
 * RUN fails PLAIN_STATE
 * RUN fails NO_FENCE
 * RUN fails WAKE_NO_RESET
 * RUN fails PREEMPTED_SLEEPS
 * RUN fails NO_SIGNAL_CHECK
 * RUN fails SIGNAL_AFTER_WAKE
 * RUN fails ARM_FIRST
 * RUN fails NO_FENCE ltl=ends
 */
#define RUNNING  0
#define SLEEPING 1 /* woken by signals too */
#define BLOCKED  2
#define ALL      (SLEEPING | BLOCKED)

/* Memory. */
#define STATE  0
#define LOCK   1 /* the run queue's */
#define QUEUED 2 /* the thread runs or waits to */
#define A      3 /* the events */
#define B      4
#define SIGNAL 5 /* WORK_SIGNAL, in context.work */
#define FIRED  6 /* of the sleep timer */
#define WORDS  7
byte memory[WORDS];

chan buffer[3] = [3] of { byte, byte }; /* of stores: address, value */

bool armed, firing; /* the timer; with the lock of its processor's timers */
bool done;          /* the sleeper is through */

inline fence(me)           { empty(buffer[me]) }
inline store(me, at, what) { buffer[me]!at,what }
inline locked(me, at, what) /* an exchange whose old value nobody wants, or a locked "or" */
{
	atomic { empty(buffer[me]) -> memory[at] = what }
}
inline lock(me)
{
	atomic { empty(buffer[me]) && !memory[LOCK] -> memory[LOCK] = 1 }
}
inline unlock(me)          { store(me, LOCK, 0) }

proctype drain(byte me)
{
	byte at, what;
end:
	do
	:: atomic { buffer[me]?at,what -> memory[at] = what; at = 0; what = 0 }
	od
}

inline set_state(what)
{
#ifdef BUG_PLAIN_STATE
	store(0, STATE, what)
#else
	locked(0, STATE, what)
#endif
}

/* The thread gives processor 0 away, or it is taken; comes back when it is queued again. */
inline switch_away(preempted)
{
	lock(0);
	if
#ifdef BUG_PREEMPTED_SLEEPS
	:: memory[STATE] != RUNNING ->
#else
	:: memory[STATE] != RUNNING && !preempted ->
#endif
#ifdef BUG_NO_SIGNAL_CHECK
		store(0, QUEUED, 0)
#else
		if
		:: memory[STATE] == SLEEPING && memory[SIGNAL] -> store(0, STATE, RUNNING) /* not may_sleep */
		:: else -> store(0, QUEUED, 0)
		fi
#endif
	:: else
	fi;
	unlock(0);
	/* Others run on the processor: their locked instructions empty the buffer. */
	fence(0);
	memory[QUEUED] == 1
}

inline perhaps_preempted()
{
	if
	:: switch_away(true)
	:: skip
	fi
}

#define KIND (round == 0 -> BLOCKED : SLEEPING)

inline look()
{
	if
	:: round == 0 -> over = memory[A]
	:: round == 1 -> over = memory[B]
	fi;
#ifndef BUG_NO_SIGNAL_CHECK
	if
	:: memory[SIGNAL] && round == 1 -> over = true
	:: else
	fi
#endif
}

active proctype sleeper()
{
	byte round;
	bool over, timeout_over;

	run drain(0); run drain(1); run drain(2);
	do
	:: round == 2 -> break
	:: else ->
		do
		:: over = false;
#ifdef BUG_LOOK_FIRST
			look();
			perhaps_preempted();
			set_state(KIND);
#else
#ifdef BUG_ARM_FIRST
			armed = armed || round == 1;
#endif
			set_state(KIND);
			perhaps_preempted();
			look();
#endif
			if
			:: over || timeout_over -> break
			:: else
			fi;
			armed = armed || round == 1;
			perhaps_preempted();
			switch_away(false);
			atomic { armed = false; !firing -> timeout_over = memory[FIRED] } /* cancelled */
		od;
		set_state(RUNNING);
		round++
	od;
	done = true
}

/* The event was made true before this, in program order. */
inline wake(me, mask)
{
#ifndef BUG_NO_FENCE
	fence(me);
#endif
	if
	:: !(memory[STATE] & mask)
	:: memory[STATE] & mask ->
		lock(me);
		if
		:: memory[STATE] & mask ->
#ifdef BUG_WAKE_NO_RESET
			if
			:: !memory[QUEUED] -> store(me, STATE, RUNNING); store(me, QUEUED, 1)
			:: else
			fi
#else
			store(me, STATE, RUNNING);
			if
			:: !memory[QUEUED] -> store(me, QUEUED, 1)
			:: else
			fi
#endif
		:: else
		fi;
		unlock(me)
	fi
}

active proctype waker_a()
{
	store(1, A, 1);
	wake(1, ALL)
}

active proctype waker()
{
	if
	:: store(2, B, 1);
		wake(2, ALL)
	:: /* notify() */
#ifdef BUG_SIGNAL_AFTER_WAKE
		wake(2, SLEEPING);
		locked(2, SIGNAL, 1)
#else
		locked(2, SIGNAL, 1);
		wake(2, SLEEPING)
#endif
	:: atomic { armed -> armed = false; firing = true };
		/* fire() */
		store(2, FIRED, 1);
		wake(2, ALL);
		atomic { empty(buffer[2]) -> firing = false }
	fi
}

init
{
	atomic { memory[QUEUED] = 1 }
}

ltl ends { <> done }
