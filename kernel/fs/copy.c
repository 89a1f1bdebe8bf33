/* SPDX-License-Identifier: MIT */
/*
 * fs/copy.c: sendfile(2) and copy_file_range(2): bytes go through a few pages of
 * the kernel's, read from one file, written to the other.
 *
 * What was read but could not be written is not lost: the source's position stands
 * where the written part ends. A file's own position is locked throughout, the
 * two in the order of their addresses; pipes have no part in this (see
 * fs/anon/splice.c).
 */
#include "base/panic.h"
#include "fs/internal.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include "vm/iter.h"

#define COPY_PAGES 16

struct bounce {
	struct page *page[COPY_PAGES];
	unsigned pages;
};

static int bounce_init(struct bounce *b, size_t n)
{
	unsigned want = (unsigned)min_t(size_t, div_round_up(n, PAGE_SIZE), COPY_PAGES);

	for (b->pages = 0; b->pages < want; b->pages++) {
		b->page[b->pages] = frame_alloc(0, ALLOC_KERNEL);
		if (!b->page[b->pages])
			break;
	}
	return b->pages ? 0 : -ENOMEM;
}

static void bounce_free(struct bounce *b)
{
	while (b->pages)
		page_put(b->page[--b->pages]);
}

/* One round: up to the size of the pages. */
static ssize_t copy_some(struct bounce *b, struct file *from, loff_t *from_position, struct file *to,
			 loff_t *to_position, size_t n)
{
	loff_t start = from_position ? *from_position : 0;
	struct iter it;
	ssize_t got, put;

	iter_init_pages(&it, b->page, 0, min_t(size_t, n, b->pages * PAGE_SIZE), false);
	got = file_read(from, &it, from_position);
	if (got <= 0)
		return got;
	iter_init_pages(&it, b->page, 0, (size_t)got, true);
	put = file_write(to, &it, to_position);
	if (from_position)
		*from_position = start + max_t(ssize_t, put, 0);
	return put;
}

static ssize_t copy_all(struct file *from, loff_t *from_position, struct file *to, loff_t *to_position, size_t n)
{
	struct bounce b;
	size_t done = 0;
	ssize_t put = 0;

	if (bounce_init(&b, n))
		return -ENOMEM;
	while (done < n) {
		put = copy_some(&b, from, from_position, to, to_position, n - done);
		if (put <= 0)
			break;
		done += (size_t)put;
		if (thread_killed())
			break;
	}
	bounce_free(&b);
	return done ? (ssize_t)done : put;
}

/* The file's own position in *position, if that is what is wanted; true if it is and needs the lock. */
static bool own_position(struct file *f, loff_t **position)
{
	if (*position || f->mode & FILE_STREAM)
		return false;
	*position = &f->position;
	return true;
}

/* In the order of their addresses; either may be NULL, both may be the same. */
static void positions_lock(struct mutex *a, struct mutex *b)
{
	struct mutex *low = min(a, b), *high = max(a, b);

	if (low)
		mutex_lock(low);
	if (low && high != low)
		mutex_lock_ordered(high);
	else if (!low && high)
		mutex_lock(high);
}

static void positions_unlock(struct mutex *a, struct mutex *b)
{
	if (a)
		mutex_unlock(a);
	if (b && b != a)
		mutex_unlock(b);
}

ssize_t file_copy(struct file *from, loff_t *from_position, struct file *to, loff_t *to_position, size_t n)
{
	struct mutex *a = own_position(from, &from_position) ? &from->position_lock : NULL;
	struct mutex *b = own_position(to, &to_position) ? &to->position_lock : NULL;
	ssize_t done;

	if (!n)
		return 0;
	positions_lock(a, b);
	done = copy_all(from, from_position, to, to_position, n);
	positions_unlock(a, b);
	return done;
}
