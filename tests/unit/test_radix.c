/* SPDX-License-Identifier: MIT */
/* lib/radix against a sorted array, with keys of every size. */
#include "unit.h"

#include "lib/errno.h"
#include "lib/radix.h"

#define KEYS 600

static int nodes_live, nodes_deferred;
static bool out_of_memory;

static struct radix_node *node_alloc(void)
{
	if (out_of_memory)
		return NULL;
	nodes_live++;
	return malloc(sizeof(struct radix_node));
}

static void node_free(struct radix_node *node)
{
	nodes_live--;
	free(node);
}

static void node_free_deferred(struct radix_node *node)
{
	nodes_deferred++;
	node_free(node);
}

static const struct radix_ops ops = { node_alloc, node_free, node_free_deferred };

/* The model: keys in ascending order, each present or not. */
static struct {
	uint64_t key;
	void *value;
	bool tags[3];
} model[KEYS];

static int compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void make_keys(void)
{
	uint64_t keys[KEYS] = { 0, UINT64_MAX, UINT64_MAX - 1, 63, 64, 4095, 4096 };

	for (int i = 7; i < KEYS; i++)
		keys[i] = i < KEYS / 2 ? unit_random_below(KEYS * 4) :
					 unit_random() >> unit_random_below(64);
	qsort(keys, KEYS, sizeof(keys[0]), compare_keys);
	for (int i = 0; i < KEYS; i++)
		model[i].key = keys[i];
}

static bool duplicate_key(int i)
{
	return (i && model[i - 1].key == model[i].key) ||
	       (i + 1 < KEYS && model[i + 1].key == model[i].key);
}

static int insert(struct radix *r, uint64_t key, void *value)
{
	struct radix_pool pool;
	int error, rounds = 0;

	radix_pool_init(&pool, &ops);
	do {
		error = radix_pool_fill(&pool);
		if (error)
			break;
		assert_true(rounds++ < 2);
		error = radix_insert(r, &pool, key, value);
	} while (error == -EAGAIN);
	assert_true(error || pool.count == 0); /* the need was exact */
	radix_pool_drain(&pool);
	return error;
}

static void check_search(const struct radix *r, int tag)
{
	uint64_t from = model[unit_random_below(KEYS)].key + unit_random_below(3) - 1;
	uint64_t last = model[unit_random_below(KEYS)].key, index = from;
	void *want = NULL;
	uint64_t want_index = 0;

	for (int i = 0; i < KEYS && !want; i++)
		if (model[i].key >= from && model[i].key <= last && model[i].value &&
		    (tag == RADIX_PRESENT || model[i].tags[tag])) {
			want = model[i].value;
			want_index = model[i].key;
		}
	assert_ptr_equal(radix_find_tagged(r, &index, last, (enum radix_tag)tag), want);
	if (want)
		assert_int_equal(index, want_index);
}

static void check_run(const struct radix *r)
{
	uint64_t from = model[unit_random_below(KEYS)].key;
	unsigned n = (unsigned)unit_random_below(150) + 1;
	void *entries[150];

	if (from > UINT64_MAX - n)
		return;
	radix_lookup_run(r, from, n, entries);
	for (unsigned i = 0; i < n; i++)
		assert_ptr_equal(entries[i], radix_lookup(r, from + i));
}

static void check_all(const struct radix *r)
{
	uint64_t index, count = 0;
	void *entry;
	int i = 0;

	radix_for_each(r, entry, index, 0, UINT64_MAX) {
		while (!model[i].value)
			i++;
		assert_int_equal(index, model[i].key);
		assert_ptr_equal(entry, model[i].value);
		for (int t = 0; t < 3; t++)
			assert_int_equal(radix_get_tag(r, index, (enum radix_tag)t),
					 model[i].tags[t]);
		i++;
		count++;
	}
	while (i < KEYS)
		assert_null(model[i++].value);
	assert_int_equal(count, r->count);
	for (int t = 0; t < 3; t++) {
		bool any = false;

		for (i = 0; i < KEYS; i++)
			any |= model[i].tags[t];
		assert_int_equal(radix_any_tagged(r, (enum radix_tag)t), any);
	}
}

static void flip_tag(struct radix *r, int i, int t)
{
	bool on = unit_random_below(2);

	if (on)
		radix_set_tag(r, model[i].key, (enum radix_tag)t);
	else
		radix_clear_tag(r, model[i].key, (enum radix_tag)t);
	model[i].tags[t] = on && model[i].value;
}

static void random_step(struct radix *r, int fill)
{
	int i = (int)unit_random_below(KEYS);
	void *value = (void *)(unit_random() << 4 | 16);

	if (duplicate_key(i))
		return;
	assert_ptr_equal(radix_lookup(r, model[i].key), model[i].value);
	switch (unit_random_below(4)) {
	case 0:
		assert_ptr_equal(radix_replace(r, model[i].key, value), model[i].value);
		if (model[i].value)
			model[i].value = value;
		break;
	case 1:
		flip_tag(r, i, (int)unit_random_below(3));
		break;
	default:
		if ((int)unit_random_below(100) < fill) {
			assert_int_equal(insert(r, model[i].key, value),
					 model[i].value ? -EEXIST : 0);
			if (!model[i].value)
				model[i].value = value;
		} else {
			assert_ptr_equal(radix_erase(r, model[i].key), model[i].value);
			model[i].value = NULL;
			for (int t = 0; t < 3; t++)
				model[i].tags[t] = false;
		}
	}
	check_search(r, (int)unit_random_below(4));
	check_run(r);
}

static void test_against_model(void **state)
{
	unit_random_start(__func__);
	for (int round = 0; round < 6; round++) {
		struct radix r;

		make_keys();
		for (int i = 0; i < KEYS; i++) {
			model[i].value = NULL;
			model[i].tags[0] = model[i].tags[1] = model[i].tags[2] = false;
		}
		radix_init(&r, &ops);
		for (int step = 0; step < 12000; step++) {
			random_step(&r, step % 6000 < 2500 ? 75 : step % 6000 < 5000 ? 30 : 1);
			if (step % 500 == 0)
				check_all(&r);
		}
		check_all(&r);
		radix_destroy(&r);
		assert_int_equal(nodes_live, 0);
		assert_true(radix_is_empty(&r));
	}
	assert_true(nodes_deferred > 0);
}

static void test_one_entry_at_zero_needs_no_node(void **state)
{
	struct radix r;

	radix_init(&r, &ops);
	assert_int_equal(insert(&r, 0, &r), 0);
	assert_int_equal(nodes_live, 0);
	assert_int_equal(insert(&r, 0, &r), -EEXIST);
	radix_set_tag(&r, 0, RADIX_DIRTY);
	assert_int_equal(insert(&r, 5000, &r), 0);
	assert_int_equal(nodes_live, 5); /* three levels to 0, two more to 5000 */
	assert_true(radix_get_tag(&r, 0, RADIX_DIRTY));
	assert_false(radix_get_tag(&r, 5000, RADIX_DIRTY));
	assert_ptr_equal(radix_erase(&r, 5000), &r);
	assert_int_equal(nodes_live, 0);
	assert_true(radix_get_tag(&r, 0, RADIX_DIRTY));
	assert_ptr_equal(radix_erase(&r, 0), &r);
	assert_null(r.top);
}

static void test_no_memory_changes_nothing(void **state)
{
	struct radix r;

	radix_init(&r, &ops);
	assert_int_equal(insert(&r, 7, &r), 0);
	out_of_memory = true;
	assert_int_equal(insert(&r, 1UL << 40, &r), -ENOMEM);
	assert_int_equal(insert(&r, 8, &r), 0);
	out_of_memory = false;
	assert_null(radix_lookup(&r, 1UL << 40));
	assert_int_equal(r.count, 2);
	radix_destroy(&r);
	assert_int_equal(nodes_live, 0);
}

static void test_copy_tag_and_holes(void **state)
{
	struct radix r;

	radix_init(&r, &ops);
	for (uint64_t i = 0; i < 300; i++)
		if (i != 200)
			assert_int_equal(insert(&r, i, &r), 0);
	for (uint64_t i = 0; i < 300; i += 3)
		radix_set_tag(&r, i, RADIX_DIRTY);
	radix_copy_tag(&r, 10, 100, RADIX_DIRTY, RADIX_TOWRITE);
	for (uint64_t i = 0; i < 300; i++)
		assert_int_equal(radix_get_tag(&r, i, RADIX_TOWRITE),
				 i % 3 == 0 && i >= 10 && i <= 100);
	assert_int_equal(radix_find_hole(&r, 0, 1000), 200);
	assert_int_equal(radix_find_hole(&r, 0, 50), 51);
	assert_int_equal(radix_find_hole(&r, 201, 1000), 300);
	assert_int_equal(radix_find_hole(&r, 400, 1000), 400);
	radix_destroy(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_one_entry_at_zero_needs_no_node),
		cmocka_unit_test(test_no_memory_changes_nothing),
		cmocka_unit_test(test_copy_tag_and_holes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
