/* SPDX-License-Identifier: MIT */
/* Bugs that were: faults while others take away what they are about. */
#include "vm_helpers.h"

#include "base/percpu.h"
#include "sched/mutex.h"
#include <linux/mman.h>

#define BASE   0x40000000UL
#define ROUNDS 20000

static struct space *space;
static bool over;                     /* atomic */
static struct completion done;

static void drop_again_and_again(void *arg)
{
	while (!atomic_load(&over))
		space_advise(space, BASE, P, MADV_DONTNEED);
	completion_signal(&done);
}

/*
 * A write came to an entry of the zero page, which went before it looked again; it took no entry for one of
 * frame 0, and copied that. Luck with the time is needed: interrupts, or a busy host, between two instructions.
 */
static void written(struct space *s)
{
	uaddr_t a = BASE;
	unsigned bad = 0;

	check_equal(map_at(s, &a, 1, RW, NULL, 0), 0);
	space = s;
	over = false;
	completion_init(&done);
	check(kthread_create("drop", drop_again_and_again, NULL) != NULL);
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint8_t byte = 0;

		bad += space_fault(s, BASE, FAULT_READ) != 0;
		bad += space_fault(s, BASE, FAULT_WRITE) != 0;
		bad += space_copy_from(s, &byte, BASE, 1) != 1 || byte;
	}
	atomic_store(&over, true);
	completion_wait(&done);
	check_equal(bad, 0);
}
KTEST(vm_write_to_a_page_that_is_dropped_copies_no_other) { with_space(written); }

static void map_again_and_again(void *arg)
{
	while (!atomic_load(&over)) {
		uaddr_t a = BASE;

		if (!map_at(space, &a, 1, RW, NULL, 0))
			space_unmap(space, BASE, P);
	}
	completion_signal(&done);
}

/*
 * A fault made tables while the area went, and with it the tables; it could take an entry that was gone
 * for one of frame 0. Found by reading: the two instructions were too close together to be caught here.
 */
static void tables_go(struct space *s)
{
	space = s;
	over = false;
	completion_init(&done);
	check(kthread_create("map", map_again_and_again, NULL) != NULL);
	for (unsigned round = 0; round < ROUNDS; round++)
		(void)space_fault(s, BASE, FAULT_WRITE);
	atomic_store(&over, true);
	completion_wait(&done);
}
KTEST(vm_fault_where_tables_go_makes_them_anew) { with_space(tables_go); }
