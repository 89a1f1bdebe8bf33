/* SPDX-License-Identifier: MIT */
/* lib/rbtree against an array of present keys, and the rules of the colours. */
#include "unit.h"

#include "lib/rbtree.h"

#define KEYS 500

struct item {
	struct rb_node rb;
	int key;
	int subtree; /* augmented: items in this subtree */
	bool present;
};

static struct item items[KEYS];

static void update_item(struct rb_node *node)
{
	struct item *i = rb_entry(node, struct item, rb);

	i->subtree = 1;
	if (node->left)
		i->subtree += rb_entry(node->left, struct item, rb)->subtree;
	if (node->right)
		i->subtree += rb_entry(node->right, struct item, rb)->subtree;
}

/* Returns the black height; checks order by low and high, colours, parents, augmentation. */
static int check_subtree(const struct rb_node *n, const struct rb_node *parent, int low, int high,
			 bool augmented, int *count)
{
	const struct item *i = n ? rb_entry(n, struct item, rb) : NULL;
	bool red = n && !(n->parent_color & 1);
	int left, right, before = *count;

	if (!n)
		return 1;
	assert_ptr_equal(rb_parent(n), parent);
	assert_true(i->key > low && i->key < high && i->present);
	assert_false(red && (!parent || !(parent->parent_color & 1)));
	left = check_subtree(n->left, n, low, i->key, augmented, count);
	right = check_subtree(n->right, n, i->key, high, augmented, count);
	assert_int_equal(left, right);
	++*count;
	if (augmented)
		assert_int_equal(i->subtree, *count - before);
	return left + !red;
}

static void check_tree(const struct rb_root *root, bool augmented)
{
	int count = 0, present = 0, seen = 0;

	check_subtree(root->node, NULL, -1, KEYS, augmented, &count);
	for (int k = 0; k < KEYS; k++)
		present += items[k].present;
	assert_int_equal(count, present);
	for (struct rb_node *n = rb_first(root); n; n = rb_next(n)) {
		while (!items[seen].present)
			seen++;
		assert_ptr_equal(n, &items[seen++].rb);
	}
	seen = KEYS - 1;
	for (struct rb_node *n = rb_last(root); n; n = rb_prev(n)) {
		while (!items[seen].present)
			seen--;
		assert_ptr_equal(n, &items[seen--].rb);
	}
}

static struct rb_node **find_link(struct rb_root *root, int key, struct rb_node **parent,
				  bool *leftmost)
{
	struct rb_node **link = &root->node;

	*parent = NULL;
	*leftmost = true;
	while (*link) {
		*parent = *link;
		if (key < rb_entry(*link, struct item, rb)->key) {
			link = &(*link)->left;
		} else {
			link = &(*link)->right;
			*leftmost = false;
		}
	}
	return link;
}

static void reset_items(void)
{
	for (int k = 0; k < KEYS; k++) {
		items[k] = (struct item){ .key = k };
		rb_node_init(&items[k].rb);
	}
}

static void random_changes(bool augmented)
{
	struct rb_root_cached root = { { NULL }, NULL };

	reset_items();
	for (int step = 0; step < 20000; step++) {
		struct item *i = &items[unit_random_below(KEYS)];
		struct rb_node *parent, **link;
		bool leftmost;

		assert_int_equal(rb_node_is_linked(&i->rb), i->present);
		if (i->present && unit_random_below(100) < (step / 4000 % 2 ? 70 : 40)) {
			augmented ? rb_erase_augmented(&i->rb, &root.root, update_item) :
				    rb_erase_cached(&i->rb, &root);
			i->present = false;
		} else if (!i->present) {
			link = find_link(&root.root, i->key, &parent, &leftmost);
			rb_link(&i->rb, parent, link);
			i->present = true;
			if (augmented)
				rb_insert_augmented(&i->rb, &root.root, update_item);
			else
				rb_insert_fix_cached(&i->rb, &root, leftmost);
		}
		if (!augmented)
			assert_ptr_equal(rb_first_cached(&root), rb_first(&root.root));
		if (step % 32 == 0)
			check_tree(&root.root, augmented);
	}
	for (int k = 0; k < KEYS; k++)
		if (items[k].present) {
			augmented ? rb_erase_augmented(&items[k].rb, &root.root, update_item) :
				    rb_erase_cached(&items[k].rb, &root);
			items[k].present = false;
			check_tree(&root.root, augmented);
		}
	assert_true(rb_empty(&root.root));
}

static void test_plain_against_model(void **state)
{
	unit_random_start(__func__);
	random_changes(false);
}

static void test_augmented_against_model(void **state)
{
	unit_random_start(__func__);
	random_changes(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_against_model),
		cmocka_unit_test(test_augmented_against_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
