/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/epoll_limit.c: how many files a user may watch by epoll, in all of its instances
 * together: /proc/sys/fs/epoll/max_user_watches (epoll(7)). What is watched counts for the user
 * who made the instance, whoever adds it.
 */
#include "fs/anon/epoll.h"
#include "fs/procfs.h"
#include "mem/frame.h"

#define ITEM_COST 184       /* bytes of a watch, as Linux reckons */
#define UNKNOWN   UINT64_MAX

static uint64_t most = UNKNOWN; /* atomic; worked out at the first use */

static const struct epoll_account_hooks *hooks; /* immutable once set */

void epoll_set_account_hooks(const struct epoll_account_hooks *h)
{
	hooks = h;
}

/* A 25th part of memory. */
static uint64_t limit(void)
{
	struct frame_stats frames;

	if (unlikely(atomic_load(&most) == UNKNOWN)) {
		frame_stats(&frames);
		atomic_store(&most, frames.total / 25 * PAGE_SIZE / ITEM_COST);
	}
	return atomic_load(&most);
}

bool epoll_account_begin(struct epoll *ep)
{
	ep->account = hooks->hold();
	return ep->account;
}

void epoll_account_end(struct epoll *ep)
{
	hooks->let_go(ep->account);
}

bool epoll_charge(struct epoll *ep)
{
	return hooks->charge(ep->account, limit());
}

void epoll_uncharge(struct epoll *ep)
{
	hooks->uncharge(ep->account);
}

static const struct proc_numbers numbers = { .longs = &most, .count = 1, .is_long = true, .high = INT64_MAX };

static int limit_show(struct text *t)
{
	limit();
	return proc_numbers_show(&numbers, t);
}

static int limit_store(const char *buf, size_t n)
{
	return proc_numbers_store(&numbers, buf, n);
}

TABLE_ENTRY(proc_entries, struct proc_entry, epoll_watches) = {
	"sys/fs/epoll/max_user_watches", 0644, limit_show, limit_store,
};
