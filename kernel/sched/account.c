/* SPDX-License-Identifier: MIT */
/*
 * sched/account.c: where processor time goes: to threads, and to the sums of
 * each processor for /proc/stat. Time is taken at switches; how it splits into
 * user and kernel mode follows from the timer interrupts: a thread's by how many
 * found it in either (see thread_times()), a processor's by what the next one
 * finds. Until then it is in neither sum, so that no sum ever goes back.
 */
#include "hal/clock.h"
#include "sched/runq.h"

/* The part of ns that t spent in the kernel. Without a sample a program computes. */
static nsec_t system_part(const struct thread *t, nsec_t ns)
{
	nsec_t in_system = t->samples_system, all = in_system + t->samples_user;

	if (!t->context.xstate)
		return ns; /* a kernel thread */
	return all ? ns / all * in_system + ns % all * in_system / all : 0;
}

/* Which sum of a processor ran ns of its running thread belong to. */
static void add_times(struct cpu_times *sums, const struct runq *rq, nsec_t ran)
{
	if (rq->current == rq->idle)
		sums->idle += ran;
	else if (!rq->current->context.xstate)
		sums->system += ran;
	else
		sums->unsorted += ran;
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

void account_tick(struct runq *rq, nsec_t now, bool from_user)
{
	struct cpu_times *sums = &rq->times;
	struct thread *t = rq->current;

	spin_lock(&rq->lock);
	account_current(rq, now);
	if (!from_user) {
		t->samples_system++;
		sums->system += sums->unsorted;
	} else {
		t->samples_user++;
		*(t->params.nice > 0 ? &sums->nice : &sums->user) += sums->unsorted;
	}
	sums->unsorted = 0;
	spin_release(&rq->lock);
	preempt_enable_no_resched();
}

nsec_t thread_runtime(struct thread *t)
{
	uint64_t irq = irq_save();
	struct runq *rq = runq_lock_of(t);
	nsec_t ns = t->runtime;

	if (rq->current == t)
		ns += ran_until(t, clock_now());
	runq_unlock(rq, irq);
	return ns;
}

void thread_times(struct thread *t, nsec_t *user, nsec_t *system)
{
	nsec_t total = thread_runtime(t);

	*system = system_part(t, total);
	*user = total - *system;
}

static void add_cpu(struct runq *rq, struct sched_stats *s)
{
	uint64_t irq = spin_lock_irq(&rq->lock);
	struct cpu_times times = rq->times;

	add_times(&times, rq, ran_until(rq->current, clock_now()));
	s->switches += rq->switches;
	s->running += rq->queued;
	spin_unlock_irq(&rq->lock, irq);
	s->user += times.user;
	s->nice += times.nice;
	s->system += times.system;
	s->idle += times.idle;
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
