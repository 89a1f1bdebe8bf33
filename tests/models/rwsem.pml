/* SPDX-License-Identifier: MIT */
/*
 * The reader-writer semaphore: one word says how many read, whether one writes and whether
 * somebody waits. While nobody waits all goes by the word alone; who releases and sees that somebody
 * does hands it over, to the first writer that waits or to all readers up to the next writer; who
 * comes later waits behind.
 *
 * Each of the threads reads, or writes and perhaps goes on as a reader; a deadly signal may
 * call any but one of them away while it waits.
 *
 * Checked: a writer is alone; whenever the lock that guards the list is free, the word says
 * whether somebody is on it, and the first who waits could not come in, unless somebody is on the
 * way to see to that; nobody is forgotten; at the end it is free. With readers that
 * come again for ever: a writer gets it all the same. That who gets it next may free it
 * at once is not so, as the run FREED_BY_THE_NEXT shows: who releases may still be on the way to
 * the list then. So whoever frees one has a count that says that the others are out of it.
 *
 *   here           there
 *   admit()        kernel/sched/rwsem.c:admit
 *   leave_list()   kernel/sched/rwsem.c:leave_list
 *   grant()        kernel/sched/rwsem.c:grant
 *   let_in()       kernel/sched/rwsem.c:let_in
 *   wait_turn()    kernel/sched/rwsem.c:wait_turn
 *   acquire()      kernel/sched/rwsem.c:acquire
 *   release()      kernel/sched/rwsem.c:rwsem_read_unlock, kernel/sched/rwsem.c:rwsem_write_unlock
 *   downgrade()    kernel/sched/rwsem.c:rwsem_downgrade
 *
 * Memory order: the word is changed by locked instructions only, and each change is one step here; the
 * list is changed with the spinlock held. Sleeping is sleep.pml's subject: here a
 * thread blocks until it was woken since it last set its state.
 *
 * RUN holds
 * RUN holds THREADS=4 deep
 * RUN holds READERS ltl=served
 * RUN fails NOT_GRANTED_ON_KILL
 * RUN fails KILL_WINS
 * RUN fails STATE_SET_LATE
 * RUN fails DOWNGRADE_TELLS_NOBODY
 * RUN fails GRANTS_ONE
 * RUN fails NO_LOOK_WHEN_QUEUED
 * RUN fails CLEARED_UNLOCKED
 * RUN fails TAKEN_IN_TWO_STEPS
 * RUN fails LOOKS_FIRST
 * RUN fails FREED_BY_THE_NEXT
 * RUN fails OVERTAKES READERS ltl=served
 */
#ifndef THREADS
#define THREADS 3
#endif

byte readers;            /* these three are the word */
bool writer, waiters;
byte list[THREADS];      /* who waits, in order */
byte length;
bool write[THREADS], granted[THREADS], awake[THREADS];
byte next, serving;      /* the spinlock, a ticket lock: fairness needs its order */
byte reading, writing;
bool freed;
byte coming;             /* who has released it, saw that somebody waits, and is on the way to the list */
byte over;               /* who has let go of it, as far as the word says */
bool waits0;             /* thread 0, for the property */

#ifdef BUG_KILL_WINS
#define HAS_IT   (granted[me] && !killed)
#define GIVES_UP (killed)
#else
#define HAS_IT   (granted[me])
#define GIVES_UP (killed && !granted[me])
#endif

/* May t come in, as far as those inside are concerned? */
#define MAY(t)   (!writer && (!write[t] || readers == 0))
#ifdef BUG_OVERTAKES
#define FREE_FOR(t) MAY(t)
#else
#define FREE_FOR(t) (MAY(t) && !waiters)
#endif
#define ENTER_WORD(t) writer = writer || write[t]; readers = readers + !write[t]

inline lock()
{
	atomic { assert(!freed); ticket = next; next = (next + 1) % (THREADS + 1) };
	atomic { serving == ticket -> ticket = 0 }
}

inline unlock()
{
	atomic {
#ifndef BUG_CLEARED_UNLOCKED
		assert(waiters == (length > 0));
#endif
		serving = (serving + 1) % (THREADS + 1)
	}
}

inline leave_list(t)
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
	};
#ifndef BUG_CLEARED_UNLOCKED
	if
	:: length == 0 -> waiters = false
	:: else
	fi
#endif
}

inline grant()
{
	do
	:: atomic { length > 0 && MAY(list[0]) ->
			first = list[0];
			ENTER_WORD(first)
		};
		leave_list(first);
		atomic { granted[first] = true; awake[first] = true; first = 0 };
#ifdef BUG_GRANTS_ONE
		break
#endif
	:: atomic { length == 0 || !MAY(list[0]) -> break }
	od
}

inline let_in()
{
	lock();
	coming--;
	grant();
#ifdef BUG_CLEARED_UNLOCKED
	bare = length == 0;
#endif
	unlock();
#ifdef BUG_CLEARED_UNLOCKED
	if
	:: bare -> waiters = false; bare = false
	:: else
	fi
#endif
}

inline wait_turn(got)
{
	lock();
	atomic { list[length] = me; length++; granted[me] = false; waits0 = waits0 || me == 0 };
	waiters = true;
#ifndef BUG_NO_LOOK_WHEN_QUEUED
	grant();
#endif
	do
	:: HAS_IT -> got = true; break
	:: GIVES_UP ->
		leave_list(me);
#ifndef BUG_NOT_GRANTED_ON_KILL
		grant();
#endif
		break
	:: !granted[me] && !killed ->
#ifdef BUG_STATE_SET_LATE
		unlock();
		awake[me] = false;
#else
		awake[me] = false;
		unlock();
#endif
		if
		:: awake[me]
		:: mortal -> killed = true
		fi;
		lock()
	od;
	unlock()
}

inline acquire(got)
{
	if
#ifdef BUG_TAKEN_IN_TWO_STEPS
	:: FREE_FOR(me) -> atomic { ENTER_WORD(me) }; got = true
#else
	:: atomic { FREE_FOR(me) -> ENTER_WORD(me) }; got = true
#endif
	:: !FREE_FOR(me) -> wait_turn(got)
	fi
}

inline release()
{
	atomic {
		assert(!freed);
#ifdef BUG_LOOKS_FIRST
		some = waiters
	};
	atomic {
#endif
		if
		:: write[me] -> assert(writer && readers == 0); writer = false
		:: else -> assert(readers > 0); readers--
		fi;
#ifndef BUG_LOOKS_FIRST
		some = waiters && readers == 0 && !writer;
#endif
#ifdef BUG_FREED_BY_THE_NEXT
		over++;
#endif
		coming = coming + some
	};
	if
	:: some -> let_in()
	:: else
	fi;
	some = false
}

inline downgrade()
{
	atomic {
		writer = false; readers++; write[me] = false;
#ifndef BUG_DOWNGRADE_TELLS_NOBODY
		some = waiters; coming = coming + some
#endif
	};
	if
	:: some -> let_in()
	:: else
	fi;
	some = false
}

#define ENTER atomic { \
	reading = reading + !write[me]; writing = writing + write[me]; \
	assert(writing == 0 || (writing == 1 && reading == 0)) }
#define LEAVE atomic { reading = reading - !write[me]; writing = writing - write[me] }

proctype thread(byte me; bool mortal)
{
	byte i, first, ticket;
	bool got, killed, some, bare;

	do
	:: acquire(got);
		if
		:: got ->
			atomic { waits0 = waits0 && me != 0 };
			ENTER;
			LEAVE;
			if
			:: write[me] -> downgrade(); ENTER; LEAVE
			:: true
			fi;
			release();
#ifdef BUG_FREED_BY_THE_NEXT
			freed = over == THREADS
#endif
		:: !got ->
#ifdef BUG_FREED_BY_THE_NEXT
			over++
#else
			skip
#endif
		fi;
#ifdef READERS
		got = false;
		if
		:: me == 0 -> break
		:: me != 0
		fi
#else
		break
#endif
	od
}

/* Somebody could come in, and nobody sees to it. */
active proctype watch()
{
end:	atomic { next == serving && coming == 0 && length > 0 && MAY(list[0]) -> assert(false) } /* unreached */
}

init
{
	byte i;

	atomic {
#ifdef READERS
		write[0] = true;
		for (i : 0 .. THREADS - 1) { run thread(i, false) }
#else
		for (i : 0 .. THREADS - 1) {
			if
			:: write[i] = true
			:: write[i] = false
			fi;
			run thread(i, i != 0)
		}
#endif
	};
	_nr_pr == 2; /* this one and watch */
	assert(readers == 0 && !writer && !waiters && length == 0)
}

ltl served { [] (waits0 -> <> !waits0) }
