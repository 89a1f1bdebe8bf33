/* SPDX-License-Identifier: MIT */
/*
 * The ticket lock of kernel/base/spinlock.h.
 *
 * Three processors take the lock again and again, by drawing a ticket or by trying.
 * Never do two hold it, tickets are served in the order in which they were drawn,
 * and whoever draws one gets in.
 *
 *   here         there
 *   take()       kernel/base/spinlock.h:spin_acquire, kernel/base/spinlock.c:spin_wait
 *   try()        kernel/base/spinlock.h:spin_trylock
 *   give()       kernel/base/spinlock.h:spin_release
 *
 * The kernel's numbers have 16 bits and 64 processors at most; these have BITS bits, so
 * that they wrap around soon. That is right as long as there are fewer processors than
 * numbers.
 *
 * Memory order: drawing is a locked instruction. The release is a plain store, which x86
 * makes visible behind all stores before it, and nobody but the holder writes that half
 * of the word; so the model needs no store buffers. A trylock compares both halves at
 * once, or it might put back a number that has been served since.
 *
 * RUN holds
 * RUN holds ltl=served
 * RUN holds BITS=3 CPUS=4 deep
 * RUN fails DRAW_IN_TWO_STEPS
 * RUN fails TRY_HALF
 * RUN fails TOO_FEW_NUMBERS
 * RUN fails NO_TICKET ltl=served
 */
#ifndef CPUS
#define CPUS 3
#endif
#ifndef BITS
#ifdef BUG_TOO_FEW_NUMBERS
#define BITS 1
#else
#define BITS 2
#endif
#endif
#define NUMBERS (1 << BITS)
#define NEXT(n) ((n + 1) % NUMBERS)

byte serving, next; /* the two halves of the word */
byte inside;        /* how many hold it */
bool taken;         /* that somebody has it: what a lock without order would look at */
byte turn;          /* the ticket that must come in next */
bool waits0, has0;  /* processor 0, for the property */

inline take(mine)
{
#ifdef BUG_DRAW_IN_TWO_STEPS
	mine = next;
	next = NEXT(mine);
#else
	atomic { mine = next; next = NEXT(next); waits0 = waits0 || _pid == 0 };
#endif
#ifdef BUG_NO_TICKET
	/* Who comes last may win: the lock is taken when it is free, whoever waits. */
	atomic { !taken -> taken = true };
#else
	serving == mine;
#endif
}

inline try(mine, got)
{
#ifdef BUG_TRY_HALF
	mine = next;
	if
	:: serving == mine -> atomic { next = NEXT(mine); got = true }
	:: else -> got = false
	fi
#else
	atomic {
		if
		:: serving == next -> mine = next; next = NEXT(next); got = true
		:: else -> got = false
		fi
	}
#endif
}

inline give(mine)
{
	serving = NEXT(mine);
	taken = false
}

active [CPUS] proctype cpu()
{
	byte mine;
	bool got;

	do
	:: !got -> take(mine); got = true
	:: !got -> try(mine, got)
	:: got ->
		atomic {
			inside++;
			assert(inside == 1);
#ifndef BUG_NO_TICKET
			assert(mine == turn);
#endif
			turn = NEXT(turn);
			waits0 = waits0 && _pid != 0;
		}
		inside--;
		got = false;
		give(mine)
	od
}

ltl served { [] (waits0 -> <> !waits0) }
