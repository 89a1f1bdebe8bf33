/* SPDX-License-Identifier: MIT */
/*
 * fs/notify.h: telling those who watch files (inotify(7)). What happens to a file
 * is told by whoever does it, with IN_* of <linux/inotify.h>; nothing but one load
 * is done while nobody watches anything.
 *
 * Context of all: a thread, no spinlock held; sleeping locks down to an inode's may be.
 */
#ifndef FS_NOTIFY_H
#define FS_NOTIFY_H

#include "fs/path.h"
#include <linux/inotify.h>

struct file;

extern uint32_t notify_watches; /* atomic: that exist */

/* An event beside IN_*: a name moved within its directory. inotify does not tell of it. */
#define NOTIFY_RENAME 0x10000000u

static inline bool notify_wanted(void)
{
	return unlikely(READ_ONCE(notify_watches) != 0);
}

/* Something happened to the file of that name: its directory is told, with the name, then itself. */
void notify_dentry_slow(struct dentry *d, uint32_t event);
static inline void notify_dentry(struct dentry *d, uint32_t event)
{
	if (notify_wanted())
		notify_dentry_slow(d, event);
}

/* To the file itself only. */
void notify_inode(struct inode *i, uint32_t event);
/* A name in dir came, went or moved; cookie joins the two ends of a move, subject is what has the name. */
void notify_name(struct inode *dir, uint32_t event, const char *name, size_t len, const struct inode *subject,
		 uint32_t cookie);
uint32_t notify_cookie(void);
/* The attributes were changed (chmod, chown, utimes, truncate). */
void notify_change(struct dentry *d, const struct attributes *a);
/* A file without a name lost its last user: its watches end. The caller has a reference. */
void notify_gone(struct inode *i);
/* The filesystem goes: all of its watches end, and have let go of its inodes when this returns. */
void notify_unmount(struct super *sb);
/* The inode's last moment. */
void notify_free(struct inode *i);

/*
 * F_NOTIFY: argument is DN_*, owner the descriptor table, fd what signals name. -EINVAL (switched off), -ENOTDIR,
 * -ENOMEM. May sleep. fs/dnotify.c
 */
int dnotify_set(struct file *f, int fd, const void *owner, unsigned argument);
/* That table closes the file; NULL: the file ends. No spinlock held. */
void dnotify_forget_slow(struct file *f, const void *owner);
static inline void dnotify_forget(struct file *f, const void *owner)
{
	if (notify_wanted())
		dnotify_forget_slow(f, owner);
}

/* inotify(7): fs/anon/inotify.c. May sleep. */
int inotify_create_file(uint32_t flags, struct file **out);
bool inotify_is(const struct file *f);
/* The watch's number. f is an instance, p what to watch, already permitted. -EEXIST (IN_MASK_CREATE), -ENOMEM. */
int inotify_add(struct file *f, const struct path *p, uint32_t mask);
/* -EINVAL: f is none, or has no such watch. */
int inotify_remove(struct file *f, int number);

#endif
