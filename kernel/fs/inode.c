/* SPDX-License-Identifier: MIT */
/*
 * fs/inode.c: the life of an inode, its times, and the count of writers.
 *
 * Who holds an inode: the filesystem's own index if it has one, dentries, and
 * whoever asked. The last inode_put() lets the filesystem free what is behind it
 * (evict) and then gives back the inode's reference to its memory object; a
 * mapping or a futex key may hold the object a little longer, so the memory of
 * both goes with the object, after a grace period because path walks look at
 * inodes under RCU.
 *
 * times_lock guards the four time stamps and nothing else.
 */
#include "base/panic.h"
#include "fs/file.h"
#include "fs/internal.h"
#include "fs/notify.h"
#include "hal/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/capability.h>

#define DAY 86400

static struct kcache *inode_cache;

static const struct object_ops inode_object_ops = { .release = inode_object_release };

void inode_cache_init(void)
{
	inode_cache = kcache_create("inode", sizeof(struct inode), 64);
}

struct inode *inode_create(struct super *sb, uint64_t ino, uint32_t mode)
{
	struct inode *i = kcache_alloc(inode_cache, ALLOC_KERNEL | ALLOC_ZERO);
	struct file_time now;

	if (!i)
		return NULL;
	refcount_init(&i->refs, 1);
	i->sb = sb;
	i->ino = ino;
	i->mode = mode;
	i->nlink = 1;
	now = file_time_of(clock_wall());
	i->atime = i->mtime = i->ctime = i->btime = now;
	spin_init(&i->times_lock, RANK_INODE_TIMES);
	rwsem_init(&i->lock, RANK_INODE);
	object_init(&i->object, &inode_object_ops, i);
	return i;
}

static void inode_free(struct rcu_head *head)
{
	struct inode *i = container_of(head, struct inode, rcu);

	kfree(i->link);
	kcache_free(inode_cache, i);
}

void inode_object_release(struct object *o)
{
	struct inode *i = container_of(o, struct inode, object);

	rcu_call(&i->rcu, inode_free);
}

void inode_put(struct inode *i)
{
	if (!i || !refcount_put(&i->refs))
		return;
	might_sleep();
	flock_free_list(i);
	if (i->sb->ops->evict)
		i->sb->ops->evict(i);
	notify_free(i);
	object_put(&i->object);
}

void inode_init_owner(struct inode *i, const struct inode *dir, uint32_t mode, const struct cred *cred)
{
	i->uid = cred->fsuid;
	i->gid = cred->fsgid;
	if (dir && dir->mode & S_ISGID) {
		i->gid = dir->gid;
		if (S_ISDIR(mode))
			mode |= S_ISGID;
		else if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && !cred_in_group(cred, i->gid) &&
			 !cred_capable(cred, CAP_FSETID))
			mode &= ~S_ISGID;
	}
	i->mode = mode;
}

static bool time_before(const struct file_time *a, const struct file_time *b)
{
	return a->sec != b->sec ? a->sec < b->sec : a->nsec < b->nsec;
}

/* The relatime rule: worth a write if not newer than a change, or a day old. */
static bool atime_due(const struct inode *i, const struct file_time *now)
{
	return !time_before(&i->mtime, &i->atime) || !time_before(&i->ctime, &i->atime) ||
	       now->sec - i->atime.sec >= DAY;
}

void inode_touch(struct inode *i, unsigned which)
{
	struct file_time now = file_time_of(clock_wall());

	spin_lock(&i->times_lock);
	if (which & ATTR_ATIME && atime_due(i, &now))
		i->atime = now;
	if (which & ATTR_MTIME)
		i->mtime = now;
	if (which & ATTR_CTIME)
		i->ctime = now;
	spin_unlock(&i->times_lock);
}

void inode_times(struct inode *i, struct file_time *atime, struct file_time *mtime, struct file_time *ctime)
{
	spin_lock(&i->times_lock);
	*atime = i->atime;
	*mtime = i->mtime;
	*ctime = i->ctime;
	spin_unlock(&i->times_lock);
}

void inode_set_attributes(struct inode *i, const struct attributes *a)
{
	assert(rwsem_write_held(&i->lock));
	if (a->valid & ATTR_MODE)
		WRITE_ONCE(i->mode, (i->mode & S_IFMT) | (a->mode & 07777));
	if (a->valid & ATTR_UID)
		WRITE_ONCE(i->uid, a->uid);
	if (a->valid & ATTR_GID)
		WRITE_ONCE(i->gid, a->gid);
	if (a->valid & ATTR_SIZE && S_ISREG(i->mode))
		object_truncate(&i->object, a->size);
	spin_lock(&i->times_lock);
	if (a->valid & ATTR_ATIME)
		i->atime = a->atime;
	if (a->valid & ATTR_MTIME)
		i->mtime = a->mtime;
	if (a->valid & ATTR_CTIME)
		i->ctime = a->ctime;
	spin_unlock(&i->times_lock);
}

/* The count is signed in meaning: running programs push it below zero, writers above. */
static int writers_step(struct inode *i, int step)
{
	uint32_t old = atomic_load(&i->writers);

	do {
		if ((int32_t)old * step < 0)
			return -ETXTBSY;
	} while (!atomic_compare_exchange(&i->writers, &old, old + (uint32_t)step));
	return 0;
}

int inode_get_write(struct inode *i) { return writers_step(i, 1); }
int inode_deny_write(struct inode *i) { return writers_step(i, -1); }
void inode_put_write(struct inode *i) { atomic_dec(&i->writers); }
void inode_allow_write(struct inode *i) { atomic_inc(&i->writers); }
