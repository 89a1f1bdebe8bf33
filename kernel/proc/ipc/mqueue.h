/* SPDX-License-Identifier: MIT */
/*
 * proc/ipc/mqueue.h: POSIX message queues (mq_overview(7)): files of a filesystem of
 * their own, "mqueue", of which there is one superblock. mqueue.c has the messages,
 * mqueue_notify.c who is told of the first, mqueue_fs.c the names and limits.
 *
 * mqueue.lock (spinlock, rank IPC) guards all of a queue; user memory is copied and
 * signals are sent without it.
 */
#ifndef PROC_IPC_MQUEUE_H
#define PROC_IPC_MQUEUE_H

#include "fs/file.h"
#include "lib/rbtree.h"
#include "proc/process.h"
#include <linux/mqueue.h>

#define MQUEUE_PRIORITIES 32768
#define MQUEUE_COOKIE     NOTIFY_COOKIE_LEN

struct mqueue_notify {               /* who is told when a message comes into the empty queue */
	struct pid *owner;           /* counted; NULL: nobody */
	int kind;                    /* SIGEV_* */
	int signo;
	sigval_t value;
	void *socket;                /* SIGEV_THREAD: the receiver, counted through mqueue_socket_ops */
	char cookie[MQUEUE_COOKIE];
};

struct mqueue {
	struct spinlock lock;        /* rank IPC */
	struct inode *inode;         /* immutable, not counted: the queue is its data */
	uint64_t most, most_bytes;   /* immutable: messages, bytes of each */
	struct rb_root_cached messages; /* lock: by priority downwards, then in the order of coming */
	uint64_t count, bytes, sequence; /* lock */
	struct list senders, receivers; /* lock: mqueue_waiter, the thread with the best priority first */
	struct mqueue_notify notify; /* lock */
	struct waitq wait;           /* poll */
	struct account *account;     /* immutable: that pays; NULL: not charged yet */
	uint64_t charge;             /* immutable: bytes it pays for */
};

extern const struct file_ops mqueue_file_ops;

/* A queue for inode, paid for by the running task. -EINVAL, -EOVERFLOW, -EMFILE, -ENOMEM. */
int mqueue_create(struct inode *inode, uint64_t most, uint64_t most_bytes, struct mqueue **out);
/* With all messages. Nobody uses it any more. May sleep. */
void mqueue_destroy(struct mqueue *q);
/* The file's queue, or NULL. */
struct mqueue *mqueue_of(const struct file *f);

/* deadline: wall clock time, INT64_MAX for none. -EMSGSIZE, -EFAULT, -EAGAIN, -ETIMEDOUT, -ERESTARTSYS, -ENOMEM. May sleep. */
int mqueue_send(struct file *f, uaddr_t text, size_t size, unsigned priority, nsec_t deadline);
/* The message's bytes; its priority goes to priority_to, unless that is 0. */
ssize_t mqueue_receive(struct file *f, uaddr_t to, size_t size, uaddr_t priority_to, nsec_t deadline);

/* n takes the place that nobody has (-EBUSY) in q; NULL: the running process gives its place up. n is taken over on success. */
int mqueue_set_notify(struct mqueue *q, struct mqueue_notify *n);
/* Takes the one to be told off q, into *n. Lock held. */
void mqueue_take_notify(struct mqueue *q, struct mqueue_notify *n);
/* Tells that a message came, or (removed) that nothing will be told any more, and lets go of *n. No lock. */
void mqueue_tell(struct mqueue_notify *n, bool removed);
void mqueue_notify_release(struct mqueue_notify *n);

/* How SIGEV_THREAD's netlink sockets are reached; set when there is the first of them. */
struct mqueue_socket_ops {
	int (*get)(struct file *f, void **socket);              /* counted; -ENOTSOCK, -EINVAL */
	void (*send)(void *socket, const char *cookie, size_t n); /* one message; dropped if there is no room */
	void (*put)(void *socket);
};
void mqueue_set_socket_ops(const struct mqueue_socket_ops *ops);
/* By descriptor, for the running task. -EBADF, -ENOTSOCK, -EINVAL. */
int mqueue_find_socket(int fd, void **socket);

/* mq_open(2) with attributes, or NULL; flags O_*; mode after umask. *out counted. mq_unlink(2). May sleep. */
int mqueue_open(const char *name, uint32_t flags, uint32_t mode, const struct mq_attr *attr, struct file **out);
int mqueue_unlink(const char *name);

#endif
