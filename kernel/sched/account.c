/* SPDX-License-Identifier: MIT */
/*
 * sched/account.c: where processor time goes: to threads, and to the sums of
 * each processor for /proc/stat. Time is taken at switches; how it splits into
 * user and kernel mode is estimated, for an exact split would read a clock at
 * each system call. A timer interrupt that finds a thread in either mode counts
 * for all that this thread ran since the last one that found it; what came after
 * the last is split as what came before (system_part()). The sums of a processor
 * are sorted by the same interrupts, or when somebody reads them.
 *
 * No sum that was shown goes back: a thread remembers what it showed, and a
 * processor's sums only grow.
 */
#include "hal/clock.h"
#include "sched/runq.h"

static bool is_program(const struct thread *t)
{
	return t->context.xstate != NULL;
}

/* The part of ns that t spent in the kernel. Without a sample a program computes. */
static nsec_t system_part(const struct thread *t, nsec_t ns)
{
	uint64_t in_system = (uint64_t)t->sampled_system, all = in_system + (uint64_t)t->sampled_user;

	if (!is_program(t))
		return ns;
	if (!in_system)
		return 0;
	while (all >> 32) { /* so that the product below fits */
		all >>= 1;
		in_system >>= 1;
	}
	return (nsec_t)((uint64_t)ns / all * in_system + (uint64_t)ns % all * in_system / all);
}

/* Which sum of a processor ran ns of its running thread belong to. */
static void add_times(struct cpu_times *sums, const struct runq *rq, nsec_t ran)
{
	if (rq->current == rq->idle)
		sums->idle += ran;
	else if (!is_program(rq->current))
		sums->system += ran;
	else
		sums->unsorted += ran;
}

/* Sorts what a processor's programs ran since this was done last. */
static void sort_times(struct cpu_times *sums, const struct thread *t, nsec_t in_system)
{
	sums->system += in_system;
	*(t->params.nice > 0 ? &sums->nice : &sums->user) += sums->unsorted - in_system;
	sums->unsorted = 0;
}

/* Counters of two processors may differ by some nanoseconds. */
static nsec_t ran_until(const struct thread *t, nsec_t now)
{
	return max(now - t->run_start, (nsec_t)0);
}

void account_current(struct runq *rq, nsec_t now)
{
	struct thread *t = rq->current;
	nsec_t ran = ran_until(t, now);

	assert_held(&rq->lock);
	t->run_start = now;
	add_times(&rq->times, rq, ran);
	if (t != rq->idle)
		runq_charge(rq, t, ran);
}

void account_sample(struct runq *rq, nsec_t now, bool from_user)
{
	struct thread *t = rq->current;

	spin_lock(&rq->lock);
	account_current(rq, now);
	*(from_user ? &t->sampled_user : &t->sampled_system) += t->runtime - t->sampled_user - t->sampled_system;
	if (is_program(t))
		sort_times(&rq->times, t, from_user ? 0 : rq->times.unsorted);
	spin_release(&rq->lock);
	preempt_enable_no_resched();
}

static nsec_t runtime_locked(const struct runq *rq, const struct thread *t)
{
	return t->runtime + (rq->current == t ? ran_until(t, clock_now()) : 0);
}

nsec_t thread_runtime(struct thread *t)
{
	uint64_t irq = irq_save();
	struct runq *rq = runq_lock_of(t);
	nsec_t ns = runtime_locked(rq, t);

	runq_unlock(rq, irq);
	return ns;
}

void thread_times(struct thread *t, nsec_t *user, nsec_t *system)
{
	uint64_t irq = irq_save();
	struct runq *rq = runq_lock_of(t);
	nsec_t all = max(runtime_locked(rq, t), t->shown_user + t->shown_system);

	t->shown_system = max(t->shown_system, min(system_part(t, all), all - t->shown_user));
	t->shown_user = all - t->shown_system;
	*system = t->shown_system;
	*user = t->shown_user;
	runq_unlock(rq, irq);
}

void thread_get_schedule(struct thread *t, struct thread_schedule *s)
{
	uint64_t irq = irq_save();
	struct runq *rq = runq_lock_of(t);

	if (rq->current == t)
		account_current(rq, clock_now());
	*s = (struct thread_schedule){
		.started = t->run_start, .runtime = t->runtime, .waited = t->waited, .vruntime = t->vruntime,
		.migrations = (int64_t)t->migrations, .weight = t->weight, .policy = t->own.policy,
		.switches_voluntary = t->switches_voluntary, .switches_involuntary = t->switches_involuntary,
		.turns = t->switches_voluntary + t->switches_involuntary + (rq->current == t),
		.priority = runq_priority(&t->params),
	};
	runq_unlock(rq, irq);
}

static void add_cpu(struct runq *rq, struct sched_stats *s)
{
	uint64_t irq = spin_lock_irq(&rq->lock);
	struct cpu_times *times = &rq->times;
	nsec_t idle = rq->current == rq->idle ? ran_until(rq->idle, clock_now()) : 0;

	if (rq->current != rq->idle)
		account_current(rq, clock_now());
	sort_times(times, rq->current, is_program(rq->current) ? system_part(rq->current, times->unsorted) : 0);
	s->switches += rq->switches;
	s->waited += rq->waited;
	s->turns += rq->switches - rq->idle->switches_involuntary;
	s->running += rq->queued;
	s->user += times->user;
	s->nice += times->nice;
	s->system += times->system;
	s->idle += times->idle + idle;
	spin_unlock_irq(&rq->lock, irq);
}

void sched_cpu_stats(unsigned cpu, struct sched_stats *s)
{
	*s = (struct sched_stats){0};
	add_cpu(percpu_of(runq, cpu), s);
}

void sched_stats(struct sched_stats *s)
{
	*s = (struct sched_stats){0};
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		add_cpu(percpu_of(runq, cpu), s);
	load_read(s->load);
	s->threads_created = thread_count_created();
}
