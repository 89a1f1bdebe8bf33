/* SPDX-License-Identifier: MIT */
/*
 * fs/mount_ops.c: mount(2), move_mount(2), mount_setattr(2), umount2(2) and
 * pivot_root(2) below the checks of privilege: new mounts, binds, moves, remounts,
 * removal. Checks come first, under mount_lock; what follows them cannot fail.
 * References are put after the lock is gone, since the last one may sleep for long.
 */
#include "base/panic.h"
#include "fs/mount.h"
#include "fs/mount_context.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/mount.h>

#define MNT_DETACH 2 /* umount2(2): not in the headers for programs */

#define ATIME_FLAGS (MS_NOATIME | MS_NODIRATIME | MS_RELATIME)

/* A mount's own of the flags of mount(2). Access times are written by the relatime rule unless asked otherwise. */
static unsigned long mount_flags_from(unsigned long flags)
{
	unsigned long own = flags & MOUNT_FLAGS & ~(MS_NOATIME | MS_RELATIME);

	return flags & MS_STRICTATIME ? own : own | (flags & MS_NOATIME ? MS_NOATIME : MS_RELATIME);
}

/* Can m hang at p? p's inode is locked so that rmdir() sees the mount or is over. */
static int attach_check(const struct mount *m, const struct path *at)
{
	if (at->mount->where != MOUNT_IN_TREE)
		return -EINVAL;
	if (S_ISDIR(m->root->inode->mode) != S_ISDIR(at->dentry->inode->mode))
		return -ENOTDIR;
	if (at->dentry->flags & DENTRY_UNHASHED && at->dentry->parent != at->dentry)
		return -ENOENT;
	return 0;
}

/* Makes m, which hangs nowhere, and what is below it a part of the one tree. */
static int attach(struct mount *m, const struct path *at)
{
	struct inode *i = at->dentry->inode;
	int error;

	rwsem_write_lock(&i->lock);
	error = attach_check(m, at);
	if (!error) {
		mount_link(m, at->mount, at->dentry);
		mount_tree_settle(m, MOUNT_IN_TREE);
	}
	rwsem_write_unlock(&i->lock);
	return error;
}

static int mount_made(struct mount_context *c, const struct path *at, unsigned long flags)
{
	struct mount *m = mount_create(c->sb, c->sb->root, flags, c->source);
	int error;

	if (!m)
		return -ENOMEM;
	rwsem_write_lock(&mount_lock);
	if (at->mount->sb == m->sb && at->dentry == at->mount->root)
		error = -EBUSY; /* the same filesystem is what one sees there already */
	else
		error = attach(m, at);
	rwsem_write_unlock(&mount_lock);
	if (error)
		mount_put(m);
	return error;
}

int mount_new(const char *type, const char *source, const struct path *at, unsigned long flags, const char *data)
{
	struct mount_context *c;
	int error = mount_context_create(type, source, flags & (MS_RMT_MASK | MS_DIRSYNC), data, &c);

	if (error)
		return error;
	error = mount_context_make(c);
	if (!error)
		error = mount_made(c, at, mount_flags_from(flags));
	mount_context_free(c);
	return error;
}

int mount_bind(const struct path *from, const struct path *at, bool recursive)
{
	struct list gathered = LIST_INIT(gathered);
	struct mount *copy = mount_create(from->mount->sb, from->dentry, from->mount->flags, from->mount->source);
	int error;

	if (!copy)
		return -ENOMEM;
	rwsem_write_lock(&mount_lock);
	error = mount_tree_copy(from, copy, recursive);
	if (!error)
		error = attach(copy, at);
	if (error)
		mount_tree_remove(copy, &gathered);
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gathered);
	return error;
}

/* Is p inside of the tree of mounts below m? */
static bool mount_is_above(const struct mount *m, const struct mount *p)
{
	while (p != m && p->parent != p)
		p = p->parent;
	return p == m;
}

/* May what m is be changed: is it in the one tree, or the top of one apart? */
static bool may_change(const struct mount *m)
{
	return m->where == (m->parent == m ? MOUNT_APART : MOUNT_IN_TREE);
}

static int move_check(const struct path *from, const struct path *at)
{
	const struct mount *m = from->mount;

	if (at->mount->where != MOUNT_IN_TREE || !may_change(m) || from->dentry != m->root)
		return -EINVAL;
	if (S_ISDIR(m->root->inode->mode) != S_ISDIR(at->dentry->inode->mode))
		return -EINVAL;
	return mount_is_above(m, at->mount) ? -ELOOP : 0;
}

int mount_move(const struct path *from, const struct path *at)
{
	struct mount *m = from->mount;
	struct path old = { NULL, NULL };
	int error;

	rwsem_write_lock(&mount_lock);
	error = move_check(from, at);
	if (!error && m->where == MOUNT_APART) {
		error = attach(m, at);
	} else if (!error) {
		struct inode *i = at->dentry->inode;

		rwsem_write_lock(&i->lock);
		error = attach_check(m, at);
		if (!error) {
			mount_unlink(m);
			old = m->place;
			m->place = (struct path){ NULL, NULL };
			mount_link(m, at->mount, at->dentry);
		}
		rwsem_write_unlock(&i->lock);
	}
	rwsem_write_unlock(&mount_lock);
	path_put(&old);
	return error;
}

/* Makes them read-only for a start, all but those that are: -EBUSY, and some are (see mount_get_write()). */
static int tree_hold_writers(struct mount *top, bool recursive)
{
	for (struct mount *m = top; m; m = recursive ? mount_tree_next(m, top) : NULL) {
		if (m->flags & MS_RDONLY)
			continue;
		m->held = true;
		atomic_or(&m->flags, MS_RDONLY);
		if (atomic_load(&m->writers))
			return -EBUSY;
	}
	return 0;
}

/* Changes flags of m, and of all below it: all or nothing. */
static int tree_change_flags(struct mount *top, unsigned long set, unsigned long clear, bool recursive)
{
	int error = set & MS_RDONLY ? tree_hold_writers(top, recursive) : 0;

	for (struct mount *m = top; m; m = recursive ? mount_tree_next(m, top) : NULL) {
		if (!error)
			atomic_store(&m->flags, (m->flags & ~clear) | set);
		else if (m->held)
			atomic_and(&m->flags, ~(unsigned long)MS_RDONLY);
		m->held = false;
	}
	if (!error)
		mount_tell_change();
	return error;
}

int mount_change_flags(const struct path *at, unsigned long set, unsigned long clear, bool recursive)
{
	int error = -EINVAL;

	if (at->dentry != at->mount->root)
		return -EINVAL;
	rwsem_write_lock(&mount_lock);
	if (may_change(at->mount))
		error = tree_change_flags(at->mount, set, clear, recursive);
	rwsem_write_unlock(&mount_lock);
	return error;
}

/* The superblock takes the flags and options of mount(2). */
static int remount_super(const struct path *at, unsigned long flags, const char *data)
{
	struct mount_context *c;
	int error = mount_context_pick(at->mount->sb, &c);

	if (error)
		return error;
	c->flags = flags & MS_RMT_MASK;
	c->flags_mask = MS_RMT_MASK;
	error = mount_context_set_text(c, data);
	if (!error)
		error = mount_context_change(c);
	mount_context_free(c);
	return error;
}

int mount_remount(const struct path *at, unsigned long flags, const char *data)
{
	struct mount *m = at->mount;
	unsigned long own = mount_flags_from(flags);
	int error = 0;

	if (at->dentry != m->root || READ_ONCE(m->where) != MOUNT_IN_TREE)
		return -EINVAL;
	if (!(flags & (ATIME_FLAGS | MS_STRICTATIME)))
		own = (own & ~ATIME_FLAGS) | (m->flags & ATIME_FLAGS);
	if (!(flags & MS_BIND))
		error = remount_super(at, flags, data);
	if (error)
		return error;
	rwsem_write_lock(&mount_lock);
	error = tree_change_flags(m, own, MOUNT_FLAGS, false);
	rwsem_write_unlock(&mount_lock);
	return error;
}

/* The caller's path holds one reference, the tree another. */
static int remove_check(const struct path *at, int flags)
{
	struct mount *m = at->mount;

	if (at->dentry != m->root || m->where != MOUNT_IN_TREE || m->parent == m)
		return -EINVAL;
	if (flags & MNT_DETACH)
		return 0;
	return list_empty(&m->children) && refcount_read(&m->refs) == 2 ? 0 : -EBUSY;
}

int mount_remove(const struct path *at, int flags)
{
	struct list gathered = LIST_INIT(gathered);
	int error;

	rwsem_write_lock(&mount_lock);
	error = remove_check(at, flags);
	if (!error)
		mount_tree_remove(at->mount, &gathered);
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gathered);
	return error;
}

static int pivot_check(const struct path *new_root, const struct path *put_old, const struct path *root)
{
	struct mount *m = new_root->mount;

	if (m == root->mount || put_old->mount == root->mount)
		return -EBUSY; /* loops, on the same file system */
	if (new_root->dentry != m->root || root->dentry != root->mount->root)
		return -EINVAL;
	if (m->parent == m || root->mount->parent == root->mount)
		return -EINVAL;
	if (!mount_is_above(m, put_old->mount) || !mount_is_above(root->mount, m))
		return -EINVAL;
	return S_ISDIR(m->root->inode->mode) ? attach_check(root->mount, put_old) : -ENOTDIR;
}

int mount_pivot(const struct path *new_root, const struct path *put_old, struct fs_context *caller)
{
	struct mount *m = new_root->mount, *old;
	struct path root, place = { NULL, NULL }, old_place = { NULL, NULL };
	int error;

	spin_lock(&caller->lock);
	root = caller->root;
	path_get(&root);
	spin_unlock(&caller->lock);
	old = root.mount;
	rwsem_write_lock(&mount_lock);
	error = pivot_check(new_root, put_old, &root);
	if (!error) {
		mount_unlink(m);
		place = m->place;
		mount_unlink(old);
		old_place = old->place;
		m->place = old->place = (struct path){ NULL, NULL };
		mount_link(m, old_place.mount, old_place.dentry);
		mount_link(old, put_old->mount, put_old->dentry);
	}
	rwsem_write_unlock(&mount_lock);
	path_put(&place);
	path_put(&old_place);
	path_put(&root);
	if (!error)
		fs_context_set_root(caller, new_root);
	return error;
}
