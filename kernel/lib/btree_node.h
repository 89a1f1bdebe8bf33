/* SPDX-License-Identifier: MIT */
/*
 * What the two halves of the B-tree share: searching in a node, and finding
 * below any root. For btree.c and btree_find.c only.
 */
#ifndef LIB_BTREE_NODE_H
#define LIB_BTREE_NODE_H

#include "lib/btree.h"
#include "lib/types.h"

/* How many of n ascending keys are at most addr. */
static inline unsigned btree_count_upto(const uint64_t *keys, unsigned n, uint64_t addr)
{
	unsigned low = 0;

	while (n) {
		unsigned half = n / 2;

		if (keys[low + half] <= addr) {
			low += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return low;
}

/* As btree_find and btree_find_prev; root may be NULL. */
bool btree_find_below(const struct btree_node *root, uint64_t addr, struct btree_entry *entry);
bool btree_find_prev_below(const struct btree_node *root, uint64_t addr,
			   struct btree_entry *entry);

#endif
