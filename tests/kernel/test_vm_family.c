/* SPDX-License-Identifier: MIT */
/* An area enters its family by the first private page, and leaves it when it is unmapped, perhaps meanwhile. */
#include "vm_helpers.h"

#include "base/percpu.h"

#define BASE   0x40000000UL
#define PAGES  4
#define ROUNDS 300

static struct space *space;
static unsigned round_now;  /* atomic: that the other may begin */
static unsigned round_done; /* atomic: that it has ended */

static void wait_until(const unsigned *n, unsigned value)
{
	while (atomic_load(n) != value)
		cpu_relax();
}

static void wait_a_little(void)
{
	for (unsigned n = ktest_random() % 1500; n; n--)
		__asm__ volatile("");
}

static void touch(void *arg)
{
	for (unsigned round = 1; round <= ROUNDS; round++) {
		wait_until(&round_now, round);
		wait_a_little();
		for (unsigned i = 0; i < PAGES; i++)
			(void)space_fault(space, BASE + i * P, FAULT_WRITE);
		atomic_store(&round_done, round);
	}
}

/* Of a part, too: what is left of the area takes its place in the family. That no area is left there is asserted at the end. */
static void join_and_go(struct space *s)
{
	if (cpu_online_count == 1)
		return;
	space = s;
	round_now = round_done = 0;
	check(kthread_create_on(BIT(cpu_id() ? 0 : 1), "touch", touch, NULL) != NULL);
	for (unsigned round = 1; round <= ROUNDS; round++) {
		uaddr_t a = BASE;

		check_equal(map_at(s, &a, PAGES, RW, NULL, 0), 0);
		atomic_store(&round_now, round);
		wait_a_little();
		check_equal(space_unmap(s, BASE + P, (PAGES - 1) * P), 0);
		if (round % 2)
			check_equal(space_unmap(s, BASE, P), 0);
		wait_until(&round_done, round);
		check_equal(space_unmap(s, BASE, P), 0);
	}
}

static void join_on_one_processor(struct space *s)
{
	uint64_t before = thread_current()->affinity;

	thread_set_affinity(thread_current(), BIT(cpu_id()));
	join_and_go(s);
	thread_set_affinity(thread_current(), before);
}
KTEST(vm_area_leaves_its_family_while_a_fault_enters_it) { with_space(join_on_one_processor); }
