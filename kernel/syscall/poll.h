/* SPDX-License-Identifier: MIT */
/*
 * syscall/poll.h: the time limit of ppoll, select and pselect: read before the
 * wait, what is left of it written back after.
 */
#ifndef SYSCALL_POLL_H
#define SYSCALL_POLL_H

#include "lib/types.h"

struct poll_call {
	nsec_t deadline;    /* clock_now() time; 0: do not wait; INT64_MAX: for ever */
	uaddr_t timeout;    /* 0: no limit */
	bool microseconds;  /* a timeval, not a timespec */
};

/* 0, -EFAULT, -EINVAL. */
int poll_begin(struct poll_call *c, uaddr_t timeout, bool microseconds);
/* The result of the call from that of the wait. */
int64_t poll_end(const struct poll_call *c, int64_t result);

#endif
