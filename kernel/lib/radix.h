/* SPDX-License-Identifier: MIT */
/*
 * An index from 64-bit numbers to pointers, for the page cache and for tables
 * of identifiers: a radix tree of 64-way nodes with three tag bits for each
 * entry. A tree that holds only index 0 has no node at all.
 *
 * Locking: writers exclude each other by the owner's lock (a spinlock will
 * do). radix_lookup, the radix_find family and radix_get_tag take no lock,
 * only an RCU read section: entries and nodes are complete when published,
 * and removed nodes go to free_deferred, which frees them after a grace
 * period. What a reader found may have been erased since: it checks the object.
 *
 * Inserting never allocates under the lock. Nodes come from a pool:
 *
 *	struct radix_pool pool;
 *	radix_pool_init(&pool, &ops);
 *	do {
 *		error = radix_pool_fill(&pool);		may sleep; fills nothing the first time
 *		if (error) break;
 *		lock; error = radix_insert(&tree, &pool, index, value); unlock;
 *	} while (error == -EAGAIN);			the pool knows how many were missing
 *	radix_pool_drain(&pool);
 */
#ifndef LIB_RADIX_H
#define LIB_RADIX_H

#include "lib/types.h"

#define RADIX_BITS  6
#define RADIX_SLOTS 64

enum radix_tag {
	RADIX_DIRTY,
	RADIX_WRITEBACK,
	RADIX_TOWRITE,
	RADIX_PRESENT, /* internal: set for every entry */
	RADIX_TAGS,
};

struct radix_node {
	uint8_t shift;	/* immutable: index bits below this node's six */
	uint8_t offset; /* immutable: slot in the parent */
	union {
		struct radix_node *parent; /* owner's lock; also links the nodes of a pool */
		uintptr_t rcu[3]; /* a struct rcu_head, once free_deferred has the node */
	};
	uint64_t tags[RADIX_TAGS]; /* RCU; a bit a slot: something below has the tag */
	void *slots[RADIX_SLOTS];  /* RCU; nodes, or entries where shift is 0 */
};

struct radix {
	void *top;		 /* RCU; a node (bit 1 set), or index 0's entry, or NULL */
	uint8_t tags;		 /* owner's lock; tags of the entry when top is one */
	uint8_t spare[7];
	uint64_t count;		 /* owner's lock, read anywhere: entries */
	const struct radix_ops *ops; /* immutable */
};

struct radix_ops {
	struct radix_node *(*alloc)(void);		/* any contents; may sleep; NULL: none */
	void (*free)(struct radix_node *node);		/* never published: at once */
	void (*free_deferred)(struct radix_node *node); /* after a grace period; must not sleep */
};

struct radix_pool {
	struct radix_node *nodes;
	unsigned count;
	unsigned need;
	const struct radix_ops *ops;
};

void radix_init(struct radix *r, const struct radix_ops *ops);

static inline bool radix_is_empty(const struct radix *r)
{
	return READ_ONCE(r->count) == 0;
}

/* Frees all nodes, not the entries. No reader and no writer may be left. */
void radix_destroy(struct radix *r);

void radix_pool_init(struct radix_pool *pool, const struct radix_ops *ops);

/* Allocates what the last -EAGAIN said was missing. 0 or -ENOMEM. May sleep if alloc does. */
int __must_check radix_pool_fill(struct radix_pool *pool);

/* Frees what was not used. */
void radix_pool_drain(struct radix_pool *pool);

/*
 * Puts value (not NULL, bit 1 clear) at index. 0; -EEXIST when something is
 * there; -EAGAIN when the pool has too few nodes (see above). Owner's lock.
 */
int __must_check radix_insert(struct radix *r, struct radix_pool *pool, uint64_t index,
			      void *value);

/* Puts value in place of what is at index, tags kept. The old entry; NULL: there is none. */
void *radix_replace(struct radix *r, uint64_t index, void *value);

/* Takes the entry out and returns it; NULL when there is none. Owner's lock. */
void *radix_erase(struct radix *r, uint64_t index);

/* NULL when there is none. RCU or the owner's lock. */
void *radix_lookup(const struct radix *r, uint64_t index);

/*
 * The entries at index and the n - 1 behind it, NULL where there is none: one way
 * down for all that lie in one node. index + n must not wrap. RCU or the lock.
 */
void radix_lookup_run(const struct radix *r, uint64_t index, unsigned n, void **entries);

/*
 * The first entry at or after *index and at most last, *index set to its
 * index; NULL when there is none. The second form: which has the tag. To go
 * on, add one to *index, minding the wrap at UINT64_MAX. RCU or the lock.
 */
void *radix_find(const struct radix *r, uint64_t *index, uint64_t last);
void *radix_find_tagged(const struct radix *r, uint64_t *index, uint64_t last,
			enum radix_tag tag);

/*
 * The first index at or after from and at most last where there is no entry;
 * last + 1 when all are there (0 for last = UINT64_MAX). RCU or the lock.
 */
uint64_t radix_find_hole(const struct radix *r, uint64_t from, uint64_t last);

/* Setting and clearing under the owner's lock; nothing happens without an entry. */
void radix_set_tag(struct radix *r, uint64_t index, enum radix_tag tag);
void radix_clear_tag(struct radix *r, uint64_t index, enum radix_tag tag);
bool radix_get_tag(const struct radix *r, uint64_t index, enum radix_tag tag);

/* Whether any entry has the tag. */
bool radix_any_tagged(const struct radix *r, enum radix_tag tag);

/* Gives every entry in [first, last] that has tag from the tag to as well. Owner's lock. */
void radix_copy_tag(struct radix *r, uint64_t first, uint64_t last, enum radix_tag from,
		    enum radix_tag to);

/* index is a uint64_t variable, entry a pointer; all entries from first to last. */
#define radix_for_each(r, entry, index, first, last)                        \
	for ((index) = (first), (entry) = radix_find(r, &(index), last);    \
	     (entry) != NULL;                                               \
	     (entry) = (index) == (uint64_t)(last) ?                        \
			       NULL :                                       \
			       ((index)++, radix_find(r, &(index), last)))

#define radix_for_each_tagged(r, entry, index, first, last, tag)                         \
	for ((index) = (first), (entry) = radix_find_tagged(r, &(index), last, tag);     \
	     (entry) != NULL;                                                            \
	     (entry) = (index) == (uint64_t)(last) ?                                     \
			       NULL :                                                    \
			       ((index)++, radix_find_tagged(r, &(index), last, tag)))

#endif
