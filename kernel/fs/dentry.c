/* SPDX-License-Identifier: MIT */
/*
 * fs/dentry.c: the name cache.
 *
 * A dentry says what one name in one directory means: an inode, or nothing (a
 * negative dentry, which saves asking the filesystem again). All hashed dentries
 * are in one table by (parent, name). The cache is only a cache: the filesystem
 * keeps the names, and any dentry nobody uses may be thrown away.
 *
 * Finding one. Walks search the table under RCU without writing anything. A
 * dentry has a sequence count, odd while its name, parent or inode change; the
 * walk takes the count first, uses the fields, and looks at the count again.
 * A dentry that is renamed while a search stands on it carries the search into
 * another bucket, so a search may miss what is there. Those who would act on a
 * miss hold the directory's lock and search again under the bucket's lock
 * (insert_or_find).
 *
 * References. refs counts users and children (a child keeps its parent). At zero
 * a dentry stays cached, on the LRU list. To free it, or to take its inode away,
 * refs must be moved from 0, or from the caller's 1, to DENTRY_DEAD in one step:
 * walks under RCU take a reference only by dentry_get_unless_dead(), so nobody
 * can come in between. dentry_put() that reaches zero must not touch the dentry
 * outside of RCU, because the shrinker may free it at once.
 *
 * Locks: a dentry's own lock guards flags and children and is taken parent
 * before child; then the LRU's or a bucket's. Renames hold dentry_move_lock
 * besides, so two parents at a time are locked by one thread only.
 *
 * Not done: dentries do not remember failed lookups other than "not there", and
 * there is no limit on negative ones other than memory pressure.
 */
#include "base/panic.h"
#include "fs/dentry.h"
#include "fs/notify.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"

#define BUCKET_LOCKS 256

uint64_t dentry_hash_seed;

static struct hlist *buckets;  /* immutable; contents: the bucket's lock, RCU */
static uint64_t bucket_mask;   /* immutable */
static struct spinlock bucket_lock[BUCKET_LOCKS];
static struct kcache *dentry_cache;

void dentry_cache_init(void)
{
	struct frame_stats frames;
	uint64_t n = 512;

	frame_stats(&frames);
	while (n < frames.total / 16 && n < MiB(4) / sizeof(*buckets))
		n *= 2;
	buckets = kcalloc(n, sizeof(*buckets), ALLOC_KERNEL);
	verify(buckets);
	bucket_mask = n - 1;
	for (unsigned i = 0; i < BUCKET_LOCKS; i++)
		spin_init(&bucket_lock[i], RANK_DENTRY_HASH);
	if (!cpu_random(&dentry_hash_seed))
		dentry_hash_seed = cpu_jitter() ^ HASH_K2;
	dentry_cache = kcache_create("dentry", sizeof(struct dentry), 64);
	dentry_lru_init();
}

static inline uint64_t bucket_of(const struct dentry *parent, uint32_t hash)
{
	return hash_fold((uintptr_t)parent ^ (uint64_t)hash << 32, HASH_K0) & bucket_mask;
}

static inline struct spinlock *lock_of(uint64_t bucket)
{
	return &bucket_lock[bucket % BUCKET_LOCKS];
}

/* Stops at the first difference, so a name that is being replaced cannot lead far astray. */
static inline bool name_equal(const char *a, const char *b, size_t len)
{
	while (len && *a == *b) {
		a++;
		b++;
		len--;
	}
	return len == 0;
}

struct dentry *dentry_find_rcu(const struct dentry *parent, const char *name, size_t len, uint32_t hash, uint32_t *seq)
{
	struct dentry *d;

	hlist_for_each_entry(d, &buckets[bucket_of(parent, hash)], hash) {
		if (READ_ONCE(d->name_hash) != hash)
			continue;
		*seq = seq_read_begin(&d->seq);
		if (READ_ONCE(d->parent) == parent && READ_ONCE(d->name_length) == len &&
		    name_equal(READ_ONCE(d->name), name, len))
			return d;
	}
	return NULL;
}

bool dentry_get_unless_dead(struct dentry *d)
{
	uint32_t old = atomic_load(&d->refs);

	do {
		if (old == DENTRY_DEAD)
			return false;
	} while (!atomic_compare_exchange(&d->refs, &old, old + 1));
	return true;
}

void dentry_get(struct dentry *d)
{
	uint32_t now = atomic_inc_return(&d->refs);

	assert(now > 1);
	(void)now;
}

struct dentry *dentry_find(struct dentry *parent, const char *name, size_t len, uint32_t hash)
{
	struct dentry *d;
	uint32_t seq;

	rcu_read_lock();
	d = dentry_find_rcu(parent, name, len, hash, &seq);
	if (d && dentry_get_unless_dead(d)) {
		if (seq_read_retry(&d->seq, seq) || READ_ONCE(d->flags) & DENTRY_UNHASHED) {
			rcu_read_unlock();
			dentry_put(d);
			return NULL;
		}
	} else {
		d = NULL;
	}
	rcu_read_unlock();
	return d;
}

static void long_name_free(struct rcu_head *head)
{
	kfree(container_of(head, struct long_name, rcu));
}

void long_name_put(struct long_name *n)
{
	if (n && refcount_put(&n->refs))
		rcu_call(&n->rcu, long_name_free);
}

/* Room for the text of a long name; NULL when out. */
static char *long_name_create(size_t len)
{
	struct long_name *n = kmalloc(sizeof(*n) + len + 1, ALLOC_KERNEL);

	if (!n)
		return NULL;
	refcount_init(&n->refs, 1);
	return n->text;
}

static void dentry_free(struct rcu_head *head)
{
	struct dentry *d = container_of(head, struct dentry, rcu);

	long_name_put(dentry_long_name(d));
	kcache_free(dentry_cache, d);
}

static struct dentry *dentry_create(struct super *sb, const char *name, size_t len, uint32_t hash)
{
	struct dentry *d = kcache_alloc(dentry_cache, ALLOC_KERNEL);
	char *text;

	if (!d)
		return NULL;
	text = d->inline_name;
	if (len >= sizeof(d->inline_name)) {
		text = long_name_create(len);
		if (!text) {
			kcache_free(dentry_cache, d);
			return NULL;
		}
	}
	memcpy(text, name, len);
	text[len] = '\0';
	d->name = text;
	d->name_length = (uint32_t)len;
	d->name_hash = hash;
	d->refs = 1;
	d->flags = DENTRY_UNHASHED;
	d->seq.n = 0;
	spin_init(&d->lock, RANK_DENTRY);
	d->parent = d;
	d->inode = NULL;
	hlist_node_init(&d->hash);
	list_init(&d->children);
	list_init(&d->sibling);
	list_init(&d->lru);
	d->sb = sb;
	return d;
}

struct dentry *dentry_create_root(struct super *sb, struct inode *inode)
{
	struct dentry *d = dentry_create(sb, "/", 1, 0);

	if (!d)
		return NULL;
	d->flags = 0;
	d->inode = inode;
	return d;
}

struct dentry *dentry_create_detached(struct inode *inode, const char *name)
{
	struct dentry *d = dentry_create(inode->sb, name, strlen(name), 0);

	if (!d)
		return NULL;
	d->flags |= DENTRY_DETACHED;
	inode_get(inode);
	d->inode = inode;
	return d;
}

struct dentry *dentry_create_unnamed(struct dentry *dir, struct inode *inode)
{
	char name[24];
	struct dentry *d;

	format(name, sizeof(name), "#%lu", inode->ino);
	d = dentry_create(dir->sb, name, strlen(name), 0);
	if (!d)
		return NULL;
	inode_get(inode);
	d->inode = inode;
	dentry_get(dir);
	spin_lock(&dir->lock);
	d->parent = dir;
	list_add_head(&d->sibling, &dir->children);
	spin_unlock(&dir->lock);
	return d;
}

void dentry_hash_remove(struct dentry *d)
{
	struct spinlock *l = lock_of(bucket_of(d->parent, d->name_hash));

	assert_held(&d->lock);
	if (d->flags & DENTRY_UNHASHED)
		return;
	spin_lock(l);
	hlist_del(&d->hash);
	spin_unlock(l);
	d->flags |= DENTRY_UNHASHED;
}

void dentry_hash_add(struct dentry *d)
{
	uint64_t bucket = bucket_of(d->parent, d->name_hash);

	assert_held(&d->lock);
	spin_lock(lock_of(bucket));
	hlist_add_head(&d->hash, &buckets[bucket]);
	spin_unlock(lock_of(bucket));
	d->flags &= ~DENTRY_UNHASHED;
}

/*
 * Puts fresh into the cache as a child of parent, unless another thread that held
 * the directory's lock for reading was faster: then that one's, counted.
 */
static struct dentry *insert_or_find(struct dentry *parent, struct dentry *fresh)
{
	uint64_t bucket = bucket_of(parent, fresh->name_hash);
	struct dentry *d;

	spin_lock(&parent->lock);
	spin_lock(lock_of(bucket));
	hlist_for_each_entry(d, &buckets[bucket], hash)
		if (d->parent == parent && d->name_hash == fresh->name_hash &&
		    d->name_length == fresh->name_length &&
		    name_equal(d->name, fresh->name, d->name_length) && dentry_get_unless_dead(d))
			goto found;
	dentry_get(parent);
	fresh->parent = parent;
	fresh->flags &= ~DENTRY_UNHASHED;
	hlist_add_head(&fresh->hash, &buckets[bucket]);
	list_add_head(&fresh->sibling, &parent->children);
	d = fresh;
found:
	spin_unlock(lock_of(bucket));
	spin_unlock(&parent->lock);
	return d;
}

int dentry_resolve(struct dentry *parent, const char *name, size_t len, uint32_t hash, struct dentry **out)
{
	struct inode *dir = parent->inode, *inode = NULL;
	struct dentry *fresh, *d = dentry_find(parent, name, len, hash);
	int error;

	if (d && d->inode && d->inode->ops->revalidate && !d->inode->ops->revalidate(d)) {
		dentry_drop(d);
		dentry_put(d);
		d = NULL;
	}
	if (d) {
		*out = d;
		return 0;
	}
	if (!dir->ops->lookup)
		return -ENOTDIR;
	if (!dir->nlink)
		return -ENOENT;
	fresh = dentry_create(parent->sb, name, len, hash);
	if (!fresh)
		return -ENOMEM;
	error = dir->ops->lookup(dir, name, len, &inode);
	/* Where names come and go by themselves, "not there" cannot be kept, and nothing be made. */
	if (!error && !inode && dir->ops->revalidate)
		error = -ENOENT;
	if (!error) {
		fresh->inode = inode;
		*out = insert_or_find(parent, fresh);
	}
	if (error || *out != fresh)
		dentry_put(fresh);
	return error;
}

void dentry_instantiate(struct dentry *d, struct inode *inode)
{
	spin_lock(&d->lock);
	assert(!d->inode);
	seq_write_begin(&d->seq);
	rcu_assign(d->inode, inode);
	seq_write_end(&d->seq);
	spin_unlock(&d->lock);
}

void dentry_drop(struct dentry *d)
{
	spin_lock(&d->lock);
	seq_write_begin(&d->seq);
	dentry_hash_remove(d);
	seq_write_end(&d->seq);
	spin_unlock(&d->lock);
}

/* A name lets go of its inode; who watches a file is told when that was the last one. */
static void put_inode(struct inode *inode)
{
	if (inode && notify_wanted() && !READ_ONCE(inode->nlink))
		notify_gone(inode);
	inode_put(inode);
}

void dentry_delete(struct dentry *d)
{
	struct inode *inode = NULL;
	uint32_t mine = 1;

	spin_lock(&d->lock);
	seq_write_begin(&d->seq);
	if (atomic_compare_exchange(&d->refs, &mine, DENTRY_DEAD)) {
		inode = d->inode;
		d->inode = NULL;
	} else {
		dentry_hash_remove(d);
	}
	seq_write_end(&d->seq);
	if (inode)
		atomic_store_release(&d->refs, 1);
	spin_unlock(&d->lock);
	put_inode(inode);
}

/*
 * Takes an unused dentry whose refs are DENTRY_DEAD already out of everything.
 * Both locks held; both are released. The parent's reference is left to the caller.
 */
void dentry_unlink(struct dentry *d, struct dentry *parent)
{
	struct inode *inode = d->inode;

	seq_write_begin(&d->seq);
	dentry_hash_remove(d);
	seq_write_end(&d->seq);
	dentry_lru_remove(d);
	if (parent != d) {
		list_del_init(&d->sibling);
		spin_unlock(&parent->lock);
	}
	spin_unlock(&d->lock);
	put_inode(inode);
	rcu_call(&d->rcu, dentry_free);
}

/*
 * Locks d's parent and d, with d alive under RCU only. False: d is dead. The
 * parent of a live dentry is alive, and cannot change while both are locked.
 */
static bool lock_with_parent(struct dentry *d, struct dentry **out)
{
	struct dentry *parent;

	for (;;) {
		parent = READ_ONCE(d->parent);
		if (parent != d)
			spin_lock(&parent->lock);
		spin_lock_nested(&d->lock);
		if (atomic_load(&d->refs) == DENTRY_DEAD)
			break;
		if (d->parent == parent) {
			*out = parent;
			return true;
		}
		spin_unlock(&d->lock);
		if (parent != d)
			spin_unlock(&parent->lock);
	}
	spin_unlock(&d->lock);
	if (parent != d)
		spin_unlock(&parent->lock);
	return false;
}

/* Frees d if nobody uses it. RCU is held on entry and left. The parent to be put afterwards, or NULL. */
struct dentry *dentry_try_free(struct dentry *d)
{
	struct dentry *parent;
	uint32_t unused = 0;

	if (!lock_with_parent(d, &parent)) {
		rcu_read_unlock();
		return NULL;
	}
	if (!atomic_compare_exchange(&d->refs, &unused, DENTRY_DEAD)) {
		spin_unlock(&d->lock);
		if (parent != d)
			spin_unlock(&parent->lock);
		rcu_read_unlock();
		return NULL;
	}
	rcu_read_unlock(); /* with both spinlocks held still: the locks keep us from being switched away */
	dentry_unlink(d, parent);
	return parent == d ? NULL : parent;
}

static bool is_fleeting(const struct dentry *d)
{
	return d->flags & DENTRY_UNHASHED || (d->inode && d->inode->ops->fleeting);
}

/* refs reached zero: keep d on the LRU, or say that it should go. RCU held. */
static bool dentry_keep(struct dentry *d)
{
	bool keep = true;

	if (likely((READ_ONCE(d->flags) & (DENTRY_ON_LRU | DENTRY_UNHASHED | DENTRY_REFERENCED)) ==
		   (DENTRY_ON_LRU | DENTRY_REFERENCED)))
		return true;
	spin_lock(&d->lock);
	if (is_fleeting(d)) {
		keep = false;
	} else if (atomic_load(&d->refs) == 0) {
		if (!(d->flags & DENTRY_ON_LRU))
			dentry_lru_add(d);
		d->flags |= DENTRY_REFERENCED;
	}
	spin_unlock(&d->lock);
	return keep;
}

void dentry_put(struct dentry *d)
{
	while (d) {
		rcu_read_lock();
		if (atomic_dec_return(&d->refs) != 0 || dentry_keep(d)) {
			rcu_read_unlock();
			return;
		}
		d = dentry_try_free(d);
	}
}
