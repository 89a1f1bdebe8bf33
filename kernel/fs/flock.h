/* SPDX-License-Identifier: MIT */
/*
 * fs/flock.h: file locks between fs/flock.c (the calls, waiting) and
 * fs/flock_ranges.c (who holds which bytes).
 */
#ifndef FS_FLOCK_H
#define FS_FLOCK_H

#include "base/spinlock.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "lib/types.h"

#define LOCK_END UINT64_MAX

struct inode;

/* A locked range. All under the list's lock. */
struct range_lock {
	struct rb_node by_start;    /* in the owner's tree: its locks, which never overlap */
	struct rb_node overlap;     /* in readers or writers: an interval tree */
	uint64_t start, end;        /* bytes, both inclusive */
	uint64_t highest;           /* the highest end below this node of the interval tree */
	struct lock_owner *owner;
	bool write;
	bool ofd;
	int pid;
	struct list blocked;        /* who waits for it: struct lock_waiter */
};

struct lock_owner {
	struct rb_node node;        /* in the space's owners */
	void *token;                /* the descriptor table, or the open file */
	struct rb_root ranges;      /* its locks by start */
};

/* One kind of locks, which see each other: record locks; or flock(2)'s. */
struct lock_space {
	struct rb_root readers, writers; /* interval trees of all owners' locks */
	struct rb_root owners;           /* by token */
};

struct lease_list {             /* fs/lease.c */
	struct spinlock lock;       /* rank LEASE */
	struct list leases;         /* lock; whether it is empty: looked at without */
};

struct flock_list {
	struct list all;            /* flock_proc.c: its lists_lock */
	struct inode *inode;        /* immutable: whose it is, and that it goes with */
	struct spinlock lock;       /* rank FLOCK: everything below */
	struct lock_space record, whole;
	struct lease_list leases;
};
/* The inode's list, made if there is none. NULL when out. */
struct flock_list *flock_list_get(struct inode *i);
/* Into the list of /proc/locks, and out before it is freed. */
void flock_list_publish(struct flock_list *l);
void flock_list_withdraw(struct flock_list *l);

struct lock_request;
struct lock_waiter {
	struct list link;           /* the list's lock: in the blocking lock's list */
	void (*wake)(struct lock_waiter *w); /* called once, list's lock held, link unlinked already */
	const struct lock_request *request;  /* immutable: what it waits with */
};

/* What is asked for. */
struct lock_request {
	void *token;
	uint64_t start, end;
	bool write, unlock, ofd;
	int pid;
};

/* Memory that a change may need, got before the lock: at most two pieces and an owner. */
struct lock_memory {
	struct range_lock *range[2];
	struct lock_owner *owner;
};
bool lock_memory_get(struct lock_memory *m);
void lock_memory_free(struct lock_memory *m);

/* A lock of somebody else that stands against the request, or NULL. */
struct range_lock *lock_conflict(struct lock_space *s, const struct lock_request *r);
/* Makes the request true: splits, cuts and merges what the owner has; wakes whom it frees. No conflict. */
void lock_apply(struct lock_space *s, const struct lock_request *r, struct lock_memory *m);
/* Does the owner hold anything? */
bool lock_owner_has(struct lock_space *s, void *token);
/* Of an owner that holds something: is its first lock for writing? */
bool lock_owner_writes(struct lock_space *s, void *token);

#endif
