/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/clock_event.h: the timer behind clock_set_deadline(). The two calls
 * stand around the time in which the TSC is measured, so that both rates come
 * out of one wait.
 */
#ifndef ARCH_X86_CLOCK_EVENT_H
#define ARCH_X86_CLOCK_EVENT_H

#include "lib/types.h"

/* Chooses the timer. tsc_serves: clock_now() follows from the TSC, so deadlines may be told in it. */
void clock_event_begin(bool tsc_serves);
/* Reckons the timer's rate from the TSC's and lets its interrupts through. */
void clock_event_end(uint64_t tsc_hz);
/* The TSC's rate turned out to be another, and the timer's with it. Any processor. */
void clock_event_set_rate(uint64_t tsc_hz);
/* No deadline is set further off than this: the clock must be read now and then. */
void clock_event_limit(nsec_t limit);
bool clock_event_uses_pit(void);
/* Has every processor a timer of its own? Then each but the first lets its interrupts through. */
bool clock_event_every_cpu(void);
void clock_event_init_cpu(void);
const char *clock_event_name(void);

/* Of clock.c: the TSC at a time since boot, rounded up. */
uint64_t clock_tsc_at(nsec_t when);

#endif
