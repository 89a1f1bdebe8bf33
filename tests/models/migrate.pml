/* SPDX-License-Identifier: MIT */
/*
 * Threads between run queues: waking to an idle processor, pulling by one that goes idle,
 * offering what waits, sending away what may not stay.
 *
 * Three processors, three threads, one of which may run on processor 0 only. It begins with
 * every state of rest: each thread asleep, running or waiting anywhere. Then up to EVENTS
 * things happen, beside and in the midst of each other: a running thread sleeps or is
 * preempted, a sleeping one is woken from any processor (an idle one does so in an
 * interrupt); with AFFINITY, a running one may also change where thread 1 may run. Which of the waiting threads is picked next is left open.
 *
 * Checked: a thread is in one place only. And whenever all processors have come to rest
 * again (running a program, or asleep with no interrupt on its way), no thread waits that
 * one of the sleeping ones may run.
 *
 *   here              there
 *   switch_away()     kernel/sched/sched.c:switch_away, kernel/sched/sched.c:settle_previous,
 *                     kernel/sched/sched.c:pick_next, kernel/sched/sched.c:finish_switch,
 *                     kernel/sched/balance.c:balance_left_behind
 *   lock_of()         kernel/sched/sched.c:runq_lock_of
 *   enqueue()         kernel/sched/sched.c:enqueue
 *   joined()          kernel/sched/sched.c:sched_joined, kernel/sched/sched.c:sched_ask_reschedule
 *   wake()            kernel/sched/sched.c:thread_wake_state, kernel/sched/balance.c:balance_waking
 *   choose()          kernel/sched/balance.c:choose_waking, kernel/sched/balance.c:take_idle
 *   offer()           kernel/sched/balance.c:balance_offer, kernel/sched/balance.c:offer_to
 *   offer_waiting()   kernel/sched/balance.c:offer_waiting
 *   pass_on()         kernel/sched/balance.c:balance_pass_on
 *   pull()            kernel/sched/balance.c:pull_from, kernel/sched/balance.c:migrate
 *   look_for_work()   kernel/sched/balance.c:balance_idle_enter, kernel/sched/balance.c:look_for_work
 *   set_affinity()    kernel/sched/params.c:thread_set_affinity
 *   push()            kernel/sched/balance.c:balance_push, kernel/sched/balance.c:push_to
 *   stay()            kernel/sched/balance.c:stay
 *   idle()            kernel/sched/sched.c:sched_idle, kernel/sched/balance.c:balance_idle_leave
 *
 * Memory order: what a run queue's lock guards is sequentially consistent. Two things are
 * read without: the counts of threads, by a processor that goes idle, and the mask of idle
 * ones, by whoever queues a thread. Each writes its own first, and a fence keeps the look
 * at the other's behind it; the variants LOOKS_FIRST and OFFERS_FIRST do the look first.
 *
 * There is no variant without the offer of who was just moved behind another: three threads do not
 * miss it, since pass_on() makes it again.
 *
 * RUN holds
 * RUN holds AFF1=3 deep
 * RUN holds EVENTS=3 AFF0=7 deep
 * RUN holds AFFINITY AFF0=7 deep
 * RUN fails LOOKS_FIRST
 * RUN fails OFFERS_FIRST
 * RUN fails OFFER_SWALLOWED EVENTS=3 deep
 * RUN fails OFFER_NOT_SEEN EVENTS=3 deep
 * RUN fails PREEMPTED_NOT_OFFERED
 * RUN fails PASSED_OVER
 * RUN fails UNLOCKED_SWITCH
 * RUN fails RUNS_ON AFFINITY AFF0=7
 * RUN fails NOT_SENT_AWAY AFFINITY AFF0=7
 */
#ifndef THREADS
#define THREADS 3
#endif
#ifndef AFF0
#define AFF0 1
#endif
#ifndef AFF1
#define AFF1 7
#endif
#ifndef AFF2
#define AFF2 7
#endif
#ifndef EVENTS
#define EVENTS 2
#endif
#define CPUS 3
#define IDLE THREADS
#define BIT(c) (1 << (c))

/* Threads. */
byte affinity[THREADS];
byte home[THREADS];     /* thread.cpu */
bool asleep[THREADS];   /* its state says so */
bool queued[THREADS];   /* it runs, or waits */
bool on_cpu[THREADS];   /* its stack is in use */

/* Processors. */
bool locked[CPUS];
byte current[CPUS];
byte count[CPUS];       /* runq.queued */
bool resched[CPUS];     /* WORK_RESCHED of the running thread */
bool kicked[CPUS];      /* an interrupt is on its way */
bool rest[CPUS];
bool offered[CPUS];     /* it was kicked for the sake of a thread that waits elsewhere */
byte idle_cpus;
byte events = EVENTS;   /* left */
bool started;

#define EVENT(guard) (guard) && events > 0 -> events--; rest[me] = false

#define lock(c)   atomic { !locked[c] -> locked[c] = true }
#define unlock(c) locked[c] = false
#define WAITS(t, c) (queued[t] && home[t] == c && current[c] != t)
#define MAY(t, c)   (affinity[t] & BIT(c))
#define PICKS(i)    (WAITS(i, me) && (i != t || MAY(i, me))) /* the one that ran knows where it may */
#define LOWEST(m)   ((m) & 1 -> 0 : ((m) & 2 -> 1 : 2))

inline kick(c) { kicked[c] = true }

/* Of two different ones. */
inline lock_two(a, b)
{
	if
	:: atomic { a < b && !locked[a] -> locked[a] = true }; lock(b)
	:: atomic { a > b && !locked[b] -> locked[b] = true }; lock(a)
	fi
}

inline choose(t, last, to)
{
	atomic {
		if
		:: (idle_cpus & affinity[t]) && (idle_cpus & affinity[t] & BIT(last)) -> to = last
		:: (idle_cpus & affinity[t]) && !(idle_cpus & affinity[t] & BIT(last)) ->
			to = LOWEST(idle_cpus & affinity[t])
		:: !(idle_cpus & affinity[t]) && MAY(t, last) -> to = last
		:: !(idle_cpus & affinity[t]) && !MAY(t, last) -> to = LOWEST(affinity[t])
		fi;
		idle_cpus = idle_cpus & ~BIT(to)
	}
}

/* t was inserted on rq, locked. */
inline joined(rq)
{
	d_step {
		if
		:: current[rq] == IDLE ->
			resched[rq] = true;
			if
			:: rq != me -> kick(rq)
			:: else
			fi
		:: else
		fi
	}
}

/* t waits on a locked queue. */
inline offer(t)
{
	do
	:: atomic { idle_cpus & affinity[t] -> o = LOWEST(idle_cpus & affinity[t]) };
#ifdef BUG_OFFER_SWALLOWED
		kick(o); break
#else
		offered[o] = true; /* unreached with two events */
		atomic {
			if
#ifdef BUG_OFFER_NOT_SEEN
			:: true -> kick(o); break
#else
			:: idle_cpus & BIT(o) -> kick(o); break
			:: else
#endif
			fi
		}
#endif
	:: else -> break
	od
}

/* rq is t's, locked; it will be unlocked. */
inline enqueue(rq, t)
{
#ifdef BUG_OFFERS_FIRST
	if
	:: count[rq] > 0 -> offer(t)
	:: else
	fi;
#endif
	atomic { assert(!queued[t] && home[t] == rq); queued[t] = true; count[rq]++ };
	joined(rq);
#ifndef BUG_OFFERS_FIRST
	if
	:: count[rq] > 1 -> offer(t)
	:: else
	fi;
#endif
	unlock(rq)
}

inline lock_of(t, rq)
{
	do
	:: atomic { rq = home[t]; !locked[rq] -> locked[rq] = true };
		if
		:: home[t] == rq -> break
		:: else -> unlock(rq)
		fi
	od
}

inline wake(t)
{
	lock_of(t, rq);
	if
	:: !asleep[t] -> unlock(rq)
	:: atomic { asleep[t] -> asleep[t] = false };
		do
		:: choose(t, rq, to);
			if
			:: to == rq -> break
			:: else ->
				unlock(rq);
				lock_two(rq, to);
				if
				:: d_step { MAY(t, to) -> home[t] = to; unlock(rq); rq = to } -> break
				:: d_step { !MAY(t, to) -> unlock(to); kick(to) }
				fi
			fi
		od;
		enqueue(rq, t)
	fi;
	atomic { rq = 0; to = 0 }
}

/* Both locked. */
inline migrate(from, dest, t)
{
	d_step {
		assert(WAITS(t, from) && !on_cpu[t]);
		home[t] = dest;
		count[from]--;
		count[dest]++
	};
	joined(dest);
	if
	:: count[dest] > 1 -> offer(t)
	:: else
	fi
}

inline pull(from)
{
	lock_two(from, me);
	x = 0;
	do
	:: count[from] > 1 && x < THREADS && WAITS(x, from) && MAY(x, me) ->
		migrate(from, me, x);
		pulled = true;
		break
	:: count[from] > 1 && x < THREADS && !(WAITS(x, from) && MAY(x, me)) -> x++
	:: count[from] <= 1 || x == THREADS -> break
	od;
	x = 0;
	unlock(from);
	unlock(me)
}

inline offer_waiting(q, i)
{
	do
	:: atomic { i < THREADS && !WAITS(i, q) -> i++ }
	:: i < THREADS && WAITS(i, q) -> offer(i); i++
	:: atomic { i == THREADS -> i = 0; break }
	od
}

inline switch_away(sleeps)
{
	lock(me);
	atomic {
		resched[me] = false;
		t = current[me];
		if
		:: t != IDLE && sleeps -> queued[t] = false; asleep[t] = true; count[me]--
		:: else
		fi;
		current[me] = CPUS + THREADS; /* nobody: so t waits, if it is queued */
		if
		:: PICKS(0) -> x = 0
		:: PICKS(1) -> x = 1
		:: PICKS(2) -> x = 2
		:: !PICKS(0) && !PICKS(1) && !PICKS(2) -> x = IDLE
		fi;
		current[me] = x;
		if
		:: x != IDLE && x != t -> assert(!on_cpu[x]); on_cpu[x] = true
		:: else
		fi
	};
	/* balance_left_behind() */
	if
#ifndef BUG_PREEMPTED_NOT_OFFERED
	:: t != IDLE && queued[t] && t != x -> offer(t)
#endif
#ifndef BUG_PASSED_OVER
	:: t == IDLE && count[me] > 1 -> offer_waiting(me, y)
#endif
	:: else
	fi;
#ifdef BUG_UNLOCKED_SWITCH
	unlock(me);
#endif
	atomic {
		if
		:: t != IDLE && t != x -> on_cpu[t] = false
		:: else
		fi;
#ifdef AFFINITY
		astray = t != IDLE && queued[t] && !MAY(t, me);
		away = t;
#endif
		x = 0; t = 0
	};
#ifndef BUG_UNLOCKED_SWITCH
	unlock(me)
#endif
#ifdef AFFINITY
	;
	if
#ifdef BUG_NOT_SENT_AWAY
	:: astray
#else
	:: astray -> push(away)
#endif
	:: !astray
	fi;
	atomic { astray = false; away = 0 }
#endif
}

/* t waits where it may stay, or runs by now. */
inline stay(t)
{
	lock_of(t, rq);
	if
	:: current[rq] == t ->
#ifndef BUG_RUNS_ON
		d_step {
			if
			:: !MAY(t, rq) ->
				resched[rq] = true;
				if
				:: rq != me -> kick(rq)
				:: else
				fi
			:: else
			fi
		}
#endif
	:: current[rq] != t && queued[t] ->
		joined(rq);
		if
		:: count[rq] > 1 -> offer(t)
		:: else
		fi
	:: current[rq] != t && !queued[t]
	fi;
	unlock(rq)
}

inline push(t)
{
	do
	:: atomic { from = home[t] };
		choose(t, from, to);
		if
		:: from == to -> stay(t); break
		:: from != to ->
			lock_two(from, to);
			here = home[t] == from;
			if
			:: here && WAITS(t, from) && !MAY(t, from) ->
				migrate(from, to, t);
				unlock(from);
				unlock(to);
				break
			:: !(here && WAITS(t, from) && !MAY(t, from)) ->
				unlock(from);
				unlock(to);
				kick(to);
				stay(t);
				if
				:: here -> break
				:: !here
				fi
			fi
		fi
	od;
	atomic { from = 0; to = 0; rq = 0; here = false }
}

/* A running thread changes where another may run. */
inline set_affinity(t, mask)
{
	lock_of(t, rq);
	atomic { affinity[t] = mask; astray = queued[t] && !MAY(t, rq); here = current[rq] == t };
	if
	:: astray && here ->
		d_step {
			resched[rq] = true;
			if
			:: rq != me -> kick(rq)
			:: else
			fi
		}
	:: queued[t] && !astray && !here -> offer(t)
	:: else
	fi;
	unlock(rq);
	if
	:: astray && !here -> here = false; rq = 0; push(t)
	:: else
	fi;
	atomic { astray = false; here = false; rq = 0 }
}

/* This processor has something to do now: those who wait and count on it, or who it passed over, are offered again. */
inline pass_on()
{
	offered[me] = false;
	do
	:: other < CPUS && count[other] > 1 ->
		lock(other); /* unreached with two events, as the rest */
		offer_waiting(other, x);
		unlock(other); /* unreached */
		other++ /* unreached */
	:: other < CPUS && count[other] <= 1 -> other++
	:: other == CPUS -> other = 0; break
	od
}

/* The running thread does something, or something happens to it. */
inline run_one()
{
	atomic { rest[me] = true; starts = false };
end_run:
	if
	:: atomic { kicked[me] || resched[me] -> kicked[me] = false; rest[me] = false };
		if
		:: resched[me] -> switch_away(false)
		:: else
		fi
	:: atomic { EVENT(true) }; switch_away(true)
	:: atomic { EVENT(count[me] > 1) }; switch_away(false)
	:: atomic { EVENT(asleep[0]) }; wake(0)
	:: atomic { EVENT(asleep[1]) }; wake(1)
	:: atomic { EVENT(asleep[2]) }; wake(2)
#ifdef AFFINITY
	:: atomic { EVENT(affinity[1] == AFF1) }; set_affinity(1, 4)
#endif
	fi
}

inline look_for_work()
{
	atomic { asked = offered[me]; offered[me] = false };
#ifndef BUG_LOOKS_FIRST
	idle_cpus = idle_cpus | BIT(me);
#endif
	do
	:: other < CPUS && other != me && !pulled && count[me] == 0 ->
		if
		:: count[other] > 1 -> pull(other)
		:: else
		fi;
		other++
	:: other < CPUS && other == me -> other++
	:: other == CPUS || pulled || count[me] > 0 -> break
	od;
#ifdef BUG_LOOKS_FIRST
	idle_cpus = idle_cpus | BIT(me);
#endif
	atomic {
		if
		:: asked && count[me] > 0 -> offered[me] = true /* it may not have looked everywhere */
		:: else
		fi;
		other = 0; pulled = false; asked = false
	}
}

inline idle()
{
	if
	:: starts
	:: !starts -> look_for_work()
	fi;
	if
	:: resched[me]
	:: else ->
		/* Interrupts on, and asleep, in one step. */
		rest[me] = true;
end_idle:
		if
		:: atomic { kicked[me] -> kicked[me] = false; rest[me] = false }
		:: atomic { EVENT(asleep[0]) }; wake(0)
		:: atomic { EVENT(asleep[1]) }; wake(1)
		:: atomic { EVENT(asleep[2]) }; wake(2)
		fi
	fi;
	starts = false;
	idle_cpus = idle_cpus & ~BIT(me);
	if
	:: resched[me] ->
		if
		:: offered[me] -> pass_on()
		:: else
		fi;
		switch_away(false)
	:: else
	fi
}

proctype cpu(byte me)
{
	byte t, x, y, o, rq, to, other;
	bool pulled, asked, starts = true;
#ifdef AFFINITY
	byte from, away;
	bool astray, here;
#endif

end:
	do
	:: current[me] == IDLE -> idle()
	:: current[me] != IDLE -> run_one()
	od
}

#define AT_REST(c) (rest[c] && !kicked[c] && !(resched[c] && current[c] != IDLE))
#define SLEEPS(c)  (current[c] == IDLE)
#define NEGLECTED(t, c) (SLEEPS(c) && MAY(t, c) && queued[t] && current[home[t]] != t)
#define ASTRAY(t)  (queued[t] && !MAY(t, home[t]))
#define NEGLECTED_BY(c) (NEGLECTED(0, c) || NEGLECTED(1, c) || NEGLECTED(2, c))

active proctype observer()
{
end:
	atomic {
		started && AT_REST(0) && AT_REST(1) && AT_REST(2) &&
		(NEGLECTED_BY(0) || NEGLECTED_BY(1) || NEGLECTED_BY(2) || ASTRAY(0) || ASTRAY(1) || ASTRAY(2)) ->
		assert(false) /* unreached */
	}
}

/* At the start each thread sleeps, or is wherever it may be. */
inline place(who, where)
{
	home[who] = where;
	if
	:: where == 0 /* where it slept matters little: fewer states */
	:: MAY(who, where) ->
		asleep[who] = false;
		queued[who] = true;
		count[where]++;
		if
		:: current[where] == IDLE -> current[where] = who; on_cpu[who] = true; idle_cpus = idle_cpus & ~BIT(where)
		:: else
		fi
	:: else -> home[who] = 0
	fi
}

init
{
	byte c;

	atomic {
		affinity[0] = AFF0; affinity[1] = AFF1; affinity[2] = AFF2;
		do
		:: c < CPUS -> current[c] = IDLE; idle_cpus = idle_cpus | BIT(c); rest[c] = true; c++
		:: c == CPUS -> c = 0; break
		od;
		do
		:: c < THREADS -> asleep[c] = true; place(c, 0); c++
		:: c < THREADS -> asleep[c] = true; place(c, 1); c++
		:: c < THREADS -> asleep[c] = true; place(c, 2); c++
		:: c == THREADS -> c = 0; break
		od;
		do
		:: NEGLECTED_BY(0) || NEGLECTED_BY(1) || NEGLECTED_BY(2) -> break /* not such a state */
		:: else ->
			do
			:: c < CPUS -> run cpu(c); c++
			:: c == CPUS -> break
			od;
			started = true;
			break
		od
	}
}
