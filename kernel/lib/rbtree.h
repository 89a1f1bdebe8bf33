/* SPDX-License-Identifier: MIT */
/*
 * Intrusive red-black trees. The tree knows nothing of keys: the user walks
 * down from root->node, remembers the parent and the address of the link to
 * fill, calls rb_link, then rb_insert_fix. All changes and walks under the
 * lock of the tree's owner. Depth is at most 2 log2(n + 1).
 *
 *	struct rb_node **link = &root->node, *parent = NULL;
 *	while (*link) {
 *		parent = *link;
 *		link = key < rb_entry(parent, struct thing, rb)->key ?
 *			&parent->left : &parent->right;
 *	}
 *	rb_link(&new->rb, parent, link);
 *	rb_insert_fix(&new->rb, root);
 *
 * Augmented trees keep in each node a value computed from the node and its
 * two children (say, the highest end of all intervals below). The user gives
 * a function that recomputes one node; the tree calls it wherever children
 * change, bottom to top. Use only the _augmented calls on such a tree.
 */
#ifndef LIB_RBTREE_H
#define LIB_RBTREE_H

#include "lib/types.h"

struct rb_node {
	uintptr_t parent_color; /* the parent's address; bit 0 set: black */
	struct rb_node *left;
	struct rb_node *right;
};

struct rb_root {
	struct rb_node *node;
};

/* Remembers the first node, for queues that always take the smallest. */
struct rb_root_cached {
	struct rb_root root;
	struct rb_node *leftmost;
};

/* Recomputes the value in node from node itself and its children. */
typedef void rb_update_fn(struct rb_node *node);

#define rb_entry(ptr, type, member) container_of(ptr, type, member)

static inline struct rb_node *rb_parent(const struct rb_node *node)
{
	return (struct rb_node *)(node->parent_color & ~1UL);
}

static inline bool rb_empty(const struct rb_root *root)
{
	return root->node == NULL;
}

/* Marks a node that is in no tree; rb_node_is_linked then tells. rb_erase does it too. */
static inline void rb_node_init(struct rb_node *node)
{
	node->parent_color = (uintptr_t)node;
}

static inline bool rb_node_is_linked(const struct rb_node *node)
{
	return rb_parent(node) != node;
}

/* Puts node, red and without children, at *link below parent. */
static inline void rb_link(struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
	node->parent_color = (uintptr_t)parent;
	node->left = NULL;
	node->right = NULL;
	*link = node;
}

/* Balances after rb_link. */
void rb_insert_fix(struct rb_node *node, struct rb_root *root);
void rb_erase(struct rb_node *node, struct rb_root *root);

/* The same, keeping the values of update up to date (after rb_link as well). */
void rb_insert_augmented(struct rb_node *node, struct rb_root *root, rb_update_fn *update);
void rb_erase_augmented(struct rb_node *node, struct rb_root *root, rb_update_fn *update);

/* After node's own part of the value changed in place: recomputes up to the root. */
void rb_update_path(struct rb_node *node, rb_update_fn *update);

/* In order; NULL at the end. */
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

/* leftmost: the way down never went right. */
static inline void rb_insert_fix_cached(struct rb_node *node, struct rb_root_cached *root,
					bool leftmost)
{
	if (leftmost)
		root->leftmost = node;
	rb_insert_fix(node, &root->root);
}

static inline void rb_erase_cached(struct rb_node *node, struct rb_root_cached *root)
{
	if (root->leftmost == node)
		root->leftmost = rb_next(node);
	rb_erase(node, &root->root);
}

static inline struct rb_node *rb_first_cached(const struct rb_root_cached *root)
{
	return root->leftmost;
}

#endif
