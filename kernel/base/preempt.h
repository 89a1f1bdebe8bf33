/* SPDX-License-Identifier: MIT */
/*
 * base/preempt.h: the preemption count of this processor. While it is not zero
 * the running thread is not switched away from, and an RCU grace period cannot
 * end on this processor. The scheduler saves and restores nothing: a switch
 * happens only at count zero plus its own one.
 */
#ifndef BASE_PREEMPT_H
#define BASE_PREEMPT_H

#include "base/percpu.h"
#include "hal/upcall.h"
#include "lib/atomic.h"

DECLARE_PERCPU(uint32_t, preempt_count);

/* Debug builds: where preemption went off on this processor, and how many RCU read sections are open. */
#if CONFIG_DEBUG
DECLARE_PERCPU(vaddr_t, preempt_off_at);
DECLARE_PERCPU(uint32_t, rcu_read_depth);
void preempt_note(void);
void rcu_read_note(int change);
/* Logs why sleeping is not allowed here, as far as it is known. */
void preempt_print(void);
#else
#define preempt_note() ((void)0)
#define rcu_read_note(change) ((void)0)
#endif

static inline void preempt_disable(void)
{
	cpu_local_add(preempt_count, 1);
	preempt_note();
	__asm__ volatile("" ::: "memory");
}

/* Without the check for a pending reschedule; for the scheduler and for paths about to schedule. */
static inline void preempt_enable_no_resched(void)
{
	__asm__ volatile("" ::: "memory");
	cpu_local_add(preempt_count, -1);
}

/* Slow half of preempt_enable(): reschedules if interrupts are on and it was asked for. */
void preempt_check(void);

static inline void preempt_enable(void)
{
	preempt_enable_no_resched();
	if (unlikely(atomic_load(&context_current()->work) & WORK_RESCHED))
		preempt_check();
}

/*
 * Debug builds: panics with a backtrace if called where sleeping is not allowed,
 * once might_sleep_start() was called: sched/ does when there are threads to
 * switch between. Before that nothing sleeps, and interrupts are off.
 */
#if CONFIG_DEBUG
void might_sleep_start(void);
void might_sleep_check(const char *file, int line);
#define might_sleep() might_sleep_check(__FILE__, __LINE__)
#else
#define might_sleep_start() ((void)0)
#define might_sleep() ((void)0)
#endif

#endif
