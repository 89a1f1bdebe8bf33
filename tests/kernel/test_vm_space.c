/* SPDX-License-Identifier: MIT */
/* Tests of address spaces: mapping, faults, copy on write, and that all is given back. */
#include "vm_helpers.h"

#include "mem/inject.h"
#include "vm/pagetable.h"
#include <linux/mman.h>

#define BASE 0x10000000UL

static void zero_fill(struct space *s)
{
	uaddr_t a = 0;

	check_equal(map_at(s, &a, 4, RW, NULL, 0), 0);
	check_equal(peek(s, a), 0);
	check_equal(s->count.rss[RSS_ANON], 0);
	check(poke(s, a, 7));
	check(poke(s, a + P, 8));
	check_equal(s->count.rss[RSS_ANON], 2);
	check_equal(peek(s, a), 7);
	check_equal(peek(s, a + P), 8);
	check_equal(peek(s, a + 2 * P), 0);
	check_equal(peek(s, a + 4 * P), -1);
}
KTEST(vm_anonymous_memory_is_zero_until_written) { with_space(zero_fill); }

static void permissions(struct space *s)
{
	uaddr_t a = 0, none = 0;

	check_equal(map_at(s, &a, 1, AREA_READ, NULL, 0), 0);
	check_equal(map_at(s, &none, 1, 0, NULL, 0), 0);
	check_equal(space_fault(s, a, FAULT_WRITE), (uint64_t)-EACCES);
	check_equal(space_fault(s, a, FAULT_EXEC), (uint64_t)-EACCES);
	check_equal(space_fault(s, none, FAULT_READ), (uint64_t)-EACCES);
	check_equal(space_fault(s, BASE, FAULT_READ), (uint64_t)-EFAULT);
	check_equal(space_fault(s, USER_TOP, FAULT_READ), (uint64_t)-EFAULT);
	check_equal(space_copy_to(s, a, "x", 1, false), 0);
	check_equal(space_copy_to(s, a, "x", 1, true), 1);
	check_equal(peek(s, a), 'x');
	check_equal(space_fault(s, a, FAULT_WRITE), (uint64_t)-EACCES);
}
KTEST(vm_faults_respect_permissions_but_for_force) { with_space(permissions); }

static void unmap_middle(struct space *s)
{
	uaddr_t a = BASE;

	check_equal(map_at(s, &a, 10, RW, NULL, 0), 0);
	for (unsigned i = 0; i < 10; i++)
		check(poke(s, a + i * P, (uint8_t)(i + 1)));
	check_equal(space_unmap(s, a + 3 * P, 4 * P), 0);
	check_equal(s->area_count, 2);
	check_equal(s->count.total, 6);
	check_equal(s->count.rss[RSS_ANON], 6);
	check_equal(peek(s, a + 2 * P), 3);
	check_equal(peek(s, a + 3 * P), -1);
	check_equal(peek(s, a + 6 * P), -1);
	check_equal(peek(s, a + 7 * P), 8);
	check_equal(space_unmap(s, a, 10 * P), 0);
	check_equal(s->area_count, 0);
	check_equal(s->count.rss[RSS_ANON], 0);
	check_equal(s->count.tables, 1);
	check_equal(space_unmap(s, a + 1, P), (uint64_t)-EINVAL);
	check_equal(space_unmap(s, a, 0), (uint64_t)-EINVAL);
	check_equal(space_unmap(s, USER_TOP, P), (uint64_t)-EINVAL);
}
KTEST(vm_unmap_splits_areas_and_frees_tables) { with_space(unmap_middle); }

static void merging(struct space *s)
{
	uaddr_t a = BASE, b = BASE + 2 * P, middle = BASE + P;

	check_equal(map_at(s, &a, 1, RW, NULL, 0), 0);
	check(poke(s, a, 1));
	check_equal(map_at(s, &b, 1, RW, NULL, 0), 0);
	check_equal(s->area_count, 2);
	check_equal(map_at(s, &middle, 1, RW, NULL, 0), 0);
	check_equal(s->area_count, 1);
	check_equal(peek(s, a), 1);
	check_equal(space_protect(s, middle, P, AREA_READ), 0);
	check_equal(s->area_count, 3);
	check_equal(space_protect(s, middle, P, RW), 0);
	check_equal(s->area_count, 1);
	check_equal(space_protect(s, middle, 5 * P, RW), (uint64_t)-ENOMEM);
	check_equal(s->count.account, 3);
}
KTEST(vm_neighbours_of_a_kind_become_one_area) { with_space(merging); }

static void protect(struct space *s)
{
	uaddr_t a = 0;

	check_equal(map_at(s, &a, 2, RW, NULL, 0), 0);
	check(poke(s, a, 5));
	check_equal(peek(s, a + P), 0);
	check_equal(space_protect(s, a, 2 * P, AREA_READ), 0);
	check(!poke(s, a, 6));
	check_equal(space_protect(s, a, 2 * P, 0), 0);
	check_equal(peek(s, a), -1);
	check_equal(space_protect(s, a, 2 * P, RW), 0);
	check_equal(peek(s, a), 5);
	check(poke(s, a, 6));
	check(poke(s, a + P, 7));
	check_equal(s->count.rss[RSS_ANON], 2);
	check_equal(peek(s, a), 6);
	check_equal(space_protect(s, a + 1, P, RW), (uint64_t)-EINVAL);
	check_equal(space_protect(s, a, P, RW | PROT_GROWSDOWN), (uint64_t)-EINVAL);
}
KTEST(vm_protect_takes_and_gives_back) { with_space(protect); }

/* What vm_random's seed 36384972 came upon: it held that a refused mprotect had done nothing. */
static void protect_hole(struct space *s)
{
	uaddr_t a = BASE;

	check_equal(map_at(s, &a, 4, RW, NULL, 0), 0);
	check_equal(space_unmap(s, a + 2 * P, P), 0);
	check_equal(space_protect(s, a, 4 * P, AREA_READ), (uint64_t)-ENOMEM);
	check(!poke(s, a + P, 1));
	check(poke(s, a + 3 * P, 1));
	check_equal(space_protect(s, a + 2 * P, 2 * P, AREA_READ), (uint64_t)-ENOMEM);
	check(poke(s, a + 3 * P, 2));
	check_equal(s->area_count, 2);
}
KTEST(vm_protect_stops_at_a_hole_and_keeps_what_it_did) { with_space(protect_hole); }

static void fork_body(struct space *s)
{
	struct space *child;
	uaddr_t a = 0, not = 0, wiped = 0;

	check_equal(map_at(s, &a, 600, RW, NULL, 0), 0);
	check_equal(map_at(s, &not, 1, RW | AREA_DONTFORK, NULL, 0), 0);
	check_equal(map_at(s, &wiped, 1, RW | AREA_WIPEONFORK, NULL, 0), 0);
	for (unsigned i = 0; i < 600; i += 3)
		check(poke(s, a + i * P, (uint8_t)i));
	check(poke(s, not, 1));
	check(poke(s, wiped, 1));
	check_equal(peek(s, a + P), 0);
	check_equal(space_fork(s, &child), 0);
	check_equal(child->count.rss[RSS_ANON], 200);
	check_equal(peek(child, a + 3 * P), 3);
	check_equal(peek(child, not), -1);
	check_equal(peek(child, wiped), 0);
	check(poke(child, a + 3 * P, 99));
	check_equal(peek(s, a + 3 * P), 3);
	check(poke(s, a + 6 * P, 98));
	check_equal(peek(child, a + 6 * P), 6);
	check(poke(s, a + P, 97));
	check_equal(peek(child, a + P), 0);
	space_unuse(child);
	check_equal(peek(s, a + 3 * P), 3);
	check(poke(s, a + 9 * P, 96)); /* ours alone again: no copy */
	check_equal(peek(s, a + 9 * P), 96);
	check_equal(s->count.rss[RSS_ANON], 203);
}
KTEST(vm_fork_copies_on_write) { with_space(fork_body); }

static void fork_chain(struct space *s)
{
	struct space *link[5];
	uaddr_t a = 0;

	check_equal(map_at(s, &a, 3, RW, NULL, 0), 0);
	check(poke(s, a, 1));
	for (unsigned i = 0; i < 5; i++) {
		check_equal(space_fork(i ? link[i - 1] : s, &link[i]), 0);
		check(poke(link[i], a + P, (uint8_t)(10 + i)));
	}
	space_unuse(link[2]);
	for (unsigned i = 0; i < 5; i++) {
		if (i == 2)
			continue;
		check_equal(peek(link[i], a), 1);
		check_equal(peek(link[i], a + P), 10 + i);
		space_unuse(link[i]);
	}
	check_equal(peek(s, a + P), 0);
}
KTEST(vm_fork_of_forks) { with_space(fork_chain); }

static void fork_no_memory(struct space *s)
{
	struct space *child;
	uaddr_t a = 0;
	unsigned failures = 0;

	for (unsigned i = 0; i < 5; i++, a = 0) {
		check_equal(map_at(s, &a, 600, i & 1 ? RW : AREA_READ, NULL, 0), 0);
		check_equal(space_copy_to(s, a, "x", 1, true), 1);
	}
	for (uint64_t n = 1; ; n++) {
		struct frame_count before = frames_now(), after;
		int error;

		check_equal(inject_arm(n), 0);
		error = space_fork(s, &child);
		if (error == 0)
			break;
		check_equal(error, (uint64_t)-ENOMEM);
		after = frames_now();
		check_equal(after.user, before.user);
		check_equal(after.tables, before.tables);
		failures++;
	}
	inject_arm(0);
	space_unuse(child);
	check(failures > 5);
}
KTEST(vm_fork_without_memory_leaves_nothing_behind) { with_space(fork_no_memory); }

static void map_no_memory(struct space *s)
{
	uaddr_t a = BASE;

	check_equal(map_at(s, &a, 30, RW, NULL, 0), 0);
	check_equal(space_populate(s, a, a + 30 * P), 0);
	for (uint64_t n = 1; ; n++) {
		uaddr_t at = a + 10 * P;
		int error;

		check_equal(inject_arm(n), 0);
		error = map_at(s, &at, 10, AREA_READ, NULL, 0);
		if (error == 0)
			break;
		inject_arm(0);
		check_equal(error, (uint64_t)-ENOMEM);
		check_equal(s->area_count, 1);
		check_equal(s->count.rss[RSS_ANON], 30);
	}
	inject_arm(0);
	check_equal(s->area_count, 3);
	check_equal(s->count.rss[RSS_ANON], 20);
	for (uint64_t n = 1; ; n++) {
		int error;

		check_equal(inject_arm(n), 0);
		error = space_unmap(s, a + 3 * P, 25 * P);
		if (error == 0)
			break;
		inject_arm(0);
		check_equal(s->count.rss[RSS_ANON], 20);
	}
	inject_arm(0);
	check_equal(s->count.total, 5);
}
KTEST(vm_map_without_memory_changes_nothing) { with_space(map_no_memory); }

static void placement(struct space *s)
{
	uaddr_t a = 0, b = 0, hint, low;
	struct space_map_request r = { .length = P, .flags = RW | MAY };

	check_equal(map_at(s, &a, 4, RW, NULL, 0), 0);
	check_equal(a + 4 * P, s->mmap_base);
	check_equal(map_at(s, &b, 1, AREA_READ, NULL, 0), 0);
	check_equal(b + P, a);
	r.addr = BASE + 5; /* a hint is rounded and taken if free */
	check_equal(space_map(s, &r, &hint), 0);
	check_equal(hint, BASE);
	check_equal(space_map(s, &r, &hint), 0);
	check(hint != BASE);
	r.addr = 0;
	r.low_32bit = true;
	check_equal(space_map(s, &r, &low), 0);
	check(low + P <= 0x80000000UL);
	r = (struct space_map_request){ .addr = a + P, .length = P, .flags = RW | MAY, .fixed = true, .noreplace = true };
	check_equal(space_map(s, &r, &hint), (uint64_t)-EEXIST);
	r.addr++;
	check_equal(space_map(s, &r, &hint), (uint64_t)-EINVAL);
	r.addr = USER_TOP;
	check_equal(space_map(s, &r, &hint), (uint64_t)-ENOMEM);
	r = (struct space_map_request){ .length = USER_TOP, .flags = AREA_READ | MAY | AREA_NORESERVE };
	check_equal(space_map(s, &r, &hint), (uint64_t)-ENOMEM);
	r.length = 0;
	check_equal(space_map(s, &r, &hint), (uint64_t)-EINVAL);
}
KTEST(vm_places_top_down_and_keeps_hints) { with_space(placement); }

static void heap(struct space *s)
{
	s->brk_start = s->brk = BASE + 100;
	check_equal(space_brk(s, 0), BASE + 100);
	check_equal(space_brk(s, BASE + 3 * P), BASE + 3 * P);
	check(poke(s, BASE + 2 * P, 1));
	check_equal(peek(s, BASE), -1); /* the page of brk_start itself is the program's */
	check_equal(space_brk(s, BASE + 5 * P + 1), BASE + 5 * P + 1);
	check_equal(s->area_count, 1);
	check_equal(peek(s, BASE + 2 * P), 1);
	check(poke(s, BASE + 5 * P, 2));
	check_equal(space_brk(s, BASE + 2 * P), BASE + 2 * P);
	check_equal(peek(s, BASE + 2 * P), -1);
	check_equal(space_brk(s, BASE + 5 * P), BASE + 5 * P);
	check_equal(peek(s, BASE + 2 * P), 0);
	s->data_limit = 4 * P;
	check_equal(space_brk(s, BASE + 50 * P), BASE + 5 * P);
	check_equal(space_brk(s, BASE), BASE + 5 * P);
}
KTEST(vm_brk_grows_and_shrinks) { with_space(heap); }

static void stack(struct space *s)
{
	uaddr_t top = BASE + MiB(8), a = top - 2 * P, other = BASE;

	s->stack_limit = MiB(4);
	check_equal(map_at(s, &a, 2, RW | AREA_GROWSDOWN, NULL, 0), 0);
	check(poke(s, top - 100 * P, 1));
	check_equal(s->count.stack, 100);
	check_equal(s->area_count, 1);
	check_equal(peek(s, top - MiB(4) - 1), -1);
	check_equal(peek(s, top - MiB(4)), 0);
	s->stack_limit = UINT64_MAX;
	check_equal(map_at(s, &other, 1, RW, NULL, 0), 0);
	check_equal(peek(s, other + P + 255 * P), -1); /* the gap */
	check_equal(peek(s, other + P + 256 * P), 0);
	s->mmap_base = other + 300 * P;
	other = 0;
	check_equal(map_at(s, &other, 1, RW, NULL, 0), 0);
	check(other < BASE); /* not into the gap */
}
KTEST(vm_stack_grows_to_its_limit_and_keeps_a_gap) { with_space(stack); }

/* Four levels or five: the last addresses there are; tables come and go; nobody gets there unasked. */
static void top(struct space *s)
{
	uaddr_t a = USER_TOP - 4 * P, hint;
	uint64_t tables = s->count.tables;
	struct space_map_request r = { .addr = USER_TOP - 16 * P, .length = P, .flags = RW | MAY };

	check_equal(map_at(s, &a, 4, RW, NULL, 0), 0);
	check(poke(s, a + 3 * P, 7));
	check_equal(peek(s, a + 3 * P), 7);
	check_equal(s->count.tables, tables + mmu_levels() - 1);
	check_equal(space_unmap(s, a, 4 * P), 0);
	check_equal(s->count.tables, tables);
	check_equal(space_map(s, &r, &hint), 0);
	check_equal(hint, r.addr);
	check_equal(space_map(s, &r, &hint), 0);
	check_equal(hint > USER_WINDOW, mmu_levels() == 5);
	r.addr = 0;
	check_equal(space_map(s, &r, &hint), 0);
	check(hint < USER_WINDOW);
}
KTEST(vm_reaches_to_the_top_of_the_user_half) { with_space(top); }

static void advise(struct space *s)
{
	uaddr_t a = 0;

	check_equal(map_at(s, &a, 4, RW, NULL, 0), 0);
	check_equal(space_populate(s, a, a + 4 * P), 0);
	check(poke(s, a + P, 3));
	check_equal(space_advise(s, a + P, P, MADV_DONTNEED), 0);
	check_equal(s->count.rss[RSS_ANON], 3);
	check_equal(peek(s, a + P), 0);
	check_equal(space_advise(s, a + 2 * P, 4 * P, MADV_DONTNEED), (uint64_t)-ENOMEM);
	check_equal(s->count.rss[RSS_ANON], 1);
	check_equal(space_advise(s, a, P, 9999), (uint64_t)-EINVAL);
	check_equal(space_advise(s, a + 1, P, MADV_DONTNEED), (uint64_t)-EINVAL);
	check_equal(space_advise(s, a, 0, MADV_DONTNEED), 0);
	check_equal(space_advise(s, a + P, 2 * P, MADV_DONTFORK), 0);
	check_equal(s->area_count, 3);
	check_equal(space_advise(s, a, 4 * P, MADV_DOFORK), 0);
	check_equal(s->area_count, 1);
	check_equal(space_advise(s, a, P, MADV_REMOVE), (uint64_t)-EINVAL);
	check_equal(space_advise(s, a, 4 * P, MADV_POPULATE_WRITE), 0);
	check_equal(s->count.rss[RSS_ANON], 4);
	check_equal(space_lock_memory(s, a, P, AREA_LOCKED), 0);
	check_equal(space_advise(s, a, 4 * P, MADV_DONTNEED), (uint64_t)-EINVAL);
	check_equal(s->count.locked, 1);
	check_equal(space_lock_memory(s, a, 6 * P, AREA_LOCKED), (uint64_t)-ENOMEM);
	check_equal(space_lock_all(s, 0), 0);
	check_equal(s->count.locked, 0);
	check_equal(s->area_count, 1);
}
KTEST(vm_advice_and_locks) { with_space(advise); }

static void incore(struct space *s)
{
	uaddr_t a = 0;
	uint8_t v[5] = { 9, 9, 9, 9, 9 };

	check_equal(map_at(s, &a, 4, RW, NULL, 0), 0);
	check(poke(s, a + P, 1));
	check_equal(space_incore(s, a, 4, v), 0);
	check(v[0] == 0 && v[1] == 1 && v[2] == 0 && v[4] == 9);
	check_equal(space_incore(s, a, 5, v), (uint64_t)-ENOMEM);
	check_equal(space_sync(s, a, 4 * P, 4 /* MS_SYNC */), 0);
	check_equal(space_sync(s, a, 5 * P, 4), (uint64_t)-ENOMEM);
	check_equal(space_sync(s, a, P, 5), (uint64_t)-EINVAL);
}
KTEST(vm_mincore_and_msync) { with_space(incore); }

static void limits(struct space *s)
{
	uaddr_t a = 0;

	s->address_limit = 10 * P;
	check_equal(map_at(s, &a, 11, RW, NULL, 0), (uint64_t)-ENOMEM);
	check_equal(map_at(s, &a, 10, RW, NULL, 0), 0);
	check_equal(map_at(s, &a, 10, AREA_READ, NULL, 0), 0); /* in its place */
	s->data_limit = 4 * P;
	check_equal(space_protect(s, a, 5 * P, RW), (uint64_t)-ENOMEM);
	check_equal(space_protect(s, a, 4 * P, RW), 0);
	s->address_limit = UINT64_MAX;
	s->data_limit = UINT64_MAX;
	a = 0;
	check_equal(map_at(s, &a, 1UL << 32, RW, NULL, 0), (uint64_t)-ENOMEM); /* an obvious overcommit */
	check_equal(map_at(s, &a, 1UL << 32, RW | AREA_NORESERVE, NULL, 0), 0);
}
KTEST(vm_limits_of_a_space) { with_space(limits); }

static void special(struct space *s)
{
	static uint8_t text[2 * PAGE_SIZE] __aligned(PAGE_SIZE);
	struct space_map_request r = {
		.length = 2 * P, .flags = AREA_READ | AREA_MAY_READ | AREA_SPECIAL, .name = "[test]",
		.special = mmu_image_phys(text),
	};
	uaddr_t a;
	struct space *child;

	text[P] = 42;
	check_equal(space_map(s, &r, &a), 0);
	check_equal(peek(s, a + P), 42);
	check_equal(s->count.rss[RSS_ANON] + s->count.rss[RSS_FILE], 0);
	check_equal(space_fork(s, &child), 0);
	check_equal(peek(child, a + P), 42);
	check_equal(space_advise(s, a, P, MADV_DONTNEED), (uint64_t)-EINVAL);
	check_equal(space_copy_to(child, a + P, "x", 1, true), 1); /* a breakpoint in the vDSO */
	check_equal(peek(child, a + P), 'x');
	check_equal(text[P], 42);
	space_unuse(child);
	check_equal(space_unmap(s, a, 2 * P), 0);
}
KTEST(vm_special_frames_are_not_counted) { with_space(special); }
