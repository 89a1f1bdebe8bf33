/* SPDX-License-Identifier: MIT */
/*
 * proc/futex_waitv.c: futex_waitv(2): waiting for several words at once. There is a
 * waiter for each; the first one found woken is the result.
 */
#include "hal/usercopy.h"
#include "mem/slab.h"
#include "proc/futex_queue.h"
#include <linux/futex.h>

#define KNOWN_FLAGS (FUTEX_32 | FUTEX_PRIVATE_FLAG)

struct several {
	struct futex_waitv what;
	struct futex_waiter w;
};

static int read_all(struct several *v, uaddr_t from, unsigned n)
{
	for (unsigned i = 0; i < n; i++, from += sizeof(struct futex_waitv)) {
		const struct futex_waitv *what = &v[i].what;

		if (copy_from_user(&v[i].what, from, sizeof(v[i].what)))
			return -EFAULT;
		if ((what->flags & ~KNOWN_FLAGS) || what->__reserved || !(what->flags & FUTEX_32))
			return -EINVAL;
		futex_waiter_init(&v[i].w, FUTEX_BITSET_MATCH_ANY);
	}
	return 0;
}

static int find_keys(struct several *v, unsigned n)
{
	int result = 0;

	for (unsigned i = 0; !result && i < n; i++)
		result = futex_get_key(v[i].what.uaddr, !(v[i].what.flags & FUTEX_PRIVATE_FLAG), false, &v[i].w.key);
	return result;
}

/* Takes all off; the last one that was woken, or -1. */
static int unqueue_all(struct several *v, unsigned n)
{
	int woken = -1;

	for (unsigned i = 0; i < n; i++)
		if (!futex_unqueue(&v[i].w))
			woken = (int)i;
	return woken;
}

/* Queues all whose words have their values: 0; or none: -EWOULDBLOCK, -EFAULT. 1: one was woken meanwhile, *woken. */
static int queue_all(struct several *v, unsigned n, int *woken)
{
	for (unsigned i = 0; i < n; i++) {
		int result = futex_queue_if_equal(&v[i].w, v[i].what.uaddr, (uint32_t)v[i].what.val);

		if (!result)
			continue;
		*woken = unqueue_all(v, i);
		return *woken >= 0 ? 1 : result;
	}
	return 0;
}

struct all { struct several *v; unsigned n; };

static bool any_woken(const void *all)
{
	const struct all *a = all;

	for (unsigned i = 0; i < a->n; i++)
		if (atomic_load_acquire(&a->v[i].w.woken))
			return true;
	return false;
}

static int wait_for_any(struct several *v, unsigned n, nsec_t deadline)
{
	const struct all all = { v, n };
	int woken = -1, result = find_keys(v, n);

	if (!result)
		result = queue_all(v, n, &woken);
	if (result)
		return result > 0 ? woken : result;
	result = futex_sleep(any_woken, &all, deadline);
	woken = unqueue_all(v, n);
	return woken >= 0 ? woken : result;
}

int64_t futex_waitv(uaddr_t waiters, unsigned n, nsec_t deadline)
{
	struct several *v;
	int result;

	v = kcalloc(n, sizeof(*v), ALLOC_KERNEL);
	if (!v)
		return -ENOMEM;
	result = read_all(v, waiters, n);
	if (!result)
		result = wait_for_any(v, n, deadline);
	kfree(v);
	return result;
}
