/* SPDX-License-Identifier: MIT */
/*
 * sched/thread.h: threads, and the only ways to stop running one.
 *
 * A thread sleeps in three steps, so that no wake-up is lost:
 *     thread_set_state(THREAD_SLEEPING);   // 1. say so
 *     if (!condition)                      // 2. look (again)
 *         sched_switch();                  // 3. give the processor away
 *     thread_set_state(THREAD_RUNNING);
 * A waker makes the condition true first and then calls thread_wake(). The
 * wait_event macros of sched/wait.h do all of this. An interruptible sleep
 * (SLEEPING) does not start while WORK_SIGNAL or WORK_KILLED is set, a killable
 * one (KILLABLE) not while WORK_KILLED is.
 *
 * The process layer embeds struct thread in its own structure and finds that
 * again with container_of; what process and address space mean is its business.
 */
#ifndef SCHED_THREAD_H
#define SCHED_THREAD_H

#include "base/preempt.h"
#include "base/spinlock.h"
#include "hal/context.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "lib/refcount.h"

enum thread_state {
	THREAD_RUNNING  = 0,      /* running or in a run queue */
	THREAD_SLEEPING = 1 << 0, /* woken by signals */
	THREAD_KILLABLE = 1 << 1, /* woken by deadly signals only */
	THREAD_BLOCKED  = 1 << 2, /* woken by its event only */
	THREAD_STOPPED  = 1 << 3, /* job control */
	THREAD_TRACED   = 1 << 4, /* stopped for a tracer */
	THREAD_NEW      = 1 << 5, /* not started yet */
	THREAD_DEAD     = 1 << 6,
	THREAD_NORMAL_SLEEP = THREAD_SLEEPING | THREAD_KILLABLE | THREAD_BLOCKED,
};

/* Scheduling parameters as the system calls see them. */
struct sched_params {
	int policy;        /* SCHED_* of <linux/sched.h> */
	int nice;          /* -20..19 */
	int priority;      /* real-time: 1..99, else 0 */
	bool reset_on_fork;
};

/*
 * The address space as the scheduler sees it: embedded in vm's struct space.
 * A kernel thread has none and keeps whatever was loaded (it never touches user
 * addresses); space_forget() ends such borrowing before the tables are freed.
 */
struct mmu_space {
	paddr_t root;         /* immutable: physical address of the root table */
	uint64_t generation;  /* atomic: unique number, tags the TLB; vm/ gives a new one to be rid of stale entries */
	uint64_t cpus;        /* atomic: processors that have it loaded */
};

struct thread {
	struct context context;   /* machine state; context.work is atomic */
	struct mmu_space *mmu;    /* owner, or before start: NULL in kernel threads */
	char name[16];            /* owner; racy readers see old or new bytes, always terminated */

	uint32_t state;           /* atomic: enum thread_state */
	uint32_t on_cpu;          /* atomic: 1 while its stack is in use */
	uint32_t cpu;             /* run queue lock: where it runs or ran last */
	bool queued;              /* run queue lock */
	bool exiting;             /* owner */
	bool notify_preempted;    /* owner: an involuntary switch sets WORK_NOTIFY */
	struct refcount refs;     /* the scheduler's one ends at death */
	int8_t rss_pending[3];    /* owner: pages that vm/ has not added to the space's counts yet */
	void (*release)(struct thread *t); /* immutable: last reference went; the stack is free already. Must not sleep. */

	struct rb_node run_node;  /* run queue lock: waiting; fair class, or real-time class and may run elsewhere */
	struct list run_link;     /* run queue lock: real-time class */
	nsec_t moved;             /* run queue lock: clock when it came to its processor */
	int64_t vruntime;         /* run queue lock: ns of virtual time, while it runs or waits; see sched/fair.c */
	int64_t deadline;         /* run queue lock: the same: when it shall have had its slice; real-time class: see sched/rt.c */
	int64_t made_room;        /* run queue lock: vruntime when it last let one go first for having yielded */
	int64_t least_vruntime;   /* run queue lock: of those below run_node */
	uint64_t cpus_below;      /* run queue lock: of the same: the processors that any of them may use */
	int64_t lag;              /* run queue lock: how far behind the others it was when it slept or left */
	uint32_t weight;          /* run queue lock */
	int32_t slice_left;       /* run queue lock: SCHED_RR, ns */
	struct sched_params params; /* run queue lock: what it runs by: its own, or better ones while it has a boost */
	struct sched_params own;  /* run queue lock: what system calls set and see */
	int boost;                /* run queue lock: a priority as thread_priority() has it, or THREAD_NO_BOOST */
	uint64_t affinity;        /* run queue lock: mask of processors */

	nsec_t run_start;         /* run queue lock: clock when it was switched in, or its time was taken last */
	nsec_t wait_start;        /* run queue lock: clock when it began to wait for a processor, if it waits */
	nsec_t waited;            /* run queue lock: ns that it waited so, up to when it came to run last */
	uint64_t migrations;      /* run queue lock: how often it came to another processor */
	nsec_t runtime;           /* run queue lock: ns on a processor, up to the last switch */
	nsec_t sampled_user, sampled_system; /* run queue lock: of runtime, what samples put down to either mode */
	nsec_t shown_user, shown_system; /* run queue lock: what thread_times() said last */
	uint64_t switches_voluntary, switches_involuntary; /* run queue lock */
	uint64_t faults_minor, faults_major; /* owner: counted by vm/; racy for others */
	nsec_t start_time;        /* immutable: clock_now() at creation */
	struct list *dropping;    /* owner: files of messages that it is letting go of, or NULL; see net/rights.c */

	const void *waits_for;    /* owner, others read: the sleeping lock it waits for, or NULL; see sched/inspect.h */
	uint32_t waits_kind;      /* the same: enum wait_kind */
	uint32_t waits_count;     /* the same: changes when a wait begins or ends */
	uint32_t hung_count;      /* watchdog: waits told as too long: low half of the number of switches then */

#if CONFIG_DEBUG
	struct lock_hold held[12]; /* owner; others read them only to print: sleeping locks held */
	unsigned held_count;      /* owner */
	uint32_t fail_nth;        /* owner: fault injection, see mem/inject.h */
#endif
};

static inline struct thread *thread_current(void)
{
	return container_of(context_current(), struct thread, context);
}

/* Sets up run queues and makes the boot stack this processor's idle thread. */
void sched_init(void);
/* Starts the other processors that the command line lets run (nosmp, maxcpus=). After clock_init(); may sleep. */
void sched_start_others(void);
/* Never returns: the boot thread becomes the idle loop. */
__noreturn void sched_idle(void);

/*
 * Prepares t (zeroed by the caller): kernel stack, names, counts; it does not run
 * yet. entry(arg) runs on its own stack with interrupts on and must end in
 * thread_exit(). Scheduling parameters and affinity are those of parent (NULL: ordinary).
 * One reference, the scheduler's, exists afterwards. May sleep. -ENOMEM.
 */
int thread_init(struct thread *t, const char *name, const struct thread *parent,
		void (*entry)(void *arg), void *arg, void (*release)(struct thread *t));
/* What every entry function does first: releases the run queue, interrupts on. */
void thread_first_run(void);
/* Undoes thread_init() of a thread never started. May sleep. */
void thread_uninit(struct thread *t);
/* Lets a NEW thread run. Any context. */
void thread_start(struct thread *t);

/* A kernel thread, started. NULL when out of memory. May sleep. */
struct thread *kthread_create(const char *name, void (*entry)(void *arg), void *arg);
/* The same, on the processors of a mask only. */
struct thread *kthread_create_on(uint64_t affinity, const char *name, void (*entry)(void *arg), void *arg);

/* Ends the running thread. Its stack is freed and the scheduler's reference dropped after the switch. */
__noreturn void thread_exit(void);

static inline void thread_get(struct thread *t) { refcount_get(&t->refs); }
void thread_put(struct thread *t);

/* Sets the running thread's state, with the ordering the three steps need. */
static inline void thread_set_state(uint32_t state)
{
	__atomic_store_n(&thread_current()->state, state, __ATOMIC_SEQ_CST);
}

/* Gives the processor away: to sleep if the state says so, else to be picked again. Preemption on (count 0). */
void sched_switch(void);
/* Gives the processor away but stays runnable, as an interrupt would make it: the way back to user mode with WORK_RESCHED. */
void sched_preempt(void);
/* Stays runnable and lets others go first. */
void sched_yield(void);
/* sched_yield(2): the same, but for a thread that only just came to run. */
void sched_yield_user(void);

/* Wakes t if its state is in mask. True if it was asleep. Any context. */
bool thread_wake_state(struct thread *t, uint32_t mask);
static inline bool thread_wake(struct thread *t) { return thread_wake_state(t, THREAD_NORMAL_SLEEP); }

/* Sets bits of context.work and makes the thread notice: wakes it from sleeps they end, kicks its processor. Any context. */
void thread_notify(struct thread *t, uint32_t work);

/* True if the running thread's sleeps should end: for killable, and for interruptible ones. */
static inline bool thread_killed(void) { return atomic_load(&context_current()->work) & WORK_KILLED; }
static inline bool thread_interrupted(void) { return atomic_load(&context_current()->work) & (WORK_SIGNAL | WORK_KILLED); }

/* Waits until t, which sleeps and is not woken meanwhile, has left its processor: its state lies in memory. May sleep. */
void thread_wait_off_cpu(struct thread *t);

/* Scheduling parameters of any thread. The caller has checked them. May not sleep. */
void thread_set_params(struct thread *t, const struct sched_params *p);
void thread_get_params(struct thread *t, struct sched_params *p);
/*
 * The priority by which it runs, as Linux counts: a real-time thread's is 99 minus its
 * own, 0 the most urgent; others have 120 plus their nice value.
 */
int thread_priority(struct thread *t);
/*
 * Priority inheritance: until further notice t runs as if its priority was at least
 * this; THREAD_NO_BOOST: its own again. Its parameters are still what they were. Any context.
 */
#define THREAD_NO_BOOST 140
void thread_set_boost(struct thread *t, int priority);
/* Mask already cut to possible processors and not empty. */
void thread_set_affinity(struct thread *t, uint64_t mask);

/* CPU time in ns: total, and split into user and kernel. Any thread. */
nsec_t thread_runtime(struct thread *t);
void thread_times(struct thread *t, nsec_t *user, nsec_t *system);
/* What /proc tells of how it is scheduled: times in ns. Any thread. */
struct thread_schedule {
	nsec_t started, runtime, waited; /* started: clock when it came to run last, or its time was taken */
	int64_t vruntime;
	int64_t migrations;
	uint64_t switches_voluntary, switches_involuntary, turns; /* turns: how often it came to run */
	uint32_t weight;
	int policy, priority;            /* priority: as thread_priority() */
};
void thread_get_schedule(struct thread *t, struct thread_schedule *s);
void thread_set_name(struct thread *t, const char *name);

/* Loads the running thread's address space after it changed (exec), or the kernel's (exit: mmu = NULL). */
void thread_use_space(struct mmu_space *mmu);
/* No processor has it loaded when this returns; its threads are gone. May sleep. */
void mmu_space_forget(struct mmu_space *mmu);

/*
 * For shootdowns, see vm/tlb.c. The processors that have the space loaded; those
 * that only borrow it (a kernel thread runs there) are left out if so asked, and
 * then compare generations before they use it again. Preemption off; a new
 * generation and a fence before.
 */
uint64_t mmu_space_users(const struct mmu_space *mmu, bool borrowers);
/* Of this processor, interrupts off: its thread uses the space; stale entries were dropped; borrowing it ends. */
bool mmu_space_in_use(const struct mmu_space *mmu);
void mmu_space_flushed(const struct mmu_space *mmu, uint64_t before, uint64_t after);
void mmu_space_unload(void *mmu);

/* How long real-time threads may keep others waiting, ns: runtime of each period; runtime < 0: for ever. */
struct sched_rt_limit {
	nsec_t period, runtime; /* atomic */
};
extern struct sched_rt_limit sched_rt_limit;

/* Sums for /proc/stat and /proc/loadavg. */
struct sched_stats {
	uint64_t switches, threads_created;
	unsigned running;          /* threads that run or want to */
	uint64_t load[3];          /* 1, 5, 15 minutes, 11-bit fixed point */
	nsec_t user, nice, system, idle;
	nsec_t waited;             /* by all threads that came to run, since boot, until they did */
	uint64_t turns;            /* how many did */
};
void sched_stats(struct sched_stats *s);
void sched_cpu_stats(unsigned cpu, struct sched_stats *s); /* not load and threads_created */

#endif
