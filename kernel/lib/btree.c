/* SPDX-License-Identifier: MIT */
/*
 * The copy-on-write B-tree of ranges.
 *
 * Idea. A page fault must find the area of an address without waiting for a
 * writer that is busy in mmap. So no node is ever changed where a reader can
 * see it: a writer copies the nodes from the root to the leaf it wants to
 * change, changes the copies, and publishes the new root with one store. A
 * reader holds either the old tree or the new one, both complete. The nodes
 * that were replaced go to retire(), which frees them after a grace period. A
 * node has 15 slots, so trees are two or three levels high and a copied path
 * is one or two KiB.
 *
 * Transactions. Splitting an area in three takes three operations, but no
 * reader may see the hole between them. All operations of a transaction work
 * on one private root. Each node carries the number of the transaction that
 * made it: a node with our own number was never published and is changed in
 * place; any other is copied first. Aborting frees the nodes with our number,
 * all of which hang together below the private root.
 *
 * Data. Slot i of an inner node describes child i by the start of its first
 * entry, the end of its last, and the largest gap between two entries below
 * it. Gaps between children show in the node itself. So the search for free
 * room descends only where a gap is large enough: it visits a path, not the
 * tree. (Clipping to [low, high) may add a path at each border. An alignment
 * beyond that of all entries may make it look into gaps that turn out to be
 * too small, since gaps are recorded without alignment.)
 *
 * Balance. On the way down an insertion splits each full node before entering
 * it, and an erasure fills each thin one up, or merges it with its neighbour;
 * the parent therefore always has room and nothing has to be undone upwards.
 * Afterwards the descriptions on the path are refreshed, bottom to top.
 *
 * Failing. Before an operation changes anything it walks the path once and
 * counts the nodes it may need, and gets them into the transaction's pool.
 *
 * Locking. Writers hold the owner's lock throughout. The only field of a
 * published node that is ever written is its link, which readers ignore.
 *
 * Deliberately not done: parent links and leaf chains (copying a leaf would
 * have to copy its neighbours); iteration is repeated search instead, which
 * also is right when the tree changes in between.
 */
#include "lib/btree.h"

#include "lib/atomic.h"
#include "lib/btree_node.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "lib/types.h"

#define THIN	   4  /* at most so many slots used: fill up before erasing below */
#define MERGE_MAX  12 /* merge when the two have at most so many together */
#define HEIGHT_MAX 24 /* inner nodes have 4 children at least */

static_assert(sizeof(struct btree_node) == 512, "a node fills its slab object");
static_assert((MERGE_MAX + 1) / 2 > THIN, "after sharing out, neither node is thin");

struct path {
	struct btree_node *node[HEIGHT_MAX];
	unsigned slot[HEIGHT_MAX];
	unsigned depth;
};

void btree_init(struct btree *tree, const struct btree_ops *ops)
{
	*tree = (struct btree){ .ops = ops };
}

/* Frees node and all below that belong to the generation (0: whichever). Bounded recursion. */
static void free_subtree(const struct btree *tree, struct btree_node *node, uint64_t generation)
{
	if (!node || (generation && node->generation != generation))
		return;
	for (unsigned i = 0; node->height && i < node->count; i++)
		free_subtree(tree, node->ptr[i], generation);
	tree->ops->free(node);
}

void btree_destroy(struct btree *tree)
{
	free_subtree(tree, tree->root, 0);
	btree_init(tree, tree->ops);
}

void btree_begin(struct btree_txn *txn, struct btree *tree)
{
	*txn = (struct btree_txn){
		.tree = tree,
		.root = tree->root,
		.generation = tree->generation + 1,
	};
}

static void pool_drain(struct btree_txn *txn)
{
	struct btree_node *node;

	while ((node = txn->pool)) {
		txn->pool = node->next;
		txn->tree->ops->free(node);
	}
	txn->pool_count = 0;
}

void btree_commit(struct btree_txn *txn)
{
	struct btree *tree = txn->tree;
	struct btree_node *node;

	tree->generation = txn->generation;
	atomic_store_release(&tree->root, txn->root);
	while ((node = txn->replaced)) {
		txn->replaced = node->next;
		tree->ops->retire(node);
	}
	pool_drain(txn);
}

void btree_abort(struct btree_txn *txn)
{
	free_subtree(txn->tree, txn->root, txn->generation);
	pool_drain(txn);
}

/* Fills the pool up to n nodes. */
static int pool_fill(struct btree_txn *txn, unsigned n)
{
	while (txn->pool_count < n) {
		struct btree_node *node = txn->tree->ops->alloc();

		if (!node)
			return -ENOMEM;
		node->next = txn->pool;
		txn->pool = node;
		txn->pool_count++;
	}
	return 0;
}

int btree_reserve(struct btree_txn *txn, unsigned operations)
{
	unsigned levels = txn->root ? txn->root->height + 1 : 0;

	/* At each level a copy, and a sibling or half; above, a new root or two. */
	return pool_fill(txn, operations * (2 * levels + 4));
}

/* The pool is known to have one. */
static struct btree_node *node_take(struct btree_txn *txn)
{
	struct btree_node *node = txn->pool;

	txn->pool = node->next;
	txn->pool_count--;
	return node;
}

static bool is_own(const struct btree_txn *txn, const struct btree_node *node)
{
	return node->generation == txn->generation;
}

static struct btree_node *node_make(struct btree_txn *txn, unsigned height)
{
	struct btree_node *node = node_take(txn);

	node->count = 0;
	node->height = (uint8_t)height;
	node->generation = txn->generation;
	return node;
}

/* The node is no longer in the private tree. */
static void node_drop(struct btree_txn *txn, struct btree_node *node)
{
	if (is_own(txn, node)) {
		node->next = txn->pool;
		txn->pool = node;
		txn->pool_count++;
	} else {
		node->next = txn->replaced;
		txn->replaced = node;
	}
}

/* The node itself when it is ours already, else a copy in its stead. */
static struct btree_node *node_own(struct btree_txn *txn, struct btree_node *node)
{
	struct btree_node *copy;

	if (is_own(txn, node))
		return node;
	copy = node_take(txn);
	memcpy(copy, node, sizeof(*copy));
	copy->generation = txn->generation;
	node_drop(txn, node);
	return copy;
}

static struct btree_node *child_own(struct btree_txn *txn, struct btree_node *parent, unsigned i)
{
	return parent->ptr[i] = node_own(txn, parent->ptr[i]);
}

/* Copies n slots; the two may be the same node and overlap. */
static void slots_move(struct btree_node *to, unsigned at, const struct btree_node *from,
		       unsigned first, unsigned n)
{
	memmove(&to->start[at], &from->start[first], n * sizeof(to->start[0]));
	memmove(&to->end[at], &from->end[first], n * sizeof(to->end[0]));
	memmove(&to->ptr[at], &from->ptr[first], n * sizeof(to->ptr[0]));
	if (from->height)
		memmove(&to->gap[at], &from->gap[first], n * sizeof(to->gap[0]));
}

static void slot_open(struct btree_node *node, unsigned i)
{
	slots_move(node, i + 1, node, i, node->count - i);
	node->count++;
}

static void slot_close(struct btree_node *node, unsigned i)
{
	node->count--;
	slots_move(node, i, node, i + 1, node->count - i);
}

static void slot_set(struct btree_node *leaf, unsigned i, const struct btree_entry *entry)
{
	leaf->start[i] = entry->start;
	leaf->end[i] = entry->end;
	leaf->ptr[i] = entry->value;
}

/* Describes child i anew in its parent. */
static void slot_describe(struct btree_node *parent, unsigned i)
{
	const struct btree_node *child = parent->ptr[i];
	uint64_t gap = child->height ? child->gap[0] : 0;

	for (unsigned k = 1; k < child->count; k++) {
		gap = max(gap, child->start[k] - child->end[k - 1]);
		if (child->height)
			gap = max(gap, child->gap[k]);
	}
	parent->start[i] = child->start[0];
	parent->end[i] = child->end[child->count - 1];
	parent->gap[i] = gap;
}

static void path_describe(const struct path *path)
{
	for (unsigned d = path->depth; d-- > 0;)
		slot_describe(path->node[d], path->slot[d]);
}

static void path_push(struct path *path, struct btree_node *node, unsigned slot)
{
	path->node[path->depth] = node;
	path->slot[path->depth] = slot;
	path->depth++;
}

/* The slot to follow for an insertion at start: the last when start is above all. */
static unsigned slot_for_insert(const struct btree_node *node, uint64_t start)
{
	unsigned i = btree_count_upto(node->end, node->count, start);

	return i == node->count ? i - 1 : i;
}

/* The slot in which the entry that starts at start lies, which exists. */
static unsigned slot_containing(const struct btree_node *node, uint64_t start)
{
	return btree_count_upto(node->start, node->count, start) - 1;
}

/* Splits the full child i; parent is ours and has room. */
static void child_split(struct btree_txn *txn, struct btree_node *parent, unsigned i)
{
	struct btree_node *left = child_own(txn, parent, i);
	struct btree_node *right = node_make(txn, left->height);

	right->count = left->count / 2;
	left->count -= right->count;
	slots_move(right, 0, left, left->count, right->count);
	slot_open(parent, i + 1);
	parent->ptr[i + 1] = right;
	slot_describe(parent, i);
	slot_describe(parent, i + 1);
}

/* Gets the nodes that an insertion at start may take. */
static int insert_prepare(struct btree_txn *txn, uint64_t start)
{
	const struct btree_node *node = txn->root;
	unsigned need = !node || node->count == BTREE_SLOTS;

	while (node) {
		need += !is_own(txn, node) + (node->count == BTREE_SLOTS);
		node = node->height ? node->ptr[slot_for_insert(node, start)] : NULL;
	}
	return pool_fill(txn, need);
}

/* The root, ours and not full. */
static struct btree_node *insert_root(struct btree_txn *txn)
{
	struct btree_node *root = txn->root;

	if (!root) {
		root = node_make(txn, 0);
	} else if (root->count == BTREE_SLOTS) {
		struct btree_node *top = node_make(txn, root->height + 1U);

		top->count = 1;
		top->ptr[0] = root;
		child_split(txn, top, 0);
		root = top;
	} else {
		root = node_own(txn, root);
	}
	return txn->root = root;
}

int btree_insert(struct btree_txn *txn, const struct btree_entry *entry)
{
	struct path path = { .depth = 0 };
	struct btree_entry above;
	struct btree_node *node;
	unsigned i;
	int error;

	if (btree_find_below(txn->root, entry->start, &above) && above.start < entry->end)
		return -EEXIST;
	error = insert_prepare(txn, entry->start);
	if (error)
		return error;
	node = insert_root(txn);
	while (node->height) {
		i = slot_for_insert(node, entry->start);
		if (((struct btree_node *)node->ptr[i])->count == BTREE_SLOTS) {
			child_split(txn, node, i);
			i = slot_for_insert(node, entry->start);
		}
		path_push(&path, node, i);
		node = child_own(txn, node, i);
	}
	i = btree_count_upto(node->end, node->count, entry->start);
	slot_open(node, i);
	slot_set(node, i, entry);
	path_describe(&path);
	return 0;
}

/* Gets the nodes that changing the entry at start may take. */
static int change_prepare(struct btree_txn *txn, uint64_t start, bool erase)
{
	const struct btree_node *node = txn->root;
	unsigned need = 0;

	while (node) {
		need += !is_own(txn, node) + (erase && node->count <= THIN);
		node = node->height ? node->ptr[slot_containing(node, start)] : NULL;
	}
	return pool_fill(txn, need);
}

static void merge_children(struct btree_txn *txn, struct btree_node *parent, unsigned i)
{
	struct btree_node *left = child_own(txn, parent, i);
	struct btree_node *right = parent->ptr[i + 1];

	slots_move(left, left->count, right, 0, right->count);
	left->count += right->count;
	slot_close(parent, i + 1);
	node_drop(txn, right);
	slot_describe(parent, i);
}

/* Shares the slots of children i and i + 1 out in halves. */
static void share_children(struct btree_txn *txn, struct btree_node *parent, unsigned i)
{
	struct btree_node *left = child_own(txn, parent, i);
	struct btree_node *right = child_own(txn, parent, i + 1);
	unsigned want = (left->count + right->count) / 2U;

	if (left->count < want) {
		unsigned n = want - left->count;

		slots_move(left, left->count, right, 0, n);
		slots_move(right, 0, right, n, right->count - n);
		right->count -= n;
	} else {
		unsigned n = left->count - want;

		slots_move(right, n, right, 0, right->count);
		slots_move(right, 0, left, want, n);
		right->count += n;
	}
	left->count = (uint8_t)want;
	slot_describe(parent, i);
	slot_describe(parent, i + 1);
}

/* Child i is thin: gets it more slots from a neighbour. */
static void child_fill_up(struct btree_txn *txn, struct btree_node *parent, unsigned i)
{
	unsigned left = i ? i - 1 : 0;
	const struct btree_node *a = parent->ptr[left], *b = parent->ptr[left + 1];

	if (a->count + b->count <= MERGE_MAX)
		merge_children(txn, parent, left);
	else
		share_children(txn, parent, left);
}

/* Takes away roots that have a single child, or nothing. */
static void root_collapse(struct btree_txn *txn)
{
	struct btree_node *root = txn->root;

	while (root && root->count <= (root->height ? 1 : 0)) {
		txn->root = root->height ? root->ptr[0] : NULL;
		node_drop(txn, root);
		root = txn->root;
	}
}

static bool entry_at(const struct btree_txn *txn, uint64_t start)
{
	struct btree_entry entry;

	return btree_find_below(txn->root, start, &entry) && entry.start == start;
}

int btree_erase(struct btree_txn *txn, uint64_t start)
{
	struct path path = { .depth = 0 };
	struct btree_node *node;
	int error;

	if (!entry_at(txn, start))
		return -ENOENT;
	error = change_prepare(txn, start, true);
	if (error)
		return error;
	node = txn->root = node_own(txn, txn->root);
	while (node->height) {
		unsigned i = slot_containing(node, start);

		if (((struct btree_node *)node->ptr[i])->count <= THIN) {
			child_fill_up(txn, node, i);
			i = slot_containing(node, start);
		}
		path_push(&path, node, i);
		node = child_own(txn, node, i);
	}
	slot_close(node, slot_containing(node, start));
	path_describe(&path);
	root_collapse(txn);
	return 0;
}

/* Whether entry fits between the neighbours of the one that starts at start. */
static int replace_check(const struct btree_txn *txn, uint64_t start,
			 const struct btree_entry *entry)
{
	struct btree_entry old, other;

	if (!btree_find_below(txn->root, start, &old) || old.start != start)
		return -ENOENT;
	if (btree_find_prev_below(txn->root, start, &other) && other.end > entry->start)
		return -EEXIST;
	if (btree_find_below(txn->root, old.end, &other) && other.start < entry->end)
		return -EEXIST;
	return 0;
}

int btree_replace(struct btree_txn *txn, uint64_t start, const struct btree_entry *entry)
{
	struct path path = { .depth = 0 };
	struct btree_node *node;
	int error = replace_check(txn, start, entry);

	if (!error)
		error = change_prepare(txn, start, false);
	if (error)
		return error;
	node = txn->root = node_own(txn, txn->root);
	while (node->height) {
		unsigned i = slot_containing(node, start);

		path_push(&path, node, i);
		node = child_own(txn, node, i);
	}
	slot_set(node, slot_containing(node, start), entry);
	path_describe(&path);
	return 0;
}
