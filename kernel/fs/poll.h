/* SPDX-License-Identifier: MIT */
/*
 * fs/poll.h: waiting for files. A file's poll() hands each of its wait queues to
 * the table it was given; select and poll queue entries that wake the thread,
 * epoll queues entries that mark its item ready.
 */
#ifndef FS_POLL_H
#define FS_POLL_H

#include "fs/file.h"
#include <linux/eventpoll.h>

struct poll_table {
	void (*queue)(struct poll_table *pt, struct waitq *q);
	bool lasting; /* what it queues outlasts the call */
};

static inline void poll_wait(struct poll_table *pt, struct waitq *q)
{
	if (pt)
		pt->queue(pt, q);
}

static inline uint32_t file_poll(struct file *f, struct poll_table *pt)
{
	return f->ops->poll ? f->ops->poll(f, pt) : EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;
}

/* poll(2): n entries already looked up by the caller. Deadline as clock_now(), INT64_MAX for ever. Number ready, or -EINTR style restart code. */
struct poll_item {
	struct file *file;  /* NULL: ignored (fd < 0), revents as set */
	uint32_t events, revents;
	bool counted;       /* the caller's: as in struct file_loan */
};
static inline bool poll_item_borrow(struct poll_item *item, struct files *t, int fd)
{
	struct file_loan loan = files_borrow(t, fd, false);

	item->file = loan.file;
	item->counted = loan.counted;
	return loan.file;
}
static inline void poll_item_return(struct poll_item *item)
{
	if (unlikely(item->counted))
		file_put(item->file);
}
int poll_files(struct poll_item *items, unsigned n, nsec_t deadline, nsec_t slack);

/* epoll; file must be an epoll file where named ep. */
int epoll_create_file(uint32_t flags, struct file **out);
int epoll_control(struct file *ep, int op, struct file *target, int fd, const struct epoll_event *event);
/* Puts up to max events to user memory at to. Number or restart code. */
int epoll_wait_events(struct file *ep, uaddr_t to, int max, nsec_t deadline, nsec_t slack);
/* For kcmp(2): the nth file that ep watches as fd, for comparing only. -EINVAL: no instance; -ENOENT. May sleep. */
int epoll_watched_file(struct file *ep, int fd, unsigned nth, const void **file);
/* How what users watch is counted, set once by proc/. */
struct epoll_account_hooks {
	void *(*hold)(void);                               /* the running task's account, for an instance; NULL: none */
	void (*let_go)(void *account);
	bool (*charge)(void *account, uint64_t limit);     /* one watch more; false: too many. The account is held */
	void (*uncharge)(void *account);
};
void epoll_set_account_hooks(const struct epoll_account_hooks *hooks);
/* Called by file_put() at the end of a file that epoll items watch. */
void epoll_file_gone(struct file *f);

/* Adds to an eventfd as far as it goes; -EINVAL: f is none. Any context. */
int eventfd_add(struct file *f, uint64_t n);
int eventfd_create_file(uint64_t value, uint32_t flags, struct file **out);
/* pipe2(2): both ends. */
int pipe_create_files(uint32_t flags, struct file **read_end, struct file **write_end);
/* F_GETPIPE_SZ, F_SETPIPE_SZ: bytes; -EBADF if f is no pipe, -EBUSY, -EPERM (beyond the maximum, not privileged). May sleep. */
extern uint32_t pipe_max_bytes; /* atomic: /proc/sys/fs/pipe-max-size */
/*
 * What a user's pipes may hold together, in pages: over the soft limit new ones are small, over the hard one
 * there are none; 0 is no limit, and the privileged have none.
 */
extern uint64_t pipe_soft_pages, pipe_hard_pages; /* atomic: /proc/sys/fs/pipe-user-pages-soft and -hard */
struct pipe_account_hooks {
	/* So many pages more for *account, or, if that is NULL, the running task's, which is told. False: over limit. */
	bool (*charge)(void **account, uint64_t pages, uint64_t limit);
	void (*uncharge)(void *account, uint64_t pages);
	bool (*privileged)(void);
};
void pipe_set_account_hooks(const struct pipe_account_hooks *hooks); /* once, at boot */
int pipe_get_size(struct file *f);
int pipe_set_size(struct file *f, size_t bytes, bool privileged);

#endif
