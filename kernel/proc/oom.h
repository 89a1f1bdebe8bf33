/* SPDX-License-Identifier: MIT */
/* proc/oom.h: when a program's page cannot be had. */
#ifndef PROC_OOM_H
#define PROC_OOM_H

#include "lib/types.h"

/*
 * Sees to it that a process ends which has much memory, maybe the caller's own, and
 * waits a moment; true also if there is memory by now. False: there is none to choose.
 * Locks held may be those under which memory is allocated. May sleep.
 */
bool oom_make_room(void);

struct process;
/* /proc/PID/oom_score: 0 to 2000. */
uint64_t oom_score(struct process *p);

#endif
