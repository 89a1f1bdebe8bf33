/* SPDX-License-Identifier: MIT */
/* Boot memory and the frame allocator on 64 MiB of the host's memory. */
#include "shim/shim.h"

#include "mem/frame.c"
#include "mem/boot_alloc.h"

static struct boot_info boot;

static void set_up_machine(void)
{
	shim_memory_init();
	boot = (struct boot_info){
		.range = { { 0, 0x9fc00, 1 },
			   { 0x9fc00, 0x100000, 2 },
			   { 0x100000, 0x2345000, 1 },
			   { 0x2345000, 0x3000000, 2 },
			   { 0x3000000, 0x4000000, 1 } },
		.ranges = 5,
		.image_start = 0x100000, .image_end = 0x180000,
		.initrd_start = 0x1000800, .initrd_end = 0x1402010,
	};
}

static void start(void)
{
	buddy.orders = 0;
	buddy.free = buddy.total = 0;
	for (unsigned i = 0; i <= FRAME_ORDER_MAX; i++)
		buddy.first[i] = NULL;
	frame_cache.count = 0;
	frame_counts = (struct frame_counts){ { 0 } };
	set_up_machine();
	boot_alloc_init(&boot);
	frame_init(&boot);
}

static bool in_initrd(paddr_t pa)
{
	return pa >= 0x1000000 && pa < 0x1403000;
}

static void boot_memory_avoids_what_is_in_use(void **state)
{
	paddr_t pa, last = 0;

	set_up_machine();
	boot_alloc_init(&boot);
	while ((pa = boot_alloc_take(PAGE_SIZE, PAGE_SIZE))) {
		assert_true(pa > last && pa >= 0x180000 && !in_initrd(pa));
		assert_true(pa < 0x2345000 || pa >= 0x3000000);
		last = pa;
	}
	assert_true(last == 0x4000000 - PAGE_SIZE);
}

static void boot_memory_is_aligned_and_keeps_the_rest(void **state)
{
	set_up_machine();
	boot_alloc_init(&boot);
	assert_int_equal(boot_alloc_take(MiB(2), MiB(2)), MiB(2));
	assert_int_equal(boot_alloc_take(PAGE_SIZE, PAGE_SIZE), 0x180000);
	assert_int_equal(boot_alloc_take(MiB(8), MiB(4)), MiB(4));
	assert_int_equal(boot_alloc_take(MiB(12), PAGE_SIZE), 0x1403000);
	assert_int_equal(boot_alloc_take(MiB(20), PAGE_SIZE), 0);
	assert_int_equal(upcall_boot_alloc(100), 0x181000);
	assert_int_equal(shim_memory[0x181fff], 0);
}

/* Takes every frame, checks each is free RAM taken once, gives all back. */
static void take_all(uint64_t expected)
{
	static bool seen[SHIM_MEMORY / PAGE_SIZE];
	struct page *chain = NULL, *page;
	uint64_t n = 0;

	memset(seen, 0, sizeof(seen));
	for (; (page = frame_alloc(0, ALLOC_ATOMIC)); n++) {
		paddr_t pa = page_to_phys(page);

		assert_true(pa < SHIM_MEMORY && !seen[pa / PAGE_SIZE] && pfn_valid(pa / PAGE_SIZE));
		assert_true(pa >= KiB(64) && !(pa >= 0x100000 && pa < 0x180000));
		seen[pa / PAGE_SIZE] = true;
		page->object = chain;
		chain = page;
	}
	assert_int_equal(n, expected);
	while (chain) {
		page = chain;
		chain = page->object;
		page_put(page);
	}
}

static void every_frame_is_given_out_once(void **state)
{
	struct frame_stats s;

	start();
	frame_stats(&s);
	take_all(s.free);
	take_all(s.free);
	frame_free_range(boot.initrd_start, boot.initrd_end);
	frame_stats(&s);
	take_all(s.free);
}

static void freeing_a_boot_range_twice_panics(void **state)
{
	start();
	frame_free_range(boot.initrd_start, boot.initrd_end);
	shim_assert_panics(frame_free_range(boot.initrd_start, boot.initrd_end));
}

static void holes_have_no_frames(void **state)
{
	start();
	assert_true(pfn_valid(0) && pfn_valid(0x9e) && pfn_valid(0x100) && pfn_valid(0x3fff));
	assert_false(pfn_valid(0x9f) || pfn_valid(0xff) || pfn_valid(0x2345) || pfn_valid(0x4000));
}

/* Random blocks, each filled with its own number: none overlaps, and all join again. */
static void random_blocks_never_overlap(void **state)
{
	static struct page *block[200];
	static unsigned order[200];
	struct frame_stats before, after;

	start();
	unit_random_start(__func__);
	frame_stats(&before);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned i = (unsigned)unit_random_below(200);

		if (block[i]) {
			uint32_t *p = page_address(block[i]);

			assert_int_equal(p[0], i);
			assert_int_equal(p[(PAGE_SIZE << order[i]) / 4 - 1], i);
			if (unit_random_below(2))
				frame_free(block[i], order[i]);
			else
				page_put(block[i] + unit_random_below(1UL << order[i]));
			block[i] = NULL;
			continue;
		}
		order[i] = (unsigned)unit_random_below(unit_random_below(FRAME_ORDER_MAX + 1) + 1);
		block[i] = frame_alloc(order[i], ALLOC_KERNEL);
		if (block[i]) {
			uint32_t *p = page_address(block[i]);

			assert_true(is_aligned(page_to_pfn(block[i]), 1UL << order[i]));
			p[0] = p[(PAGE_SIZE << order[i]) / 4 - 1] = i;
		}
	}
	for (unsigned i = 0; i < 200; i++)
		if (block[i])
			frame_free(block[i], order[i]);
	frame_stats(&after);
	assert_int_equal(after.free, before.free);
	assert_int_equal(after.kernel, before.kernel);
	drain_own_cache();
	assert_non_null(frame_alloc(FRAME_ORDER_MAX, ALLOC_KERNEL));
}

static uint64_t reclaimed;

static uint64_t reclaim_some(unsigned order, unsigned flags)
{
	struct page *page = zero_page->object;

	if (!page)
		return 0;
	zero_page->object = page->object;
	page_put(page);
	reclaimed++;
	return 1;
}

static void allocations_that_may_sleep_reclaim(void **state)
{
	struct page *page;

	start();
	while ((page = frame_alloc(0, ALLOC_NOWAIT))) {
		page->object = zero_page->object;
		zero_page->object = page;
	}
	frame_set_reclaim(reclaim_some);
	reclaimed = 0;
	assert_non_null(frame_alloc(0, ALLOC_KERNEL));
	assert_int_equal(reclaimed, 1);
	frame_set_reclaim(NULL);
	assert_null(frame_alloc(0, ALLOC_KERNEL));
}

static void misuse_panics(void **state)
{
	struct page *page;

	start();
	page = frame_alloc(0, ALLOC_KERNEL);
	frame_free(page, 0);
	shim_assert_panics(frame_free(page, 0));
	page = frame_alloc(2, ALLOC_KERNEL);
	shim_assert_panics(frame_free(page, 1));
	shim_assert_panics(frame_free(pfn_to_page(0x100), 0));
	page_get(page);
	shim_assert_panics(frame_free(page, 2));
	preempt_disable();
	shim_assert_panics(frame_alloc(0, ALLOC_KERNEL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boot_memory_avoids_what_is_in_use),
		cmocka_unit_test(boot_memory_is_aligned_and_keeps_the_rest),
		cmocka_unit_test(every_frame_is_given_out_once),
		cmocka_unit_test(freeing_a_boot_range_twice_panics),
		cmocka_unit_test(holes_have_no_frames),
		cmocka_unit_test(random_blocks_never_overlap),
		cmocka_unit_test(allocations_that_may_sleep_reclaim),
		cmocka_unit_test(misuse_panics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
