/* SPDX-License-Identifier: MIT */
/*
 * Memory of any size: a slab cache for each of a row of sizes, and above the
 * largest whole blocks of frames. Which of the two an address came from, its
 * struct page tells. No state but the tables, which are immutable after boot.
 */
#include "base/kasan.h"
#include "base/panic.h"
#include "lib/string.h"
#include "mem/inject.h"
#include "mem/slab_impl.h"

static const struct {
	uint16_t size;
	char name[14];
} classes[] = {
	{ 16, "kmalloc-16" },	  { 32, "kmalloc-32" },	    { 64, "kmalloc-64" },
	{ 96, "kmalloc-96" },	  { 128, "kmalloc-128" },   { 192, "kmalloc-192" },
	{ 256, "kmalloc-256" },	  { 384, "kmalloc-384" },   { 512, "kmalloc-512" },
	{ 768, "kmalloc-768" },	  { 1024, "kmalloc-1024" }, { 1536, "kmalloc-1536" },
	{ 2048, "kmalloc-2048" }, { 3072, "kmalloc-3072" }, { 4096, "kmalloc-4096" },
	{ 8192, "kmalloc-8192" },
};

#define SIZE_MAX_SLAB 8192
#define FINE_STEP     16   /* classes up to FINE_MAX are found in steps of this */
#define FINE_MAX      1024
#define COARSE_STEP   512

static struct kcache *fine[FINE_MAX / FINE_STEP];           /* [(size - 1) / FINE_STEP] */
static struct kcache *coarse[SIZE_MAX_SLAB / COARSE_STEP];  /* [(size - 1) / COARSE_STEP] */

static void class_register(struct kcache *c, size_t above, size_t size)
{
	for (size_t i = above / FINE_STEP; i < min(size, (size_t)FINE_MAX) / FINE_STEP; i++)
		fine[i] = c;
	for (size_t i = above / COARSE_STEP; i < size / COARSE_STEP; i++)
		coarse[i] = c;
}

void kmalloc_init(void)
{
	size_t above = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(classes); i++) {
		size_t size = classes[i].size;
		size_t align = min(size & -size, PAGE_SIZE); /* the power of two in it */

		class_register(kcache_create(classes[i].name, size, align), above, size);
		above = size;
	}
}

static unsigned order_of(size_t size)
{
	unsigned order = 0;

	while (order <= FRAME_ORDER_MAX && PAGE_SIZE << order < size)
		order++;
	return order;
}

static void *frames_alloc(size_t size, unsigned flags)
{
	unsigned order = order_of(size);
	struct page *page = order <= FRAME_ORDER_MAX ? frame_alloc(order, flags) : NULL;

	return page ? page_address(page) : NULL;
}

static size_t room_of(const void *p);

/* SAN=address: what lies behind the size that was asked for is not the caller's. */
static __always_inline void *trimmed(void *p, size_t size)
{
	if (CONFIG_KASAN && p)
		kasan_trim(p, size, room_of(p));
	return p;
}

/* NULL: it is too large for any. */
static __always_inline struct kcache *class_for(size_t size)
{
	if (likely(size <= FINE_MAX))
		return fine[size ? (size - 1) / FINE_STEP : 0];
	return size <= SIZE_MAX_SLAB ? coarse[(size - 1) / COARSE_STEP] : NULL;
}

void *kmalloc(size_t size, unsigned flags)
{
	struct kcache *c = class_for(size);

	if (unlikely(!c))
		return trimmed(frames_alloc(size, flags), size);
	return trimmed(slab_alloc_for(c, flags, SPIN_CALLER()), size);
}

size_t kmalloc_size(size_t size)
{
	const struct kcache *c = class_for(size);

	return c ? c->size : PAGE_SIZE << order_of(size);
}

void kfree(const void *p)
{
	struct kcache *c;

	if (!p)
		return;
	c = slab_cache_of(p);
	if (likely(c)) {
		slab_free_for(c, (void *)p, SPIN_CALLER());
		return;
	}
	struct page *page = virt_to_page(p);

	assert(page_address(page) == p && page->refs == 1);
	frame_free(page, page->order);
}

void *kcalloc(size_t n, size_t size, unsigned flags)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return kmalloc(bytes, flags | ALLOC_ZERO);
}

/* How much may be written at p. */
static size_t room_of(const void *p)
{
	const struct kcache *c = slab_cache_of(p);

	return c ? c->size : PAGE_SIZE << virt_to_page(p)->order;
}

void *krealloc(void *p, size_t size, unsigned flags)
{
	void *grown;
	size_t room;

	if (!p)
		return kmalloc(size, flags);
	if (size == 0) {
		kfree(p);
		return NULL;
	}
	room = room_of(p);
	if (size <= room && size >= room / 2)
		return trimmed(p, size);
	grown = kmalloc(size, flags);
	if (!grown)
		return size <= room ? p : NULL;
	memcpy(grown, p, min(size, room));
	kfree(p);
	return grown;
}

char *kstrdup(const char *s, unsigned flags)
{
	size_t n = strlen(s) + 1;
	char *copy = kmalloc(n, flags);

	if (copy)
		memcpy(copy, s, n);
	return copy;
}

/* The head lies somewhere in the object, and that is how the object is found. */
static void free_after_period(struct rcu_head *h)
{
	kfree(slab_object_start(h));
}

void kfree_rcu(void *p, struct rcu_head *head)
{
	assert(slab_object_start(head) == p);
	rcu_call(head, free_after_period);
}

void *upcall_xstate_alloc(size_t bytes)
{
	return kzalloc(max(bytes, (size_t)192), ALLOC_KERNEL); /* from there on aligned to 64 */
}

void upcall_xstate_free(void *p)
{
	kfree(p);
}
