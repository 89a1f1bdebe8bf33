/* SPDX-License-Identifier: MIT */
/* Tests of mem/frame.h on the real memory of the machine. */
#include "base/ktest.h"
#include "lib/string.h"
#include "mem/frame.h"
#include "mem/inject.h"
#include "sched/thread.h"
#include "sched/mutex.h"

static uint64_t frames_free(void)
{
	struct frame_stats s;

	frame_stats(&s);
	return s.free;
}

KTEST(frame_alloc_gives_aligned_blocks_and_takes_them_back)
{
	uint64_t before = frames_free();

	for (unsigned order = 0; order <= FRAME_ORDER_MAX; order++) {
		struct page *page = frame_alloc(order, ALLOC_KERNEL);

		check(page != NULL);
		check(is_aligned(page_to_pfn(page), 1UL << order));
		check(pfn_valid(page_to_pfn(page)));
		check_equal(page->refs, 1);
		check_equal(frames_free(), before - (1UL << order));
		frame_free(page, order);
		check_equal(frames_free(), before);
	}
}

KTEST(frame_alloc_zeroes)
{
	struct page *page = frame_alloc(0, ALLOC_KERNEL);

	check(page != NULL);
	memset(page_address(page), 0x55, PAGE_SIZE);
	page_put(page);
	page = frame_alloc(0, ALLOC_KERNEL | ALLOC_ZERO);
	check(page != NULL);
	for (size_t i = 0; i < PAGE_SIZE / 8; i++)
		check_equal(((uint64_t *)page_address(page))[i], 0);
	page_put(page);
}

/* Many more than are kept apart; those that are kept come back without being cleared. */
KTEST(frame_free_clean_keeps_zeros_for_who_wants_them)
{
	static struct page *page[100];
	uint64_t before = frames_free();

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++) {
			page[i] = frame_alloc(0, ALLOC_KERNEL | ALLOC_ZERO | ALLOC_TABLES);
			check(page[i] != NULL);
			check_equal(page[i]->refs, 1);
			check_equal(*(uint64_t *)page_address(page[i]), 0);
		}
		check_equal(frames_free(), before - 100);
		for (int i = 0; i < 100; i++) {
			if (i % 3 == 0) {
				memset(page_address(page[i]), 0x55, PAGE_SIZE);
				frame_free(page[i], 0);
			} else {
				frame_free_clean(page[i]);
			}
		}
		check_equal(frames_free(), before);
	}
}

KTEST(frame_references_of_a_tail_are_the_heads)
{
	uint64_t before = frames_free();
	struct page *page = frame_alloc(2, ALLOC_KERNEL);

	check(page != NULL);
	page_get(page + 3);
	check_equal(page->refs, 2);
	page_put(page);
	check_equal(page->refs, 1);
	page_put(page + 2);
	check_equal(frames_free(), before);
}

KTEST(frame_kinds_are_counted)
{
	struct frame_stats before, during, after;
	struct page *user, *tables;

	frame_stats(&before);
	user = frame_alloc(1, ALLOC_KERNEL | ALLOC_USER);
	tables = frame_alloc(0, ALLOC_KERNEL | ALLOC_TABLES);
	frame_stats(&during);
	check(user && tables);
	frame_free(user, 1);
	page_put(tables);
	frame_stats(&after);
	check_equal(during.user, before.user + 2);
	check_equal(during.tables, before.tables + 1);
	check_equal(after.user, before.user);
	check_equal(after.tables, before.tables);
}

/* Linked through the frames themselves, so that any amount of memory can be taken. */
static struct page *take_everything(unsigned mode)
{
	struct page *chain = NULL, *page;

	while ((page = frame_alloc(0, mode))) {
		page->object = chain;
		chain = page;
	}
	return chain;
}

static void give_everything(struct page *chain)
{
	while (chain) {
		struct page *page = chain;

		chain = page->object;
		page_put(page);
	}
}

KTEST(frame_reserve_is_for_atomic_allocations)
{
	uint64_t before = frames_free();
	struct page *chain = take_everything(ALLOC_NOWAIT);
	struct page *page = frame_alloc(0, ALLOC_ATOMIC);
	bool had_reserve = page != NULL;

	if (page)
		page_put(page);
	give_everything(chain);
	check(chain != NULL);
	check(had_reserve);
	check_equal(frames_free(), before);
}

KTEST(frame_blocks_join_again_after_everything_was_taken)
{
	struct page *page;

	give_everything(take_everything(ALLOC_NOWAIT));
	page = frame_alloc(FRAME_ORDER_MAX, ALLOC_KERNEL);
	check(page != NULL);
	frame_free(page, FRAME_ORDER_MAX);
}

#define STORED 32

static struct page *stored[STORED];
static struct completion stored_go, stored_done;

static void give_stored(void *arg)
{
	completion_wait(&stored_go);
	for (unsigned i = 0; i < STORED; i++)
		frame_free(stored[i], 0);
	completion_signal(&stored_done);
}

/* The last free frames lay in the cache of another processor, and a process was killed for want of one. */
KTEST(frame_caches_of_all_processors_are_drained_before_memory_is_out)
{
	uint64_t before = thread_current()->affinity;
	struct page *all, *page;
	unsigned n = 0;

	thread_set_affinity(thread_current(), BIT(0));
	for (unsigned i = 0; i < STORED; i++)
		check((stored[i] = frame_alloc(0, ALLOC_KERNEL)) != NULL);
	completion_init(&stored_go);
	completion_init(&stored_done);
	check(kthread_create_on(BIT(cpu_online_count - 1), "stores", give_stored, NULL) != NULL);
	all = take_everything(ALLOC_KERNEL);
	completion_signal(&stored_go);
	completion_wait(&stored_done);
	while (n < STORED && (page = frame_alloc(0, ALLOC_KERNEL))) {
		page->object = all;
		all = page;
		n++;
	}
	give_everything(all);
	thread_set_affinity(thread_current(), before);
	check(n >= STORED / 2); /* who else runs there may have taken some */
}

KTEST(inject_fails_the_nth_allocation_once)
{
	struct page *page[3];

	check_equal(inject_arm(2), 0);
	for (unsigned i = 0; i < 3; i++)
		page[i] = frame_alloc(0, ALLOC_KERNEL);
	check(page[0] && !page[1] && page[2]);
	check_equal(inject_left(), 0);
	page_put(page[0]);
	page_put(page[2]);
}

KTEST_PANICS(panic_frame_freed_twice)
{
	struct page *page = frame_alloc(0, ALLOC_KERNEL);

	frame_free(page, 0);
	frame_free(page, 0);
}

KTEST_PANICS(panic_frame_written_after_free)
{
	struct page *page = frame_alloc(0, ALLOC_KERNEL);

	frame_free(page, 0);
	*(volatile uint32_t *)page_address(page) = 1;
	frame_alloc(0, ALLOC_KERNEL);
}
