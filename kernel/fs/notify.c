/* SPDX-License-Identifier: MIT */
/*
 * fs/notify.c: from what happens to files to those who watch them. See fs/notify.h
 * and, for the locks, fs/watch.h.
 *
 * Events are queued with the inode's list locked, so those of one inode come in
 * order. Watches that end on the way (IN_ONESHOT) are ended afterwards, because
 * that lets go of the inode and may sleep.
 */
#include "fs/watch.h"
#include "fs/internal.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"

uint32_t notify_watches;
static uint32_t last_cookie; /* atomic */

static struct mutex watch_list_lock = MUTEX_INIT(watch_list_lock, RANK_SLEEP_LEAF); /* super->watches, all of them */
static struct waitq let_go = WAITQ_INIT(let_go); /* woken when a watch has let go of its inode */

struct watch_list *watch_list_get(struct inode *i)
{
	struct watch_list *fresh, *l = atomic_load_acquire(&i->watches);

	if (l)
		return l;
	fresh = kmalloc(sizeof(*fresh), ALLOC_KERNEL);
	if (!fresh)
		return NULL;
	spin_init(&fresh->lock, RANK_WATCH);
	list_init(&fresh->watches);
	spin_init(&fresh->dnotify_lock, RANK_DNOTIFY);
	list_init(&fresh->dnotify);
	if (atomic_compare_exchange(&i->watches, &l, fresh))
		return fresh;
	kfree(fresh);
	return l;
}

void notify_free(struct inode *i)
{
	kfree(i->watches);
}

void watch_link(struct watch *w)
{
	struct watch_list *l = w->inode->watches;

	MUTEX_GUARD(&watch_list_lock);
	list_add_tail(&w->super_link, &w->inode->sb->watches);
	atomic_inc(&notify_watches);
	spin_lock(&l->lock);
	list_add_head(&w->inode_link, &l->watches);
	spin_unlock(&l->lock);
}

void watch_hold_inode(struct watch *w, struct inode *i)
{
	inode_get(i);
	atomic_inc(&i->sb->watch_count);
	w->inode = i;
}

void watch_put(struct watch *w)
{
	struct super *sb = w->inode->sb;

	if (!refcount_put(&w->refs))
		return;
	inotify_uncharge_watch(w->instance);
	inotify_put(w->instance);
	inode_put(w->inode);
	kfree(w);
	atomic_dec(&sb->watch_count); /* it may be gone now */
	waitq_wake_all(&let_go);
}

/* Off the lists. False: it was on none, or is not yet. */
static bool unlink(struct watch *w, bool tell)
{
	struct watch_list *l = w->inode->watches;

	MUTEX_GUARD(&watch_list_lock);
	SPIN_GUARD(&l->lock);
	if (list_empty(&w->inode_link))
		return false;
	list_del_init(&w->inode_link);
	list_del_init(&w->super_link);
	spin_lock(&w->instance->lock);
	radix_erase(&w->instance->watches, (unsigned)w->number);
	spin_unlock(&w->instance->lock);
	if (tell)
		inotify_queue(w->instance, w->number, IN_IGNORED, 0, NULL, 0);
	return true;
}

void watch_end(struct watch *w, bool tell)
{
	if (!unlink(w, tell))
		return;
	atomic_dec(&notify_watches);
	watch_put(w);
}

struct event {
	uint32_t mask, cookie;
	const char *name;   /* NULL: it is about the inode itself */
	size_t len;
	bool unlinked;      /* the name is no more */
};

static bool wants(const struct watch *w, const struct event *e)
{
	uint32_t mask = atomic_load(&w->mask);

	return (mask & e->mask & IN_ALL_EVENTS) && !(e->unlinked && mask & IN_EXCL_UNLINK);
}

/* Queues the event at all watches; one that wants no more after it is counted and returned. */
static struct watch *deliver_once(struct watch_list *l, const struct event *e, bool queue)
{
	struct watch *w, *over = NULL;

	SPIN_GUARD(&l->lock);
	list_for_each_entry(w, &l->watches, inode_link) {
		if (!wants(w, e))
			continue;
		if (queue)
			inotify_queue(w->instance, w->number, e->mask, e->cookie, e->name, e->len);
		if (!over && atomic_load(&w->mask) & IN_ONESHOT)
			over = w;
	}
	if (over) {
		atomic_and(&over->mask, ~(uint32_t)IN_ALL_EVENTS);
		refcount_get(&over->refs);
	}
	return over;
}

static void deliver(struct inode *i, const struct event *e)
{
	struct watch_list *l = atomic_load_acquire(&i->watches);
	struct watch *over;

	if (!l)
		return;
	if (!list_empty(&l->dnotify))
		dnotify_event(l, e->mask);
	over = deliver_once(l, e, true);
	while (over) {
		watch_end(over, true);
		watch_put(over);
		over = deliver_once(l, e, false);
	}
}

static uint32_t with_kind(uint32_t event, const struct inode *subject)
{
	return S_ISDIR(subject->mode) ? event | IN_ISDIR : event;
}

/* The watched inode of d's directory, counted; NULL if nobody watches it. */
static struct inode *watched_parent(struct dentry *d)
{
	struct inode *dir = NULL;
	struct dentry *parent;

	rcu_read_lock();
	parent = rcu_dereference(d->parent);
	if (parent != d)
		dir = rcu_dereference(parent->inode);
	if (dir && (!READ_ONCE(dir->watches) || !refcount_get_unless_zero(&dir->refs)))
		dir = NULL;
	rcu_read_unlock();
	return dir;
}

void notify_dentry_slow(struct dentry *d, uint32_t event)
{
	char name[NAME_MAX_BYTES + 1];
	struct event e = { .mask = with_kind(event, d->inode), .name = name };
	struct inode *dir = watched_parent(d);

	if (dir) {
		spin_lock(&d->lock);
		e.len = d->name_length;
		memcpy(name, d->name, e.len);
		e.unlinked = d->flags & DENTRY_UNHASHED;
		spin_unlock(&d->lock);
		deliver(dir, &e);
		inode_put(dir);
	}
	notify_inode(d->inode, event);
}

void notify_inode(struct inode *i, uint32_t event)
{
	struct event e = { .mask = event };

	if (!READ_ONCE(i->watches))
		return;
	if (!(event & (IN_MOVE_SELF | IN_DELETE_SELF)))
		e.mask = with_kind(event, i);
	deliver(i, &e);
}

void notify_name(struct inode *dir, uint32_t event, const char *name, size_t len, const struct inode *subject,
		 uint32_t cookie)
{
	struct event e = { .mask = with_kind(event, subject), .cookie = cookie, .name = name, .len = len };

	if (notify_wanted())
		deliver(dir, &e);
}

uint32_t notify_cookie(void)
{
	return notify_wanted() ? atomic_inc_return(&last_cookie) : 0;
}

void notify_change(struct dentry *d, const struct attributes *a)
{
	uint32_t event = 0;

	if (!notify_wanted())
		return;
	if (a->valid & (ATTR_MODE | ATTR_UID | ATTR_GID))
		event |= IN_ATTRIB;
	if (a->valid & ATTR_SIZE)
		event |= IN_MODIFY;
	if ((a->valid & (ATTR_ATIME | ATTR_MTIME)) == (ATTR_ATIME | ATTR_MTIME))
		event |= IN_ATTRIB;
	else if (a->valid & ATTR_ATIME)
		event |= IN_ACCESS;
	else if (a->valid & ATTR_MTIME && !(a->valid & ATTR_SIZE))
		event |= IN_MODIFY;
	if (event)
		notify_dentry(d, event);
}

/* Any watch of the inode, counted. */
static struct watch *first_watch(struct watch_list *l)
{
	struct watch *w;

	SPIN_GUARD(&l->lock);
	if (list_empty(&l->watches))
		return NULL;
	w = list_first_entry(&l->watches, struct watch, inode_link);
	refcount_get(&w->refs);
	return w;
}

void notify_gone(struct inode *i)
{
	struct watch_list *l = atomic_load_acquire(&i->watches);
	struct watch *w;

	if (!l)
		return;
	notify_inode(i, IN_DELETE_SELF);
	while ((w = first_watch(l))) {
		watch_end(w, true);
		watch_put(w);
	}
}

/* Counted; what is on the list has the reference of being linked. */
static struct watch *first_of_super(struct super *sb)
{
	struct watch *w;

	MUTEX_GUARD(&watch_list_lock);
	if (list_empty(&sb->watches))
		return NULL;
	w = list_first_entry(&sb->watches, struct watch, super_link);
	refcount_get(&w->refs);
	return w;
}

void notify_unmount(struct super *sb)
{
	struct watch *w;

	while ((w = first_of_super(sb))) {
		inotify_queue(w->instance, w->number, IN_UNMOUNT, 0, NULL, 0);
		watch_end(w, true);
		watch_put(w);
	}
	wait_event(&let_go, !atomic_load(&sb->watch_count));
}
