/* SPDX-License-Identifier: MIT */
/* Tests of mremap. */
#include "vm_helpers.h"

#include <linux/mman.h>

#define BASE 0x10000000UL
#define FAR  0x20000000UL

static void grow(struct space *s)
{
	uaddr_t a = BASE, b = BASE + 8 * P, to;

	check_equal(map_at(s, &a, 4, RW, NULL, 0), 0);
	check_equal(map_at(s, &b, 1, AREA_READ, NULL, 0), 0);
	check(poke(s, a + 3 * P, 3));
	check_equal(space_remap(s, a, 4 * P, 8 * P, 0, 0, &to), 0);
	check_equal(to, a);
	check_equal(s->area_count, 2);
	check_equal(space_remap(s, a, 8 * P, 9 * P, 0, 0, &to), (uint64_t)-ENOMEM);
	check_equal(space_remap(s, a, 8 * P, 600 * P, MREMAP_MAYMOVE, 0, &to), 0);
	check(to != a);
	check_equal(peek(s, to + 3 * P), 3);
	check_equal(peek(s, a + 3 * P), -1);
	check(poke(s, to + 599 * P, 4));
	check_equal(space_remap(s, to, 600 * P, 2 * P, 0, 0, &to), 0);
	check_equal(s->count.rss[RSS_ANON], 0);
	check_equal(s->count.total, 3);
}
KTEST(vm_remap_grows_in_place_or_moves) { with_space(grow); }

static void fixed(struct space *s)
{
	uaddr_t a = BASE, b = FAR, to;

	check_equal(map_at(s, &a, 600, RW, NULL, 0), 0);
	check_equal(map_at(s, &b, 4, RW, NULL, 0), 0);
	for (unsigned i = 0; i < 600; i++)
		check(poke(s, a + i * P, (uint8_t)i));
	check(poke(s, b, 77));
	check_equal(space_remap(s, a + 100 * P, 400 * P, 300 * P, MREMAP_MAYMOVE | MREMAP_FIXED, b + P, &to), 0);
	check_equal(to, b + P);
	check_equal(peek(s, b), 77);
	for (unsigned i = 0; i < 300; i++)
		check_equal(peek(s, to + i * P), (uint8_t)(100 + i));
	check_equal(peek(s, to + 300 * P), -1);
	check_equal(peek(s, a + 99 * P), 99);
	check_equal(peek(s, a + 100 * P), -1);
	check_equal(peek(s, a + 499 * P), -1);
	check_equal(peek(s, a + 500 * P), (uint8_t)500);
	check_equal(s->count.rss[RSS_ANON], 100 + 100 + 300 + 1);
	check_equal(space_remap(s, a, P, P, MREMAP_MAYMOVE | MREMAP_FIXED, a, &to), (uint64_t)-EINVAL);
	check_equal(space_remap(s, a, P, P, MREMAP_FIXED, b, &to), (uint64_t)-EINVAL);
	check_equal(space_remap(s, a, P, P, MREMAP_MAYMOVE | MREMAP_FIXED, b + 1, &to), (uint64_t)-EINVAL);
	check_equal(space_remap(s, a + 1, P, P, 0, 0, &to), (uint64_t)-EINVAL);
	check_equal(space_remap(s, a, P, 0, 0, 0, &to), (uint64_t)-EINVAL);
	check_equal(space_remap(s, a + 100 * P, P, 2 * P, 0, 0, &to), (uint64_t)-EFAULT);
	check_equal(space_remap(s, a + 99 * P, 2 * P, 3 * P, 0, 0, &to), (uint64_t)-EFAULT);
}
KTEST(vm_remap_to_a_fixed_place) { with_space(fixed); }

static void dont_unmap(struct space *s)
{
	struct space *child;
	uaddr_t a = BASE, to;

	check_equal(map_at(s, &a, 3, RW, NULL, 0), 0);
	check(poke(s, a + P, 9));
	check_equal(space_remap(s, a, 3 * P, 3 * P, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0, &to), 0);
	check_equal(peek(s, to + P), 9);
	check_equal(peek(s, a + P), 0);
	check(poke(s, a + P, 10));
	check_equal(space_fork(s, &child), 0);
	check_equal(peek(child, to + P), 9);
	check(poke(child, to + P, 11));
	check_equal(peek(s, to + P), 9);
	space_unuse(child);
}
KTEST(vm_remap_leaves_the_old_area_empty) { with_space(dont_unmap); }

static void duplicate(struct space *s)
{
	struct object *o = object_create_anonymous(4 * P);
	uaddr_t a = BASE, to;

	check(o != NULL);
	check_equal(map_at(s, &a, 4, RW | AREA_SHARED, o, 0), 0);
	object_put(o);
	check(poke(s, a + P, 5));
	check_equal(space_remap(s, a, 0, 4 * P, MREMAP_MAYMOVE, 0, &to), 0);
	check_equal(peek(s, to + P), 5);
	check(poke(s, to, 6));
	check_equal(peek(s, a), 6);
	check_equal(space_remap(s, to, 4 * P, 8 * P, MREMAP_MAYMOVE, 0, &to), 0);
	check_equal(space_fault(s, to + 4 * P, FAULT_READ), (uint64_t)-EIO); /* behind the object's end */
}
KTEST(vm_remap_of_nothing_duplicates_a_shared_mapping) { with_space(duplicate); }
