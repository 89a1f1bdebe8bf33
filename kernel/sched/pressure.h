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

/* The running thread waits for memory from begin to end. Not nested. Any context that may sleep. */
void pressure_memory_begin(void);
void pressure_memory_end(void);

#endif
