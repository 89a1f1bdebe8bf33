/* SPDX-License-Identifier: MIT */
/*
 * The life of a single area: made private to its maker, published by an edit,
 * freed a grace period after its last reference went.
 */
#include "mem/slab.h"
#include "vm/areas.h"

static struct kcache *area_cache;          /* immutable after boot */
static void (*file_get_hook)(void *file);  /* immutable once set */
static void (*file_put_hook)(void *file);  /* immutable once set */

void area_init(void)
{
	area_cache = kcache_create("area", sizeof(struct area), 64);
}

void space_set_file_hooks(void (*get)(void *file), void (*put)(void *file))
{
	file_get_hook = get;
	file_put_hook = put;
}

void file_hook_get(void *file)
{
	if (file && file_get_hook)
		file_get_hook(file);
}

void file_hook_put(void *file)
{
	if (file && file_put_hook)
		file_put_hook(file);
}

struct area *area_create(struct space *s, uaddr_t start, uaddr_t end, uint32_t flags)
{
	struct area *a = kcache_alloc(area_cache, ALLOC_KERNEL | ALLOC_ZERO);

	assert(start < end && end <= USER_TOP && is_aligned(start | end, PAGE_SIZE));
	if (!a)
		return NULL;
	a->start = start;
	a->end = end;
	a->flags = flags;
	a->seq.n = 1;
	a->space = s;
	a->page_offset = start >> PAGE_SHIFT;
	refcount_init(&a->refs, 1);
	return a;
}

struct area *area_clone(const struct area *a, struct space *s, uaddr_t start, uaddr_t end)
{
	struct area *copy = area_create(s, start, end, a->flags);

	if (!copy)
		return NULL;
	copy->page_offset = a->page_offset + (start >> PAGE_SHIFT) - (a->start >> PAGE_SHIFT);
	copy->name = a->name;
	copy->object = a->object;
	if (copy->object)
		object_get(copy->object);
	copy->file = a->file;
	file_hook_get(copy->file);
	return copy;
}

static void free_after_grace(struct rcu_head *h)
{
	kcache_free(area_cache, container_of(h, struct area, rcu));
}

static void area_release(struct area *a)
{
	void *file = a->file;

	assert(!a->anon && !area_alive(a));
	if (a->object)
		object_put(a->object); /* before the file: an inode's object lives as long as that */
	file_hook_put(file);
	if (a->seq.n == 1)
		kcache_free(area_cache, a); /* nobody saw it */
	else
		rcu_call(&a->rcu, free_after_grace);
}

void area_put(struct area *a)
{
	if (refcount_put(&a->refs))
		area_release(a);
}

static void release_work(struct work *w)
{
	area_release(container_of(w, struct area, work));
}

void area_put_later(struct area *a)
{
	if (!refcount_put(&a->refs))
		return;
	work_init(&a->work, release_work);
	work_queue(&a->work);
}

void area_sum(struct area_sums *sums, const struct area *a, int sign)
{
	int64_t pages = (int64_t)area_pages(a) * sign;

	sums->areas += sign;
	sums->total += pages;
	if (a->flags & AREA_LOCKED)
		sums->locked += pages;
	if (a->flags & AREA_GROWSDOWN)
		sums->stack += pages;
	else if ((a->flags & (AREA_WRITE | AREA_SHARED)) == AREA_WRITE)
		sums->data += pages;
	else if ((a->flags & (AREA_WRITE | AREA_EXEC)) == AREA_EXEC)
		sums->exec += pages;
	if (a->flags & AREA_ACCOUNT)
		sums->account += pages;
}
