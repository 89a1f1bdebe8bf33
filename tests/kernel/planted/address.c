/* SPDX-License-Identifier: MIT */
/* Bugs planted for the SAN=address build: each must be reported (base/kasan.c), in these words. */
#include "base/ktest.h"
#include "hal/usercopy.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/vmap.h"

/* What the compiler cannot see through. */
static void *opaque(const void *p)
{
	__asm__ volatile("" : "+r"(p) : : "memory");
	return (void *)p;
}

static size_t opaque_size(size_t n)
{
	__asm__ volatile("" : "+r"(n));
	return n;
}

static volatile char sink;

KTEST_REPORTS(kasan_finds_use_after_free, "KASAN: use after free: read of 1 bytes")
{
	char *p = kmalloc(40, ALLOC_KERNEL);

	kfree(opaque(p));
	sink = p[5];
}

KTEST_REPORTS(kasan_tells_who_freed, "freed by:")
{
	char *p = kmalloc(40, ALLOC_KERNEL);

	kfree(opaque(p));
	p[0] = 1;
}

KTEST_REPORTS(kasan_finds_use_after_others_were_freed, "KASAN: use after free: write of 8 bytes")
{
	uint64_t *p = kmalloc(64, ALLOC_KERNEL);

	kfree(opaque(p));
	for (unsigned i = 0; i < 100; i++)
		kfree(kmalloc(64, ALLOC_KERNEL));
	p[2] = 1;
}

KTEST_REPORTS(kasan_finds_a_double_free, "freed twice")
{
	char *p = kmalloc(40, ALLOC_KERNEL);

	kfree(opaque(p));
	kfree(opaque(p));
}

KTEST_REPORTS(kasan_finds_a_read_behind_an_object, "KASAN: slab out of bounds: read of 1 bytes")
{
	char *p = kmalloc(41, ALLOC_KERNEL);

	sink = p[opaque_size(41)];
}

KTEST_REPORTS(kasan_finds_a_write_before_an_object, "KASAN: slab out of bounds: write of 1 bytes")
{
	char *p = kmalloc(64, ALLOC_KERNEL);

	p[-(ptrdiff_t)opaque_size(1)] = 1;
}

KTEST_REPORTS(kasan_finds_a_memset_too_long, "KASAN: slab out of bounds: write of 50 bytes")
{
	memset(kmalloc(41, ALLOC_KERNEL), 0, opaque_size(50));
}

KTEST_REPORTS(kasan_finds_a_memcpy_too_long, "KASAN: slab out of bounds: read of 100 bytes")
{
	char to[128];

	memcpy(to, kmalloc(96, ALLOC_KERNEL), opaque_size(100));
	sink = to[opaque_size(7)];
}

KTEST_REPORTS(kasan_finds_a_copy_to_user_from_beyond, "KASAN: slab out of bounds: read of 100 bytes")
{
	sink = (char)usercopy_to(0x10000, kmalloc(96, ALLOC_KERNEL), opaque_size(100));
}

KTEST_REPORTS(kasan_finds_use_of_a_free_frame, "KASAN: use of a free frame")
{
	struct page *page = frame_alloc(0, ALLOC_KERNEL);
	char *p = page_address(page);

	frame_free(page, 0);
	sink = p[opaque_size(100)];
}

KTEST_REPORTS(kasan_finds_an_index_beyond_a_stack_array, "KASAN: stack out of bounds")
{
	volatile char row[24];

	row[0] = 1;
	sink = ((char *)opaque((char *)row))[opaque_size(24)];
}

KTEST_REPORTS(kasan_finds_use_after_the_scope, "KASAN: stack use after its scope")
{
	char *p;
	{
		char inner[32];

		inner[3] = 1;
		p = opaque(inner);
	}
	sink = p[3];
}

static char global[10];

KTEST_REPORTS(kasan_finds_an_index_beyond_a_global, "KASAN: global out of bounds")
{
	sink = ((char *)opaque(global))[opaque_size(10)];
}

KTEST_REPORTS(kasan_finds_a_read_behind_vmap_memory, "KASAN: slab out of bounds")
{
	char *p = vmap_alloc(5000, ALLOC_KERNEL);

	sink = p[opaque_size(5001)];
}
