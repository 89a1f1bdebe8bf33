/* SPDX-License-Identifier: MIT */
/*
 * fs/dentry_lru.c: dentries that nobody uses: the list of them, oldest first, the
 * shrinker that frees them when memory is short, and the emptying of a directory
 * or of a whole superblock. What keeps this safe is told in fs/dentry.c.
 */
#include "base/panic.h"
#include "fs/dentry.h"
#include "mem/shrink.h"

static struct spinlock lru_lock = SPINLOCK_INIT(RANK_DENTRY_LRU);
static struct list lru = LIST_INIT(lru); /* lru_lock: oldest first */
static uint64_t lru_count;               /* lru_lock */
static uint32_t shrinking;               /* atomic: threads inside of dentry_shrink() */
static struct waitq shrink_wait = WAITQ_INIT(shrink_wait);

static uint64_t shrink_count_dentries(struct shrinker *s);
static uint64_t shrink_scan_dentries(struct shrinker *s, uint64_t frames, unsigned flags);
static struct shrinker dentry_shrinker = {
	.name = "dentry", .count = shrink_count_dentries, .scan = shrink_scan_dentries,
};

void dentry_lru_init(void)
{
	shrink_register(&dentry_shrinker);
}

void dentry_lru_add(struct dentry *d)
{
	assert_held(&d->lock);
	spin_lock(&lru_lock);
	list_add_tail(&d->lru, &lru);
	lru_count++;
	spin_unlock(&lru_lock);
	d->flags |= DENTRY_ON_LRU;
}

uint64_t dentry_unused_count(void)
{
	return READ_ONCE(lru_count);
}

void dentry_lru_remove(struct dentry *d)
{
	assert_held(&d->lock);
	if (!(d->flags & DENTRY_ON_LRU))
		return;
	spin_lock(&lru_lock);
	list_del_init(&d->lru);
	lru_count--;
	spin_unlock(&lru_lock);
	d->flags &= ~DENTRY_ON_LRU;
}

/* The first child that nobody uses, locked together with parent and marked dead; NULL if there is none. */
static struct dentry *lock_unused_child(struct dentry *parent)
{
	struct dentry *d;

	list_for_each_entry(d, &parent->children, sibling) {
		uint32_t unused = 0;

		spin_lock_nested(&d->lock);
		if (atomic_compare_exchange(&d->refs, &unused, DENTRY_DEAD))
			return d;
		spin_unlock(&d->lock);
	}
	return NULL;
}

void dentry_prune_children(struct dentry *parent)
{
	struct dentry *d;

	for (;;) {
		spin_lock(&parent->lock);
		d = lock_unused_child(parent);
		if (!d)
			break;
		dentry_unlink(d, parent);
		dentry_put(parent);
	}
	spin_unlock(&parent->lock);
}

/* A child with children of its own, counted; or NULL. */
static struct dentry *child_with_children(struct dentry *parent)
{
	struct dentry *d;

	SPIN_GUARD(&parent->lock);
	list_for_each_entry(d, &parent->children, sibling)
		if (!list_empty(&d->children) && dentry_get_unless_dead(d))
			return d;
	return NULL;
}

/*
 * Goes down to the deepest directory, frees its children, and comes back up.
 * Nobody else uses the tree, or what is in use stays.
 */
void dentry_prune_tree(struct dentry *root)
{
	struct dentry *at = root, *next;

	dentry_get(at);
	for (;;) {
		dentry_prune_children(at);
		next = child_with_children(at);
		if (!next && at == root)
			break;
		if (!next) {
			if (!list_empty(&at->children))
				break; /* in use, against the rules: leave it rather than loop */
			next = at->parent;
			dentry_get(next);
		}
		dentry_put(at);
		at = next;
	}
	dentry_put(at);
}

/* The oldest unused dentry, taken off the list under RCU; NULL at the end. Those used of late go round once more. */
static struct dentry *lru_take(void)
{
	struct dentry *d;

	spin_lock(&lru_lock);
	d = list_empty(&lru) ? NULL : list_first_entry(&lru, struct dentry, lru);
	if (d)
		list_move_tail(&d->lru, &lru);
	spin_unlock(&lru_lock);
	return d;
}

uint64_t dentry_shrink(uint64_t n)
{
	uint64_t freed = 0, looks = 2 * n + 16;

	atomic_inc(&shrinking);
	while (freed < n && looks--) {
		struct dentry *d, *parent;
		bool idle;

		rcu_read_lock();
		d = lru_take();
		if (!d) {
			rcu_read_unlock();
			break;
		}
		spin_lock(&d->lock);
		idle = !(d->flags & DENTRY_REFERENCED);
		d->flags &= ~DENTRY_REFERENCED;
		if (atomic_load(&d->refs) != 0) {
			dentry_lru_remove(d);
			idle = false;
			/* Put meanwhile by one who saw it still listed? Then it is listed again here. */
			atomic_fence();
			if (atomic_load(&d->refs) == 0)
				dentry_lru_add(d);
		}
		spin_unlock(&d->lock);
		if (!idle) {
			rcu_read_unlock();
			continue;
		}
		parent = dentry_try_free(d);
		freed++;
		dentry_put(parent);
	}
	if (atomic_dec_and_test(&shrinking))
		waitq_wake_all(&shrink_wait);
	return freed;
}

void dentry_shrink_wait(void)
{
	wait_event(&shrink_wait, !atomic_load(&shrinking));
}

#define DENTRIES_PER_FRAME (PAGE_SIZE / sizeof(struct dentry))

static uint64_t shrink_count_dentries(struct shrinker *s)
{
	return READ_ONCE(lru_count) / DENTRIES_PER_FRAME;
}

/* Freeing a dentry may free an inode, which is a filesystem's work: only for those who allow it. */
static uint64_t shrink_scan_dentries(struct shrinker *s, uint64_t frames, unsigned flags)
{
	if ((flags & ALLOC_MODE) != ALLOC_KERNEL)
		return 0;
	return dentry_shrink(frames * DENTRIES_PER_FRAME) / DENTRIES_PER_FRAME;
}
