/* SPDX-License-Identifier: MIT */
/*
 * fs/namei.c: making and removing names: mknod, mkdir, symlink, link, unlink,
 * rmdir. The order of checks is Linux's, since programs see which error wins.
 *
 * All hold the directory's lock for writing; removing and linking lock the inode
 * too (nested: parent before child). The filesystem changes its own index, then
 * the name cache follows. A removed inode is put only after the locks are gone,
 * because freeing a large file takes long.
 */
#include "base/panic.h"
#include "fs/lease.h"
#include "fs/namei.h"
#include "fs/notify.h"
#include "lib/errno.h"
#include "lib/string.h"
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/mount.h>

int namei_parent(const struct walk *w, const char *name, struct name_place *p)
{
	int error;

	p->counted = false;
	p->kind = LAST_NORMAL;
	error = walk_fast_parent(w, name, &p->dir, &p->last, &p->len, &p->hash, &p->slash);
	if (error != -ECHILD)
		return error;
	might_sleep();
	error = walk_start(&p->walk, w, name);
	if (!error)
		error = walk_parent(&p->walk);
	if (error) {
		walk_end(&p->walk);
		return error;
	}
	p->counted = true;
	p->dir = p->walk.at;
	p->walk.at = (struct path){ NULL, NULL };
	p->last = p->walk.last;
	p->len = p->walk.len;
	p->hash = p->walk.hash;
	p->slash = p->walk.slash;
	p->kind = p->walk.kind;
	return 0;
}

void namei_done(struct name_place *p)
{
	path_put(&p->dir);
	if (p->counted)
		walk_end(&p->walk);
}

int namei_resolve(struct name_place *p, struct dentry **out)
{
	if (p->len > NAME_MAX_BYTES)
		return -ENAMETOOLONG;
	return dentry_resolve(p->dir.dentry, p->last, p->len, p->hash, out);
}

int namei_may_create(struct inode *dir, const struct cred *cred)
{
	if (!dir->nlink)
		return -ENOENT;
	return inode_permission(dir, cred, MAY_WRITE | MAY_EXEC);
}

/* A place for a new name: directory locked for writing, *d negative and counted. create_end() always after success. */
static int create_begin(const struct walk *w, const char *name, bool want_dir, struct name_place *p, struct dentry **d)
{
	int error = namei_parent(w, name, p);

	if (error)
		return error;
	if (p->kind != LAST_NORMAL) {
		namei_done(p);
		return -EEXIST;
	}
	rwsem_write_lock(&p->dir.dentry->inode->lock);
	error = namei_resolve(p, d);
	if (error)
		goto fail;
	if ((*d)->inode)
		error = -EEXIST;
	else if (p->slash && !want_dir)
		error = -ENOENT;
	else
		error = path_want_write(&p->dir);
	if (!error)
		error = namei_may_create(p->dir.dentry->inode, w->cred);
	if (!error)
		return 0;
	dentry_put(*d);
fail:
	rwsem_write_unlock(&p->dir.dentry->inode->lock);
	namei_done(p);
	return error;
}

static int create_end(struct name_place *p, struct dentry *d, struct inode *made, int error)
{
	if (!error) {
		dentry_instantiate(d, made);
		notify_name(p->dir.dentry->inode, IN_CREATE, p->last, p->len, made, 0);
	}
	rwsem_write_unlock(&p->dir.dentry->inode->lock);
	dentry_put(d);
	namei_done(p);
	return error;
}

/* out may be NULL; counted. */
static int create_node(const struct walk *w, const char *name, uint32_t mode, uint64_t rdev, struct path *out)
{
	struct inode *dir, *made = NULL;
	struct name_place p;
	struct dentry *d;
	int error = create_begin(w, name, S_ISDIR(mode), &p, &d);

	if (error)
		return error;
	dir = p.dir.dentry->inode;
	error = dir->ops->create ? dir->ops->create(dir, p.last, p.len, mode, rdev, w->cred, &made) : -EPERM;
	if (!error && out) {
		*out = (struct path){ p.dir.mount, d };
		path_get(out);
	}
	return create_end(&p, d, made, error);
}

int path_mknod(const struct walk *w, const char *name, uint32_t mode, uint64_t rdev)
{
	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	if (S_ISDIR(mode))
		return -EPERM;
	if (!S_ISREG(mode) && !S_ISCHR(mode) && !S_ISBLK(mode) && !S_ISFIFO(mode) && !S_ISSOCK(mode))
		return -EINVAL;
	if ((S_ISCHR(mode) || S_ISBLK(mode)) && !cred_capable(w->cred, CAP_MKNOD))
		return -EPERM;
	return create_node(w, name, mode & (S_IFMT | 07777), S_ISCHR(mode) || S_ISBLK(mode) ? rdev : 0, NULL);
}

int path_make_socket(const struct walk *w, const char *name, uint32_t mode, struct path *out)
{
	return create_node(w, name, S_IFSOCK | (mode & 07777), 0, out);
}

int path_mkdir(const struct walk *w, const char *name, uint32_t mode)
{
	return create_node(w, name, S_IFDIR | (mode & 01777), 0, NULL);
}

int path_symlink(const struct walk *w, const char *target, const char *name)
{
	struct inode *dir, *made = NULL;
	struct name_place p;
	struct dentry *d;
	int error;

	if (!*target)
		return -ENOENT;
	error = create_begin(w, name, false, &p, &d);
	if (error)
		return error;
	dir = p.dir.dentry->inode;
	error = dir->ops->symlink ? dir->ops->symlink(dir, p.last, p.len, target, w->cred, &made) : -EPERM;
	return create_end(&p, d, made, error);
}

static int link_check(const struct path *old, const struct name_place *p)
{
	struct inode *i = old->dentry->inode;

	if (old->mount != p->dir.mount)
		return -EXDEV;
	if (i->append_only || i->immutable_file || S_ISDIR(i->mode) || !p->dir.dentry->inode->ops->link)
		return -EPERM;
	return 0;
}

int path_link(const struct path *old, const struct walk *w, const char *name)
{
	struct inode *dir, *i = old->dentry->inode;
	struct name_place p;
	struct dentry *d;
	int error = create_begin(w, name, false, &p, &d);

	if (error)
		return error;
	dir = p.dir.dentry->inode;
	error = link_check(old, &p);
	if (!error)
		error = protect_link(i, w->cred);
	if (!error) {
		rwsem_write_lock_nested(&i->lock);
		if (!i->nlink && !i->linkable)
			error = -ENOENT;
		else
			error = dir->ops->link(dir, p.last, p.len, i);
		rwsem_write_unlock(&i->lock);
	}
	if (!error) {
		inode_get(i);
		notify_inode(i, IN_ATTRIB); /* the number of links */
	}
	return create_end(&p, d, i, error);
}

/* The checks of unlink and rmdir on a resolved name; the directory is locked. */
static int remove_check(const struct name_place *p, const struct dentry *d, const struct cred *cred, bool want_dir)
{
	struct inode *dir = p->dir.dentry->inode;
	int error;

	if (!d->inode)
		return -ENOENT;
	if (!want_dir && p->slash)
		return S_ISDIR(d->inode->mode) ? -EISDIR : -ENOTDIR;
	error = path_want_write(&p->dir);
	if (!error)
		error = inode_may_delete(dir, d->inode, cred, want_dir);
	if (error)
		return error;
	if (READ_ONCE(d->flags) & DENTRY_MOUNTED)
		return -EBUSY;
	return (want_dir ? dir->ops->rmdir : dir->ops->unlink) ? 0 : -EPERM;
}

static int remove_locked(struct name_place *p, struct dentry *d, bool want_dir)
{
	struct inode *dir = p->dir.dentry->inode, *i = d->inode;
	int error;

	rwsem_write_lock_nested(&i->lock);
	if (READ_ONCE(d->flags) & DENTRY_MOUNTED)
		error = -EBUSY;
	else if (want_dir)
		error = dir->ops->rmdir(dir, p->last, p->len, i);
	else
		error = dir->ops->unlink(dir, p->last, p->len, i);
	rwsem_write_unlock(&i->lock);
	if (error)
		return error;
	if (want_dir)
		dentry_prune_children(d);
	else
		notify_inode(i, IN_ATTRIB);
	dentry_delete(d);
	notify_name(dir, IN_DELETE, p->last, p->len, i, 0);
	return 0;
}

static int remove_name(struct name_place *p, const struct cred *cred, bool want_dir)
{
	struct inode *dir = p->dir.dentry->inode, *victim = NULL;
	struct dentry *d = NULL;
	int error;

	rwsem_write_lock(&dir->lock);
	error = namei_resolve(p, &d);
	if (!error)
		error = remove_check(p, d, cred, want_dir);
	if (!error) {
		victim = d->inode;
		inode_get(victim);
		error = remove_locked(p, d, want_dir);
	}
	rwsem_write_unlock(&dir->lock);
	dentry_put(d);
	inode_put(victim);
	return error;
}

int path_unlink(const struct walk *w, const char *name)
{
	struct name_place p;
	int error = namei_parent(w, name, &p);

	if (error)
		return error;
	error = p.kind == LAST_NORMAL ? remove_name(&p, w->cred, false) : -EISDIR;
	namei_done(&p);
	return error;
}

int path_rmdir(const struct walk *w, const char *name)
{
	static const int refusal[] = { [LAST_DOT] = -EINVAL, [LAST_DOTDOT] = -ENOTEMPTY, [LAST_ROOT] = -EBUSY };
	struct name_place p;
	int error = namei_parent(w, name, &p);

	if (error)
		return error;
	error = p.kind == LAST_NORMAL ? remove_name(&p, w->cred, true) : refusal[p.kind];
	namei_done(&p);
	return error;
}

int path_truncate(const struct path *p, const struct cred *cred, uint64_t size)
{
	struct inode *i = p->dentry->inode;
	struct attributes a = { .valid = ATTR_SIZE, .size = size };
	int error;

	if (S_ISDIR(i->mode))
		return -EISDIR;
	if (!S_ISREG(i->mode))
		return -EINVAL;
	error = path_want_write(p);
	if (!error)
		error = inode_permission(i, cred, MAY_WRITE);
	if (!error)
		error = inode_get_write(i);
	if (error)
		return error;
	error = lease_break(i, O_WRONLY);
	if (!error)
		error = inode_change(i, cred, &a);
	inode_put_write(i);
	if (!error)
		notify_change(p->dentry, &a);
	return error;
}
