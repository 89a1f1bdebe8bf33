/* SPDX-License-Identifier: MIT */
/*
 * vm/interval.h: a set of intervals of page indices that may overlap, to ask
 * which of them meet a range: the areas that map an object, or that may map the
 * pages of an anonymous family. A red-black tree by first index; every node
 * knows the highest end below it. The owner of the tree has the lock.
 */
#ifndef VM_INTERVAL_H
#define VM_INTERVAL_H

#include "lib/rbtree.h"

struct interval {
	struct rb_node rb;    /* lock of the tree's owner */
	uint64_t first, last; /* immutable while in a tree; both belong to it */
	uint64_t highest;     /* lock: the greatest last in the subtree */
};

void interval_insert(struct rb_root *root, struct interval *i);
void interval_remove(struct rb_root *root, struct interval *i);

/* The interval with the least first that meets [first, last]; then the next such one. NULL at the end. */
struct interval *interval_first(const struct rb_root *root, uint64_t first, uint64_t last);
struct interval *interval_next(const struct interval *i, uint64_t first, uint64_t last);

#endif
