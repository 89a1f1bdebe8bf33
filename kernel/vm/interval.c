/* SPDX-License-Identifier: MIT */
/*
 * Interval trees: see vm/interval.h. A search goes left only where the highest
 * end on that side reaches the range, so it visits a path and the answers.
 */
#include "vm/interval.h"

#include "lib/types.h"

static struct interval *interval_of(struct rb_node *node)
{
	return rb_entry(node, struct interval, rb);
}

static uint64_t highest_of(struct rb_node *node)
{
	return node ? interval_of(node)->highest : 0;
}

static void update(struct rb_node *node)
{
	struct interval *i = interval_of(node);
	uint64_t below = max(highest_of(node->left), highest_of(node->right));

	i->highest = max(i->last, below);
}

void interval_insert(struct rb_root *root, struct interval *i)
{
	struct rb_node **link = &root->node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = i->first < interval_of(parent)->first ? &parent->left : &parent->right;
	}
	rb_link(&i->rb, parent, link);
	rb_insert_augmented(&i->rb, root, update);
}

void interval_remove(struct rb_root *root, struct interval *i)
{
	rb_erase_augmented(&i->rb, root, update);
}

static bool meets(const struct interval *i, uint64_t first, uint64_t last)
{
	return i->first <= last && i->last >= first;
}

/* The leftmost answer in a subtree. */
static struct interval *search(struct rb_node *node, uint64_t first, uint64_t last)
{
	while (node && interval_of(node)->highest >= first) {
		struct interval *i = interval_of(node);

		if (node->left && highest_of(node->left) >= first)
			node = node->left; /* an answer there, or nowhere: all further ones start later */
		else if (meets(i, first, last))
			return i;
		else if (i->first > last)
			return NULL;
		else
			node = node->right;
	}
	return NULL;
}

struct interval *interval_first(const struct rb_root *root, uint64_t first, uint64_t last)
{
	return search(root->node, first, last);
}

struct interval *interval_next(const struct interval *i, uint64_t first, uint64_t last)
{
	const struct rb_node *node = &i->rb;
	struct interval *found = search(node->right, first, last);

	while (!found) {
		const struct rb_node *parent = rb_parent(node);

		if (!parent)
			return NULL;
		if (node == parent->left) {
			struct interval *up = interval_of((struct rb_node *)parent);

			if (up->first > last)
				return NULL;
			found = meets(up, first, last) ? up : search(parent->right, first, last);
		}
		node = parent;
	}
	return found;
}
