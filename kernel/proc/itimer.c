/* SPDX-License-Identifier: MIT */
/*
 * proc/itimer.c: ITIMER_REAL (alarm(2), setitimer(2)): one timer a process that
 * sends SIGALRM from its interrupt. A periodic one rests until that signal is taken,
 * and is armed again then, for the next time on from when it was due, so that it does not
 * drift: however short the interval, a program that blocks the signal keeps nobody busy.
 * One whose signal is ignored rests for good, as on Linux. signal_lock guards it.
 */
#include "hal/clock.h"
#include "proc/aio.h"
#include "proc/internal.h"
#include "proc/itimer.h"

void itimer_real_fire(struct timer *t)
{
	struct process *p = container_of(t, struct process, real_timer);
	nsec_t now = clock_now();
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	/* Set anew or switched off while this call-back waited for the lock. */
	if (!p->real_expires || p->real_expires > now || p->real_resting) {
		spin_unlock_irq(&p->signal_lock, irq);
		return;
	}
	signal_send_locked(p, NULL, SIGALRM, NULL);
	p->real_resting = p->real_interval != 0;
	if (!p->real_resting)
		p->real_expires = 0;
	spin_unlock_irq(&p->signal_lock, irq);
}

/* The next time that lies ahead: however late this is, none is made up for. */
void itimer_real_signal_taken(struct process *p)
{
	nsec_t periods, after = timer_goes_on_after(clock_now(), p->real_interval);

	assert_held(&p->signal_lock);
	if (!p->real_resting)
		return;
	p->real_resting = false;
	p->real_expires = timer_forward(p->real_expires, p->real_interval, after, &periods);
	timer_arm(&p->real_timer, p->real_expires, 0);
}

static void read_locked(struct process *p, nsec_t *left, nsec_t *interval)
{
	nsec_t now = clock_now();

	*interval = p->real_interval;
	*left = p->real_expires && !p->real_resting ? max(p->real_expires - now, (nsec_t)1) : 0;
}

void itimer_real_get(nsec_t *left, nsec_t *interval)
{
	struct process *p = process_current();
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	read_locked(p, left, interval);
	spin_unlock_irq(&p->signal_lock, irq);
}

void itimer_real_set(nsec_t value, nsec_t interval, nsec_t *old_left, nsec_t *old_interval)
{
	struct process *p = process_current();
	nsec_t now = clock_now();
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	read_locked(p, old_left, old_interval);
	/* A call-back that runs now on another processor waits for our lock, then finds that it is not due. */
	timer_cancel(&p->real_timer);
	p->real_resting = false;
	p->real_interval = value ? interval : 0;
	p->real_expires = value ? (value > INT64_MAX - now ? INT64_MAX : now + value) : 0;
	if (p->real_expires)
		timer_arm(&p->real_timer, p->real_expires, 0);
	spin_unlock_irq(&p->signal_lock, irq);
}

void process_timers_exit(struct process *p)
{
	timer_cancel_sync(&p->real_timer); /* even if its call-back armed it again */
	cpu_timer_end(p);
	posix_timers_exit(p);
	aio_exit(p);
}
