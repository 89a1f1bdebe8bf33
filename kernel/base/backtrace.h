/* SPDX-License-Identifier: MIT */
/*
 * base/backtrace.h: call chains with names, into the log. Any context, no locks.
 */
#ifndef BASE_BACKTRACE_H
#define BASE_BACKTRACE_H

#include "base/log.h"
#include "hal/cpu.h"

#define BACKTRACE_MAX 32

/* One line an address. */
void backtrace_print(enum log_level level, const vaddr_t *chain, unsigned n);

/* Of the running thread, from the caller on. */
void backtrace_log(int level);

/* What a processor runs and where: its answer, or that it does not give one. */
void backtrace_cpu(enum log_level level, unsigned cpu);

/* The same of all processors; the caller's own comes first. */
void backtrace_all_cpus(enum log_level level);

#endif
