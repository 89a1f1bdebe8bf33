/* SPDX-License-Identifier: MIT */
/*
 * syscall/time.h: the wall clock between time.c and adjtimex.c.
 */
#ifndef SYSCALL_TIME_H
#define SYSCALL_TIME_H

#include "lib/types.h"

/* Sets it for who may, and tells those who wait for a time of it. -EPERM, -EINVAL (before boot). May sleep. */
int wall_clock_set(nsec_t t);

#endif
