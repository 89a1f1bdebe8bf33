/* SPDX-License-Identifier: MIT */
/*
 * proc/cpu_clock.c: reading clocks of processor time, and waiting for them.
 *
 * A number is ~pid << 3, plus 4 for a thread's clock, plus what is counted: 0 and 2
 * all of it, 1 what was spent in user mode. Processor time passes at the switches of the
 * scheduler, which knows nothing of these clocks. Who waits for one therefore looks again
 * at the first moment at which it can be due, were all the threads that count running all
 * the time; while none of them runs, every few milliseconds.
 */
#include "proc/cpu_clock.h"
#include "hal/clock.h"
#include "proc/internal.h"
#include <linux/time.h>

#define PER_THREAD 4
#define WHICH_MASK 3
#define VIRTUAL    1
#define NO_CLOCK   3
#define SOONEST    (NSEC_PER_SEC / 20000) /* between two looks */
#define IDLE_LOOK  (NSEC_PER_SEC / 100)   /* while it stands still */
#define TICK       (NSEC_PER_SEC / 250)   /* what Linux says of clocks that it samples */

bool cpu_clock_is(int id)
{
	return id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID || id < 0;
}

static int find_thread(int number, struct cpu_clock *c)
{
	struct task *t = task_find(number);

	if (!t)
		return -EINVAL;
	if (t->process != process_current()) {
		task_put(t);
		return -EINVAL;
	}
	c->thread = t;
	return 0;
}

int cpu_clock_find(int id, bool reading, struct cpu_clock *c)
{
	int number = ~(id >> 3);
	bool thread = id < 0 ? id & PER_THREAD : id == CLOCK_THREAD_CPUTIME_ID;

	*c = (struct cpu_clock){ .user_only = id < 0 && (id & WHICH_MASK) == VIRTUAL };
	if (id < 0 && (id & WHICH_MASK) == NO_CLOCK)
		return -EINVAL;
	if (id < 0 && number && thread)
		return find_thread(number, c);
	if (id < 0 && number && !(reading && number == task_current()->pid->number)) {
		c->process = process_find(number);
		return c->process ? 0 : -EINVAL;
	}
	if (thread)
		c->thread = task_current();
	else
		c->process = process_current();
	cpu_clock_get(c);
	return 0;
}

void cpu_clock_get(const struct cpu_clock *c)
{
	if (c->thread)
		task_get(c->thread);
	if (c->process)
		process_get(c->process);
}

void cpu_clock_put(const struct cpu_clock *c)
{
	if (c->thread)
		task_put(c->thread);
	process_put(c->process);
}

nsec_t cpu_clock_read(const struct cpu_clock *c)
{
	nsec_t user, system;

	if (c->thread && !c->user_only)
		return thread_runtime(&c->thread->thread);
	if (c->thread) {
		thread_times(&c->thread->thread, &user, &system);
	} else {
		uint64_t irq = spin_lock_irq(&c->process->signal_lock);

		process_cpu_times_locked(c->process, &user, &system);
		spin_unlock_irq(&c->process->signal_lock, irq);
	}
	return c->user_only ? user : user + system;
}

nsec_t cpu_clock_resolution(int id)
{
	return id < 0 && (id & WHICH_MASK) < 2 ? TICK : 1;
}

nsec_t cpu_look_at(unsigned threads, nsec_t left, bool idle)
{
	/* Half of all time is for ever too, and can be added to now. */
	nsec_t wait = min(left / max(1u, min(threads, cpu_online_count)), (nsec_t)INT64_MAX / 2);

	return clock_now() + max(wait, (nsec_t)(idle ? IDLE_LOOK : SOONEST));
}

nsec_t cpu_clock_look_at(const struct cpu_clock *c, nsec_t now, nsec_t left, nsec_t seen)
{
	if (c->thread ? READ_ONCE(c->thread->thread.exiting) : READ_ONCE(c->process->zombie))
		return INT64_MAX;
	return cpu_look_at(c->thread ? 1 : READ_ONCE(c->process->thread_count), left, now == seen);
}

int cpu_clock_sleep(const struct cpu_clock *c, nsec_t t)
{
	nsec_t now, seen = -1;

	while ((now = cpu_clock_read(c)) < t) {
		if (thread_interrupted())
			return -ERESTARTSYS;
		thread_set_state(THREAD_SLEEPING);
		sched_switch_until(cpu_clock_look_at(c, now, t - now, seen), 0);
		thread_set_state(THREAD_RUNNING);
		seen = now;
	}
	return 0;
}
