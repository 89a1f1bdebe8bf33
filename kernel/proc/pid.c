/* SPDX-License-Identifier: MIT */
/*
 * proc/pid.c: numbers and what carries them; see proc/pid.h. The table's lock
 * guards the bitmap of numbers and the hash buckets' writers. Numbers are given
 * in ascending order and start again behind the ones that early daemons have.
 */
#include "proc/pid.h"
#include "base/lockrank.h"
#include "base/spinlock.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include "sched/work.h"

#define HASH_SIZE     1024
#define RESTART_AFTER 300

static struct spinlock table_lock = SPINLOCK_INIT(RANK_PID);
static struct hlist table[HASH_SIZE];                          /* table_lock, RCU */
static struct bitmap numbers;                                  /* table_lock */
static uint64_t numbers_storage[BITMAP_STORAGE_WORDS(PID_LIMIT)];
int32_t pid_end = PID_LIMIT;
static unsigned last;                                          /* table_lock */
static struct kcache *cache;

void pid_init(void)
{
	cache = kcache_create("pid", sizeof(struct pid), 8);
	bitmap_init(&numbers, numbers_storage, PID_LIMIT);
	bitmap_set(&numbers, 0);
}

unsigned pid_last(void)
{
	return READ_ONCE(last);
}

void pid_set_last(unsigned number)
{
	uint64_t irq = spin_lock_irq(&table_lock);

	last = number;
	spin_unlock_irq(&table_lock, irq);
}

static struct hlist *bucket(int number)
{
	return &table[(unsigned)number % HASH_SIZE];
}

/* Table locked. */
static size_t choose(int wanted)
{
	size_t n;

	if (wanted)
		return bitmap_test(&numbers, (size_t)wanted) ? BITMAP_NONE : (size_t)wanted;
	size_t end = (size_t)atomic_load(&pid_end);

	n = last + 1 < end ? bitmap_next_zero(&numbers, last + 1) : end;
	if (n >= end) /* BITMAP_NONE is */
		n = bitmap_next_zero(&numbers, RESTART_AFTER);
	return n < end ? n : BITMAP_NONE;
}

static int try_alloc(int wanted, struct pid **out)
{
	struct pid *p = kcache_alloc(cache, ALLOC_KERNEL | ALLOC_ZERO);
	uint64_t irq;

	if (!p)
		return -ENOMEM;
	refcount_init(&p->refs, 1);
	list_init(&p->group_members);
	list_init(&p->session_members);
	waitq_init(&p->end_wait);

	irq = spin_lock_irq(&table_lock);
	size_t n = choose(wanted);
	if (n == BITMAP_NONE) {
		spin_unlock_irq(&table_lock, irq);
		kcache_free(cache, p);
		return wanted ? -EEXIST : -EAGAIN;
	}
	bitmap_set(&numbers, n);
	if (!wanted)
		last = (unsigned)n;
	p->number = (int)n;
	hlist_add_head(&p->hash, bucket(p->number));
	spin_unlock_irq(&table_lock, irq);
	*out = p;
	return 0;
}

/* Whether number is only waiting for a grace period to be free: what had it is gone. */
static bool is_dying(int number)
{
	struct pid *p;

	rcu_read_lock();
	p = pid_find(number);
	bool dying = !p || (!rcu_dereference(p->task) && !rcu_dereference(p->process) && list_empty(&p->group_members) &&
			    list_empty(&p->session_members));
	rcu_read_unlock();
	return dying;
}

int pid_alloc(int wanted, struct pid **out)
{
	int result = try_alloc(wanted, out);

	for (int i = 0; result == -EEXIST && i < 3 && is_dying(wanted); i++) {
		rcu_synchronize();
		result = try_alloc(wanted, out);
	}
	return result;
}

static void pid_free(struct rcu_head *h)
{
	kcache_free(cache, container_of(h, struct pid, rcu));
}

void pid_put(struct pid *p)
{
	if (!p || !refcount_put(&p->refs))
		return;
	uint64_t irq = spin_lock_irq(&table_lock);
	hlist_del(&p->hash);
	bitmap_clear(&numbers, (size_t)p->number);
	spin_unlock_irq(&table_lock, irq);
	rcu_call(&p->rcu, pid_free);
}

struct pid *pid_find(int number)
{
	struct pid *p;

	hlist_for_each_entry(p, bucket(number), hash) {
		if (p->number == number)
			return p;
	}
	return NULL;
}

void pid_for_each(void (*visit)(struct pid *p, void *arg), void *arg)
{
	for (unsigned i = 0; i < HASH_SIZE; i++) {
		struct pid *p;

		hlist_for_each_entry(p, &table[i], hash)
			visit(p, arg);
	}
}

int pid_next_process(int from)
{
	for (size_t n = (size_t)from;; n++) {
		uint64_t irq = spin_lock_irq(&table_lock);
		n = bitmap_next_one(&numbers, n);
		spin_unlock_irq(&table_lock, irq);
		if (n == BITMAP_NONE)
			return -1;
		rcu_read_lock();
		struct pid *p = pid_find((int)n);
		bool is_process = p && rcu_dereference(p->process);
		rcu_read_unlock();
		if (is_process)
			return (int)n;
	}
}
