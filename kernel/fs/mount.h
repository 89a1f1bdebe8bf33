/* SPDX-License-Identifier: MIT */
/*
 * fs/mount.h: the mount table between fs/mount.c and fs/mount_ops.c. All with
 * mount_lock held for writing.
 */
#ifndef FS_MOUNT_H
#define FS_MOUNT_H

#include "fs/internal.h"

extern struct list mount_all; /* mount_lock: all mounts in the tree, in order */

/* Around changes of parent and mountpoint, short and without sleeping. */
void mount_change_begin(void);
void mount_change_end(void);
void mount_tell_change(void); /* the mounts, or their flags, have changed */

/* Hangs m at a place; takes its own references on parent and at. */
void mount_link(struct mount *m, struct mount *parent, struct dentry *at);
/* Takes m from its place; the references go to m->place, to be put without mount_lock. */
void mount_unlink(struct mount *m);

#endif
