/* SPDX-License-Identifier: MIT */
/*
 * sched/watchdog.h: reports a processor that does not schedule or takes no
 * interrupts, a thread that sleeps uninterruptibly for minutes, and a grace
 * period that does not end; see sched/watchdog.c.
 */
#ifndef SCHED_WATCHDOG_H
#define SCHED_WATCHDOG_H

#include "lib/types.h"

/*
 * Settings, written by anybody at any time (/proc/sys/kernel, command line).
 * watchdog_period: ns between two looks; 0: no looks. Interrupts off for two of
 * them, or nothing scheduled for four, is reported.
 */
extern nsec_t watchdog_period;
extern nsec_t watchdog_hung_after;   /* ns of uninterruptible sleep; 0: not looked for */
extern uint32_t watchdog_panics;     /* 1: panic after reporting a processor, 2: a thread */

/* Reports made since boot. */
struct watchdog_counts {
	uint32_t soft, hard, hung, stalls; /* atomic */
	uint32_t looks;                    /* atomic: the same, of all watchers together */
};
extern struct watchdog_counts watchdog_counts;

/* Reads watchdog_thresh=, nowatchdog, hung_task_timeout_secs= and the panics; once, with workers running. */
void watchdog_start(void);

/* Sets watchdog_period, from now on. Thread context, interrupts on. */
void watchdog_set_period(nsec_t period);

/* A bit for each watcher whose timer is armed; what it is when nothing is to do. */
extern uint32_t watchdog_armed, watchdog_all;
void watchdog_wake(bool busy);

/* An idle processor woke; busy: it has something to run, so somebody is to watch it. Interrupts off. */
static inline void watchdog_idle_leave(bool busy)
{
	if (unlikely(__atomic_load_n(&watchdog_armed, __ATOMIC_RELAXED) != watchdog_all))
		watchdog_wake(busy);
}

#endif
