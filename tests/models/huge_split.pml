/* SPDX-License-Identifier: MIT */
/*
 * A large page is split beside a fork: a second thread of the parent writes to it, and so
 * splits it if it is shared, while the first one forks a child that maps it too; the child, and the
 * first thread when the fork has returned, may write as well. Or (TWICE) the parent has no second
 * thread, but forks once more while its child writes. Each space lets go of what it has at its end.
 *
 * Checked: what one space writes no other sees, once the fork between them has returned; when the
 * large page falls apart no entry leads to it as one; nobody writes to memory that was freed;
 * nobody waits for ever; at the end nothing is left.
 *
 *   here           there
 *   fork()         kernel/vm/huge.c:huge_share, kernel/vm/share.c:tables_share, kernel/vm/fork.c:copy_pages
 *   try_write()    kernel/vm/huge.c:try_write
 *   split()        kernel/vm/huge.c:huge_split, kernel/vm/huge.c:split_locked, kernel/vm/huge.c:split_in_area
 *   own()          kernel/vm/share.c:table_own
 *   page_write()   kernel/vm/fault_cow.c:try_private
 *   zap()          kernel/vm/huge.c:huge_zap, kernel/vm/share.c:table_drop
 *
 * The table has one entry here instead of 512; what tables do that are shared is share.pml's subject. Page 0 is
 * the memory of the large page, the others are copies.
 *
 * Memory order: sequentially consistent: all is changed under locks. A flush is one step, see tlb.pml.
 *
 * RUN holds
 * RUN holds TWICE
 * RUN fails FORK_WITHOUT_FAMILY TWICE
 * RUN fails LINKED_LATE
 * RUN fails NO_OWN_REFERENCE
 * RUN fails TABLE_UNLOCKED_EARLY
 * RUN fails PARENT_KEEPS_WRITING
 * RUN fails NO_FLUSH_AT_FORK
 * RUN fails SHARED_AGAIN
 * RUN fails FAMILY_LAST
 * RUN fails PUT_UNLOCKED
 */
#define PARENT 0
#define CHILD  1
#define GRAND  2
#ifdef TWICE
#define SPACES 3
#else
#define SPACES 2
#endif
#define CPUS   4 /* the first thread's, the child's, the second child's, the second thread's */
#define TABLES 4
#define PAGES  5
#define NONE   15
#define ABSENT 0
#define LARGE  1
#define TABLE  2

bool family;             /* the lock */
bool linked[3];          /* the space's area is in the family */

/* The upper entry of each space, and the lock of the table it is in. */
bool upper_locked[3];
byte kind[3];
byte leads[3];
bool writes[3];
bool forked[3];          /* the fork that made it has returned */
bool gone[3];

/* The large page. */
byte huge_refs = 1, huge_maps = 1;
bool apart;              /* it fell apart, or was freed */

/* Tables. */
bool locked[TABLES];
byte refs[TABLES];
byte owner[TABLES];
byte maps[TABLES];
bool table_writes[TABLES];
byte tables_used;

byte counts[PAGES];      /* of pages: tables that map them */
byte pages_used = 1;

byte tlb[CPUS];
bool tlb_writes[CPUS];
byte ended;

#define lock(l)   atomic { !l -> l = true }
#define unlock(l) l = false

inline flush(z)
{
	d_step {
		if
		:: z == PARENT -> tlb[3] = NONE; tlb_writes[3] = false
		:: else
		fi;
		tlb[z] = NONE; tlb_writes[z] = false
	}
}

#define REMEMBERED(p) (tlb[0] == p || tlb[1] == p || tlb[2] == p || tlb[3] == p)
#define SHOWS(z, p)   ((kind[z] == LARGE && p == 0) || (kind[z] == TABLE && maps[leads[z]] == p))
#define SEES(z, s, p) (z != s && forked[z] && SHOWS(z, p))
#define MAPPED_BY_TABLE(p) ((refs[0] > 0 && maps[0] == p) || (refs[1] > 0 && maps[1] == p) || \
			    (refs[2] > 0 && maps[2] == p) || (refs[3] > 0 && maps[3] == p))

inline put_page(p)
{
	d_step { assert(counts[p] > 0); counts[p]--; assert(counts[p] > 0 || !REMEMBERED(p)) }
}

inline put_table(it)
{
	d_step { assert(refs[it] > 0); refs[it]--; last = refs[it] == 0 };
	if
	:: last -> put_page(maps[it]); maps[it] = NONE
	:: else
	fi;
	last = false
}

inline put_huge()
{
	d_step {
		assert(huge_maps > 0 && huge_refs > 0 && !apart);
		huge_maps--;
		huge_refs--;
		if
		:: huge_refs == 0 -> assert(!REMEMBERED(0) && !MAPPED_BY_TABLE(0)); apart = true
		:: else
		fi
	}
}

/* In one space, whose upper table is locked. */
inline replace(z)
{
	d_step {
		assert(huge_maps > 0 && huge_refs > 0);
		kind[z] = TABLE;
		leads[z] = t;
		writes[z] = !shared;
		huge_maps--;
		huge_refs--
	}
}

#ifdef BUG_NO_OWN_REFERENCE
#define LEFT 0
#else
#define LEFT 1 /* ours */
#endif

#define OTHER (SPACES - 1 - o) /* the youngest first: the family has no order, and this one is the worst */

inline split(me)
{
#ifdef BUG_FAMILY_LAST
	lock(upper_locked[me]);
	lock(family);
#else
	lock(family);
	lock(upper_locked[me]);
#endif
	if
	:: kind[me] != LARGE -> unlock(upper_locked[me])
	:: kind[me] == LARGE ->
		shared = huge_refs > 1;
#ifndef BUG_NO_OWN_REFERENCE
		huge_refs++;
#endif
		d_step {
			assert(!shared || !writes[me]);
			t = tables_used; tables_used++;
			locked[t] = true;
			maps[t] = 0; refs[t] = 1;
			table_writes[t] = writes[me];
			owner[t] = (shared -> NONE : me)
		};
		replace(me);
#ifdef BUG_TABLE_UNLOCKED_EARLY
		unlock(locked[t]);
#endif
		unlock(upper_locked[me]);
		flush(me);
		do
		:: o == SPACES || !shared || huge_refs <= LEFT -> break
		:: o < SPACES && shared && huge_refs > LEFT && (!linked[OTHER] || (kind[OTHER] == TABLE && leads[OTHER] == t)) -> o++
		:: o < SPACES && shared && huge_refs > LEFT && linked[OTHER] && !(kind[OTHER] == TABLE && leads[OTHER] == t) ->
			lock(upper_locked[OTHER]);
			if
			:: kind[OTHER] == LARGE ->
				refs[t]++;
				replace(OTHER);
				unlock(upper_locked[OTHER]);
				flush(OTHER)
			:: else -> unlock(upper_locked[OTHER])
			fi;
			o++
		od;
		atomic {
#ifdef BUG_NO_OWN_REFERENCE
			assert(huge_refs == 0 && huge_maps == 0 && !apart);
#else
			assert(huge_refs == 1 && huge_maps == 0 && !apart);
#endif
			huge_refs = 0;
			apart = true;
			counts[0] = 1
		};
#ifndef BUG_TABLE_UNLOCKED_EARLY
		unlock(locked[t]);
#endif
		shared = false
	fi;
	atomic { t = 0; o = 0 };
	unlock(family)
}

inline try_write(me)
{
	lock(upper_locked[me]);
	if
	:: kind[me] == LARGE && !writes[me] && huge_refs == 1 -> writes[me] = true; unlock(upper_locked[me])
	:: kind[me] == LARGE && !writes[me] && huge_refs != 1 -> unlock(upper_locked[me]); split(me)
	:: else -> unlock(upper_locked[me])
	fi
}

inline own(me)
{
	lock(upper_locked[me]);
	if
	:: kind[me] == TABLE && !writes[me] ->
		t = leads[me];
		lock(locked[t]);
		d_step {
			assert(owner[t] == NONE);
			if
			:: refs[t] == 1 -> owner[t] = me; writes[me] = true
			:: else ->
				n = tables_used; tables_used++;
				maps[n] = maps[t];
				refs[n] = 1;
				owner[n] = me;
				counts[maps[t]] = counts[maps[t]] + 1;
				table_writes[t] = false;
				leads[me] = n; writes[me] = true;
				copied = true
			fi
		};
		unlock(locked[t])
	:: else
	fi;
	unlock(upper_locked[me]);
	if
	:: copied -> flush(me); put_table(t)
	:: else
	fi;
	atomic { copied = false; t = 0; n = 0 }
}

/* In a table that is ours. */
inline page_write(me)
{
	t = leads[me];
	lock(locked[t]);
	if
	:: kind[me] == TABLE && leads[me] == t && owner[t] == me && !table_writes[t] ->
		if
		:: counts[maps[t]] == 1 -> table_writes[t] = true
		:: else ->
			n = maps[t];
			atomic { maps[t] = pages_used; counts[pages_used] = 1; pages_used++ };
			flush(me);
			table_writes[t] = true;
			put_page(n)
		fi
	:: else
	fi;
	unlock(locked[t]);
	atomic { t = 0; n = 0 }
}

#define CAN(c) (tlb[c] != NONE && tlb_writes[c])
#define MAY(z) ((kind[z] == LARGE && writes[z]) || (kind[z] == TABLE && writes[z] && table_writes[leads[z]]))

/* A store of a program on processor c. */
inline write(c, z)
{
	do
	:: atomic { CAN(c) ->
			assert(tlb[c] == 0 || counts[tlb[c]] > 0);
			assert(tlb[c] != 0 || !apart || counts[0] > 0);
			assert(!SEES(0, z, tlb[c]) && !SEES(1, z, tlb[c]) && !SEES(2, z, tlb[c]) && !gone[z])
		};
		break
	:: atomic { !CAN(c) && MAY(z) -> tlb[c] = (kind[z] == LARGE -> 0 : maps[leads[z]]); tlb_writes[c] = true }
	:: atomic { !CAN(c) && !MAY(z) && kind[z] == LARGE }; try_write(z)
	:: atomic { !CAN(c) && kind[z] == TABLE && !writes[z] }; own(z)
	:: atomic { !CAN(c) && !MAY(z) && kind[z] == TABLE && writes[z] }; page_write(z)
	od
}

/* The spaces' locks are held. */
inline fork(to)
{
#ifndef BUG_LINKED_LATE
	linked[to] = true;
#endif
	if
	:: kind[PARENT] == LARGE ->
#ifndef BUG_FORK_WITHOUT_FAMILY
#ifndef BUG_FAMILY_LAST
		lock(family);
#endif
#endif
		lock(upper_locked[PARENT]);
#ifdef BUG_FAMILY_LAST
		lock(family);
#endif
		if
		:: kind[PARENT] == LARGE ->
			huge_refs++;
			huge_maps++;
#ifndef BUG_PARENT_KEEPS_WRITING
			writes[PARENT] = false;
#endif
			kind[to] = LARGE
		:: else
		fi;
		unlock(upper_locked[PARENT]);
#ifndef BUG_FORK_WITHOUT_FAMILY
		unlock(family)
#endif
	:: else
	fi;
#ifdef BUG_LINKED_LATE
	linked[to] = true;
#endif
	if
	:: kind[PARENT] == TABLE ->
		lock(upper_locked[PARENT]);
		if
#ifdef BUG_SHARED_AGAIN
		:: true ->
#else
		:: kind[to] == ABSENT ->
#endif
			t = leads[PARENT];
			lock(locked[t]);
			d_step { refs[t]++; owner[t] = NONE; writes[PARENT] = false };
			unlock(locked[t]);
			d_step { kind[to] = TABLE; leads[to] = t; t = 0 }
		:: else
		fi;
		unlock(upper_locked[PARENT])
	:: else
	fi;
#ifndef BUG_NO_FLUSH_AT_FORK
	flush(PARENT);
#endif
	forked[to] = true
}

/* Nobody runs in the space any more. */
inline zap(me)
{
	gone[me] = true;
	lock(upper_locked[me]);
	if
	:: kind[me] == LARGE ->
		kind[me] = ABSENT;
		flush(me);
#ifdef BUG_PUT_UNLOCKED
		unlock(upper_locked[me]);
		put_huge()
#else
		put_huge();
		unlock(upper_locked[me])
#endif
	:: kind[me] == TABLE ->
		t = leads[me];
		lock(locked[t]);
		kind[me] = ABSENT;
		unlock(locked[t]);
		unlock(upper_locked[me]);
		flush(me);
		put_table(t)
	fi
}

proctype first()
{
	byte t, n, o;
	bool shared, copied, last;

	fork(CHILD);
	if
	:: write(0, PARENT)
	:: true
	fi;
#ifdef TWICE
	fork(GRAND);
	zap(PARENT);
#endif
	ended++
}

#ifndef TWICE
proctype second()
{
	byte t, n, o;
	bool shared, copied, last;

	write(3, PARENT);
	write(3, PARENT);
	ended++
}
#endif

proctype child(byte me)
{
	byte t, n, o;
	bool shared, copied, last;

	forked[me];
	if
	:: write(me, me)
	:: true
	fi;
	zap(me);
	ended++
}

init
{
	byte i, t;
	bool last;

	atomic {
		for (i : 0 .. CPUS - 1) { tlb[i] = NONE }
		for (i : 0 .. TABLES - 1) { owner[i] = NONE; maps[i] = NONE }
		kind[PARENT] = LARGE; writes[PARENT] = true; forked[PARENT] = true; linked[PARENT] = true;
		run first();
		run child(CHILD);
#ifdef TWICE
		run child(GRAND)
#else
		run second()
#endif
	};
	ended == 3;
#ifndef TWICE
	zap(PARENT);
#endif
	assert(huge_refs == 0 && huge_maps == 0 && apart);
	for (i : 0 .. PAGES - 1) { assert(counts[i] == 0) };
	for (i : 0 .. TABLES - 1) { assert(refs[i] == 0) }
}
