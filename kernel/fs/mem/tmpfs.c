/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/tmpfs.c: the filesystem in memory: superblock with limits, inodes, and
 * the changes of names. The directory's own index (fs/mem/tmpfs_dir.c) holds one
 * reference on each named inode; so names survive whatever the name cache drops.
 *
 * Inode operations run with the locks that fs/inode.h says. The counts of pages
 * and inodes are under the superblock's spinlock.
 */
#include "fs/mem/tmpfs.h"
#include "base/panic.h"
#include "base/table.h"
#include "fs/mem/options.h"
#include "fs/mount_context.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

static bool charge_inode(struct tmpfs_super *sb)
{
	SPIN_GUARD(&sb->lock);
	if (sb->used_inodes >= sb->max_inodes)
		return false;
	sb->used_inodes++;
	return true;
}

static void uncharge_inode(struct tmpfs_super *sb)
{
	SPIN_GUARD(&sb->lock);
	sb->used_inodes--;
}

static void inode_set_type(struct inode *i, uint64_t rdev)
{
	i->ops = &tmpfs_inode_ops;
	i->rdev = rdev;
	if (S_ISDIR(i->mode)) {
		i->ops = &tmpfs_dir_ops;
		i->file_ops = &tmpfs_dir_file_ops;
		i->nlink = 2;
		tmpfs_dir_init(i);
	} else if (S_ISREG(i->mode)) {
		i->file_ops = &tmpfs_file_ops;
		i->object.ops = &tmpfs_object_ops;
		i->object.swap_backed = true;
		i->seals = F_SEAL_SEAL; /* only memfd_create(2) makes files that can be sealed */
	}
}

int tmpfs_inode_create(struct super *sb, const struct inode *dir, uint32_t mode, uint64_t rdev,
		       const struct cred *cred, struct inode **out)
{
	struct tmpfs_super *s = tmpfs_of(sb);
	struct tmpfs_node *n;
	struct inode *i;

	if (!charge_inode(s))
		return -ENOSPC;
	n = kzalloc(sizeof(*n), ALLOC_KERNEL);
	i = n ? inode_create(sb, atomic_inc_return(&s->next_ino), mode) : NULL;
	if (!i) {
		kfree(n);
		uncharge_inode(s);
		return -ENOMEM;
	}
	list_init(&n->xattrs);
	i->data = n;
	inode_init_owner(i, dir, mode, cred);
	inode_set_type(i, rdev);
	*out = i;
	return 0;
}

static void tmpfs_evict(struct inode *i)
{
	struct tmpfs_node *n = tmpfs_node(i);
	struct tmpfs_super *s = tmpfs_of(i->sb);

	if (S_ISREG(i->mode))
		object_truncate(&i->object, 0); /* nobody else has it: no lock */
	if (S_ISDIR(i->mode))
		tmpfs_dir_destroy(i);
	tmpfs_xattrs_destroy(n);
	i->data = NULL;
	kfree(n);
	uncharge_inode(s);
}

static int tmpfs_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	struct tmpfs_entry *e = tmpfs_entry_find(dir, name, len);

	*out = e ? e->inode : NULL;
	if (e)
		inode_get(e->inode);
	return 0;
}

/* Gives a new inode its name; the index and the caller get a reference each. */
static int add_name(struct inode *dir, const char *name, size_t len, struct inode *i)
{
	struct tmpfs_entry *e = tmpfs_entry_create(name, len);

	if (!e)
		return -ENOMEM;
	inode_get(i);
	tmpfs_entry_insert(dir, e, i);
	inode_touch(dir, ATTR_MTIME | ATTR_CTIME);
	return 0;
}

static int tmpfs_create(struct inode *dir, const char *name, size_t len, uint32_t mode, uint64_t rdev,
			const struct cred *cred, struct inode **out)
{
	int error = tmpfs_inode_create(dir->sb, dir, mode, rdev, cred, out);

	if (error)
		return error;
	error = add_name(dir, name, len, *out);
	if (error)
		inode_put(*out);
	else if (S_ISDIR(mode))
		dir->nlink++;
	return error;
}

static int tmpfs_symlink(struct inode *dir, const char *name, size_t len, const char *target, const struct cred *cred,
			 struct inode **out)
{
	int error = tmpfs_inode_create(dir->sb, dir, S_IFLNK | 0777, 0, cred, out);

	if (error)
		return error;
	(*out)->link = kstrdup(target, ALLOC_KERNEL);
	(*out)->size_hint = strlen(target);
	error = (*out)->link ? add_name(dir, name, len, *out) : -ENOMEM;
	if (error)
		inode_put(*out);
	return error;
}

static int tmpfs_link(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	int error = add_name(dir, name, len, inode);

	if (error)
		return error;
	inode->nlink++;
	inode_touch(inode, ATTR_CTIME);
	return 0;
}

/* Takes a name away; the index's reference on the inode goes too (the caller holds another). */
static void remove_name(struct inode *dir, struct tmpfs_entry *e)
{
	struct inode *i = e->inode;

	tmpfs_entry_remove(dir, e);
	inode_touch(dir, ATTR_MTIME | ATTR_CTIME);
	inode_touch(i, ATTR_CTIME);
	inode_put(i);
}

static int tmpfs_unlink(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	struct tmpfs_entry *e = tmpfs_entry_find(dir, name, len);

	if (!e)
		return -ENOENT;
	inode->nlink--;
	remove_name(dir, e);
	return 0;
}

static int tmpfs_rmdir(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	struct tmpfs_entry *e = tmpfs_entry_find(dir, name, len);

	if (!e)
		return -ENOENT;
	if (!rb_empty(&tmpfs_node(inode)->by_name))
		return -ENOTEMPTY;
	inode->nlink = 0;
	dir->nlink--;
	remove_name(dir, e);
	return 0;
}

static void exchange(struct tmpfs_entry *a, struct inode *a_dir, struct tmpfs_entry *b, struct inode *b_dir)
{
	struct inode *swap = a->inode;

	a_dir->nlink += S_ISDIR(b->inode->mode) - S_ISDIR(a->inode->mode);
	b_dir->nlink += S_ISDIR(a->inode->mode) - S_ISDIR(b->inode->mode);
	a->inode = b->inode;
	b->inode = swap;
}

/* Takes a replaced target out; its last reference is not here. */
static void remove_target(struct inode *dir, struct tmpfs_entry *e)
{
	if (S_ISDIR(e->inode->mode)) {
		e->inode->nlink = 0;
		dir->nlink--;
	} else {
		e->inode->nlink--;
	}
	remove_name(dir, e);
}

static int tmpfs_rename(struct inode *from_dir, const char *from, size_t from_len, struct inode *inode,
			struct inode *to_dir, const char *to, size_t to_len, struct inode *target, unsigned flags)
{
	struct tmpfs_entry *old = tmpfs_entry_find(from_dir, from, from_len), *fresh;
	struct tmpfs_entry *there = tmpfs_entry_find(to_dir, to, to_len);

	if (!old || (flags & RENAME_EXCHANGE && !there))
		return -ENOENT;
	if (flags & RENAME_EXCHANGE) {
		exchange(old, from_dir, there, to_dir);
		inode_touch(target, ATTR_CTIME);
	} else {
		if (there && S_ISDIR(target->mode) && !rb_empty(&tmpfs_node(target)->by_name))
			return -ENOTEMPTY;
		fresh = tmpfs_entry_create(to, to_len);
		if (!fresh)
			return -ENOMEM;
		if (there)
			remove_target(to_dir, there);
		tmpfs_entry_remove(from_dir, old);
		tmpfs_entry_insert(to_dir, fresh, inode);
		from_dir->nlink -= S_ISDIR(inode->mode);
		to_dir->nlink += S_ISDIR(inode->mode);
	}
	inode_touch(inode, ATTR_CTIME);
	inode_touch(from_dir, ATTR_MTIME | ATTR_CTIME);
	inode_touch(to_dir, ATTR_MTIME | ATTR_CTIME);
	return 0;
}

static int tmpfs_tmpfile(struct inode *dir, uint32_t mode, const struct cred *cred, struct inode **out)
{
	int error = tmpfs_inode_create(dir->sb, dir, mode, 0, cred, out);

	if (!error)
		(*out)->nlink = 0;
	return error;
}

static int tmpfs_setattr(struct inode *i, const struct attributes *a)
{
	inode_set_attributes(i, a);
	return 0;
}

const struct inode_ops tmpfs_dir_ops = {
	.lookup = tmpfs_lookup,
	.create = tmpfs_create,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rmdir = tmpfs_rmdir,
	.rename = tmpfs_rename,
	.tmpfile = tmpfs_tmpfile,
	.getxattr = tmpfs_getxattr,
	.setxattr = tmpfs_setxattr,
	.listxattr = tmpfs_listxattr,
	.removexattr = tmpfs_removexattr,
};

const struct inode_ops tmpfs_inode_ops = {
	.setattr = tmpfs_setattr,
	.getxattr = tmpfs_getxattr,
	.setxattr = tmpfs_setxattr,
	.listxattr = tmpfs_listxattr,
	.removexattr = tmpfs_removexattr,
};

static int tmpfs_statfs(struct super *sb, void *out)
{
	struct tmpfs_super *s = tmpfs_of(sb);
	struct statfs *st = out;

	SPIN_GUARD(&s->lock);
	st->f_type = TMPFS_MAGIC;
	if (s->max_pages != UINT64_MAX) {
		st->f_blocks = (long)s->max_pages;
		st->f_bfree = st->f_bavail = (long)(s->max_pages > s->used_pages ? s->max_pages - s->used_pages : 0);
	}
	if (s->max_inodes != UINT64_MAX) {
		st->f_files = (long)s->max_inodes;
		st->f_ffree = (long)(s->max_inodes - s->used_inodes);
	}
	return 0;
}

/* Half of memory, as on Linux, both for pages and for inodes. */
static void default_limits(struct mount_options *o)
{
	struct frame_stats frames;

	frame_stats(&frames);
	*o = (struct mount_options){ .mode = 01777, .pages = frames.total / 2, .inodes = frames.total / 2,
				     .memory_pages = frames.total };
}

static void limits_from(struct tmpfs_super *s, const struct mount_options *o)
{
	s->max_pages = o->pages ? o->pages : UINT64_MAX;
	s->max_inodes = o->inodes ? o->inodes : UINT64_MAX;
}

/* Why not, or NULL. */
static const char *limits_change(struct tmpfs_super *s, const struct mount_options *o)
{
	SPIN_GUARD(&s->lock);
	if (o->pages && s->max_pages == UINT64_MAX)
		return "Cannot retroactively limit size";
	if (o->pages && o->pages < s->used_pages)
		return "Too small a size for current use";
	if (o->inodes && s->max_inodes == UINT64_MAX)
		return "Cannot retroactively limit inodes";
	if (o->inodes && o->inodes < s->used_inodes)
		return "Too few inodes for current use";
	limits_from(s, o);
	return NULL;
}

static int tmpfs_remount(struct super *sb, struct mount_context *c)
{
	struct tmpfs_super *s = tmpfs_of(sb);
	struct mount_options o;
	const char *refused;
	int error;

	default_limits(&o);
	o.pages = s->max_pages == UINT64_MAX ? 0 : s->max_pages;
	o.inodes = s->max_inodes == UINT64_MAX ? 0 : s->max_inodes;
	error = mount_options_parse(c->options, &o);
	if (error)
		return error;
	refused = limits_change(s, &o);
	return refused ? mount_context_refuse(c, "%s", refused) : 0;
}

static void tmpfs_show_options(struct super *sb, char *buf, size_t size)
{
	struct tmpfs_super *s = tmpfs_of(sb);
	struct mount_options usual;
	int at = 0;

	default_limits(&usual);
	if (s->max_pages != usual.pages)
		at += format_cut(buf, size, ",size=%luk", s->max_pages == UINT64_MAX ? 0 : s->max_pages * (PAGE_SIZE / 1024));
	if (s->max_inodes != usual.inodes)
		at += format_cut(buf + at, size - (size_t)at, ",nr_inodes=%lu", s->max_inodes == UINT64_MAX ? 0 : s->max_inodes);
	if (s->mode != 01777)
		at += format_cut(buf + at, size - (size_t)at, ",mode=%03o", s->mode);
	if (s->uid)
		at += format_cut(buf + at, size - (size_t)at, ",uid=%u", s->uid);
	if (s->gid)
		at += format_cut(buf + at, size - (size_t)at, ",gid=%u", s->gid);
	format_cut(buf + at, size - (size_t)at, ",inode64");
}

static void tmpfs_put(struct super *sb)
{
	kfree(sb->data);
}

static const struct super_ops tmpfs_super_ops = {
	.evict = tmpfs_evict,
	.statfs = tmpfs_statfs,
	.remount = tmpfs_remount,
	.put = tmpfs_put,
	.show_options = tmpfs_show_options,
};

static int make_root(struct super *sb, const struct mount_options *o)
{
	struct inode *root;
	int error = tmpfs_inode_create(sb, NULL, S_IFDIR | o->mode, 0, &cred_root, &root);

	if (error)
		return error;
	root->uid = o->uid;
	root->gid = o->gid;
	sb->root = dentry_create_root(sb, root);
	if (sb->root)
		return 0;
	inode_put(root);
	return -ENOMEM;
}

int tmpfs_super_create(const struct fs_type *type, unsigned long flags, const char *data, struct super **out)
{
	struct mount_options o;
	struct tmpfs_super *s;
	struct super *sb;
	int error;

	default_limits(&o);
	error = mount_options_parse(data, &o);
	if (error)
		return error;
	s = kzalloc(sizeof(*s), ALLOC_KERNEL);
	sb = s ? super_create(type, &tmpfs_super_ops, flags) : NULL;
	if (!sb) {
		kfree(s);
		return -ENOMEM;
	}
	sb->data = s;
	spin_init(&s->lock, RANK_INODE_TIMES);
	limits_from(s, &o);
	s->mode = o.mode;
	s->uid = o.uid;
	s->gid = o.gid;
	error = make_root(sb, &o);
	if (error)
		super_put(sb);
	else
		*out = sb;
	return error;
}

static int tmpfs_mount(struct mount_context *c, struct super **out)
{
	return tmpfs_super_create(c->type, c->flags, c->options, out);
}

TABLE_ENTRY(fs_types, struct fs_type, tmpfs) = {
	.name = "tmpfs", .mount = tmpfs_mount, .check_option = mount_option_check,
};
TABLE_ENTRY(fs_types, struct fs_type, ramfs) = {
	.name = "ramfs", .mount = tmpfs_mount, .check_option = mount_option_check,
};
