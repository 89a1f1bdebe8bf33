/* SPDX-License-Identifier: MIT */
/*
 * proc/cpu_clock.h: clocks that tell processor time: CLOCK_PROCESS_CPUTIME_ID,
 * CLOCK_THREAD_CPUTIME_ID, and those whose number names a process or a thread
 * (clock_getcpuclockid(3), pthread_getcpuclockid(3)).
 */
#ifndef PROC_CPU_CLOCK_H
#define PROC_CPU_CLOCK_H

#include "lib/types.h"

struct task;
struct process;

/* One of the two is set, and counted. */
struct cpu_clock {
	struct task *thread;
	struct process *process;
	bool user_only;
};

static inline bool cpu_clock_valid(const struct cpu_clock *c) { return c->thread || c->process; }
/* Whether the number is of this kind at all. */
bool cpu_clock_is(int id);
/* A clock by descriptor, of which there are none here. */
static inline bool cpu_clock_is_device(int id) { return id < 0 && (id & 7) == 3; }
/* -EINVAL: no such clock, or a thread of another process. reading: clock_gettime(2), which takes a thread's number for its process. */
int cpu_clock_find(int id, bool reading, struct cpu_clock *c);
void cpu_clock_get(const struct cpu_clock *c);
void cpu_clock_put(const struct cpu_clock *c);
/* ns. Any context, but not with the process's signal_lock held. */
nsec_t cpu_clock_read(const struct cpu_clock *c);
/* Of clock_getres(2). */
nsec_t cpu_clock_resolution(int id);

/*
 * Nobody counts on the way: who waits for a clock looks at it when it can have come so
 * far at the earliest. This is that clock_now() time, for ns that are left; seen: what
 * the clock showed at the last look, or -1. INT64_MAX: it has stopped for good.
 */
nsec_t cpu_clock_look_at(const struct cpu_clock *c, nsec_t now, nsec_t left, nsec_t seen);
/* The same for a process's clocks as its parts see them. */
nsec_t cpu_look_at(unsigned threads, nsec_t left, bool idle);

/* Sleeps until the clock shows t: 0 or -ERESTARTSYS. */
int cpu_clock_sleep(const struct cpu_clock *c, nsec_t t);

#endif
