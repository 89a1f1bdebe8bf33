/* SPDX-License-Identifier: MIT */
/*
 * sched/wait.c: wait queues; see sched/wait.h. Non-exclusive entries are at the
 * head and exclusive ones at the tail, so a wake-up stops at the first exclusive
 * one it may not take.
 */
#include "sched/wait.h"
#include "hal/clock.h"
#include "sched/runq.h"
#include "sched/timer.h"

static void add_locked(struct waitq *q, struct wait_entry *e)
{
	if (e->exclusive)
		list_add_tail(&e->link, &q->entries);
	else
		list_add_head(&e->link, &q->entries);
}

void waitq_add(struct waitq *q, struct wait_entry *e)
{
	uint64_t irq = spin_lock_irq(&q->lock);

	add_locked(q, e);
	spin_unlock_irq(&q->lock, irq);
}

void waitq_remove(struct waitq *q, struct wait_entry *e)
{
	uint64_t irq = spin_lock_irq(&q->lock);

	list_del_init(&e->link);
	spin_unlock_irq(&q->lock, irq);
}

static void wake_locked(struct waitq *q, unsigned n, uint64_t key)
{
	struct wait_entry *e, *next;

	list_for_each_entry_safe(e, next, &q->entries, link) {
		bool exclusive = e->exclusive;

		if (e->wake(e, key) && exclusive && --n == 0)
			break;
	}
}

void waitq_wake_n(struct waitq *q, unsigned n, uint64_t key)
{
	if (!waitq_active(q))
		return;
	uint64_t irq = spin_lock_irq(&q->lock);

	wake_locked(q, n, key);
	spin_unlock_irq(&q->lock, irq);
}

void waitq_wake_nested(struct waitq *q, unsigned n, uint64_t key)
{
	if (!waitq_active(q))
		return;
	uint64_t irq = irq_save();

	spin_lock_nested(&q->lock);
	wake_locked(q, n, key);
	spin_unlock_irq(&q->lock, irq);
}

bool thread_entry_wake(struct wait_entry *e, uint64_t key)
{
	return thread_wake(e->thread);
}

void wait_entry_init(struct wait_entry *e)
{
	list_init(&e->link);
	e->wake = thread_entry_wake;
	e->thread = thread_current();
	e->exclusive = false;
}

void wait_prepare(struct waitq *q, struct wait_entry *e, uint32_t state)
{
	uint64_t irq = spin_lock_irq(&q->lock);

	if (list_empty(&e->link))
		add_locked(q, e);
	/* Ordered by the exchange: a waker that misses the entry finds its condition seen by us. */
	thread_set_state(state);
	spin_unlock_irq(&q->lock, irq);
}

void wait_finish(struct waitq *q, struct wait_entry *e)
{
	thread_set_state(THREAD_RUNNING);
	waitq_remove(q, e);
}

struct sleep_timer {
	struct timer timer;
	struct thread *thread;
	bool fired; /* atomic */
};

static void sleep_timer_fire(struct timer *t)
{
	struct sleep_timer *s = container_of(t, struct sleep_timer, timer);

	atomic_store_release(&s->fired, true);
	thread_wake(s->thread);
}

bool sched_switch_until(nsec_t deadline, nsec_t slack)
{
	struct sleep_timer s = { .thread = thread_current() };

	if (deadline == INT64_MAX) {
		sched_switch();
		return false;
	}
	if (unlikely(deadline < 0))
		return sched_switch_until_wall(-deadline, slack);
	timer_init(&s.timer, sleep_timer_fire);
	timer_arm(&s.timer, deadline, thread_is_rt(s.thread) ? 0 : slack);
	sched_switch();
	timer_cancel_sync(&s.timer);
	return atomic_load_acquire(&s.fired);
}

int sleep_until(nsec_t when, nsec_t slack)
{
	while (when < 0 ? clock_wall() < -when : clock_now() < when) {
		if (thread_interrupted())
			return -ERESTARTSYS;
		thread_set_state(THREAD_SLEEPING);
		sched_switch_until(when, slack);
		thread_set_state(THREAD_RUNNING);
	}
	return 0;
}
