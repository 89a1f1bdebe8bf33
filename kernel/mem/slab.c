/* SPDX-License-Identifier: MIT */
/*
 * The slab allocator: objects of one size, cut from blocks of frames.
 *
 * Idea. A cache has slabs, each a few frames full of objects, with free objects
 * linked through themselves. Above them every processor has a magazine, a small
 * stack of free objects: allocating and freeing go through it and touch nothing
 * shared. An empty magazine is filled to half from the slabs, a full one emptied
 * to half, under the cache's lock; so the lock is taken once for many calls.
 *
 * Objects of a new slab are not linked when it is made; `begun` counts those
 * that were ever given out, and the others follow.
 *
 * From an object to its slab: the struct page of its first frame is marked SLAB
 * and points to the header. The header lies at the end of the slab where objects
 * are small, so that objects stay aligned to their size; large ones have it
 * elsewhere, for it would cost a whole object's room.
 *
 * Locking. A magazine is guarded by interrupts off: any context may allocate
 * and free. kcache.lock guards the slabs. Frames are allocated and freed with no
 * lock held, since that may sleep. The list of caches only grows.
 *
 * Not done: caches that are destroyed, constructors, colouring.
 */
#include "base/kasan.h"
#include "base/panic.h"
#include "lib/string.h"
#include "mem/inject.h"
#include "mem/quarantine.h"
#include "mem/slab_impl.h"

#define EMPTIES_KEPT 1 /* free slabs that a cache holds back */

static struct slab *slab_of(const void *p)
{
	const struct page *page = page_head(virt_to_page(p));

	return page->flags & PAGE_SLAB ? page->object : NULL;
}

struct kcache *slab_cache_of(const void *p)
{
	const struct slab *s = slab_of(p);

	return s ? s->cache : NULL;
}

void *slab_object_start(void *p)
{
	const struct slab *s = slab_of(p);

	if (!s)
		return page_address(page_head(virt_to_page(p)));
	return (char *)p - (size_t)((char *)p - s->base) % s->cache->stride;
}

static void **link_of(const struct kcache *c, void *p)
{
	return (void **)((char *)p + c->link);
}

size_t slab_capacity(const struct kcache *c, unsigned order)
{
	size_t room = (PAGE_SIZE << order) - (c->header_off_slab ? 0 : sizeof(struct slab));

	return room / c->stride;
}

/* Makes a slab of 2^order frames. No locks held. */
static struct slab *slab_make(struct kcache *c, unsigned order, unsigned flags)
{
	unsigned how = (flags & ALLOC_MODE) | ALLOC_SLAB | ALLOC_CHECKED;
	struct page *page = frame_alloc(order, how);
	struct slab *s;

	if (!page)
		return NULL;
	if (c->header_off_slab)
		s = kcache_alloc(&slab_header_cache, how & (ALLOC_MODE | ALLOC_CHECKED));
	else
		s = (struct slab *)((char *)page_address(page) + (PAGE_SIZE << order)) - 1;
	if (!s) {
		frame_free(page, order);
		return NULL;
	}
	kasan_poison(page_address(page), PAGE_SIZE << order, KASAN_RED_ZONE);
	*s = (struct slab){ .cache = c, .base = page_address(page),
			    .capacity = (uint16_t)slab_capacity(c, order) };
	page->object = s;
	atomic_or(&page->flags, PAGE_SLAB);
	return s;
}

/* A large slab is a wish; a small one will do. */
static struct slab *slab_grow(struct kcache *c, unsigned flags)
{
	struct slab *s;

	if (c->order == c->order_least)
		return slab_make(c, c->order, flags);
	s = slab_make(c, c->order, ALLOC_NOWAIT);
	return s ? s : slab_make(c, c->order_least, flags);
}

/* No locks held; the slab is on no list and empty. Returns its frames. */
static uint64_t slab_destroy(struct slab *s)
{
	struct page *page = virt_to_page(s->base);
	unsigned order = page->order;

	assert(s->used == 0);
	if (s->cache->header_off_slab)
		kcache_free(&slab_header_cache, s);
	page->object = NULL;
	frame_free(page, order);
	return 1UL << order;
}

/* Puts a slab on the list that its state asks for, from none. */
static void slab_file(struct kcache *c, struct slab *s)
{
	if (s->used == 0) {
		list_add_head(&s->list, &c->empty);
		c->empties++;
	} else if (s->used < s->capacity) {
		list_add_head(&s->list, &c->partial);
	}
}

static void slab_unfile(struct kcache *c, struct slab *s)
{
	if (s->used == 0)
		c->empties--;
	if (s->used < s->capacity)
		list_del(&s->list);
}

static void slab_add(struct kcache *c, struct slab *s)
{
	uint64_t irq = spin_lock_irq(&c->lock);

	c->frames += 1UL << virt_to_page(s->base)->order;
	c->objects += s->capacity;
	slab_file(c, s);
	spin_unlock_irq(&c->lock, irq);
}

static void *slab_take_object(struct kcache *c, struct slab *s)
{
	void *p = s->free;

	if (p) {
		s->free = *link_of(c, p);
	} else {
		p = s->base + (size_t)s->begun++ * c->stride;
		slab_debug_begin(c, p);
	}
	s->used++;
	return p;
}

/* Takes up to n objects out of the slabs; returns how many. */
static unsigned slabs_take(struct kcache *c, void **object, unsigned n)
{
	unsigned done = 0;

	assert_held(&c->lock);
	while (done < n) {
		struct list *e = list_first(&c->partial);
		struct slab *s;

		if (!e)
			e = list_first(&c->empty);
		if (!e)
			break;
		s = list_entry(e, struct slab, list);
		slab_unfile(c, s);
		while (done < n && s->used < s->capacity)
			object[done++] = slab_take_object(c, s);
		slab_file(c, s);
	}
	c->used += done;
	return done;
}

/* Adds a slab, on no list, to those that are to be destroyed; linked by list.next. */
static void slab_doom(struct kcache *c, struct slab *s, struct slab **doomed)
{
	c->frames -= 1UL << virt_to_page(s->base)->order;
	c->objects -= s->capacity;
	s->list.next = *doomed ? &(*doomed)->list : NULL;
	*doomed = s;
}

/* Gives objects back to their slabs. Returns slabs to be destroyed. */
static struct slab *slabs_give(struct kcache *c, void **object, unsigned n)
{
	struct slab *doomed = NULL;

	assert_held(&c->lock);
	for (unsigned i = 0; i < n; i++) {
		struct slab *s = slab_of(object[i]);

		slab_unfile(c, s);
		*link_of(c, object[i]) = s->free;
		s->free = object[i];
		s->used--;
		if (s->used == 0 && c->empties >= EMPTIES_KEPT)
			slab_doom(c, s, &doomed);
		else
			slab_file(c, s);
	}
	c->used -= n;
	return doomed;
}

static uint64_t slabs_destroy(struct slab *doomed)
{
	uint64_t frames = 0;

	while (doomed) {
		struct list *next = doomed->list.next;

		frames += slab_destroy(doomed);
		doomed = next ? list_entry(next, struct slab, list) : NULL;
	}
	return frames;
}

/* This processor's first use of a cache: gives it a magazine. Without memory it goes without. */
static void magazine_make(struct kcache *c)
{
	struct magazine *m = kcache_alloc(&slab_magazine_cache, ALLOC_NOWAIT | ALLOC_ZERO);
	uint64_t irq = irq_save();

	if (m && !c->magazine[cpu_id()]) {
		atomic_store_release(&c->magazine[cpu_id()], m);
		m = NULL;
	}
	irq_restore(irq);
	kcache_free(&slab_magazine_cache, m);
}

/* One object for the caller, and half a magazine of them for later. */
static void *refill(struct kcache *c)
{
	uint64_t irq = spin_lock_irq(&c->lock);
	struct magazine *m = c->magazine[cpu_id()];
	void *p = NULL;

	if (m && m->count < c->magazine_size / 2)
		m->count += slabs_take(c, &m->object[m->count], c->magazine_size / 2 - m->count);
	if (m && m->count > 0)
		p = m->object[--m->count];
	else
		slabs_take(c, &p, 1);
	spin_unlock_irq(&c->lock, irq);
	return p;
}

static void *alloc_slowly(struct kcache *c, unsigned flags)
{
	if (c->magazine_size && !READ_ONCE(c->magazine[cpu_id()]))
		magazine_make(c);
	for (;;) {
		void *p = refill(c);
		struct slab *s;

		if (p)
			return p;
		s = slab_grow(c, flags);
		if (!s)
			return NULL;
		slab_add(c, s);
	}
}

static __always_inline void *alloc_object(struct kcache *c, unsigned flags, uint64_t caller)
{
	struct magazine *m;
	void *p = NULL;
	uint64_t irq;

	if ((flags & ALLOC_MODE) >= ALLOC_NOFS)
		might_sleep();
	if (inject_fail(flags))
		return NULL;
	irq = irq_save();
	m = c->magazine[cpu_id()];
	if (likely(m && m->count > 0))
		p = m->object[--m->count];
	irq_restore(irq);
	if (unlikely(!p)) {
		p = alloc_slowly(c, flags);
		if (!p)
			return NULL;
	}
	slab_debug_alloc(c, p, caller);
	if (flags & ALLOC_ZERO)
		memset(p, 0, c->size);
	return p;
}

void *kcache_alloc(struct kcache *c, unsigned flags)
{
	return alloc_object(c, flags, SPIN_CALLER());
}

/* A full magazine gives its older half back; without one the object goes back by itself. */
static void give_slowly(struct kcache *c, void *p)
{
	uint64_t irq = spin_lock_irq(&c->lock);
	struct magazine *m = c->magazine[cpu_id()];
	struct slab *doomed;
	unsigned half;

	if (m) {
		half = m->count / 2;
		doomed = slabs_give(c, m->object, half);
		m->count -= half;
		memmove(&m->object[0], &m->object[half], m->count * sizeof(m->object[0]));
		m->object[m->count++] = p;
	} else {
		doomed = slabs_give(c, &p, 1);
	}
	spin_unlock_irq(&c->lock, irq);
	slabs_destroy(doomed);
}

static __always_inline void give(struct kcache *c, void *p)
{
	struct magazine *m;
	uint64_t irq = irq_save();

	m = c->magazine[cpu_id()];
	if (likely(m && m->count < c->magazine_size)) {
		m->object[m->count++] = p;
		irq_restore(irq);
		return;
	}
	irq_restore(irq);
	give_slowly(c, p);
}

static __always_inline void free_object(struct kcache *c, void *p, uint64_t caller)
{
	if (!p)
		return;
	assert(slab_cache_of(p) == c);
	slab_debug_free(c, p, caller);
	if (CONFIG_KASAN) {
		p = quarantine_put(c, p);
		if (!p)
			return;
		c = slab_cache_of(p);
	}
	give(c, p);
}

void kcache_free(struct kcache *c, void *p)
{
	free_object(c, p, SPIN_CALLER());
}

#if CONFIG_DEBUG
void *slab_alloc_for(struct kcache *c, unsigned flags, uint64_t caller)
{
	return alloc_object(c, flags, caller);
}

void slab_free_for(struct kcache *c, void *p, uint64_t caller)
{
	free_object(c, p, caller);
}
#endif

/* SAN=address: what waits in this processor's quarantine goes back. */
static void quarantine_end(void)
{
	void *p;

	while ((p = quarantine_take()))
		give(slab_cache_of(p), p);
}

uint64_t slab_trim(struct kcache *c)
{
	struct slab *doomed = NULL;
	struct magazine *m;
	struct list *e;
	uint64_t irq;

	if (CONFIG_KASAN)
		quarantine_end();
	irq = spin_lock_irq(&c->lock);
	m = c->magazine[cpu_id()];
	if (m) {
		doomed = slabs_give(c, m->object, m->count);
		m->count = 0;
	}
	while ((e = list_first(&c->empty))) {
		struct slab *s = list_entry(e, struct slab, list);

		slab_unfile(c, s);
		slab_doom(c, s, &doomed);
	}
	spin_unlock_irq(&c->lock, irq);
	return slabs_destroy(doomed);
}
