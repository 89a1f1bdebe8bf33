/* SPDX-License-Identifier: MIT */
/*
 * lib/btree against an array of cells: cell i holds the number of the entry
 * that covers it. Retired nodes are kept and checked for being left alone
 * until the end of the round, as an RCU reader would need it.
 */
#include "unit.h"

#include <string.h>

#include "lib/btree.h"
#include "lib/errno.h"

#define CELLS 3000

static uintptr_t model[CELLS];	  /* what is committed */
static uintptr_t proposed[CELLS]; /* within the transaction */
static long nodes_live, fail_after = -1;

static struct {
	struct btree_node *node, copy;
} retired[200000];
static size_t retired_count;

static struct btree_node *node_alloc(void)
{
	struct btree_node *node;

	if (fail_after == 0)
		return NULL;
	if (fail_after > 0)
		fail_after--;
	nodes_live++;
	node = malloc(sizeof(*node));
	memset(node, 0xa5, sizeof(*node));
	return node;
}

static void node_free(struct btree_node *node)
{
	nodes_live--;
	free(node);
}

static void node_retire(struct btree_node *node)
{
	assert_true(retired_count < 200000);
	retired[retired_count].copy = *node;
	retired[retired_count++].node = node;
}

static void grace_period(void)
{
	while (retired_count) {
		retired_count--;
		assert_memory_equal(retired[retired_count].node, &retired[retired_count].copy,
				    sizeof(struct btree_node));
		node_free(retired[retired_count].node);
	}
}

static const struct btree_ops ops = { node_alloc, node_free, node_retire };

/* The structure's promises, below node; returns the number of entries. */
static size_t check_node(const struct btree_node *node, bool root)
{
	size_t n = 0;

	assert_in_range(node->count, root ? (node->height ? 2 : 1) : 4, BTREE_SLOTS);
	for (unsigned i = 0; i < node->count; i++) {
		const struct btree_node *child = node->ptr[i];
		uint64_t gap = 0;

		assert_true(node->start[i] < node->end[i]);
		assert_true(i == 0 || node->end[i - 1] <= node->start[i]);
		if (!node->height) {
			n++;
			continue;
		}
		assert_int_equal(child->height, node->height - 1);
		assert_int_equal(child->start[0], node->start[i]);
		assert_int_equal(child->end[child->count - 1], node->end[i]);
		for (unsigned k = 0; k < child->count; k++) {
			if (k && child->start[k] - child->end[k - 1] > gap)
				gap = child->start[k] - child->end[k - 1];
			if (child->height && child->gap[k] > gap)
				gap = child->gap[k];
		}
		assert_int_equal(gap, node->gap[i]);
		n += check_node(child, false);
	}
	return n;
}

static void check_tree(const struct btree *tree, const uintptr_t *cells)
{
	struct btree_cursor cursor;
	struct btree_entry e, walked;
	size_t at = 0, n = 0;
	bool more = btree_seek(tree, 0, &cursor, &walked);

	btree_for_each(tree, e, 0) {
		assert_true(more && walked.start == e.start && walked.value == e.value);
		more = btree_next(tree, &cursor, &walked);
		while (at < e.start)
			assert_int_equal(cells[at++], 0);
		while (at < e.end)
			assert_int_equal(cells[at++], (uintptr_t)e.value);
		n++;
	}
	while (at < CELLS)
		assert_int_equal(cells[at++], 0);
	assert_false(more);
	assert_int_equal(n, tree->root ? check_node(tree->root, true) : 0);
}

static size_t run_end(const uintptr_t *cells, size_t at)
{
	size_t end = at;

	while (end < CELLS && cells[end] == cells[at])
		end++;
	return end;
}

static size_t run_start(const uintptr_t *cells, size_t at)
{
	while (at && cells[at - 1] == cells[at])
		at--;
	return at;
}

static void check_find(const struct btree_txn *txn)
{
	size_t addr = unit_random_below(CELLS), at = addr;
	struct btree_entry e;

	while (at < CELLS && !proposed[at])
		at++;
	assert_int_equal(btree_txn_find(txn, addr, &e), at < CELLS);
	if (at < CELLS) {
		assert_int_equal(e.start, run_start(proposed, at));
		assert_int_equal(e.end, run_end(proposed, at));
		assert_int_equal((uintptr_t)e.value, proposed[at]);
	}
	for (at = addr; at && !proposed[at - 1];)
		at--;
	assert_int_equal(btree_txn_find_prev(txn, addr, &e), at > 0);
	if (at)
		assert_int_equal(e.start, run_start(proposed, at - 1));
}

static bool free_at(size_t start, uint64_t size)
{
	for (size_t i = start; i < start + size; i++)
		if (model[i])
			return false;
	return true;
}

static void check_gap(const struct btree *tree)
{
	uint64_t size = 1 + unit_random_below(unit_random_below(2) ? 8 : 120);
	uint64_t align = 1UL << unit_random_below(5);
	uint64_t low = unit_random_below(CELLS), high = low + unit_random_below(CELLS - low + 1);
	uint64_t lowest = UINT64_MAX, highest = UINT64_MAX, found = UINT64_MAX;

	for (uint64_t s = (low + align - 1) / align * align; s + size <= high; s += align)
		if (free_at(s, size)) {
			lowest = lowest == UINT64_MAX ? s : lowest;
			highest = s;
		}
	if (btree_find_gap(tree, size, align, low, high, BTREE_LOWEST, &found) != 0)
		found = UINT64_MAX;
	assert_int_equal(found, lowest);
	if (btree_find_gap(tree, size, align, low, high, BTREE_HIGHEST, &found) != 0)
		found = UINT64_MAX;
	assert_int_equal(found, highest);
}

static void paint(size_t start, size_t end, uintptr_t value)
{
	for (size_t i = start; i < end; i++)
		proposed[i] = value;
}

static uintptr_t next_value = 1;

static int random_insert(struct btree_txn *txn)
{
	size_t start = unit_random_below(CELLS), end = start + 1 + unit_random_below(6);
	struct btree_entry e = { start, end > CELLS ? CELLS : end, NULL };
	bool clear = true;
	int error;

	e.value = (void *)next_value++;
	for (size_t i = e.start; i < e.end; i++)
		clear = clear && !proposed[i];
	error = btree_insert(txn, &e);
	if (error == -ENOMEM)
		return error;
	assert_int_equal(error, clear ? 0 : -EEXIST);
	if (clear)
		paint(e.start, e.end, (uintptr_t)e.value);
	return 0;
}

static int random_erase(struct btree_txn *txn)
{
	size_t at = unit_random_below(CELLS), start;
	int error;

	while (at < CELLS - 1 && !proposed[at])
		at++;
	start = run_start(proposed, at);
	error = btree_erase(txn, start);
	if (error == -ENOMEM)
		return error;
	assert_int_equal(error, proposed[at] ? 0 : -ENOENT);
	if (!error)
		paint(start, run_end(proposed, start), 0);
	return 0;
}

static int random_replace(struct btree_txn *txn)
{
	size_t at = unit_random_below(CELLS), start = run_start(proposed, at);
	size_t end = run_end(proposed, at);
	struct btree_entry e = { start + unit_random_below(3), end + unit_random_below(3) - 1,
				 NULL };
	bool clear = true;
	int error;

	if (e.end > CELLS || e.end <= e.start)
		return 0;
	e.value = (void *)next_value++;
	for (size_t i = end; i < e.end; i++)
		clear = clear && !proposed[i];
	error = btree_replace(txn, start, &e);
	if (error == -ENOMEM)
		return error;
	assert_int_equal(error, !proposed[at] ? -ENOENT : clear ? 0 : -EEXIST);
	if (!error) {
		paint(start, end, 0);
		paint(e.start, e.end, (uintptr_t)e.value);
	}
	return 0;
}

static void random_transaction(struct btree *tree, unsigned fill)
{
	unsigned operations = 1 + (unsigned)unit_random_below(6);
	struct btree_txn txn;
	int error = 0;

	memcpy(proposed, model, sizeof(model));
	btree_begin(&txn, tree);
	if (unit_random_below(4) == 0) {
		assert_int_equal(btree_reserve(&txn, operations), 0);
		fail_after = 0;
	} else if (unit_random_below(4) == 0) {
		fail_after = (long)unit_random_below(10);
	}
	while (operations-- && !error) {
		unsigned dice = (unsigned)unit_random_below(100);

		error = dice < 20   ? random_replace(&txn) :
			dice < fill ? random_insert(&txn) :
				      random_erase(&txn);
		check_find(&txn);
	}
	if (fail_after == 0 && unit_random_below(2))
		assert_true(error == 0 || error == -ENOMEM);
	fail_after = -1;
	if (error || unit_random_below(10) == 0) {
		btree_abort(&txn);
	} else {
		btree_commit(&txn);
		memcpy(model, proposed, sizeof(model));
	}
}

static void test_against_model(void **state)
{
	struct btree tree;

	unit_random_start(__func__);
	btree_init(&tree, &ops);
	for (int step = 0; step < 12000; step++) {
		random_transaction(&tree, step % 4000 < 1500 ? 85 : step % 4000 < 2500 ? 60 : 30);
		if (step % 8 == 0)
			check_gap(&tree);
		if (step % 32 == 0)
			check_tree(&tree, model);
		if (step % 1000 == 999)
			grace_period();
	}
	grace_period();
	btree_destroy(&tree);
	assert_int_equal(nodes_live, 0);
}

/* What was reserved is enough: no operation asks for more. */
static void test_reserved_operations_do_not_fail(void **state)
{
	struct btree_entry e;
	struct btree_txn txn;
	struct btree tree;
	unsigned n = 0;

	unit_random_start(__func__);
	btree_init(&tree, &ops);
	while (n < 5000) {
		unsigned operations = 1 + (unsigned)unit_random_below(20);

		btree_begin(&txn, &tree);
		assert_int_equal(btree_reserve(&txn, operations), 0);
		fail_after = 0;
		while (operations--) {
			uint64_t at = unit_random_below(20000);

			e = (struct btree_entry){ at * 2, at * 2 + 1, &tree };
			assert_int_not_equal(n % 7 == 6 ? btree_erase(&txn, at * 2) :
							  btree_insert(&txn, &e),
					     -ENOMEM);
			n++;
		}
		fail_after = -1;
		btree_commit(&txn);
	}
	n = (unsigned)check_node(tree.root, true);
	while (btree_find(&tree, unit_random_below(40000), &e) || btree_find(&tree, 0, &e)) {
		btree_begin(&txn, &tree);
		assert_int_equal(btree_reserve(&txn, 1), 0);
		fail_after = 0;
		assert_int_equal(btree_erase(&txn, e.start), 0);
		fail_after = -1;
		btree_commit(&txn);
		if (n-- % 64 == 0)
			check_node(tree.root, true);
	}
	assert_int_equal(n, 0);
	assert_true(btree_is_empty(&tree));
	grace_period();
	assert_int_equal(nodes_live, 0);
}

static void test_ends_of_the_number_line(void **state)
{
	struct btree_entry e = { UINT64_MAX - 4096, UINT64_MAX, &e }, low = { 0, 4096, &low }, got;
	struct btree_txn txn;
	struct btree tree;
	uint64_t found;

	btree_init(&tree, &ops);
	assert_int_equal(btree_find_gap(&tree, 4096, 4096, 0, 8192, BTREE_LOWEST, &found), 0);
	assert_int_equal(found, 0);
	btree_begin(&txn, &tree);
	assert_int_equal(btree_insert(&txn, &e), 0);
	assert_int_equal(btree_insert(&txn, &low), 0);
	btree_commit(&txn);
	assert_true(btree_find(&tree, UINT64_MAX - 1, &got));
	assert_false(btree_find(&tree, UINT64_MAX, &got));
	assert_false(btree_find_prev(&tree, 0, &got));
	assert_true(btree_find_prev(&tree, UINT64_MAX, &got));
	assert_ptr_equal(got.value, &e);
	assert_int_equal(btree_find_gap(&tree, 4096, 1UL << 63, 1, UINT64_MAX, BTREE_LOWEST, &found),
			 0);
	assert_int_equal(found, 1UL << 63);
	assert_int_equal(btree_find_gap(&tree, UINT64_MAX, 1, 0, UINT64_MAX, BTREE_HIGHEST, &found),
			 -ENOMEM);
	assert_int_equal(btree_find_gap(&tree, 4096, 1, 0, 4097, BTREE_LOWEST, &found), -ENOMEM);
	grace_period();
	btree_destroy(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_reserved_operations_do_not_fail),
		cmocka_unit_test(test_ends_of_the_number_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
