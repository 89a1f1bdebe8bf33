/* SPDX-License-Identifier: MIT */
/*
 * proc/futex.c: futexes: sleeping until somebody changes a word of memory.
 *
 * A waiter queues in the bucket that its key hashes to, and looks at the word
 * with the bucket locked; a waker changes the word first and then looks at the
 * bucket. So either the waiter sees the new value, or the waker sees the waiter.
 * The word is read with faults disabled, as a spinlock is held; if its page is
 * not there, the lock is dropped, the page brought in, and all begins again.
 *
 * A waker that finds nobody writes nothing: each bucket counts its waiters, who
 * announce themselves before they read the word. Threads are woken when the bucket
 * is unlocked again, since the first thing they may do is to lock it.
 *
 * A key names memory, not an address: private ones the space and address, shared
 * ones the object and offset. Requeueing moves a waiter from one bucket to
 * another, so a waiter that wants to leave looks again where it is.
 */
#include "base/panic.h"
#include "hal/clock.h"
#include "hal/usercopy.h"
#include "lib/hash.h"
#include "mem/slab.h"
#include "proc/futex_queue.h"
#include "proc/internal.h"
#include <linux/futex.h>

#define BUCKETS_PER_CPU 256
#define FIRST_FAIR      100 /* orders of real-time threads are below, see thread_priority() */

static struct futex_bucket *buckets; /* immutable after boot */
static uint64_t bucket_mask;         /* likewise */

void futex_init(void)
{
	size_t n = BUCKETS_PER_CPU;

	while (n < (size_t)BUCKETS_PER_CPU * cpu_online_count)
		n *= 2;
	while (!(buckets = kcalloc(n, sizeof(*buckets), ALLOC_KERNEL)))
		n /= 2;
	bucket_mask = n - 1;
	for (size_t i = 0; i < n; i++) {
		spin_init(&buckets[i].lock, RANK_FUTEX);
		list_init(&buckets[i].waiters);
		buckets[i].last_rt = &buckets[i].waiters;
	}
}

struct futex_bucket *futex_bucket_of(const struct futex_key *k)
{
	return &buckets[hash_u64(k->base ^ k->offset * HASH_K0) & bucket_mask];
}

int futex_get_key(uaddr_t addr, bool shared, bool write, struct futex_key *k)
{
	if (addr % sizeof(uint32_t))
		return -EINVAL;
	if (!user_range_ok(addr, sizeof(uint32_t)))
		return -EFAULT;
	return space_futex_key(space_current(), addr, shared, write, k);
}

int futex_load(uint32_t *value, uaddr_t addr)
{
	usercopy_disable_faults();
	int result = usercopy_load32(value, addr);
	usercopy_enable_faults();
	return result;
}

int futex_exchange(uaddr_t addr, uint32_t old, uint32_t value, uint32_t *seen)
{
	usercopy_disable_faults();
	int result = usercopy_cmpxchg32(addr, old, value, seen);
	usercopy_enable_faults();
	return result;
}

int futex_touch(uaddr_t addr)
{
	uint32_t old;

	return usercopy_atomic_op32(addr, FUTEX_OP_OR, 0, &old);
}

void futex_bucket_enter(struct futex_bucket *b)
{
	atomic_inc(&b->count);
}

void futex_bucket_leave(struct futex_bucket *b)
{
	atomic_dec(&b->count);
}

/* The word was changed before; the fence puts the look at the count behind that. */
static bool nobody_waits(const struct futex_bucket *b)
{
	atomic_fence();
	return !atomic_load(&b->count);
}

struct futex_waiter *futex_next(struct futex_bucket *b, const struct futex_key *k, const struct futex_waiter *after)
{
	const struct list *at = after ? &after->link : &b->waiters;

	assert_held(&b->lock);
	while ((at = at->next) != &b->waiters) {
		struct futex_waiter *w = container_of(at, struct futex_waiter, link);

		if (futex_same_key(&w->key, k))
			return w;
	}
	return NULL;
}

void futex_waiter_init(struct futex_waiter *w, uint32_t bitset)
{
	struct task *me = task_current();
	int rt = me->thread.own.priority;

	*w = (struct futex_waiter){ .task = me, .bitset = bitset, .order = rt ? FIRST_FAIR - 1 - rt : FIRST_FAIR };
	w->pi.task = me;
}

/* Behind all real-time threads that are as urgent; they are seldom many, and most often of one priority. */
static void add_rt(struct futex_waiter *w, struct futex_bucket *b)
{
	struct list *at = b->last_rt;

	while (at != &b->waiters && container_of(at, struct futex_waiter, link)->order > w->order)
		at = at->prev;
	list_add_head(&w->link, at);
	if (at == b->last_rt)
		b->last_rt = &w->link;
}

void futex_queue(struct futex_waiter *w, struct futex_bucket *b)
{
	assert_held(&b->lock);
	atomic_store(&w->bucket, b);
	if (likely(w->order == FIRST_FAIR))
		list_add_tail(&w->link, &b->waiters);
	else
		add_rt(w, b);
}

void futex_unqueue_locked(struct futex_waiter *w)
{
	struct futex_bucket *b = w->bucket;

	assert_held(&b->lock);
	if (b->last_rt == &w->link)
		b->last_rt = w->link.prev;
	list_del(&w->link);
	futex_bucket_leave(b);
}

struct futex_bucket *futex_lock_bucket_of(const struct futex_waiter *w)
{
	for (;;) {
		struct futex_bucket *b = atomic_load(&w->bucket);

		spin_lock(&b->lock);
		if (b == atomic_load(&w->bucket))
			return b;
		spin_unlock(&b->lock);
	}
}

bool futex_unqueue(struct futex_waiter *w)
{
	struct futex_bucket *b = futex_lock_bucket_of(w);
	bool queued = !w->woken;

	if (queued)
		futex_unqueue_locked(w);
	spin_unlock(&b->lock);
	return queued;
}

/*
 * A thread is on one list at a time. Whoever finds it on another's has made its
 * condition true before, and that list is run after: the exchange orders the two.
 */
void wake_list_add(struct wake_list *l, struct task *t)
{
	struct task *none = NULL;

	if (!atomic_compare_exchange(&t->wake_next, &none, t)) {
		task_put(t);
		return;
	}
	if (l->first)
		atomic_store(&l->last->wake_next, t);
	else
		l->first = t;
	l->last = t;
}

/* The last one's link leads to itself, so that it is not free to be taken. */
void wake_list_run(struct wake_list *l)
{
	struct task *t = l->first;

	while (t) {
		struct task *next = atomic_load(&t->wake_next);

		(void)atomic_exchange(&t->wake_next, (struct task *)NULL); /* what others make true from now on, they wake for */
		thread_wake(&t->thread);
		next = next == t ? NULL : next;
		task_put(t);
		t = next;
	}
}

/* Once it is marked w is gone, and its thread may end for good, so that is counted before. */
void futex_mark_woken(struct futex_waiter *w, struct wake_list *l)
{
	struct task *t = w->task;

	task_get(t);
	futex_unqueue_locked(w);
	atomic_store_release(&w->woken, true);
	wake_list_add(l, t);
}

/* As in Linux, one is woken even if n is not positive. With a PI waiter the program contradicts itself: -EINVAL. */
static int64_t wake_locked(struct futex_bucket *b, const struct futex_key *k, int n, uint32_t bitset, struct wake_list *l)
{
	struct futex_waiter *w, *next;
	int woken = 0;

	for (w = futex_next(b, k, NULL); w; w = next) {
		next = futex_next(b, k, w);
		if (futex_waiter_is_pi(w))
			return -EINVAL;
		if (!(w->bitset & bitset))
			continue;
		futex_mark_woken(w, l);
		if (++woken >= n)
			break;
	}
	return woken;
}

static int64_t wake_key(const struct futex_key *k, int n, uint32_t bitset)
{
	struct futex_bucket *b = futex_bucket_of(k);
	struct wake_list list = {0};
	int64_t woken;

	if (nobody_waits(b))
		return 0;
	spin_lock(&b->lock);
	woken = wake_locked(b, k, n, bitset, &list);
	spin_unlock(&b->lock);
	wake_list_run(&list);
	return woken;
}

int64_t futex_wake(uaddr_t addr, bool shared, int n, uint32_t bitset)
{
	struct futex_key k;
	int result;

	if (!bitset)
		return -EINVAL;
	result = futex_get_key(addr, shared, false, &k);
	return result ? result : wake_key(&k, n, bitset);
}

int futex_wake_address(uaddr_t addr, int n)
{
	return (int)futex_wake(addr, true, n, FUTEX_BITSET_MATCH_ANY);
}

/* 0, -EWOULDBLOCK, or -EFAULT: the word is not there. */
static int try_queue(struct futex_waiter *w, uaddr_t addr, uint32_t value)
{
	struct futex_bucket *b = futex_bucket_of(&w->key);
	uint32_t now;
	int result;

	futex_bucket_enter(b);
	spin_lock(&b->lock);
	result = futex_load(&now, addr);
	if (!result && now != value)
		result = -EWOULDBLOCK;
	if (!result)
		futex_queue(w, b);
	else
		futex_bucket_leave(b);
	spin_unlock(&b->lock);
	return result;
}

int futex_queue_if_equal(struct futex_waiter *w, uaddr_t addr, uint32_t value)
{
	uint32_t touched;
	int result;

	do
		result = try_queue(w, addr, value);
	while (result == -EFAULT && !usercopy_load32(&touched, addr));
	return result;
}

static bool is_woken(const void *waiter)
{
	return atomic_load_acquire(&((const struct futex_waiter *)waiter)->woken);
}

static int64_t wait_restart(struct restart_block *b)
{
	return futex_wait(b->arg[0], b->arg[1], (uint32_t)b->arg[2], (nsec_t)b->arg[3], (uint32_t)b->arg[4]);
}

int64_t futex_wait(uaddr_t addr, bool shared, uint32_t value, nsec_t deadline, uint32_t bitset)
{
	struct futex_waiter w;
	int result;

	if (!bitset)
		return -EINVAL;
	futex_waiter_init(&w, bitset);
	result = futex_get_key(addr, shared, false, &w.key);
	if (!result)
		result = futex_queue_if_equal(&w, addr, value);
	if (result)
		return result;
	result = futex_sleep(is_woken, &w, deadline);
	if (!result || !futex_unqueue(&w))
		return 0;
	if (result != -ERESTARTSYS || deadline == INT64_MAX)
		return result;
	/* With a deadline the call cannot simply be made again: its time may have been relative. */
	task_current()->restart = (struct restart_block){ wait_restart, { addr, shared, value, (uint64_t)deadline, bitset } };
	return -ERESTART_RESTARTBLOCK;
}

static int compare_holds(int cmp, uint32_t old, uint32_t arg)
{
	int32_t a = (int32_t)old, b = (int32_t)arg;

	switch (cmp) {
	case FUTEX_OP_CMP_EQ: return a == b;
	case FUTEX_OP_CMP_NE: return a != b;
	case FUTEX_OP_CMP_LT: return a < b;
	case FUTEX_OP_CMP_LE: return a <= b;
	case FUTEX_OP_CMP_GT: return a > b;
	case FUTEX_OP_CMP_GE: return a >= b;
	default: return -ENOSYS;
	}
}

/* Sign extends the low 12 bits. */
static int32_t signed12(uint32_t v)
{
	return (int32_t)(v << 20) >> 20;
}

/* Changes the word and compares what it was: 0 or 1, or errno. An unknown comparison is found out after the change, as on Linux. */
static int apply_encoded(uaddr_t addr, uint32_t encoded)
{
	uint32_t arg = (uint32_t)signed12(encoded >> 12 & 0xfff), old;
	int result;

	if ((encoded >> 28) & FUTEX_OP_OPARG_SHIFT)
		arg = 1u << (arg & 31);
	result = usercopy_atomic_op32(addr, encoded >> 28 & 7, arg, &old);
	return result ? result : compare_holds(encoded >> 24 & 15, old, (uint32_t)signed12(encoded & 0xfff));
}

int64_t futex_wake_op(uaddr_t addr, uaddr_t addr2, bool shared, int n, int n2, uint32_t encoded)
{
	struct futex_key k, k2;
	int64_t woken, more = 0;
	int result;

	result = futex_get_key(addr, shared, false, &k);
	if (!result)
		result = futex_get_key(addr2, shared, true, &k2);
	/* The change is atomic by itself; waiters look under their bucket's lock afterwards. */
	if (!result)
		result = apply_encoded(addr2, encoded);
	if (result < 0)
		return result;
	woken = wake_key(&k, n, FUTEX_BITSET_MATCH_ANY);
	if (woken >= 0 && result)
		more = wake_key(&k2, n2, FUTEX_BITSET_MATCH_ANY);
	return more < 0 ? more : woken < 0 ? woken : woken + more;
}
