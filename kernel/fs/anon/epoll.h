/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/epoll.h: an epoll instance between fs/anon/epoll.c (waiting), epoll_items.c
 * (what is watched), epoll_limit.c (how much) and epoll_nest.c (instances that watch instances).
 */
#ifndef FS_ANON_EPOLL_H
#define FS_ANON_EPOLL_H

#include "fs/poll.h"
#include "lib/rbtree.h"

#define EPOLL_NEST_MAX 4
#define EPOLL_ALWAYS   (EPOLLERR | EPOLLHUP)
#define EPOLL_MODES    (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)

struct epoll {
	struct mutex lock;          /* rank EPOLL; an instance's before that of one it watches */
	struct refcount refs;       /* its file; each item; visitors */
	struct rb_root items;       /* lock: by (file, fd) */
	struct file *file;          /* immutable, not counted */
	void *account;              /* immutable: its user's, see epoll_limit.c */
	struct spinlock ready_lock; /* rank POLL, interrupts off */
	uint64_t round;             /* lock: how often events were collected */
	struct list ready;          /* ready_lock: items that may be ready */
	struct list waiters;        /* ready_lock: threads in epoll_wait, the last to come first */
	struct waitq poll_wait;     /* those who watch this instance itself */
	/* epoll_nest_lock: the last checks that came by here from above and from below, and what they found. */
	uint64_t below_check, above_check, paths_check;
	int below, above;
};

/* An entry on a wait queue of a watched file. */
struct epoll_hook {
	struct wait_entry wait;
	struct waitq *queue;        /* immutable */
	struct epoll_item *item;    /* immutable */
	struct epoll_hook *next;    /* the instance's lock */
};

struct epoll_item {
	struct rb_node node;        /* the instance's lock */
	struct epoll *ep;           /* immutable, counted */
	struct file *file;          /* immutable, not counted: file_put() removes the item first */
	int fd;                     /* immutable */
	uint32_t events;            /* atomic; written under the instance's lock: EPOLL*, 0 modes apart when a oneshot is spent */
	uint64_t data;              /* the instance's lock */
	uint64_t told;              /* the instance's lock: in which round it was told of last */
	struct list ready_link;     /* ready_lock */
	struct list file_link;      /* file->lock */
	struct epoll_hook hook;     /* the first, which is all most files need */
	struct epoll_hook *more;    /* the instance's lock */
};

extern const struct file_ops epoll_file_ops;
static inline bool epoll_is(const struct file *f) { return f->ops == &epoll_file_ops; }

void epoll_put(struct epoll *ep);
/* fs/anon/epoll_limit.c: a new instance counts for the running task's user; one watch more, false: too many. */
bool epoll_account_begin(struct epoll *ep);
void epoll_account_end(struct epoll *ep);
bool epoll_charge(struct epoll *ep);
void epoll_uncharge(struct epoll *ep);
/* Events of an item that are there now. The instance's lock held. */
uint32_t epoll_item_poll(struct epoll_item *item);
/* An item may be ready: on the list, and one waiter woken (true). Any context; rank POLL. */
bool epoll_item_ready(struct epoll_item *item);
void epoll_item_remove(struct epoll_item *item); /* the instance's lock held */
/* May ep watch target, itself an instance? Under epoll_nest_lock. 0 or -ELOOP. */
int epoll_nest_check(struct epoll *ep, struct epoll *target);
/* Do the wake-ups of target, which was just added to an instance that is locked, stay few? Under epoll_nest_lock. 0 or -EINVAL. */
int epoll_paths_check(struct file *target);
extern struct mutex epoll_nest_lock; /* while instances come to watch instances */

#endif
