/* SPDX-License-Identifier: MIT */
/* Tests of page-table pages that fork shares: see vm/share.c. */
#include "vm_helpers.h"

#include "vm/pagetable.h"
#include <linux/mman.h>

#define BASE  0x40000000UL
#define TABLE MMU_ENTRIES        /* pages */

/* n tables' worth of pages that hold their number. */
static uaddr_t fill(struct space *s, unsigned tables)
{
	uaddr_t a = BASE;

	if (map_at(s, &a, tables * TABLE, RW | AREA_NOHUGE, NULL, 0))
		return 0;
	for (unsigned i = 0; i < tables * TABLE; i += 5)
		if (!poke(s, a + i * P, (uint8_t)i))
			return 0;
	return a;
}

static bool holds(struct space *s, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++)
		if (i % 5 == 0 && peek(s, BASE + i * P) != (uint8_t)i)
			return false;
	return true;
}

/* How many spaces have the table over a page. */
static unsigned sharers(struct space *s, unsigned page)
{
	struct page *table = table_find(s, BASE + page * P);

	return table ? table->refs : 0;
}

static uint64_t anonymous(const struct space *s)
{
	struct space_resident r;

	space_resident(s, &r);
	return r.rss[RSS_ANON];
}

static void by_writing(struct space *s)
{
	struct space *child;
	uint64_t pages;

	check(fill(s, 3) != 0);
	pages = anonymous(s);
	check_equal(space_fork(s, &child), 0);
	check_equal(sharers(s, 0), 2);
	check_equal(anonymous(child), pages);
	check(holds(child, 0, 3 * TABLE));
	check_equal(sharers(s, 0), 2); /* reading what is there changes nothing */
	check(poke(child, BASE + 5 * P, 99));
	check_equal(sharers(s, 0), 1);
	check_equal(sharers(child, 0), 1);
	check_equal(sharers(s, TABLE), 2);
	check_equal(peek(s, BASE + 5 * P), 5);
	check(poke(s, BASE + TABLE * P + P, 98)); /* where nothing was */
	check_equal(peek(child, BASE + TABLE * P + P), 0);
	check_equal(peek(s, BASE + TABLE * P + P), 98);
	check_equal(peek(child, BASE + 2 * TABLE * P + 2 * P), 0); /* a read enters the zero page: unshared too */
	check_equal(sharers(s, 2 * TABLE), 1);
	check(holds(s, 0, 3 * TABLE));
	check_equal(peek(child, BASE + 5 * P), 99);
	space_unuse(child);
	check(holds(s, 0, 3 * TABLE));
	check(poke(s, BASE, 7));
	check_equal(peek(s, BASE), 7);
}
KTEST(vm_shared_tables_are_copied_by_the_first_write) { with_space(by_writing); }

static void alone_again(struct space *s)
{
	struct space *child, *grandchild;
	struct page *table;

	check(fill(s, 2) != 0);
	table = table_find(s, BASE);
	check_equal(space_fork(s, &child), 0);
	check_equal(space_fork(child, &grandchild), 0);
	check_equal(sharers(s, 0), 3);
	space_unuse(child);
	check_equal(sharers(s, 0), 2);
	check(holds(grandchild, 0, 2 * TABLE));
	space_unuse(grandchild);
	check(!table_owned(table, s));
	check(poke(s, BASE, 1));
	check(table_owned(table, s) && table_find(s, BASE) == table); /* no copy */
	check(holds(s, 1, 2 * TABLE));
	check_equal(space_fork(s, &child), 0);
	check_equal(space_unmap(s, BASE, 2 * TABLE * P), 0);
	check(holds(child, 1, 2 * TABLE)); /* the parent is gone first */
	check(poke(child, BASE, 2));
	check_equal(table_find(child, BASE) == table, 1);
	space_unuse(child);
}
KTEST(vm_shared_tables_go_with_their_last_space) { with_space(alone_again); }

/* Each operation on a part, beside a child that must see nothing of it. */
static void by_parts(struct space *s)
{
	struct space *child;
	uaddr_t to, middle = BASE + (TABLE + 100) * P;

	check(fill(s, 6) != 0);
	check_equal(space_fork(s, &child), 0);
	check_equal(space_unmap(s, BASE + 100 * P, 50 * P), 0);
	check_equal(sharers(s, 0), 1);
	check_equal(space_protect(s, middle, 50 * P, AREA_READ), 0);
	check_equal(sharers(child, TABLE), 1);
	check(!poke(s, middle, 1));
	check_equal(space_remap(s, BASE + (2 * TABLE + 6) * P, P, P, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 100 * P, &to), 0);
	check_equal(sharers(s, 2 * TABLE), 1);
	check_equal(peek(s, to), (uint8_t)(2 * TABLE + 6));
	check_equal(space_advise(s, BASE + (3 * TABLE + 1) * P, (TABLE - 1) * P, MADV_DONTNEED), 0);
	check_equal(sharers(s, 3 * TABLE), 1);
	check_equal(peek(s, BASE + (3 * TABLE + 4) * P), 0);
	check_equal(space_advise(s, BASE + 4 * TABLE * P, TABLE * P, MADV_DONTNEED), 0);
	check_equal(sharers(s, 4 * TABLE), 0);
	check_equal(sharers(child, 4 * TABLE), 1);
	check_equal(peek(s, BASE + 4 * TABLE * P), 0);
	to = BASE + 5 * TABLE * P;
	check_equal(map_at(s, &to, TABLE, RW | AREA_NOHUGE, NULL, 0), 0);
	check_equal(peek(s, to), 0);
	check_equal(sharers(child, 5 * TABLE), 1);
	check(holds(child, 0, 6 * TABLE));
	for (unsigned i = 0; i < 6 * TABLE; i += 5)
		check(poke(child, BASE + i * P, 3));
	check_equal(peek(s, BASE), 0);
	space_unuse(child);
	check_equal(peek(s, BASE + (TABLE + 3) * P), 3);
}
KTEST(vm_shared_tables_before_operations_on_parts) { with_space(by_parts); }

/* Entries elsewhere are taken for those of the new place. */
static void moved_over(struct space *s)
{
	struct space *child;
	uaddr_t far = BASE + MiB(64), to;

	check(fill(s, 2) != 0);
	check_equal(map_at(s, &far, 2 * TABLE, RW | AREA_NOHUGE, NULL, 0), 0);
	for (unsigned i = 0; i < 2 * TABLE; i += 2)
		check(poke(s, far + i * P, 77));
	check_equal(space_fork(s, &child), 0);
	check_equal(space_remap(s, BASE, 2 * TABLE * P, 2 * TABLE * P, MREMAP_MAYMOVE | MREMAP_FIXED, far, &to), 0);
	for (unsigned i = 0; i < 2 * TABLE; i += 5)
		check_equal(peek(s, far + i * P), (uint8_t)i);
	check_equal(peek(s, far + 2 * P), 0);
	check_equal(peek(child, far + 2 * P), 77);
	check(holds(child, 0, 2 * TABLE));
	space_unuse(child);
}
KTEST(vm_shared_tables_under_mremap) { with_space(moved_over); }

/* Another's memory is written through its frames; a shared table's entries look writable. */
static void from_outside(struct space *s)
{
	struct space *child;
	uint8_t byte = 42;

	check(fill(s, 1) != 0);
	check_equal(space_fork(s, &child), 0);
	check_equal(space_copy_to(child, BASE + 5 * P, &byte, 1, true), 1);
	check_equal(peek(s, BASE + 5 * P), 5);
	check_equal(peek(child, BASE + 5 * P), 42);
	space_unuse(child);
}
KTEST(vm_shared_tables_are_not_written_through) { with_space(from_outside); }

/* Tables with little in them, in areas that do not fill them, or of files, are copied. */
static void not_shared(struct space *s)
{
	struct object *o = object_create_anonymous(TABLE * P);
	uaddr_t small = BASE, part = BASE + MiB(8) + P, file = BASE + MiB(16);
	struct space *child;

	check(o != NULL);
	check_equal(map_at(s, &small, TABLE, RW | AREA_NOHUGE, NULL, 0), 0);
	check_equal(map_at(s, &part, TABLE - 1, RW | AREA_NOHUGE, NULL, 0), 0);
	check_equal(map_at(s, &file, TABLE, RW, o, 0), 0);
	check(poke(s, small, 1));
	for (unsigned i = 0; i < TABLE - 1; i++)
		check(poke(s, part + i * P, 2) && poke(s, file + i * P, 3));
	check_equal(space_fork(s, &child), 0);
	check_equal(sharers(s, 0), 1);
	check_equal(sharers(s, (unsigned)(MiB(8) / P)), 1);
	check_equal(sharers(s, (unsigned)(MiB(16) / P)), 1);
	check(!space_is_mixed(child));
	object_truncate(o, 0);
	check_equal(anonymous(child), TABLE);
	space_unuse(child);
	object_put(o);
}
KTEST(vm_small_and_partial_tables_are_copied) { with_space(not_shared); }
