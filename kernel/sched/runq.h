/* SPDX-License-Identifier: MIT */
/*
 * sched/runq.h: a processor's run queue, inside sched/ only.
 *
 * Each processor has one, with one lock, taken with interrupts off and held over
 * the context switch; the thread that was switched to releases it. A thread that
 * is queued (it runs, or waits in one of the classes) belongs to the run queue
 * of thread.cpu; a sleeping one to none, but thread.cpu still says which lock
 * decides about it.
 *
 * Two classes: real-time, see rt.c, and fair, see fair.c. runq.c is what both
 * look like to the rest.
 */
#ifndef SCHED_RUNQ_H
#define SCHED_RUNQ_H

#include "base/percpu.h"
#include "sched/fair.h"
#include "sched/thread.h"

#define RT_PRIORITIES 100
#define RR_SLICE_NS   100000000 /* of SCHED_RR, if nobody changed it */
#define YIELD_LEAST_NS 10000    /* some switches: a fair thread runs so long before it may yield, see sched_yield_user() */
#define BALANCE_NS    30000000  /* between two comparisons of load */
#define SAMPLE_FIRST_NS 10000000    /* after a thread began to run, until it is looked at */
#define SAMPLE_MOST_NS  1000000000  /* the same, if it has run for long */

struct cpu_times {
	nsec_t user, nice, system, idle;
	nsec_t unsorted; /* of programs, not yet in user, nice or system */
};

struct runq {
	struct spinlock lock;         /* rank RUNQ */
	unsigned cpu;                 /* immutable: whose it is */
	struct thread *current;       /* lock; read by its own processor without */
	struct thread *idle;          /* immutable */
	unsigned queued;              /* lock; read by others without: threads that run or want to, without idle */
	int urgency;                  /* the same: priority of the running thread; 0 for a fair one, -1 for idle */
	struct fair_queue fair;       /* lock */
	uint64_t rt_bitmap[2];        /* lock: bit set where rt[] is not empty; bit 0 is the highest priority */
	struct list rt[RT_PRIORITIES]; /* lock: the waiting, in order */
	struct rb_root rt_movable;    /* lock: those of them that may run elsewhere, in order; see movable.c */
	int64_t rt_foremost, rt_hindmost; /* lock: numbers given out to either end of the lists */
	uint64_t looked;              /* lock: threads looked at for one that may move, since boot, for tests */
	nsec_t rt_period_start;       /* lock */
	nsec_t rt_used;               /* lock: by real-time threads in that period, up to the last switch */
	nsec_t slice_end;             /* owner, interrupts off; read by others with the lock: INT64_MAX while nobody else waits */
	nsec_t may_yield_at;          /* owner, interrupts off: sched_yield(2) of a fair thread does nothing before */
	nsec_t sample_at, sample_gap; /* owner, interrupts off: when the running thread is looked at next; INT64_MAX for idle */
	nsec_t crowded, crowded_since; /* lock; read without: time that threads waited in all, and since when they do, or 0 */
	uint64_t switches;            /* lock */
	nsec_t waited;                /* lock: by all that came to run here, before */
	struct cpu_times times;       /* lock: up to the last switch */
	nsec_t balance_at;            /* owner, interrupts off: not before then is load compared with others' */
	bool balance_due;             /* the same: a slice ended after that */
	struct thread *previous;      /* owner: the thread just switched from */
	struct thread *dead;          /* owner: the same, if it ended */
	bool offered;                 /* atomic: it idled, and was kicked for a thread that waits elsewhere */
	bool misplaced;               /* owner: the same may not run on this processor any more, or had better not */
};
DECLARE_PERCPU(struct runq, runq);

static inline bool thread_is_rt(const struct thread *t)
{
	return t->params.priority > 0;
}

/* The classes; the run queue's lock is held. */
void runq_init(struct runq *rq);
void runq_join(struct runq *rq, struct thread *t);    /* t becomes runnable here */
void runq_leave(struct runq *rq, struct thread *t);   /* t sleeps or goes elsewhere */
void runq_insert(struct runq *rq, struct thread *t, bool first); /* it waits: into its class's queue */
void runq_remove(struct runq *rq, struct thread *t);
struct thread *runq_pick(struct runq *rq, nsec_t now); /* the best waiting one, not removed; NULL if none */
bool runq_preempts(const struct runq *rq, const struct thread *t); /* t, just inserted, the running one */
void runq_charge(struct runq *rq, struct thread *t, nsec_t ran); /* virtual time and slices */
nsec_t runq_slice(struct runq *rq, struct thread *t, nsec_t now); /* when t, which runs and others wait, must be looked at */
uint32_t runq_weight(const struct sched_params *p);
int runq_priority(const struct sched_params *p);      /* see thread_priority() */
void runq_use_params(struct runq *rq, struct thread *t); /* t's own or its boost changed: what it runs by */

/* movable.c, the same. */
uint64_t runq_wanted_cpus(const struct rb_root *waiting); /* those that any thread in the tree may use */
struct thread *runq_first_movable(struct runq *rq, unsigned cpu); /* waiting one that cpu may take first; NULL if none. O(log n) */
void runq_set_affinity(struct runq *rq, struct thread *t, uint64_t affinity);

/* rt.c, the same. */
extern int32_t sched_rr_slice; /* atomic: ns */
void rt_insert(struct runq *rq, struct thread *t, bool first);
void rt_remove(struct runq *rq, struct thread *t);
void rt_note_movable(struct runq *rq, struct thread *t);   /* t, just inserted or with another affinity: if it may run elsewhere */
void rt_forget_movable(struct runq *rq, struct thread *t); /* before it is removed, or its affinity changed */
struct thread *rt_first(struct runq *rq);             /* NULL if none waits */
void rt_charge(struct runq *rq, struct thread *t, nsec_t ran);
nsec_t rt_time_left(struct runq *rq, nsec_t now);     /* for real-time threads in this period; INT64_MAX if nobody else waits */
nsec_t rt_period_end(const struct runq *rq);

/* The run queue that decides about t, locked; interrupts are off. The unlocking restores them and may switch. */
struct runq *runq_lock_of(const struct thread *t);
void runq_unlock(struct runq *rq, uint64_t irq);

/* sched.c: the thread that runs there is to give the processor away. Lock held. */
void sched_ask_reschedule(struct runq *rq);
/* t was inserted: who runs there makes room for it, or has a slice from now on. Lock held. */
void sched_joined(struct runq *rq, struct thread *t);
/* This processor's run queue, timers and idle thread. */
void sched_init_cpu(void);

/* account.c: charges the running thread up to now. Lock held. */
void account_current(struct runq *rq, nsec_t now);
/* The timer found this processor's running thread, not the idle one, in either mode. Interrupts off. */
void account_sample(struct runq *rq, nsec_t now, bool from_user);

/* space.c: for a thread that has an address space, and for one that has none. Interrupts off. */
void space_load(struct mmu_space *mmu);
void space_borrow(void);

/* balance.c, all with interrupts off. */
unsigned balance_choose_new(const struct thread *t);               /* a processor for a new thread */
struct runq *balance_waking(struct runq *rq, struct thread *t);    /* t, asleep, is to wake: the queue for it, locked in place of rq */
void balance_offer(const struct thread *t);                        /* t waits behind another: an idle processor may take it. A queue locked */
void balance_left_behind(struct runq *rq, const struct thread *prev); /* who waits after this switch, and ran or was passed over. rq locked */
void balance_pass_on(struct runq *rq);                             /* this processor idles no more: what others offered to it. No queue locked */
void balance_even(struct runq *rq);                                /* threads take turns here: perhaps one goes elsewhere. No queue locked */
void balance_push(struct thread *t);                               /* away from where its affinity does not let it be. No queue locked */
void balance_idle_enter(struct runq *rq);                          /* this processor has nothing to do: may find something. No queue locked */
void balance_idle_leave(struct runq *rq);

/* balance_push() for those who have interrupts on. */
static inline void sched_push(struct thread *t)
{
	uint64_t irq = irq_save();

	balance_push(t);
	irq_restore(irq);
}

/* thread.c: threads made since boot; the idle thread of this processor. */
uint64_t thread_count_created(void);
void thread_init_idle(struct thread *t);

/* The number of threads queued may have crossed one: see pressure.c. Lock held. */
static inline void runq_note_crowd(struct runq *rq, nsec_t now)
{
	if (rq->queued > 1) {
		if (!rq->crowded_since)
			WRITE_ONCE(rq->crowded_since, now);
	} else if (rq->crowded_since) {
		WRITE_ONCE(rq->crowded, rq->crowded + max(now - rq->crowded_since, (nsec_t)0));
		WRITE_ONCE(rq->crowded_since, 0);
	}
}

/* pressure.c: a sample, if one is due; when the next one is. Interrupts off. */
nsec_t pressure_update(nsec_t now);

/* load.c: a sample of the number of runnable threads, when one is due. */
void load_update(nsec_t now);
void load_read(uint64_t load[3]);
unsigned load_running(void);                                       /* threads that run or want to */

#endif
