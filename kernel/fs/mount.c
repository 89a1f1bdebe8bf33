/* SPDX-License-Identifier: MIT */
/*
 * fs/mount.c: the mount table: finding mounts, crossing them, making and freeing
 * them. The system calls that change the tree are in fs/mount_ops.c and
 * fs/mount_tree.c; where a new mount's superblock comes from, in fs/mount_context.c.
 *
 * mount_lock is held for writing by whoever changes the tree, for reading by
 * whoever lists it. Walks take neither: they search the hash under RCU and see by
 * mount_seq, which is odd during a change, whether they must look again.
 *
 * A mount in a tree has one reference for being there, one for each child mount,
 * one for each path. Its memory goes after a grace period. A tree is the one that all
 * programs see, or one that only a descriptor leads to (MOUNT_APART).
 */
#include "base/panic.h"
#include "base/table.h"
#include "fs/mount.h"
#include "fs/mount_context.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include <linux/mount.h>

#define MOUNT_BUCKETS 256

struct rwsem mount_lock = RWSEM_INIT(mount_lock, RANK_MOUNT);
struct seqcount mount_seq;
struct list mount_all = LIST_INIT(mount_all);
static struct hlist mount_hash[MOUNT_BUCKETS]; /* mount_lock, RCU: by mount point */
static uint32_t mount_next_id; /* atomic */

/* By the dentry alone, so that all mounts on it, in whatever mount, are in one bucket. */
static struct hlist *mount_bucket(const struct dentry *at)
{
	return &mount_hash[hash_ptr(at, 0) % MOUNT_BUCKETS];
}

struct waitq mounts_changed = WAITQ_INIT(mounts_changed);
uint32_t mounts_changes;

void mount_tell_change(void)
{
	atomic_inc(&mounts_changes);
	waitq_wake_all(&mounts_changed);
}

void mount_change_begin(void)
{
	preempt_disable();
	seq_write_begin(&mount_seq);
}

void mount_change_end(void)
{
	seq_write_end(&mount_seq);
	preempt_enable();
}

struct mount *mount_find_rcu(const struct mount *parent, const struct dentry *at)
{
	struct mount *m;

	hlist_for_each_entry(m, mount_bucket(at), hash)
		if (READ_ONCE(m->mountpoint) == at && READ_ONCE(m->parent) == parent)
			return m;
	return NULL;
}

/* The mount on p, counted, or NULL. */
static struct mount *mount_on(const struct path *p)
{
	struct mount *m;
	uint32_t seq;

	do {
		rcu_read_lock();
		seq = seq_read_begin(&mount_seq);
		m = mount_find_rcu(p->mount, p->dentry);
		if (m && !refcount_get_unless_zero(&m->refs))
			m = NULL;
		rcu_read_unlock();
		if (!seq_read_retry(&mount_seq, seq))
			return m;
		mount_put(m);
	} while (true);
}

bool mount_cross(struct path *p)
{
	bool moved = false;

	while (unlikely(READ_ONCE(p->dentry->flags) & DENTRY_MOUNTED)) {
		struct mount *m = mount_on(p);

		if (!m)
			break;
		path_put(p);
		dentry_get(m->root);
		*p = (struct path){ m, m->root };
		moved = true;
	}
	return moved;
}

bool mount_cross_up(struct path *p)
{
	struct path up;

	rwsem_read_lock(&mount_lock);
	up = (struct path){ p->mount->parent, p->mount->mountpoint };
	if (up.mount == p->mount || !up.dentry) {
		rwsem_read_unlock(&mount_lock);
		return false;
	}
	path_get(&up);
	rwsem_read_unlock(&mount_lock);
	path_put(p);
	*p = up;
	return true;
}

struct mount *mount_create(struct super *sb, struct dentry *root, unsigned long flags, const char *source)
{
	struct mount *m = kzalloc(sizeof(*m), ALLOC_KERNEL);

	if (!m)
		return NULL;
	m->source = kstrdup(source ? source : "none", ALLOC_KERNEL);
	if (!m->source) {
		kfree(m);
		return NULL;
	}
	refcount_init(&m->refs, 1);
	refcount_get(&sb->refs);
	m->sb = sb;
	dentry_get(root);
	m->root = root;
	m->parent = m;
	m->flags = flags;
	m->id = atomic_inc_return(&mount_next_id);
	hlist_node_init(&m->hash);
	list_init(&m->list);
	list_init(&m->children);
	list_init(&m->sibling);
	SPIN_GUARD(&sb->mounts_lock);
	list_add_tail(&m->of_super, &sb->mounts);
	return m;
}

static void mount_free(struct rcu_head *head)
{
	struct mount *m = container_of(head, struct mount, rcu);

	kfree(m->source);
	kfree(m);
}

void mount_put(struct mount *m)
{
	struct super *sb;

	if (!m || !refcount_put(&m->refs))
		return;
	might_sleep();
	sb = m->sb;
	spin_lock(&sb->mounts_lock);
	list_del(&m->of_super);
	spin_unlock(&sb->mounts_lock);
	dentry_put(m->root);
	rcu_call(&m->rcu, mount_free);
	super_put(sb);
}

void mount_link(struct mount *m, struct mount *parent, struct dentry *at)
{
	assert(rwsem_write_held(&mount_lock));
	mount_get(parent);
	dentry_get(at);
	spin_lock(&at->lock);
	atomic_or(&at->flags, DENTRY_MOUNTED);
	spin_unlock(&at->lock);
	mount_change_begin();
	m->parent = parent;
	m->mountpoint = at;
	hlist_add_head(&m->hash, mount_bucket(at));
	mount_change_end();
	list_add_tail(&m->sibling, &parent->children);
	mount_tell_change();
}

/* Nothing more is mounted on at: its flag goes. */
static void mountpoint_check(struct dentry *at)
{
	struct mount *m;

	hlist_for_each_entry(m, mount_bucket(at), hash)
		if (m->mountpoint == at)
			return;
	spin_lock(&at->lock);
	atomic_and(&at->flags, ~(uint32_t)DENTRY_MOUNTED);
	spin_unlock(&at->lock);
}

void mount_unlink(struct mount *m)
{
	assert(rwsem_write_held(&mount_lock));
	m->place = (struct path){ m->parent, m->mountpoint };
	mount_change_begin();
	hlist_del(&m->hash);
	m->parent = m;
	m->mountpoint = NULL;
	mount_change_end();
	list_del_init(&m->sibling);
	mountpoint_check(m->place.dentry);
	mount_tell_change();
}

struct mount *mount_of_super(struct super *sb, const char *source)
{
	return mount_create(sb, sb->root, 0, source);
}

struct mount *mount_kernel(const char *type, const char *data)
{
	struct mount_context *c;
	struct mount *m = NULL;
	int error = mount_context_create(type, type, 0, data, &c);

	if (error)
		return ERR_PTR(error);
	error = mount_context_make(c);
	if (!error)
		m = mount_create(c->sb, c->sb->root, 0, c->source);
	mount_context_free(c);
	return error ? ERR_PTR(error) : m ? m : ERR_PTR(-ENOMEM);
}

void mount_show_root(struct mount *m)
{
	rwsem_write_lock(&mount_lock);
	mount_tree_settle(m, MOUNT_IN_TREE);
	rwsem_write_unlock(&mount_lock);
}

int path_want_write(const struct path *p)
{
	return (p->mount->flags | p->mount->sb->flags) & MS_RDONLY ? -EROFS : 0;
}

/*
 * Whoever opens a file for writing counts first and looks at the flags then; whoever makes
 * a mount read-only sets the flag first and looks at the count then. So one of them sees
 * the other; if both do, an open fails with EROFS that might have been early enough.
 */
int mount_get_write(struct mount *m)
{
	atomic_inc(&m->writers);
	if (likely(!((READ_ONCE(m->flags) | READ_ONCE(m->sb->flags)) & MS_RDONLY)))
		return 0;
	mount_put_write(m);
	return -EROFS;
}

int mount_stop_writers(struct super *sb)
{
	struct mount *m;
	uint64_t writers = 0;

	assert(rwsem_write_held(&mount_lock));
	if (sb->flags & MS_RDONLY)
		return 0;
	atomic_or(&sb->flags, MS_RDONLY);
	spin_lock(&sb->mounts_lock);
	list_for_each_entry(m, &sb->mounts, of_super)
		writers += atomic_load(&m->writers);
	spin_unlock(&sb->mounts_lock);
	if (!writers)
		return 0;
	atomic_and(&sb->flags, ~(unsigned long)MS_RDONLY);
	return -EBUSY;
}

int mount_for_each(int (*visit)(void *arg, struct mount *m), void *arg)
{
	struct mount *m;
	int result = 0;

	rwsem_read_lock(&mount_lock);
	list_for_each_entry(m, &mount_all, list) {
		result = visit(arg, m);
		if (result)
			break;
	}
	rwsem_read_unlock(&mount_lock);
	return result;
}
