/* SPDX-License-Identifier: MIT */
/*
 * fs/mount_ops.c: mount(2), umount2(2) and pivot_root(2) below the checks of
 * privilege: new mounts, binds, moves, remounts, removal. Checks come first, under
 * mount_lock; what follows them cannot fail. References are put after the lock is
 * gone, since the last one may sleep for long.
 */
#include "base/panic.h"
#include "fs/mount.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/mount.h>

#define MOUNT_FLAGS (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME | \
		     MS_NOSYMFOLLOW)
#define MNT_DETACH 2 /* umount2(2): not in the headers for programs */

/* Access times are written by the relatime rule unless asked otherwise, as in Linux. */
static unsigned long mount_flags_from(unsigned long flags)
{
	if (!(flags & (MS_NOATIME | MS_STRICTATIME)))
		flags |= MS_RELATIME;
	return flags & MOUNT_FLAGS;
}

/* Can m hang at p? p's inode is locked so that rmdir() sees the mount or is over. */
static int attach_check(const struct mount *m, const struct path *at)
{
	if (at->mount->detached)
		return -EINVAL;
	if (S_ISDIR(m->root->inode->mode) != S_ISDIR(at->dentry->inode->mode))
		return -ENOTDIR;
	if (at->dentry->flags & DENTRY_UNHASHED && at->dentry->parent != at->dentry)
		return -ENOENT;
	return 0;
}

static int attach(struct mount *m, const struct path *at)
{
	struct inode *i = at->dentry->inode;
	int error;

	rwsem_write_lock(&i->lock);
	error = attach_check(m, at);
	if (!error)
		mount_link(m, at->mount, at->dentry);
	rwsem_write_unlock(&i->lock);
	return error;
}

int mount_new(const char *type, const char *source, const struct path *at, unsigned long flags, const char *data)
{
	const struct fs_type *t = fs_type_find(type);
	struct super *sb;
	struct mount *m;
	int error;

	if (!t)
		return -ENODEV;
	error = t->mount(t, source, flags & MS_RMT_MASK, data, &sb);
	if (error)
		return error;
	m = mount_create(sb, sb->root, mount_flags_from(flags), source);
	super_put(sb);
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

/* Next in the tree below top, parents before children; NULL at the end. */
static struct mount *tree_next(struct mount *m, struct mount *top)
{
	if (!list_empty(&m->children))
		return list_first_entry(&m->children, struct mount, sibling);
	while (m != top) {
		if (m->sibling.next != &m->parent->children)
			return list_next_entry(m, sibling);
		m = m->parent;
	}
	return NULL;
}

/* Puts mounts taken out of the tree, gathered by their list link, and the places where they hung. */
static void put_gathered(struct list *gathered)
{
	struct list *e;

	while ((e = list_pop_first(gathered)) != NULL) {
		struct mount *m = list_entry(e, struct mount, list);

		path_put(&m->place);
		mount_put(m);
	}
}

/* Takes top and everything below it out of the tree, children first. */
static void tree_detach(struct mount *top, struct list *gathered)
{
	struct mount *m;

	for (m = top; m; m = tree_next(m, top)) {
		list_move_head(&m->list, gathered);
		m->detached = true;
	}
	list_for_each_entry(m, gathered, list)
		if (m->mountpoint)
			mount_unlink(m);
}

/*
 * Copies the mounts below from onto their places below copy, which hangs nowhere
 * yet. Parents come first, so each finds its parent's image. On failure the caller
 * takes copy apart.
 */
static int clone_below(const struct path *from, struct mount *copy)
{
	struct mount *m;

	from->mount->copy = copy;
	for (m = tree_next(from->mount, from->mount); m; m = tree_next(m, from->mount)) {
		m->copy = NULL;
		if (!m->parent->copy)
			continue;
		if (m->parent == from->mount && !dentry_is_ancestor(from->dentry, m->mountpoint))
			continue;
		m->copy = mount_create(m->sb, m->root, m->flags, m->source);
		if (!m->copy)
			return -ENOMEM;
		mount_link(m->copy, m->parent->copy, m->mountpoint);
	}
	return 0;
}

int mount_bind(const struct path *from, const struct path *at, bool recursive)
{
	struct list gathered = LIST_INIT(gathered);
	struct mount *copy = mount_create(from->mount->sb, from->dentry, from->mount->flags, from->mount->source);
	int error = 0;

	if (!copy)
		return -ENOMEM;
	rwsem_write_lock(&mount_lock);
	if (from->mount->detached)
		error = -EINVAL;
	if (!error && recursive)
		error = clone_below(from, copy);
	if (!error)
		error = attach(copy, at);
	if (error)
		tree_detach(copy, &gathered);
	rwsem_write_unlock(&mount_lock);
	put_gathered(&gathered);
	return error;
}

/* Is p inside of the tree of mounts below m? */
static bool mount_is_above(const struct mount *m, const struct mount *p)
{
	while (p != m && p->parent != p)
		p = p->parent;
	return p == m;
}

static int move_check(const struct path *from, const struct path *at)
{
	if (from->dentry != from->mount->root || from->mount->parent == from->mount)
		return -EINVAL;
	return mount_is_above(from->mount, at->mount) ? -ELOOP : attach_check(from->mount, at);
}

int mount_move(const struct path *from, const struct path *at)
{
	struct mount *m = from->mount;
	struct path old = { NULL, NULL };
	int error;

	rwsem_write_lock(&mount_lock);
	error = move_check(from, at);
	if (!error) {
		mount_unlink(m);
		old = m->place;
		m->place = (struct path){ NULL, NULL };
		mount_link(m, at->mount, at->dentry);
	}
	rwsem_write_unlock(&mount_lock);
	path_put(&old);
	return error;
}

int mount_remount(const struct path *at, unsigned long flags, const char *data)
{
	struct mount *m = at->mount;
	int error = 0;

	if (at->dentry != m->root)
		return -EINVAL;
	rwsem_write_lock(&mount_lock);
	if (!(flags & MS_BIND)) {
		if (m->sb->ops->remount)
			error = m->sb->ops->remount(m->sb, flags, data);
		if (!error)
			atomic_store(&m->sb->flags, (m->sb->flags & ~MS_RMT_MASK) | (flags & MS_RMT_MASK));
	}
	if (!error)
		atomic_store(&m->flags, mount_flags_from(flags));
	if (!error)
		mount_tell_change();
	rwsem_write_unlock(&mount_lock);
	return error;
}

/* The caller's path holds one reference, the tree another. */
static int remove_check(const struct path *at, int flags)
{
	struct mount *m = at->mount;

	if (at->dentry != m->root || m->detached || m->parent == m)
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
		tree_detach(at->mount, &gathered);
	rwsem_write_unlock(&mount_lock);
	put_gathered(&gathered);
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
