/* SPDX-License-Identifier: MIT */
/*
 * Page-table pages that fork shares: shared, made one's own by the first write, dropped.
 *
 * A parent forks a child (which, with SPACES=3, forks a grandchild); each writes to the one
 * page of its one table and unmaps it; a second thread of the parent writes all the while, on a processor
 * of its own with translations of its own: twice, or not at all (WRITES=0) where three spaces have
 * states enough.
 *
 * Checked: what one space writes no other sees, once the fork between them has returned;
 * nobody writes to a page, nor walks through a table, that was freed; at the end all are.
 *
 *   here           there
 *   share()        kernel/vm/share.c:share_one, kernel/vm/share.c:tables_share, kernel/vm/fork.c:space_fork
 *   own()          kernel/vm/share.c:table_own, kernel/vm/share.c:own_locked, kernel/vm/share.c:copy_shared
 *   drop()         kernel/vm/share.c:table_drop, kernel/vm/zap.c:zap_range
 *   put()          kernel/vm/pagetable.h:table_put
 *   write()        kernel/vm/fault_cow.c:try_private, kernel/vm/fault_cow.c:replace
 *
 * Memory order: sequentially consistent: all is changed under the locks of tables; what
 * drops the last reference is a locked instruction. A flush is one step here; what it is made of
 * is tlb.pml's subject. Freed tables stay for walkers under RCU, so "freed"
 * means that nobody may begin to use one.
 *
 * RUN holds
 * RUN holds SPACES=3 WRITES=0 deep
 * RUN fails NO_FLUSH_AT_FORK
 * RUN fails PARENT_KEEPS_WRITING
 * RUN fails PUT_BEFORE_FLUSH
 * RUN fails COPY_KEEPS_WRITING
 * RUN fails PAGE_NOT_COUNTED
 * RUN fails COUNT_SAYS_ALONE
 * RUN fails UNMAP_WHAT_IS_SHARED
 */
#define PARENT 0
#define CHILD  1
#define GRAND  2
#ifndef SPACES
#define SPACES 2
#endif
#ifndef WRITES
#define WRITES 2
#endif
#define CPUS   4 /* the last is the second thread's of the parent */
#define TABLES 5
#define PAGES  7
#define NONE   15
#define SPACE_OF(c) (c == 3 -> PARENT : c)

/* Tables. */
bool locked[TABLES];
byte owner[TABLES];  /* object: a space, or NONE */
byte refs[TABLES];
byte maps[TABLES];   /* the page that the entry leads to */
bool writes[TABLES]; /* the entry permits it */
byte tables_used = 1;

/* Spaces: the upper entry. */
bool upper_locked[3];
byte leads[3];
bool upper_writes[3];
bool forked[3]; /* the fork that made it has returned */
bool gone[3];   /* unmapped */

byte counts[PAGES];
byte pages_used = 1;

/* Processors: what they remember. */
byte tlb[CPUS];
bool tlb_writes[CPUS];
byte inner[CPUS];    /* the table, to walk through */
byte ended;

#define lock(t)   atomic { !locked[t] -> locked[t] = true }
#define unlock(t) locked[t] = false
#define lock_upper(s)   atomic { !upper_locked[s] -> upper_locked[s] = true }
#define unlock_upper(s) upper_locked[s] = false

inline flush(z)
{
	d_step {
		tlb[z] = NONE; tlb_writes[z] = false; inner[z] = NONE;
		if
		:: z == PARENT -> tlb[3] = NONE; tlb_writes[3] = false; inner[3] = NONE
		:: else
		fi
	}
}

#define REMEMBERS(c, p) (tlb[c] == p)

inline put_page(p)
{
	d_step {
		assert(counts[p] > 0);
		counts[p]--;
		assert(counts[p] > 0 || !(REMEMBERS(0, p) || REMEMBERS(1, p) || REMEMBERS(2, p) || REMEMBERS(3, p)))
	}
}

inline put(it)
{
	d_step { assert(refs[it] > 0); refs[it]--; last = refs[it] == 0 };
	if
	:: last ->
		assert(inner[0] != it && inner[1] != it && inner[2] != it && inner[3] != it);
		assert(leads[0] != it && leads[1] != it && leads[2] != it);
		if
		:: maps[it] != NONE -> put_page(maps[it]); maps[it] = NONE
		:: else
		fi
	:: else
	fi
}

#define SEES(s, p) (forked[s] && leads[s] != NONE && maps[leads[s]] == p)

/* A store of a program of s on processor c. */
inline store(at, its)
{
	assert(counts[tlb[at]] > 0);
	assert(its == 0 || !SEES(0, tlb[at]));
	assert(its == 1 || !SEES(1, tlb[at]));
	assert(its == 2 || !SEES(2, tlb[at]))
}

inline own(me)
{
	copied = false;
	lock_upper(me);
	if
	:: leads[me] != NONE && !upper_writes[me] ->
		t = leads[me];
		lock(t);
		d_step {
			assert(owner[t] == NONE);
			if
			:: refs[t] == 1 -> owner[t] = me; upper_writes[me] = true
			:: else ->
				n = tables_used; tables_used++;
				maps[n] = maps[t];
				refs[n] = 1;
				owner[n] = me;
#if !defined(BUG_PAGE_NOT_COUNTED) && !defined(BUG_UNMAP_WHAT_IS_SHARED)
				counts[maps[t]] = counts[maps[t]] + 1;
#endif
#ifdef BUG_COPY_KEEPS_WRITING
				writes[n] = writes[t];
#else
				writes[t] = false;
				writes[n] = false;
#endif
				leads[me] = n; upper_writes[me] = true;
				copied = true
			fi
		};
		unlock(t)
	:: else
	fi;
	unlock_upper(me);
	if
	:: copied ->
#ifdef BUG_PUT_BEFORE_FLUSH
		put(t);
		flush(me)
#else
		flush(me);
		put(t)
#endif
	:: else
	fi
}

/* The fault of a write: the table is s's own, or it is made so first. */
inline fault(who)
{
	t = leads[who];
	if
	:: t == NONE
#ifndef BUG_COUNT_SAYS_ALONE
	:: t != NONE && owner[t] != who -> own(who)
	:: t != NONE && owner[t] == who ->
#else
	:: t != NONE && owner[t] != who && counts[maps[t]] > 1 -> own(who)
	:: t != NONE && (owner[t] == who || counts[maps[t]] == 1) ->
		if
		:: owner[t] != who -> upper_writes[who] = true /* the page seems to be ours alone */
		:: else
		fi;
#endif
		lock(t);
		if
		:: owner[t] != who -> unlock(t)
		:: owner[t] == who && maps[t] != NONE && !writes[t] ->
			if
			:: counts[maps[t]] == 1 -> writes[t] = true
			:: else ->
				old = maps[t];
				maps[t] = NONE;
				flush(who);
				d_step {
					n = pages_used; pages_used++;
					counts[n] = 1; maps[t] = n; writes[t] = true
				};
				put_page(old)
			fi;
			unlock(t)
		:: else -> unlock(t)
		fi
	fi
}

/* Until it is done, or the memory is gone. */
inline write(cp, sp)
{
	do
	:: atomic { inner[cp] == NONE && leads[sp] != NONE -> inner[cp] = leads[sp] } /* it reads */
	:: atomic { tlb[cp] != NONE && tlb_writes[cp] -> store(cp, sp) }; break
	:: atomic {
			!(tlb[cp] != NONE && tlb_writes[cp]) && leads[sp] != NONE && upper_writes[sp] &&
			maps[leads[sp]] != NONE && writes[leads[sp]] ->
			tlb[cp] = maps[leads[sp]]; tlb_writes[cp] = true; inner[cp] = leads[sp]
		}
	:: atomic { !(tlb[cp] != NONE && tlb_writes[cp]) && (leads[sp] == NONE || maps[leads[sp]] == NONE) && gone[sp] }; break
	:: atomic {
			!(tlb[cp] != NONE && tlb_writes[cp]) && leads[sp] != NONE &&
			!(upper_writes[sp] && writes[leads[sp]] && maps[leads[sp]] != NONE)
		};
		fault(sp)
	od
}

/* The space's lock is held: only one thread forks or unmaps, here anyway. */
inline share(from, to)
{
	lock_upper(from);
	t = leads[from];
	lock(t);
	refs[t]++;
#ifndef BUG_PARENT_KEEPS_WRITING
	if
	:: owner[t] != NONE -> owner[t] = NONE; upper_writes[from] = false
	:: else
	fi;
#else
	owner[t] = NONE;
#endif
	unlock(t);
	atomic { leads[to] = t; upper_writes[to] = false };
	unlock_upper(from);
#ifndef BUG_NO_FLUSH_AT_FORK
	flush(from);
#endif
	forked[to] = true
}

inline drop(mine)
{
	gone[mine] = true;
	lock_upper(mine);
	t = leads[mine];
	lock(t);
#ifdef BUG_UNMAP_WHAT_IS_SHARED
	if
	:: true ->
#else
	if
	:: !upper_writes[mine] ->
		atomic { leads[mine] = NONE; unlock(t); unlock_upper(mine) };
		flush(mine);
		put(t)
	:: else ->
#endif
		atomic { old = maps[t]; maps[t] = NONE; unlock(t); unlock_upper(mine) };
		flush(mine);
		if
		:: old != NONE -> put_page(old)
		:: else
		fi;
		leads[mine] = NONE;
		flush(mine);
		put(t)
	fi
}

proctype space(byte s)
{
	byte t, n, old;
	bool copied, last;

	forked[s];
	if
	:: s + 1 < SPACES -> share(s, s + 1)
	:: else
	fi;
	if
	:: write(s, s)
	:: true
	fi;
	drop(s);
	ended++
}

proctype second()
{
	byte t, n, old;
	bool copied, last;

	byte written;

	do
	:: written < WRITES -> write(3, PARENT); written++
	:: written == WRITES -> break
	od;
	ended++
}

init
{
	byte i;

	atomic {
		for (i : 0 .. 2) { leads[i] = NONE }
		for (i : 0 .. CPUS - 1) { tlb[i] = NONE; inner[i] = NONE }
		for (i : 0 .. TABLES - 1) { owner[i] = NONE; maps[i] = NONE }
		leads[PARENT] = 0; upper_writes[PARENT] = true; forked[PARENT] = true;
		owner[0] = PARENT; refs[0] = 1; maps[0] = 0; writes[0] = true; counts[0] = 1;
		for (i : 0 .. SPACES - 1) { run space(i) }
		run second()
	};
	ended == SPACES + 1;
	for (i : 0 .. PAGES - 1) { assert(counts[i] == 0) };
	for (i : 0 .. TABLES - 1) { assert(refs[i] == 0) }
}
