/* SPDX-License-Identifier: MIT */
/*
 * proc/itimer.h: timers of a process: the real-time interval timer (itimer.c),
 * those of processor time (cpu_timer.c), and POSIX timers (posix_timer.c). Times are ns; 0 means not armed.
 */
#ifndef PROC_ITIMER_H
#define PROC_ITIMER_H

#include "hal/clock.h"
#include "lib/types.h"

struct process;
struct text;

void itimer_real_get(nsec_t *left, nsec_t *interval);
void itimer_real_set(nsec_t value, nsec_t interval, nsec_t *old_left, nsec_t *old_interval);

/* ITIMER_VIRTUAL and ITIMER_PROF. proc/cpu_timer.c */
void itimer_cpu_get(int which, nsec_t *left, nsec_t *interval);
void itimer_cpu_set(int which, nsec_t value, nsec_t interval, nsec_t *old_left, nsec_t *old_interval);
/* RLIMIT_CPU or RLIMIT_RTTIME of p is new: looks when it will be reached. Takes signal_lock. */
void cpu_limit_changed(struct process *p);

/* timer_create(2) and the rest; clock is CLOCK_*. Errors as the man pages. May sleep. */
struct sigevent;
/* The wall clock was set: timers that stand for a time of it are armed anew. */
void posix_timers_clock_was_set(void);
int posix_timer_create(int clock, const struct sigevent *event, int *id);
int posix_timer_delete(int id);
int posix_timer_set(int id, bool absolute, nsec_t value, nsec_t interval, nsec_t *old_left, nsec_t *old_interval);
int posix_timer_get(int id, nsec_t *left, nsec_t *interval);
int posix_timer_overrun(int id);
/* /proc/PID/timers. 0, -ENOMEM. May sleep. */
int posix_timers_show(struct process *p, struct text *x);
void posix_timers_init(struct process *p); /* of a new process */
/* exec and exit delete them all. */
void posix_timers_exit(struct process *p);

/*
 * A timer whose signal was taken now goes on after this. With an interval of a nanosecond it would be due again
 * before the handler has begun, and the program would do nothing but handle signals.
 */
static inline nsec_t timer_goes_on_after(nsec_t now, nsec_t interval)
{
	const nsec_t breath = NSEC_PER_SEC / 20000;

	return interval < breath ? now + breath : now;
}

#endif
