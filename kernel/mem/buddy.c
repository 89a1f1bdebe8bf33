/* SPDX-License-Identifier: MIT */
/*
 * Buddy lists. A free block of 2^order frames is aligned to its size; its first
 * struct page is marked BUDDY and carries the order and the links of its list
 * (object: next, index: previous). A block that is freed looks at its buddy,
 * the block with which it makes one of the next order: if that is free as a
 * whole, the two become one. Struct pages inside a block have no flags set.
 *
 * Blocks never join beyond the largest order, and the struct pages of a whole
 * group (the largest block) are mapped if any are, so that looking at a buddy
 * never leaves the array.
 *
 * At boot most groups are free as a whole. Only their first struct page is
 * written then, and marked LAZY; the rest is zeroed when the group is first
 * taken. This keeps 32 bytes a frame out of the boot.
 */
#include "mem/buddy.h"
#include "base/kasan.h"
#include "lib/string.h"

struct buddy buddy = { .lock = SPINLOCK_INIT(RANK_FRAME) };

static void list_push(struct page *page, unsigned order)
{
	struct page *next = buddy.first[order];

	page->flags = PAGE_BUDDY;
	page->order = (uint8_t)order;
	page->object = next;
	page->index = 0;
	if (next)
		next->index = (uint64_t)page;
	buddy.first[order] = page;
	buddy.orders |= 1u << order;
	buddy.blocks[order]++;
}

static void list_remove(struct page *page, unsigned order)
{
	struct page *next = page->object, *prev = (struct page *)page->index;

	assert((page->flags & PAGE_BUDDY) && page->order == order);
	if (next)
		next->index = page->index;
	if (prev)
		prev->object = next;
	else
		buddy.first[order] = next;
	buddy.blocks[order]--;
	if (!buddy.first[order])
		buddy.orders &= ~(1u << order);
	page->flags = 0;
}

struct page *buddy_take(unsigned order)
{
	uint32_t enough = buddy.orders >> order << order;
	struct page *page;
	unsigned have;

	assert_held(&buddy.lock);
	if (!enough)
		return NULL;
	have = (unsigned)__builtin_ctz(enough);
	page = buddy.first[have];
	list_remove(page, have);
	if (unlikely(page->kind == KIND_LAZY))
		memset(page, 0, GROUP_FRAMES * sizeof(*page));
	while (have > order) {
		have--;
		list_push(page + (1UL << have), have);
	}
	buddy.free -= 1UL << order;
	return page;
}

void buddy_put(struct page *page, unsigned order)
{
	pfn_t pfn = page_to_pfn(page);

	assert_held(&buddy.lock);
	assert(is_aligned(pfn, 1UL << order) && page->flags == 0);
	buddy.free += 1UL << order;
	for (; order < FRAME_ORDER_MAX; order++) {
		struct page *other = pfn_to_page(pfn ^ (1UL << order));

		if (!(atomic_load(&other->flags) & PAGE_BUDDY) || other->order != order)
			break;
		list_remove(other, order);
		pfn &= ~(1UL << order);
	}
	page = pfn_to_page(pfn);
	page->kind = 0;
	list_push(page, order);
}

void buddy_add_lazy(struct page *page)
{
	*page = (struct page){ .kind = KIND_LAZY };
	kasan_poison(page_address(page), PAGE_SIZE << FRAME_ORDER_MAX, KASAN_PAGE_FREE);
	list_push(page, FRAME_ORDER_MAX);
	buddy.free += GROUP_FRAMES;
	buddy.total += GROUP_FRAMES;
}

void buddy_add_range(pfn_t start, pfn_t end)
{
	buddy.total += end - start;
	if (start < end)
		kasan_poison(page_address(pfn_to_page(start)), (end - start) * PAGE_SIZE, KASAN_PAGE_FREE);
	for (pfn_t pfn = start; pfn < end; pfn++)
		*pfn_to_page(pfn) = (struct page){ .flags = 0 };
	while (start < end) {
		unsigned order = start ? (unsigned)__builtin_ctzl(start) : FRAME_ORDER_MAX;

		order = min(order, (unsigned)FRAME_ORDER_MAX);
		while (start + (1UL << order) > end)
			order--;
		buddy_put(pfn_to_page(start), order);
		start += 1UL << order;
	}
}
