/* SPDX-License-Identifier: MIT */
/*
 * A copy-on-write B-tree from ranges [start, end) of 64-bit numbers, which
 * never overlap, to pointers; read under RCU. It carries the areas of an
 * address space. btree.c opens with how it works.
 *
 * Readers: inside an RCU read section, or holding the writers' lock. They
 * follow the root they found, write nothing, and never wait.
 *
 * Writers exclude each other by the owner's lock and work in transactions:
 *
 *	struct btree_txn txn;
 *	btree_begin(&txn, &tree);
 *	error = btree_erase(&txn, a) ?: btree_insert(&txn, &entry) ?: ...;
 *	if (error)
 *		btree_abort(&txn);	nothing has happened
 *	else
 *		btree_commit(&txn);	readers see all of it at once
 *
 * Each operation first gets all nodes it may need, and after that cannot
 * fail. Where allocating is not possible, btree_reserve gets them beforehand.
 */
#ifndef LIB_BTREE_H
#define LIB_BTREE_H

#include "lib/types.h"

#define BTREE_SLOTS 15 /* makes a node 512 bytes */

struct btree_entry {
	uint64_t start;
	uint64_t end; /* the first number behind the range; start < end */
	void *value;
};

/* Immutable once published, except for the link. */
struct btree_node {
	uint8_t count;
	uint8_t height;	     /* 0: a leaf */
	union {
		struct {
			uint64_t generation;	 /* the transaction that made the node */
			struct btree_node *next; /* owner's lock: pool, or to be retired */
		};
		uintptr_t rcu[3]; /* a struct rcu_head, once retire has the node */
	};
	uint64_t start[BTREE_SLOTS];
	uint64_t end[BTREE_SLOTS];
	uint64_t gap[BTREE_SLOTS]; /* inner nodes: the largest gap inside the child */
	void *ptr[BTREE_SLOTS];	   /* values in a leaf, else children */
};

struct btree_ops {
	struct btree_node *(*alloc)(void);	  /* any contents; NULL: none. May sleep if callers may */
	void (*free)(struct btree_node *node);	  /* never seen by a reader: at once */
	void (*retire)(struct btree_node *node);  /* free it after a grace period; must not sleep */
};

struct btree {
	struct btree_node *root;     /* RCU; NULL: empty */
	uint64_t generation;	     /* owner's lock; of the last commit */
	const struct btree_ops *ops; /* immutable */
};

/* On the writer's stack; belongs to it alone. */
struct btree_txn {
	struct btree *tree;
	struct btree_node *root;
	uint64_t generation;
	struct btree_node *pool;
	unsigned pool_count;
	struct btree_node *replaced;
};

void btree_init(struct btree *tree, const struct btree_ops *ops);

/* Frees all nodes at once, not what the values point to. No reader may be left. */
void btree_destroy(struct btree *tree);

static inline bool btree_is_empty(const struct btree *tree)
{
	return READ_ONCE(tree->root) == NULL;
}

/*
 * The entry that contains addr, or else the next above it; false when there is
 * none. Readers.
 */
bool btree_find(const struct btree *tree, uint64_t addr, struct btree_entry *entry);

/* The last entry that starts below addr. Readers. */
bool btree_find_prev(const struct btree *tree, uint64_t addr, struct btree_entry *entry);

/* All entries that end above from, ascending; each step is a find of its own. */
#define btree_for_each(tree, entry, from)                                 \
	for (bool btree_more_ = btree_find(tree, from, &(entry)); btree_more_; \
	     btree_more_ = btree_find(tree, (entry).end, &(entry)))

/*
 * A walk over a tree that does not change meanwhile: under the writers' lock
 * without a commit, or inside one RCU read section. Cheaper than btree_for_each.
 */
struct btree_cursor {
	const struct btree_node *leaf;
	unsigned slot;
};

/* As btree_find; then the entry behind the cursor's. False at the end. */
bool btree_seek(const struct btree *tree, uint64_t addr, struct btree_cursor *cursor, struct btree_entry *entry);
bool btree_next(const struct btree *tree, struct btree_cursor *cursor, struct btree_entry *entry);

enum btree_direction {
	BTREE_LOWEST,
	BTREE_HIGHEST,
};

/*
 * A place for size numbers without an entry, at a multiple of align (a power
 * of two) inside [low, high): the lowest or the highest such start goes to
 * *found. 0 or -ENOMEM. Readers. Subtrees without a gap of size are skipped.
 */
int btree_find_gap(const struct btree *tree, uint64_t size, uint64_t align, uint64_t low,
		   uint64_t high, enum btree_direction direction, uint64_t *found);

/* Begins a transaction. Nothing is allocated. Owner's lock until commit or abort. */
void btree_begin(struct btree_txn *txn, struct btree *tree);

/* Makes sure that the next `operations` cannot fail with -ENOMEM. 0 or -ENOMEM. */
int __must_check btree_reserve(struct btree_txn *txn, unsigned operations);

/* 0; -EEXIST when the range overlaps an entry; -ENOMEM. On an error nothing has changed. */
int __must_check btree_insert(struct btree_txn *txn, const struct btree_entry *entry);

/* Removes the entry that starts at start. 0; -ENOENT; -ENOMEM. */
int __must_check btree_erase(struct btree_txn *txn, uint64_t start);

/*
 * Puts entry in place of the one that starts at start; its range may differ
 * but stays between the neighbours. 0; -ENOENT; -EEXIST on overlap; -ENOMEM.
 */
int __must_check btree_replace(struct btree_txn *txn, uint64_t start,
			       const struct btree_entry *entry);

/* As the readers' calls, but with the transaction's own changes. */
bool btree_txn_find(const struct btree_txn *txn, uint64_t addr, struct btree_entry *entry);
bool btree_txn_find_prev(const struct btree_txn *txn, uint64_t addr, struct btree_entry *entry);

/* Publishes everything, retires what was replaced, frees what is left of the pool. */
void btree_commit(struct btree_txn *txn);

/* Throws everything away. */
void btree_abort(struct btree_txn *txn);

#endif
