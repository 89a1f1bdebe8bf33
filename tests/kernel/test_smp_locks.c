/* SPDX-License-Identifier: MIT */
/*
 * Locks under pressure from all processors at once: the order of spinlocks, mutexes
 * and reader-writer locks in all their forms, and grace periods with many call-backs.
 */
#include "base/ktest.h"
#include "base/rcu.h"
#include "hal/clock.h"
#include "mem/slab.h"
#include "sched/mutex.h"
#include "sched/timer.h"
#include "sched/work.h"

#define US     1000LL
#define ROUNDS 1500

static struct completion done;
static unsigned left;                    /* atomic: threads that have not ended */
static unsigned wrong;                   /* atomic: what went wrong */

static void leave(void)
{
	if (atomic_dec_and_test(&left))
		completion_signal(&done);
}

/* n threads, one processor after the other, and their end. */
static void run_threads(unsigned n, void (*entry)(void *arg))
{
	completion_init(&done);
	left = n;
	for (unsigned i = 0; i < n; i++)
		check(kthread_create_on(BIT(i % cpu_online_count), "locks", entry, (void *)(uintptr_t)i));
	completion_wait(&done);
}

static uint32_t dice(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static struct spinlock contested = SPINLOCK_INIT(RANK_FILES);
static unsigned came[CPU_MAX], comers;   /* contested */

/* Comes when the lock is held and i others wait. */
static void come_in_order(void *arg)
{
	unsigned i = (unsigned)(uintptr_t)arg;

	while (!atomic_load(&contested.held) || atomic_load(&contested.waiting) != i)
		cpu_relax();
	spin_lock(&contested);
	came[comers++] = i;
	spin_unlock(&contested);
	leave();
}

KTEST(smp_spinlocks_are_handed_over_in_order)
{
	unsigned n = cpu_online_count - 1;
	uint64_t overtaken, before = thread_current()->affinity;

	completion_init(&done);
	left = n;
	comers = 0;
	thread_set_affinity(thread_current(), BIT(n));
	for (unsigned i = 0; i < n; i++)
		check(kthread_create_on(BIT(i), "locks", come_in_order, (void *)(uintptr_t)i));
	spin_lock(&contested);
	while (atomic_load(&contested.waiting) != n)
		cpu_relax();
	overtaken = atomic_load(&spin_overtaken);
	spin_unlock(&contested);
	if (n)
		completion_wait(&done);
	thread_set_affinity(thread_current(), before);
	check_equal(comers, n);
	check_equal(contested.word, 0);
	/* A processor that the host took away for a while is gone around. */
	for (unsigned i = 0; i < n && atomic_load(&spin_overtaken) == overtaken; i++)
		check_equal(came[i], i);
}

static struct mutex m = MUTEX_INIT(m, RANK_SLEEP_LEAF);
static uint64_t under_mutex;             /* m */
static unsigned inside;                  /* atomic */

static bool lock_somehow(uint32_t how)
{
	switch (how % 4) {
	case 0:
		return mutex_trylock(&m);
	case 1:
		return mutex_lock_interruptible(&m) == 0;
	case 2:
		return mutex_lock_killable(&m) == 0;
	default:
		mutex_lock(&m);
		return true;
	}
}

static void work_under_mutex(void *arg)
{
	uint32_t seed = (uint32_t)(uintptr_t)arg + 1;

	for (unsigned i = 0; i < ROUNDS;) {
		uint32_t how = dice(&seed);

		if (!lock_somehow(how))
			continue;
		if (atomic_inc_return(&inside) != 1)
			atomic_inc(&wrong);
		under_mutex++;
		if (how % 64 == 5)
			sched_yield();
		if (how % 256 == 7)
			sleep_until(clock_now() + 20 * US, 0);
		atomic_dec(&inside);
		mutex_unlock(&m);
		i++;
	}
	leave();
}

KTEST(smp_mutexes_exclude_under_pressure)
{
	unsigned n = 2 * cpu_online_count;

	wrong = inside = 0;
	under_mutex = 0;
	run_threads(n, work_under_mutex);
	check_equal(wrong, 0);
	check_equal(under_mutex, (uint64_t)n * ROUNDS);
	check_equal(m.owner, 0);
}

static struct rwsem s = RWSEM_INIT(s, RANK_SLEEP_LEAF);
static volatile uint64_t words[4];       /* s: all the same */
static unsigned readers;                 /* atomic */

static void look(void)
{
	atomic_inc(&readers);
	if (words[0] != words[1] || words[1] != words[2] || words[2] != words[3])
		atomic_inc(&wrong);
	atomic_dec(&readers);
}

static void change(void)
{
	if (atomic_load(&readers) || !rwsem_write_held(&s))
		atomic_inc(&wrong);
	for (unsigned i = 0; i < 4; i++)
		words[i]++;
}

static void read_and_write(void *arg)
{
	uint32_t seed = (uint32_t)(uintptr_t)arg + 77;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t how = dice(&seed);

		if (how % 8 < 5) {
			if (how % 16 >= 5 || !rwsem_read_trylock(&s))
				rwsem_read_lock(&s);
			look();
			if (how % 256 == 3)
				sleep_until(clock_now() + 20 * US, 0);
			rwsem_read_unlock(&s);
			continue;
		}
		if (how % 32 > 7 || !rwsem_write_trylock(&s))
			check(rwsem_write_lock_killable(&s) == 0);
		change();
		if (how % 64 == 6)
			sched_yield();
		if (how % 8 == 7) {
			rwsem_downgrade(&s);
			look();
			rwsem_read_unlock(&s);
		} else {
			rwsem_write_unlock(&s);
		}
	}
	leave();
}

KTEST(smp_rwsems_exclude_under_pressure)
{
	wrong = readers = 0;
	run_threads(2 * cpu_online_count, read_and_write);
	check_equal(wrong, 0);
	check_equal(s.state, 0);
	check(words[0] > 0);
}

/* Uncontended, neither readers nor writers touch the list's lock: held, it does not stop them. */
KTEST(rwsem_uncontended_takes_no_lock)
{
	uint64_t irq;
	bool shared, alone;

	irq = spin_lock_irq(&s.lock);
	shared = rwsem_read_trylock(&s) && rwsem_read_trylock(&s);
	rwsem_read_unlock(&s);
	rwsem_read_unlock(&s);
	alone = rwsem_write_trylock(&s) && !rwsem_read_trylock(&s);
	rwsem_write_unlock(&s);
	spin_unlock_irq(&s.lock, irq);
	check(shared && alone);
	check_equal(s.state, 0);
}

struct record {
	struct rcu_head rcu;
	uint64_t good;
};

#define SLOTS 16
static struct record *slots[SLOTS];      /* atomic, read under RCU */
static unsigned freed, made;             /* atomic */

static void free_record(struct rcu_head *h)
{
	struct record *r = container_of(h, struct record, rcu);

	r->good = 0;
	atomic_inc(&freed);
	kfree(r);
}

static void replace(struct record **slot, bool with_new)
{
	struct record *r = with_new ? kzalloc(sizeof(*r), ALLOC_KERNEL) : NULL, *old;

	if (r) {
		r->good = 0x600d;
		atomic_inc(&made);
	}
	old = atomic_exchange(slot, r);
	if (old)
		rcu_call(&old->rcu, free_record);
}

static void read_and_replace(void *arg)
{
	uint32_t seed = (uint32_t)(uintptr_t)arg + 5;

	for (unsigned i = 0; i < 4 * ROUNDS; i++) {
		struct record **slot = &slots[dice(&seed) % SLOTS], *r;

		if (i % 4 == 0)
			replace(slot, true);
		rcu_read_lock();
		r = rcu_dereference(*slot);
		for (unsigned n = 0; r && n < 5; n++)
			if (READ_ONCE(r->good) != 0x600d)
				atomic_inc(&wrong);
		rcu_read_unlock();
	}
	leave();
}

/* Thousands of call-backs from every processor; each runs once, none while somebody reads. */
KTEST(smp_grace_periods_under_pressure)
{
	nsec_t end;

	wrong = freed = made = 0;
	run_threads(2 * cpu_online_count, read_and_replace);
	for (unsigned i = 0; i < SLOTS; i++)
		replace(&slots[i], false);
	for (end = clock_now() + 20000000 * US; atomic_load(&freed) != made && clock_now() < end;)
		rcu_synchronize();
	check_equal(wrong, 0);
	check_equal(freed, made);
}
