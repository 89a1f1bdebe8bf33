/* SPDX-License-Identifier: MIT */
/*
 * Making slab caches, and looking at them: sizes, statistics, giving memory
 * back when frames run out. Three caches serve the allocator itself and are
 * made by hand: of magazines (which has none itself), of slab headers, and of
 * caches.
 *
 * The list of caches only grows, so it is walked without a lock.
 */
#include "base/panic.h"
#include "lib/string.h"
#include "mem/shrink.h"
#include "mem/slab_impl.h"

#define ORDER_MAX      3
#define OBJECTS_LEAST  8      /* in a slab, unless that takes more than ORDER_MAX */
#define OFF_SLAB_SIZE  512    /* from this stride on the header lies elsewhere */
#define MAGAZINE_BYTES KiB(8) /* that a magazine may hold back */

static struct kcache *caches; /* atomic */
static struct kcache cache_cache;
struct kcache slab_magazine_cache, slab_header_cache;

static unsigned order_for(const struct kcache *c, size_t objects)
{
	unsigned order = 0;

	while (order < ORDER_MAX && slab_capacity(c, order) < objects)
		order++;
	return order;
}

static void list_caches_add(struct kcache *c)
{
	struct kcache *head = atomic_load(&caches);

	do
		c->next = head;
	while (!atomic_compare_exchange(&caches, &head, c));
}

static void cache_setup(struct kcache *c, const char *name, size_t size, size_t align, bool magazines)
{
	size_t room;

	align = max(align, sizeof(void *));
	assert(is_power_of_2(align) && align <= PAGE_SIZE && size > 0);
	size = max(size, sizeof(void *));
	room = align_up(size, SLAB_DEBUG_BYTES ? 8 : 1) + SLAB_DEBUG_BYTES;
	*c = (struct kcache){ .name = name, .size = (uint32_t)size, .stride = (uint32_t)align_up(room, align) };
	spin_init(&c->lock, RANK_SLAB);
	list_init(&c->partial);
	list_init(&c->empty);
	c->link = SLAB_DEBUG_BYTES ? (uint32_t)align_up(size, 8) + 8 : 0;
	c->header_off_slab = c->stride >= OFF_SLAB_SIZE;
	c->order = (uint8_t)order_for(c, OBJECTS_LEAST);
	c->order_least = (uint8_t)order_for(c, 1);
	verify(slab_capacity(c, c->order_least) > 0);
	if (magazines)
		c->magazine_size = (uint8_t)min(max(MAGAZINE_BYTES / c->stride, 2UL), (size_t)MAGAZINE_MAX);
	list_caches_add(c);
}

struct kcache *kcache_create(const char *name, size_t size, size_t align)
{
	struct kcache *c = kcache_alloc(&cache_cache, ALLOC_NOWAIT);

	if (!c)
		panic("no memory for the slab cache %s", name);
	cache_setup(c, name, size, align, true);
	return c;
}

static uint64_t shrink_caches_count(struct shrinker *s)
{
	uint64_t frames = 0;

	for (struct kcache *c = atomic_load_acquire(&caches); c; c = c->next)
		frames += atomic_load(&c->empties) << c->order;
	return frames;
}

static uint64_t shrink_caches_scan(struct shrinker *s, uint64_t frames, unsigned flags)
{
	uint64_t freed = 0;

	for (struct kcache *c = atomic_load_acquire(&caches); c; c = c->next)
		freed += slab_trim(c);
	return freed;
}

static struct shrinker shrink_caches = {
	.name = "slab", .count = shrink_caches_count, .scan = shrink_caches_scan,
};

void slab_init(void)
{
	cache_setup(&slab_magazine_cache, "magazine", sizeof(struct magazine), 8, false);
	cache_setup(&slab_header_cache, "slab", sizeof(struct slab), 8, true);
	cache_setup(&cache_cache, "kcache", sizeof(struct kcache), 64, true);
	slab_debug_init();
	kmalloc_init();
	shrink_register(&shrink_caches);
}

static void stats_of(struct kcache *c, struct kcache_stats *s)
{
	uint64_t irq = spin_lock_irq(&c->lock), idle = 0;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		const struct magazine *m = atomic_load_acquire(&c->magazine[cpu]);

		idle += m ? atomic_load(&m->count) : 0;
	}
	idle += atomic_load(&c->quarantined);
	*s = (struct kcache_stats){ .name = c->name, .size = c->size, .total = c->objects,
				    .used = c->used - min(idle, c->used), .frames = c->frames };
	spin_unlock_irq(&c->lock, irq);
}

void kcache_for_each(void (*visit)(void *arg, const struct kcache_stats *s), void *arg)
{
	for (struct kcache *c = atomic_load_acquire(&caches); c; c = c->next) {
		struct kcache_stats s;

		stats_of(c, &s);
		visit(arg, &s);
	}
}
