/* SPDX-License-Identifier: MIT */
/*
 * The spinlock of kernel/base/spinlock.h: a byte that says whether it is held, and
 * before it a queue of tickets, which is all zeros while nobody waits.
 *
 * Three processors take the lock again and again, by waiting or by trying. Never do
 * two hold it, who waits gets in in the order of drawing, and everybody gets in. With AWAY
 * any that waits may find the others' processors taken away, and go before them: then
 * there is no order, but still never two inside, and nobody is forgotten.
 *
 *   here         there
 *   draw()       kernel/base/spinlock.h:spin_acquire, kernel/base/spinlock.c:spin_wait
 *   take()       kernel/base/spinlock.c:take
 *   try()        kernel/base/spinlock.h:spin_trylock
 *   give()       kernel/base/spinlock.h:spin_release
 *
 * The kernel's numbers have 8 bits and 64 processors at most; these have BITS bits, so
 * that they wrap around soon. Compared with a sign, they must be twice as many as processors.
 *
 * Memory order: all but the release are locked instructions on the whole word. The
 * release is a plain store of one byte, which x86 makes visible behind all stores before
 * it, and nobody but the holder changes that byte while it is set; so the model needs no
 * store buffers. As taking compares the whole word, looking at it before is left out here.
 *
 * RUN holds
 * RUN holds ltl=served
 * RUN holds AWAY=1
 * RUN holds BITS=4 CPUS=4 deep
 * RUN holds AWAY=1 CPUS=4 deep
 * RUN fails DRAW_IN_TWO_STEPS
 * RUN fails TAKE_HALF
 * RUN fails TRY_HALF
 * RUN fails TOO_FEW_NUMBERS
 * RUN fails NO_QUEUE ltl=served
 */
#ifndef CPUS
#define CPUS 3
#endif
#ifndef BITS
#ifdef BUG_TOO_FEW_NUMBERS
#define BITS 2
#else
#define BITS 3
#endif
#endif
#ifndef AWAY
#define AWAY 0
#endif
#define NUMBERS (1 << BITS)
#define ADD(n, m) ((n + NUMBERS + (m)) % NUMBERS)
/* Of BITS bits with a sign: how many are before that ticket is this, or it is negative. */
#define IN_TURN(mine) (ADD(mine, -serving) == 0 || ADD(mine, -serving) >= NUMBERS / 2)

bool held;                    /* the word: its four bytes */
byte waiting, serving, next;
byte inside;                  /* how many hold it */
chan queue = [CPUS] of { byte }; /* who waits, in the order in which they drew */
bool waits0;                  /* processor 0 does, for the property */

#define FREE (!held && waiting == 0)

inline joined()
{
	queue ! _pid;
	waits0 = waits0 || _pid == 0
}

inline draw(mine, got)
{
	if
#ifdef BUG_NO_QUEUE
	/* Who comes last may win: the lock is taken when it is free, whoever waits. */
	:: atomic { !held -> held = true; got = true }
#else
	:: atomic { FREE -> held = true; got = true }
#endif
	:: atomic { !FREE -> skip };
#ifdef BUG_DRAW_IN_TWO_STEPS
		mine = next;
		atomic { next = ADD(mine, 1); waiting++; joined() }
#else
		atomic { mine = next; next = ADD(next, 1); waiting++; joined() }
#endif
	fi
}

/* It was seen free; the others that wait changed nothing meanwhile, or this is tried again. */
inline take(mine, got)
{
	byte others;

	atomic {
		!held && (AWAY || IN_TURN(mine)) ->
#if !AWAY
		assert(queue ?[eval(_pid)]);
#endif
		others = waiting - 1
#ifndef BUG_TAKE_HALF
		;
#else
	}
	atomic {
		!held ->
#endif
		assert(waiting > 0);
		held = true;
		got = true;
		waiting = others;
		if
		:: others == 0 -> serving = 0; next = 0
		:: others > 0 && ADD(mine, -serving) < NUMBERS / 2 -> serving = ADD(mine, 1)
		:: else
		fi;
		queue ?? eval(_pid);
		waits0 = waits0 && _pid != 0;
		others = 0
	}
}

inline try(got)
{
	atomic {
		if
#ifdef BUG_TRY_HALF
		:: !held -> held = true; got = true; assert(empty(queue))
#else
		:: FREE -> held = true; got = true; assert(empty(queue))
#endif
		:: else
		fi
	}
}

inline give()
{
	held = false
}

active [CPUS] proctype cpu()
{
	byte mine;
	bool got;

	do
	:: draw(mine, got);
		if
		:: !got -> take(mine, got)
		:: else
		fi;
		atomic { mine = 0; inside++; assert(inside == 1) };
		inside--;
		got = false;
		give()
	:: try(got);
		if
		:: got ->
			atomic { inside++; assert(inside == 1) };
			inside--;
			got = false;
			give()
		:: else
		fi
	od
}

ltl served { [] (waits0 -> <> !waits0) }
