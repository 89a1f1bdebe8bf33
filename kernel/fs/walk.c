/* SPDX-License-Identifier: MIT */
/*
 * fs/walk.c: the counted path walk, which may sleep, and the public look-ups
 * above it and the walk under RCU (fs/walk_fast.c), which is tried first.
 *
 *     walk_start(); walk_parent(); ... walk_last(); walk_follow() ...; walk_end();
 *
 * A symbolic link is followed by writing a new text: the link's, and what was
 * left to walk behind it. So there is one text and one position at any time,
 * and no nesting, whatever links lead to. The walk holds a reference on the
 * place where it is; directories are locked for reading only where the name
 * cache does not know the answer.
 */
#include "base/panic.h"
#include "fs/internal.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/limits.h>
#include <linux/mount.h>

#define LINKS_MAX 40

int walk_may_search(const struct walk_state *s, struct inode *dir)
{
	if (!S_ISDIR(dir->mode))
		return -ENOTDIR;
	return inode_permission(dir, s->w->cred, MAY_EXEC);
}

static void walk_move_to(struct walk_state *s, const struct path *p)
{
	path_get(p);
	path_put(&s->at);
	s->at = *p;
}

/* The text begins anew at the root if it starts with a slash. */
static int walk_begin(struct walk_state *s)
{
	if (*s->rest != '/')
		return 0;
	if (s->w->flags & WALK_BENEATH)
		return -EXDEV;
	if (s->w->flags & WALK_NO_XDEV && s->root.mount != s->at.mount)
		return -EXDEV;
	walk_move_to(s, &s->root);
	while (*s->rest == '/')
		s->rest++;
	return 0;
}

int walk_start(struct walk_state *s, const struct walk *w, const char *name)
{
	*s = (struct walk_state){ .w = w, .rest = name };
	s->root = w->flags & (WALK_IN_ROOT | WALK_BENEATH) ? w->start : w->root;
	if (!*name && !(w->flags & WALK_EMPTY))
		return -ENOENT;
	if (*name != '/' || w->flags & (WALK_IN_ROOT | WALK_BENEATH))
		walk_move_to(s, &w->start);
	else
		walk_move_to(s, &s->root);
	return walk_begin(s);
}

void walk_end(struct walk_state *s)
{
	path_put(&s->at);
	kfree(s->buffer);
	s->buffer = NULL;
}

static int walk_dotdot(struct walk_state *s)
{
	for (;;) {
		struct dentry *parent;

		if (s->at.mount == s->root.mount && s->at.dentry == s->root.dentry)
			return s->w->flags & WALK_BENEATH ? -EXDEV : 0;
		if (s->at.dentry != s->at.mount->root) {
			spin_lock(&s->at.dentry->lock);
			parent = s->at.dentry->parent;
			dentry_get(parent);
			spin_unlock(&s->at.dentry->lock);
			dentry_put(s->at.dentry);
			s->at.dentry = parent;
			return 0;
		}
		if (s->w->flags & WALK_NO_XDEV && s->at.mount->parent != s->at.mount)
			return -EXDEV;
		if (!mount_cross_up(&s->at))
			return 0;
	}
}

/* The child of that name in s->at, before mounts and links are looked at. Negative: -ENOENT. */
static int walk_child(struct walk_state *s, const char *name, size_t len, uint32_t hash, struct path *out)
{
	struct inode *dir = s->at.dentry->inode;
	struct dentry *d = dentry_find(s->at.dentry, name, len, hash);
	struct mount *m;
	int error = 0;

	if (d && d->inode && d->inode->ops->revalidate && !d->inode->ops->revalidate(d)) {
		dentry_drop(d);
		dentry_put(d);
		d = NULL;
	}
	if (!d) {
		rwsem_read_lock(&dir->lock);
		error = dentry_resolve(s->at.dentry, name, len, hash, &d);
		rwsem_read_unlock(&dir->lock);
		if (error)
			return error;
	}
	if (!READ_ONCE(d->inode)) {
		dentry_put(d);
		return -ENOENT;
	}
	mount_get(s->at.mount);
	*out = (struct path){ s->at.mount, d };
	m = out->mount;
	if (mount_cross(out) && s->w->flags & WALK_NO_XDEV && out->mount != m) {
		path_put(out);
		error = -EXDEV;
	}
	return error;
}

/* Replaces what is left by target, and the old rest behind it. */
static int walk_splice(struct walk_state *s, const char *target, size_t n)
{
	size_t rest = strlen(s->rest);
	char *text;

	if (n + rest + 2 > 2 * PATH_MAX)
		return -ENAMETOOLONG;
	text = kmalloc(n + rest + 2, ALLOC_KERNEL);
	if (!text)
		return -ENOMEM;
	memcpy(text, target, n);
	text[n] = '/';
	memcpy(text + n + 1, s->rest, rest + 1);
	if (!rest && !s->slash)
		text[n] = '\0';
	kfree(s->buffer);
	s->buffer = text;
	s->rest = text;
	return walk_begin(s);
}

/* The text of a link that a filesystem makes up. */
static int walk_read_link(struct walk_state *s, struct inode *link)
{
	char *buf = kmalloc(PATH_MAX, ALLOC_KERNEL);
	ssize_t n;

	if (!buf)
		return -ENOMEM;
	n = link->ops->readlink(link, s->w->cred, buf, PATH_MAX);
	if (n >= 0)
		n = n ? walk_splice(s, buf, (size_t)n) : -ENOENT;
	kfree(buf);
	return (int)n;
}

int walk_follow(struct walk_state *s, struct path *link, bool *done)
{
	struct inode *i = link->dentry->inode;
	int error;

	*done = false;
	if (s->w->flags & WALK_NO_SYMLINKS || s->links++ >= LINKS_MAX || link->mount->flags & MS_NOSYMFOLLOW) {
		error = -ELOOP;
	} else if (i->ops->follow) {
		struct path to;

		error = s->w->flags & (WALK_NO_MAGIC | WALK_BENEATH | WALK_IN_ROOT) ?
				-ELOOP : i->ops->follow(i, s->w->cred, &to);
		if (!error) {
			path_put(&s->at);
			s->at = to;
			*done = true;
		}
	} else if (i->ops->readlink) {
		error = walk_read_link(s, i);
	} else {
		error = i->link && *i->link ? walk_splice(s, i->link, strlen(i->link)) : -ENOENT;
	}
	if (!error)
		inode_touch(i, ATTR_ATIME);
	path_put(link);
	return error;
}

int walk_follow_last(struct walk_state *s, struct path *link, bool *done)
{
	if (protect_may_follow(s->at.dentry->inode, link->dentry->inode, s->w->cred))
		return walk_follow(s, link, done);
	path_put(link);
	return -EACCES;
}

/* Takes the next component off the text into last, len, hash, kind, slash. */
static int walk_take(struct walk_state *s)
{
	s->last = s->rest;
	s->hash = name_hash_component(s->rest, &s->len);
	if (s->len > NAME_MAX_BYTES)
		return -ENAMETOOLONG;
	s->rest += s->len;
	s->slash = *s->rest == '/';
	while (*s->rest == '/')
		s->rest++;
	s->kind = LAST_NORMAL;
	if (s->last[0] == '.' && s->len == 1)
		s->kind = LAST_DOT;
	else if (s->last[0] == '.' && s->last[1] == '.' && s->len == 2)
		s->kind = LAST_DOTDOT;
	return 0;
}

/* Goes into the component just taken, which is not the last one. */
static int walk_into(struct walk_state *s)
{
	struct path next;
	bool done;
	int error;

	if (s->kind == LAST_DOT)
		return 0;
	if (s->kind == LAST_DOTDOT)
		return walk_dotdot(s);
	error = walk_child(s, s->last, s->len, s->hash, &next);
	if (error)
		return error;
	if (S_ISLNK(next.dentry->inode->mode))
		return walk_follow(s, &next, &done);
	path_put(&s->at);
	s->at = next;
	return 0;
}

int walk_parent(struct walk_state *s)
{
	int error;

	if (!*s->rest) {
		s->last = s->rest;
		s->len = 0;
		s->kind = LAST_ROOT;
		return 0;
	}
	for (;;) {
		error = walk_may_search(s, s->at.dentry->inode);
		if (!error)
			error = walk_take(s);
		if (error || !*s->rest)
			return error;
		error = walk_into(s);
		if (error)
			return error;
	}
}

int walk_last(struct walk_state *s, struct path *out)
{
	if (s->kind == LAST_NORMAL)
		return walk_child(s, s->last, s->len, s->hash, out);
	if (s->kind == LAST_DOTDOT) {
		int error = walk_dotdot(s);

		if (error)
			return error;
	}
	path_get(&s->at);
	*out = s->at;
	return 0;
}

static int walk_counted(struct walk_state *s, struct path *out)
{
	bool done = false, must_dir = s->w->flags & WALK_DIRECTORY;
	int error;

	for (;;) {
		error = walk_parent(s);
		if (!error)
			error = walk_last(s, out);
		if (error)
			return error;
		must_dir |= s->slash;
		if (!S_ISLNK(out->dentry->inode->mode) || (s->w->flags & WALK_NOFOLLOW && !s->slash))
			break;
		error = walk_follow_last(s, out, &done);
		if (error)
			return error;
		if (done) {
			path_get(&s->at);
			*out = s->at;
			break;
		}
	}
	if (must_dir && !S_ISDIR(out->dentry->inode->mode)) {
		path_put(out);
		return -ENOTDIR;
	}
	return 0;
}

int path_lookup(const struct walk *w, const char *name, struct path *out)
{
	struct walk_state s;
	int error = walk_fast(w, name, out);

	if (error != -ECHILD)
		return error;
	might_sleep();
	error = walk_start(&s, w, name);
	if (!error)
		error = walk_counted(&s, out);
	walk_end(&s);
	return error;
}

int path_lookup_beside(const struct path *p, const char *name, struct path *out)
{
	struct path dir = { p->mount, NULL };
	struct walk w = { .cred = &cred_root };
	int error;

	rcu_read_lock();
	do
		dir.dentry = rcu_dereference(p->dentry->parent);
	while (!dentry_get_unless_dead(dir.dentry)); /* only a parent that was left behind can be dead */
	rcu_read_unlock();
	mount_get(dir.mount);
	w.start = w.root = dir;
	error = path_lookup(&w, name, out);
	path_put(&dir);
	return error;
}

int path_lookup_parent(const struct walk *w, const char *name, struct path *parent, const char **last, size_t *len,
		       bool *must_dir)
{
	struct walk_state s;
	uint32_t hash;
	int error = walk_fast_parent(w, name, parent, last, len, &hash, must_dir);

	if (error != -ECHILD)
		return error;
	might_sleep();
	error = walk_start(&s, w, name);
	if (!error)
		error = walk_parent(&s);
	if (!error) {
		/* The rest of the text is a copy of the end of name, wherever links led. */
		*len = s.len;
		*must_dir = s.slash;
		*last = name + strlen(name) - (s.len + strlen(s.last + s.len));
		*parent = s.at;
		s.at = (struct path){ NULL, NULL };
	}
	walk_end(&s);
	return error;
}
