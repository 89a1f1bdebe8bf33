/* SPDX-License-Identifier: MIT */
/*
 * sched/inspect.h: all threads from outside: where they sleep, which sleeping
 * lock each waits for and who holds it, and deadlocks among them. For people
 * (sysrq) and for the watchdog. Any context; no lock of the looked-at is waited
 * for, so it works while everything else hangs.
 */
#ifndef SCHED_INSPECT_H
#define SCHED_INSPECT_H

#include "base/table.h"
#include "sched/thread.h"

/* Owners of threads register how to find them: proc/ its tasks, sched/ kernel threads. */
struct thread_source {
	/* Calls visit for each, inside an RCU read section that the caller holds. id: of the thread; 0 if none. */
	void (*each)(void (*visit)(struct thread *t, int id, void *arg), void *arg);
};
/* TABLE_ENTRY(thread_sources, struct thread_source, tasks) = { each_task }; */

/* All threads but the idle ones. Those that come or go meanwhile may be missed. */
void thread_for_each(void (*visit)(struct thread *t, int id, void *arg), void *arg);

/* Logs a thread: state, call chain if it sleeps, what it waits for, and (debug builds) what it holds. RCU read side. */
void thread_print(int level, struct thread *t, int id);

/* The call chain of a thread that sleeps, innermost first: number of addresses; 0 if it runs. */
unsigned thread_sleeping_chain(struct thread *t, vaddr_t *chain, unsigned max);

/* Logs who waits for whom: each waiting thread, the lock, its holder; and names circles. Number of deadlocks. */
unsigned thread_print_waits(int level);

/* Around waiting for a sleeping lock, by the running thread, while the lock exists. */
enum wait_kind { WAITS_MUTEX, WAITS_RWSEM };
void thread_waits_begin(const void *lock, enum wait_kind kind);
void thread_waits_end(void);

#endif
