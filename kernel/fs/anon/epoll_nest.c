/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/epoll_nest.c: instances that watch instances. No circle may come about,
 * and no chain longer than five: a wake-up runs up the whole chain on one stack.
 * epoll_nest_lock is held while such a link is made, so that what is checked
 * stays true; the instance that gets the link is not locked yet.
 */
#include "fs/anon/epoll.h"
#include "lib/errno.h"

struct mutex epoll_nest_lock = MUTEX_INIT(epoll_nest_lock, RANK_EPOLL);

/* Longest chain from ep downwards; more than the maximum, too, if it comes by forbidden. */
static int depth_below(struct epoll *ep, const struct epoll *forbidden, int level)
{
	int deepest = 0;

	if (ep == forbidden || level > EPOLL_NEST_MAX)
		return EPOLL_NEST_MAX + 1;
	mutex_lock_nested(&ep->lock);
	for (struct rb_node *n = rb_first(&ep->items); n; n = rb_next(n)) {
		struct epoll_item *item = rb_entry(n, struct epoll_item, node);

		if (epoll_is(item->file))
			deepest = max(deepest, 1 + depth_below(item->file->data, forbidden, level + 1));
	}
	mutex_unlock(&ep->lock);
	return deepest;
}

/* Longest chain of instances that watch ep, directly or not. */
static int depth_above(struct epoll *ep, int level)
{
	struct epoll_item *item;
	int highest = 0;

	if (level > EPOLL_NEST_MAX)
		return EPOLL_NEST_MAX + 1;
	spin_lock_nested(&ep->file->lock);
	list_for_each_entry(item, &ep->file->epoll_items, file_link)
		highest = max(highest, 1 + depth_above(item->ep, level + 1));
	spin_unlock(&ep->file->lock);
	return highest;
}

int epoll_nest_check(struct epoll *ep, struct epoll *target)
{
	return depth_below(target, ep, 0) + 1 + depth_above(ep, 0) > EPOLL_NEST_MAX ? -ELOOP : 0;
}
