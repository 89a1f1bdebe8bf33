/* SPDX-License-Identifier: MIT */
/* Tests of mem/vmap.h and mem/kstack.h. */
#include "base/ktest.h"
#include "lib/string.h"
#include "mem/frame.h"
#include "mem/inject.h"
#include "mem/kstack.h"
#include "mem/vmap.h"
#include "sched/work.h"

static uint64_t frames_free(void)
{
	struct frame_stats s;

	frame_stats(&s);
	return s.free + s.maps; /* they stay */
}

KTEST(vmap_alloc_maps_frames_and_gives_them_back)
{
	uint64_t before;
	char *p = vmap_alloc(5 * PAGE_SIZE + 1, ALLOC_KERNEL | ALLOC_ZERO);

	check(p != NULL);
	vmap_free(p);
	before = frames_free();
	p = vmap_alloc(5 * PAGE_SIZE + 1, ALLOC_KERNEL | ALLOC_ZERO);
	check(p != NULL);
	for (size_t i = 0; i < 5 * PAGE_SIZE + 1; i += 64)
		check_equal(p[i], 0);
	memset(p, 0x77, 5 * PAGE_SIZE + 1);
	vmap_free(p);
	check_equal(frames_free(), before);
}

KTEST(vmap_ranges_are_used_again_and_do_not_overlap)
{
	static char *p[32];

	for (unsigned round = 0; round < 200; round++) {
		unsigned i = (unsigned)(ktest_random() % 32);

		if (p[i])
			check_equal(p[i][0], i);
		vmap_free(p[i]);
		p[i] = vmap_alloc(1 + ktest_random() % (64 * PAGE_SIZE), ALLOC_KERNEL);
		check(p[i] != NULL);
		p[i][0] = (char)i;
	}
	for (unsigned i = 0; i < 32; i++) {
		vmap_free(p[i]);
		p[i] = NULL;
	}
}

/* Thrice, for a thread of the test before may still be going. */
KTEST(vmap_alloc_unwinds_wherever_it_fails)
{
	int64_t lost = INT64_MAX;

	for (int try = 0; try < 3; try++) {
		uint64_t before = frames_free();

		check_equal(inject_arm(1), 0);
		check(vmap_alloc(10 * PAGE_SIZE, ALLOC_KERNEL) == NULL);
		check(vmap_alloc(VMAP_SIZE, ALLOC_NOWAIT) == NULL);
		lost = min(lost, (int64_t)(before - frames_free()));
	}
	check(lost <= 0);
}

KTEST(vmap_physical_maps_the_bytes_asked_for)
{
	/* The local interrupt controller's page is no RAM, and nothing is read from it here. */
	char *p = vmap_physical(0xfee00020, 4, MMU_READ | MMU_WRITE | MMU_NOCACHE);

	check(p != NULL);
	check_equal((vaddr_t)p % PAGE_SIZE, 0x20);
	vmap_free(p);
}

KTEST(kstack_hundreds_of_stacks)
{
	static vaddr_t top[300];

	for (unsigned i = 0; i < 300; i++) {
		top[i] = kstack_alloc();
		check(top[i] != 0);
		check(kstack_is_guard(top[i] - KSTACK_BYTES - 1));
		check(!kstack_is_guard(top[i] - KSTACK_BYTES));
		*(uint64_t *)(top[i] - 8) = i;
		*(uint64_t *)(top[i] - KSTACK_BYTES) = i;
	}
	for (unsigned i = 0; i < 300; i++) {
		check_equal(*(uint64_t *)(top[i] - 8), i);
		check_equal(*(uint64_t *)(top[i] - KSTACK_BYTES), i);
		if (kstack_free(top[i]))
			kstack_trim();
	}
}

static uint64_t tables_now(void)
{
	struct frame_stats s;

	work_settle();
	frame_stats(&s);
	return s.tables;
}

/* A thread made while a test ran seemed to leave tables of the test's space behind. */
KTEST(kstack_tables_are_not_counted_with_those_of_programs)
{
	static vaddr_t top[200];
	uint64_t before = tables_now();

	for (unsigned i = 0; i < 200; i++)
		top[i] = kstack_alloc();
	check_equal(tables_now(), before);
	for (unsigned i = 0; i < 200; i++)
		if (top[i] && kstack_free(top[i]))
			kstack_trim();
}

KTEST(kstack_alloc_can_be_made_to_fail)
{
	vaddr_t top;

	check_equal(inject_arm(1), 0);
	check_equal(kstack_alloc(), 0);
	top = kstack_alloc();
	check(top != 0);
	kstack_free(top);
}
