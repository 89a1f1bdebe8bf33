/* SPDX-License-Identifier: MIT */
/* Tests of memory objects: pages, reading and writing, cutting, and mappings of them. */
#include "vm_helpers.h"

#include "lib/string.h"
#include "vm/iter.h"
#include <linux/mman.h>

#define BASE 0x10000000UL

static void released(struct object *o)
{
	*(bool *)o->owner = true;
}
static const struct object_ops memory_ops = { .release = released };

static void with_object(void (*body)(struct object *o, struct space *s))
{
	struct frame_count before = frames_now(), after;
	struct space *s = space_create();
	static struct object o;
	static bool gone;

	check(s != NULL);
	gone = false;
	object_init(&o, &memory_ops, &gone);
	body(&o, s);
	space_unuse(s);
	check(!gone);
	object_put(&o);
	check(gone);
	after = frames_now();
	check_equal(after.user, before.user);
	check_equal(after.tables, before.tables);
}

static ssize_t write_at(struct object *o, uint64_t position, const void *from, size_t n)
{
	struct iter it;

	iter_init_kernel(&it, (void *)from, n, true);
	return object_write(o, position, &it);
}

static ssize_t read_at(struct object *o, uint64_t position, void *to, size_t n)
{
	struct iter it;

	iter_init_kernel(&it, to, n, false);
	return object_read(o, position, &it);
}

static void read_write(struct object *o, struct space *s)
{
	static uint8_t in[3 * PAGE_SIZE], out[3 * PAGE_SIZE];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7 + i / 251);
	check_equal(write_at(o, 10 * P + 100, in, sizeof(in)), sizeof(in));
	check_equal(o->size, 13 * P + 100);
	check_equal(o->page_count, 4);
	check_equal(read_at(o, 10 * P + 100, out, sizeof(out)), sizeof(out));
	check_equal(memcmp(in, out, sizeof(in)), 0);
	check_equal(read_at(o, 13 * P, out, P), 100);
	check_equal(read_at(o, 14 * P, out, P), 0);
	check_equal(read_at(o, 0, out, P), P);
	check(out[0] == 0 && out[P - 1] == 0);
	check_equal(o->page_count, 4); /* reading a hole makes no page */
	check_equal(object_next_page(o, 0), 10);
	check_equal(object_next_hole(o, 10), 14);
}
KTEST(vm_object_reads_what_was_written) { with_object(read_write); }

static void truncated(struct object *o, struct space *s)
{
	uint8_t byte = 1, page[64];
	uaddr_t a = BASE, private = BASE + MiB(4);

	for (unsigned i = 0; i < 20; i++)
		check_equal(write_at(o, i * P + 50, &byte, 1), 1);
	check_equal(map_at(s, &a, 20, RW | AREA_SHARED, o, 0), 0);
	check_equal(map_at(s, &private, 20, RW, o, 0), 0);
	for (unsigned i = 0; i < 20; i++) {
		check_equal(peek(s, a + i * P + 50), 1);
		check(poke(s, private + i * P, 2));
	}
	check_equal(s->count.rss[RSS_SHMEM], 20);
	check_equal(s->count.rss[RSS_ANON], 20);
	object_truncate(o, 5 * P + 30);
	check_equal(o->page_count, 6);
	check_equal(s->count.rss[RSS_SHMEM], 6);
	check_equal(s->count.rss[RSS_ANON], 6);
	check_equal(space_fault(s, a + 6 * P, FAULT_READ), (uint64_t)-EIO);
	check_equal(space_fault(s, private + 6 * P, FAULT_WRITE), (uint64_t)-EIO);
	check_equal(peek(s, a + 5 * P + 50), 0);
	check_equal(peek(s, a + 4 * P + 50), 1);
	check(poke(s, a + 5 * P + 60, 3)); /* behind the end, in the last page */
	object_truncate(o, 8 * P);
	check_equal(peek(s, a + 5 * P + 60), 0);
	check_equal(peek(s, a + 7 * P), 0);
	check_equal(read_at(o, 7 * P + 40, page, 64), 64);
	check_equal(page[10], 0);
	object_truncate(o, 0);
	check_equal(o->page_count, 0);
	check_equal(s->count.rss[RSS_SHMEM] + s->count.rss[RSS_ANON], 0);
}
KTEST(vm_truncation_reaches_every_mapping) { with_object(truncated); }

static void punched(struct object *o, struct space *s)
{
	uint8_t byte = 1;
	uaddr_t a = BASE, private = BASE + MiB(4);

	for (unsigned i = 0; i < 8; i++)
		check_equal(write_at(o, i * P, &byte, 1), 1);
	object_truncate(o, 8 * P);
	check_equal(map_at(s, &a, 8, RW | AREA_SHARED, o, 0), 0);
	check_equal(map_at(s, &private, 8, RW, o, 0), 0);
	for (unsigned i = 0; i < 8; i++) {
		check_equal(peek(s, a + i * P), 1);
		check_equal(peek(s, private + i * P), 1);
	}
	check(poke(s, private + 3 * P, 4));
	object_punch_hole(o, 2 * P, 5 * P + 1);
	check_equal(o->page_count, 5);
	check_equal(peek(s, a + 1 * P), 1);
	check_equal(peek(s, a + 2 * P), 0);
	check_equal(peek(s, a + 5 * P), 0);
	check_equal(peek(s, private + 2 * P), 0);
	check_equal(peek(s, private + 3 * P), 4); /* a copy of its own stays */
	check_equal(peek(s, a + 6 * P), 1);
}
KTEST(vm_holes_show_as_zeros_everywhere) { with_object(punched); }

static void shared_by_fork(struct object *o, struct space *s)
{
	struct space *child;
	uaddr_t a = BASE, private = BASE + MiB(4);

	object_truncate(o, 40 * P);
	check_equal(map_at(s, &a, 40, RW | AREA_SHARED, o, 0), 0);
	check_equal(map_at(s, &private, 40, RW, o, 0), 0);
	check(poke(s, a + 2 * P, 2));
	check_equal(peek(s, private + 2 * P), 2);
	check(poke(s, private + 3 * P, 3));
	check_equal(space_fork(s, &child), 0);
	check_equal(peek(child, a + 2 * P), 2);
	check(poke(child, a + 4 * P, 4));
	check_equal(peek(s, a + 4 * P), 4);
	check_equal(peek(child, private + 3 * P), 3);
	check(poke(child, private + 3 * P, 5));
	check_equal(peek(s, private + 3 * P), 3);
	check_equal(peek(child, private + 4 * P), 4);
	check(poke(child, private + 4 * P, 6));
	check_equal(peek(s, a + 4 * P), 4);
	check_equal(o->writable_mappings, 2);
	space_unuse(child);
	check_equal(o->writable_mappings, 1);
}
KTEST(vm_shared_and_private_mappings_over_fork) { with_object(shared_by_fork); }

static void around(struct object *o, struct space *s)
{
	uint8_t byte = 1;
	uaddr_t a = BASE;
	uint64_t faults;

	for (unsigned i = 0; i < 64; i++)
		check_equal(write_at(o, i * P, &byte, 1), 1);
	object_truncate(o, 64 * P);
	check_equal(map_at(s, &a, 50, AREA_READ, o, 3), 0);
	faults = thread_current()->faults_minor;
	check_equal(peek(s, a + 20 * P), 1);
	check_equal(s->count.rss[RSS_SHMEM], 16);
	check_equal(thread_current()->faults_minor - faults, 1);
	check_equal(peek(s, a + 16 * P), 1);
	check_equal(s->count.rss[RSS_SHMEM], 16);
	check_equal(peek(s, a + 49 * P), 1);
	check_equal(s->count.rss[RSS_SHMEM], 18);
}
KTEST(vm_faults_enter_what_is_around) { with_object(around); }

static void overwritten(struct object *o, struct space *s)
{
	static uint8_t page[PAGE_SIZE];
	struct page *p;
	struct iter it;
	uaddr_t a = BASE;

	memset(page, 5, sizeof(page));
	check_equal(write_at(o, 0, page, P), P);
	check_equal(object_get_page(o, 0, &p), 0);
	check_equal(p->refs, 2);
	check_equal(((uint8_t *)page_address(p))[P - 1], 5);
	page_lock(p);
	check(!page_trylock(p));
	page_unlock(p);
	iter_init_pages(&it, &p, 100, 200, true);
	check_equal(object_write(o, P, &it), 200);
	page_put(p);
	check_equal(map_at(s, &a, 2, RW | AREA_SHARED, o, 0), 0);
	check_equal(peek(s, a + P + 199), 5);
	check_equal(peek(s, a + P + 200), 0);
}
KTEST(vm_whole_pages_and_page_iterators) { with_object(overwritten); }

KTEST(vm_anonymous_objects_promise_memory)
{
	uint64_t before = vm_committed();
	struct object *o = object_create_anonymous(5 * P - 1);

	check(o != NULL);
	check_equal(vm_committed(), before + 5);
	object_put(o);
	check_equal(vm_committed(), before);
	check(object_create_anonymous(1UL << 50) == NULL);
}

static void futex_keys(struct object *o, struct space *s)
{
	struct futex_key k1, k2;
	uaddr_t a = BASE, b = BASE + MiB(2), private = BASE + MiB(4);

	object_truncate(o, 4 * P);
	check_equal(map_at(s, &a, 4, RW | AREA_SHARED, o, 0), 0);
	check_equal(map_at(s, &b, 2, RW | AREA_SHARED, o, 2), 0);
	check_equal(map_at(s, &private, 4, RW, NULL, 0), 0);
	check_equal(space_futex_key(s, a + 3 * P + 8, true, false, &k1), 0);
	check_equal(space_futex_key(s, b + P + 8, true, true, &k2), 0);
	check(k1.base == k2.base && k1.offset == k2.offset);
	check_equal(space_futex_key(s, private + 8, true, true, &k1), 0);
	check_equal(space_futex_key(s, private + 8, false, true, &k2), 0);
	check(k1.base == k2.base && k1.offset == k2.offset);
	check_equal(space_futex_key(s, 0, true, true, &k1), (uint64_t)-EFAULT);
}
KTEST(vm_futex_keys_name_the_memory) { with_object(futex_keys); }
