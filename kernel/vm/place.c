/* SPDX-License-Identifier: MIT */
/*
 * Where mappings go: below mmap_base from the top down, and above it when that
 * is full, keeping clear of the guard gap below a stack. What lies above USER_WINDOW, where there is
 * anything (five levels of page tables), is for those whose hint lies there.
 */
#include "lib/errno.h"
#include "vm/areas.h"

#define LOW_32BIT_FROM 0x40000000UL /* MAP_32BIT: the first two GiB, but for the lowest one, as Linux */
#define LOW_32BIT_TO   0x80000000UL

/* The lowest address that must stay free because of the area above it. */
static uaddr_t guard_start(const struct area *above)
{
	if (!(above->flags & AREA_GROWSDOWN))
		return above->start;
	return above->start > STACK_GUARD_GAP ? above->start - STACK_GUARD_GAP : 0;
}

static bool is_free(struct space *s, uaddr_t addr, size_t length)
{
	const struct area *above = area_find(s, addr);

	return !above || addr + length <= guard_start(above);
}

/* The highest place in [low, high). */
static int find_top_down(struct space *s, size_t length, uaddr_t low, uaddr_t high, uaddr_t *addr)
{
	for (;;) {
		int error = btree_find_gap(&s->areas, length, PAGE_SIZE, low, high, BTREE_HIGHEST, addr);

		if (error || is_free(s, *addr, length))
			return error;
		high = guard_start(area_find(s, *addr)); /* lower than *addr + length: it gets nearer */
		if (high < low + length)
			return -ENOMEM;
	}
}

static int find_bottom_up(struct space *s, size_t length, uaddr_t low, uaddr_t high, uaddr_t *addr)
{
	for (;;) {
		int error = btree_find_gap(&s->areas, length, PAGE_SIZE, low, high, BTREE_LOWEST, addr);

		if (error || is_free(s, *addr, length))
			return error;
		low = area_find(s, *addr)->end;
	}
}

/* Does the range lie in the part of the user half in which it begins? */
static bool hint_serves(uaddr_t hint, size_t length)
{
	return hint <= USER_TOP - length && (hint > USER_WINDOW) == (hint + length > USER_WINDOW);
}

int space_find_place(struct space *s, uaddr_t hint, size_t length, bool low_32bit, uaddr_t *addr)
{
	uaddr_t above; /* how much higher than usual it may be */

	assert(mutex_held(&s->lock));
	if (length > USER_TOP - MMAP_LOWEST)
		return -ENOMEM;
	hint = align_down(hint, PAGE_SIZE);
	if (hint && hint < MMAP_LOWEST)
		hint = MMAP_LOWEST;
	if (hint && hint_serves(hint, length) && (!low_32bit || hint + length <= LOW_32BIT_TO) &&
	    is_free(s, hint, length)) {
		*addr = hint;
		return 0;
	}
	if (low_32bit)
		return find_bottom_up(s, length, LOW_32BIT_FROM, LOW_32BIT_TO, addr);
	above = hint > USER_WINDOW ? USER_TOP - USER_WINDOW : 0;
	if (!find_top_down(s, length, MMAP_LOWEST, s->mmap_base + above, addr))
		return 0;
	return find_bottom_up(s, length, max(s->mmap_base, (uaddr_t)MMAP_LOWEST), USER_WINDOW + above, addr);
}
