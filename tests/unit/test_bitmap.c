/* SPDX-License-Identifier: MIT */
/* lib/bitmap against an array of bytes. */
#include "unit.h"

#include "lib/bitmap.h"

#define SIZE 10007

static uint64_t storage[BITMAP_STORAGE_WORDS(SIZE)];
static uint8_t model[SIZE];

static size_t model_next(size_t from, uint8_t value)
{
	for (size_t i = from; i < SIZE; i++)
		if (model[i] == value)
			return i;
	return BITMAP_NONE;
}

static size_t model_zeros(size_t from, size_t n, size_t align)
{
	for (size_t i = (from + align - 1) / align * align; i + n <= SIZE; i += align) {
		size_t k = 0;

		while (k < n && !model[i + k])
			k++;
		if (k == n)
			return i;
	}
	return BITMAP_NONE;
}

static void check_searches(const struct bitmap *b)
{
	size_t from = unit_random_below(SIZE), n = 1 + unit_random_below(200);
	size_t align = (size_t)1 << unit_random_below(8), want;

	assert_int_equal(bitmap_next_zero(b, from), model_next(from, 0));
	assert_int_equal(bitmap_next_one(b, from), model_next(from, 1));
	want = model_zeros(from, n, align);
	if (want == BITMAP_NONE)
		want = model_zeros(0, n, align);
	assert_int_equal(bitmap_find_zeros(b, from, n, align), want);
	want = model_next(from, 0);
	assert_int_equal(bitmap_find_zero(b, from),
			 want == BITMAP_NONE ? model_next(0, 0) : want);
}

static void test_against_model(void **state)
{
	struct bitmap b;

	unit_random_start(__func__);
	bitmap_init(&b, storage, SIZE);
	for (int step = 0; step < 20000; step++) {
		size_t i = unit_random_below(SIZE), n = 1 + unit_random_below(300), taken = 0;
		bool on = unit_random_below(step % 8000 > 4000 ? 5 : 2) != 0;

		n = n > SIZE - i ? SIZE - i : n;
		if (unit_random_below(2)) {
			n = 1;
			on ? bitmap_set(&b, i) : bitmap_clear(&b, i);
		} else {
			on ? bitmap_set_range(&b, i, n) : bitmap_clear_range(&b, i, n);
		}
		for (size_t k = i; k < i + n; k++)
			model[k] = on;
		assert_int_equal(bitmap_test(&b, i), on);
		if (step % 16)
			continue;
		check_searches(&b);
		for (size_t k = 0; k < SIZE; k++)
			taken += model[k];
		assert_int_equal(bitmap_count_free(&b), SIZE - taken);
	}
}

static void test_take_all(void **state)
{
	for (size_t size = 1; size < 9000; size = size * 3 + 1) {
		struct bitmap b;

		bitmap_init(&b, storage, size);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(bitmap_take(&b, size / 2), (i + size / 2) % size);
		assert_int_equal(bitmap_take(&b, 0), BITMAP_NONE);
		assert_int_equal(bitmap_find_zeros(&b, 0, 1, 1), BITMAP_NONE);
		bitmap_clear(&b, size - 1);
		assert_int_equal(bitmap_take(&b, 0), size - 1);
	}
}

static void test_ranges_at_the_end(void **state)
{
	struct bitmap b;

	bitmap_init(&b, storage, 130);
	assert_int_equal(bitmap_find_zeros(&b, 0, 130, 1), 0);
	assert_int_equal(bitmap_find_zeros(&b, 0, 131, 1), BITMAP_NONE);
	assert_int_equal(bitmap_find_zeros(&b, 129, 1, 1), 129);
	assert_int_equal(bitmap_find_zeros(&b, 100, 2, 128), 128);
	assert_int_equal(bitmap_find_zeros(&b, 100, 3, 128), 0);
	assert_int_equal(bitmap_next_one(&b, 0), BITMAP_NONE);
	assert_int_equal(bitmap_next_zero(&b, 130), BITMAP_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_take_all),
		cmocka_unit_test(test_ranges_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
