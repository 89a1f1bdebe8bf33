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
 * A key names memory, not an address: private ones the space and address, shared
 * ones the object and offset. Requeueing moves a waiter from one bucket to
 * another, so a waiter that wants to leave looks again where it is.
 *
 * Not done here: priority inheritance (FUTEX_LOCK_PI and its kin).
 */
#include "base/panic.h"
#include "hal/clock.h"
#include "hal/usercopy.h"
#include "lib/hash.h"
#include "proc/internal.h"
#include "proc/process.h"
#include <linux/futex.h>

#define BUCKETS 256
#define ROBUST_LIST_LIMIT 2048

struct bucket {
	struct spinlock lock;   /* rank FUTEX */
	struct list waiters;    /* lock: in order of arrival */
} __aligned(64);

struct futex_waiter {
	struct list link;       /* the bucket's lock */
	struct bucket *bucket;  /* the bucket's lock; changed by requeue. Read without to find the lock */
	struct futex_key key;   /* the bucket's lock */
	struct thread *thread;  /* immutable */
	uint32_t bitset;        /* immutable */
	bool woken;             /* atomic: set last by the waker, w may be gone after */
};

static struct bucket buckets[BUCKETS] = {
	[0 ... BUCKETS - 1] = { .lock = SPINLOCK_INIT(RANK_FUTEX) },
};

static struct bucket *bucket_of(const struct futex_key *k)
{
	struct bucket *b = &buckets[hash_u64(k->base ^ k->offset * HASH_K0) % BUCKETS];

	return b;
}

/* The lists are made at the first use of a bucket: its lock is held. */
static struct list *waiters_of(struct bucket *b)
{
	if (unlikely(!b->waiters.next))
		list_init(&b->waiters);
	return &b->waiters;
}

static bool same_key(const struct futex_key *a, const struct futex_key *b)
{
	return a->base == b->base && a->offset == b->offset;
}

static int get_key(uaddr_t addr, bool shared, bool write, struct futex_key *k)
{
	if (addr % sizeof(uint32_t))
		return -EINVAL;
	if (!user_range_ok(addr, sizeof(uint32_t)))
		return -EFAULT;
	return space_futex_key(space_current(), addr, shared, write, k);
}

/* Reads the word under a spinlock. -EAGAIN: not there, bring it in and start again. */
static int load_atomic(uint32_t *value, uaddr_t addr)
{
	usercopy_disable_faults();
	int result = usercopy_load32(value, addr);
	usercopy_enable_faults();
	return result ? -EAGAIN : 0;
}

/* w is gone once it is marked, and its thread may be; but a task stays for an RCU reader, as a holder of a spinlock is. */
static void wake_waiter(struct futex_waiter *w)
{
	struct thread *t = w->thread;

	list_del(&w->link);
	atomic_store_release(&w->woken, true);
	thread_wake(t);
}

/* As in Linux, one is woken even if n is not positive. */
static int wake_key(struct futex_key *k, int n, uint32_t bitset)
{
	struct bucket *b = bucket_of(k);
	struct futex_waiter *w, *next;
	int woken = 0;

	spin_lock(&b->lock);
	list_for_each_entry_safe(w, next, waiters_of(b), link) {
		if (!same_key(&w->key, k) || !(w->bitset & bitset))
			continue;
		wake_waiter(w);
		if (++woken >= n)
			break;
	}
	spin_unlock(&b->lock);
	return woken;
}

static int futex_wake(uaddr_t addr, bool shared, int n, uint32_t bitset)
{
	struct futex_key k;
	int result;

	if (!bitset)
		return -EINVAL;
	result = get_key(addr, shared, false, &k);
	if (result)
		return result;
	return wake_key(&k, n, bitset);
}

int futex_wake_address(uaddr_t addr, int n)
{
	return futex_wake(addr, true, n, FUTEX_BITSET_MATCH_ANY);
}

/* Queues w if the word still has the value. 0, -EWOULDBLOCK, -EAGAIN (not there: the same number, told by *missing). */
static int queue_if_equal(struct futex_waiter *w, uaddr_t addr, uint32_t value, bool *missing)
{
	struct bucket *b = bucket_of(&w->key);
	uint32_t now;

	*missing = false;
	spin_lock(&b->lock);
	if (load_atomic(&now, addr)) {
		*missing = true;
		spin_unlock(&b->lock);
		return -EAGAIN;
	}
	if (now != value) {
		spin_unlock(&b->lock);
		return -EWOULDBLOCK;
	}
	w->bucket = b;
	list_add_tail(&w->link, waiters_of(b));
	spin_unlock(&b->lock);
	return 0;
}

/* Takes w off wherever it is. False: a waker was faster. */
static bool unqueue(struct futex_waiter *w)
{
	for (;;) {
		struct bucket *b = atomic_load(&w->bucket);

		spin_lock(&b->lock);
		if (b == w->bucket) {
			bool queued = !w->woken;

			if (queued)
				list_del(&w->link);
			spin_unlock(&b->lock);
			return queued;
		}
		spin_unlock(&b->lock);
	}
}

/* Sleeps until woken, the deadline, or a signal: 0, -ETIMEDOUT, -ERESTARTSYS. */
static int sleep_queued(struct futex_waiter *w, nsec_t deadline)
{
	bool timeout = false;

	for (;;) {
		thread_set_state(THREAD_SLEEPING);
		if (atomic_load_acquire(&w->woken) || timeout || thread_interrupted())
			break;
		timeout = sched_switch_until(deadline, deadline == INT64_MAX ? 0 : task_current()->timer_slack);
	}
	thread_set_state(THREAD_RUNNING);
	if (atomic_load_acquire(&w->woken) || !unqueue(w))
		return 0;
	return timeout ? -ETIMEDOUT : -ERESTARTSYS;
}

static int64_t wait_restart(struct restart_block *b);

static int64_t futex_wait(uaddr_t addr, bool shared, uint32_t value, nsec_t deadline, uint32_t bitset)
{
	struct futex_waiter w = { .thread = thread_current(), .bitset = bitset };
	bool missing;
	int result;

	if (!bitset)
		return -EINVAL;
	do {
		uint32_t touched;

		result = get_key(addr, shared, false, &w.key);
		if (result)
			return result;
		result = queue_if_equal(&w, addr, value, &missing);
		if (missing)
			result = usercopy_load32(&touched, addr);
	} while (missing && !result);
	if (result)
		return result;

	result = sleep_queued(&w, deadline);
	if (result != -ERESTARTSYS || deadline == INT64_MAX)
		return result;
	/* With a deadline the call cannot simply be made again: its time was relative. */
	struct restart_block *r = &task_current()->restart;
	*r = (struct restart_block){ wait_restart, { addr, shared, value, (uint64_t)deadline, bitset } };
	return -ERESTART_RESTARTBLOCK;
}

static int64_t wait_restart(struct restart_block *b)
{
	return futex_wait(b->arg[0], b->arg[1], (uint32_t)b->arg[2], (nsec_t)b->arg[3], (uint32_t)b->arg[4]);
}

/* Two buckets, the lower address first; the same one once. */
static void lock_two(struct bucket *a, struct bucket *b)
{
	if (a > b) {
		struct bucket *t = a;
		a = b;
		b = t;
	}
	spin_lock(&a->lock);
	if (a != b)
		spin_lock_nested(&b->lock);
}

static void unlock_two(struct bucket *a, struct bucket *b)
{
	if (a != b)
		spin_unlock(&b->lock);
	spin_unlock(&a->lock);
}

/* Within one bucket it keeps its place, so that nobody is met twice. */
static void move_waiter(struct futex_waiter *w, const struct futex_key *to, struct bucket *a, struct bucket *b)
{
	w->key = *to;
	if (a == b)
		return;
	list_del(&w->link);
	list_add_tail(&w->link, waiters_of(b));
	atomic_store(&w->bucket, b);
}

static int64_t requeue_locked(const struct futex_key *from, struct bucket *a, const struct futex_key *to,
			      struct bucket *b, unsigned wake, unsigned move)
{
	struct futex_waiter *w, *next;
	unsigned done = 0;

	list_for_each_entry_safe(w, next, waiters_of(a), link) {
		if (!same_key(&w->key, from))
			continue;
		if (done < wake) {
			wake_waiter(w);
		} else if (done - wake < move) {
			move_waiter(w, to, a, b);
		} else {
			break;
		}
		done++;
	}
	return done;
}

static int64_t futex_requeue(uaddr_t addr, uaddr_t addr2, bool shared, int wake, int move, bool compare, uint32_t value)
{
	struct futex_key from, to;
	int64_t result;
	uint32_t now;

	if (wake < 0 || move < 0)
		return -EINVAL;
again:
	result = get_key(addr, shared, false, &from);
	if (result)
		return result;
	result = get_key(addr2, shared, false, &to);
	if (result)
		return result;
	struct bucket *a = bucket_of(&from), *b = bucket_of(&to);
	bool missing = false;
	lock_two(a, b);
	if (compare && load_atomic(&now, addr))
		missing = true;
	else if (compare && now != value)
		result = -EAGAIN;
	else
		result = requeue_locked(&from, a, &to, b, (unsigned)wake, (unsigned)move);
	unlock_two(a, b);
	if (missing) {
		if (usercopy_load32(&now, addr))
			return -EFAULT;
		goto again;
	}
	return result;
}

static bool compare_holds(int cmp, uint32_t old, uint32_t arg)
{
	int32_t a = (int32_t)old, b = (int32_t)arg;

	switch (cmp) {
	case FUTEX_OP_CMP_EQ: return a == b;
	case FUTEX_OP_CMP_NE: return a != b;
	case FUTEX_OP_CMP_LT: return a < b;
	case FUTEX_OP_CMP_LE: return a <= b;
	case FUTEX_OP_CMP_GT: return a > b;
	default: return a >= b;
	}
}

/* Sign extends the low 12 bits. */
static int32_t signed12(uint32_t v)
{
	return (int32_t)(v << 20) >> 20;
}

static int64_t futex_wake_op(uaddr_t addr, uaddr_t addr2, bool shared, int n, int n2, uint32_t encoded)
{
	int op = encoded >> 28 & 7, cmp = encoded >> 24 & 15;
	uint32_t arg = (uint32_t)signed12(encoded >> 12 & 0xfff), cmp_arg = (uint32_t)signed12(encoded & 0xfff);
	struct futex_key k, k2;
	uint32_t old;
	int result;

	if (cmp > FUTEX_OP_CMP_GE)
		return -ENOSYS;
	if ((encoded >> 28) & FUTEX_OP_OPARG_SHIFT)
		arg = 1u << (arg & 31);
	result = get_key(addr, shared, false, &k);
	if (result)
		return result;
	result = get_key(addr2, shared, true, &k2);
	/* The change is atomic by itself; waiters look under their bucket's lock afterwards. */
	if (!result)
		result = usercopy_atomic_op32(addr2, op, arg, &old);
	if (result)
		return result;
	result = wake_key(&k, n, FUTEX_BITSET_MATCH_ANY);
	if (compare_holds(cmp, old, cmp_arg))
		result += wake_key(&k2, n2, FUTEX_BITSET_MATCH_ANY);
	return result;
}

int64_t futex_call(uaddr_t addr, int op, uint32_t value, nsec_t deadline_or_count, uaddr_t addr2, uint32_t value3)
{
	bool shared = !(op & FUTEX_PRIVATE_FLAG);
	int count = (int)deadline_or_count;

	switch (op & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
		return futex_wait(addr, shared, value, deadline_or_count, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAIT_BITSET:
		return futex_wait(addr, shared, value, deadline_or_count, value3);
	case FUTEX_WAKE:
		return futex_wake(addr, shared, (int)value, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(addr, shared, (int)value, value3);
	case FUTEX_REQUEUE:
		return futex_requeue(addr, addr2, shared, (int)value, count, false, 0);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(addr, addr2, shared, (int)value, count, true, value3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(addr, addr2, shared, (int)value, count, value3);
	default:
		return -ENOSYS;
	}
}

/* One lock that the ended thread may have held: marked as orphaned, a waiter woken. */
static int robust_release(uaddr_t addr, uint32_t tid, bool pending)
{
	uint32_t seen, now;

	if (addr % sizeof(uint32_t) || usercopy_load32(&now, addr))
		return -EFAULT;
	/* It died between unlocking and waking: the waiter must be woken for it. */
	if (pending && !now) {
		futex_wake_address(addr, 1);
		return 0;
	}
	while ((now & FUTEX_TID_MASK) == tid) {
		if (usercopy_cmpxchg32(addr, now, (now & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &seen))
			return -EFAULT;
		if (seen == now) {
			if (now & FUTEX_WAITERS)
				futex_wake_address(addr, 1);
			return 0;
		}
		now = seen;
	}
	return 0;
}

void futex_exit_robust(struct task *t)
{
	struct robust_list_head head;
	uint32_t tid = (uint32_t)t->pid->number;
	uaddr_t at, pending;

	if (!t->robust_list || copy_from_user(&head, t->robust_list, sizeof(head)))
		return;
	pending = (uaddr_t)head.list_op_pending & ~1UL;
	at = (uaddr_t)head.list.next & ~1UL;
	for (int i = 0; at != t->robust_list && i < ROBUST_LIST_LIMIT; i++) {
		uaddr_t next;
		bool more = !copy_from_user(&next, at, sizeof(next));

		if (at != pending && robust_release(at + (uaddr_t)head.futex_offset, tid, false))
			return;
		if (!more)
			break;
		at = next & ~1UL;
	}
	if (pending)
		(void)robust_release(pending + (uaddr_t)head.futex_offset, tid, true);
}
