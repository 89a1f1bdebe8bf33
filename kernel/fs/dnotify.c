/* SPDX-License-Identifier: MIT */
/*
 * fs/dnotify.c: signals for what happens in a directory (fcntl(2), F_NOTIFY). Events come from
 * fs/notify.c as they do for inotify, but nothing is queued: the signal is sent at once.
 *
 * A request belongs to an open file and the descriptor table it was made in: it ends when that
 * table closes any descriptor of the file, and with the file at the latest. So it needs no
 * reference. The lock of a directory's requests comes before those that sending a signal takes.
 */
#include "fs/file.h"
#include "fs/procfs.h"
#include "fs/watch.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include <linux/fcntl.h>

static int32_t enabled = 1; /* atomic: /proc/sys/fs/dir-notify-enable */

struct dnotify {                /* the list's lock */
	struct list link;
	struct file *file;      /* immutable */
	const void *owner;      /* immutable: the descriptor table */
	int fd;
	uint32_t mask;          /* IN_*, NOTIFY_RENAME */
	bool lasting;           /* DN_MULTISHOT */
};

static uint32_t mask_of(unsigned argument)
{
	return (argument & DN_ACCESS ? IN_ACCESS : 0) | (argument & DN_MODIFY ? IN_MODIFY : 0) |
	       (argument & DN_CREATE ? IN_CREATE | IN_MOVED_TO : 0) | (argument & DN_DELETE ? IN_DELETE | IN_MOVED_FROM : 0) |
	       (argument & DN_RENAME ? NOTIFY_RENAME : 0) | (argument & DN_ATTRIB ? IN_ATTRIB : 0);
}

static void request_end(struct dnotify *d)
{
	list_del(&d->link);
	atomic_dec(&notify_watches);
	kfree(d);
}

void dnotify_event(struct watch_list *l, uint32_t event)
{
	struct dnotify *d, *next;

	SPIN_GUARD(&l->dnotify_lock);
	list_for_each_entry_safe(d, next, &l->dnotify, link) {
		if (!(d->mask & event))
			continue;
		file_async_hooks->tell(d->file, d->fd);
		if (!d->lasting)
			request_end(d);
	}
}

void dnotify_forget_slow(struct file *f, const void *owner)
{
	struct watch_list *l = atomic_load_acquire(&f->inode->watches);
	struct dnotify *d, *next;

	if (!l || list_empty(&l->dnotify))
		return;
	SPIN_GUARD(&l->dnotify_lock);
	list_for_each_entry_safe(d, next, &l->dnotify, link)
		if (d->file == f && (!owner || d->owner == owner))
			request_end(d);
}

/* What was asked for before stays. False: fresh is in the list. */
static bool join_existing(struct watch_list *l, struct dnotify *fresh)
{
	struct dnotify *d;

	SPIN_GUARD(&l->dnotify_lock);
	list_for_each_entry(d, &l->dnotify, link) {
		if (d->file != fresh->file || d->owner != fresh->owner)
			continue;
		d->fd = fresh->fd;
		d->mask |= fresh->mask;
		d->lasting |= fresh->lasting;
		return true;
	}
	list_add_head(&fresh->link, &l->dnotify);
	atomic_inc(&notify_watches);
	return false;
}

static int request_add(struct file *f, int fd, const void *owner, unsigned argument)
{
	struct watch_list *l = watch_list_get(f->inode);
	struct dnotify *fresh = l ? kzalloc(sizeof(*fresh), ALLOC_KERNEL) : NULL;
	int result;

	if (!fresh)
		return -ENOMEM;
	fresh->file = f;
	fresh->fd = fd;
	fresh->owner = owner;
	fresh->mask = mask_of(argument);
	fresh->lasting = argument & DN_MULTISHOT;
	result = file_async_hooks->own(f);
	if (result < 0 || join_existing(l, fresh))
		kfree(fresh);
	return min(result, 0);
}

int dnotify_set(struct file *f, int fd, const void *owner, unsigned argument)
{
	if (!atomic_load(&enabled))
		return -EINVAL;
	if (!(argument & ~DN_MULTISHOT)) {
		dnotify_forget(f, owner);
		return 0;
	}
	return S_ISDIR(f->inode->mode) ? request_add(f, fd, owner, argument) : -ENOTDIR;
}

PROC_INT(dir_notify_enable, "sys/fs/dir-notify-enable", &enabled, INT_MIN, INT_MAX);
