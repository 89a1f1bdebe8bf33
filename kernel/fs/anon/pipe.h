/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/pipe.h: a pipe between fs/anon/pipe.c (data) and fs/anon/fifo.c (ends:
 * opening, closing, waiting for the other side).
 */
#ifndef FS_ANON_PIPE_H
#define FS_ANON_PIPE_H

#include "fs/file.h"

#define PIPE_SLOTS      16   /* pages, unless changed by fcntl */
#define PIPE_SPARES     2

/* What lies in one page. */
struct pipe_slot {
	struct page *page;   /* counted */
	uint32_t offset, len;
	bool packet;         /* O_DIRECT: ends a read, and nothing is added to it */
};

struct pipe {
	struct mutex lock;       /* rank PIPE */
	struct pipe_slot *slot;  /* lock: a ring */
	uint32_t slots;          /* lock: a power of two */
	uint32_t head, tail;     /* lock, read anywhere: both run on freely */
	uint64_t bytes;          /* lock */
	uint32_t readers, writers; /* lock, read anywhere: open files of each kind */
	uint32_t reads_opened, writes_opened; /* lock, read anywhere: ever, for open() of the other side */
	struct page *spare[PIPE_SPARES]; /* lock: emptied pages, to be filled again */
	struct waitq read_wait, write_wait; /* for data; for room */
	struct waitq open_wait;
	uint32_t files;          /* the inode's lock */
	bool unnamed;            /* immutable: from pipe2(2), where opening never waits */
};

struct pipe *pipe_create(void);  /* NULL when out */
void pipe_destroy(struct pipe *p);

static inline bool pipe_empty(const struct pipe *p) { return READ_ONCE(p->head) == READ_ONCE(p->tail); }
static inline bool pipe_full(const struct pipe *p)
{
	return READ_ONCE(p->head) - READ_ONCE(p->tail) >= READ_ONCE(p->slots);
}

ssize_t pipe_read(struct io *io, struct iter *to);
ssize_t pipe_write(struct io *io, struct iter *from);

#endif
