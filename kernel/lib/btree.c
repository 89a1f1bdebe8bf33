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

/* How many of n ascending keys are at most addr. */
static unsigned count_upto(const uint64_t *keys, unsigned n, uint64_t addr)
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

static void entry_of(const struct btree_node *leaf, unsigned i, struct btree_entry *entry)
{
	entry->start = leaf->start[i];
	entry->end = leaf->end[i];
	entry->value = leaf->ptr[i];
}

static bool find(const struct btree_node *node, uint64_t addr, struct btree_entry *entry)
{
	while (node) {
		unsigned i = count_upto(node->end, node->count, addr);

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

static bool find_prev(const struct btree_node *node, uint64_t addr, struct btree_entry *entry)
{
	while (node && addr) {
		unsigned i = count_upto(node->start, node->count, addr - 1);

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
	return find(atomic_load_acquire(&tree->root), addr, entry);
}

bool btree_find_prev(const struct btree *tree, uint64_t addr, struct btree_entry *entry)
{
	return find_prev(atomic_load_acquire(&tree->root), addr, entry);
}

bool btree_txn_find(const struct btree_txn *txn, uint64_t addr, struct btree_entry *entry)
{
	return find(txn->root, addr, entry);
}

bool btree_txn_find_prev(const struct btree_txn *txn, uint64_t addr, struct btree_entry *entry)
{
	return find_prev(txn->root, addr, entry);
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
	for (unsigned i = count_upto(node->end, node->count, q->low); i < node->count; i++) {
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
	for (unsigned i = count_upto(node->start, node->count, q->high - 1); i-- > 0;) {
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
	unsigned i = count_upto(node->end, node->count, start);

	return i == node->count ? i - 1 : i;
}

/* The slot in which the entry that starts at start lies, which exists. */
static unsigned slot_containing(const struct btree_node *node, uint64_t start)
{
	return count_upto(node->start, node->count, start) - 1;
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

	if (find(txn->root, entry->start, &above) && above.start < entry->end)
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
	i = count_upto(node->end, node->count, entry->start);
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

	return find(txn->root, start, &entry) && entry.start == start;
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

	if (!find(txn->root, start, &old) || old.start != start)
		return -ENOENT;
	if (find_prev(txn->root, start, &other) && other.end > entry->start)
		return -EEXIST;
	if (find(txn->root, old.end, &other) && other.start < entry->end)
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
