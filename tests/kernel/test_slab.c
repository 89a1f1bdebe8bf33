/* SPDX-License-Identifier: MIT */
/* Tests of mem/slab.h. */
#include "base/ktest.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/inject.h"
#include "mem/slab.h"

KTEST(kmalloc_objects_do_not_overlap)
{
	static uint8_t *object[64];
	static size_t size[64];

	for (unsigned i = 0; i < 64; i++) {
		size[i] = 1 + ktest_random() % (i % 8 ? 600 : 20000);
		object[i] = kmalloc(size[i], ALLOC_KERNEL);
		check(object[i] != NULL);
		check(is_aligned((vaddr_t)object[i], 16));
		memset(object[i], (int)i, size[i]);
	}
	for (unsigned i = 0; i < 64; i++) {
		check_equal(object[i][0], i);
		check_equal(object[i][size[i] - 1], i);
		kfree(object[i]);
	}
}

KTEST(kmalloc_powers_of_two_are_aligned_to_their_size)
{
	for (size_t size = 16; size <= KiB(16); size *= 2) {
		void *p = kmalloc(size, ALLOC_KERNEL);

		check(p != NULL);
		check(is_aligned((vaddr_t)p, min(size, PAGE_SIZE)));
		kfree(p);
	}
}

KTEST(kzalloc_zeroes_what_was_used_before)
{
	for (unsigned i = 0; i < 100; i++) {
		uint8_t *p = kzalloc(200, ALLOC_KERNEL);

		check(p != NULL);
		for (unsigned j = 0; j < 200; j++)
			check_equal(p[j], 0);
		memset(p, 0xff, 200);
		kfree(p);
	}
}

KTEST(kcalloc_refuses_products_that_overflow)
{
	check(kcalloc(SIZE_MAX / 2, 3, ALLOC_KERNEL) == NULL);
	check(kmalloc(SIZE_MAX, ALLOC_KERNEL) == NULL);
	check(kmalloc(MiB(5), ALLOC_KERNEL) == NULL);
}

KTEST(krealloc_keeps_the_contents)
{
	char *p = kstrdup("something to keep", ALLOC_KERNEL);

	for (size_t size = 32; p && size <= KiB(64); size *= 2)
		p = krealloc(p, size, ALLOC_KERNEL);
	check(p != NULL);
	check(strcmp(p, "something to keep") == 0);
	p = krealloc(p, 18, ALLOC_KERNEL);
	check(strcmp(p, "something to keep") == 0);
	check(krealloc(p, 0, ALLOC_KERNEL) == NULL);
}

struct usage {
	const char *name;
	uint64_t used;
};

static void find_usage(void *arg, const struct kcache_stats *s)
{
	struct usage *u = arg;

	if (strcmp(s->name, u->name) == 0)
		u->used = s->used;
}

KTEST(kcache_counts_its_objects)
{
	static struct kcache *cache;
	static void *object[500];
	struct usage u = { .name = "ktest" };

	if (!cache)
		cache = kcache_create("ktest", 40, 8);
	for (unsigned i = 0; i < 500; i++)
		object[i] = kcache_alloc(cache, ALLOC_KERNEL);
	kcache_for_each(find_usage, &u);
	for (unsigned i = 0; i < 500; i++)
		kcache_free(cache, object[i]);
	check_equal(u.used, 500);
	kcache_for_each(find_usage, &u);
	check_equal(u.used, 0);
}

KTEST(kmalloc_can_be_made_to_fail)
{
	void *p;

	check_equal(inject_arm(1), 0);
	check(kmalloc(100, ALLOC_KERNEL) == NULL);
	p = kmalloc(100, ALLOC_KERNEL);
	check(p != NULL);
	kfree(p);
}

KTEST_PANICS(panic_slab_freed_twice)
{
	void *p = kmalloc(100, ALLOC_KERNEL);

	kfree(p);
	kfree(p);
}

KTEST_PANICS(panic_slab_overrun)
{
	char *p = kmalloc(64, ALLOC_KERNEL);

	*(volatile char *)(p + 64) = 1;
	kfree(p);
}

KTEST_PANICS(panic_slab_written_after_free)
{
	char *p = kmalloc(64, ALLOC_KERNEL);

	kfree(p);
	*(volatile char *)(p + 10) = 1;
	for (unsigned i = 0; i < 64; i++)
		kmalloc(64, ALLOC_KERNEL);
}
