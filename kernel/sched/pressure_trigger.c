/* SPDX-License-Identifier: MIT */
/*
 * sched/pressure_trigger.c: tells when too much time was lost lately. A timer looks ten times a
 * window. What was lost in the window that ends now is estimated as Linux does: all since
 * the last look that was a window ago, and of the window before that the part which still counts,
 * as if it had been lost evenly. The timer's call-back owns those numbers.
 */
#include "hal/clock.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include "sched/pressure.h"
#include "sched/timer.h"
#include "sched/wait.h"

#define LOOKS      10 /* in a window */
#define WINDOW_MIN (500 * 1000UL)
#define WINDOW_MAX (10 * 1000 * 1000UL)

struct pressure_trigger {
	enum pressure_kind kind;   /* immutable, as the next three */
	bool full;
	nsec_t threshold, window;
	struct waitq wait;
	uint32_t event;            /* atomic: 1 since it was reached, until somebody takes it */
	bool ended;                /* atomic: the timer is not armed again */
	struct timer timer;
	nsec_t start, start_total; /* call-back: where the window begins, and the total then */
	nsec_t before;             /* call-back: lost in the window before */
	nsec_t told;               /* call-back: when it was reached last */
};

static nsec_t lost_lately(struct pressure_trigger *t, nsec_t now)
{
	nsec_t total = pressure_total(t->kind, t->full), lost = total - t->start_total, passed = now - t->start;

	if (passed <= t->window)
		return lost + t->before / 1000 * ((t->window - passed) / 1000) / (t->window / 1000) * 1000;
	t->start = now;
	t->start_total = total;
	t->before = lost;
	return lost;
}

static void look(struct timer *timer)
{
	struct pressure_trigger *t = container_of(timer, struct pressure_trigger, timer);
	nsec_t now = clock_now();

	if (lost_lately(t, now) >= t->threshold && now >= t->told + t->window) {
		t->told = now;
		if (!atomic_exchange(&t->event, 1))
			waitq_wake_all(&t->wait);
	}
	if (!atomic_load(&t->ended))
		timer_arm(timer, now + t->window / LOOKS, t->window / LOOKS / LOOKS);
}

int pressure_trigger_create(enum pressure_kind kind, bool full, uint64_t threshold, uint64_t window,
			    struct pressure_trigger **out)
{
	struct pressure_trigger *t;

	if (window < WINDOW_MIN || window > WINDOW_MAX || !threshold || threshold > window)
		return -EINVAL;
	t = kzalloc(sizeof(*t), ALLOC_KERNEL);
	if (!t)
		return -ENOMEM;
	t->kind = kind;
	t->full = full;
	t->threshold = (nsec_t)threshold * 1000;
	t->window = (nsec_t)window * 1000;
	t->start = clock_now();
	t->start_total = pressure_total(kind, full);
	waitq_init(&t->wait);
	timer_init(&t->timer, look);
	timer_arm(&t->timer, t->start + t->window / LOOKS, t->window / LOOKS / LOOKS);
	*out = t;
	return 0;
}

void pressure_trigger_free(struct pressure_trigger *t)
{
	atomic_store(&t->ended, true);
	timer_cancel_sync(&t->timer);
	timer_cancel_sync(&t->timer); /* the call-back may have armed it while the first waited for it */
	kfree(t);
}

struct waitq *pressure_trigger_queue(struct pressure_trigger *t)
{
	return &t->wait;
}

bool pressure_trigger_take(struct pressure_trigger *t)
{
	return atomic_exchange(&t->event, 0);
}
