/* SPDX-License-Identifier: MIT */
/*
 * Memory objects: the index of pages and the lock of a page. See vm/object.h.
 *
 * The order that keeps truncation and faults apart: whoever removes a page
 * clears page->object (object's lock), then takes out the entries that map it;
 * whoever maps a page looks at page->object with the page-table page locked.
 *
 * A page's lock is a bit; who has to wait sleeps on one of a few hashed wait
 * queues, having set WAITERS, which the unlocker takes back before it wakes.
 */
#include "vm/object.h"

#include "base/panic.h"
#include "base/percpu.h"
#include "lib/errno.h"
#include "lib/hash.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/lockcheck.h"
#include "sched/wait.h"
#include "vm/areas.h"
#include "vm/pages.h"

#define PAGE_QUEUES 64

static struct waitq page_queue[PAGE_QUEUES];
static struct kcache *node_cache; /* immutable after boot */
static uint64_t object_ids;       /* atomic */
static PERCPU(int64_t, pages_file);
static PERCPU(int64_t, pages_shmem);
static PERCPU(int64_t, pages_dirty);

static struct radix_node *node_alloc(void)
{
	return kcache_alloc(node_cache, ALLOC_KERNEL);
}

static void node_free(struct radix_node *node)
{
	kcache_free(node_cache, node);
}

static void node_free_rcu(struct rcu_head *h)
{
	node_free((struct radix_node *)((char *)h - offsetof(struct radix_node, rcu)));
}

static void node_free_deferred(struct radix_node *node)
{
	static_assert(sizeof(node->rcu) == sizeof(struct rcu_head), "room for the head");
	rcu_call((struct rcu_head *)(void *)node->rcu, node_free_rcu);
}

static const struct radix_ops node_ops = { node_alloc, node_free, node_free_deferred };

void object_cache_init(void)
{
	node_cache = kcache_create("radix", sizeof(struct radix_node), 64);
	for (unsigned i = 0; i < PAGE_QUEUES; i++)
		waitq_init(&page_queue[i]);
}

void object_init(struct object *o, const struct object_ops *ops, void *owner)
{
	*o = (struct object){
		.ops = ops,
		.owner = owner,
		.id = atomic_inc_return(&object_ids),
		.swap_backed = !ops->write_pages,
	};
	spin_init(&o->lock, RANK_OBJECT);
	radix_init(&o->pages, &node_ops);
	refcount_init(&o->refs, 1);
}

void object_clear(struct object *o)
{
	assert(rb_empty(&o->mappings));
	object_remove_pages(o, 0, UINT64_MAX);
	radix_destroy(&o->pages);
}

void object_put(struct object *o)
{
	if (!refcount_put(&o->refs))
		return;
	object_clear(o);
	if (o->ops->release)
		o->ops->release(o);
}

static struct waitq *queue_of(const struct page *page)
{
	return &page_queue[hash_ptr(page, 0) % PAGE_QUEUES];
}

#if CONFIG_DEBUG
static struct lock_label page_label = LOCK_LABEL_INIT(RANK_PAGE);
#endif

static bool set_locked(struct page *page)
{
	return !(__atomic_fetch_or(&page->flags, PAGE_LOCKED, __ATOMIC_ACQUIRE) & PAGE_LOCKED);
}

bool page_trylock(struct page *page)
{
	if (!set_locked(page))
		return false;
	lockcheck_taken(page, &page_label, true);
	return true;
}

/* For one about to sleep: the unlocker will wake it, or it has the lock. */
static bool lock_or_announce(struct page *page)
{
	atomic_or(&page->flags, PAGE_WAITERS);
	return set_locked(page);
}

void page_lock(struct page *page)
{
	might_sleep();
	lockcheck_before(page, &page_label, 0);
	if (!set_locked(page))
		wait_event(queue_of(page), lock_or_announce(page));
	lockcheck_taken(page, &page_label, false);
}

int page_lock_killable(struct page *page)
{
	int error = 0;

	might_sleep();
	lockcheck_before(page, &page_label, 0);
	if (!set_locked(page))
		error = wait_event_killable(queue_of(page), lock_or_announce(page));
	if (!error)
		lockcheck_taken(page, &page_label, false);
	return error;
}

void page_unlock(struct page *page)
{
	uint32_t old;

	lockcheck_released(page, &page_label);
	old = __atomic_fetch_and(&page->flags, ~(uint32_t)PAGE_LOCKED, __ATOMIC_RELEASE);
	assert(old & PAGE_LOCKED);
	if (unlikely(old & PAGE_WAITERS)) {
		atomic_and(&page->flags, ~(uint32_t)PAGE_WAITERS);
		waitq_wake_all(queue_of(page));
	}
}

/* The page at index with a reference; RCU. */
struct page *object_lookup(struct object *o, uint64_t index)
{
	struct page *page;

	while ((page = radix_lookup(&o->pages, index))) {
		if (!page_get_unless_zero(page))
			continue; /* removed and freed a moment ago */
		if (likely(READ_ONCE(page->object) == o && page->index == index))
			break;
		page_put(page);
	}
	return page;
}

struct page *object_find_page(struct object *o, uint64_t index)
{
	struct page *page;

	rcu_read_lock();
	page = object_lookup(o, index);
	rcu_read_unlock();
	return page;
}

static int insert_page(struct object *o, struct page *page)
{
	struct radix_pool pool;
	int error;

	radix_pool_init(&pool, &node_ops);
	do {
		error = radix_pool_fill(&pool);
		if (error)
			break;
		spin_lock(&o->lock);
		error = radix_insert(&o->pages, &pool, page->index, page);
		if (!error)
			o->page_count++;
		spin_unlock(&o->lock);
	} while (error == -EAGAIN);
	radix_pool_drain(&pool);
	return error;
}

static int charge(struct object *o)
{
	return o->ops->charge ? o->ops->charge(o) : 0;
}

static void uncharge(struct object *o)
{
	if (o->ops->uncharge)
		o->ops->uncharge(o);
}

static int add_charged_page(struct object *o, uint64_t index, bool zero, struct page **out)
{
	struct page *page = frame_alloc(0, ALLOC_KERNEL | ALLOC_USER | (zero ? ALLOC_ZERO : 0));
	int error;

	if (!page)
		return -ENOMEM;
	page->object = o;
	page->index = index;
	page->mappings = 0;
	page->flags = PAGE_LOCKED | (o->swap_backed ? PAGE_SWAPBACKED : 0) | (zero ? PAGE_UPTODATE : 0);
	page_get(page);
	error = insert_page(o, page);
	if (error) {
		page->refs = 1;
		frame_free(page, 0);
		return error;
	}
	if (o->swap_backed)
		cpu_local_add(pages_shmem, 1);
	else
		cpu_local_add(pages_file, 1);
	lockcheck_taken(page, &page_label, true);
	*out = page;
	return 0;
}

/*
 * A new page at index, locked, with a reference for the caller and one for the index.
 * -EEXIST: there is one; -ENOSPC.
 */
static int add_page(struct object *o, uint64_t index, bool zero, struct page **out)
{
	int error = charge(o);

	if (error)
		return error;
	error = add_charged_page(o, index, zero, out);
	if (error)
		uncharge(o);
	return error;
}

/* Locks a page that was found; false if it left the object meanwhile (reference dropped). */
static int lock_found(struct object *o, struct page *page)
{
	int error = page_lock_killable(page);

	if (!error && READ_ONCE(page->object) == o)
		return 0;
	if (!error)
		page_unlock(page);
	page_put(page);
	return error ? error : -EAGAIN;
}

static int fill_page(struct object *o, struct page *page)
{
	int error = 0;

	if (o->ops->read_page) {
		error = o->ops->read_page(o, page);
	} else {
		memset(page_address(page), 0, PAGE_SIZE);
		atomic_or(&page->flags, PAGE_UPTODATE);
	}
	assert(error || (page->flags & PAGE_UPTODATE));
	return error;
}

int object_get_page_locked(struct object *o, uint64_t index, bool whole, struct page **out)
{
	bool zero = !whole && !o->ops->read_page;
	struct page *page;
	int error;

	might_sleep();
	do {
		page = object_find_page(o, index);
		error = page ? lock_found(o, page) : add_page(o, index, zero, &page);
	} while (error == -EAGAIN || error == -EEXIST);
	if (!error && !whole && !(page->flags & PAGE_UPTODATE)) {
		error = fill_page(o, page);
		if (error) {
			page_unlock(page);
			page_put(page);
		}
	}
	if (!error)
		*out = page;
	return error;
}

int object_get_page(struct object *o, uint64_t index, struct page **out)
{
	struct page *page = object_find_page(o, index);
	int error;

	if (page && (READ_ONCE(page->flags) & PAGE_UPTODATE)) {
		*out = page;
		return 0;
	}
	if (page)
		page_put(page);
	error = object_get_page_locked(o, index, false, out);
	if (!error)
		page_unlock(*out);
	return error;
}

void page_set_dirty(struct page *page)
{
	struct object *o = READ_ONCE(page->object);

	if (READ_ONCE(page->flags) & PAGE_DIRTY)
		return;
	if ((atomic_fetch_or(&page->flags, PAGE_DIRTY) & (PAGE_DIRTY | PAGE_ANON)) || !o ||
	    !o->ops->write_pages)
		return;
	SPIN_GUARD(&o->lock);
	if (page->object != o)
		return;
	radix_set_tag(&o->pages, page->index, RADIX_DIRTY);
	cpu_local_add(pages_dirty, 1);
}

void object_remove_page(struct object *o, struct page *page)
{
	bool dirty;

	assert(page->flags & PAGE_LOCKED);
	spin_lock(&o->lock);
	dirty = radix_get_tag(&o->pages, page->index, RADIX_DIRTY);
	radix_erase(&o->pages, page->index);
	WRITE_ONCE(page->object, NULL);
	o->page_count--;
	spin_unlock(&o->lock);
	if (dirty)
		cpu_local_add(pages_dirty, -1);
	if (o->swap_backed)
		cpu_local_add(pages_shmem, -1);
	else
		cpu_local_add(pages_file, -1);
	uncharge(o);
	page_put(page);
}

uint64_t object_next_page(struct object *o, uint64_t first)
{
	uint64_t index = first;
	bool found;

	rcu_read_lock();
	found = radix_find(&o->pages, &index, UINT64_MAX) != NULL;
	rcu_read_unlock();
	return found ? index : UINT64_MAX;
}

uint64_t object_next_hole(struct object *o, uint64_t first)
{
	uint64_t index;

	rcu_read_lock();
	index = radix_find_hole(&o->pages, first, UINT64_MAX - 1);
	rcu_read_unlock();
	return index;
}

static uint64_t sum_of(int64_t *counter)
{
	int64_t sum = 0;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		sum += READ_ONCE(*(int64_t *)((uint64_t)counter + percpu_offset[cpu]));
	return sum > 0 ? (uint64_t)sum : 0;
}

void object_stats(struct object_stats *s)
{
	s->file = sum_of(&pages_file);
	s->shmem = sum_of(&pages_shmem);
	s->dirty = sum_of(&pages_dirty);
}
