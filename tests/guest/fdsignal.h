/* SPDX-License-Identifier: MIT */
/* fdsignal.h: what a signal about a descriptor (F_SETSIG, F_NOTIFY, leases) said, and how many came. */
#ifndef GUEST_FDSIGNAL_H
#define GUEST_FDSIGNAL_H

#include <signal.h>

static volatile int came, last_fd, last_code;
static volatile long last_band;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	came++;
	last_fd = info->si_fd;
	last_code = info->si_code;
	last_band = info->si_band;
}

#endif
