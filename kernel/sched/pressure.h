/* SPDX-License-Identifier: MIT */
/*
 * sched/pressure.h: time lost for want of processors, memory, input and output: see
 * Documentation/accounting/psi of Linux for what the numbers mean.
 */
#ifndef SCHED_PRESSURE_H
#define SCHED_PRESSURE_H

#include "lib/types.h"

enum pressure_kind { PRESSURE_CPU, PRESSURE_IO, PRESSURE_MEMORY };

struct pressure {
	uint64_t average[3]; /* per cent in the last 10, 60, 300 s; 11 bits of fraction */
	nsec_t total;        /* since boot */
};

/* some: at least one thread waited; full: nobody did anything else. */
void pressure_read(enum pressure_kind kind, struct pressure *some, struct pressure *full);

/*
 * Looks at one kind from time to time until it is freed, and notes when in a window of time (half a
 * second to ten) at least threshold was lost: once a window at most. Both in microseconds.
 */
struct pressure_trigger;
struct waitq;
/* 0, -EINVAL (numbers out of range), -ENOMEM. */
int pressure_trigger_create(enum pressure_kind kind, bool full, uint64_t threshold, uint64_t window,
			    struct pressure_trigger **out);
void pressure_trigger_free(struct pressure_trigger *t); /* may sleep */
struct waitq *pressure_trigger_queue(struct pressure_trigger *t); /* woken at each */
bool pressure_trigger_take(struct pressure_trigger *t); /* was there one since the last call? */

/* What was lost so far, up to now. Any context. */
nsec_t pressure_total(enum pressure_kind kind, bool full);

/* The running thread waits for memory from begin to end. Not nested. Any context that may sleep. */
void pressure_memory_begin(void);
void pressure_memory_end(void);

#endif
