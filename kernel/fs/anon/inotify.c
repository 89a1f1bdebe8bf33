/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/inotify.c: inotify instances: a queue of events to read, and the watches
 * that fill it (inotify(7)). Where events come from: fs/notify.c; locks: fs/watch.h.
 *
 * Events are made where no allocation may wait. One that finds no memory, or a
 * full queue, is lost, and that is told once by IN_Q_OVERFLOW.
 */
#include "base/panic.h"
#include "fs/poll.h"
#include "fs/procfs.h"
#include "fs/watch.h"
#include "hal/usercopy.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/radix_nodes.h"
#include "mem/slab.h"
#include <asm/ioctls.h>
#include <linux/fcntl.h>

/* Atomic: /proc/sys/fs/inotify. The last is worked out at the first use, as on Linux. */
static int32_t most_events = 16384, most_instances = 128, most_watches = -1;

static const struct watch_account_hooks *account_hooks; /* immutable once set */

void watch_set_account_hooks(const struct watch_account_hooks *hooks)
{
	account_hooks = hooks;
}

struct queued {
	struct list link;            /* instance's lock */
	size_t size;                 /* bytes that read(2) gives */
	struct inotify_event event;  /* and the name, with zeros up to the size */
};

/* ---- events ------------------------------------------------------------------- */

static struct queued *make_event(int number, uint32_t mask, uint32_t cookie, const char *name, size_t len)
{
	size_t room = name ? align_up(len + 1, sizeof(struct inotify_event)) : 0;
	struct queued *q = kmalloc(sizeof(*q) + room, ALLOC_NOWAIT | ALLOC_ZERO);

	if (!q)
		return NULL;
	q->size = sizeof(q->event) + room;
	q->event.wd = number;
	q->event.mask = mask;
	q->event.cookie = cookie;
	q->event.len = (uint32_t)room;
	if (name)
		memcpy(q->event.name, name, len);
	return q;
}

/* Two in a row that say the same are one. */
static bool repeats(const struct inotify *n, const struct queued *q)
{
	const struct queued *last;

	if (list_empty(&n->events))
		return false;
	last = list_last_entry(&n->events, struct queued, link);
	return last->event.mask == q->event.mask && last->event.wd == q->event.wd && last->size == q->size &&
	       memcmp(last->event.name, q->event.name, q->event.len) == 0;
}

static bool append(struct inotify *n, struct queued *q)
{
	assert_held(&n->lock);
	if (!q || repeats(n, q))
		return false;
	list_add_tail(&q->link, &n->events);
	atomic_store(&n->count, n->count + 1);
	n->bytes += q->size;
	return true;
}

void inotify_queue(struct inotify *n, int number, uint32_t mask, uint32_t cookie, const char *name, size_t len)
{
	struct queued *q = make_event(number, mask, cookie, name, len), *lost = NULL;
	bool added;

	spin_lock(&n->lock);
	if (!q || n->count >= n->most) {
		lost = q;
		q = n->overflow ? NULL : make_event(-1, IN_Q_OVERFLOW, 0, NULL, 0);
		n->overflow |= q != NULL;
	}
	added = append(n, q);
	spin_unlock(&n->lock);
	kfree(lost);
	if (added)
		waitq_wake_key(&n->wait, EPOLLIN | EPOLLRDNORM);
	else
		kfree(q);
}

/* The oldest event if it fits, taken off: in *out. 0, -EAGAIN (none), -EINVAL (no room). */
static int take_event(struct inotify *n, size_t room, struct queued **out)
{
	SPIN_GUARD(&n->lock);
	if (list_empty(&n->events))
		return -EAGAIN;
	*out = list_first_entry(&n->events, struct queued, link);
	if ((*out)->size > room)
		return -EINVAL;
	list_del(&(*out)->link);
	atomic_store(&n->count, n->count - 1);
	n->bytes -= (*out)->size;
	if ((*out)->event.mask == IN_Q_OVERFLOW)
		n->overflow = false;
	return 0;
}

static ssize_t inotify_read(struct io *io, struct iter *to)
{
	struct inotify *n = io->file->data;
	ssize_t done = 0;

	for (;;) {
		struct queued *q;
		int error = take_event(n, to->count, &q);

		if (!error) {
			size_t size = q->size, put = iter_put(to, &q->event, size);

			kfree(q);
			if (put != size)
				return -EFAULT;
			done += (ssize_t)size;
			continue;
		}
		if (done || error == -EINVAL || io->flags & IO_NOWAIT)
			return done ? done : error;
		error = wait_event_interruptible(&n->wait, atomic_load(&n->count));
		if (error)
			return error;
	}
}

static uint32_t inotify_poll(struct file *f, struct poll_table *pt)
{
	struct inotify *n = f->data;

	poll_wait(pt, &n->wait);
	return atomic_load(&n->count) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int64_t inotify_ioctl(struct file *f, unsigned cmd, uint64_t arg)
{
	struct inotify *n = f->data;
	int bytes;

	if (cmd != FIONREAD)
		return -ENOTTY;
	spin_lock(&n->lock);
	bytes = (int)n->bytes;
	spin_unlock(&n->lock);
	return copy_to_user(arg, &bytes, sizeof(bytes));
}

/* ---- watches -------------------------------------------------------------------- */

void inotify_put(struct inotify *n)
{
	if (!refcount_put(&n->refs))
		return;
	while (!list_empty(&n->events)) {
		struct queued *q = list_first_entry(&n->events, struct queued, link);

		list_del(&q->link);
		kfree(q);
	}
	radix_destroy(&n->watches);
	account_hooks->uncharge_instance(n->account);
	kfree(n);
}

void inotify_uncharge_watch(struct inotify *n)
{
	account_hooks->uncharge_watch(n->account);
}

/* The first watch from a number on, or that of the number only; counted. */
static struct watch *find_number(struct inotify *n, int number, bool only)
{
	uint64_t index = (unsigned)number;
	struct watch *w;

	SPIN_GUARD(&n->lock);
	w = only ? radix_lookup(&n->watches, index) : radix_find(&n->watches, &index, INT_MAX);
	if (w)
		refcount_get(&w->refs);
	return w;
}

static void inotify_release(struct file *f)
{
	struct inotify *n = f->data;
	struct watch *w;

	while ((w = find_number(n, 0, false))) {
		watch_end(w, false);
		watch_put(w);
	}
	inotify_put(n);
}

static void show_watches(struct file *f, char *buf, size_t size)
{
	struct inotify *n = f->data;
	size_t at = 0;
	struct watch *w;

	for (int next = 0; at + 1 < size && (w = find_number(n, next, false)); next = w->number + 1) {
		at += (size_t)format_cut(buf + at, size - at, "inotify wd:%x ino:%lx sdev:%lx mask:%x ignored_mask:0\n",
					 w->number, w->inode->ino, w->inode->sb->dev,
					 atomic_load(&w->mask) & (IN_ALL_EVENTS | IN_ONESHOT | IN_EXCL_UNLINK));
		watch_put(w);
	}
}

static const struct file_ops inotify_ops = {
	.read = inotify_read,
	.rw = FILE_TAKES_NONE,
	.poll = inotify_poll,
	.seek = file_seek_nothing,
	.ioctl = inotify_ioctl,
	.release = inotify_release,
	.show_fdinfo = show_watches,
};

bool inotify_is(const struct file *f)
{
	return f->ops == &inotify_ops;
}

int inotify_create_file(uint32_t flags, struct file **out)
{
	struct inotify *n;
	int error;

	if (flags & ~(uint32_t)(IN_CLOEXEC | IN_NONBLOCK))
		return -EINVAL;
	n = kzalloc(sizeof(*n), ALLOC_KERNEL);
	if (!n)
		return -ENOMEM;
	n->account = account_hooks->charge_instance((unsigned)atomic_load(&most_instances));
	if (!n->account) {
		kfree(n);
		return -EMFILE;
	}
	refcount_init(&n->refs, 1);
	n->most = (unsigned)atomic_load(&most_events);
	spin_init(&n->lock, RANK_INOTIFY);
	radix_init(&n->watches, &radix_kmalloc_ops);
	n->next = 1;
	list_init(&n->events);
	waitq_init(&n->wait);
	error = file_create_anonymous("anon_inode:inotify", &inotify_ops, n, O_RDONLY | (flags & O_NONBLOCK), out);
	if (error) {
		account_hooks->uncharge_instance(n->account);
		kfree(n);
	}
	return error;
}

/* One for each 100th part of memory that a watch and its inode take, between 8192 and a million. */
static unsigned watch_limit(void)
{
	unsigned limit;
	struct frame_stats frames;

	if (atomic_load(&most_watches) >= 0)
		return (unsigned)atomic_load(&most_watches);
	frame_stats(&frames);
	limit = (unsigned)max(min(frames.total * PAGE_SIZE / 100 / 1288, 1048576UL), 8192UL);
	atomic_store(&most_watches, (int32_t)limit);
	return limit;
}

/* This instance's watch of the inode, changed as mask says: its number; 0: there is none. */
static int change_existing(struct inotify *n, struct watch_list *l, uint32_t mask)
{
	uint32_t kept = mask & (IN_ALL_EVENTS | IN_ONESHOT | IN_EXCL_UNLINK);
	struct watch *w;

	SPIN_GUARD(&l->lock);
	list_for_each_entry(w, &l->watches, inode_link) {
		if (w->instance != n)
			continue;
		if (mask & IN_MASK_CREATE)
			return -EEXIST;
		atomic_store(&w->mask, mask & IN_MASK_ADD ? w->mask | kept : kept);
		return w->number;
	}
	return 0;
}

static struct watch *create_watch(struct inotify *n, struct inode *i, uint32_t mask)
{
	struct watch *w = kzalloc(sizeof(*w), ALLOC_KERNEL);

	if (!w)
		return NULL;
	refcount_init(&w->refs, 2); /* linked, and ours */
	watch_hold_inode(w, i);
	refcount_get(&n->refs);
	w->instance = n;
	w->mask = mask & (IN_ALL_EVENTS | IN_ONESHOT | IN_EXCL_UNLINK);
	list_init(&w->inode_link);
	list_init(&w->super_link);
	return w;
}

/* Numbers are not used again until all have been. */
static int give_number(struct inotify *n, struct watch *w)
{
	struct radix_pool pool;
	int error;

	radix_pool_init(&pool, &radix_kmalloc_ops);
	do {
		error = radix_pool_fill(&pool);
		if (error)
			break;
		spin_lock(&n->lock);
		w->number = (int)radix_find_hole(&n->watches, (unsigned)n->next, INT_MAX);
		error = radix_insert(&n->watches, &pool, (unsigned)w->number, w);
		if (!error)
			n->next = w->number == INT_MAX ? 1 : w->number + 1;
		spin_unlock(&n->lock);
	} while (error == -EAGAIN);
	radix_pool_drain(&pool);
	return error;
}

static struct mutex adding = MUTEX_INIT(adding, RANK_WATCH_ADD); /* so that an instance watches an inode once */

int inotify_add(struct file *f, const struct path *p, uint32_t mask)
{
	struct inotify *n = f->data;
	struct inode *i = path_inode(p);
	struct watch_list *l;
	struct watch *w;
	int result;

	l = watch_list_get(i);
	if (!l)
		return -ENOMEM;
	MUTEX_GUARD(&adding);
	result = change_existing(n, l, mask);
	if (result)
		return result;
	if (!account_hooks->charge_watch(n->account, watch_limit()))
		return -ENOSPC;
	w = create_watch(n, i, mask);
	if (!w) {
		account_hooks->uncharge_watch(n->account);
		return -ENOMEM;
	}
	result = give_number(n, w);
	if (!result) {
		result = w->number;
		watch_link(w);
	} else {
		watch_put(w); /* it was never linked */
	}
	watch_put(w);
	return result;
}

int inotify_remove(struct file *f, int number)
{
	struct watch *w;

	if (f->ops != &inotify_ops)
		return -EINVAL;
	w = number < 0 ? NULL : find_number(f->data, number, true);
	if (!w)
		return -EINVAL;
	watch_end(w, true);
	watch_put(w);
	return 0;
}

PROC_INT(inotify_events, "sys/fs/inotify/max_queued_events", &most_events, 0, INT_MAX);
PROC_INT(inotify_instances, "sys/fs/inotify/max_user_instances", &most_instances, 0, INT_MAX);

static const struct proc_numbers watches = { .ints = &most_watches, .count = 1, .high = INT_MAX };

static int watches_show(struct text *t)
{
	watch_limit();
	return proc_numbers_show(&watches, t);
}

static int watches_store(const char *buf, size_t n)
{
	return proc_numbers_store(&watches, buf, n);
}

TABLE_ENTRY(proc_entries, struct proc_entry, inotify_watches) = {
	"sys/fs/inotify/max_user_watches", 0644, watches_show, watches_store,
};
