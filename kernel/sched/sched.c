/* SPDX-License-Identifier: MIT */
/*
 * sched/sched.c: the switch, sleeping and waking.
 *
 * Idea. A processor gives itself away in one place, switch_away(): it takes its
 * run queue's lock, decides whether the running thread stays runnable, picks the
 * best, and switches with the lock held. The thread that comes in finds itself
 * after its own context_switch() call (or at the start of its entry function) and
 * releases the lock in finish_switch(). Because the lock is held from the
 * decision to sleep until the sleeper's registers are saved, a waker that gets
 * the lock sees either a thread that has not decided yet (it sets the state back
 * and the sleeper stays) or one that is wholly asleep.
 *
 * Locking. run queue lock, interrupts off; thread.state is written by its owner
 * without the lock (thread_set_state) and by wakers with it.
 *
 * Time. The timer interrupt is asked for when a timer is due or, if somebody else
 * waits, when the running thread's slice ends; besides, a running thread is looked
 * at after gaps that double from SAMPLE_FIRST_NS to SAMPLE_MOST_NS, to tell user from
 * kernel time. An idle processor has no tick.
 *
 * On which processor a thread runs, and how it gets to another: balance.c. The
 * address space that a processor has loaded: space.c. Times: account.c. Policy, priority and
 * affinity as they are set: params.c.
 */
#include "base/log.h"
#include "base/panic.h"
#include "base/rcu.h"
#include "hal/clock.h"
#include "hal/irq.h"
#include "mem/kstack.h"
#include "sched/lockcheck.h"
#include "sched/runq.h"
#include "sched/timer.h"
#include "sched/wait.h"
#include "sched/watchdog.h"
#include "sched/work.h"
#include <linux/sched.h>

static PERCPU(struct thread, idle_thread);

static void trim_stacks_run(struct work *w)
{
	kstack_trim();
}

static struct work trim_stacks = { .run = trim_stacks_run, .link = LIST_INIT(trim_stacks.link) };

/* A real-time round-robin thread that used its slice goes to the end. */
static bool slice_over(struct thread *t)
{
	if (t->params.policy != SCHED_RR || t->slice_left > 0)
		return false;
	t->slice_left = atomic_load(&sched_rr_slice);
	return true;
}

static void set_slice(struct runq *rq, struct thread *t, nsec_t now)
{
	rq->slice_end = rq->queued <= 1 || t == rq->idle ? INT64_MAX : runq_slice(rq, t, now);
	if (rq->slice_end != INT64_MAX)
		timer_request_interrupt(rq->slice_end);
}

/* t begins to run. */
static void set_sample(struct runq *rq, struct thread *t, nsec_t now)
{
	if (t == rq->idle) {
		rq->sample_at = INT64_MAX;
		return;
	}
	rq->sample_gap = SAMPLE_FIRST_NS;
	rq->sample_at = now + SAMPLE_FIRST_NS;
	timer_request_interrupt(rq->sample_at);
}

/* A sleep that a pending signal or death forbids does not start. */
static bool may_sleep_now(const struct thread *t, uint32_t state)
{
	uint32_t ends = 0;

	if (state & THREAD_SLEEPING)
		ends = WORK_SIGNAL | WORK_KILLED;
	else if (state & THREAD_KILLABLE)
		ends = WORK_KILLED;
	return !(atomic_load(&t->context.work) & ends);
}

/* Runs on the new thread's stack with the run queue's lock held; leaves with interrupts off, lock released. */
static void finish_switch(void)
{
	struct runq *rq = cpu_local_ptr(runq);
	struct thread *prev = rq->previous, *dead = rq->dead;
	bool misplaced = rq->misplaced;

	rq->dead = rq->previous = NULL;
	rq->misplaced = false;
	if (prev)
		atomic_store_release(&prev->on_cpu, 0);
	if (unlikely(misplaced))
		thread_get(prev); /* it may run and end elsewhere as soon as the lock is released */
	spin_release(&rq->lock);
	preempt_enable_no_resched();
	if (unlikely(dead)) {
		if (kstack_free(dead->context.stack_top))
			work_queue(&trim_stacks);
		thread_put(dead);
	}
	if (unlikely(misplaced)) {
		balance_push(prev);
		thread_put(prev);
	}
	if (unlikely(rq->balance_due)) {
		rq->balance_due = false;
		balance_even(rq);
	}
}

enum reason {
	SLEEPS,    /* if its state says so; else it goes on */
	PREEMPTED, /* it did not ask, so its state does not matter */
	YIELDS,    /* others go first */
};

/*
 * Takes the running thread off the queue if it sleeps; else puts it back among the
 * waiting. True: it shall wait, but the pick is among the others.
 */
static bool settle_previous(struct runq *rq, struct thread *prev, enum reason reason)
{
	uint32_t state = atomic_load(&prev->state);

	if (prev == rq->idle)
		return false;
	if (reason == SLEEPS && state != THREAD_RUNNING) {
		if (may_sleep_now(prev, state)) {
			prev->queued = false;
			rq->queued--;
			runq_leave(rq, prev);
			prev->switches_voluntary++;
			if (state == THREAD_DEAD)
				rq->dead = prev;
			return false;
		}
		atomic_store(&prev->state, THREAD_RUNNING);
	}
	rq->misplaced = !(prev->affinity & BIT(rq->cpu));
	if (unlikely(rq->misplaced))
		return true;
	if (reason == YIELDS && !thread_is_rt(prev))
		fair_yield(&rq->fair, prev);
	runq_insert(rq, prev, reason == PREEMPTED && !slice_over(prev));
	return false;
}

/* The best of those that wait, or the idle thread. aside: prev waits as well, but was not to be looked at. */
static struct thread *pick_next(struct runq *rq, struct thread *prev, nsec_t now, bool aside)
{
	struct thread *next = runq_pick(rq, now);

	if (likely(next))
		runq_remove(rq, next);
	else if (aside && !rq->misplaced)
		return prev;
	else
		next = rq->idle;
	if (unlikely(aside))
		runq_insert(rq, prev, false);
	return next;
}

static void switch_to(struct runq *rq, struct thread *prev, struct thread *next)
{
	rq->current = next;
	rq->previous = prev;
	rq->urgency = next == rq->idle ? -1 : next->params.priority;
	rq->switches++;
	atomic_store(&next->on_cpu, 1);
	if (next->mmu)
		space_load(next->mmu);
	else
		space_borrow();
	context_switch(&prev->context, &next->context);
	/* prev runs again, perhaps on another processor; the run queue there says who ran before. */
}

static void note_involuntary(struct thread *prev)
{
	prev->switches_involuntary++;
	if (prev->notify_preempted)
		atomic_or(&prev->context.work, WORK_NOTIFY);
}

/* next waited until now, prev does from now on, unless it sleeps. */
static void note_wait(struct runq *rq, struct thread *prev, struct thread *next, nsec_t now)
{
	nsec_t waited = now - next->wait_start;

	prev->wait_start = now;
	if (next == rq->idle || waited <= 0)
		return;
	next->waited += waited;
	rq->waited += waited;
}

/* Interrupts off. */
static void switch_away(enum reason reason)
{
	struct runq *rq = cpu_local_ptr(runq);
	struct thread *prev = rq->current;
	nsec_t now = clock_now();

	preempt_disable();
	spin_acquire(&rq->lock, 0);
	if (atomic_load(&prev->context.work) & WORK_RESCHED) /* set under the lock, or by this processor */
		atomic_and(&prev->context.work, ~(uint32_t)WORK_RESCHED);
	account_current(rq, now);
	bool aside = settle_previous(rq, prev, reason);
	load_update(now);

	struct thread *next = pick_next(rq, prev, now, aside);
	runq_note_crowd(rq, now);
	next->run_start = now;
	rq->may_yield_at = reason == YIELDS && next != prev ? now : now + YIELD_LEAST_NS;
	set_slice(rq, next, now);
	rcu_quiescent();
	if (next != prev) {
		note_wait(rq, prev, next, now);
		set_sample(rq, next, now);
		if (rq->queued > 1 && cpu_online_count > 1)
			balance_left_behind(rq, prev);
		if (unlikely(thread_is_rt(prev)) && prev->queued && cpu_online_count > 1)
			rq->misplaced = true; /* elsewhere it may be the most urgent one */
		if (reason != SLEEPS)
			note_involuntary(prev);
		switch_to(rq, prev, next);
	}
	finish_switch();
}

void sched_switch(void)
{
	might_sleep();
	uint64_t irq = irq_save();
	switch_away(SLEEPS);
	irq_restore(irq);
}

void sched_preempt(void)
{
	uint64_t irq = irq_save();

	switch_away(PREEMPTED);
	irq_restore(irq);
}

void sched_yield(void)
{
	uint64_t irq = irq_save();

	if (READ_ONCE(cpu_local_ptr(runq)->queued) > 1)
		switch_away(YIELDS);
	irq_restore(irq);
}

/*
 * Who has just come to run because another slept or was preempted goes on for a little: a
 * switch costs more than what it got. So a loop that yields with a lock held takes many
 * turns for each try of another to have the lock. Who runs because another yielded may give
 * the processor back at once: those two wait for each other that way.
 */
void sched_yield_user(void)
{
	uint64_t irq = irq_save();
	struct runq *rq = cpu_local_ptr(runq);

	if (READ_ONCE(rq->queued) > 1 && (thread_is_rt(rq->current) || clock_now() >= rq->may_yield_at))
		switch_away(YIELDS);
	irq_restore(irq);
}

void upcall_preempt(void)
{
	switch_away(PREEMPTED);
}

struct runq *runq_lock_of(const struct thread *t)
{
	for (;;) {
		uint32_t cpu = atomic_load(&t->cpu);
		struct runq *rq = percpu_of(runq, cpu);

		preempt_disable();
		spin_acquire(&rq->lock, 0);
		if (likely(atomic_load(&t->cpu) == cpu))
			return rq;
		spin_release(&rq->lock);
		preempt_enable_no_resched();
	}
}

void runq_unlock(struct runq *rq, uint64_t irq)
{
	spin_release(&rq->lock);
	preempt_enable_no_resched();
	irq_restore(irq);
	if (unlikely(atomic_load(&context_current()->work) & WORK_RESCHED))
		preempt_check();
}

void sched_ask_reschedule(struct runq *rq)
{
	atomic_or(&rq->current->context.work, WORK_RESCHED);
	if (rq->cpu != cpu_id())
		cpu_kick(rq->cpu);
}

void sched_joined(struct runq *rq, struct thread *t)
{
	assert_held(&rq->lock);
	if (rq->current == rq->idle || runq_preempts(rq, t)) {
		sched_ask_reschedule(rq);
	} else if (rq->slice_end == INT64_MAX && (rq->current->params.policy != SCHED_FIFO || !thread_is_rt(t))) {
		/* The running thread was alone until now: its slice starts, by its own processor's timer. */
		nsec_t now = clock_now();

		runq_note_crowd(rq, now);
		if (rq->cpu == cpu_id())
			set_slice(rq, rq->current, now);
		else
			sched_ask_reschedule(rq);
	}
}

/* t becomes runnable on rq. Lock held. */
static void enqueue(struct runq *rq, struct thread *t)
{
	t->queued = true;
	rq->queued++;
	runq_join(rq, t);
	/* A fair one that joins has the running one's time taken. */
	t->wait_start = rq->current == rq->idle || thread_is_rt(t) ? clock_now() : rq->current->run_start;
	runq_insert(rq, t, false);
	sched_joined(rq, t);
	if (cpu_online_count > 1 && rq->queued > 1)
		balance_offer(t);
}

bool thread_wake_state(struct thread *t, uint32_t mask)
{
	/* The waker's condition must be visible before the state is looked at. */
	atomic_fence();
	if (!(atomic_load(&t->state) & mask))
		return false;

	uint64_t irq = irq_save();
	struct runq *rq = runq_lock_of(t);
	bool woken = false;

	if (atomic_load(&t->state) & mask) {
		woken = true;
		atomic_store(&t->state, THREAD_RUNNING);
		if (!t->queued) {
			if (cpu_online_count > 1)
				rq = balance_waking(rq, t);
			enqueue(rq, t);
		}
	}
	runq_unlock(rq, irq);
	return woken;
}

void thread_notify(struct thread *t, uint32_t work)
{
	uint32_t mask = 0;

	atomic_or(&t->context.work, work);
	if (work & (WORK_SIGNAL | WORK_KILLED))
		mask |= THREAD_SLEEPING;
	if (work & WORK_KILLED)
		mask |= THREAD_KILLABLE;
	if (!mask || !thread_wake_state(t, mask)) {
		uint32_t cpu = atomic_load(&t->cpu);
		if (cpu != cpu_id() && atomic_load(&t->on_cpu))
			cpu_kick(cpu);
	}
}

/* It is about to sleep, or was preempted on its way there; then others have to run before it does. */
#define OFF_CPU_NAP_NS 50000

void thread_wait_off_cpu(struct thread *t)
{
	might_sleep();
	for (;;) {
		uint64_t irq = irq_save();
		struct runq *rq = runq_lock_of(t);
		bool queued = t->queued, running = atomic_load_acquire(&t->on_cpu);

		runq_unlock(rq, irq);
		if (!queued && !running)
			return;
		if (running) {
			cpu_relax();
			continue;
		}
		thread_set_state(THREAD_BLOCKED);
		(void)sched_switch_until(clock_now() + OFF_CPU_NAP_NS, 0);
		thread_set_state(THREAD_RUNNING);
	}
}

void thread_start(struct thread *t)
{
	assert(t->state == THREAD_NEW);
	uint64_t irq = irq_save();
	t->cpu = balance_choose_new(t);
	struct runq *rq = runq_lock_of(t);

	atomic_store(&t->state, THREAD_RUNNING);
	enqueue(rq, t);
	bool misplaced = !(t->affinity & BIT(rq->cpu)); /* it was changed after the choice */
	if (unlikely(misplaced))
		thread_get(t);
	runq_unlock(rq, irq);
	if (unlikely(misplaced)) {
		sched_push(t);
		thread_put(t);
	}
}

/* First code of every new thread: see context_init(). */
void thread_first_run(void)
{
	finish_switch();
	irq_enable();
}

/* What the timer interrupt does for the running thread, before timers that may ask how long it ran. */
static void look_at_running(struct runq *rq, nsec_t now)
{
	if (rq->current == rq->idle)
		return;
	account_sample(rq, now, irq_from_user());
	if (now >= rq->sample_at) {
		rq->sample_gap = min(2 * rq->sample_gap, (nsec_t)SAMPLE_MOST_NS);
		rq->sample_at = now + rq->sample_gap;
	}
}

/* The timer interrupt: samples the mode, fires timers, ends slices. */
void upcall_timer(void)
{
	struct runq *rq = cpu_local_ptr(runq);
	nsec_t now = clock_now();

	look_at_running(rq, now);
	timer_run(now);
	load_update(now);
	if (cpu_local_read(preempt_count) == 0)
		rcu_quiescent(); /* what was interrupted could have been preempted: it holds nothing of RCU's */
	if (now >= rq->slice_end) {
		if (cpu_online_count > 1 && now >= rq->balance_at) {
			rq->balance_at = now + BALANCE_NS;
			rq->balance_due = true;
		}
		rq->slice_end = INT64_MAX;
		atomic_or(&rq->current->context.work, WORK_RESCHED);
	}
	timer_request_interrupt(min(rq->slice_end, rq->sample_at));
}

void thread_exit(void)
{
	struct thread *t = thread_current();

	assert(t->mmu == NULL);
	lockcheck_nothing_held("exits");
	irq_disable();
	atomic_store(&t->state, THREAD_DEAD);
	switch_away(SLEEPS);
	panic("a dead thread runs: %s", t->name);
}

void sched_init_cpu(void)
{
	struct runq *rq = cpu_local_ptr(runq);
	struct thread *idle = cpu_local_ptr(idle_thread);

	runq_init(rq);
	timer_init_cpu();
	thread_init_idle(idle);
	rq->cpu = cpu_id();
	rq->idle = rq->current = idle;
	idle->run_start = clock_now();
	context_adopt(&idle->context);
}

void sched_init(void)
{
	sched_init_cpu();
	might_sleep_start(); /* from here on there is somebody else to run */
}

/*
 * Preemption stays off while it sleeps, so that an interrupt leaves the switch
 * to the loop, which first takes back what it said to the other processors.
 */
void sched_idle(void)
{
	struct runq *rq = cpu_local_ptr(runq); /* the idle thread never moves */

	for (;;) {
		irq_disable();
		preempt_disable();
		rcu_idle_enter();
		if (cpu_online_count > 1)
			balance_idle_enter(rq);
		if (!(atomic_load(&context_current()->work) & WORK_RESCHED))
			cpu_wait_irq();
		irq_disable();
		if (cpu_online_count > 1)
			balance_idle_leave(rq);
		rcu_idle_exit();
		preempt_enable_no_resched();
		watchdog_idle_leave(atomic_load(&context_current()->work) & WORK_RESCHED);
		if (atomic_load(&context_current()->work) & WORK_RESCHED) {
			balance_pass_on(rq);
			switch_away(PREEMPTED);
		}
		irq_enable();
	}
}
