/* SPDX-License-Identifier: MIT */
/*
 * sched/work.c: deferred work, and the end of RCU grace periods. Each processor
 * has a queue and a worker thread that drains it; the same thread runs RCU
 * call-backs when they are due.
 */
#include "sched/work.h"
#include "base/panic.h"
#include "base/rcu.h"
#include "hal/clock.h"
#include "lib/format.h"
#include "sched/mutex.h"
#include "sched/timer.h"

struct worker {
	struct spinlock lock;  /* rank WORK */
	struct list queue;     /* lock */
	struct waitq wake;
	bool rcu_due;          /* atomic */
	struct timer rcu_again; /* call-backs wait: look after them then */
};
static PERCPU(struct worker, worker);

#define RCU_AGAIN (NSEC_PER_SEC / 1000)
#define RCU_DELAY (NSEC_PER_SEC / 200)

void work_init(struct work *w, void (*run)(struct work *w))
{
	list_init(&w->link);
	w->run = run;
	w->queued = false;
}

/* Interrupts off. Whoever turns queued owns the link until the work is taken. */
static bool queue_on(struct worker *k, struct work *w)
{
	if (atomic_exchange(&w->queued, true))
		return false;
	preempt_disable();
	spin_acquire(&k->lock, 0);
	list_add_tail(&w->link, &k->queue);
	spin_release(&k->lock);
	preempt_enable_no_resched();
	waitq_wake_nested(&k->wake, ~0u, 0); /* the caller may hold another's lock; a worker's queue comes last */
	return true;
}

bool work_queue(struct work *w)
{
	uint64_t irq = irq_save();
	bool fresh = queue_on(cpu_local_ptr(worker), w);

	irq_restore(irq);
	return fresh;
}

static struct work *take_work(struct worker *k)
{
	uint64_t irq = spin_lock_irq(&k->lock);
	struct work *w = NULL;

	if (!list_empty(&k->queue)) {
		w = list_first_entry(&k->queue, struct work, link);
		list_del_init(&w->link);
	}
	spin_unlock_irq(&k->lock, irq);
	if (w)
		(void)atomic_exchange(&w->queued, false); /* and only then look at what it is about */
	return w;
}

static void worker_main(void *arg)
{
	struct worker *k = arg;

	for (;;) {
		struct work *w;

		(void)wait_event_interruptible(&k->wake, !list_empty(&k->queue) || atomic_load(&k->rcu_due));
		while ((w = take_work(k)))
			w->run(w);
		if (atomic_exchange(&k->rcu_due, false) && rcu_run_callbacks())
			timer_arm(&k->rcu_again, clock_now() + RCU_AGAIN, RCU_AGAIN);
	}
}

static void rcu_wake(struct worker *k)
{
	atomic_store(&k->rcu_due, true);
	waitq_wake_all(&k->wake);
}

/* Called by base/rcu.c, in any context, when call-backs begin to wait on this processor or have become many. */
static void rcu_wakeup(bool urgent)
{
	struct worker *k = cpu_local_ptr(worker);

	if (urgent)
		rcu_wake(k);
	else
		timer_arm(&k->rcu_again, clock_now() + RCU_DELAY, RCU_DELAY);
}

static void rcu_look_again(struct timer *t)
{
	rcu_hurry();
	rcu_wake(container_of(t, struct worker, rcu_again));
}

struct flush {
	struct work work;
	struct rcu_head rcu;
	struct completion done;
};

static void flush_run(struct work *w)
{
	completion_signal(&container_of(w, struct flush, work)->done);
}

static void flush_rcu(struct rcu_head *h)
{
	completion_signal(&container_of(h, struct flush, rcu)->done);
}

/* On the processor in question, whose call-backs run in order. */
static void flush_rcu_run(struct work *w)
{
	rcu_call(&container_of(w, struct flush, work)->rcu, flush_rcu);
	rcu_wakeup(true);
}

static void flush_cpu(struct worker *k, void (*run)(struct work *w))
{
	struct flush f;
	uint64_t irq;

	work_init(&f.work, run);
	completion_init(&f.done);
	irq = irq_save();
	queue_on(k, &f.work);
	irq_restore(irq);
	completion_wait(&f.done);
}

void work_flush(void)
{
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		flush_cpu(percpu_of(worker, cpu), flush_run);
}

void work_settle(void)
{
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
			flush_cpu(percpu_of(worker, cpu), flush_rcu_run);
		work_flush();
	}
}

struct rcu_wait {
	struct rcu_head head;
	struct completion done;
};

static void rcu_wait_over(struct rcu_head *h)
{
	completion_signal(&container_of(h, struct rcu_wait, head)->done);
}

void rcu_synchronize(void)
{
	struct rcu_wait w;

	completion_init(&w.done);
	rcu_call(&w.head, rcu_wait_over);
	preempt_disable();
	rcu_wakeup(true);
	preempt_enable();
	completion_wait(&w.done);
}

void work_start(void)
{
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		struct worker *k = percpu_of(worker, cpu);
		char name[16];

		spin_init(&k->lock, RANK_WORK);
		list_init(&k->queue);
		waitq_init(&k->wake);
		timer_init(&k->rcu_again, rcu_look_again);
		format(name, sizeof(name), "worker/%u", cpu);
		if (!kthread_create_on(BIT(cpu), name, worker_main, k))
			panic("no memory for worker threads");
	}
	rcu_set_wakeup(rcu_wakeup);
}
