/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/epoll_nest.c: instances that watch instances. No circle may come about,
 * and no chain longer than five: a wake-up runs up the whole chain on one stack. Nor may there be
 * too many ways up from one file, since a wake-up goes all of them, and their number grows with
 * the power of the length: the limits are Linux's. epoll_nest_lock is held while such a
 * link is made, so that what is checked stays true. Each instance is visited once in a check.
 */
#include "base/panic.h"
#include "fs/anon/epoll.h"
#include "lib/errno.h"

struct mutex epoll_nest_lock = MUTEX_INIT(epoll_nest_lock, RANK_EPOLL);
static uint64_t check; /* epoll_nest_lock: the number of this one */

/* Longest chain from ep downwards; more than the maximum, too, if it comes by forbidden. */
static int depth_below(struct epoll *ep, const struct epoll *forbidden, int level)
{
	int deepest = 0;

	if (ep == forbidden || level > EPOLL_NEST_MAX)
		return EPOLL_NEST_MAX + 1;
	if (ep->below_check == check)
		return ep->below;
	mutex_lock_nested(&ep->lock);
	for (struct rb_node *n = rb_first(&ep->items); n; n = rb_next(n)) {
		struct epoll_item *item = rb_entry(n, struct epoll_item, node);

		if (epoll_is(item->file))
			deepest = max(deepest, 1 + depth_below(item->file->data, forbidden, level + 1));
	}
	mutex_unlock(&ep->lock);
	ep->below_check = check;
	ep->below = deepest;
	return deepest;
}

/* Longest chain of instances that watch ep, directly or not. */
static int depth_above(struct epoll *ep, int level)
{
	struct epoll_item *item;
	int highest = 0;

	if (level > EPOLL_NEST_MAX)
		return EPOLL_NEST_MAX + 1;
	if (ep->above_check == check)
		return ep->above;
	spin_lock_nested(&ep->file->lock);
	list_for_each_entry(item, &ep->file->epoll_items, file_link)
		highest = max(highest, 1 + depth_above(item->ep, level + 1));
	spin_unlock(&ep->file->lock);
	ep->above_check = check;
	ep->above = highest;
	return highest;
}

int epoll_nest_check(struct epoll *ep, struct epoll *target)
{
	assert(mutex_held(&epoll_nest_lock));
	check++;
	return depth_below(target, ep, 0) + 1 + depth_above(ep, 0) > EPOLL_NEST_MAX ? -ELOOP : 0;
}

/* Ways of each length, from one file to an instance that nobody watches. The shortest may be any number. */
struct paths { unsigned count[EPOLL_NEST_MAX + 1]; };
static const unsigned paths_most[EPOLL_NEST_MAX + 1] = { UINT_MAX, 500, 100, 50, 10 };

/* False: too many. length: of the way so far. */
static bool count_up(struct paths *p, struct file *f, unsigned length)
{
	struct epoll_item *item;
	bool few = true;

	if (length > EPOLL_NEST_MAX)
		return false;
	spin_lock_nested(&f->lock);
	list_for_each_entry(item, &f->epoll_items, file_link) {
		struct file *up = item->ep->file;

		few = list_empty(&up->epoll_items) ? ++p->count[length] <= paths_most[length] :
						     count_up(p, up, length + 1);
		if (!few)
			break;
	}
	spin_unlock(&f->lock);
	return few;
}

/* All files that are no instances, from f downwards. */
static bool check_below(struct file *f)
{
	struct epoll *ep = f->data;
	struct paths paths = {0};
	bool few = true;

	if (!epoll_is(f))
		return count_up(&paths, f, 0);
	if (ep->paths_check == check)
		return true;
	ep->paths_check = check;
	mutex_lock_nested(&ep->lock);
	for (struct rb_node *n = rb_first(&ep->items); n && few; n = rb_next(n))
		few = check_below(rb_entry(n, struct epoll_item, node)->file);
	mutex_unlock(&ep->lock);
	return few;
}

int epoll_paths_check(struct file *target)
{
	assert(mutex_held(&epoll_nest_lock));
	check++;
	return check_below(target) ? 0 : -EINVAL;
}
