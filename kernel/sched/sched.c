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
 * Time. There is no periodic tick. The timer interrupt is asked for when a timer
 * is due or, if somebody else waits, when the running thread's slice ends.
 *
 * Not done here: several processors (balancing, picking a processor on waking);
 * the data is per processor already.
 */
#include "base/log.h"
#include "base/panic.h"
#include "base/rcu.h"
#include "hal/clock.h"
#include "hal/irq.h"
#include "mem/kstack.h"
#include "sched/runq.h"
#include "sched/timer.h"
#include <linux/sched.h>

static PERCPU(struct mmu_space *, loaded_space);
static PERCPU(struct thread, idle_thread);

static void load_space(struct mmu_space *mmu)
{
	struct mmu_space *old = cpu_local_read(loaded_space);

	if (likely(mmu == old))
		return;
	/* The bit must be set before the first use, so that a shootdown reaches us. */
	atomic_or(&mmu->cpus, BIT(cpu_id()));
	mmu_switch(mmu->root, mmu->generation);
	if (old)
		atomic_and(&old->cpus, ~BIT(cpu_id()));
	cpu_local_write(loaded_space, mmu);
}

void thread_use_space(struct mmu_space *mmu)
{
	uint64_t irq = irq_save();

	thread_current()->mmu = mmu;
	if (mmu)
		load_space(mmu);
	irq_restore(irq);
}

void mmu_space_forget(struct mmu_space *mmu)
{
	uint64_t irq = irq_save();

	if (cpu_local_read(loaded_space) == mmu) {
		mmu_switch(mmu_kernel_root, 0);
		cpu_local_write(loaded_space, (struct mmu_space *)NULL);
		atomic_and(&mmu->cpus, ~BIT(cpu_id()));
	}
	irq_restore(irq);
	verify(atomic_load(&mmu->cpus) == 0);
}

/* Charges the running thread up to now. */
static void charge_current(struct runq *rq, nsec_t now)
{
	struct thread *t = rq->current;
	nsec_t ran = now - t->run_start;

	t->run_start = now;
	if (t == rq->idle)
		rq->time_idle += ran;
	else
		runq_charge(rq, t, ran);
}

/* A real-time round-robin thread that used its slice goes to the end. */
static bool slice_over(struct thread *t)
{
	if (t->params.policy != SCHED_RR || t->slice_left > 0)
		return false;
	t->slice_left = RR_SLICE_NS;
	return true;
}

static void set_slice(struct runq *rq, struct thread *t, nsec_t now)
{
	if (rq->queued <= 1 || t == rq->idle || t->params.policy == SCHED_FIFO) {
		rq->slice_end = INT64_MAX;
		return;
	}
	rq->slice_end = now + (t->params.policy == SCHED_RR ? t->slice_left : SLICE_NS);
	timer_request_interrupt(rq->slice_end);
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
	struct thread *dead = rq->dead;

	rq->dead = NULL;
	spin_release(&rq->lock);
	preempt_enable_no_resched();
	if (unlikely(dead)) {
		kstack_free(dead->context.stack_top);
		thread_put(dead);
	}
}

/* Takes the running thread off the queue if it sleeps; else puts it back among the waiting. */
static void settle_previous(struct runq *rq, struct thread *prev, bool preempted)
{
	uint32_t state = atomic_load(&prev->state);

	if (prev == rq->idle)
		return;
	if (!preempted && state != THREAD_RUNNING) {
		if (may_sleep_now(prev, state)) {
			prev->queued = false;
			rq->queued--;
			prev->switches_voluntary++;
			if (state == THREAD_DEAD)
				rq->dead = prev;
			return;
		}
		atomic_store(&prev->state, THREAD_RUNNING);
	}
	runq_insert(rq, prev, preempted && !slice_over(prev));
}

static void switch_to(struct runq *rq, struct thread *prev, struct thread *next)
{
	rq->current = next;
	rq->switches++;
	next->on_cpu = 1;
	if (next->mmu)
		load_space(next->mmu);
	context_switch(&prev->context, &next->context);
	/* prev runs again; whoever switched to it left its name in the run queue only. */
}

/* Interrupts off. preempted: the thread did not ask, so its state does not matter. */
static void switch_away(bool preempted)
{
	struct runq *rq = cpu_local_ptr(runq);
	struct thread *prev = rq->current;
	nsec_t now = clock_now();

	preempt_disable();
	spin_acquire(&rq->lock, false);
	atomic_and(&prev->context.work, ~(uint32_t)WORK_RESCHED);
	charge_current(rq, now);
	settle_previous(rq, prev, preempted);
	load_update(now, rq->queued);

	struct thread *next = runq_pick(rq);
	if (next)
		runq_remove(rq, next);
	else
		next = rq->idle;
	next->run_start = now;
	set_slice(rq, next, now);
	rcu_quiescent();
	if (next != prev) {
		if (preempted) {
			prev->switches_involuntary++;
			if (prev->notify_preempted)
				atomic_or(&prev->context.work, WORK_NOTIFY);
		}
		prev->on_cpu = 0;
		switch_to(rq, prev, next);
	}
	finish_switch();
}

void sched_switch(void)
{
	might_sleep();
	uint64_t irq = irq_save();
	switch_away(false);
	irq_restore(irq);
}

void sched_preempt(void)
{
	uint64_t irq = irq_save();

	switch_away(true);
	irq_restore(irq);
}

void sched_yield(void)
{
	uint64_t irq = irq_save();
	struct runq *rq = cpu_local_ptr(runq);

	if (rq->queued > 1) {
		struct thread *t = rq->current;

		/* A fair thread goes behind all that wait now: its deadline moves a slice on. */
		if (!thread_is_rt(t))
			t->deadline += SLICE_NS;
		switch_away(false);
	}
	irq_restore(irq);
}

void upcall_preempt(void)
{
	switch_away(true);
}

/* Locks the run queue that decides about t. */
static struct runq *lock_runq_of(struct thread *t)
{
	for (;;) {
		uint32_t cpu = atomic_load(&t->cpu);
		struct runq *rq = percpu_of(runq, cpu);

		preempt_disable();
		spin_acquire(&rq->lock, false);
		if (likely(atomic_load(&t->cpu) == cpu))
			return rq;
		spin_release(&rq->lock);
		preempt_enable_no_resched();
	}
}

static void unlock_runq(struct runq *rq, uint64_t irq)
{
	spin_release(&rq->lock);
	preempt_enable_no_resched();
	irq_restore(irq);
	if (unlikely(context_current()->work & WORK_RESCHED))
		preempt_check();
}

static void ask_reschedule(struct runq *rq)
{
	atomic_or(&rq->current->context.work, WORK_RESCHED);
	if (rq != cpu_local_ptr(runq))
		cpu_kick(rq->current->cpu);
}

/* t becomes runnable on rq. Lock held. */
static void enqueue(struct runq *rq, struct thread *t)
{
	t->queued = true;
	rq->queued++;
	runq_place(rq, t);
	runq_insert(rq, t, false);
	if (rq->current == rq->idle || runq_preempts(t, rq->current)) {
		ask_reschedule(rq);
	} else if (rq->slice_end == INT64_MAX && rq == cpu_local_ptr(runq)) {
		/* The running thread was alone until now: its slice starts. */
		set_slice(rq, rq->current, clock_now());
	}
}

bool thread_wake_state(struct thread *t, uint32_t mask)
{
	/* The waker's condition must be visible before the state is looked at. */
	atomic_fence();
	if (!(atomic_load(&t->state) & mask))
		return false;

	uint64_t irq = irq_save();
	struct runq *rq = lock_runq_of(t);
	bool woken = false;

	if (atomic_load(&t->state) & mask) {
		woken = true;
		atomic_store(&t->state, THREAD_RUNNING);
		if (!t->queued)
			enqueue(rq, t);
	}
	unlock_runq(rq, irq);
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

void thread_start(struct thread *t)
{
	assert(t->state == THREAD_NEW);
	uint64_t irq = irq_save();
	t->cpu = cpu_id();
	struct runq *rq = lock_runq_of(t);

	/* Starts level with the others, not with half a slice of credit. */
	t->vruntime = max(t->vruntime, rq->min_vruntime);
	atomic_store(&t->state, THREAD_RUNNING);
	enqueue(rq, t);
	unlock_runq(rq, irq);
}

/* First code of every new thread: see context_init(). */
void thread_first_run(void)
{
	finish_switch();
	irq_enable();
}

/* The timer interrupt: samples the mode, fires timers, ends slices. */
void upcall_timer(void)
{
	struct runq *rq = cpu_local_ptr(runq);
	struct thread *t = rq->current;
	nsec_t now = clock_now();

	if (t != rq->idle) {
		if (irq_from_user())
			t->samples_user++;
		else
			t->samples_system++;
	}
	timer_run(now);
	if (now >= rq->slice_end) {
		rq->slice_end = INT64_MAX;
		atomic_or(&t->context.work, WORK_RESCHED);
	} else if (rq->slice_end != INT64_MAX) {
		timer_request_interrupt(rq->slice_end);
	}
}

void thread_exit(void)
{
	struct thread *t = thread_current();

	assert(t->mmu == NULL);
	irq_disable();
	atomic_store(&t->state, THREAD_DEAD);
	switch_away(false);
	panic("a dead thread runs: %s", t->name);
}

void thread_set_params(struct thread *t, const struct sched_params *p)
{
	uint64_t irq = irq_save();
	struct runq *rq = lock_runq_of(t);
	bool waiting = t->queued && rq->current != t;

	if (waiting)
		runq_remove(rq, t);
	t->params = *p;
	t->weight = runq_weight(p);
	t->slice_left = RR_SLICE_NS;
	if (waiting) {
		runq_place(rq, t);
		runq_insert(rq, t, false);
	}
	if (t->queued)
		ask_reschedule(rq);
	unlock_runq(rq, irq);
}

void thread_get_params(struct thread *t, struct sched_params *p)
{
	uint64_t irq = irq_save();
	struct runq *rq = lock_runq_of(t);

	*p = t->params;
	unlock_runq(rq, irq);
}

void thread_set_affinity(struct thread *t, uint64_t mask)
{
	uint64_t irq = irq_save();
	struct runq *rq = lock_runq_of(t);

	t->affinity = mask;
	unlock_runq(rq, irq);
}

nsec_t thread_runtime(struct thread *t)
{
	uint64_t irq = irq_save();
	struct runq *rq = lock_runq_of(t);
	nsec_t ns = t->runtime;

	if (rq->current == t)
		ns += clock_now() - t->run_start;
	unlock_runq(rq, irq);
	return ns;
}

static void cpu_times(struct runq *rq, struct sched_stats *s)
{
	uint64_t irq = spin_lock_irq(&rq->lock);

	s->switches += rq->switches;
	s->running += rq->queued;
	s->user += rq->time_user;
	s->nice += rq->time_nice;
	s->system += rq->time_system;
	s->idle += rq->time_idle;
	if (rq->current == rq->idle)
		s->idle += clock_now() - rq->idle->run_start;
	spin_unlock_irq(&rq->lock, irq);
}

void sched_cpu_stats(unsigned cpu, struct sched_stats *s)
{
	*s = (struct sched_stats){0};
	cpu_times(percpu_of(runq, cpu), s);
}

void sched_stats(struct sched_stats *s)
{
	*s = (struct sched_stats){0};
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		cpu_times(percpu_of(runq, cpu), s);
	load_read(s->load);
	s->threads_created = thread_count_created();
}

void sched_init(void)
{
	struct runq *rq = cpu_local_ptr(runq);
	struct thread *idle = cpu_local_ptr(idle_thread);

	runq_init(rq);
	thread_init_idle(idle);
	rq->idle = rq->current = idle;
	idle->run_start = clock_now();
	context_adopt(&idle->context);
	might_sleep_start(); /* from here on there is somebody else to run */
}

void sched_idle(void)
{
	for (;;) {
		irq_disable();
		if (context_current()->work & WORK_RESCHED)
			switch_away(true);
		else
			cpu_wait_irq();
		irq_enable();
	}
}
