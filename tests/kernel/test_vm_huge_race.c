/* SPDX-License-Identifier: MIT */
/* Bugs that were: large pages that are split while something else goes on in the same spaces. */
#include "vm_helpers.h"

#include "base/percpu.h"
#include "vm/huge.h"

#define BASE  0x40000000UL
#define LARGE 8

static struct space *space;
static unsigned at;                   /* atomic: the large page that both are about */
static unsigned ready;                /* atomic: up to which the other has come */
static struct completion done;

static void map_large(struct space *s)
{
	uaddr_t a = BASE;

	check_equal(map_at(s, &a, LARGE * HUGE_PAGES, RW | AREA_HUGE, NULL, 0), 0);
	for (unsigned i = 0; i < LARGE; i++)
		check_equal(space_fault(s, a + i * HUGE_SIZE, FAULT_WRITE), 0);
}

static void wait_a_little(unsigned most)
{
	for (unsigned n = ktest_random() % most; n; n--)
		__asm__ volatile("");
}

/* Splits large pages of the space, one after the other. */
static void write_all(void *arg)
{
	atomic_store(&ready, 1);
	while (!atomic_load(&at))
		cpu_relax();
	wait_a_little(4000);
	for (unsigned i = LARGE; i-- > 0;)
		(void)space_fault(space, BASE + i * HUGE_SIZE + P, FAULT_WRITE);
	completion_signal(&done);
}

/*
 * The child had the large page already, and then the table that it was split into, by the
 * splitter; fork gave it that table once more.
 */
static void shared_twice(struct space *s)
{
	struct space *first, *second;

	for (unsigned round = 0; round < 15; round++) {
		map_large(s);
		check_equal(space_fork(s, &first), 0);
		space = s;
		at = ready = 0;
		completion_init(&done);
		check(kthread_create("split", write_all, NULL) != NULL);
		while (cpu_online_count > 1 && !atomic_load(&ready))
			cpu_relax();
		atomic_store(&at, 1);
		check_equal(space_fork(s, &second), 0);
		completion_wait(&done);
		check(poke(s, BASE + P, 5));
		check_equal(peek(second, BASE + P), 0);
		space_unuse(first);
		space_unuse(second);
		check_equal(space_unmap(s, BASE, LARGE * HUGE_SIZE), 0);
	}
}
KTEST(vm_large_page_is_split_while_fork_shares_it) { with_space(shared_twice); }

/* Splits each one as soon as the other comes to it. */
static void write_each(void *arg)
{
	for (unsigned i = 0; i < LARGE; i++) {
		while (cpu_online_count > 1 && atomic_load(&at) <= i)
			cpu_relax();
		wait_a_little(2000);
		(void)space_fault(space, BASE + i * HUGE_SIZE + P, FAULT_WRITE);
	}
	completion_signal(&done);
}

/* The splitter held the table and waited for its own space's upper one; who had that waited for the table. */
static void owned_meanwhile(struct space *s)
{
	struct space *child[2];

	for (unsigned round = 0; round < 15; round++) {
		map_large(s);
		check_equal(space_fork(s, &child[0]), 0);
		check_equal(space_fork(s, &child[1]), 0);
		space = s;
		at = 0;
		completion_init(&done);
		check(kthread_create("split", write_each, NULL) != NULL);
		for (unsigned i = 0; i < LARGE; i++) {
			atomic_store(&at, i + 1);
			wait_a_little(2000);
			check_equal(space_protect(s, BASE + i * HUGE_SIZE, HUGE_SIZE, RW), 0);
		}
		completion_wait(&done);
		space_unuse(child[0]);
		space_unuse(child[1]);
		check_equal(space_unmap(s, BASE, LARGE * HUGE_SIZE), 0);
	}
}
KTEST(vm_large_page_is_split_while_its_table_is_owned) { with_space(owned_meanwhile); }
