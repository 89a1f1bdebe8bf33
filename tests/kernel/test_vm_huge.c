/* SPDX-License-Identifier: MIT */
/* Tests of large pages of anonymous memory: see vm/huge.c. */
#include "vm_helpers.h"

#include "vm/event.h"
#include "vm/huge.h"
#include <linux/mman.h>

#define BASE 0x40000000UL

/* An area of n large pages, the first byte of each small page written. */
static bool fill(struct space *s, unsigned n)
{
	uaddr_t a = BASE;

	if (map_at(s, &a, n * HUGE_PAGES, RW | AREA_HUGE, NULL, 0))
		return false;
	for (unsigned i = 0; i < n * HUGE_PAGES; i++)
		if (!poke(s, a + i * P, (uint8_t)(i + i / 256)))
			return false;
	return true;
}

/* As fill() does it; copies by another's hand split, so a thread that has it loaded writes. */
static void fill_here(struct space *s, unsigned n)
{
	uaddr_t a = BASE;

	check_equal(map_at(s, &a, n * HUGE_PAGES, RW | AREA_HUGE, NULL, 0), 0);
	for (unsigned i = 0; i < n; i++)
		check_equal(space_fault(s, a + i * HUGE_SIZE + 5 * P, FAULT_WRITE), 0);
}

static bool is_large(struct space *s, unsigned n)
{
	bool large;

	rcu_read_lock();
	large = huge_mapped(s, BASE + n * HUGE_SIZE);
	rcu_read_unlock();
	return large;
}

static uint64_t anonymous(const struct space *s)
{
	struct space_resident r;

	space_resident(s, &r);
	return r.rss[RSS_ANON];
}

static void entered(struct space *s)
{
	uint64_t before = vm_huge_pages(), faults = vm_event_count(VM_EVENT_HUGE_FAULT);

	fill_here(s, 3);
	check(is_large(s, 0) && is_large(s, 1) && is_large(s, 2));
	check_equal(anonymous(s), 3 * HUGE_PAGES);
	check_equal(vm_huge_pages(), before + 3 * HUGE_PAGES);
	check_equal(vm_event_count(VM_EVENT_HUGE_FAULT), faults + 3);
	check_equal(space_fault(s, BASE + 7 * P, FAULT_WRITE), 0);
	check_equal(peek(s, BASE + 2 * HUGE_SIZE + 9 * P), 0); /* splits */
	check(!is_large(s, 2) && is_large(s, 1));
	check(poke(s, BASE + 2 * HUGE_SIZE + 9 * P, 9));
	check_equal(peek(s, BASE + 2 * HUGE_SIZE + 9 * P), 9);
	check_equal(vm_huge_pages(), before + 2 * HUGE_PAGES);
	check_equal(space_unmap(s, BASE, 2 * HUGE_SIZE), 0);
	check_equal(anonymous(s), HUGE_PAGES);
	check_equal(vm_huge_pages(), before);
}
KTEST(vm_large_pages_are_entered_and_split) { with_space(entered); }

static void parts(struct space *s)
{
	uaddr_t to;

	fill_here(s, 6);
	check_equal(space_unmap(s, BASE + 10 * P, P), 0);
	check(!is_large(s, 0) && is_large(s, 1));
	check_equal(anonymous(s), 6 * HUGE_PAGES - 1);
	check_equal(space_protect(s, BASE + HUGE_SIZE + 5 * P, P, AREA_READ), 0);
	check(!is_large(s, 1));
	check(!poke(s, BASE + HUGE_SIZE + 5 * P, 1));
	check(poke(s, BASE + HUGE_SIZE + 6 * P, 1));
	check_equal(space_advise(s, BASE + 2 * HUGE_SIZE + P, P, MADV_DONTNEED), 0);
	check(!is_large(s, 2));
	check_equal(anonymous(s), 6 * HUGE_PAGES - 2);
	check_equal(space_advise(s, BASE + 3 * HUGE_SIZE, HUGE_SIZE, MADV_DONTNEED), 0);
	check_equal(anonymous(s), 5 * HUGE_PAGES - 2);
	check_equal(space_remap(s, BASE + 4 * HUGE_SIZE, HUGE_SIZE, HUGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
				BASE + MiB(64) + P, &to), 0);
	check(poke(s, to + 7 * P, 7));
	check_equal(space_advise(s, BASE + 5 * HUGE_SIZE + 4 * P, P, MADV_DONTFORK), 0);
	check(!is_large(s, 5));
	check_equal(anonymous(s), 5 * HUGE_PAGES - 2);
}
KTEST(vm_large_pages_before_operations_on_parts) { with_space(parts); }

static void forked(struct space *s)
{
	struct space *child, *grandchild;
	uint64_t before = vm_huge_pages();

	fill_here(s, 4);
	check_equal(space_fork(s, &child), 0);
	check_equal(space_fork(child, &grandchild), 0);
	check(is_large(child, 0) && is_large(grandchild, 3));
	check_equal(anonymous(grandchild), 4 * HUGE_PAGES);
	check_equal(vm_huge_pages(), before + 4 * HUGE_PAGES);
	check_equal(space_fault(child, BASE + P, FAULT_WRITE), 0); /* splits it for all three */
	check(!is_large(s, 0) && !is_large(child, 0) && !is_large(grandchild, 0));
	check(poke(child, BASE + P, 1));
	check_equal(peek(s, BASE + P), 0);
	check(poke(s, BASE + P, 2));
	check_equal(peek(grandchild, BASE + P), 0);
	check_equal(peek(child, BASE + P), 1);
	space_unuse(child);
	check_equal(space_unmap(grandchild, BASE + HUGE_SIZE, HUGE_SIZE), 0);
	check_equal(space_fault(s, BASE + HUGE_SIZE, FAULT_WRITE), 0); /* alone again */
	check(is_large(s, 1));
	check_equal(space_unmap(s, BASE + 2 * HUGE_SIZE, P), 0);
	check(!is_large(grandchild, 2));
	check_equal(peek(grandchild, BASE + 2 * HUGE_SIZE), 0);
	check(poke(grandchild, BASE + 2 * HUGE_SIZE, 3));
	space_unuse(grandchild);
	check_equal(space_fault(s, BASE + 3 * HUGE_SIZE, FAULT_WRITE), 0);
	check_equal(vm_huge_pages(), before + 2 * HUGE_PAGES);
	check_equal(peek(s, BASE + P), 2);
}
KTEST(vm_large_pages_over_fork) { with_space(forked); }

/* What does not fit, is not wanted, or has small pages already. */
static void refused(struct space *s)
{
	uaddr_t part = BASE + MiB(32) + P, no = BASE + MiB(64), read = BASE + MiB(96);

	check_equal(map_at(s, &part, 2 * HUGE_PAGES - 2, RW, NULL, 0), 0);
	check_equal(map_at(s, &no, HUGE_PAGES, RW | AREA_NOHUGE, NULL, 0), 0);
	check_equal(map_at(s, &read, HUGE_PAGES, RW | AREA_HUGE, NULL, 0), 0);
	check(poke(s, part, 1) && poke(s, part + HUGE_SIZE, 1) && poke(s, no, 1));
	check_equal(peek(s, read), 0);
	check(poke(s, read + P, 1));
	check_equal(anonymous(s), 4);
	s->no_huge = true;
	check(fill(s, 1));
	check(!is_large(s, 0));
}
KTEST(vm_large_pages_only_where_they_fit) { with_space(refused); }

static struct space *split_space[2];
static struct completion split_done;

static void write_in_child(void *arg)
{
	for (unsigned i = 0; i < 8; i++)
		(void)space_fault(split_space[1], BASE + i * HUGE_SIZE + P, FAULT_WRITE);
	completion_signal(&split_done);
}

/* Both sides split and own the same pages. */
static void at_once(struct space *s)
{
	for (unsigned round = 0; round < 5; round++) {
		uaddr_t a = BASE;

		check_equal(map_at(s, &a, 8 * HUGE_PAGES, RW | AREA_HUGE, NULL, 0), 0);
		for (unsigned i = 0; i < 8; i++)
			check_equal(space_fault(s, a + i * HUGE_SIZE, FAULT_WRITE), 0);
		split_space[0] = s;
		check_equal(space_fork(s, &split_space[1]), 0);
		completion_init(&split_done);
		check(kthread_create("split", write_in_child, NULL) != NULL);
		for (unsigned i = 8; i-- > 0;)
			check_equal(space_fault(s, BASE + i * HUGE_SIZE + 2 * P, FAULT_WRITE), 0);
		completion_wait(&split_done);
		for (unsigned i = 0; i < 8; i++) {
			check(poke(s, BASE + i * HUGE_SIZE + P, 5));
			check_equal(peek(split_space[1], BASE + i * HUGE_SIZE + P), 0);
		}
		space_unuse(split_space[1]);
		check_equal(space_unmap(s, BASE, 8 * HUGE_SIZE), 0);
	}
}
KTEST(vm_large_pages_split_on_both_sides_at_once) { with_space(at_once); }
