/* SPDX-License-Identifier: MIT */
/*
 * The countdown belongs to one context, told by its address, so the scheduler
 * need not know of it. It is over when the allocation has failed, or when the
 * owner disarms it; a thread that was armed disarms before it ends.
 */
#include "mem/inject.h"
#include "hal/context.h"
#include "lib/atomic.h"
#include "lib/errno.h"
#include "mem/frame.h"

#if CONFIG_DEBUG

static struct context *owner; /* atomic: who counts down; NULL: nobody */
static uint64_t left;         /* owner */

int inject_arm(uint64_t n)
{
	struct context *self = context_current(), *nobody = NULL;

	if (atomic_load(&owner) != self) {
		if (n == 0)
			return 0;
		if (!atomic_compare_exchange(&owner, &nobody, self))
			return -EBUSY;
	}
	left = n;
	if (n == 0)
		atomic_store_release(&owner, NULL);
	return 0;
}

void inject_thread_end(void)
{
	inject_arm(0);
}

uint64_t inject_left(void)
{
	return atomic_load(&owner) == context_current() ? left : 0;
}

bool inject_fail(unsigned flags)
{
	if (likely(atomic_load(&owner) == NULL))
		return false;
	if ((flags & ALLOC_MODE) < ALLOC_NOFS || (flags & ALLOC_CHECKED) ||
	    atomic_load(&owner) != context_current() || left == 0)
		return false;
	if (--left > 0)
		return false;
	atomic_store_release(&owner, NULL);
	return true;
}

#endif
