/* SPDX-License-Identifier: MIT */
/*
 * fs/walk_fast.c: the path walk under RCU. It takes no lock and no reference and
 * writes nothing until the last step, where it takes one reference on the mount
 * and one on the dentry, and sees that neither changed meanwhile.
 *
 * Each dentry is used between a seq_read_begin() and a look at its count, which
 * comes after the child was found in it: so parent, child and inode belonged
 * together at one moment. Mounts are covered as a whole by mount_seq.
 *
 * Whatever is not in the cache, needs a filesystem's own permission check, may
 * sleep, or is wrong in any way but "no such name" ends with -ECHILD; the caller
 * then walks again, counted (fs/walk.c). Thus errors have one home.
 */
#include "fs/internal.h"
#include "lib/errno.h"
#include <linux/mount.h>

#define LINKS_MAX 40
#define DEPTH_MAX 8

struct fast {
	const struct walk *w;
	struct mount *mount;
	struct dentry *dentry;
	struct inode *inode;   /* dentry's when seq was taken */
	uint32_t seq;          /* dentry's */
	uint32_t mount_seq;
	const char *text;      /* not walked yet */
	unsigned links, depth;
	const char *rest[DEPTH_MAX]; /* what follows each link that is being followed; texts live as their inodes, under RCU */
	bool slash;            /* the last component has slashes behind it */
};

static inline void fast_stand(struct fast *f, struct mount *m, struct dentry *d)
{
	f->mount = m;
	f->dentry = d;
	f->seq = seq_read_begin(&d->seq);
	f->inode = rcu_dereference(d->inode);
}

/* The text begins anew at the root if it starts with a slash. */
static inline void fast_begin(struct fast *f)
{
	if (*f->text == '/')
		fast_stand(f, f->w->root.mount, f->w->root.dentry);
	while (*f->text == '/')
		f->text++;
}

/* One reference each, if all is still as it was seen. RCU held on entry, left on return. */
static int fast_finish(struct fast *f, struct path *out)
{
	struct path p = { NULL, f->dentry };

	if (!dentry_get_unless_dead(f->dentry)) {
		rcu_read_unlock();
		return -ECHILD;
	}
	if (refcount_get_unless_zero(&f->mount->refs))
		p.mount = f->mount;
	if (p.mount && !seq_read_retry(&f->dentry->seq, f->seq) && !seq_read_retry(&mount_seq, f->mount_seq)) {
		rcu_read_unlock();
		*out = p;
		return 0;
	}
	rcu_read_unlock();
	path_put(&p);
	return -ECHILD;
}

static int fast_dotdot(struct fast *f)
{
	struct mount *m = f->mount;
	struct dentry *d = f->dentry;

	while (!(m == f->w->root.mount && d == f->w->root.dentry) && d == m->root && m->parent != m) {
		d = READ_ONCE(m->mountpoint);
		m = READ_ONCE(m->parent);
		if (!d)
			return -ECHILD;
	}
	if (!(m == f->w->root.mount && d == f->w->root.dentry) && d != m->root)
		d = READ_ONCE(d->parent);
	if (seq_read_retry(&f->dentry->seq, f->seq))
		return -ECHILD;
	fast_stand(f, m, d);
	return f->inode ? 0 : -ECHILD;
}

/* Goes to the child of that name, through mounts on it. -ENOENT: known not to be there. */
static inline int fast_child(struct fast *f, const char *name, size_t len, uint32_t hash)
{
	uint32_t seq;
	struct dentry *d = dentry_find_rcu(f->dentry, name, len, hash, &seq);
	struct inode *inode;

	if (!d)
		return -ECHILD;
	inode = rcu_dereference(d->inode);
	if (seq_read_retry(&f->dentry->seq, f->seq))
		return -ECHILD;
	f->dentry = d;
	f->seq = seq;
	f->inode = inode;
	if (!inode)
		return seq_read_retry(&d->seq, seq) || READ_ONCE(d->flags) & DENTRY_UNHASHED ? -ECHILD : -ENOENT;
	if (inode->ops->revalidate && !inode->ops->revalidate(d))
		return -ECHILD;
	while (unlikely(READ_ONCE(f->dentry->flags) & DENTRY_MOUNTED)) {
		struct mount *m = mount_find_rcu(f->mount, f->dentry);

		if (!m)
			break;
		fast_stand(f, m, m->root);
	}
	return 0;
}

/* f stands on a link that is to be followed from dir, which it was found in; end: nothing comes behind it. */
static int fast_link(struct fast *f, struct mount *m, struct dentry *dir, uint32_t dir_seq, bool end)
{
	const char *target = f->inode->link;
	const struct inode *folder = rcu_dereference(dir->inode);

	if (!target || !*target || f->inode->ops->follow || f->inode->ops->readlink || f->links++ == LINKS_MAX)
		return -ECHILD;
	if (seq_read_retry(&f->dentry->seq, f->seq) || f->mount->flags & MS_NOSYMFOLLOW)
		return -ECHILD;
	if (end && (!folder || unlikely(!protect_may_follow(folder, f->inode, f->w->cred))))
		return -ECHILD;
	if (*f->text) {
		if (f->depth == DEPTH_MAX)
			return -ECHILD;
		f->rest[f->depth++] = f->text;
	}
	f->text = target;
	fast_stand(f, m, dir);
	if (f->seq != dir_seq)
		return -ECHILD;
	fast_begin(f);
	return 0;
}

static inline bool fast_at_end(struct fast *f)
{
	while (!*f->text && f->depth)
		f->text = f->rest[--f->depth];
	return !*f->text;
}

static inline bool is_dots(const char *name, size_t len)
{
	return name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'));
}

static inline bool fast_may_search(const struct fast *f)
{
	uint32_t mode = READ_ONCE(f->inode->mode);

	if (!S_ISDIR(mode) || f->inode->ops->permission)
		return false;
	return likely((mode & 0111) == 0111) || !inode_permission_generic(f->inode, f->w->cred, MAY_EXEC);
}

/* One component. last is NULL but for walks to the parent, which end by 1 before the last component. */
static int fast_step(struct fast *f, const char **last, size_t *last_len, uint32_t *last_hash)
{
	const char *name = f->text;
	struct mount *m = f->mount;
	struct dentry *dir = f->dentry;
	uint32_t dir_seq = f->seq, hash;
	bool slash, end;
	size_t len;
	int error;

	if (!fast_may_search(f))
		return -ECHILD;
	hash = name_hash_component(name, &len);
	f->text += len;
	slash = *f->text == '/';
	while (*f->text == '/')
		f->text++;
	end = !*f->text && !f->depth;
	if (end) {
		f->slash |= slash;
		if (last) {
			*last = name;
			*last_len = len;
			*last_hash = hash;
			return f->links || is_dots(name, len) ? -ECHILD : 1;
		}
	}
	if (len > NAME_MAX_BYTES)
		return -ECHILD;
	if (is_dots(name, len))
		return len == 1 ? 0 : fast_dotdot(f);
	error = fast_child(f, name, len, hash);
	if (error || !S_ISLNK(f->inode->mode) || (end && f->w->flags & WALK_NOFOLLOW && !f->slash))
		return error;
	return fast_link(f, m, dir, dir_seq, end);
}

static int fast_run(struct fast *f, const struct walk *w, const char *name, const char **last, size_t *len,
		    uint32_t *hash)
{
	int error = 0;

	if (!*name || w->flags & ~(WALK_NOFOLLOW | WALK_DIRECTORY | WALK_EMPTY | WALK_NOAUTOMOUNT))
		return -ECHILD;
	f->w = w;
	f->text = name;
	f->links = f->depth = 0;
	f->slash = false;
	f->mount_seq = seq_read_begin(&mount_seq);
	if (*name != '/')
		fast_stand(f, w->start.mount, w->start.dentry);
	fast_begin(f);
	if (!f->inode)
		return -ECHILD;
	while (!error && !fast_at_end(f))
		error = fast_step(f, last, len, hash);
	if (error == -ENOENT && seq_read_retry(&mount_seq, f->mount_seq))
		return -ECHILD;
	return error;
}

int walk_fast(const struct walk *w, const char *name, struct path *out)
{
	struct fast f;
	int error;

	rcu_read_lock();
	error = fast_run(&f, w, name, NULL, NULL, NULL);
	if (!error && (w->flags & WALK_DIRECTORY || f.slash) && !S_ISDIR(f.inode->mode))
		error = -ECHILD;
	if (!error)
		return fast_finish(&f, out);
	rcu_read_unlock();
	return error;
}

int walk_fast_parent(const struct walk *w, const char *name, struct path *parent, const char **last, size_t *len,
		     uint32_t *hash, bool *slash)
{
	struct fast f;
	int error;

	rcu_read_lock();
	error = fast_run(&f, w, name, last, len, hash);
	if (error == 1) {
		*slash = f.slash;
		return fast_finish(&f, parent);
	}
	rcu_read_unlock();
	return -ECHILD;
}
