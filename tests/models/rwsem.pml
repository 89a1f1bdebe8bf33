/* SPDX-License-Identifier: MIT */
/*
 * The reader-writer semaphore: who releases hands it over, to the first writer that waits or
 * to all readers up to the next writer; who comes later waits behind.
 *
 * Each of the threads reads, or writes and perhaps goes on as a reader; a deadly signal may
 * call any but one of them away while it waits.
 *
 * Checked: a writer is alone; whenever the lock that guards the list is released, the first
 * who waits could not come in; nobody is forgotten; at the end it is free. With readers that
 * come again for ever: a writer gets it all the same.
 *
 *   here           there
 *   admit()        kernel/sched/rwsem.c:admit
 *   grant()        kernel/sched/rwsem.c:grant
 *   wait_turn()    kernel/sched/rwsem.c:wait_turn
 *   acquire()      kernel/sched/rwsem.c:acquire
 *   release()      kernel/sched/rwsem.c:rwsem_read_unlock, kernel/sched/rwsem.c:rwsem_write_unlock
 *   downgrade()    kernel/sched/rwsem.c:rwsem_downgrade
 *
 * Memory order: all is done with the spinlock held. Sleeping is sleep.pml's subject: here a
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
 * RUN fails OVERTAKES READERS ltl=served
 */
#ifndef THREADS
#define THREADS 3
#endif

short readers;           /* in it; a writer is -1 */
byte list[THREADS];      /* who waits, in order */
byte length;
bool write[THREADS], granted[THREADS], awake[THREADS];
byte next, serving;      /* the spinlock, a ticket lock: fairness needs its order */
byte reading, writing;
bool waits0;             /* thread 0, for the property */

#ifdef BUG_KILL_WINS
#define HAS_IT   (granted[me] && !killed)
#define GIVES_UP (killed)
#else
#define HAS_IT   (granted[me])
#define GIVES_UP (killed && !granted[me])
#endif
#define MAY(t) (write[t] -> readers == 0 : readers >= 0)

inline lock()
{
	atomic { ticket = next; next = (next + 1) % (THREADS + 1) };
	atomic { serving == ticket -> ticket = 0 }
}

inline unlock()
{
	atomic { assert(length == 0 || !MAY(list[0])); serving = (serving + 1) % (THREADS + 1) }
}

#define admit(t) readers = (write[t] -> -1 : readers + 1)

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

inline grant()
{
	do
	:: atomic { length > 0 && MAY(list[0]) ->
			first = list[0];
			admit(first)
		};
		take_off(first);
		atomic { granted[first] = true; awake[first] = true; first = 0 };
#ifdef BUG_GRANTS_ONE
		break
#endif
	:: atomic { length == 0 || !MAY(list[0]) -> break }
	od
}

inline wait_turn(got)
{
	atomic { list[length] = me; length++; granted[me] = false; waits0 = waits0 || me == 0 };
	do
	:: HAS_IT -> got = true; break
	:: GIVES_UP ->
		take_off(me);
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
	lock();
	if
#ifdef BUG_OVERTAKES
	:: atomic { MAY(me) -> admit(me) }; unlock(); got = true
	:: !MAY(me) -> wait_turn(got)
#else
	:: atomic { length == 0 && MAY(me) -> admit(me) }; unlock(); got = true
	:: length > 0 || !MAY(me) -> wait_turn(got)
#endif
	fi
}

inline release()
{
	lock();
	readers = (write[me] -> 0 : readers - 1);
	grant();
	unlock()
}

inline downgrade()
{
	lock();
	atomic { readers = 1; write[me] = false };
#ifndef BUG_DOWNGRADE_TELLS_NOBODY
	grant();
#endif
	unlock()
}

#define ENTER atomic { \
	reading = reading + !write[me]; writing = writing + write[me]; \
	assert(writing == 0 || (writing == 1 && reading == 0)) }
#define LEAVE atomic { reading = reading - !write[me]; writing = writing - write[me] }

proctype thread(byte me; bool mortal)
{
	byte i, first, ticket;
	bool got, killed;

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
			release()
		:: !got
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
	_nr_pr == 1;
	assert(readers == 0 && length == 0)
}

ltl served { [] (waits0 -> <> !waits0) }
