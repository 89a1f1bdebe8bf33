/* SPDX-License-Identifier: MIT */
/*
 * The run-time of GCC's -fsanitize=kernel-address. The shadow itself (what it
 * means: base/kasan.h) is laid out by the boot (head.S: one page of zeros that
 * stands for all of it) and filled by mem/shadow.c. Loads and stores of up to
 * 16 bytes are checked in line and come here only to report; the rest, and
 * memcpy() and the like (lib/string_checked.c), are checked here.
 *
 * Until kasan_enable() nothing is reported: early code writes its stack's red
 * zones into the shared page. The names and layouts are the compiler's
 * (gcc/asan.cc). No locks.
 */
#include "base/kasan.h"
#include "base/panic.h"
#include "base/sanitize.h"
#include "hal/mmu.h"
#include "lib/string.h"

#if CONFIG_KASAN

#define CALLER ((vaddr_t)__builtin_return_address(0))

void (*kasan_describe)(vaddr_t addr);

static bool enabled; /* immutable after boot */

static uint8_t *shadow_of(vaddr_t addr)
{
	return (uint8_t *)((addr >> 3) + SHADOW_OFFSET);
}

void kasan_poison(const void *p, size_t n, enum kasan_reason why)
{
	assert(is_aligned((vaddr_t)p, 8UL));
	memset(shadow_of((vaddr_t)p), (int)why, div_round_up(n, 8));
}

void kasan_unpoison(const void *p, size_t n)
{
	assert(is_aligned((vaddr_t)p, 8UL));
	memset(shadow_of((vaddr_t)p), 0, n / 8);
	if (n % 8)
		*shadow_of((vaddr_t)p + n) = n % 8;
}

void kasan_trim(const void *p, size_t n, size_t room)
{
	kasan_unpoison(p, n);
	n = align_up(n, 8);
	if (n < room)
		kasan_poison((const char *)p + n, room - n, KASAN_RED_ZONE);
}

/* The first byte of [addr, addr + n) that may not be touched; 0 if all may. */
static vaddr_t first_bad(vaddr_t addr, size_t n)
{
	for (vaddr_t at = addr; at < addr + n; at = align_down(at, 8) + 8) {
		int8_t s = (int8_t)*shadow_of(at);
		vaddr_t last = min(align_down(at, 8) + 7, addr + n - 1);

		if (s < 0)
			return at;
		if (s > 0 && (int)(last & 7) >= s)
			return max(at, align_down(at, 8) + (vaddr_t)s);
	}
	return 0;
}

static const char *reason(vaddr_t bad)
{
	uint8_t s = *shadow_of(bad);

	if (s > 0 && s < 8)
		s = *shadow_of(bad + 8) >= 0x80 ? *shadow_of(bad + 8) : KASAN_RED_ZONE;
	switch (s) {
	case KASAN_GLOBAL: return "global out of bounds";
	case KASAN_SLAB_FREE: return "use after free";
	case KASAN_RED_ZONE: return "slab out of bounds";
	case KASAN_PAGE_FREE: return "use of a free frame";
	case 0xf1: case 0xf2: case 0xf3: return "stack out of bounds";
	case 0xf8: return "stack use after its scope";
	default: return "wild access";
	}
}

static void say_shadow(vaddr_t bad)
{
	const uint8_t *at = shadow_of(align_down(bad, 128));

	for (const uint8_t *row = at - 16; row <= at + 16; row += 16) {
		sanitize_say("  %016llx:", (unsigned long long)((vaddr_t)row - SHADOW_OFFSET) << 3);
		for (unsigned i = 0; i < 16; i++)
			sanitize_say(row + i == shadow_of(bad) ? "[%02x]" : " %02x ", row[i]);
		sanitize_say("\n");
	}
}

static void report(vaddr_t caller, vaddr_t addr, size_t n, bool write)
{
	vaddr_t bad = first_bad(addr, n);

	if (!enabled || !sanitize_begin(caller, "KASAN: %s: %s of %zu bytes at %llx",
					reason(bad ? bad : addr), write ? "write" : "read", n,
					(unsigned long long)addr))
		return;
	bad = bad ? bad : addr;
	if (kasan_describe)
		kasan_describe(bad);
	sanitize_say("shadow:\n");
	say_shadow(bad);
	sanitize_end();
}

static __always_inline void check(vaddr_t caller, vaddr_t addr, size_t n, bool write)
{
	if (unlikely(n && enabled && addr >= DIRECT_MAP_BASE && first_bad(addr, n)))
		report(caller, addr, n, write);
}

#define ACCESS(name, n)                                                                            \
	void __asan_load##name##_noabort(vaddr_t addr);                                            \
	void __asan_load##name##_noabort(vaddr_t addr) { check(CALLER, addr, n, false); }          \
	void __asan_store##name##_noabort(vaddr_t addr);                                           \
	void __asan_store##name##_noabort(vaddr_t addr) { check(CALLER, addr, n, true); }          \
	void __asan_report_load##name##_noabort(vaddr_t addr);                                     \
	void __asan_report_load##name##_noabort(vaddr_t addr) { report(CALLER, addr, n, false); }  \
	void __asan_report_store##name##_noabort(vaddr_t addr);                                    \
	void __asan_report_store##name##_noabort(vaddr_t addr) { report(CALLER, addr, n, true); }

ACCESS(1, 1)
ACCESS(2, 2)
ACCESS(4, 4)
ACCESS(8, 8)
ACCESS(16, 16)

#define RANGE(name, function, write)                                                               \
	void name(vaddr_t addr, size_t n);                                                         \
	void name(vaddr_t addr, size_t n) { function(CALLER, addr, n, write); }

RANGE(__asan_loadN_noabort, check, false)
RANGE(__asan_storeN_noabort, check, true)
RANGE(__asan_report_load_n_noabort, report, false)
RANGE(__asan_report_store_n_noabort, report, true)

/* Variables that go out of scope in the middle of a function, and come back. */
void __asan_poison_stack_memory(const void *p, size_t n);
void __asan_poison_stack_memory(const void *p, size_t n)
{
	memset(shadow_of((vaddr_t)p), 0xf8, div_round_up(n, 8));
}

void __asan_unpoison_stack_memory(const void *p, size_t n);
void __asan_unpoison_stack_memory(const void *p, size_t n)
{
	kasan_unpoison(p, n);
}

/* The frames above will not be returned to, and cannot take their red zones away. */
void __asan_handle_no_return(void);
void __asan_handle_no_return(void)
{
	vaddr_t here = align_down(cpu_frame_pointer(), 8);

	if (here - KSTACK_BASE < KSTACK_SIZE)
		kasan_unpoison((void *)here, align_up(here, KSTACK_SLOT) - here);
}

struct asan_global {
	const void *start;
	size_t size, size_with_red_zone;
	const char *name, *module;
	uintptr_t has_constructor, location, indicator;
};

void __asan_register_globals(struct asan_global *global, size_t n);
void __asan_register_globals(struct asan_global *global, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t used = align_up(global[i].size, 8);

		kasan_unpoison(global[i].start, global[i].size);
		kasan_poison((const char *)global[i].start + used, global[i].size_with_red_zone - used,
			     KASAN_GLOBAL);
	}
}

void __asan_unregister_globals(struct asan_global *global, size_t n);
void __asan_unregister_globals(struct asan_global *global, size_t n)
{
}

void kasan_enable(void)
{
	extern void (*const constructors_start[])(void), (*const constructors_end[])(void);

	for (void (*const *c)(void) = constructors_start; c < constructors_end; c++)
		(*c)();
	enabled = true;
}

#endif
