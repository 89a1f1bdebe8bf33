/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/epoll_items.c: what an epoll instance watches: epoll_ctl(2), and the end
 * of watched files.
 *
 * An item does not hold its file. When the file's last reference goes, file_put()
 * calls epoll_file_gone() before anything of the file is torn down; that takes the
 * instance's lock for each item, so whoever holds the lock may use item->file. An
 * item leaves its wait queues first and the file's list last: once that list is
 * empty nothing of the file is touched any more.
 */
#include "base/panic.h"
#include "fs/anon/epoll.h"
#include "lib/errno.h"
#include "mem/slab.h"

void epoll_put(struct epoll *ep)
{
	if (!refcount_put(&ep->refs))
		return;
	epoll_account_end(ep);
	kfree(ep);
}

static int compare(const struct epoll_item *i, const struct file *f, int fd)
{
	if (f != i->file)
		return f < i->file ? -1 : 1;
	return fd < i->fd ? -1 : fd > i->fd;
}

static struct epoll_item *item_find(struct epoll *ep, const struct file *f, int fd)
{
	struct rb_node *n = ep->items.node;

	while (n) {
		struct epoll_item *i = rb_entry(n, struct epoll_item, node);
		int order = compare(i, f, fd);

		if (!order)
			return i;
		n = order < 0 ? n->left : n->right;
	}
	return NULL;
}

static void item_insert(struct epoll *ep, struct epoll_item *item)
{
	struct rb_node **link = &ep->items.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = compare(rb_entry(parent, struct epoll_item, node), item->file, item->fd) < 0 ?
			       &parent->left : &parent->right;
	}
	rb_link(&item->node, parent, link);
	rb_insert_fix(&item->node, &ep->items);
}

static bool hook_wake(struct wait_entry *w, uint64_t key)
{
	struct epoll_item *item = container_of(w, struct epoll_hook, wait)->item;
	uint32_t events = atomic_load(&item->events);
	bool woke;

	if (!(events & ~EPOLL_MODES) || (key && !(key & (events | EPOLL_ALWAYS))))
		return false;
	woke = epoll_item_ready(item);
	if (waitq_active(&item->ep->poll_wait)) {
		waitq_wake_nested(&item->ep->poll_wait, 1, EPOLLIN | EPOLLRDNORM);
		woke = true;
	}
	return woke;
}

struct hooking {
	struct poll_table table;
	struct epoll_item *item;
	bool failed;
};

static void hook_queue(struct poll_table *pt, struct waitq *q)
{
	struct hooking *h = container_of(pt, struct hooking, table);
	struct epoll_hook *hook = &h->item->hook;

	if (hook->queue) {
		hook = kzalloc(sizeof(*hook), ALLOC_KERNEL);
		if (!hook) {
			h->failed = true;
			return;
		}
		hook->next = h->item->more;
		h->item->more = hook;
	}
	hook->queue = q;
	hook->item = h->item;
	wait_entry_init(&hook->wait);
	hook->wait.wake = hook_wake;
	hook->wait.exclusive = h->item->events & EPOLLEXCLUSIVE;
	waitq_add(q, &hook->wait);
}

static void hooks_remove(struct epoll_item *item)
{
	if (item->hook.queue)
		waitq_remove(item->hook.queue, &item->hook.wait);
	while (item->more) {
		struct epoll_hook *hook = item->more;

		waitq_remove(hook->queue, &hook->wait);
		item->more = hook->next;
		kfree(hook);
	}
}

void epoll_item_remove(struct epoll_item *item)
{
	struct epoll *ep = item->ep;
	uint64_t irq;

	assert(mutex_held(&ep->lock));
	hooks_remove(item);
	irq = spin_lock_irq(&ep->ready_lock);
	list_del_init(&item->ready_link);
	spin_unlock_irq(&ep->ready_lock, irq);
	rb_erase(&item->node, &ep->items);
	spin_lock(&item->file->lock);
	list_del(&item->file_link);
	spin_unlock(&item->file->lock);
	kfree(item);
	epoll_uncharge(ep);
	epoll_put(ep); /* never the last: the caller has one */
}

/* The instance of the first item that watches f, counted; NULL if none does. */
static struct epoll *first_watcher(struct file *f)
{
	struct epoll *ep = NULL;

	SPIN_GUARD(&f->lock);
	if (!list_empty(&f->epoll_items)) {
		ep = list_first_entry(&f->epoll_items, struct epoll_item, file_link)->ep;
		refcount_get(&ep->refs);
	}
	return ep;
}

/* The first item that watches f, if it is ep's; the instance's lock keeps it. */
static struct epoll_item *first_if_of(struct epoll *ep, struct file *f)
{
	struct epoll_item *i;

	SPIN_GUARD(&f->lock);
	if (list_empty(&f->epoll_items))
		return NULL;
	i = list_first_entry(&f->epoll_items, struct epoll_item, file_link);
	return i->ep == ep ? i : NULL;
}

void epoll_file_gone(struct file *f)
{
	struct epoll_item *item;
	struct epoll *ep;

	while ((ep = first_watcher(f)) != NULL) {
		mutex_lock(&ep->lock);
		while ((item = first_if_of(ep, f)) != NULL)
			epoll_item_remove(item);
		mutex_unlock(&ep->lock);
		epoll_put(ep);
	}
}

/* Puts an item on the ready list if its file is ready already, and wakes who waits. */
static void item_check(struct epoll_item *item, uint32_t revents)
{
	if (!(revents & (item->events | EPOLL_ALWAYS)))
		return;
	epoll_item_ready(item);
	waitq_wake_key(&item->ep->poll_wait, EPOLLIN | EPOLLRDNORM);
}

static int item_add(struct epoll *ep, struct file *target, int fd, uint32_t events, uint64_t data)
{
	struct hooking h = { .table = { .queue = hook_queue, .lasting = true } };
	struct epoll_item *item;
	uint32_t revents;

	if (!epoll_charge(ep))
		return -ENOSPC;
	item = kzalloc(sizeof(*item), ALLOC_KERNEL);
	if (!item) {
		epoll_uncharge(ep);
		return -ENOMEM;
	}
	h.item = item;
	refcount_get(&ep->refs);
	item->ep = ep;
	item->file = target;
	item->fd = fd;
	item->events = events;
	item->data = data;
	list_init(&item->ready_link);
	item_insert(ep, item);
	spin_lock(&target->lock);
	list_add_tail(&item->file_link, &target->epoll_items);
	spin_unlock(&target->lock);
	revents = file_poll(target, &h.table);
	if (h.failed) {
		epoll_item_remove(item);
		return -ENOMEM;
	}
	item_check(item, revents);
	return 0;
}

static int item_modify(struct epoll_item *item, uint32_t events, uint64_t data)
{
	if (events & EPOLLEXCLUSIVE || item->events & EPOLLEXCLUSIVE)
		return -EINVAL;
	item->data = data;
	atomic_store(&item->events, events);
	atomic_fence();
	item_check(item, file_poll(item->file, NULL));
	return 0;
}

static int control_locked(struct epoll *ep, int op, struct file *target, int fd, const struct epoll_event *event)
{
	struct epoll_item *item = item_find(ep, target, fd);

	switch (op) {
	case EPOLL_CTL_ADD:
		return item ? -EEXIST : item_add(ep, target, fd, event->events, event->data);
	case EPOLL_CTL_MOD:
		return item ? item_modify(item, event->events, event->data) : -ENOENT;
	case EPOLL_CTL_DEL:
		if (!item)
			return -ENOENT;
		epoll_item_remove(item);
		return 0;
	default:
		return -EINVAL;
	}
}

static int check_arguments(struct file *ep, int op, struct file *target, const struct epoll_event *event)
{
	uint32_t exclusive_ok = EPOLLIN | EPOLLOUT | EPOLL_ALWAYS | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;

	if (!target->ops->poll)
		return -EPERM;
	if (ep == target || !epoll_is(ep))
		return -EINVAL;
	if (op == EPOLL_CTL_ADD && event->events & EPOLLEXCLUSIVE &&
	    (epoll_is(target) || event->events & ~exclusive_ok))
		return -EINVAL;
	return 0;
}

/* As control_locked(), where instances watch instances: under epoll_nest_lock. */
static int add_nested(struct file *file, struct file *target, int fd, const struct epoll_event *event)
{
	struct epoll *ep = file->data;
	int error = 0;

	MUTEX_GUARD(&epoll_nest_lock);
	if (epoll_is(target))
		error = epoll_nest_check(ep, target->data);
	if (error)
		return error;
	mutex_lock_nested(&ep->lock);
	error = control_locked(ep, EPOLL_CTL_ADD, target, fd, event);
	if (!error) {
		error = epoll_paths_check(target);
		if (error)
			epoll_item_remove(item_find(ep, target, fd));
	}
	mutex_unlock(&ep->lock);
	return error;
}

int epoll_control(struct file *file, int op, struct file *target, int fd, const struct epoll_event *event)
{
	int error = check_arguments(file, op, target, event);
	struct epoll *ep = file->data;

	if (error)
		return error;
	if (op == EPOLL_CTL_ADD && (epoll_is(target) || !list_empty(&file->epoll_items)))
		return add_nested(file, target, fd, event);
	mutex_lock(&ep->lock);
	error = control_locked(ep, op, target, fd, event);
	mutex_unlock(&ep->lock);
	return error;
}

int epoll_watched_file(struct file *ep_file, int fd, unsigned nth, const void **file)
{
	struct epoll *ep = ep_file->data;

	if (!epoll_is(ep_file))
		return -EINVAL;
	MUTEX_GUARD(&ep->lock);
	for (struct rb_node *n = rb_first(&ep->items); n; n = rb_next(n)) {
		const struct epoll_item *i = rb_entry(n, struct epoll_item, node);

		if (i->fd == fd && !nth--) {
			*file = i->file;
			return 0;
		}
	}
	return -ENOENT;
}
