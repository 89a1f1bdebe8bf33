/* SPDX-License-Identifier: MIT */
/* The slab allocator above the real frame allocator, on the host. */
#include "shim/shim.h"

#include "lib/string.h"
#include "mem/inject.h"
#include "mem/shrink.h"
#include "mem/slab.h"

static int start(void **state)
{
	shim_mem_init();
	return 0;
}

static uint64_t frames_free(void)
{
	struct frame_stats s;

	frame_stats(&s);
	return s.free;
}

/* Random sizes, each filled with its own number to the last byte. */
static void random_sizes_never_overlap(void **state)
{
	static uint8_t *object[2000];
	static size_t size[2000];

	unit_random_start(__func__);
	for (unsigned round = 0; round < 60000; round++) {
		unsigned i = (unsigned)unit_random_below(2000);

		if (object[i]) {
			assert_int_equal(object[i][0], i & 0xff);
			assert_int_equal(object[i][size[i] - 1], i & 0xff);
			kfree(object[i]);
			object[i] = NULL;
			continue;
		}
		size[i] = 1 + unit_random_below(1 + unit_random_below(i % 64 ? 1200 : 20000));
		object[i] = kmalloc(size[i], ALLOC_KERNEL);
		assert_non_null(object[i]);
		assert_true(is_aligned((uint64_t)object[i], 16));
		memset(object[i], (int)i, size[i]);
	}
	for (unsigned i = 0; i < 2000; i++)
		kfree(object[i]);
}

static void objects_are_aligned_as_asked(void **state)
{
	for (size_t align = 8; align <= PAGE_SIZE; align *= 2) {
		struct kcache *c = kcache_create("aligned", 24, align);

		for (unsigned i = 0; i < 50; i++)
			assert_true(is_aligned((uint64_t)kcache_alloc(c, ALLOC_KERNEL), align));
	}
	for (size_t size = 16; size <= PAGE_SIZE; size *= 2)
		assert_true(is_aligned((uint64_t)kmalloc(size, ALLOC_KERNEL), size));
	assert_true(is_aligned((uint64_t)kmalloc(700, ALLOC_KERNEL), 64));
}

static void empty_slabs_are_given_back(void **state)
{
	struct kcache *c = kcache_create("giving", 200, 8);
	static void *object[5000];
	uint64_t before = frames_free();

	for (unsigned i = 0; i < 5000; i++)
		object[i] = kcache_alloc(c, ALLOC_KERNEL);
	assert_true(frames_free() < before - 200);
	for (unsigned i = 0; i < 5000; i++)
		kcache_free(c, object[i]);
	shrink_run(UINT64_MAX, ALLOC_KERNEL);
	assert_true(frames_free() >= before);
}

static void memory_runs_out_and_comes_back(void **state)
{
	void **chain = NULL, **p;
	uint64_t before;

	shrink_run(UINT64_MAX, ALLOC_KERNEL);
	before = frames_free();
	while ((p = kmalloc(2000, ALLOC_KERNEL))) {
		*p = chain;
		chain = p;
	}
	assert_null(kmalloc(2000, ALLOC_NOWAIT));
	while (chain) {
		p = *chain;
		kfree(chain);
		chain = p;
	}
	shrink_run(UINT64_MAX, ALLOC_KERNEL);
	assert_true(frames_free() + 8 >= before); /* a magazine or so */
}

static void krealloc_as_realloc(void **state)
{
	char *p = krealloc(NULL, 10, ALLOC_KERNEL);

	strlcpy(p, "123456789", 10);
	for (size_t n = 16; n < 100000; n = n * 3 / 2) {
		p = krealloc(p, n, ALLOC_KERNEL);
		assert_string_equal(p, "123456789");
		p[n - 1] = 'x';
		p[9] = '\0';
	}
	p = krealloc(p, 10, ALLOC_KERNEL);
	assert_string_equal(p, "123456789");
	assert_null(krealloc(p, 0, ALLOC_KERNEL));
	assert_null(kcalloc(SIZE_MAX / 4, 5, ALLOC_KERNEL));
}

static void every_allocation_can_be_made_to_fail(void **state)
{
	for (uint64_t n = 1; n < 4; n++) {
		assert_int_equal(inject_arm(n), 0);
		for (uint64_t i = 1; i < 4; i++) {
			void *p = kmalloc(5000, ALLOC_KERNEL);

			assert_int_equal(p == NULL, i == n);
			kfree(p);
		}
		assert_int_equal(inject_left(), 0);
	}
}

static void misuse_panics(void **state)
{
	char *p = kmalloc(100, ALLOC_KERNEL), *q;

	kfree(p);
	shim_assert_panics(kfree(p));
	p = kmalloc(100, ALLOC_KERNEL);
	p[128] = 1;
	shim_assert_panics(kfree(p));
	p = kmalloc(300, ALLOC_KERNEL);
	shim_assert_panics(kfree(p + 16));
	q = kmalloc(40, ALLOC_KERNEL);
	kfree(q);
	q[7] = 1;
	shim_assert_panics(for (int i = 0; i < 100; i++) kmalloc(40, ALLOC_KERNEL));
	preempt_disable();
	shim_assert_panics(kmalloc(40, ALLOC_KERNEL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sizes_never_overlap),
		cmocka_unit_test(objects_are_aligned_as_asked),
		cmocka_unit_test(empty_slabs_are_given_back),
		cmocka_unit_test(memory_runs_out_and_comes_back),
		cmocka_unit_test(krealloc_as_realloc),
		cmocka_unit_test(every_allocation_can_be_made_to_fail),
		cmocka_unit_test(misuse_panics),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
