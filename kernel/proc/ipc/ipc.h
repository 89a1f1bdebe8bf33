/* SPDX-License-Identifier: MIT */
/*
 * proc/ipc/ipc.h: System V IPC: semaphore sets, message queues, shared memory
 * (sysvipc(7)). What the three have in common: objects with an identifier, a key,
 * an owner and a mode, in one table of each kind.
 *
 *   ipc_get()       the object of a key or a new one: its identifier
 *   ipc_find()      by identifier, counted; then take its lock, ask ipc_check(),
 *                   work, release, ipc_put()
 *   ipc_remove()    nobody finds it any more; who has a reference sees `removed`
 *
 * Locks. table.lock (mutex) guards the index for writers and the keys;
 * object.lock (spinlock, rank IPC) all that an object holds. Nothing sleeps under
 * the latter, and user memory is copied before and after.
 */
#ifndef PROC_IPC_IPC_H
#define PROC_IPC_IPC_H

#include "fs/procfs.h"
#include "mem/radix_nodes.h"
#include "hal/clock.h"
#include "lib/errno.h"
#include "lib/radix.h"
#include "proc/process.h"
#include <linux/ipc.h>
#include <asm/ipcbuf.h>

#define IPC_NUMBERS 32768 /* an identifier is a sequence number times this and an index */

struct ipc_object {
	struct refcount refs;            /* the table's one, until it is removed; and of who works with it */
	struct spinlock lock;            /* rank IPC */
	int id;                          /* immutable */
	int key;                         /* table.lock */
	uint32_t uid, gid, mode;         /* lock */
	uint32_t creator_uid, creator_gid; /* immutable */
	bool removed;                    /* lock */
	struct hlist_node by_key;        /* table.lock: unless key is IPC_PRIVATE */
	struct rcu_head rcu;
};

struct ipc_kind {
	const int32_t *limit;            /* atomic: objects at most */
	/* A new object for the parameters, of the running process; *out has one reference. May sleep. */
	int (*create)(const void *arg, struct ipc_object **out);
	/* Does an existing one fit the parameters? 0 or -EINVAL. lock held. */
	int (*fits)(struct ipc_object *o, const void *arg);
	/* The last reference went. NULL: the object is all. May sleep. */
	void (*destroy)(struct ipc_object *o);
};

struct ipc_table {
	struct mutex lock;
	const struct ipc_kind *kind;     /* immutable */
	struct radix objects;            /* lock; RCU: by index */
	struct hlist by_key[64];         /* lock */
	unsigned count;                  /* lock: objects */
	unsigned next;                   /* lock: index to try first, so that identifiers come back late */
	unsigned sequence;               /* lock */
};

/* /proc/sys/kernel: all atomic. */
struct ipc_settings {
	uint64_t shmmax, shmall;         /* bytes of a segment, pages of all */
	int32_t shmmni, msgmax, msgmnb, msgmni;
	int32_t sem[4];                  /* semaphores of a set, of all, operations at once, sets */
};
enum { IPC_SEMMSL, IPC_SEMMNS, IPC_SEMOPM, IPC_SEMMNI };
extern struct ipc_settings ipc_settings;

#define IPC_TABLE_INIT(table, kind_) \
	{ .lock = MUTEX_INIT((table).lock, RANK_SLEEP_LEAF), .kind = (kind_), .objects = { .ops = &radix_kmalloc_ops } }

/* semget(2) and its like: identifier or errno. arg goes to the kind's functions. May sleep. */
int ipc_get(struct ipc_table *t, int key, int flags, const void *arg);
/* Counted; NULL: -EINVAL, or -EIDRM (*error) where another has its place. */
struct ipc_object *ipc_find(struct ipc_table *t, int id, int *error);
/* By index, for the STAT commands and /proc. Counted or NULL. */
struct ipc_object *ipc_find_index(struct ipc_table *t, unsigned index);
/* The highest index in use and the number of objects, for the INFO commands. */
int ipc_highest(struct ipc_table *t, int *count);
void ipc_put(struct ipc_table *t, struct ipc_object *o);
/* Out of the table; o->removed is set. False: somebody else did it. Its lock is not held. May sleep. */
bool ipc_remove(struct ipc_table *t, struct ipc_object *o);
/* Nobody finds it by its key any more. May sleep. */
void ipc_forget_key(struct ipc_table *t, struct ipc_object *o);

/* Under o->lock: may the running process do this? wanted: 4 read, 2 write, 1 execute. 0, -EIDRM, -EACCES. */
int ipc_check(const struct ipc_object *o, unsigned wanted);
/* May it change the owner or remove the object? 0, -EIDRM, -EPERM. */
int ipc_check_owner(const struct ipc_object *o);
/* Filled and taken over: IPC_STAT and IPC_SET; -EINVAL: nobody's number. */
void ipc_get_perm(const struct ipc_object *o, struct ipc64_perm *p);
int ipc_set_perm(struct ipc_object *o, const struct ipc64_perm *p);
void ipc_init(struct ipc_object *o);

/* For /proc/sysvipc: calls show for each, with its lock held. */
int ipc_show(struct ipc_table *t, struct text *text, void (*show)(struct text *text, struct ipc_object *o));

static inline int64_t ipc_now(void)
{
	return clock_wall() / NSEC_PER_SEC;
}

static inline int ipc_pid(void)
{
	struct task *t = task_current_or_null();

	return t ? t->process->pid->number : 0;
}

#endif
