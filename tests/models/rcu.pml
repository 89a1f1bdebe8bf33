/* SPDX-License-Identifier: MIT */
/*
 * Grace periods of read-copy-update.
 *
 * Processor 0 replaces an object UPDATES times (once, but for --deep) and frees each old one after a grace period;
 * it reports quiescent states as its worker does. The two others read, pass quiescent
 * states, are interrupted, and idle, from which only a kick wakes them.
 *
 * Checked: no reader uses an object that was freed; and each grace period ends, though
 * idle processors sleep.
 *
 *   here           there
 *   update()       kernel/base/rcu.c:rcu_call, kernel/base/rcu.c:rcu_run_callbacks
 *   begin()        kernel/base/rcu.c:period_begin, kernel/base/rcu.c:kick_idle
 *   report()       kernel/base/rcu.c:report, kernel/base/rcu.c:period_end
 *   quiescent()    kernel/base/rcu.c:rcu_quiescent, kernel/base/rcu.c:begin_wanted
 *   idle, in cpu() kernel/base/rcu.c:rcu_idle_enter, kernel/base/rcu.c:rcu_idle_exit
 *   kicked         kernel/arch/x86/ipi.c:kicked
 *
 * Memory order: x86; a load may overtake an earlier store. Two fences forbid it: the pointer
 * is swung before the period is looked at (LOOKS_FIRST does without), and a processor says
 * that it idles before it looks for a period that begins (SLEEPS_UNSEEN).
 *
 * RUN holds
 * RUN holds UPDATES=2 deep
 * RUN fails THIS_PERIOD
 * RUN fails LOOKS_FIRST
 * RUN fails SLEEPS_UNSEEN
 * RUN fails NO_KICK
 * RUN fails REPORTS_WHILE_READING
 * RUN fails NUMBER_BEFORE_MASK
 */
#ifndef UPDATES
#define UPDATES 1
#endif
#define READS 2
#define BIT(c) (1 << (c))

byte current, completed, wanted, waiting;
bool locked;
byte reported[3];
bool idle[3], kicked[3];

byte pointer;            /* the object that readers find */
bool freed[UPDATES + 1];

#define lock()   atomic { !locked -> locked = true }
#define unlock() locked = false

inline kick_idle(c)
{
	if
#ifndef BUG_NO_KICK
	:: idle[c] && reported[c] != current -> kicked[c] = true
#endif
	:: else
	fi
}

/* Locked. */
inline begin()
{
	if
	:: current == completed && wanted > completed ->
#ifdef BUG_NUMBER_BEFORE_MASK
		current++;
		waiting = 7;
#else
		waiting = 7;
		current++;
#endif
		kick_idle(0);
		kick_idle(1);
		kick_idle(2)
	:: else
	fi
}

inline report(c)
{
	reported[c] = current;
	atomic { last = waiting == BIT(c); waiting = waiting & ~BIT(c) };
	if
	:: last ->
		lock();
		if
		:: current != completed && waiting == 0 -> completed = current; begin()
		:: else
		fi;
		unlock()
	:: else
	fi;
	last = false
}

inline quiescent(me)
{
	seen = current;
	if
	:: wanted > seen && seen == completed ->
		lock();
		begin();
		unlock();
		seen = current
	:: else
	fi;
	if
	:: reported[me] != seen -> report(me)
	:: else
	fi;
	seen = 0
}

proctype cpu(byte c)
{
	byte reads, x, seen;
	bool last;

	do
	:: reads < READS ->
		/* A reader: preemption is off. */
		x = pointer;
#ifdef BUG_REPORTS_WHILE_READING
		if
		:: kicked[c] || reported[c] != current -> quiescent(c)
		:: true
		fi;
#endif
		assert(!freed[x]);
		x = 0;
		reads++
	:: reads < READS -> quiescent(c); reads++ /* a switch */
	:: true ->
#ifdef BUG_SLEEPS_UNSEEN
		quiescent(c);
		idle[c] = true;
#else
		idle[c] = true;
		quiescent(c);
#endif
end:		kicked[c];
		kicked[c] = false;
		idle[c] = false
	od
}

#define OWED (reported[0] != current || (wanted > current && current == completed))

proctype update()
{
	byte old, period, seen, done;
	bool last;

	do
	:: done == UPDATES -> break
	:: else ->
		old = pointer;
#ifdef BUG_LOOKS_FIRST
		period = current + 1;
		pointer = old + 1;
#else
		pointer = old + 1;
#ifdef BUG_THIS_PERIOD
		period = (current == completed -> current + 1 : current);
#else
		period = current + 1;
#endif
#endif
		atomic { wanted = (wanted > period -> wanted : period) };
		do
		:: completed >= period -> break
		:: completed < period && OWED -> quiescent(0)
		od;
		freed[old] = true;
		done++
	od;
	/* Whatever is still wanted or running is others' to end. */
	do
	:: OWED -> quiescent(0)
	:: else -> break
	od
}

init
{
	atomic {
		wanted = 1; /* by somebody else: a period may run when the update comes */
		run update(); run cpu(1); run cpu(2)
	}
}
