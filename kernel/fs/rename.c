/* SPDX-License-Identifier: MIT */
/*
 * fs/rename.c: rename(2), renameat2(2) with NOREPLACE and EXCHANGE.
 *
 * Locks: within one directory, its lock. Between two, the superblock's rename
 * lock first: with it held no directory changes its parent, so "is above" means
 * something, and of two related directories the upper one is locked first.
 * Then source and target, by address; these are children of locked directories
 * and neither is above a directory already locked (checked before).
 */
#include "base/panic.h"
#include "fs/namei.h"
#include "fs/notify.h"
#include "lib/errno.h"
#include <linux/fs.h>
#include <linux/mount.h>

struct renaming {
	struct name_place from, to;
	struct inode *from_dir, *to_dir;
	struct dentry *source, *target;
	const struct cred *cred;
	unsigned flags;
};

static void lock_directories(struct renaming *r)
{
	struct dentry *a = r->from.dir.dentry, *b = r->to.dir.dentry;

	if (a == b) {
		rwsem_write_lock(&a->inode->lock);
		return;
	}
	mutex_lock(&a->sb->rename_lock);
	if (dentry_is_ancestor(b, a) || (!dentry_is_ancestor(a, b) && b < a)) {
		rwsem_write_lock(&b->inode->lock);
		rwsem_write_lock_nested(&a->inode->lock);
	} else {
		rwsem_write_lock(&a->inode->lock);
		rwsem_write_lock_nested(&b->inode->lock);
	}
}

static void unlock_directories(struct renaming *r)
{
	struct dentry *a = r->from.dir.dentry, *b = r->to.dir.dentry;

	rwsem_write_unlock(&a->inode->lock);
	if (a == b)
		return;
	rwsem_write_unlock(&b->inode->lock);
	mutex_unlock(&a->sb->rename_lock);
}

static void lock_inodes(struct inode *a, struct inode *b)
{
	if (b && b < a) {
		struct inode *swap = a;

		a = b;
		b = swap;
	}
	rwsem_write_lock_nested(&a->lock);
	if (b)
		rwsem_write_lock_nested(&b->lock);
}

static void unlock_inodes(struct inode *a, struct inode *b)
{
	rwsem_write_unlock(&a->lock);
	if (b)
		rwsem_write_unlock(&b->lock);
}

static bool is_dir(const struct dentry *d)
{
	return d->inode && S_ISDIR(d->inode->mode);
}

/* Whether the two names can stand for what is asked, whoever asks. */
static int check_names(const struct renaming *r)
{
	bool exchange = r->flags & RENAME_EXCHANGE;

	if (!r->source->inode)
		return -ENOENT;
	if (r->flags & RENAME_NOREPLACE && r->target->inode)
		return -EEXIST;
	if (exchange && !r->target->inode)
		return -ENOENT;
	if (exchange && r->to.slash && !is_dir(r->target))
		return -ENOTDIR;
	if (!is_dir(r->source) && (r->from.slash || (!exchange && r->to.slash)))
		return -ENOTDIR;
	if (dentry_is_ancestor(r->source, r->to.dir.dentry))
		return -EINVAL;
	if (r->target->inode && dentry_is_ancestor(r->target, r->from.dir.dentry))
		return exchange ? -EINVAL : -ENOTEMPTY;
	return path_want_write(&r->from.dir);
}

static int check_rights(const struct renaming *r)
{
	struct inode *source = r->source->inode, *target = r->target->inode;
	bool exchange = r->flags & RENAME_EXCHANGE;
	int error = inode_may_delete(r->from_dir, source, r->cred, is_dir(r->source));

	if (error)
		return error;
	if (target)
		error = inode_may_delete(r->to_dir, target, r->cred, is_dir(exchange ? r->target : r->source));
	else
		error = namei_may_create(r->to_dir, r->cred);
	/* A directory that changes its parent has its ".." rewritten. */
	if (!error && r->from_dir != r->to_dir && is_dir(r->source))
		error = inode_permission(source, r->cred, MAY_WRITE);
	if (!error && exchange && r->from_dir != r->to_dir && is_dir(r->target))
		error = inode_permission(target, r->cred, MAY_WRITE);
	if (error)
		return error;
	if ((r->source->flags | r->target->flags) & DENTRY_MOUNTED)
		return -EBUSY;
	return r->from_dir->ops->rename ? 0 : -EPERM;
}

static void tell_move(const struct name_place *from, struct inode *from_dir, const struct name_place *to,
		      struct inode *to_dir, struct inode *moved, struct inode *replaced)
{
	uint32_t cookie = notify_cookie();

	if (from_dir == to_dir)
		notify_name(from_dir, NOTIFY_RENAME, to->last, to->len, moved, 0);
	notify_name(from_dir, IN_MOVED_FROM, from->last, from->len, moved, cookie);
	notify_name(to_dir, IN_MOVED_TO, to->last, to->len, moved, cookie);
	if (replaced)
		notify_inode(replaced, IN_ATTRIB);
	notify_inode(moved, IN_MOVE_SELF);
}

static int rename_locked(struct renaming *r)
{
	struct inode *source = r->source->inode, *target = r->target->inode;
	bool exchange = r->flags & RENAME_EXCHANGE;
	int error;

	lock_inodes(source, target);
	error = r->from_dir->ops->rename(r->from_dir, r->from.last, r->from.len, source, r->to_dir, r->to.last,
					 r->to.len, target, r->flags & RENAME_EXCHANGE);
	unlock_inodes(source, target);
	if (error)
		return error;
	if (!exchange && is_dir(r->target))
		dentry_prune_children(r->target);
	dentry_move(r->source, r->target, exchange);
	tell_move(&r->from, r->from_dir, &r->to, r->to_dir, source, exchange ? NULL : target);
	if (exchange)
		tell_move(&r->to, r->to_dir, &r->from, r->from_dir, target, NULL);
	return 0;
}

static int rename_resolved(struct renaming *r)
{
	int error = check_names(r);

	if (!error && r->source->inode == r->target->inode)
		return 0; /* two links to one file: nothing happens */
	if (!error)
		error = check_rights(r);
	return error ? error : rename_locked(r);
}

static int rename_between(struct renaming *r)
{
	int error;

	if (r->from.dir.mount != r->to.dir.mount)
		return -EXDEV;
	if (r->from.kind != LAST_NORMAL)
		return -EBUSY;
	if (r->to.kind != LAST_NORMAL)
		return r->flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	r->from_dir = r->from.dir.dentry->inode;
	r->to_dir = r->to.dir.dentry->inode;
	lock_directories(r);
	error = namei_resolve(&r->from, &r->source);
	if (!error)
		error = namei_resolve(&r->to, &r->target);
	if (!error)
		error = rename_resolved(r);
	unlock_directories(r);
	dentry_put(r->source);
	dentry_put(r->target);
	return error;
}

int path_rename(const struct walk *from, const char *old, const struct walk *to, const char *name, unsigned flags)
{
	struct renaming r = { .cred = from->cred, .flags = flags };
	int error;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE) || flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	error = namei_parent(from, old, &r.from);
	if (error)
		return error;
	error = namei_parent(to, name, &r.to);
	if (!error) {
		error = rename_between(&r);
		namei_done(&r.to);
	}
	namei_done(&r.from);
	return error;
}
