/* SPDX-License-Identifier: MIT */
/*
 * proc/pid.h: process identifiers as objects. A struct pid stands for one number
 * and for everything that carries it: a thread, a process, a process group, a
 * session. It is counted, found by number under RCU in a hash table, and the
 * number is free for reuse only when nobody carries it any more. A number per
 * namespace can be added here without touching the users.
 */
#ifndef PROC_PID_H
#define PROC_PID_H

#include "base/rcu.h"
#include "lib/list.h"
#include "lib/refcount.h"
#include "sched/wait.h"

#define PID_LIMIT 32768 /* numbers are below this: Linux's default */
extern int32_t pid_end; /* atomic: kernel.pid_max: new ones are below this */

struct session_terminal;
struct pid {
	struct refcount refs;
	int number;                   /* immutable */
	struct hlist_node hash;       /* the table's lock, RCU */
	struct task *task;            /* tree lock, RCU: the thread with this id */
	struct process *process;      /* tree lock, RCU: the process with this id; a zombie too */
	struct list group_members;    /* tree lock: processes whose group it is */
	struct list session_members;  /* tree lock: processes whose session it is */
	struct waitq end_wait;        /* pidfds: woken when the process ends */
	struct session_terminal *terminal; /* tree lock: of the session with this id, or NULL */
	struct rcu_head rcu;
};

/* A fresh number, the next free one after the last given; or, if it is not 0, wanted. -EAGAIN when none, -EEXIST, -ENOMEM. */
int pid_alloc(int wanted, struct pid **out);
static inline void pid_get(struct pid *p) { refcount_get(&p->refs); }
void pid_put(struct pid *p); /* the last one frees the number. Any context. NULL allowed. */

/* By number, no reference: RCU read side. NULL if none. */
struct pid *pid_find(int number);
/* The smallest number in use >= from, with the kind asked for; -1 if none. For /proc. */
int pid_next_process(int from);
/* All of them, RCU read side; takes no lock. */
void pid_for_each(void (*visit)(struct pid *p, void *arg), void *arg);

void pid_init(void);
unsigned pid_last(void); /* the last number given, for /proc/loadavg */
void pid_set_last(unsigned number); /* the next one is looked for behind it */

#endif
