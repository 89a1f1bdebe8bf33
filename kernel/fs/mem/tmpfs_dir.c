/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/tmpfs_dir.c: the index of a directory in memory: one tree by name (hash
 * first) for look-ups, one by cookie for reading. A cookie is given once and never
 * again, counting down, so that a reader at some position meets every name that
 * stays exactly once, whatever comes and goes; and the newest names come first,
 * as on Linux. Everything under the directory's inode lock.
 */
#include "fs/mem/tmpfs.h"
#include "lib/hash.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/stat.h>

#define FIRST_COOKIE (1UL << 40)
#define ENTRY_SIZE   20 /* what a name adds to the size of a directory, as stat shows it on Linux */

void tmpfs_dir_init(struct inode *dir)
{
	tmpfs_node(dir)->next_cookie = FIRST_COOKIE;
	dir->size_hint = 2 * ENTRY_SIZE; /* "." and ".." */
}

static int compare(const struct tmpfs_entry *e, uint64_t hash, const char *name, size_t len)
{
	if (hash != e->hash)
		return hash < e->hash ? -1 : 1;
	if (len != e->len)
		return len < e->len ? -1 : 1;
	return memcmp(name, e->name, len);
}

struct tmpfs_entry *tmpfs_entry_find(struct inode *dir, const char *name, size_t len)
{
	struct rb_node *at = tmpfs_node(dir)->by_name.node;
	uint64_t hash = hash_bytes(name, len, 0);

	while (at) {
		struct tmpfs_entry *e = rb_entry(at, struct tmpfs_entry, by_name);
		int order = compare(e, hash, name, len);

		if (!order)
			return e;
		at = order < 0 ? at->left : at->right;
	}
	return NULL;
}

struct tmpfs_entry *tmpfs_entry_create(const char *name, size_t len)
{
	struct tmpfs_entry *e = kmalloc(sizeof(*e) + len + 1, ALLOC_KERNEL);

	if (!e)
		return NULL;
	e->hash = hash_bytes(name, len, 0);
	e->len = len;
	memcpy(e->name, name, len);
	e->name[len] = '\0';
	return e;
}

static void insert_by_name(struct tmpfs_node *n, struct tmpfs_entry *e)
{
	struct rb_node **link = &n->by_name.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = compare(rb_entry(parent, struct tmpfs_entry, by_name), e->hash, e->name, e->len) < 0 ?
			       &parent->left : &parent->right;
	}
	rb_link(&e->by_name, parent, link);
	rb_insert_fix(&e->by_name, &n->by_name);
}

/* The newest has the lowest cookie: it goes to the far left. */
static void insert_by_cookie(struct tmpfs_node *n, struct tmpfs_entry *e)
{
	struct rb_node **link = &n->by_cookie.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = &parent->left;
	}
	rb_link(&e->by_cookie, parent, link);
	rb_insert_fix(&e->by_cookie, &n->by_cookie);
}

void tmpfs_entry_insert(struct inode *dir, struct tmpfs_entry *e, struct inode *inode)
{
	struct tmpfs_node *n = tmpfs_node(dir);

	e->inode = inode;
	e->cookie = --n->next_cookie;
	insert_by_name(n, e);
	insert_by_cookie(n, e);
	dir->size_hint += ENTRY_SIZE;
}

void tmpfs_entry_remove(struct inode *dir, struct tmpfs_entry *e)
{
	struct tmpfs_node *n = tmpfs_node(dir);

	rb_erase(&e->by_name, &n->by_name);
	rb_erase(&e->by_cookie, &n->by_cookie);
	dir->size_hint -= ENTRY_SIZE;
	kfree(e);
}

void tmpfs_dir_destroy(struct inode *dir)
{
	struct rb_node *node;

	while ((node = rb_first(&tmpfs_node(dir)->by_cookie)) != NULL) {
		struct tmpfs_entry *e = rb_entry(node, struct tmpfs_entry, by_cookie);
		struct inode *i = e->inode;

		tmpfs_entry_remove(dir, e);
		inode_put(i);
	}
}

/* The first entry at or after a position. */
static struct tmpfs_entry *entry_at(struct tmpfs_node *n, uint64_t position)
{
	struct rb_node *at = n->by_cookie.node;
	struct tmpfs_entry *best = NULL;

	while (at) {
		struct tmpfs_entry *e = rb_entry(at, struct tmpfs_entry, by_cookie);

		if (e->cookie >= position) {
			best = e;
			at = at->left;
		} else {
			at = at->right;
		}
	}
	return best;
}

/* "." and ".." are positions 0 and 1. False when the buffer is full. */
static bool emit_dots(struct file *f, struct dir_sink *s)
{
	if (s->position == 0) {
		if (!s->emit(s, ".", 1, f->inode->ino, S_IFDIR >> 12, 1))
			return false;
		s->position = 1;
	}
	if (s->position == 1) {
		if (!s->emit(s, "..", 2, f->path.dentry->parent->inode->ino, S_IFDIR >> 12, 2))
			return false;
		s->position = 2;
	}
	return true;
}

int tmpfs_iterate(struct file *f, struct dir_sink *s)
{
	struct tmpfs_entry *e;
	struct rb_node *next;

	if (!emit_dots(f, s))
		return 0;
	e = entry_at(tmpfs_node(f->inode), (uint64_t)s->position);
	while (e) {
		if (!s->emit(s, e->name, e->len, e->inode->ino, (e->inode->mode & S_IFMT) >> 12,
			     (loff_t)(e->cookie + 1)))
			return 0;
		s->position = (loff_t)(e->cookie + 1);
		next = rb_next(&e->by_cookie);
		e = next ? rb_entry(next, struct tmpfs_entry, by_cookie) : NULL;
	}
	return 0;
}
