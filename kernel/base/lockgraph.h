/* SPDX-License-Identifier: MIT */
/*
 * base/lockgraph.h: what debug builds know about locks of all kinds: which class
 * a lock belongs to, in which order classes have been taken one inside the other,
 * and who holds what. Spinlocks (base/lockcheck.c) and sleeping locks
 * (sched/lockcheck.c) both use it.
 *
 * A class is the place in the source where its locks are initialised.
 */
#ifndef BASE_LOCKGRAPH_H
#define BASE_LOCKGRAPH_H

#include "base/lockrank.h"
#include "lib/types.h"

enum lock_flags {
	LOCK_NESTED  = 1 << 0, /* one of the same rank is held; the order of the two is fixed otherwise */
	LOCK_ORDERED = 1 << 1, /* the same: by address, the lower one first */
};

#if CONFIG_DEBUG

#define LOCK_SITE_TEXT2(line) #line
#define LOCK_SITE_TEXT(line)  LOCK_SITE_TEXT2(line)
#define LOCK_SITE             __FILE__ ":" LOCK_SITE_TEXT(__LINE__)

/* Embedded in a lock, or one for all locks that have no room for it. */
struct lock_label {
	const char *site; /* immutable: where it was initialised; NULL: never */
	uint16_t rank;    /* immutable: enum lock_rank */
	uint16_t class;   /* atomic: number of the class, 0 until it is looked up */
};
#define LOCK_LABEL_INIT(rank_) { .site = LOCK_SITE, .rank = (rank_) }
#define LOCK_LABEL(rank_)      .label = LOCK_LABEL_INIT(rank_)

#define LOCK_TRACE 4

/* A lock that is held. */
struct lock_hold {
	void *lock;
	struct lock_label *label;
	uint64_t since;            /* cpu_cycles() */
	vaddr_t trace[LOCK_TRACE]; /* where it was taken */
	bool tried;                /* by a trylock: nobody waited */
};

/*
 * A lock is to be waited for while those in held are held. Panics, showing where
 * each of two orders was seen, if this could ever close a circle; if a lock of
 * a higher rank is held, or one of the same without a flag; or it itself.
 */
void lockgraph_before(const void *lock, struct lock_label *l, unsigned flags, const struct lock_hold *held, unsigned n);

/*
 * Notes how a class of spinlocks is used: taken in an interrupt, or with
 * interrupts on. Panics with both places if it is both: the interrupt could wait
 * for whom it interrupted.
 */
void lockgraph_irq_use(struct lock_label *l);

/* Fills in one that was just taken. frame_pointer: of the function that the taker called. */
void lockgraph_hold(struct lock_hold *h, void *lock, struct lock_label *l, bool tried, uint64_t frame_pointer);

/* One line: which lock, and where it was taken. prefix: words before it. */
void lockgraph_print_hold(int level, const char *prefix, const struct lock_hold *h);

/* "vm/space.c:71 (rank 12)"; for reports. */
const char *lock_label_name(const struct lock_label *l, char *buf, size_t size);

/* For tests that plant a deadlock: orders are not checked. */
extern bool lockgraph_off;

/* Counts of classes and of edges between them, for tests and reports. Other processors add to both. */
void lockgraph_size(unsigned *classes, unsigned *edges);

/* How often the edge between the classes of two locks is in the graph; for tests. */
unsigned lockgraph_edges_between(const struct lock_label *from, const struct lock_label *to);

#else
#define LOCK_LABEL(rank_)
#endif

#endif
