/* SPDX-License-Identifier: MIT */
/*
 * The readers' half of the B-tree: lookups and the search for free room. Only
 * loads; each call works on the one root that it read (see btree.c).
 */
#include "lib/atomic.h"
#include "lib/btree.h"
#include "lib/btree_node.h"
#include "lib/errno.h"
#include "lib/types.h"

static void entry_of(const struct btree_node *leaf, unsigned i, struct btree_entry *entry)
{
	entry->start = leaf->start[i];
	entry->end = leaf->end[i];
	entry->value = leaf->ptr[i];
}

bool btree_find_below(const struct btree_node *node, uint64_t addr, struct btree_entry *entry)
{
	while (node) {
		unsigned i = btree_count_upto(node->end, node->count, addr);

		if (i == node->count)
			return false;
		if (node->height == 0) {
			entry_of(node, i, entry);
			return true;
		}
		node = node->ptr[i];
	}
	return false;
}

bool btree_find_prev_below(const struct btree_node *node, uint64_t addr, struct btree_entry *entry)
{
	while (node && addr) {
		unsigned i = btree_count_upto(node->start, node->count, addr - 1);

		if (i == 0)
			return false;
		if (node->height == 0) {
			entry_of(node, i - 1, entry);
			return true;
		}
		node = node->ptr[i - 1];
	}
	return false;
}

bool btree_find(const struct btree *tree, uint64_t addr, struct btree_entry *entry)
{
	return btree_find_below(atomic_load_acquire(&tree->root), addr, entry);
}

bool btree_find_prev(const struct btree *tree, uint64_t addr, struct btree_entry *entry)
{
	return btree_find_prev_below(atomic_load_acquire(&tree->root), addr, entry);
}

bool btree_txn_find(const struct btree_txn *txn, uint64_t addr, struct btree_entry *entry)
{
	return btree_find_below(txn->root, addr, entry);
}

bool btree_txn_find_prev(const struct btree_txn *txn, uint64_t addr, struct btree_entry *entry)
{
	return btree_find_prev_below(txn->root, addr, entry);
}

bool btree_seek(const struct btree *tree, uint64_t addr, struct btree_cursor *cursor, struct btree_entry *entry)
{
	const struct btree_node *node = atomic_load_acquire(&tree->root);

	while (node) {
		unsigned i = btree_count_upto(node->end, node->count, addr);

		if (i == node->count)
			return false;
		if (node->height == 0) {
			cursor->leaf = node;
			cursor->slot = i;
			entry_of(node, i, entry);
			return true;
		}
		node = node->ptr[i];
	}
	return false;
}

bool btree_next(const struct btree *tree, struct btree_cursor *cursor, struct btree_entry *entry)
{
	const struct btree_node *leaf = cursor->leaf;

	if (++cursor->slot < leaf->count) {
		entry_of(leaf, cursor->slot, entry);
		return true;
	}
	return btree_seek(tree, leaf->end[leaf->count - 1], cursor, entry);
}

struct gap_query {
	uint64_t size, align, low, high;
	uint64_t edge; /* the near border of the gap under the finger */
	uint64_t found;
};

/* Whether the gap [from, to) will do; the lowest or highest start in it. */
static bool gap_fits(struct gap_query *q, uint64_t from, uint64_t to, bool highest)
{
	uint64_t start;

	from = max(from, q->low);
	to = min(to, q->high);
	if (from >= to || to - from < q->size)
		return false;
	start = highest ? align_down(to - q->size, q->align) : align_up(from, q->align);
	if (start < from || start > to - q->size)
		return false;
	q->found = start;
	return true;
}

/* Recursion is bounded by the height of the tree. */
static bool gap_search_up(struct gap_query *q, const struct btree_node *node)
{
	for (unsigned i = btree_count_upto(node->end, node->count, q->low); i < node->count; i++) {
		if (gap_fits(q, q->edge, node->start[i], false))
			return true;
		q->edge = node->start[i];
		if (q->edge >= q->high)
			return false;
		if (node->height && node->gap[i] >= q->size && gap_search_up(q, node->ptr[i]))
			return true;
		q->edge = node->end[i];
	}
	return false;
}

static bool gap_search_down(struct gap_query *q, const struct btree_node *node)
{
	for (unsigned i = btree_count_upto(node->start, node->count, q->high - 1); i-- > 0;) {
		if (gap_fits(q, node->end[i], q->edge, true))
			return true;
		q->edge = node->end[i];
		if (q->edge <= q->low)
			return false;
		if (node->height && node->gap[i] >= q->size && gap_search_down(q, node->ptr[i]))
			return true;
		q->edge = node->start[i];
	}
	return false;
}

int btree_find_gap(const struct btree *tree, uint64_t size, uint64_t align, uint64_t low,
		   uint64_t high, enum btree_direction direction, uint64_t *found)
{
	const struct btree_node *root = atomic_load_acquire(&tree->root);
	struct gap_query q = { .size = size, .align = align, .low = low, .high = high };
	bool ok;

	if (size == 0 || low >= high)
		return -ENOMEM;
	if (direction == BTREE_LOWEST) {
		q.edge = low;
		ok = (root && gap_search_up(&q, root)) || gap_fits(&q, q.edge, high, false);
	} else {
		q.edge = high;
		ok = (root && gap_search_down(&q, root)) || gap_fits(&q, low, q.edge, true);
	}
	if (!ok)
		return -ENOMEM;
	*found = q.found;
	return 0;
}
