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
	bool shared;         /* another pipe may show the page too: it is never written to again */
};

struct pipe {
	struct mutex lock;       /* rank PIPE */
	struct pipe_slot *slot;  /* lock: a ring */
	uint32_t slots;          /* lock: a power of two */
	uint32_t head, tail;     /* lock, read anywhere: both run on freely */
	uint64_t bytes;          /* lock */
	uint32_t reserved;       /* lock, read anywhere: slots kept free for splices that are under way */
	bool claimed;            /* lock, read anywhere: a splice is writing out what lies at the tail; readers wait */
	uint32_t readers, writers; /* lock, read anywhere: open files of each kind */
	uint32_t reads_opened, writes_opened; /* lock, read anywhere: ever, for open() of the other side */
	struct page *spare[PIPE_SPARES]; /* lock: emptied pages, to be filled again */
	struct waitq read_wait, write_wait; /* for data; for room */
	struct waitq open_wait;
	uint32_t files;          /* the inode's lock */
	void *account;           /* immutable: who pays for the ring; NULL: nobody */
	uint32_t charged;        /* lock: pages paid for */
	bool unnamed;            /* immutable: from pipe2(2), where opening never waits */
};

#define PIPE_FEW_SLOTS  2    /* of somebody with many pipes */

struct pipe *pipe_create(void);  /* NULL when out, or when the user has too many */
/* Pays for a ring of another size: 0 or -EPERM; then, once the ring is there or not, what is not needed is given back. */
int pipe_charge(struct pipe *p, uint32_t slots);
void pipe_uncharge(struct pipe *p, uint32_t slots);
void pipe_destroy(struct pipe *p);

static inline bool pipe_empty(const struct pipe *p) { return READ_ONCE(p->head) == READ_ONCE(p->tail); }
static inline bool pipe_full(const struct pipe *p)
{
	return READ_ONCE(p->head) - READ_ONCE(p->tail) + READ_ONCE(p->reserved) >= READ_ONCE(p->slots);
}
/* Would a read find something, if only the end? */
static inline bool pipe_may_read(const struct pipe *p)
{
	return !READ_ONCE(p->claimed) && (!pipe_empty(p) || !READ_ONCE(p->writers));
}

ssize_t pipe_read(struct io *io, struct iter *to);
ssize_t pipe_write(struct io *io, struct iter *from);

/* For fs/anon/splice.c. The lock is held: */
static inline struct pipe_slot *pipe_slot_at(struct pipe *p, uint32_t i)
{
	return &p->slot[i & (p->slots - 1)];
}
void pipe_drop_slot(struct pipe *p, struct pipe_slot *s); /* the oldest one, read or not */
/* No lock held: 0, or -EAGAIN (at once with nowait), -ERESTARTSYS. The pipe may have changed again. May sleep. */
int pipe_wait_readable(struct pipe *p, bool nowait);
int pipe_wait_room(struct pipe *p, size_t bytes, bool nowait);
/* Something happened to the pipe: whoever may go on is woken. No lock held. */
void pipe_wake(struct pipe *p);

#endif
