/* SPDX-License-Identifier: MIT */
/*
 * fs/super.c: superblocks and filesystem types. A superblock lives as long as a
 * mount (or a filesystem that keeps a single instance) holds it; when the last
 * reference goes, its name cache is emptied, which lets go of its inodes, and
 * the filesystem frees its own.
 */
#include "base/table.h"
#include "fs/internal.h"
#include "fs/notify.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/work.h"
#include <asm/statfs.h>
#include <linux/mount.h>

static uint32_t super_next_dev; /* atomic: minor numbers of superblocks without a device */

struct super *super_create(const struct fs_type *type, const struct super_ops *ops, unsigned long flags)
{
	struct super *sb = kzalloc(sizeof(*sb), ALLOC_KERNEL);

	if (!sb)
		return NULL;
	refcount_init(&sb->refs, 1);
	sb->type = type;
	sb->ops = ops;
	sb->flags = flags;
	sb->dev = atomic_inc_return(&super_next_dev);
	sb->block_size = PAGE_SIZE;
	sb->max_bytes = INT64_MAX;
	mutex_init(&sb->rename_lock, RANK_RENAME);
	list_init(&sb->watches);
	spin_init(&sb->mounts_lock, RANK_INODE_TIMES);
	list_init(&sb->mounts);
	return sb;
}

void super_put(struct super *sb)
{
	if (!sb || !refcount_put(&sb->refs))
		return;
	notify_unmount(sb);
	if (sb->root) {
		dentry_prune_tree(sb->root);
		dentry_drop(sb->root); /* or it would stay as an unused one */
		dentry_put(sb->root);
		dentry_shrink_wait();
	}
	/* Walks under RCU may still look at the flags, and freed inodes at sb. */
	rcu_synchronize();
	if (sb->ops->put)
		sb->ops->put(sb);
	kfree(sb);
}

const struct fs_type *fs_type_find(const char *name)
{
	TABLE_FOREACH(fs_types, struct fs_type, t)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

int super_statfs(struct super *sb, struct statfs *out)
{
	memset(out, 0, sizeof(*out));
	out->f_bsize = out->f_frsize = sb->block_size;
	out->f_namelen = NAME_MAX_BYTES;
	out->f_fsid.val[0] = (int)sb->dev;
	if (!sb->ops->statfs)
		return -ENOSYS;
	return sb->ops->statfs(sb, out);
}

static int super_sync_one(void *arg, struct mount *m)
{
	int error = 0;

	if (m->sb->ops->sync && !(m->sb->flags & MS_RDONLY))
		error = m->sb->ops->sync(m->sb, true);
	if (error && !*(int *)arg)
		*(int *)arg = error;
	return 0;
}

int super_sync_all(void)
{
	int error = 0;

	mount_for_each(super_sync_one, &error);
	return error;
}
