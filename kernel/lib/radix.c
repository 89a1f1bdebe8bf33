/* SPDX-License-Identifier: MIT */
/*
 * The radix tree.
 *
 * Idea. An index is cut into groups of six bits; each level of nodes looks at
 * one group. The tree is only as high as its largest index needs: it grows by
 * putting a new top above the old one (which becomes slot 0), and shrinks by
 * making slot 0 the top when nothing else is left. A node's shift never
 * changes, so a reader that came in by an old top still finds its way.
 *
 * Tags. Each node has a 64-bit word per tag; the bit of a slot is set when the
 * entry there has the tag or anything below does. So the search for the next
 * tagged entry skips whole subtrees. Presence is treated as one more tag,
 * which makes "next entry" and "next tagged entry" the same search.
 *
 * Readers take no lock. A writer stores a slot before its presence bit and
 * clears the bit before the slot; a reader that sees a bit without a slot goes
 * on as if there were none. Searches keep no stack: where a subtree is
 * exhausted they step the index past it and start again from the top, at most
 * once in 64 entries.
 *
 * Deliberately not done: values at more than one index, and compaction of
 * paths; nodes in use are dense enough for files.
 */
#include "lib/radix.h"

#include "lib/atomic.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "lib/types.h"

#define TOP_IS_NODE 2UL

static bool is_node(const void *top)
{
	return ((uintptr_t)top & TOP_IS_NODE) != 0;
}

static struct radix_node *top_node(const void *top)
{
	return (struct radix_node *)((uintptr_t)top & ~TOP_IS_NODE);
}

static void *node_as_top(struct radix_node *node)
{
	return (void *)((uintptr_t)node | TOP_IS_NODE);
}

/* The highest index that fits below a node. */
static uint64_t node_last(const struct radix_node *node)
{
	unsigned bits = node->shift + RADIX_BITS;

	return bits >= 64 ? UINT64_MAX : BIT(bits) - 1;
}

static unsigned slot_of(const struct radix_node *node, uint64_t index)
{
	return index >> node->shift & (RADIX_SLOTS - 1);
}

void radix_init(struct radix *r, const struct radix_ops *ops)
{
	*r = (struct radix){ .ops = ops };
}

void radix_pool_init(struct radix_pool *pool, const struct radix_ops *ops)
{
	*pool = (struct radix_pool){ .ops = ops };
}

int radix_pool_fill(struct radix_pool *pool)
{
	while (pool->count < pool->need) {
		struct radix_node *node = pool->ops->alloc();

		if (!node)
			return -ENOMEM;
		node->parent = pool->nodes;
		pool->nodes = node;
		pool->count++;
	}
	return 0;
}

void radix_pool_drain(struct radix_pool *pool)
{
	struct radix_node *node;

	while ((node = pool->nodes)) {
		pool->nodes = node->parent;
		pool->ops->free(node);
	}
	pool->count = 0;
	pool->need = 0;
}

static struct radix_node *pool_take(struct radix_pool *pool, struct radix_node *parent,
				    unsigned offset, unsigned shift)
{
	struct radix_node *node = pool->nodes;

	pool->nodes = node->parent;
	pool->count--;
	memset(node, 0, sizeof(*node));
	node->parent = parent;
	node->offset = (uint8_t)offset;
	node->shift = (uint8_t)shift;
	return node;
}

static void tag_store(struct radix_node *node, unsigned tag, unsigned slot, bool on)
{
	uint64_t word = node->tags[tag];

	atomic_store_release(&node->tags[tag], on ? word | BIT(slot) : word & ~BIT(slot));
}

/* Sets the tag for slot, and for everything above until it is set already. */
static void tag_raise(struct radix_node *node, unsigned slot, unsigned tag)
{
	while (node && !(node->tags[tag] & BIT(slot))) {
		tag_store(node, tag, slot, true);
		slot = node->offset;
		node = node->parent;
	}
}

/* Clears the tag for slot, and above where it was the only one. */
static void tag_lower(struct radix_node *node, unsigned slot, unsigned tag)
{
	while (node && node->tags[tag] & BIT(slot)) {
		tag_store(node, tag, slot, false);
		if (node->tags[tag])
			return;
		slot = node->offset;
		node = node->parent;
	}
}

void *radix_lookup(const struct radix *r, uint64_t index)
{
	void *p = atomic_load_acquire(&r->top);
	struct radix_node *node;

	if (!is_node(p))
		return index == 0 ? p : NULL;
	node = top_node(p);
	if (index > node_last(node))
		return NULL;
	for (;;) {
		p = atomic_load_acquire(&node->slots[slot_of(node, index)]);
		if (!p || node->shift == 0)
			return p;
		node = p;
	}
}

/* The leaf in which index lies, for readers; NULL when it does not exist or top is the only entry. */
static struct radix_node *leaf_for_reading(void *top, uint64_t index)
{
	struct radix_node *node;

	if (!is_node(top))
		return NULL;
	node = top_node(top);
	if (index > node_last(node))
		return NULL;
	while (node && node->shift)
		node = atomic_load_acquire(&node->slots[slot_of(node, index)]);
	return node;
}

void radix_lookup_run(const struct radix *r, uint64_t index, unsigned n, void **entries)
{
	void *top = atomic_load_acquire(&r->top);

	while (n) {
		struct radix_node *leaf = leaf_for_reading(top, index);
		unsigned slot = index % RADIX_SLOTS, part = min(n, RADIX_SLOTS - slot);

		for (unsigned i = 0; i < part; i++)
			entries[i] = leaf ? atomic_load_acquire(&leaf->slots[slot + i]) : NULL;
		if (index == 0 && !is_node(top))
			entries[0] = top;
		entries += part;
		index += part;
		n -= part;
	}
}

/* The leaf in which index lies, for writers; NULL when it does not exist. */
static struct radix_node *leaf_of(const struct radix *r, uint64_t index)
{
	struct radix_node *node;

	if (!is_node(r->top))
		return NULL;
	node = top_node(r->top);
	if (index > node_last(node))
		return NULL;
	while (node && node->shift)
		node = node->slots[slot_of(node, index)];
	return node;
}

/* The shift of the top node of the lowest tree that has room for index. */
static unsigned shift_for(uint64_t index)
{
	return index ? (63 - (unsigned)__builtin_clzl(index)) / RADIX_BITS * RADIX_BITS : 0;
}

/* How many nodes radix_insert will take from the pool. */
static unsigned nodes_needed(const struct radix *r, uint64_t index)
{
	unsigned levels = shift_for(index) / RADIX_BITS; /* below the new top */
	struct radix_node *node;

	if (!r->top)
		return index ? levels + 1 : 0;
	if (!is_node(r->top))
		return index ? 2 * levels + 1 : 0;
	node = top_node(r->top);
	if (index > node_last(node))
		return 2 * levels - node->shift / RADIX_BITS;
	while (node->shift) {
		struct radix_node *child = node->slots[slot_of(node, index)];

		if (!child)
			return node->shift / RADIX_BITS;
		node = child;
	}
	return 0;
}

static void publish_slot(struct radix_node *node, unsigned slot, void *value)
{
	atomic_store_release(&node->slots[slot], value);
	tag_raise(node, slot, RADIX_PRESENT);
}

/* Puts a node above the top as it is (an entry, or a node, or nothing at all). */
static void grow(struct radix *r, struct radix_pool *pool, unsigned shift)
{
	struct radix_node *node = pool_take(pool, NULL, 0, shift);

	if (is_node(r->top)) {
		struct radix_node *old = top_node(r->top);

		old->parent = node;
		node->slots[0] = old;
		for (unsigned tag = 0; tag < RADIX_TAGS; tag++)
			node->tags[tag] = old->tags[tag] != 0;
	} else if (r->top) {
		node->slots[0] = r->top;
		for (unsigned tag = 0; tag < RADIX_TAGS; tag++)
			node->tags[tag] = r->tags >> tag & 1;
	}
	/* r->tags stays: a reader may still hold the old top. */
	atomic_store_release(&r->top, node_as_top(node));
}

static void grow_for(struct radix *r, struct radix_pool *pool, uint64_t index)
{
	if (!r->top) {
		grow(r, pool, shift_for(index));
		return;
	}
	if (!is_node(r->top))
		grow(r, pool, 0);
	while (index > node_last(top_node(r->top)))
		grow(r, pool, top_node(r->top)->shift + RADIX_BITS);
}

int radix_insert(struct radix *r, struct radix_pool *pool, uint64_t index, void *value)
{
	struct radix_node *node;

	if (radix_lookup(r, index))
		return -EEXIST;
	pool->need = nodes_needed(r, index);
	if (pool->count < pool->need)
		return -EAGAIN;
	pool->need = 0;
	WRITE_ONCE(r->count, r->count + 1);
	if (!r->top && index == 0) {
		r->tags = BIT(RADIX_PRESENT);
		atomic_store_release(&r->top, value);
		return 0;
	}
	grow_for(r, pool, index);
	node = top_node(r->top);
	while (node->shift) {
		unsigned slot = slot_of(node, index);
		struct radix_node *child = node->slots[slot];

		if (!child) {
			child = pool_take(pool, node, slot, node->shift - RADIX_BITS);
			atomic_store_release(&node->slots[slot], child);
		}
		node = child;
	}
	publish_slot(node, slot_of(node, index), value);
	return 0;
}

void *radix_replace(struct radix *r, uint64_t index, void *value)
{
	struct radix_node *leaf = leaf_of(r, index);
	void **slot = leaf ? &leaf->slots[slot_of(leaf, index)] : &r->top;
	void *old = *slot;

	if ((!leaf && (index || is_node(old))) || !old)
		return NULL;
	atomic_store_release(slot, value);
	return old;
}

/* Frees empty nodes from node upwards. */
static void prune(struct radix *r, struct radix_node *node)
{
	while (node && !node->tags[RADIX_PRESENT]) {
		struct radix_node *parent = node->parent;

		if (parent)
			atomic_store(&parent->slots[node->offset], NULL);
		else
			atomic_store(&r->top, NULL);
		r->ops->free_deferred(node);
		node = parent;
	}
}

/* Takes the top away as long as only its slot 0 is in use. */
static void shrink(struct radix *r)
{
	while (is_node(r->top)) {
		struct radix_node *top = top_node(r->top);

		if (top->tags[RADIX_PRESENT] != 1)
			return;
		if (top->shift) {
			struct radix_node *child = top->slots[0];

			child->parent = NULL;
			atomic_store_release(&r->top, node_as_top(child));
		} else {
			r->tags = 0;
			for (unsigned tag = 0; tag < RADIX_TAGS; tag++)
				r->tags |= (uint8_t)(top->tags[tag] << tag);
			atomic_store_release(&r->top, top->slots[0]);
		}
		r->ops->free_deferred(top);
	}
}

void *radix_erase(struct radix *r, uint64_t index)
{
	struct radix_node *leaf = leaf_of(r, index);
	unsigned slot;
	void *old;

	if (!leaf) {
		if (index || is_node(r->top) || !r->top)
			return NULL;
		old = r->top;
		r->tags = 0;
		atomic_store(&r->top, NULL);
		WRITE_ONCE(r->count, 0);
		return old;
	}
	slot = slot_of(leaf, index);
	old = leaf->slots[slot];
	if (!old)
		return NULL;
	for (unsigned tag = 0; tag < RADIX_TAGS; tag++)
		tag_lower(leaf, slot, tag);
	atomic_store_release(&leaf->slots[slot], NULL);
	WRITE_ONCE(r->count, r->count - 1);
	prune(r, leaf);
	shrink(r);
	return old;
}

/* *index to the first index behind the slot at shift; false past last or the end of all. */
static bool step_past(uint64_t *index, unsigned shift, uint64_t last)
{
	uint64_t next;

	if (shift >= 64)
		return false;
	next = ((*index >> shift) + 1) << shift;
	if (next <= *index || next > last)
		return false;
	*index = next;
	return true;
}

/*
 * One way down from node, with *index moved on to the next slot that has the
 * tag at each level. Returns the entry; or NULL with *index where to go on,
 * *more false when there is nowhere.
 */
static void *descend(const struct radix_node *node, uint64_t *index, uint64_t last, unsigned tag,
		     bool *more)
{
	for (;;) {
		unsigned slot = slot_of(node, *index);
		uint64_t bits = atomic_load_acquire(&node->tags[tag]) >> slot;
		void *p;

		if (!bits) {
			*more = step_past(index, node->shift + RADIX_BITS, last);
			return NULL;
		}
		if (!(bits & 1)) {
			unsigned skip = (unsigned)__builtin_ctzl(bits);

			*index = ((*index >> node->shift) + skip) << node->shift;
			slot += skip;
		}
		p = atomic_load_acquire(&node->slots[slot]);
		if (!p || *index > last) {
			*more = step_past(index, node->shift, last);
			return NULL;
		}
		if (node->shift == 0)
			return p;
		node = p;
	}
}

void *radix_find_tagged(const struct radix *r, uint64_t *index, uint64_t last, enum radix_tag tag)
{
	bool more = *index <= last;

	while (more) {
		void *p = atomic_load_acquire(&r->top);

		if (!is_node(p))
			return *index == 0 && READ_ONCE(r->tags) & BIT(tag) ? p : NULL;
		if (*index > node_last(top_node(p)))
			return NULL;
		p = descend(top_node(p), index, last, tag, &more);
		if (p)
			return p;
	}
	return NULL;
}

void *radix_find(const struct radix *r, uint64_t *index, uint64_t last)
{
	return radix_find_tagged(r, index, last, RADIX_PRESENT);
}

uint64_t radix_find_hole(const struct radix *r, uint64_t from, uint64_t last)
{
	uint64_t index = from, at = from;

	while (index <= last && radix_find(r, &at, last) && at == index) {
		if (index == last)
			return last + 1;
		at = ++index;
	}
	return index;
}

void radix_set_tag(struct radix *r, uint64_t index, enum radix_tag tag)
{
	struct radix_node *leaf = leaf_of(r, index);

	if (leaf && leaf->slots[slot_of(leaf, index)])
		tag_raise(leaf, slot_of(leaf, index), tag);
	else if (!leaf && index == 0 && r->top && !is_node(r->top))
		WRITE_ONCE(r->tags, (uint8_t)(r->tags | BIT(tag)));
}

void radix_clear_tag(struct radix *r, uint64_t index, enum radix_tag tag)
{
	struct radix_node *leaf = leaf_of(r, index);

	if (leaf)
		tag_lower(leaf, slot_of(leaf, index), tag);
	else if (index == 0 && !is_node(r->top))
		WRITE_ONCE(r->tags, (uint8_t)(r->tags & ~BIT(tag)));
}

bool radix_get_tag(const struct radix *r, uint64_t index, enum radix_tag tag)
{
	uint64_t at = index;

	return radix_find_tagged(r, &at, index, tag) != NULL;
}

bool radix_any_tagged(const struct radix *r, enum radix_tag tag)
{
	void *top = atomic_load_acquire(&r->top);

	if (!is_node(top))
		return READ_ONCE(r->tags) >> tag & 1;
	return atomic_load(&top_node(top)->tags[tag]) != 0;
}

void radix_copy_tag(struct radix *r, uint64_t first, uint64_t last, enum radix_tag from,
		    enum radix_tag to)
{
	uint64_t index;
	void *entry;

	radix_for_each_tagged(r, entry, index, first, last, from)
		radix_set_tag(r, index, to);
}

/* Depth first without a stack: a node's slots are emptied as it is visited. */
void radix_destroy(struct radix *r)
{
	struct radix_node *node = is_node(r->top) ? top_node(r->top) : NULL;

	while (node) {
		uint64_t present = node->shift ? node->tags[RADIX_PRESENT] : 0;

		if (present) {
			unsigned slot = (unsigned)__builtin_ctzl(present);

			node->tags[RADIX_PRESENT] &= ~BIT(slot);
			node = node->slots[slot];
		} else {
			struct radix_node *parent = node->parent;

			r->ops->free(node);
			node = parent;
		}
	}
	radix_init(r, r->ops);
}
