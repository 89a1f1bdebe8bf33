/* SPDX-License-Identifier: MIT */
/*
 * The core of read-copy-update.
 *
 * Idea. A grace period is a number. Period n begins when `current` becomes n and
 * a bit for each online processor is set in `waiting`; a processor clears its
 * bit when it passes a quiescent state and sees the new number; the period is
 * over, and `completed` becomes n, when the last bit goes. Readers run with
 * preemption off, so a processor that was quiescent after the period began
 * holds no reference from before it.
 *
 * A callback waits for the period after the current one, whether or not the
 * current one is over: that one surely began after the object was unpublished.
 * Each processor keeps its callbacks in one queue, in order of their periods,
 * so the ones that are due are always at its head.
 *
 * Locking. `lock` guards the beginning and the end of periods. The numbers are
 * read without it. The queue of a processor is its own, with interrupts off.
 *
 * Idle processors. An idle processor may sleep without a timer, so it says so
 * (rcu_idle_enter); whoever starts a period wakes it with an inter-processor
 * interrupt, and it passes a quiescent state on its way back to sleep.
 *
 * Not done: readers that may be preempted, and a tree of masks for hundreds of
 * processors.
 */
#include "base/rcu.h"
#include "base/spinlock.h"

static struct {
	struct spinlock lock;
	uint64_t current;   /* atomic; written under lock: the latest period that began */
	uint64_t completed; /* atomic; written under lock: the latest that is over */
	uint64_t wanted;    /* atomic: somebody waits for this period */
	uint64_t waiting;   /* atomic: processors that have not reported in the current period */
	void (*wakeup)(bool urgent); /* immutable once set */
} rcu = { .lock = SPINLOCK_INIT(RANK_RCU) };

struct rcu_queue {
	struct rcu_head *first;  /* owner: this processor, interrupts off */
	struct rcu_head *last;   /* the same; meaningless while the queue is empty */
	uint32_t length;         /* the same: callbacks that wait */
	uint64_t reported;       /* the same: the latest period it reported in */
	uint64_t due;            /* written by this processor, read by all: period of the first; 0 if none */
	bool idle;               /* the same */
};
static PERCPU(struct rcu_queue, rcu_queue);

/*
 * Callbacks are run in batches, since each batch costs a switch or two: a few
 * milliseconds after the first one came, or at once when this many wait.
 */
#define BATCH 256

_Static_assert(CPU_MAX <= 64, "rcu.waiting has a bit for each processor");

static bool queue_is_due(const struct rcu_queue *q)
{
	uint64_t due = atomic_load(&q->due);

	return due && due <= atomic_load_acquire(&rcu.completed);
}

/* Interrupts the idle processors that choose() wants to look at the new state of affairs. */
static void kick_idle(bool (*choose)(const struct rcu_queue *q))
{
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		const struct rcu_queue *q = percpu_of(rcu_queue, cpu);

		if (cpu != cpu_id() && atomic_load(&q->idle) && choose(q))
			cpu_kick(cpu);
	}
}

static bool queue_must_report(const struct rcu_queue *q)
{
	return atomic_load(&q->reported) != atomic_load(&rcu.current);
}

/* Begins the next period if one is wanted and none is running. */
static void period_begin(void)
{
	unsigned n = cpu_online_count;

	assert_held(&rcu.lock);
	if (rcu.current != rcu.completed || atomic_load(&rcu.wanted) <= rcu.completed)
		return;
	atomic_store(&rcu.waiting, n == 64 ? UINT64_MAX : BIT(n) - 1);
	atomic_store_release(&rcu.current, rcu.current + 1);
	atomic_fence(); /* against rcu_idle_enter(): it sees the period, or we see it idle */
	kick_idle(queue_must_report);
}

static void period_end(void)
{
	assert_held(&rcu.lock);
	if (rcu.current == rcu.completed || atomic_load(&rcu.waiting) != 0)
		return;
	atomic_store_release(&rcu.completed, rcu.current);
	atomic_fence();
	kick_idle(queue_is_due);
	period_begin();
}

void rcu_call(struct rcu_head *h, void (*callback)(struct rcu_head *h))
{
	uint64_t irq = irq_save(), wanted;
	struct rcu_queue *q = cpu_local_ptr(rcu_queue);
	bool was_empty = !q->first, urgent;

	atomic_fence(); /* the object was unpublished before we look at the period */
	*h = (struct rcu_head){ .callback = callback, .period = atomic_load(&rcu.current) + 1 };
	if (was_empty) {
		q->first = h;
		atomic_store(&q->due, h->period);
	} else {
		q->last->next = h;
	}
	q->last = h;
	wanted = atomic_load(&rcu.wanted);
	while (wanted < h->period && !atomic_compare_exchange(&rcu.wanted, &wanted, h->period))
		;
	urgent = ++q->length == BATCH;
	if ((was_empty || urgent) && rcu.wakeup)
		rcu.wakeup(urgent);
	irq_restore(irq);
}

/* Tells the running period that this processor has been quiescent in it. */
static void report(struct rcu_queue *q)
{
	uint64_t bit = BIT(cpu_id()), irq = irq_save();

	atomic_store(&q->reported, atomic_load_acquire(&rcu.current));
	if (atomic_fetch_and(&rcu.waiting, ~bit) == bit) {
		uint64_t inner = spin_lock_irq(&rcu.lock);

		period_end();
		spin_unlock_irq(&rcu.lock, inner);
	}
	irq_restore(irq);
}

/* The first who passes here with a wish and no period running begins one. */
static void begin_wanted(void)
{
	uint64_t irq = spin_lock_irq(&rcu.lock);

	period_begin();
	spin_unlock_irq(&rcu.lock, irq);
}

void rcu_quiescent(void)
{
	struct rcu_queue *q = cpu_local_ptr(rcu_queue);
	uint64_t current = atomic_load_acquire(&rcu.current);

	if (unlikely(atomic_load(&rcu.wanted) > current && current == atomic_load(&rcu.completed))) {
		begin_wanted();
		current = atomic_load_acquire(&rcu.current);
	}
	if (unlikely(q->reported != current))
		report(q);
}

void rcu_idle_enter(void)
{
	struct rcu_queue *q = cpu_local_ptr(rcu_queue);

	atomic_store(&q->idle, true);
	atomic_fence(); /* against period_begin() */
	rcu_quiescent();
}

void rcu_hurry(void)
{
	uint64_t waiting = atomic_load(&rcu.waiting) & ~BIT(cpu_id());

	for (; waiting; waiting &= waiting - 1)
		cpu_kick((unsigned)__builtin_ctzl(waiting));
}

void rcu_idle_exit(void)
{
	atomic_store(&cpu_local_ptr(rcu_queue)->idle, false);
}

bool rcu_pending(void)
{
	const struct rcu_queue *q = cpu_local_ptr(rcu_queue);
	uint64_t current = atomic_load(&rcu.current);

	return queue_is_due(q) || atomic_load(&q->reported) != current ||
	       (atomic_load(&rcu.wanted) > current && current == atomic_load(&rcu.completed));
}

/* Takes the first callback that is due off this processor's queue. */
static struct rcu_head *queue_take(void)
{
	uint64_t irq = irq_save();
	struct rcu_queue *q = cpu_local_ptr(rcu_queue);
	struct rcu_head *h = NULL;

	if (queue_is_due(q)) {
		h = q->first;
		q->first = h->next;
		q->length--;
		atomic_store(&q->due, q->first ? q->first->period : 0);
	}
	irq_restore(irq);
	return h;
}

bool rcu_run_callbacks(void)
{
	struct rcu_head *h;

	might_sleep();
	do {
		preempt_disable();
		rcu_quiescent(); /* of the two periods that may pass: the running one, */
		rcu_quiescent(); /* and the one that the queue waits for */
		preempt_enable();
		while ((h = queue_take()))
			h->callback(h);
	} while (queue_is_due(cpu_local_ptr(rcu_queue)));
	return atomic_load(&cpu_local_ptr(rcu_queue)->due) != 0;
}

uint64_t rcu_waiting(uint64_t *period)
{
	*period = atomic_load(&rcu.current);
	return *period == atomic_load(&rcu.completed) ? 0 : atomic_load(&rcu.waiting);
}

void rcu_set_wakeup(void (*wakeup)(bool urgent))
{
	rcu.wakeup = wakeup;
}
