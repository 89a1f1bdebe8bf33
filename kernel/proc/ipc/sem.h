/* SPDX-License-Identifier: MIT */
/*
 * proc/ipc/sem.h: semaphore sets among their own files: sem.c (operations and
 * waiting), sem_control.c (semctl), sem_undo.c (what is taken back at exit).
 */
#ifndef PROC_IPC_SEM_H
#define PROC_IPC_SEM_H

#include "proc/ipc/ipc.h"
#include "proc/ipc/sysv.h"

struct semaphore {
	int value;               /* set's lock, as all here: 0..SEMVMX */
	int pid;                 /* of the last who changed it */
	struct list decrease;    /* sem_waiter: one operation, that takes */
	struct list zero;        /* sem_waiter: one operation, that waits for 0 */
};

struct sem_set {
	struct ipc_object object; /* first */
	unsigned count;          /* immutable */
	int64_t changed, operated; /* lock: seconds since 1970 */
	struct list several;     /* lock: sem_waiter with more than one operation */
	struct list undos;       /* lock: sem_undo */
	struct semaphore sem[];
};

/* What a process (all that share its list) has to take back of one set. */
struct sem_undo {
	struct list by_list;     /* the list's lock */
	struct list by_set;      /* the set's lock; empty until it is used and once the set is removed */
	struct sem_set *set;     /* immutable, counted */
	short adjust[];          /* the set's lock */
};

extern struct ipc_table sem_table;

/* The set is removed: its semaphores count no more against SEMMNS. */
void sem_uncount(struct sem_set *s);

static inline struct sem_set *sem_set_of(struct ipc_object *o) { return container_of(o, struct sem_set, object); }

/* Threads to be woken once the set's lock is dropped. */
struct sem_wakes { struct list done; };

/* After values changed: lets those go on that can. NULL ops: any value may have changed. Lock held. */
void sem_update(struct sem_set *s, const struct sembuf *ops, unsigned count, struct sem_wakes *wakes);
/* All waiters end with that error. Lock held. */
void sem_fail_all(struct sem_set *s, int error, struct sem_wakes *wakes);
void sem_wakes_init(struct sem_wakes *wakes);
/* Lock not held. */
void sem_wakes_run(struct sem_wakes *wakes);
/* Threads that wait for it to grow, or to become zero. Lock held. */
int sem_waiting(const struct sem_set *s, unsigned number, bool zero);

/* The running task's entry for a set, made if it has none. NULL when out. May sleep. */
struct sem_undo *sem_undo_get(struct sem_set *s);
/* The entry is about to be used: from now on SETVAL and the like find it. Lock held, the set is not removed. */
void sem_undo_link(struct sem_set *s, struct sem_undo *u);
/* The set is removed: nothing of it is taken back any more. Lock held. */
void sem_undo_forget(struct sem_set *s);

#endif
