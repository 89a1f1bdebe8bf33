/* SPDX-License-Identifier: MIT */
/*
 * fs/path.c: references on (mount, dentry) pairs, the working and root
 * directories of processes, and the way from a path back to its name.
 */
#include "base/panic.h"
#include "fs/internal.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"

void path_get(const struct path *p)
{
	if (p->mount)
		mount_get(p->mount);
	if (p->dentry)
		dentry_get(p->dentry);
}

void path_put(struct path *p)
{
	struct path old = *p;

	*p = (struct path){ NULL, NULL };
	dentry_put(old.dentry);
	mount_put(old.mount);
}

struct fs_context *fs_context_copy(struct fs_context *c)
{
	struct fs_context *copy = kmalloc(sizeof(*copy), ALLOC_KERNEL);

	if (!copy)
		return NULL;
	refcount_init(&copy->refs, 1);
	spin_init(&copy->lock, RANK_FS_CONTEXT);
	spin_lock(&c->lock);
	copy->cwd = c->cwd;
	copy->root = c->root;
	copy->umask = c->umask;
	path_get(&copy->cwd);
	path_get(&copy->root);
	spin_unlock(&c->lock);
	return copy;
}

void fs_context_put(struct fs_context *c)
{
	if (!c || !refcount_put(&c->refs))
		return;
	path_put(&c->cwd);
	path_put(&c->root);
	kfree(c);
}

static void fs_context_set(struct fs_context *c, struct path *which, const struct path *p)
{
	struct path old;

	path_get(p);
	spin_lock(&c->lock);
	old = *which;
	*which = *p;
	spin_unlock(&c->lock);
	path_put(&old);
}

void fs_context_set_cwd(struct fs_context *c, const struct path *p) { fs_context_set(c, &c->cwd, p); }
void fs_context_set_root(struct fs_context *c, const struct path *p) { fs_context_set(c, &c->root, p); }

/* Text that grows to the front of a buffer. */
struct name_builder {
	char *buf, *at;
	bool full;
};

static void prepend(struct name_builder *b, const char *s, size_t n)
{
	if ((size_t)(b->at - b->buf) < n) {
		b->full = true;
		return;
	}
	b->at -= n;
	memcpy(b->at, s, n);
}

/* Goes from p to root or to the top of all, under RCU; what moves meanwhile the caller finds by the counts. */
static void prepend_path(struct name_builder *b, const struct path *p, const struct path *root)
{
	const struct mount *m = p->mount;
	const struct dentry *d = p->dentry;
	bool empty = true;

	while (!b->full && !(d == root->dentry && m == root->mount)) {
		const struct dentry *parent = READ_ONCE(d->parent);

		if ((m && d == m->root) || parent == d) {
			if (!m || READ_ONCE(m->parent) == m || !READ_ONCE(m->mountpoint))
				break;
			d = READ_ONCE(m->mountpoint);
			m = READ_ONCE(m->parent);
			continue;
		}
		prepend(b, READ_ONCE(d->name), min_t(size_t, READ_ONCE(d->name_length), NAME_MAX_BYTES));
		prepend(b, "/", 1);
		empty = false;
		d = parent;
	}
	if (empty)
		prepend(b, "/", 1);
}

static bool is_removed(const struct dentry *d)
{
	return READ_ONCE(d->flags) & DENTRY_UNHASHED && READ_ONCE(d->parent) != d;
}

char *path_name(const struct path *p, const struct path *root, char *buf, size_t size, int *error)
{
	struct name_builder b;
	uint32_t moves, mounts;

	*error = 0;
	do {
		b = (struct name_builder){ .buf = buf, .at = buf + size };
		rcu_read_lock();
		moves = seq_read_begin(&dentry_move_seq);
		mounts = seq_read_begin(&mount_seq);
		prepend(&b, "", 1);
		if (p->dentry->flags & DENTRY_DETACHED) {
			prepend(&b, p->dentry->name, p->dentry->name_length);
		} else {
			if (is_removed(p->dentry))
				prepend(&b, " (deleted)", 10);
			prepend_path(&b, p, root);
		}
		rcu_read_unlock();
	} while (seq_read_retry(&dentry_move_seq, moves) || seq_read_retry(&mount_seq, mounts));
	if (b.full) {
		*error = -ENAMETOOLONG;
		return NULL;
	}
	return b.at;
}
