/* SPDX-License-Identifier: MIT */
/*
 * Red-black trees. Rules: a red node has no red child, and every way from a
 * node down to a missing child meets the same number of black nodes. A
 * missing child counts as black. Each case below draws its mirror image with
 * it: `left` says on which side of the parent we stand.
 *
 * The core is inlined twice, with a real update function and with none, so
 * that plain trees pay nothing for augmented ones.
 */
#include "lib/rbtree.h"

#include "lib/types.h"

#define BLACK 1UL

static inline bool is_red(const struct rb_node *n)
{
	return n && !(n->parent_color & BLACK);
}

static inline bool is_black(const struct rb_node *n)
{
	return !is_red(n);
}

static inline void set_black(struct rb_node *n)
{
	n->parent_color |= BLACK;
}

static inline void set_red(struct rb_node *n)
{
	n->parent_color &= ~BLACK;
}

static inline void copy_color(struct rb_node *to, const struct rb_node *from)
{
	to->parent_color = (to->parent_color & ~BLACK) | (from->parent_color & BLACK);
}

static inline void set_parent(struct rb_node *n, struct rb_node *parent)
{
	n->parent_color = (uintptr_t)parent | (n->parent_color & BLACK);
}

/* Makes the link that pointed from parent (or the root) to old point to new. */
static inline void replace_child(struct rb_node *parent, struct rb_node *old, struct rb_node *new,
				 struct rb_root *root)
{
	if (!parent)
		root->node = new;
	else if (parent->left == old)
		parent->left = new;
	else
		parent->right = new;
}

/* Turns n down to the left (or right); its child on the other side comes up. */
static __always_inline void rotate(struct rb_node *n, bool left, struct rb_root *root,
				   rb_update_fn *update)
{
	struct rb_node *up = left ? n->right : n->left;
	struct rb_node *middle = left ? up->left : up->right;
	struct rb_node *parent = rb_parent(n);

	if (left) {
		n->right = middle;
		up->left = n;
	} else {
		n->left = middle;
		up->right = n;
	}
	if (middle)
		set_parent(middle, n);
	set_parent(up, parent);
	set_parent(n, up);
	replace_child(parent, n, up, root);
	if (update) {
		update(n);
		update(up);
	}
}

static __always_inline void insert_fix(struct rb_node *n, struct rb_root *root,
				       rb_update_fn *update)
{
	struct rb_node *parent;

	while ((parent = rb_parent(n)) && is_red(parent)) {
		struct rb_node *grand = rb_parent(parent); /* there is one: the root is black */
		bool left = parent == grand->left;
		struct rb_node *uncle = left ? grand->right : grand->left;

		if (is_red(uncle)) { /* push the red up, go on there */
			set_black(parent);
			set_black(uncle);
			set_red(grand);
			n = grand;
			continue;
		}
		if (n == (left ? parent->right : parent->left)) { /* inner: make it outer */
			rotate(parent, left, root, update);
			parent = n;
		}
		set_black(parent);
		set_red(grand);
		rotate(grand, !left, root, update);
		break;
	}
	set_black(root->node);
}

/* Below parent the side of n (perhaps missing) is one black node short. */
static __always_inline void erase_fix(struct rb_node *n, struct rb_node *parent,
				      struct rb_root *root, rb_update_fn *update)
{
	while (parent && is_black(n)) {
		bool left = n == parent->left;
		struct rb_node *sibling = left ? parent->right : parent->left;
		struct rb_node *outer;

		if (is_red(sibling)) { /* get a black sibling */
			set_black(sibling);
			set_red(parent);
			rotate(parent, left, root, update);
			sibling = left ? parent->right : parent->left;
		}
		if (is_black(sibling->left) && is_black(sibling->right)) {
			set_red(sibling); /* now both sides are short: go up */
			n = parent;
			parent = rb_parent(n);
			continue;
		}
		if (is_black(left ? sibling->right : sibling->left)) { /* red is inner */
			set_black(left ? sibling->left : sibling->right);
			set_red(sibling);
			rotate(sibling, !left, root, update);
			sibling = left ? parent->right : parent->left;
		}
		outer = left ? sibling->right : sibling->left;
		copy_color(sibling, parent);
		set_black(parent);
		set_black(outer);
		rotate(parent, left, root, update);
		return;
	}
	if (n)
		set_black(n);
}

/*
 * Takes n out when it has two children: its successor s, which has no left
 * child, moves into its place. Returns s's old parent (s itself when that was
 * n), below which s's right child now stands.
 */
static __always_inline struct rb_node *unlink_inner(struct rb_node *n, struct rb_root *root,
						    struct rb_node **child, bool *was_black)
{
	struct rb_node *s = n->right, *parent;

	while (s->left)
		s = s->left;
	*child = s->right;
	*was_black = is_black(s);
	parent = rb_parent(s);
	if (parent == n) {
		parent = s;
	} else {
		parent->left = s->right;
		if (s->right)
			set_parent(s->right, parent);
		s->right = n->right;
		set_parent(s->right, s);
	}
	s->left = n->left;
	set_parent(s->left, s);
	s->parent_color = n->parent_color;
	replace_child(rb_parent(n), n, s, root);
	return parent;
}

static __always_inline void erase(struct rb_node *n, struct rb_root *root, rb_update_fn *update)
{
	struct rb_node *child, *parent;
	bool was_black;

	if (n->left && n->right) {
		parent = unlink_inner(n, root, &child, &was_black);
	} else {
		child = n->left ? n->left : n->right;
		parent = rb_parent(n);
		was_black = is_black(n);
		if (child)
			set_parent(child, parent);
		replace_child(parent, n, child, root);
	}
	if (update)
		rb_update_path(parent, update);
	if (was_black)
		erase_fix(child, parent, root, update);
	rb_node_init(n);
}

void rb_insert_fix(struct rb_node *node, struct rb_root *root)
{
	insert_fix(node, root, NULL);
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	erase(node, root, NULL);
}

void rb_update_path(struct rb_node *node, rb_update_fn *update)
{
	for (; node; node = rb_parent(node))
		update(node);
}

void rb_insert_augmented(struct rb_node *node, struct rb_root *root, rb_update_fn *update)
{
	rb_update_path(node, update);
	insert_fix(node, root, update);
}

void rb_erase_augmented(struct rb_node *node, struct rb_root *root, rb_update_fn *update)
{
	erase(node, root, update);
}

struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *n = root->node;

	while (n && n->left)
		n = n->left;
	return n;
}

struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *n = root->node;

	while (n && n->right)
		n = n->right;
	return n;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *n, *parent;

	if (node->right) {
		for (n = node->right; n->left;)
			n = n->left;
		return n;
	}
	while ((parent = rb_parent(node)) && node == parent->right)
		node = parent;
	return parent;
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	struct rb_node *n, *parent;

	if (node->left) {
		for (n = node->left; n->right;)
			n = n->right;
		return n;
	}
	while ((parent = rb_parent(node)) && node == parent->left)
		node = parent;
	return parent;
}
