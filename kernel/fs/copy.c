/* SPDX-License-Identifier: MIT */
/*
 * fs/copy.c: sendfile(2), copy_file_range(2), and splice(2) where no pipe end
 * does better: bytes go through a few pages of the kernel's, read from one file,
 * written to the other.
 *
 * What was read but could not be written is given back: a source with a position
 * simply stands where the written part ends. A source without one (a pipe, a
 * socket) cannot take bytes back, so from there no more is read than the target
 * then takes, waiting if it must.
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

/* Writes n bytes from the pages. Those of a stream must all get out: none may be lost. */
static ssize_t bounce_write(struct bounce *b, struct file *to, loff_t *position, size_t n, bool all)
{
	struct iter from;
	size_t done = 0;

	while (done < n) {
		ssize_t put;

		iter_init_pages(&from, b->page + done / PAGE_SIZE, done % PAGE_SIZE, n - done, true);
		put = file_write(to, &from, position);
		if (put <= 0)
			return done ? (ssize_t)done : put;
		done += (size_t)put;
		if (!all)
			break;
	}
	return (ssize_t)done;
}

/* One round: up to the size of the pages. */
static ssize_t copy_some(struct bounce *b, struct file *from, loff_t *from_position, struct file *to,
			 loff_t *to_position, size_t n)
{
	bool stream = from->mode & FILE_STREAM;
	loff_t start = stream ? 0 : *from_position;
	struct iter in;
	ssize_t got, put;

	iter_init_pages(&in, b->page, 0, min_t(size_t, n, b->pages * PAGE_SIZE), false);
	got = file_read(from, &in, stream ? NULL : from_position);
	if (got <= 0)
		return got;
	put = bounce_write(b, to, to_position, (size_t)got, stream);
	if (!stream)
		*from_position = start + max_t(ssize_t, put, 0);
	return put;
}

ssize_t file_copy(struct file *from, loff_t *from_position, struct file *to, loff_t *to_position, size_t n)
{
	loff_t at = from_position ? *from_position : from->position;
	struct bounce b;
	size_t done = 0;
	ssize_t got = 0;

	if (from_position && from->mode & FILE_STREAM)
		return -ESPIPE;
	if (!n)
		return 0;
	if (bounce_init(&b, n))
		return -ENOMEM;
	while (done < n) {
		got = copy_some(&b, from, &at, to, to_position, n - done);
		if (got <= 0)
			break;
		done += (size_t)got;
		if (from->mode & FILE_STREAM || thread_killed())
			break;
	}
	bounce_free(&b);
	if (from_position)
		*from_position = at;
	else if (!(from->mode & FILE_STREAM))
		from->position = at;
	return done ? (ssize_t)done : got;
}
