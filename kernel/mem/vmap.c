/* SPDX-License-Identifier: MIT */
/*
 * Kernel address ranges: device memory, and frames that are not adjacent.
 *
 * Idea. The free ranges are a tree in order of address in which every node knows
 * the largest range below it, so the lowest one that fits is found in one walk.
 * The used ones are a tree of their own, to be found by vmap_free(). A range
 * includes its guard page, the last one, which is never mapped.
 *
 * Freed ranges. Their entries are cleared at once, but TLBs may hold them, on
 * every processor. Such ranges wait on a list until there are many, or until
 * nothing else fits: then all TLBs are flushed once, and the ranges go back
 * into the tree, joined with their neighbours.
 *
 * Locking. vmap.lock guards trees and list; tables and frames are touched
 * without it, by whoever owns the range.
 */
#include "mem/vmap.h"
#include "base/kasan.h"
#include "base/panic.h"
#include "base/spinlock.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "mem/inject.h"
#include "mem/kmap.h"
#include "mem/shadow.h"
#include "mem/slab.h"

#define LAZY_BYTES_MAX MiB(8)

struct vmap_range {
	struct rb_node rb;   /* vmap.lock: in free or used */
	struct list list;    /* vmap.lock: on lazy */
	vaddr_t start;       /* vmap.lock while free, else immutable */
	size_t size;         /* the same; bytes, guard included */
	size_t largest;      /* vmap.lock: of the free ranges in this subtree */
	bool own_frames;     /* owner: vmap_free() frees what is mapped */
};

static struct {
	struct spinlock lock;
	struct rb_root free, used;
	struct list lazy;      /* lock: unmapped, but perhaps still in TLBs */
	size_t lazy_bytes;     /* lock */
	struct kcache *cache;  /* immutable */
} vmap = { .lock = SPINLOCK_INIT(RANK_VMAP), .lazy = LIST_INIT(vmap.lazy) };

static struct vmap_range *range_of(struct rb_node *n)
{
	return n ? rb_entry(n, struct vmap_range, rb) : NULL;
}

static size_t largest_of(struct rb_node *n)
{
	return n ? range_of(n)->largest : 0;
}

static void range_update(struct rb_node *n)
{
	size_t below = max(largest_of(n->left), largest_of(n->right));

	range_of(n)->largest = max(range_of(n)->size, below);
}

static void free_erase(struct vmap_range *r)
{
	rb_erase_augmented(&r->rb, &vmap.free, range_update);
}

/* Links r into a tree in order of address; the caller balances. */
static void range_link(struct rb_root *root, struct vmap_range *r)
{
	struct rb_node **link = &root->node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = r->start < range_of(parent)->start ? &parent->left : &parent->right;
	}
	rb_link(&r->rb, parent, link);
}

static void used_insert(struct vmap_range *r)
{
	range_link(&vmap.used, r);
	rb_insert_fix(&r->rb, &vmap.used);
}

/* Puts a range back, joined with the free ranges before and behind it; those are put on absorbed. */
static void free_insert(struct vmap_range *r, struct list *absorbed)
{
	struct vmap_range *before, *behind;

	assert_held(&vmap.lock);
	r->largest = r->size;
	range_link(&vmap.free, r);
	rb_insert_augmented(&r->rb, &vmap.free, range_update);
	before = range_of(rb_prev(&r->rb));
	behind = range_of(rb_next(&r->rb));
	if (behind && r->start + r->size == behind->start) {
		free_erase(behind);
		r->size += behind->size;
		list_add_tail(&behind->list, absorbed);
	}
	if (before && before->start + before->size == r->start) {
		free_erase(before);
		r->start = before->start; /* keeps its place in the order */
		r->size += before->size;
		list_add_tail(&before->list, absorbed);
	}
	rb_update_path(&r->rb, range_update);
}

/* The lowest free range of that size at least. */
static struct vmap_range *free_find(size_t size)
{
	struct rb_node *n = vmap.free.node;

	while (largest_of(n) >= size) {
		if (largest_of(n->left) >= size)
			n = n->left;
		else if (range_of(n)->size >= size)
			return range_of(n);
		else
			n = n->right;
	}
	return NULL;
}

/* Flushes all TLBs and makes the waiting ranges free. False if none waited. No locks held. */
static bool purge(void)
{
	struct list waiting = LIST_INIT(waiting), absorbed = LIST_INIT(absorbed);
	vaddr_t low = UINT64_MAX, high = 0;
	struct vmap_range *r, *next;
	uint64_t irq = spin_lock_irq(&vmap.lock);

	list_splice_tail(&vmap.lazy, &waiting);
	vmap.lazy_bytes = 0;
	spin_unlock_irq(&vmap.lock, irq);
	if (list_empty(&waiting))
		return false;
	list_for_each_entry(r, &waiting, list) {
		low = min(low, r->start);
		high = max(high, r->start + r->size);
	}
	mmu_flush_kernel(low, high);
	irq = spin_lock_irq(&vmap.lock);
	list_for_each_entry_safe(r, next, &waiting, list)
		free_insert(r, &absorbed);
	spin_unlock_irq(&vmap.lock, irq);
	list_for_each_entry_safe(r, next, &absorbed, list)
		kcache_free(vmap.cache, r);
	return true;
}

/* Cuts size bytes off a free range, or takes it whole; *spare is used or left. */
static struct vmap_range *range_cut(size_t size, struct vmap_range **spare)
{
	struct vmap_range *from = free_find(size), *r = *spare;

	if (!from)
		return NULL;
	if (from->size == size) {
		free_erase(from);
		r = from;
	} else {
		*spare = NULL;
		*r = (struct vmap_range){ .start = from->start, .size = size };
		from->start += size;
		from->size -= size;
		rb_update_path(&from->rb, range_update);
	}
	used_insert(r);
	return r;
}

/* A range for n bytes and the guard. NULL when out. */
static struct vmap_range *range_take(size_t n, bool own_frames)
{
	struct vmap_range *spare = kcache_alloc(vmap.cache, ALLOC_KERNEL | ALLOC_CHECKED), *r;
	size_t size = align_up(n, PAGE_SIZE) + PAGE_SIZE;
	uint64_t irq;

	if (!spare)
		return NULL;
	do {
		irq = spin_lock_irq(&vmap.lock);
		r = range_cut(size, &spare);
		if (r)
			r->own_frames = own_frames;
		spin_unlock_irq(&vmap.lock, irq);
	} while (!r && purge());
	kcache_free(vmap.cache, spare);
	if (r && shadow_add(r->start, r->start + r->size) != 0) {
		vmap_free((void *)r->start);
		return NULL;
	}
	return r;
}

/* Unmaps a range that is in no tree, frees its frames, and lets it wait for the flush. */
static void range_release(struct vmap_range *r)
{
	paddr_t pa;
	uint64_t irq;
	bool many;

	for (vaddr_t va = r->start; va < r->start + r->size - PAGE_SIZE; va += PAGE_SIZE)
		if (kmap_clear(va, &pa) && r->own_frames)
			frame_free(phys_to_page(pa), 0);
	irq = spin_lock_irq(&vmap.lock);
	list_add_tail(&r->list, &vmap.lazy);
	vmap.lazy_bytes += r->size;
	many = vmap.lazy_bytes > LAZY_BYTES_MAX;
	spin_unlock_irq(&vmap.lock, irq);
	if (many)
		purge();
}

/* The used range that starts at va, taken out of the tree. NULL if there is none. */
static struct vmap_range *used_take(vaddr_t va)
{
	uint64_t irq = spin_lock_irq(&vmap.lock);
	struct rb_node *n = vmap.used.node;

	while (n && range_of(n)->start != va)
		n = va < range_of(n)->start ? n->left : n->right;
	if (n)
		rb_erase(n, &vmap.used);
	spin_unlock_irq(&vmap.lock, irq);
	return range_of(n);
}

void vmap_free(void *p)
{
	struct vmap_range *r;

	if (!p)
		return;
	might_sleep();
	r = used_take(align_down((vaddr_t)p, PAGE_SIZE));
	if (!r)
		panic("vmap_free(%p): nothing is mapped there", p);
	range_release(r);
}

void *vmap_physical(paddr_t pa, size_t n, unsigned prot)
{
	size_t offset = pa % PAGE_SIZE;
	struct vmap_range *r;

	might_sleep();
	if (n == 0 || n > VMAP_SIZE || inject_fail(ALLOC_KERNEL))
		return NULL;
	assert(!pfn_valid(pa >> PAGE_SHIFT) && !pfn_valid((pa + n - 1) >> PAGE_SHIFT));
	r = range_take(offset + n, false);
	if (!r)
		return NULL;
	for (size_t at = 0; at < r->size - PAGE_SIZE; at += PAGE_SIZE)
		if (kmap_page(r->start + at, pa - offset + at, prot | MMU_GLOBAL) != 0) {
			vmap_free((void *)r->start);
			return NULL;
		}
	return (void *)(r->start + offset);
}

static int map_frame(vaddr_t va, unsigned flags)
{
	struct page *page = frame_alloc(0, (flags & (ALLOC_MODE | ALLOC_ZERO)) | ALLOC_CHECKED);
	int err;

	if (!page)
		return -ENOMEM;
	err = kmap_page(va, page_to_phys(page), MMU_READ | MMU_WRITE | MMU_GLOBAL);
	if (err)
		frame_free(page, 0);
	return err;
}

void *vmap_alloc(size_t n, unsigned flags)
{
	struct vmap_range *r;

	might_sleep();
	if (n == 0 || n > VMAP_SIZE || inject_fail(flags))
		return NULL;
	r = range_take(n, true);
	if (!r)
		return NULL;
	for (size_t at = 0; at < r->size - PAGE_SIZE; at += PAGE_SIZE)
		if (map_frame(r->start + at, flags) != 0) {
			vmap_free((void *)r->start);
			return NULL;
		}
	kasan_trim((void *)r->start, n, r->size - PAGE_SIZE);
	return (void *)r->start;
}

void vmap_init(void)
{
	struct list absorbed = LIST_INIT(absorbed);
	struct vmap_range *all;
	uint64_t irq;

	vmap.cache = kcache_create("vmap_range", sizeof(struct vmap_range), 8);
	all = kcache_alloc(vmap.cache, ALLOC_NOWAIT);
	if (!all)
		panic("no memory for the kernel's address ranges");
	*all = (struct vmap_range){ .start = VMAP_BASE, .size = VMAP_SIZE };
	irq = spin_lock_irq(&vmap.lock);
	free_insert(all, &absorbed);
	spin_unlock_irq(&vmap.lock, irq);
}
