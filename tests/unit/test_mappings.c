/* SPDX-License-Identifier: MIT */
/* Kernel stacks and kernel address ranges, with the mappings of the shim. */
#include "shim/shim.h"

#include "lib/string.h"
#include "mem/kmap.h"
#include "mem/kstack.h"
#include "mem/shrink.h"
#include "mem/slab.h"
#include "mem/vmap.h"

#define SLOTS (KSTACK_SIZE / KSTACK_SLOT)

static int start(void **state)
{
	shim_mem_init();
	vmap_init();
	kstack_init();
	return 0;
}

static uint64_t frames_of(uint64_t (*kind)(const struct frame_stats *s))
{
	struct frame_stats s;

	frame_stats(&s);
	return kind(&s);
}

static uint64_t stacks(const struct frame_stats *s) { return s->stacks; }
static uint64_t all_free(const struct frame_stats *s) { return s->free; }

static void stacks_are_mapped_and_guarded(void **state)
{
	static vaddr_t top[SLOTS];
	paddr_t pa;

	for (unsigned i = 0; i < SLOTS; i++) {
		top[i] = kstack_alloc();
		assert_true(top[i] && is_aligned(top[i], KSTACK_SLOT));
		assert_true(kmap_lookup(top[i] - 1, &pa) && kmap_lookup(top[i] - KSTACK_BYTES, &pa));
		assert_false(kmap_lookup(top[i] - KSTACK_BYTES - 1, &pa));
		for (unsigned j = 0; j < i; j++)
			assert_true(top[i] != top[j]);
	}
	assert_int_equal(kstack_alloc(), 0);
	assert_int_equal(frames_of(stacks), SLOTS * 4);
	for (unsigned i = 0; i < SLOTS; i++)
		if (kstack_free(top[i]))
			kstack_trim();
	assert_true(frames_of(stacks) < 50 * 4);
	while (shrink_run(64, ALLOC_KERNEL))
		;
	assert_true(frames_of(stacks) <= 4 * 4);
}

static void stacks_run_out_of_memory(void **state)
{
	struct page *chain = NULL, *page;
	uint64_t before;

	while ((page = frame_alloc(0, ALLOC_KERNEL))) {
		page->object = chain;
		chain = page;
	}
	before = frames_of(all_free);
	while (kstack_alloc())
		;
	assert_int_equal(frames_of(all_free), before);
	for (; chain; chain = page) {
		page = chain->object;
		page_put(chain);
	}
}

/* The shim panics if an address is mapped again before it was flushed. */
static void ranges_are_reused_after_a_flush(void **state)
{
	static char *p[64];
	uint64_t before = frames_of(all_free);

	unit_random_start(__func__);
	for (unsigned round = 0; round < 5000; round++) {
		unsigned i = (unsigned)unit_random_below(64);

		vmap_free(p[i]);
		p[i] = vmap_alloc(1 + unit_random_below(i % 8 ? KiB(40) : MiB(1)), ALLOC_KERNEL);
		assert_non_null(p[i]);
	}
	for (unsigned i = 0; i < 64; i++)
		vmap_free(p[i]);
	assert_true(frames_of(all_free) + 16 >= before); /* slabs of ranges */
}

static void freeing_a_wild_address_panics(void **state)
{
	char *p = vmap_physical(0xfee00020, 8, MMU_READ);

	assert_int_equal((uint64_t)p % PAGE_SIZE, 0x20);
	shim_assert_panics(vmap_free(p + PAGE_SIZE));
	vmap_free(p);
	shim_assert_panics(vmap_free(p));
	shim_assert_panics(vmap_physical(0x10000, 8, MMU_READ));
	assert_null(vmap_alloc(VMAP_SIZE, ALLOC_KERNEL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_reused_after_a_flush),
		cmocka_unit_test(freeing_a_wild_address_panics),
		cmocka_unit_test(stacks_are_mapped_and_guarded),
		cmocka_unit_test(stacks_run_out_of_memory),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
