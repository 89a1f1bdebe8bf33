/* SPDX-License-Identifier: MIT */
/*
 * fs/mount.h: the mount table between fs/mount.c, fs/mount_tree.c and fs/mount_ops.c.
 * All with mount_lock held for writing unless said otherwise.
 */
#ifndef FS_MOUNT_H
#define FS_MOUNT_H

#include "fs/internal.h"

extern struct list mount_all; /* mount_lock: all mounts in the one tree, in order */

/* Around changes of parent and mountpoint, short and without sleeping. */
void mount_change_begin(void);
void mount_change_end(void);
void mount_tell_change(void); /* the mounts, or their flags, have changed */

/* Hangs m at a place; takes its own references on parent and at. */
void mount_link(struct mount *m, struct mount *parent, struct dentry *at);
/* Takes m from its place; the references go to m->place, to be put without mount_lock. */
void mount_unlink(struct mount *m);

/* Next in the tree below top, parents before children; NULL at the end. */
struct mount *mount_tree_next(struct mount *m, struct mount *top);
/* top and all below it are now part of the one tree, or of one apart. */
void mount_tree_settle(struct mount *top, enum mount_where where);
/* Takes top and all below it out of their tree, apart from each other; they are put by mount_tree_put(). */
void mount_tree_remove(struct mount *top, struct list *gathered);
void mount_tree_put(struct list *gathered); /* without mount_lock; may sleep */
/*
 * Hangs copies of the mounts below from at copy, which is one of what from shows and
 * belongs to no tree yet. -EINVAL: from is in no tree that may be copied; -ENOMEM: some are there.
 */
int mount_tree_copy(const struct path *from, struct mount *copy, bool recursive);

/*
 * m, the top of a tree apart, as a file: the tree goes with it, unless it was moved to
 * where all see it. Takes over the caller's reference, on failure too. Without
 * mount_lock; may sleep. -ENOMEM.
 */
int mount_tree_open(struct mount *m, const struct cred *cred, struct file **out);

/* A mount's flags, of those of mount(2). */
#define MOUNT_FLAGS (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME | \
		     MS_NOSYMFOLLOW)

#endif
