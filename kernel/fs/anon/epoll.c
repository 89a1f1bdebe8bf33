/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/epoll.c: epoll (epoll(7)): waiting for many files at a cost that does
 * not grow with their number.
 *
 * Each watched file's wait queues hold an entry whose call-back puts the item on
 * the instance's ready list and wakes the first waiter. epoll_wait(2) takes items
 * off the list one by one and asks the file: what is not ready after all is simply
 * dropped, since the next event puts it back. Level-triggered items that were
 * ready go to the end of the list again; edge-triggered ones wait for the next
 * call-back; spent oneshot items have no events left that could match. What happens to
 * an item that a call has told of already waits for the next call: a program may close the
 * file, or free what belongs to it, at the first it reads of it.
 *
 * Who came last is woken first, as on Linux. A waiter is taken off the list of waiters by the one who wakes it, so that each
 * event wakes another thread; who leaves with items on the list wakes the next.
 *
 * Locks: the instance's mutex over the items and over asking files; inside of a
 * wait queue's lock, ready_lock over the ready list and the waiters.
 */
#include "fs/anon/epoll.h"
#include "hal/clock.h"
#include "hal/usercopy.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include <linux/fcntl.h>

struct epoll_waiter {
	struct list link;       /* ready_lock */
	struct thread *thread;  /* immutable */
};

uint32_t epoll_item_poll(struct epoll_item *item)
{
	return file_poll(item->file, NULL) & (item->events | EPOLL_ALWAYS);
}

/* ready_lock held. */
static bool wake_one(struct epoll *ep)
{
	struct list *l = list_pop_first(&ep->waiters);

	if (l)
		thread_wake(list_entry(l, struct epoll_waiter, link)->thread);
	return l;
}

bool epoll_item_ready(struct epoll_item *item)
{
	struct epoll *ep = item->ep;
	uint64_t irq = spin_lock_irq(&ep->ready_lock);
	bool woke;

	if (list_empty(&item->ready_link))
		list_add_tail(&item->ready_link, &ep->ready);
	woke = wake_one(ep);
	spin_unlock_irq(&ep->ready_lock, irq);
	return woke;
}

/*
 * The next item that may be ready, off the list, or NULL when there is none or no
 * more is wanted. Kept is one that was taken and is to stay ready (or NULL): it waits
 * in again until the last call puts all of them back, and tells who else looks.
 */
static struct epoll_item *next_ready(struct epoll *ep, struct epoll_item *kept, struct list *again, bool more)
{
	uint64_t irq = spin_lock_irq(&ep->ready_lock);
	struct epoll_item *item = NULL;

	if (kept && list_empty(&kept->ready_link))
		list_add_tail(&kept->ready_link, again);
	if (more && !list_empty(&ep->ready)) {
		item = list_first_entry(&ep->ready, struct epoll_item, ready_link);
		list_del_init(&item->ready_link);
	} else {
		list_splice_tail(again, &ep->ready);
		if (!list_empty(&ep->ready))
			wake_one(ep);
	}
	spin_unlock_irq(&ep->ready_lock, irq);
	return item;
}

/* Tells the program of an item, and whether that stays ready. 1, 0: nothing to tell, -EFAULT. */
static int report(struct epoll_item *item, uaddr_t to, bool *stays)
{
	struct epoll_event event;
	uint32_t revents;

	*stays = item->told == item->ep->round;
	if (*stays)
		return 0;
	revents = item->events & ~EPOLL_MODES ? epoll_item_poll(item) : 0;
	if (!revents)
		return 0;
	event = (struct epoll_event){ .events = revents, .data = item->data };
	*stays = true;
	if (copy_to_user(to, &event, sizeof(event)))
		return -EFAULT;
	item->told = item->ep->round;
	*stays = !(item->events & (EPOLLONESHOT | EPOLLET));
	if (item->events & EPOLLONESHOT)
		atomic_store(&item->events, item->events & EPOLL_MODES);
	return 1;
}

static int collect(struct epoll *ep, uaddr_t to, int max)
{
	struct list again = LIST_INIT(again);
	struct epoll_item *item, *kept = NULL;
	int n = 0, result = 0;
	bool stays;

	mutex_lock(&ep->lock);
	ep->round++;
	while ((item = next_ready(ep, kept, &again, result >= 0 && n < max)) != NULL) {
		result = report(item, to + (uaddr_t)n * sizeof(struct epoll_event), &stays);
		kept = stays ? item : NULL;
		n += max(result, 0);
	}
	mutex_unlock(&ep->lock);
	return n ? n : min(result, 0);
}

/* Sleeps until something may be ready. True: the time is over. */
static bool wait_ready(struct epoll *ep, nsec_t deadline, nsec_t slack)
{
	struct epoll_waiter w = { .thread = thread_current() };
	bool timeout = false;
	uint64_t irq;

	irq = spin_lock_irq(&ep->ready_lock);
	list_add_head(&w.link, &ep->waiters); /* who came last is woken first, as on Linux: its caches are warm */
	thread_set_state(THREAD_SLEEPING);
	if (!list_empty(&ep->ready) || thread_interrupted())
		thread_set_state(THREAD_RUNNING);
	spin_unlock_irq(&ep->ready_lock, irq);
	if (thread_current()->state != THREAD_RUNNING)
		timeout = sched_switch_until(deadline, slack);
	thread_set_state(THREAD_RUNNING);
	irq = spin_lock_irq(&ep->ready_lock);
	if (list_empty(&w.link) && thread_interrupted() && !list_empty(&ep->ready))
		wake_one(ep); /* we were chosen, but shall not look */
	list_del_init(&w.link);
	spin_unlock_irq(&ep->ready_lock, irq);
	return timeout;
}

int epoll_wait_events(struct file *f, uaddr_t to, int max, nsec_t deadline, nsec_t slack)
{
	struct epoll *ep = f->data;
	bool timeout = deadline <= 0 || (deadline != INT64_MAX && deadline <= clock_now());

	if (!epoll_is(f) || max <= 0 || max > (int)(INT_MAX / sizeof(struct epoll_event)))
		return -EINVAL;
	might_sleep();
	for (;;) {
		int n = list_empty(&ep->ready) ? 0 : collect(ep, to, max);

		if (n || timeout)
			return n;
		if (thread_interrupted())
			return -EINTR;
		timeout = wait_ready(ep, deadline, slack);
	}
}

/* An instance is readable when an item of it is ready. */
static uint32_t epoll_poll(struct file *f, struct poll_table *pt)
{
	struct list again = LIST_INIT(again);
	struct epoll *ep = f->data;
	struct epoll_item *item, *kept = NULL;
	uint32_t events = 0;

	poll_wait(pt, &ep->poll_wait);
	if (list_empty(&ep->ready))
		return 0;
	mutex_lock_nested(&ep->lock);
	while ((item = next_ready(ep, kept, &again, !events)) != NULL) {
		if (item->events & ~EPOLL_MODES && epoll_item_poll(item)) {
			events = EPOLLIN | EPOLLRDNORM;
			kept = item;
		}
	}
	mutex_unlock(&ep->lock);
	return events;
}

static void epoll_release(struct file *f)
{
	struct epoll *ep = f->data;
	struct rb_node *n;

	mutex_lock_nested(&ep->lock);
	while ((n = ep->items.node) != NULL)
		epoll_item_remove(rb_entry(n, struct epoll_item, node));
	mutex_unlock(&ep->lock);
	epoll_put(ep);
}

const struct file_ops epoll_file_ops = { .poll = epoll_poll, .release = epoll_release, .seek = file_seek_nothing };

int epoll_create_file(uint32_t flags, struct file **out)
{
	struct epoll *ep;
	int error;

	if (flags & ~(uint32_t)EPOLL_CLOEXEC)
		return -EINVAL;
	ep = kzalloc(sizeof(*ep), ALLOC_KERNEL);
	if (!ep)
		return -ENOMEM;
	mutex_init(&ep->lock, RANK_EPOLL);
	refcount_init(&ep->refs, 1);
	spin_init(&ep->ready_lock, RANK_POLL);
	list_init(&ep->ready);
	list_init(&ep->waiters);
	waitq_init(&ep->poll_wait);
	error = epoll_account_begin(ep) ? 0 : -ENOMEM;
	if (!error)
		error = file_create_anonymous("anon_inode:[eventpoll]", &epoll_file_ops, ep, O_RDWR, out);
	if (!error)
		ep->file = *out;
	else if (ep->account)
		epoll_put(ep);
	else
		kfree(ep);
	return error;
}
