/* SPDX-License-Identifier: MIT */
/*
 * fs/open.c: open(2): from a name to an open file: walking, creating, checking
 * rights, finding the functions of devices and FIFOs, cutting to zero length.
 */
#include "base/panic.h"
#include "fs/device.h"
#include "fs/internal.h"
#include "fs/lease.h"
#include "fs/notify.h"
#include "lib/errno.h"
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/mount.h>

static unsigned access_wanted(uint32_t flags)
{
	static const unsigned wanted[] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ | MAY_WRITE };

	return wanted[flags & O_ACCMODE] | (flags & O_TRUNC ? MAY_WRITE : 0);
}

/* What the kind of file says to the flags. */
static int open_check_type(const struct path *p, uint32_t flags)
{
	struct inode *i = p->dentry->inode;

	switch (i->mode & S_IFMT) {
	case S_IFLNK:
		return -ELOOP;
	case S_IFDIR:
		return access_wanted(flags) & MAY_WRITE || flags & O_CREAT ? -EISDIR : 0;
	case S_IFCHR:
	case S_IFBLK:
		return p->mount->flags & MS_NODEV ? -EACCES : 0;
	case S_IFSOCK:
		return -ENXIO;
	default:
		return 0;
	}
}

static int open_check_rights(const struct path *p, uint32_t flags, const struct cred *cred)
{
	struct inode *i = p->dentry->inode;
	unsigned want = access_wanted(flags);
	int error = inode_permission(i, cred, want);

	if (error)
		return error;
	if (want & MAY_WRITE && S_ISREG(i->mode)) {
		error = path_want_write(p);
		if (error)
			return error;
	}
	if (i->append_only && want & MAY_WRITE && (!(flags & O_APPEND) || flags & O_TRUNC))
		return -EPERM;
	if (flags & O_NOATIME && !inode_owner_or_capable(i, cred))
		return -EPERM;
	return 0;
}

/* The functions that serve the file. */
static int open_find_ops(struct file *f)
{
	struct inode *i = f->inode;
	const struct device_node *node;

	f->ops = i->file_ops;
	if (S_ISFIFO(i->mode)) {
		f->ops = &fifo_file_ops;
	} else if (!f->ops && (S_ISCHR(i->mode) || S_ISBLK(i->mode))) {
		node = device_find(i->rdev, S_ISBLK(i->mode));
		if (!node)
			return -ENXIO;
		f->ops = node->ops;
		f->data = node->data;
	}
	if (!f->ops)
		return -ENXIO;
	f->mode |= file_position_mode(f);
	return 0;
}

static int open_truncate(struct file *f, const struct cred *cred)
{
	struct attributes a = { .valid = ATTR_SIZE, .size = 0 };

	int error = inode_change(f->inode, cred, &a);

	if (!error)
		notify_dentry(f->path.dentry, IN_MODIFY);
	return error;
}

/* Who has a regular file open, and that leases allow it. */
static int open_count(struct file *f, uint32_t flags)
{
	int error;

	if (access_wanted(flags) & MAY_WRITE) {
		error = inode_get_write(f->inode);
		if (error)
			return error;
		error = mount_get_write(f->path.mount);
		if (error) {
			inode_put_write(f->inode);
			return error;
		}
		f->mode |= FILE_COUNTED;
	} else {
		atomic_inc(&f->inode->readers);
		f->mode |= FILE_READER;
	}
	return lease_break(f->inode, flags);
}

/* The last part: counts, functions, the type's own open. f is destroyed by the caller on failure. */
static int open_finish(struct file *f, uint32_t flags, const struct cred *cred)
{
	int error = S_ISREG(f->inode->mode) ? open_count(f, flags) : 0;

	if (!error)
		error = open_find_ops(f);
	if (!error && flags & O_TRUNC && S_ISREG(f->inode->mode))
		error = open_truncate(f, cred);
	if (!error && f->ops->open) {
		f->flags |= flags & O_NOCTTY; /* terminals ask; it is not kept */
		error = f->ops->open(f->inode, f);
		f->flags &= ~(uint32_t)O_NOCTTY;
	}
	if (error)
		file_uncount(f);
	return error;
}

/* A file for p, whose reference it takes over on success. made: just created, rights are not asked. */
static int open_path(struct path *p, uint32_t flags, const struct cred *cred, bool made, struct file **out)
{
	struct file *f;
	int error = 0;

	if (!(flags & O_PATH)) {
		error = open_check_type(p, flags);
		if (!error && !made)
			error = open_check_rights(p, flags, cred);
	}
	if (error)
		return error;
	f = file_alloc(cred, flags);
	if (!f)
		return -ENOMEM;
	f->path = *p;
	f->inode = p->dentry->inode;
	if (flags & O_PATH) {
		f->ops = &path_only_ops;
	} else {
		error = open_finish(f, made ? flags & ~O_TRUNC : flags, cred);
		if (error) {
			f->path = (struct path){ NULL, NULL };
			file_destroy(f);
			return error;
		}
	}
	*p = (struct path){ NULL, NULL };
	if (!(flags & O_PATH))
		notify_dentry(f->path.dentry, IN_OPEN);
	*out = f;
	return 0;
}

const struct file_ops path_only_ops = { 0 };

int file_open_path(const struct path *p, uint32_t flags, const struct cred *cred, struct file **out)
{
	struct path mine = *p;
	int error;

	path_get(&mine);
	error = open_path(&mine, flags, cred, false, out);
	path_put(&mine);
	return error;
}

/* The last component, which O_CREAT may make. Directory locked for writing. */
static int create_last(struct walk_state *s, uint32_t flags, uint32_t mode, struct dentry **d, bool *made)
{
	struct inode *dir = s->at.dentry->inode, *inode;
	int error;

	error = dentry_resolve(s->at.dentry, s->last, s->len, s->hash, d);
	if (error || (*d)->inode)
		return error;
	error = path_want_write(&s->at);
	if (!error)
		error = namei_may_create(dir, s->w->cred);
	if (!error)
		error = dir->ops->create ? dir->ops->create(dir, s->last, s->len, S_IFREG | (mode & 07777), s->w->argument,
							    s->w->cred, &inode) : -EACCES;
	if (error) {
		dentry_put(*d);
		return error;
	}
	dentry_instantiate(*d, inode);
	notify_name(dir, IN_CREATE, s->last, s->len, inode, 0);
	*made = true;
	return 0;
}

/* The last component as the name cache knows it, without the directory's lock; NULL: it must be asked. */
static struct dentry *open_cached(struct walk_state *s)
{
	struct dentry *d = dentry_find(s->at.dentry, s->last, s->len, s->hash);

	if (d && (!READ_ONCE(d->inode) || d->inode->ops->revalidate)) {
		dentry_put(d);
		d = NULL;
	}
	return d;
}

/* The name's file, made if it is not there: counted path in *out, mounts crossed, links not followed. */
static int open_last(struct walk_state *s, uint32_t flags, uint32_t mode, struct path *out, bool *made)
{
	struct inode *dir = s->at.dentry->inode;
	struct dentry *d;
	int error = 0;

	*made = false;
	if (s->kind != LAST_NORMAL || s->slash)
		return -EISDIR;
	if (s->len > NAME_MAX_BYTES)
		return -ENAMETOOLONG;
	d = open_cached(s);
	if (!d) {
		rwsem_write_lock(&dir->lock);
		error = create_last(s, flags, mode, &d, made);
		rwsem_write_unlock(&dir->lock);
	}
	if (error)
		return error;
	mount_get(s->at.mount);
	*out = (struct path){ s->at.mount, d };
	mount_cross(out);
	if (!*made)
		error = flags & O_EXCL ? -EEXIST : protect_open(dir, out->dentry->inode, s->w->cred);
	if (error)
		path_put(out);
	return error;
}

static int open_create(struct walk_state *s, uint32_t flags, uint32_t mode, struct path *p, bool *made)
{
	bool done;
	int error;

	for (;;) {
		error = open_last(s, flags, mode, p, made);
		if (error || !S_ISLNK(p->dentry->inode->mode))
			return error;
		if (flags & O_NOFOLLOW) {
			path_put(p);
			return -ELOOP;
		}
		error = walk_follow_last(s, p, &done);
		if (error)
			return error;
		if (done) {
			path_get(&s->at);
			*p = s->at;
			return 0;
		}
		error = walk_parent(s);
		if (error)
			return error;
	}
}

/* To the directory of the last component: under RCU if it is cached, else counted. */
static int open_parent(struct walk_state *s, const struct walk *w, const char *name)
{
	int error;

	*s = (struct walk_state){ .w = w, .root = w->root, .rest = "", .kind = LAST_NORMAL };
	error = walk_fast_parent(w, name, &s->at, &s->last, &s->len, &s->hash, &s->slash);
	if (error != -ECHILD)
		return error;
	error = walk_start(s, w, name);
	return error ? error : walk_parent(s);
}

static int file_open_create(const struct walk *w, const char *name, uint32_t flags, uint32_t mode, struct file **out)
{
	struct walk named = *w;
	struct walk_state s;
	struct path p;
	bool made = false;
	int error;

	named.flags &= ~WALK_EMPTY;
	error = open_parent(&s, &named, name);
	if (!error)
		error = open_create(&s, flags, mode, &p, &made);
	walk_end(&s);
	if (error)
		return error;
	error = open_path(&p, flags, w->cred, made, out);
	path_put(&p);
	return error;
}

static int file_open_tmpfile(const struct walk *w, const char *name, uint32_t flags, uint32_t mode, struct file **out)
{
	struct walk to_dir = *w;
	struct inode *dir, *inode;
	struct path p, file;
	int error;

	if (!(access_wanted(flags) & MAY_WRITE))
		return -EINVAL;
	to_dir.flags |= WALK_DIRECTORY;
	error = path_lookup(&to_dir, name, &p);
	if (error)
		return error;
	dir = p.dentry->inode;
	error = path_want_write(&p);
	if (!error)
		error = namei_may_create(dir, w->cred);
	if (!error)
		error = dir->ops->tmpfile ? dir->ops->tmpfile(dir, S_IFREG | (mode & 07777), w->cred, &inode) :
					    -EOPNOTSUPP;
	if (!error) {
		inode->linkable = !(flags & O_EXCL);
		mount_get(p.mount);
		file = (struct path){ p.mount, dentry_create_unnamed(p.dentry, inode) };
		inode_put(inode);
		error = file.dentry ? open_path(&file, flags, w->cred, true, out) : -ENOMEM;
		path_put(&file);
	}
	path_put(&p);
	return error;
}

int file_open(const struct walk *w, const char *name, uint32_t flags, uint32_t mode, struct file **out)
{
	struct walk to = *w;
	struct path p;
	int error;

	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if (flags & __O_TMPFILE)
		return (flags & O_TMPFILE) == O_TMPFILE && !(flags & O_CREAT) ?
			       file_open_tmpfile(w, name, flags, mode, out) : -EINVAL;
	if (flags & O_CREAT)
		return flags & O_DIRECTORY ? -EINVAL : file_open_create(w, name, flags, mode, out);
	if (flags & O_NOFOLLOW)
		to.flags |= WALK_NOFOLLOW;
	if (flags & O_DIRECTORY)
		to.flags |= WALK_DIRECTORY;
	error = path_lookup(&to, name, &p);
	if (error)
		return error;
	error = open_path(&p, flags, w->cred, false, out);
	path_put(&p);
	return error;
}
