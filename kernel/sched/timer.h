/* SPDX-License-Identifier: MIT */
/*
 * sched/timer.h: timers, per processor, in a tree by deadline. The call-back
 * runs in the timer interrupt (interrupts off, no lock of the timer code held):
 * it wakes, queues or re-arms, and returns.
 */
#ifndef SCHED_TIMER_H
#define SCHED_TIMER_H

#include "lib/rbtree.h"
#include "lib/types.h"

struct timer {
	struct rb_node node;               /* the processor's timer lock */
	nsec_t earliest;                   /* timer lock: clock_now() time it was armed for */
	nsec_t deadline;                   /* timer lock: earliest plus slack */
	void (*fire)(struct timer *t);     /* immutable while armed */
	uint32_t cpu;                      /* timer lock */
	bool armed;                        /* timer lock */
};

void timer_init(struct timer *t, void (*fire)(struct timer *t));
/* Arms, or moves if armed. Fires between when and when + slack. Any context. */
void timer_arm(struct timer *t, nsec_t when, nsec_t slack);
/* True if it was armed and will not fire. It may be firing on another processor. Any context. */
bool timer_cancel(struct timer *t);
/* The same, and its call-back runs nowhere when this returns. Not from the call-back. */
bool timer_cancel_sync(struct timer *t);

/*
 * A periodic timer that was due at expires: the first of its times after now, or INT64_MAX, when no clock
 * gets there. *periods of them, that of expires among them, are over; 0: it is not due.
 */
nsec_t timer_forward(nsec_t expires, nsec_t interval, nsec_t now, nsec_t *periods);

/* This processor's timers, before anything arms one here. */
void timer_init_cpu(void);

/*
 * Interface to the run queues: the timer interrupt is needed at when, for the
 * end of a slice. Interrupts off.
 */
void timer_request_interrupt(nsec_t when);
/* Fires what is due on this processor. From the timer interrupt. */
void timer_run(nsec_t now);

/* Sleeps until clock_now() reaches when, interruptible: 0 or -ERESTARTSYS. */
int sleep_until(nsec_t when, nsec_t slack);

#endif
