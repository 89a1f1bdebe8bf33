/* SPDX-License-Identifier: MIT */
/*
 * sched/wall.c: sleeping until the wall clock shows a time. Such a sleeper is on a
 * list, in one of a few buckets by its address, besides having an ordinary timer: when
 * the clock is set, all are woken and work out anew how long they have to wait. The
 * thread set its state before it comes here, so a wake-up between looking at the clock
 * and falling asleep is not lost.
 */
#include "hal/clock.h"
#include "lib/hash.h"
#include "sched/wait.h"

#define BUCKETS 16

struct wall_bucket {
	struct spinlock lock;  /* rank WALL, interrupts off */
	struct list sleepers;  /* lock: wall_sleeper */
};

struct wall_sleeper {
	struct list link;      /* the bucket's lock */
	struct thread *thread; /* immutable */
};

#define BUCKET_INIT(i) [i] = { SPINLOCK_INIT(RANK_WALL), LIST_INIT(bucket[i].sleepers) }
static struct wall_bucket bucket[BUCKETS] = {
	BUCKET_INIT(0), BUCKET_INIT(1), BUCKET_INIT(2), BUCKET_INIT(3), BUCKET_INIT(4), BUCKET_INIT(5),
	BUCKET_INIT(6), BUCKET_INIT(7), BUCKET_INIT(8), BUCKET_INIT(9), BUCKET_INIT(10), BUCKET_INIT(11),
	BUCKET_INIT(12), BUCKET_INIT(13), BUCKET_INIT(14), BUCKET_INIT(15),
};

bool sched_switch_until_wall(nsec_t wall, nsec_t slack)
{
	struct wall_sleeper s = { .thread = thread_current() };
	struct wall_bucket *b = &bucket[hash_u64((uint64_t)s.thread) % BUCKETS];
	uint64_t irq = spin_lock_irq(&b->lock);
	nsec_t left;

	list_add_tail(&s.link, &b->sleepers);
	spin_unlock_irq(&b->lock, irq);
	left = wall - clock_wall();
	if (left > 0)
		sched_switch_until(left > INT64_MAX - clock_now() ? INT64_MAX - 1 : clock_now() + left, slack);
	else
		thread_set_state(THREAD_RUNNING);
	irq = spin_lock_irq(&b->lock);
	list_del(&s.link);
	spin_unlock_irq(&b->lock, irq);
	return clock_wall() >= wall;
}

void sched_wall_was_set(void)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		struct wall_sleeper *s;
		uint64_t irq = spin_lock_irq(&bucket[i].lock);

		list_for_each_entry(s, &bucket[i].sleepers, link)
			thread_wake(s->thread);
		spin_unlock_irq(&bucket[i].lock, irq);
	}
}
