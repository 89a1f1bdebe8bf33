/* SPDX-License-Identifier: MIT */
/* fs/dentry.h: the name cache among its own files: dentry.c, dentry_move.c, dentry_lru.c. */
#ifndef FS_DENTRY_H
#define FS_DENTRY_H

#include "fs/internal.h"

/* Out of and into the hash, by d's name and parent; d locked, its sequence count odd or d not seen by others. */
void dentry_hash_remove(struct dentry *d);
void dentry_hash_add(struct dentry *d);

/*
 * Takes an unused dentry whose refs are DENTRY_DEAD already out of everything, and
 * frees it after a grace period. d and parent (itself for a root) are locked, and
 * released. The reference on the parent is left to the caller. May sleep.
 */
void dentry_unlink(struct dentry *d, struct dentry *parent);
/* Frees d if nobody uses it. RCU is held on entry and left. The parent to be put afterwards, or NULL. May sleep. */
struct dentry *dentry_try_free(struct dentry *d);

/* A name too long for the dentry itself. After a rename two dentries may have it: the one that was replaced keeps it. */
struct long_name {
	struct refcount refs;
	struct rcu_head rcu;
	char text[];                 /* immutable, zero-terminated */
};
/* NULL if the name is in the dentry. */
static inline struct long_name *dentry_long_name(const struct dentry *d)
{
	return d->name == d->inline_name ? NULL : container_of(d->name, struct long_name, text[0]);
}
void long_name_put(struct long_name *n); /* NULL does nothing; freed a grace period after the last one */

/* The list of unused ones; d locked. */
void dentry_lru_init(void);
void dentry_lru_add(struct dentry *d);
void dentry_lru_remove(struct dentry *d);

#endif
