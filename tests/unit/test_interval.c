/* SPDX-License-Identifier: MIT */
/*
 * vm/interval against a list: random intervals come and go, and every query must
 * give all that meet the range, in order of their first index.
 */
#include "unit.h"

#include "vm/interval.c"

#define COUNT 300
#define SPAN  1000

static struct interval interval[COUNT];
static bool inside[COUNT];
static struct rb_root root;

static uint64_t next_first(uint64_t first, uint64_t last, uint64_t from, unsigned *expected)
{
	uint64_t best = UINT64_MAX;

	*expected = 0;
	for (unsigned i = 0; i < COUNT; i++) {
		if (!inside[i] || interval[i].first > last || interval[i].last < first)
			continue;
		++*expected;
		if (interval[i].first >= from && interval[i].first < best)
			best = interval[i].first;
	}
	return best;
}

static void check_query(uint64_t first, uint64_t last)
{
	unsigned expected, seen = 0;
	uint64_t from = 0;

	(void)next_first(first, last, 0, &expected);
	for (struct interval *i = interval_first(&root, first, last); i; i = interval_next(i, first, last)) {
		assert_true(i->first <= last && i->last >= first);
		assert_true(i->first >= from);
		assert_int_equal(i->first, next_first(first, last, from > i->first ? from : i->first, &expected));
		from = i->first;
		seen++;
	}
	assert_int_equal(seen, expected);
}

static void test_against_list(void **state)
{
	unit_random_start("interval");
	for (unsigned step = 0; step < 4000; step++) {
		unsigned i = (unsigned)unit_random_below(COUNT);
		uint64_t first = unit_random_below(SPAN);

		if (inside[i]) {
			interval_remove(&root, &interval[i]);
		} else {
			interval[i].first = first;
			interval[i].last = first + unit_random_below(unit_random_below(8) ? 20 : SPAN);
			interval_insert(&root, &interval[i]);
		}
		inside[i] = !inside[i];
		if (step % 4 == 0) {
			first = unit_random_below(SPAN);
			check_query(first, first + unit_random_below(50));
		}
	}
	check_query(0, UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_against_list) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
