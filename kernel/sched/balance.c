/* SPDX-License-Identifier: MIT */
/*
 * sched/balance.c: on which processor a thread runs.
 *
 * Idea. A thread that wakes goes back to its last processor if that idles, else
 * to an idle one, else to its last one; a new thread goes to an idle processor
 * or the one with the fewest threads. A processor that has nothing to do pulls
 * a waiting thread from the longest queue before it sleeps. One on which threads
 * take turns compares itself, at the end of a slice now and then, with the least
 * loaded one, and moves a thread there if that makes neither worse off: the one
 * that has been here longest, so that three threads on two processors go round
 * and each gets two thirds. A real-time thread that must make room is sent where
 * it is the most urgent.
 *
 * The bits of idle_cpus say which processors sleep or are about to. A processor
 * sets its bit and then looks through the queues; who queues a thread behind a
 * busy one looks for idle ones afterwards and wakes one. So either of them sees
 * the other, and no thread waits while a processor that it may use sleeps.
 * Whoever sends a thread to an idle processor clears its bit, so that two do
 * not choose the same one.
 *
 * So whatever makes a thread wait offers it: being queued behind another, moved
 * there, preempted, passed over when the processor leaves idling, or given more
 * processors. An offer says on whom it counts (runq.offered). Should that one find
 * something else to run, it makes the offers again that others may have made to it
 * alone. tests/models/migrate.pml tries every order of these steps.
 *
 * Moving. thread.cpu changes with the locks of both run queues held, taken in
 * the order of their numbers, and only for a thread that is asleep or waits: its
 * registers are saved, because a run queue's lock is held over the switch. A
 * thread that runs where its affinity does not let it is sent away by its own
 * processor once that has switched to another one (finish_switch).
 */
#include "base/panic.h"
#include "hal/clock.h"
#include "sched/runq.h"

#define LOOK_MAX 32 /* of a queue, threads to choose among */

static uint64_t idle_cpus; /* atomic */

static void lock_two(struct runq *a, struct runq *b)
{
	preempt_disable();
	spin_acquire(a->cpu < b->cpu ? &a->lock : &b->lock, 0);
	spin_acquire(a->cpu < b->cpu ? &b->lock : &a->lock, LOCK_NESTED);
}

static void unlock_one(struct runq *rq)
{
	spin_release(&rq->lock);
}

static void unlock_two(struct runq *a, struct runq *b)
{
	unlock_one(a);
	unlock_one(b);
	preempt_enable_no_resched();
}

/* t has left from and not joined to. Both locked. */
static void change_home(struct runq *to, struct thread *t)
{
	atomic_store(&t->cpu, to->cpu);
	t->moved = clock_now();
	t->migrations++;
	if (t->notify_preempted)
		atomic_or(&t->context.work, WORK_NOTIFY);
}

/* t waits in from. Both locked. It keeps its lag and what was left of its slice. */
static void migrate(struct runq *from, struct runq *to, struct thread *t)
{
	int64_t left = t->deadline - t->vruntime;

	assert(t->queued && from->current != t && atomic_load(&t->on_cpu) == 0);
	if (from->current != from->idle)
		account_current(from, clock_now());
	runq_remove(from, t);
	runq_leave(from, t);
	from->queued--;
	runq_note_crowd(from, clock_now());
	change_home(to, t);
	to->queued++;
	runq_join(to, t);
	t->deadline = min(t->deadline, t->vruntime + left);
	runq_insert(to, t, false);
	sched_joined(to, t);
	if (to->queued > 1)
		balance_offer(t);
}

static uint64_t allowed_cpus(const struct thread *t)
{
	uint64_t allowed = t->affinity & cpu_all();

	return allowed ? allowed : cpu_all();
}

/* An idle processor among those allowed, cpu before others, taken so that nobody else sends work there; CPU_MAX if none. */
static unsigned take_idle(uint64_t allowed, unsigned cpu)
{
	uint64_t idle;

	while ((idle = atomic_load(&idle_cpus) & allowed)) {
		if (!(idle & BIT(cpu)))
			cpu = (unsigned)__builtin_ctzl(idle);
		if (atomic_fetch_and(&idle_cpus, ~BIT(cpu)) & BIT(cpu))
			return cpu;
	}
	return CPU_MAX;
}

/* Where a real-time thread runs at once: on cpu rather than others; cpu too if it must wait everywhere. */
static unsigned choose_urgent(const struct thread *t, uint64_t allowed, unsigned cpu)
{
	if (atomic_load(&percpu_of(runq, cpu)->urgency) < t->params.priority)
		return cpu;
	for (; allowed; allowed &= allowed - 1) {
		unsigned other = (unsigned)__builtin_ctzl(allowed);

		if (atomic_load(&percpu_of(runq, other)->urgency) < t->params.priority)
			return other;
	}
	return cpu;
}

static unsigned choose_waking(const struct thread *t)
{
	uint64_t allowed = allowed_cpus(t);
	unsigned last = t->cpu, cpu = take_idle(allowed, last);

	if (cpu != CPU_MAX)
		return cpu;
	if (!(allowed & BIT(last)))
		last = (unsigned)__builtin_ctzl(allowed);
	return thread_is_rt(t) ? choose_urgent(t, allowed, last) : last;
}

unsigned balance_choose_new(const struct thread *t)
{
	uint64_t allowed = allowed_cpus(t);
	unsigned best = cpu_id(), cpu;

	if (cpu_online_count == 1)
		return 0;
	cpu = take_idle(allowed, best);
	if (cpu != CPU_MAX)
		return cpu;
	if (!(allowed & BIT(best)))
		best = (unsigned)__builtin_ctzl(allowed);
	for (; allowed; allowed &= allowed - 1) {
		cpu = (unsigned)__builtin_ctzl(allowed);
		if (atomic_load(&percpu_of(runq, cpu)->queued) < atomic_load(&percpu_of(runq, best)->queued))
			best = cpu;
	}
	return best;
}

struct runq *balance_waking(struct runq *rq, struct thread *t)
{
	for (;;) {
		struct runq *to = percpu_of(runq, choose_waking(t));

		assert_held(&rq->lock);
		if (to == rq)
			return rq;
		/* Meanwhile nobody else queues t, for its state says that it runs; but its affinity may change. */
		unlock_one(rq);
		preempt_enable_no_resched();
		lock_two(rq, to);
		if (likely(allowed_cpus(t) & BIT(to->cpu))) {
			change_home(to, t);
			unlock_one(rq);
			return to;
		}
		unlock_one(to);
		cpu_kick(to->cpu); /* it idles, and we took its bit */
	}
}

/* Either we see that it idles no more, or it sees the offer when it leaves. */
static bool offer_to(unsigned cpu)
{
	(void)atomic_exchange(&percpu_of(runq, cpu)->offered, true);
	if (!(atomic_load(&idle_cpus) & BIT(cpu)))
		return false;
	cpu_kick(cpu);
	return true;
}

void balance_offer(const struct thread *t)
{
	uint64_t idle;

	atomic_fence(); /* t is in the queue before we look who is idle */
	while ((idle = atomic_load(&idle_cpus) & t->affinity))
		if (offer_to((unsigned)__builtin_ctzl(idle)))
			return;
}

static bool at_most_one(const struct rb_root *waiting)
{
	return !waiting->node || (!waiting->node->left && !waiting->node->right);
}

/*
 * All that wait in a locked queue, without looking at each: every idle processor that
 * one of them may use is told, since the one that each takes may be another's only one.
 */
static void offer_waiting(struct runq *rq)
{
	const struct rb_root *rt = &rq->rt_movable, *fair = &rq->fair.waiting;
	uint64_t wanted = runq_wanted_cpus(rt) | runq_wanted_cpus(fair), idle;
	bool several = !at_most_one(rt) || !at_most_one(fair) || (!rb_empty(rt) && !rb_empty(fair));

	atomic_fence(); /* as in balance_offer() */
	while ((idle = atomic_load(&idle_cpus) & wanted)) {
		unsigned cpu = (unsigned)__builtin_ctzl(idle);

		if (offer_to(cpu) && !several)
			return;
		wanted &= ~BIT(cpu);
	}
}

void balance_left_behind(struct runq *rq, const struct thread *prev)
{
	assert_held(&rq->lock);
	if (prev->queued)
		balance_offer(prev);
	else if (prev == rq->idle)
		offer_waiting(rq);
}

void balance_pass_on(struct runq *rq)
{
	if (likely(!atomic_load(&rq->offered)))
		return;
	(void)atomic_exchange(&rq->offered, false);
	for (uint64_t cpus = cpu_all(); cpus && atomic_load(&idle_cpus); cpus &= cpus - 1) {
		struct runq *other = percpu_of(runq, (unsigned)__builtin_ctzl(cpus));

		if (atomic_load(&other->queued) < 2)
			continue;
		preempt_disable();
		spin_acquire(&other->lock, false);
		offer_waiting(other);
		unlock_one(other);
		preempt_enable_no_resched();
	}
}

/*
 * t waits where it may stay after all; its processor passed it over, and perhaps went idle.
 * Or it runs by now: where it may not, its processor sends it away.
 */
static void stay(struct thread *t)
{
	struct runq *rq = runq_lock_of(t);

	if (rq->current == t) {
		if (!(t->affinity & BIT(rq->cpu)))
			sched_ask_reschedule(rq);
	} else if (t->queued) {
		sched_joined(rq, t);
		if (rq->queued > 1)
			balance_offer(t);
	}
	unlock_one(rq);
	preempt_enable_no_resched();
}

/* Moves t if it waits where it may not be, or for something more urgent. False: it was moved by somebody else meanwhile. */
static bool push_to(struct runq *from, struct runq *to, struct thread *t)
{
	bool here, moved = false;

	lock_two(from, to);
	here = atomic_load(&t->cpu) == from->cpu;
	if (here && t->queued && from->current != t && (!(t->affinity & BIT(from->cpu)) || thread_is_rt(t))) {
		migrate(from, to, t);
		moved = true;
	}
	unlock_two(from, to);
	if (!moved) {
		cpu_kick(to->cpu); /* if it idles, we took its bit */
		stay(t);
	}
	return here;
}

void balance_push(struct thread *t)
{
	struct runq *from, *to;

	do {
		from = percpu_of(runq, atomic_load(&t->cpu));
		to = percpu_of(runq, choose_waking(t));
		if (from == to) {
			stay(t);
			return;
		}
	} while (!push_to(from, to, t));
}

/* Of the waiting fair threads of rq, one no heavier than most that was here longest; NULL if none is found soon. */
static struct thread *find_resident(struct runq *rq, unsigned cpu, int64_t most)
{
	struct thread *t, *best = NULL;
	unsigned looked = 0;

	for (struct rb_node *n = rb_first(&rq->fair.waiting); n && looked < LOOK_MAX; n = rb_next(n), looked++) {
		t = rb_entry(n, struct thread, run_node);
		if ((t->affinity & BIT(cpu)) && t->weight <= most && (!best || t->moved < best->moved))
			best = t;
	}
	return best;
}

/* Processors that any of the waiting fair threads may use. */
static uint64_t wanted_cpus(struct runq *rq)
{
	uint64_t wanted;

	preempt_disable();
	spin_acquire(&rq->lock, 0);
	wanted = runq_wanted_cpus(&rq->fair.waiting);
	unlock_one(rq);
	preempt_enable_no_resched();
	return wanted;
}

/* Of the wanted processors the one with the least load, from the next one on; CPU_MAX if all have real-time work. */
static unsigned find_lightest(unsigned self, uint64_t wanted)
{
	unsigned best = CPU_MAX, cpu = self;
	int64_t least = INT64_MAX;

	for (unsigned i = 1; i < cpu_online_count; i++) {
		struct runq *rq;

		cpu = cpu + 1 < cpu_online_count ? cpu + 1 : 0;
		rq = percpu_of(runq, cpu);
		if (!(wanted & BIT(cpu)) || atomic_load(&rq->urgency) > 0 || atomic_load(&rq->fair.load) >= least)
			continue;
		least = atomic_load(&rq->fair.load);
		best = cpu;
	}
	return best;
}

void balance_even(struct runq *rq)
{
	unsigned cpu = find_lightest(rq->cpu, wanted_cpus(rq));
	struct runq *to = cpu == CPU_MAX ? NULL : percpu_of(runq, cpu);
	struct thread *t;

	if (!to || atomic_load(&to->fair.load) >= atomic_load(&rq->fair.load))
		return;
	lock_two(rq, to);
	t = find_resident(rq, cpu, rq->fair.load - to->fair.load);
	if (t)
		migrate(rq, to, t);
	unlock_two(rq, to);
}

static bool pull_from(struct runq *from, struct runq *to)
{
	struct thread *t;

	lock_two(from, to);
	t = from->queued > 1 ? runq_first_movable(from, to->cpu) : NULL;
	if (t)
		migrate(from, to, t);
	unlock_two(from, to);
	return t != NULL;
}

/* The processor with most threads, two at least, among those in the mask; CPU_MAX if none. */
static unsigned find_busiest(uint64_t among)
{
	unsigned best = CPU_MAX, most = 1;

	for (; among; among &= among - 1) {
		unsigned cpu = (unsigned)__builtin_ctzl(among);
		unsigned queued = atomic_load(&percpu_of(runq, cpu)->queued);

		if (queued > most) {
			most = queued;
			best = cpu;
		}
	}
	return best;
}

static void look_for_work(struct runq *rq)
{
	uint64_t others = cpu_all() & ~BIT(rq->cpu);
	unsigned cpu;

	while (atomic_load(&rq->queued) == 0 && (cpu = find_busiest(others)) != CPU_MAX) {
		if (pull_from(percpu_of(runq, cpu), rq))
			return;
		others &= ~BIT(cpu);
	}
}

void balance_idle_enter(struct runq *rq)
{
	bool asked = atomic_load(&rq->offered) && atomic_exchange(&rq->offered, false);

	if (!(atomic_load(&idle_cpus) & BIT(rq->cpu)))
		atomic_or(&idle_cpus, BIT(rq->cpu));
	atomic_fence(); /* the bit is set before we look through the queues */
	look_for_work(rq);
	if (asked && atomic_load(&rq->queued))
		atomic_store(&rq->offered, true); /* we may not have looked everywhere */
}

void balance_idle_leave(struct runq *rq)
{
	if (atomic_load(&idle_cpus) & BIT(rq->cpu))
		atomic_and(&idle_cpus, ~BIT(rq->cpu));
}
