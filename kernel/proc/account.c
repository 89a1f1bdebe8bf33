/* SPDX-License-Identifier: MIT */
/*
 * proc/account.c: what a user has; see proc/account.h. The counts are parts of
 * one word, so that "counts nothing" is one comparison. Whoever brings it to zero
 * looks the account up again under the table's lock: it may count something by
 * then, or be gone by another's hand.
 */
#include "proc/account.h"
#include "base/spinlock.h"
#include "lib/hash.h"
#include "lib/list.h"
#include "mem/slab.h"

#define BUCKETS    64
#define ONE_THREAD  1UL
#define ONE_SIGNAL  (1UL << 20)
#define ONE_MESSAGE (1UL << 44)

struct account {
	struct hlist_node hash; /* table_lock */
	uint32_t uid;           /* immutable */
	uint64_t count;         /* atomic: threads, from bit 20 on signals, from bit 44 on messages with files, and charges */
	uint64_t files;         /* atomic: in those messages */
	uint64_t charged[ACCOUNT_KINDS]; /* atomic */
};

static struct spinlock table_lock = SPINLOCK_INIT(RANK_ACCOUNT);
static struct hlist table[BUCKETS]; /* table_lock */

/* Never found in the table and never at zero: the bare account counts as a thread. */
struct account account_root = { .count = ONE_THREAD };

static struct hlist *bucket_of(uint32_t uid)
{
	return &table[hash_u64(uid) % BUCKETS];
}

static struct account *find_locked(uint32_t uid)
{
	struct account *a;

	assert_held(&table_lock);
	hlist_for_each_entry(a, bucket_of(uid), hash) {
		if (a->uid == uid)
			return a;
	}
	return NULL;
}

static struct account *join_existing(uint32_t uid, struct account *fresh)
{
	uint64_t irq = spin_lock_irq(&table_lock);
	struct account *a = find_locked(uid);

	if (!a && fresh) {
		hlist_add_head(&fresh->hash, bucket_of(uid));
		a = fresh;
	}
	if (a)
		atomic_add(&a->count, ONE_THREAD);
	spin_unlock_irq(&table_lock, irq);
	return a;
}

struct account *account_join(uint32_t uid)
{
	struct account *a, *fresh;

	if (!uid) {
		account_join_same(&account_root);
		return &account_root;
	}
	a = join_existing(uid, NULL);
	if (a)
		return a;
	fresh = kzalloc(sizeof(*fresh), ALLOC_ATOMIC);
	if (!fresh)
		return NULL;
	fresh->uid = uid;
	a = join_existing(uid, fresh);
	if (a != fresh)
		kfree(fresh);
	return a;
}

void account_join_same(struct account *a)
{
	atomic_add(&a->count, ONE_THREAD);
}

static void take_off(struct account *a, uint64_t what)
{
	uint32_t uid = a->uid;
	uint64_t irq;

	if (atomic_sub_return(&a->count, what))
		return;
	irq = spin_lock_irq(&table_lock);
	a = find_locked(uid);
	if (a && atomic_load(&a->count))
		a = NULL;
	if (a)
		hlist_del(&a->hash);
	spin_unlock_irq(&table_lock, irq);
	kfree(a);
}

void account_leave(struct account *a)
{
	if (a)
		take_off(a, ONE_THREAD);
}

uint32_t account_threads(const struct account *a)
{
	uint32_t n = (uint32_t)(atomic_load(&a->count) % ONE_SIGNAL);

	return a == &account_root ? n - 1 : n;
}

bool account_add_signal(struct account *a, uint64_t limit)
{
	if (atomic_fetch_add(&a->count, ONE_SIGNAL) % ONE_MESSAGE / ONE_SIGNAL < limit)
		return true;
	account_drop_signal(a);
	return false;
}

void account_drop_signal(struct account *a)
{
	take_off(a, ONE_SIGNAL);
}

uint32_t account_signals(const struct account *a)
{
	return (uint32_t)(atomic_load(&a->count) % ONE_MESSAGE / ONE_SIGNAL);
}

bool account_add_files(struct account *a, unsigned n, uint64_t limit)
{
	if (atomic_load(&a->files) > limit)
		return false;
	atomic_add(&a->count, ONE_MESSAGE);
	atomic_add(&a->files, n);
	return true;
}

void account_drop_files(struct account *a, unsigned n)
{
	atomic_sub(&a->files, n);
	take_off(a, ONE_MESSAGE);
}

bool account_charge_held(struct account *a, enum account_kind kind, uint64_t n, uint64_t limit)
{
	uint64_t old = atomic_load(&a->charged[kind]);

	do {
		if (n > limit || old > limit - n)
			return false;
	} while (!atomic_compare_exchange(&a->charged[kind], &old, old + n));
	return true;
}

void account_uncharge_held(struct account *a, enum account_kind kind, uint64_t n)
{
	atomic_sub(&a->charged[kind], n);
}

bool account_charge(struct account *a, enum account_kind kind, uint64_t n, uint64_t limit)
{
	if (!account_charge_held(a, kind, n, limit))
		return false;
	atomic_add(&a->count, ONE_MESSAGE);
	return true;
}

void account_uncharge(struct account *a, enum account_kind kind, uint64_t n)
{
	atomic_sub(&a->charged[kind], n);
	take_off(a, ONE_MESSAGE);
}
