/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/fscontext.h: a mount context (fs/mount_context.h) behind a descriptor, as
 * fsopen(2) and fspick(2) give it: it takes options, then makes or changes its
 * superblock, in that order. Reading gives the messages why something was refused.
 * All may sleep; f must be a file for which fscontext_is() is true.
 */
#ifndef FS_ANON_FSCONTEXT_H
#define FS_ANON_FSCONTEXT_H

#include "fs/mount_context.h"

/* Of a filesystem type, for a new superblock. -ENODEV, -ENOMEM. */
int fscontext_open(const char *type, struct file **out);
/* Of the superblock that p is in, to change it. -EINVAL: p is no mount's root; -ENOMEM. */
int fscontext_pick(const struct path *p, struct file **out);

bool fscontext_is(const struct file *f);
/* Does it take nothing but flags and strings? */
bool fscontext_is_simple(const struct file *f);

/* An option. -EBUSY: it takes none now; and what mount_context_set() says. */
int fscontext_set(struct file *f, const char *name, enum option_kind kind, const char *value);
/* Make the superblock; change it. -EBUSY: not now; -EPERM; else it is of no use after an error. */
int fscontext_make(struct file *f, const struct cred *cred);
int fscontext_change(struct file *f, const struct cred *cred);
/*
 * A mount of the superblock that was made, with a mount's flags, as a file that is its
 * only place. -EINVAL: there is no superblock; -EBUSY: it has been mounted; -ENOMEM.
 */
int fscontext_mount(struct file *f, unsigned long flags, const struct cred *cred, struct file **out);

#endif
