/* SPDX-License-Identifier: MIT */
/*
 * Calls between processors: one outgoing call for each, one incoming word, and an interrupt
 * that is sent by whoever turns that word from zero.
 *
 * Three processors, CALLERS of which make CALLS calls each, to any of the others and as they
 * like with waiting or without; all are interrupted at any time.
 *
 * Checked: who is called does what was asked, once, while the argument is still there; a call
 * that waits returns when all have done it; nobody waits for ever.
 *
 *   here       there
 *   call()     kernel/arch/x86/ipi.c:cpu_call, kernel/arch/x86/ipi.c:call_wait
 *   send()     kernel/arch/x86/ipi.c:call_send
 *   serve()    kernel/arch/x86/ipi.c:calls_serve
 *
 * Memory order: pending is stored after function and argument, the words are changed by
 * locked instructions, and x86 does not reorder stores; so what is read through a bit of a
 * word is what was written before the bit.
 *
 * RUN holds
 * RUN holds CALLERS=1 CALLS=2
 * RUN fails OVERWRITES CALLERS=1 CALLS=2
 * RUN fails PENDING_LATE
 * RUN fails CLEARED_AFTER
 * RUN fails DONE_FIRST
 * RUN fails INTERRUPTS_OFF
 * RUN fails NOTED_LATE
 */
#ifndef CALLS
#define CALLS 1
#endif
#ifndef CALLERS
#define CALLERS 2
#endif
#define CPUS 3
#define BIT(c) (1 << (c))
#define ALL 7

byte call_in[CPUS];      /* who calls */
bool interrupt[CPUS];    /* on its way, or noted while one is served */
bool irq_off[CPUS];

/* The outgoing call of each. */
byte asked[CPUS];        /* which it is: function and argument */
byte pending[CPUS];
bool valid[CPUS];        /* the argument is there */
byte done[CPUS];         /* who has done this one */

inline serve()
{
#ifndef BUG_NOTED_LATE
	interrupt[me] = false; /* one that comes from here on comes again */
#endif
#ifdef BUG_CLEARED_AFTER
	from = call_in[me];
#else
	atomic { from = call_in[me]; call_in[me] = 0 };
#endif
#ifdef BUG_NOTED_LATE
	interrupt[me] = false;
#endif
	do
	:: atomic { from & BIT(c) -> from = from & ~BIT(c) };
#ifdef BUG_DONE_FIRST
		pending[c] = pending[c] & ~BIT(me);
#endif
		atomic {
			assert(valid[c] && !(done[c] & BIT(me)));
			done[c] = done[c] | BIT(me)
		};
#ifndef BUG_DONE_FIRST
		atomic { pending[c] = pending[c] & ~BIT(me); c++ }
#else
		c++
#endif
	:: atomic { c < CPUS && !(from & BIT(c)) -> c++ }
	:: atomic { c == CPUS -> c = 0; break }
	od;
#ifdef BUG_CLEARED_AFTER
	call_in[me] = 0
#endif
}

inline send(mask)
{
#ifndef BUG_PENDING_LATE
	pending[me] = mask;
#endif
	do
	:: atomic { c < CPUS && (mask & BIT(c)) ->
			if
			:: call_in[c] == 0 -> first = true
			:: call_in[c] != 0
			fi;
			call_in[c] = call_in[c] | BIT(me)
		};
		atomic {
			if
			:: first -> interrupt[c] = true; first = false
			:: !first
			fi;
			c++
		}
	:: atomic { c < CPUS && !(mask & BIT(c)) -> c++ }
	:: atomic { c == CPUS -> c = 0; break }
	od;
#ifdef BUG_PENDING_LATE
	pending[me] = mask
#endif
}

inline call(mask, wait)
{
#ifndef BUG_OVERWRITES
	pending[me] == 0;
#endif
	/* What was asked before is done, so the argument of that may go. */
	atomic { assert(n == 0 || done[me] == asked[me]); asked[me] = mask; done[me] = 0; valid[me] = true };
	send(mask);
	if
	:: wait ->
#ifdef BUG_INTERRUPTS_OFF
		irq_off[me] = true;
#endif
		pending[me] == 0;
		irq_off[me] = false;
		atomic { assert(done[me] == mask); valid[me] = false }
	:: !wait
	fi
}

proctype cpu(byte me)
{
	byte c, n, mask;
	bool wait, first;

	do
	:: n < CALLS ->
		atomic {
			if
			:: mask = ALL & ~BIT(me)
			:: mask = BIT((me + 1) % CPUS)
			:: mask = BIT((me + 2) % CPUS)
			fi;
			if
			:: wait = true
			:: wait = false
			fi
		};
		call(mask, wait);
		atomic { n++; mask = 0; wait = false }
	:: n == CALLS -> break
	od
}

/* The handler runs on top of what its processor does. */
proctype handler(byte me)
{
	byte c, from;

end:
	do
	:: interrupt[me] && !irq_off[me] -> serve()
	od
}

init
{
	byte i;

	atomic {
		for (i : 0 .. CPUS - 1) { run handler(i) };
		for (i : 0 .. CALLERS - 1) { run cpu(i) }
	};
	_nr_pr == CPUS + 1;
	pending[0] == 0 && pending[1] == 0 && pending[2] == 0;
	assert(done[0] == asked[0] && done[1] == asked[1] && done[2] == asked[2])
}
