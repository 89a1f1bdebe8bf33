/* SPDX-License-Identifier: MIT */
/*
 * sched/timer.c: timers; see sched/timer.h. Each processor keeps its armed
 * timers in a tree by hard deadline. When the interrupt comes, all timers from
 * the left whose earliest time has passed fire, so that slack gathers several
 * into one interrupt.
 *
 * Writing the machine's timer is dear, so it is written only when something is
 * wanted before the interrupt that is already on its way; an interrupt that finds
 * nothing due asks for the next one.
 */
#include "sched/timer.h"
#include "base/percpu.h"
#include "base/spinlock.h"
#include "hal/clock.h"

struct timer_base {
	struct spinlock lock;          /* rank TIMER */
	struct rb_root_cached timers;  /* lock: by deadline */
	struct timer *firing;          /* lock: whose call-back runs now */
	nsec_t programmed;             /* owner, interrupts off: when the interrupt will come */
};
static PERCPU(struct timer_base, timer_base);

void timer_init_cpu(void)
{
	struct timer_base *b = cpu_local_ptr(timer_base);

	spin_init(&b->lock, RANK_TIMER);
	b->programmed = INT64_MAX;
}

void timer_init(struct timer *t, void (*fire)(struct timer *t))
{
	rb_node_init(&t->node);
	t->fire = fire;
	t->armed = false;
	t->cpu = 0;
}

void timer_request_interrupt(nsec_t when)
{
	struct timer_base *b = cpu_local_ptr(timer_base);

	if (when >= b->programmed)
		return;
	b->programmed = when;
	clock_set_deadline(when);
}

static void insert(struct timer_base *b, struct timer *t)
{
	struct rb_node **link = &b->timers.root.node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (t->deadline < rb_entry(parent, struct timer, node)->deadline) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link(&t->node, parent, link);
	rb_insert_fix_cached(&t->node, &b->timers, leftmost);
	t->armed = true;
}

static void erase(struct timer_base *b, struct timer *t)
{
	rb_erase_cached(&t->node, &b->timers);
	t->armed = false;
}

/* Locks the base that t is, or was last, armed on. Interrupts are off. */
static struct timer_base *lock_base_of(struct timer *t)
{
	for (;;) {
		uint32_t cpu = atomic_load(&t->cpu);
		struct timer_base *b = percpu_of(timer_base, cpu);

		preempt_disable();
		spin_acquire(&b->lock, 0);
		if (likely(atomic_load(&t->cpu) == cpu))
			return b;
		spin_release(&b->lock);
		preempt_enable_no_resched();
	}
}

static void unlock_base(struct timer_base *b)
{
	spin_release(&b->lock);
	preempt_enable_no_resched();
}

/*
 * Locks the base that t is to be armed on, t not armed: this processor's, but
 * the old one while its call-back runs there, which will look at the tree again.
 */
static struct timer_base *lock_base_for_arming(struct timer *t)
{
	for (;;) {
		struct timer_base *b = lock_base_of(t);

		if (t->armed)
			erase(b, t);
		if (b == cpu_local_ptr(timer_base) || b->firing == t)
			return b;
		atomic_store(&t->cpu, cpu_id());
		unlock_base(b);
	}
}

void timer_arm(struct timer *t, nsec_t when, nsec_t slack)
{
	uint64_t irq = irq_save();
	struct timer_base *b = lock_base_for_arming(t);

	t->earliest = when;
	t->deadline = slack > INT64_MAX - when ? INT64_MAX : when + slack;
	insert(b, t);
	if (b == cpu_local_ptr(timer_base))
		timer_request_interrupt(t->deadline);
	unlock_base(b);
	irq_restore(irq);
}

bool timer_cancel(struct timer *t)
{
	uint64_t irq = irq_save();
	struct timer_base *b = lock_base_of(t);
	bool was_armed = t->armed;

	if (was_armed)
		erase(b, t);
	unlock_base(b);
	irq_restore(irq);
	return was_armed;
}

bool timer_cancel_sync(struct timer *t)
{
	for (;;) {
		uint64_t irq = irq_save();
		struct timer_base *b = lock_base_of(t);
		bool was_armed = t->armed, firing = b->firing == t;

		if (was_armed)
			erase(b, t);
		unlock_base(b);
		irq_restore(irq);
		if (!firing)
			return was_armed;
		cpu_relax();
	}
}

nsec_t timer_forward(nsec_t expires, nsec_t interval, nsec_t now, nsec_t *periods)
{
	nsec_t step;

	*periods = now < expires ? 0 : (now - expires) / interval + 1;
	if (__builtin_mul_overflow(*periods, interval, &step) || __builtin_add_overflow(expires, step, &expires))
		return INT64_MAX;
	return expires;
}

void timer_run(nsec_t now)
{
	struct timer_base *b = cpu_local_ptr(timer_base);
	struct rb_node *first;
	nsec_t next = INT64_MAX;

	b->programmed = INT64_MAX;
	preempt_disable();
	spin_acquire(&b->lock, 0);
	while ((first = rb_first_cached(&b->timers))) {
		struct timer *t = rb_entry(first, struct timer, node);

		if (t->earliest > now) {
			next = t->deadline;
			break;
		}
		erase(b, t);
		b->firing = t;
		spin_release(&b->lock);
		t->fire(t);
		spin_acquire(&b->lock, 0);
		b->firing = NULL;
	}
	if (next != INT64_MAX)
		timer_request_interrupt(next);
	unlock_base(b);
}
