/* SPDX-License-Identifier: MIT */
/*
 * TLB shootdown: spaces that are loaded, borrowed lazily, left and come back to, while
 * entries and tables are taken out and the space ends.
 *
 * Three processors. Each goes between the space, another one, and kernel threads that
 * borrow what is loaded; its walker fills the TLB and the cache of upper entries at any
 * time from whatever root is loaded, for a program or ahead of it. Processor 0 takes a page out (from anywhere: it may
 * be on behalf of another process), processor 1 a table, by a thread of the space;
 * processor 2 ends the space when no thread is left in it.
 *
 * Checked: no program uses a page through the TLB after it was freed; no walk goes through
 * a table that was freed, nor begins at the root of a space that was.
 *
 *   here            there
 *   load_space()    kernel/sched/space.c:space_load, kernel/sched/space.c:load
 *   leave_space()   kernel/sched/space.c:load, of another space
 *   borrow()        kernel/sched/space.c:space_borrow
 *   users()         kernel/sched/space.c:mmu_space_users
 *   flush_here()    kernel/vm/tlb.c:flush_here, kernel/sched/space.c:mmu_space_in_use,
 *                   kernel/sched/space.c:mmu_space_unload, kernel/sched/space.c:mmu_space_flushed
 *   flush()         kernel/vm/tlb.c:flush_range, kernel/vm/tlb.c:flush_many
 *   call()          kernel/arch/x86/ipi.c:cpu_call
 *   forget()        kernel/sched/space.c:mmu_space_forget
 *
 * Memory order: x86 lets a load overtake an earlier store to another place, and nothing
 * else; the fences and exchanges of the code forbid it where it matters. The variants
 * without them do the load first.
 *
 * RUN holds
 * RUN fails NO_FENCE
 * RUN fails GENERATION_LATE
 * RUN fails LAZY_NOT_EXCHANGED
 * RUN fails BIT_AFTER_LOAD
 * RUN fails BIT_GOES_FIRST
 * RUN fails BORROWERS_KEEP_TABLES
 * RUN fails FREE_FIRST
 * RUN fails NO_COMPARE
 * RUN fails ALWAYS_FLUSHED
 */
#define NONE  0 /* the kernel's own root */
#define SPACE 1
#define OTHER 2

#define BIT(c) (1 << c)

/* The tables: one entry for the page, an upper one for the table that is taken out. */
bool entry = true, upper = true;
bool page_freed, table_freed, space_freed;

/* The space. */
byte cpus;
byte generation;
bool closed;  /* its last threads are gone for good */

/* Each processor: what sched/space.c knows of it, and what the hardware does. */
byte loaded[3];
byte flushed_at[3];
bool lazy[3];
byte root[3];
bool tlb[3];   /* it remembers the page */
bool inner[3]; /* it remembers the upper entry */
mtype = { out, coming, runs };
mtype program[3] = out; /* in the space */

bool asked[9]; /* [asker * 3 + asked]: a call */
byte before[3], after[3]; /* generations, of a processor's call */
byte ended;

/*
 * The walker remembers whatever it may at the first moment it can: to remember more is
 * never safer, and nobody looks at what it remembers.
 */
inline forget_entries(c)
{
	tlb[c] = root[c] == SPACE && entry;
	inner[c] = root[c] == SPACE && upper
}

inline switch_root(p, to)
{
	d_step {
		root[p] = to;
		forget_entries(p);
		assert(!(root[p] == SPACE && space_freed))
	}
}

/* What is not looked at any more is forgotten: fewer states. */
#define LOADED(c, what) d_step { loaded[c] = what; flushed_at[c] = 0 }

#define UNSAFE_PAGE(c)  (page_freed && program[c] == runs && tlb[c])
#define UNSAFE_TABLE(c) (table_freed && root[c] == SPACE && inner[c])
#define UNSAFE_ROOT(c)  (space_freed && root[c] == SPACE)
#define UNSAFE(c)       (UNSAFE_PAGE(c) || UNSAFE_TABLE(c) || UNSAFE_ROOT(c))

inline check()
{
	assert(!UNSAFE(0) && !UNSAFE(1) && !UNSAFE(2))
}

/* Interrupts off. */
inline load_space(me)
{
	need = true;
	if
	:: lazy[me] ->
#ifdef BUG_LAZY_NOT_EXCHANGED
		seen = generation; /* overtakes the store */
		lazy[me] = false
#else
		lazy[me] = false;
		seen = generation
#endif
	:: !lazy[me] && loaded[me] == SPACE -> need = false
	:: else -> seen = generation
	fi;
	if
#ifdef BUG_NO_COMPARE
	:: need && loaded[me] != SPACE ->
#else
	:: need && (loaded[me] != SPACE || flushed_at[me] != seen) ->
#endif
#ifdef BUG_BIT_AFTER_LOAD
		loaded[me] = SPACE;
		flushed_at[me] = generation;
		switch_root(me, SPACE);
		cpus = cpus | BIT(me)
#else
		cpus = cpus | BIT(me);
		loaded[me] = SPACE;
		flushed_at[me] = generation;
		switch_root(me, SPACE)
#endif
	:: else
	fi;
	atomic { need = false; seen = 0; program[me] = runs; check() }
}

inline leave_space(me)
{
	lazy[me] = false;
	if
	:: loaded[me] == SPACE ->
#ifdef BUG_BIT_GOES_FIRST
		cpus = cpus & ~BIT(me);
		LOADED(me, OTHER);
		switch_root(me, OTHER)
#else
		LOADED(me, OTHER);
		switch_root(me, OTHER);
		cpus = cpus & ~BIT(me)
#endif
	:: loaded[me] == NONE ->
		LOADED(me, OTHER);
		switch_root(me, OTHER)
	:: loaded[me] == OTHER
	fi
}

inline unload(q)
{
	if
	:: loaded[q] == SPACE ->
		switch_root(q, NONE);
		LOADED(q, NONE);
		cpus = cpus & ~BIT(q)
	:: else
	fi
}

/* In an interrupt of processor "who"; or called by it itself, interrupts off. */
inline flush_here(it, asker)
{
	if
	:: loaded[it] == SPACE && !lazy[it] ->
		d_step { forget_entries(it) };
		if
#ifdef BUG_ALWAYS_FLUSHED
		:: true -> flushed_at[it] = generation
#else
		:: flushed_at[it] == before[asker] -> flushed_at[it] = after[asker]
		:: else
#endif
		fi
	:: else -> unload(it)
	fi
}

#define FORGET 255 /* as "after": the call is that of forget() */

inline serve(self, who)
{
	if
	:: after[who] == FORGET -> unload(self)
	:: else -> flush_here(self, who)
	fi;
	asked[who * 3 + self] = false
}

#define asks(me) (asked[me * 3] || asked[me * 3 + 1] || asked[me * 3 + 2])

inline ask(p, to)
{
	asked[p * 3 + to] = (mask & BIT(to)) && to != p
}

/* Waits with interrupts on. */
inline call(own)
{
	d_step { ask(own, 0); ask(own, 1); ask(own, 2) };
	if
	:: mask & BIT(own) ->
		if
		:: after[own] == FORGET -> unload(own)
		:: else -> flush_here(own, own)
		fi
	:: else
	fi;
	do
	:: asked[own] -> serve(own, 0)
	:: asked[3 + own] -> serve(own, 1)
	:: asked[6 + own] -> serve(own, 2)
	:: d_step { !asks(own) -> before[own] = 0; after[own] = 0; mask = 0 } -> break
	od
}

/* Those that borrow the space, out of the mask. */
inline users()
{
	if :: lazy[0] -> mask = mask & ~BIT(0) :: else fi;
	if :: lazy[1] -> mask = mask & ~BIT(1) :: else fi;
	if :: lazy[2] -> mask = mask & ~BIT(2) :: else fi
}

inline who_to_call(tables)
{
	mask = cpus;
	if
	:: !tables -> users()
	:: else
	fi
}

/* what: is taken out. */
inline flush(me, what, tables)
{
#ifdef BUG_NO_FENCE
	mask = cpus; /* overtakes the store */
	what = false;
#else
	what = false;
	mask = cpus;
#endif
	if
	:: mask == BIT(me) -> d_step { forget_entries(me); mask = 0 }
	:: mask == 0
	:: else ->
#ifdef BUG_GENERATION_LATE
		who_to_call(tables);
		d_step { before[me] = generation; generation++; after[me] = generation };
#else
		d_step { before[me] = generation; generation++; after[me] = generation };
		who_to_call(tables);
#endif
		call(me)
	fi
}

proctype cpu(byte me)
{
	byte mask, seen;
	bool need, did;

end:
	do
	:: asked[me] -> serve(me, 0)
	:: asked[3 + me] -> serve(me, 1)
	:: asked[6 + me] -> serve(me, 2)
	/* From outside, or from another thread of the space. */
	:: atomic { program[me] == runs || !closed -> program[me] = coming };
		load_space(me)
	:: atomic { program[me] == runs -> program[me] = out; lazy[me] = true } /* borrow() */
	:: atomic { program[me] == runs || loaded[me] != OTHER -> program[me] = out };
		leave_space(me)
	:: me == 0 && !did && !closed ->
		did = true;
#ifdef BUG_FREE_FIRST
		atomic { page_freed = true; check() };
#endif
		flush(me, entry, false);
		atomic { page_freed = true; ended++; check() }
	:: me == 1 && !did && program[me] == runs ->
		did = true;
#ifdef BUG_BORROWERS_KEEP_TABLES
		flush(me, upper, false);
#else
		flush(me, upper, true);
#endif
		atomic { table_freed = true; ended++; check() }
	:: atomic { me == 2 && !did && ended == 2 && program[0] == out && program[1] == out && program[2] == out -> did = true; closed = true };
		/* forget() */
		after[me] = FORGET;
		mask = cpus;
		call(me);
		assert(cpus == 0);
		atomic { space_freed = true; check() }
	od
}

init
{
	byte c;

	atomic {
		do
		:: c < 3 -> root[c] = OTHER; loaded[c] = OTHER; run cpu(c); c++
		:: c == 3 -> break
		od
	}
}
