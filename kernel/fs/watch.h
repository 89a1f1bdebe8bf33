/* SPDX-License-Identifier: MIT */
/*
 * fs/watch.h: watches, between fs/notify.c, where events come from, and
 * fs/anon/inotify.c, where they queue.
 *
 * A watch joins an inode, which it keeps in memory, and an instance. It does not keep
 * the filesystem: that ends its watches when it goes, and waits until the last one has let go of
 * its inode. Locks, in order: watch_list_lock (mutex), the inode's list, the instance.
 */
#ifndef FS_WATCH_H
#define FS_WATCH_H

#include "fs/notify.h"
#include "lib/radix.h"
#include "sched/wait.h"

struct watch_list {             /* of an inode: made at its first watch, freed with it */
	struct spinlock lock;   /* rank WATCH */
	struct list watches;    /* lock: by inode_link */
	struct spinlock dnotify_lock; /* rank DNOTIFY */
	struct list dnotify;    /* dnotify_lock; whether it is empty: looked at without. fs/dnotify.c */
};

struct inotify {
	struct refcount refs;   /* the file, and each watch */
	struct spinlock lock;   /* rank INOTIFY */
	struct radix watches;   /* lock: by number */
	int next;               /* lock: the next number */
	struct list events;     /* lock */
	unsigned most;          /* immutable: how many may wait */
	bool overflow;          /* lock: one of those that wait tells of lost ones */
	unsigned count;         /* lock; looked at without: events that wait */
	size_t bytes;           /* lock: of them as read(2) shows them */
	struct waitq wait;
	void *account;          /* immutable: the user's, charged through watch_set_account_hooks() */
};

/* How the instances and watches of users are counted, set once by proc/: NULL: too many of them. */
struct watch_account_hooks {
	void *(*charge_instance)(unsigned limit);         /* the running task's account */
	void (*uncharge_instance)(void *account);
	bool (*charge_watch)(void *account, unsigned limit);
	void (*uncharge_watch)(void *account);
};
void watch_set_account_hooks(const struct watch_account_hooks *hooks);

struct watch {
	struct refcount refs;   /* being linked, and who looked it up */
	struct inode *inode;    /* immutable, counted */
	struct inotify *instance; /* immutable, counted */
	uint32_t mask;          /* atomic: IN_* it wants, and IN_ONESHOT, IN_EXCL_UNLINK */
	int number;             /* immutable once linked */
	struct list inode_link; /* inode's list lock; empty: it ended */
	struct list super_link; /* watch_list_lock: in inode->sb->watches */
};

/* Signals for what F_NOTIFY asked for. No spinlock held. */
void dnotify_event(struct watch_list *l, uint32_t event);

/* The inode's list, made if there is none. NULL when out. */
struct watch_list *watch_list_get(struct inode *i);
/* A watch of i takes a reference on it; watch_put() lets go. The caller keeps the filesystem. */
void watch_hold_inode(struct watch *w, struct inode *i);
/* The watch is complete: others see it. */
void watch_link(struct watch *w);
/* Ends it; tell: with IN_IGNORED. Nothing if it ended already. May sleep. */
void watch_end(struct watch *w, bool tell);
void watch_put(struct watch *w);

/* Any lock of the above but its own may be held. name may be NULL. */
void inotify_queue(struct inotify *n, int number, uint32_t mask, uint32_t cookie, const char *name, size_t len);
void inotify_put(struct inotify *n);
/* One of its watches goes: its user may have another one. */
void inotify_uncharge_watch(struct inotify *n);

#endif
