/* SPDX-License-Identifier: MIT */
/*
 * fs/mount_tree.c: trees of mounts as wholes: copied, taken apart, and those that are
 * no part of what programs see but belong to a descriptor (open_tree(2), fsmount(2)).
 * Such a tree goes with the last use of its descriptor, or becomes part of the one
 * tree by move_mount(2), after which the descriptor is like any other.
 *
 * Guarded by mount_lock, as fs/mount.h says. References are put after the lock is gone,
 * since the last one may sleep for long.
 */
#include "fs/file.h"
#include "fs/mount.h"
#include "lib/errno.h"
#include <linux/fcntl.h>
#include <linux/mount.h>

struct mount *mount_tree_next(struct mount *m, struct mount *top)
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

void mount_tree_settle(struct mount *top, enum mount_where where)
{
	for (struct mount *m = top; m; m = mount_tree_next(m, top)) {
		m->where = where;
		if (where == MOUNT_IN_TREE)
			list_add_tail(&m->list, &mount_all);
	}
}

void mount_tree_put(struct list *gathered)
{
	struct list *e;

	while ((e = list_pop_first(gathered)) != NULL) {
		struct mount *m = list_entry(e, struct mount, list);

		path_put(&m->place);
		mount_put(m);
	}
}

void mount_tree_remove(struct mount *top, struct list *gathered)
{
	struct mount *m;

	for (m = top; m; m = mount_tree_next(m, top)) {
		list_move_head(&m->list, gathered);
		m->where = MOUNT_NOWHERE;
	}
	list_for_each_entry(m, gathered, list) /* children first */
		if (m->mountpoint)
			mount_unlink(m);
}

/*
 * Copies the mounts below from onto their places below copy. Parents come first, so each
 * finds its parent's image.
 */
static int copy_below(const struct path *from, struct mount *copy)
{
	struct mount *m;

	from->mount->copy = copy;
	for (m = mount_tree_next(from->mount, from->mount); m; m = mount_tree_next(m, from->mount)) {
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

/* A file of /proc/PID/ns: the only regular ones that live beside pipes and sockets. They may be bound to names. */
static bool is_namespace(const struct path *p)
{
	return p->mount == anon_mount && S_ISREG(p->dentry->inode->mode);
}

int mount_tree_copy(const struct path *from, struct mount *copy, bool recursive)
{
	if (from->mount->where != MOUNT_IN_TREE && !is_namespace(from))
		return -EINVAL;
	return recursive ? copy_below(from, copy) : 0;
}

/* The descriptor's last use is over. */
static void tree_release(struct file *f)
{
	struct list gathered = LIST_INIT(gathered);
	struct mount *m = f->path.mount;

	rwsem_write_lock(&mount_lock);
	if (m->where == MOUNT_APART)
		mount_tree_remove(m, &gathered);
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gathered);
}

static const struct file_ops tree_file_ops = { .release = tree_release };

int mount_tree_open(struct mount *m, const struct cred *cred, struct file **out)
{
	struct path top = { m, m->root };
	struct list gathered = LIST_INIT(gathered);
	int error = file_open_path(&top, O_PATH, cred, out);

	if (!error) {
		(*out)->ops = &tree_file_ops;
		return 0;
	}
	rwsem_write_lock(&mount_lock);
	mount_tree_remove(m, &gathered);
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gathered);
	return error;
}

int mount_copy_apart(const struct path *from, bool recursive, const struct cred *cred, struct file **out)
{
	struct list gathered = LIST_INIT(gathered);
	struct mount *copy = mount_create(from->mount->sb, from->dentry, from->mount->flags, from->mount->source);
	int error;

	if (!copy)
		return -ENOMEM;
	rwsem_write_lock(&mount_lock);
	error = mount_tree_copy(from, copy, recursive);
	if (error)
		mount_tree_remove(copy, &gathered);
	else
		mount_tree_settle(copy, MOUNT_APART);
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gathered);
	return error ? error : mount_tree_open(copy, cred, out);
}
