/* SPDX-License-Identifier: MIT */
/*
 * proc/aio.h: contexts of the old asynchronous input and output (io_setup(2)). What is
 * submitted is done at once, as Linux does it for files that are cached; a context
 * keeps the results until they are asked for.
 *
 * A process's signal_lock guards its list of contexts; a context's own lock its
 * events. Contexts are counted: the list's reference, and who works with one.
 */
#ifndef PROC_AIO_H
#define PROC_AIO_H

#include "proc/process.h"
#include <linux/aio_abi.h>

struct aio_context {
	struct refcount refs;
	struct list link;      /* process's signal_lock; empty: destroyed */
	uaddr_t id;            /* immutable: a page of the program's, of zeros */
	unsigned most;         /* immutable: events */
	struct spinlock lock;  /* rank IPC: the rest */
	unsigned taken;        /* lock: events there, and places kept for those to come */
	unsigned first, count; /* lock: of the ring */
	struct waitq wait;
	struct io_event ring[]; /* lock */
};

/* A new one in the running process. -EAGAIN (too many events), -ENOMEM. May sleep. */
int aio_create(unsigned events, struct aio_context **out);
/* Counted, or NULL. */
struct aio_context *aio_find(uaddr_t id);
void aio_put(struct aio_context *c);
/* Off the list. False: another was faster. May sleep. */
bool aio_destroy(struct aio_context *c);
/* exec and exit. */
void aio_exit(struct process *p);

/* A place for an event: false if there is none; given back, or filled. */
bool aio_reserve(struct aio_context *c);
void aio_unreserve(struct aio_context *c);
void aio_complete(struct aio_context *c, const struct io_event *e);
/* Up to n events, oldest first: how many. */
unsigned aio_take(struct aio_context *c, struct io_event *to, unsigned n);

#endif
