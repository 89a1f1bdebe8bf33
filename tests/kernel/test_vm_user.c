/* SPDX-License-Identifier: MIT */
/*
 * Tests with the space loaded: the processor walks the tables, its TLB remembers,
 * and user memory is touched through hal/usercopy.h.
 */
#include "vm_helpers.h"

#include "hal/usercopy.h"
#include "lib/string.h"
#include "vm/iter.h"
#include <linux/mman.h>

#define BASE 0x10000000UL
#define NOWHERE 0x70000000UL

static const struct object_ops memory_ops = { .release = NULL };

/* Runs the body in a fresh space that this thread has loaded. */
static void with_loaded_space(void (*body)(struct space *s))
{
	struct frame_count before = frames_now(), after;
	struct space *s = space_create();

	check(s != NULL);
	thread_use_space(&s->mmu);
	body(s);
	thread_use_space(NULL);
	space_unuse(s);
	after = frames_now();
	check_equal(after.user, before.user);
	check_equal(after.tables, before.tables);
}

static int load(uaddr_t addr)
{
	uint8_t byte;

	return usercopy_from(&byte, addr, 1) ? -1 : byte;
}

static bool store(uaddr_t addr, uint8_t byte)
{
	return usercopy_to(addr, &byte, 1) == 0;
}

static void translations(struct space *s)
{
	uaddr_t a = BASE, to;

	check_equal(map_at(s, &a, 40, RW, NULL, 0), 0);
	check(store(a, 1) && store(a + P, 2) && store(a + 2 * P, 3));
	check_equal(load(a + 3 * P), 0);
	check(store(a + 3 * P, 4)); /* the zero page goes */
	check_equal(load(a + 3 * P), 4);
	check_equal(space_unmap(s, a, P), 0);
	check_equal(load(a), -1);
	check_equal(space_protect(s, a + P, P, AREA_READ), 0);
	check(!store(a + P, 9));
	check_equal(load(a + P), 2);
	check_equal(space_remap(s, a + 2 * P, P, P, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + MiB(8), &to), 0);
	check_equal(load(a + 2 * P), -1);
	check_equal(load(to), 3);
	check_equal(space_advise(s, to, P, MADV_DONTNEED), 0);
	check_equal(load(to), 0);
	check_equal(map_at(s, &a, 40, RW, NULL, 0), 0); /* over everything */
	check_equal(load(a + 3 * P), 0);
	check(store(a + P, 5));
}
KTEST(vm_the_processor_forgets_what_changed) { with_loaded_space(translations); }

static void fork_loaded(struct space *s)
{
	struct space *child;
	uaddr_t a = BASE;

	check_equal(map_at(s, &a, 100, RW, NULL, 0), 0);
	for (unsigned i = 0; i < 100; i++)
		check(store(a + i * P, (uint8_t)i));
	check_equal(space_fork(s, &child), 0);
	for (unsigned i = 0; i < 100; i += 2)
		check(store(a + i * P, 200));
	thread_use_space(&child->mmu);
	for (unsigned i = 0; i < 100; i++)
		check_equal(load(a + i * P), i);
	for (unsigned i = 1; i < 100; i += 2)
		check(store(a + i * P, 201));
	thread_use_space(&s->mmu);
	for (unsigned i = 0; i < 100; i++)
		check_equal(load(a + i * P), i % 2 ? (int)i : 200);
	space_unuse(child);
}
KTEST(vm_fork_write_protects_a_loaded_parent) { with_loaded_space(fork_loaded); }

static void changed_from_outside(struct space *s)
{
	struct space *other = space_create();
	uaddr_t a = BASE;

	check(other != NULL);
	check_equal(map_at(s, &a, 2, RW, NULL, 0), 0);
	check(store(a, 1) && store(a + P, 2));
	thread_use_space(&other->mmu);
	check_equal(load(a), -1);
	check_equal(space_unmap(s, a, P), 0); /* not loaded now, but its entries may be remembered */
	thread_use_space(&s->mmu);
	check_equal(load(a), -1);
	check_equal(load(a + P), 2);
	space_unuse(other);
}
KTEST(vm_entries_of_an_unloaded_space_are_forgotten_too) { with_loaded_space(changed_from_outside); }

static void iterators(struct space *s)
{
	uaddr_t a = BASE;
	struct iter_segment segment[4] = { { BASE + 10, 0 }, { BASE + 10, 5 }, { BASE + P - 2, 4 }, { NOWHERE, 7 } };
	struct iter it, saved;
	char buf[16] = "";

	check_equal(map_at(s, &a, 3, RW, NULL, 0), 0);
	iter_init_segments(&it, ITER_USER, segment, 4, 16, false);
	saved = it;
	check_equal(iter_put_atomic(&it, "abcdefghijk", 11), 0);
	check_equal(iter_fault_in(&it, 16), 0);
	check_equal(iter_put_atomic(&it, "abcdefghijk", 11), 9);
	check_equal(it.count, 7);
	check_equal(iter_fault_in(&it, 7), (uint64_t)-EFAULT);
	iter_restore(&it, &saved);
	check_equal(iter_put(&it, "ABCDE", 5), 5);
	check_equal(load(a + 10), 'A');
	check_equal(load(a + P + 1), 'i');
	iter_init_segments(&it, ITER_USER, segment, 3, 9, true);
	iter_advance(&it, 3);
	check_equal(iter_take(&it, buf, 16), 6);
	check_equal(memcmp(buf, "DEfghi", 6), 0);
	iter_init_user(&it, a, 100, false);
	check_equal(iter_put_zeros(&it, 12), 12);
	check_equal(load(a + 11), 0);
	check_equal(load(a + 12), 'C');
	check_equal(space_protect(s, a, P, AREA_READ), 0);
	iter_init_user(&it, a, 4, false);
	check_equal(iter_fault_in(&it, 4), (uint64_t)-EFAULT);
	iter_init_user(&it, a, 4, true);
	check_equal(iter_fault_in(&it, 4), 0);
}
KTEST(vm_iterators_over_user_memory) { with_loaded_space(iterators); }

static void object_to_user(struct space *s)
{
	static struct object o;
	uaddr_t a = BASE;
	struct iter it;

	object_init(&o, &memory_ops, NULL);
	check_equal(map_at(s, &a, 4, RW, NULL, 0), 0);
	for (unsigned i = 0; i < 4; i++)
		check(store(a + i * P, (uint8_t)(i + 1)));
	check_equal(space_advise(s, a + 3 * P, P, MADV_DONTNEED), 0); /* the source must be faulted in */
	iter_init_user(&it, a, 4 * P, true);
	check_equal(object_write(&o, P / 2, &it), 4 * P);
	iter_init_user(&it, a + 3 * P, 2 * P, true); /* its second half is not there */
	check_equal(object_write(&o, 10 * P, &it), P);
	iter_init_user(&it, a + 3 * P + 100, 2 * P, true); /* a whole page whose source ends inside it */
	check_equal(object_write(&o, 20 * P, &it), P - 100);
	check_equal(o.size, 21 * P - 100);
	iter_init_user(&it, NOWHERE, P, true);
	check_equal(object_write(&o, 30 * P, &it), (uint64_t)-EFAULT);
	iter_init_user(&it, a, 3 * P, false);
	check_equal(object_read(&o, P + P / 2, &it), 3 * P);
	check_equal(load(a), 2);
	check_equal(load(a + P), 3);
	iter_init_user(&it, NOWHERE, P, false);
	check_equal(object_read(&o, P, &it), (uint64_t)-EFAULT);
	object_put(&o);
}
KTEST(vm_objects_copy_from_and_to_user_memory) { with_loaded_space(object_to_user); }

static void mapped_source(struct space *s)
{
	struct object *o = object_create_anonymous(4 * P);
	uaddr_t a = BASE;
	struct iter it;

	check(o != NULL);
	check_equal(map_at(s, &a, 4, RW | AREA_SHARED, o, 0), 0);
	check(store(a + P, 7));
	iter_init_user(&it, a + P, 2 * P, true); /* writing a file from a mapping of itself */
	check_equal(object_write(o, 0, &it), 2 * P);
	check_equal(load(a), 7);
	object_truncate(o, P);
	check_equal(load(a + P), -1);
	check_equal(load(a), 7);
	object_put(o);
}
KTEST(vm_writing_a_file_from_its_own_mapping) { with_loaded_space(mapped_source); }
