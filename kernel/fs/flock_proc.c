/* SPDX-License-Identifier: MIT */
/*
 * fs/flock_proc.c: /proc/locks: every lock and lease of a file, and who waits for it (proc(5)).
 *
 * Inodes that ever had a lock are in one list, newest first; lists_lock keeps them in memory
 * while it is held. Text is made without it: the locks are copied first, into an array
 * that is made larger and filled again when there turn out to be more.
 */
#include "base/panic.h"
#include "fs/lease.h"
#include "fs/procfs.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include <linux/fcntl.h>

#define ROWS_FIRST 64

static struct spinlock lists_lock = SPINLOCK_INIT(RANK_FLOCK_LISTS);
static struct list lists = LIST_INIT(lists); /* lists_lock: struct flock_list */

/* A lock, or a request that waits for the lock in the row before. */
struct row {
	const char *kind; /* of eight characters, and of eight more */
	int type;         /* F_RDLCK, F_WRLCK, F_UNLCK */
	bool waits;
	int pid;
	uint64_t dev, ino, start, end; /* ino 0: it is not told */
};

struct rows {
	struct row *row;
	size_t n, size; /* n may be more: then the rest was only counted */
};

void flock_list_publish(struct flock_list *l)
{
	SPIN_GUARD(&lists_lock);
	list_add_head(&l->all, &lists);
}

void flock_list_withdraw(struct flock_list *l)
{
	SPIN_GUARD(&lists_lock);
	list_del(&l->all);
}

static void put_row(struct rows *r, const struct row *row)
{
	if (r->n < r->size)
		r->row[r->n] = *row;
	r->n++;
}

static const char *kind_of(bool whole, bool ofd)
{
	return whole ? "FLOCK  ADVISORY" : ofd ? "OFDLCK ADVISORY" : "POSIX  ADVISORY";
}

/* A list's lock held, as in the next two. */
static void gather_range(struct rows *r, const struct inode *inode, const struct range_lock *l, bool whole)
{
	struct row row = {
		.kind = kind_of(whole, l->ofd), .type = l->write ? F_WRLCK : F_RDLCK, .pid = l->pid,
		.dev = inode->sb->dev, .ino = inode->ino, .start = l->start, .end = l->end,
	};
	struct lock_waiter *w;

	put_row(r, &row);
	list_for_each_entry(w, &l->blocked, link) {
		const struct lock_request *q = w->request;

		row.kind = kind_of(whole, q->ofd);
		row.type = q->write ? F_WRLCK : F_RDLCK;
		row.waits = true;
		row.pid = q->pid;
		row.start = q->start;
		row.end = q->end;
		put_row(r, &row);
	}
}

static void gather_space(struct rows *r, const struct inode *inode, const struct lock_space *s, bool whole)
{
	for (struct rb_node *o = rb_first(&s->owners); o; o = rb_next(o)) {
		struct lock_owner *owner = rb_entry(o, struct lock_owner, node);

		for (struct rb_node *n = rb_first(&owner->ranges); n; n = rb_next(n))
			gather_range(r, inode, rb_entry(n, struct range_lock, by_start), whole);
	}
}

struct gathering {
	struct rows *rows;
	const struct inode *inode;
};

static void gather_lease(void *arg, const struct lease_row *lease)
{
	const struct gathering *g = arg;
	struct row row = { .type = lease->type, .pid = lease->pid, .end = LOCK_END };

	switch (lease->state) {
	case LEASE_ACTIVE:
		row.kind = "LEASE  ACTIVE  ";
		break;
	case LEASE_BREAKING:
		row.kind = "LEASE  BREAKING";
		break;
	case LEASE_BREAKER:
		row.kind = "LEASE  BREAKER ";
		row.waits = true;
	}
	if (!row.waits) {
		row.dev = g->inode->sb->dev;
		row.ino = g->inode->ino;
	}
	put_row(g->rows, &row);
}

static void gather(struct rows *r)
{
	struct flock_list *l;

	r->n = 0;
	SPIN_GUARD(&lists_lock);
	list_for_each_entry(l, &lists, all) {
		struct gathering g = { r, l->inode };

		lease_for_each(l, gather_lease, &g);
		SPIN_GUARD(&l->lock);
		gather_space(r, l->inode, &l->record, false);
		gather_space(r, l->inode, &l->whole, true);
	}
}

/* All there are, in r->row. */
static int gather_all(struct rows *r)
{
	*r = (struct rows){ .n = ROWS_FIRST };
	do {
		kfree(r->row);
		r->size = r->n + ROWS_FIRST;
		r->row = kmalloc(r->size * sizeof(*r->row), ALLOC_KERNEL);
		if (!r->row)
			return -ENOMEM;
		gather(r);
	} while (r->n > r->size);
	return 0;
}

static void show_row(struct text *t, unsigned number, const struct row *r)
{
	text_printf(t, "%u: %s%s  %s %d ", number, r->waits ? "-> " : "", r->kind,
		    r->type == F_WRLCK ? "WRITE" : r->type == F_RDLCK ? "READ" : "UNLCK", r->pid);
	if (r->ino)
		text_printf(t, "%02x:%02x:%lu ", (unsigned)(r->dev >> 8 & 0xfff), (unsigned)(r->dev & 0xff), r->ino);
	else
		text_printf(t, "<none>:0 ");
	text_printf(t, "%lu ", r->start);
	if (r->end == LOCK_END)
		text_printf(t, "EOF\n");
	else
		text_printf(t, "%lu\n", r->end);
}

static int locks_show(struct text *t)
{
	struct rows r;
	int error = gather_all(&r);
	unsigned number = 0;

	if (error)
		return error;
	for (size_t i = 0; i < r.n; i++) {
		number += !r.row[i].waits;
		show_row(t, number, &r.row[i]);
	}
	kfree(r.row);
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, locks) = { "locks", 0444, locks_show, NULL };
