/* SPDX-License-Identifier: MIT */
/*
 * vm/iter.h: where the bytes of a read or write go: a list of segments of user
 * memory, kernel memory, or pages. It is passed down to where the data is, so
 * that a copy happens once. User segments are faulted in first
 * (iter_fault_in_*), outside of locks, and then copied atomically: with a page
 * locked or a lock held, use the *_atomic forms, which stop at a page that is
 * not mapped; on a short count drop the locks, fault in and try again.
 */
#ifndef VM_ITER_H
#define VM_ITER_H

#include "lib/types.h"
#include "mem/frame.h"

enum iter_kind { ITER_USER, ITER_KERNEL, ITER_PAGES };

struct iter_segment {          /* ITER_USER and ITER_KERNEL; layout of struct iovec */
	uint64_t base, length;
};

struct iter {
	enum iter_kind kind;
	bool source;                       /* bytes are taken from it (write), else put into it (read) */
	unsigned segments;                 /* left, the current one included */
	union {
		const struct iter_segment *segment;
		struct page **page;        /* ITER_PAGES: whole pages, page by page */
	};
	size_t offset;                     /* into the current segment or page */
	size_t count;                      /* bytes left */
	struct iter_segment single;        /* for the one-segment constructors */
};

void iter_init_user(struct iter *it, uaddr_t base, size_t n, bool source);
void iter_init_kernel(struct iter *it, void *base, size_t n, bool source);
/* segments must stay valid; count is their sum, checked by the caller. */
void iter_init_segments(struct iter *it, enum iter_kind kind, const struct iter_segment *s, unsigned n,
			size_t count, bool source);
void iter_init_pages(struct iter *it, struct page **page, size_t offset, size_t n, bool source);

/*
 * Move n bytes between the iterator and buf, advancing it. Number moved: short
 * only on a bad user address. May sleep (user memory).
 */
size_t iter_put(struct iter *it, const void *buf, size_t n);
size_t iter_take(struct iter *it, void *buf, size_t n);
size_t iter_put_zeros(struct iter *it, size_t n);

/* The same, never sleeping: short also on a page that is not mapped now. */
size_t iter_put_atomic(struct iter *it, const void *buf, size_t n);
size_t iter_take_atomic(struct iter *it, void *buf, size_t n);

/* Touches the next n bytes of user memory so that an atomic copy may succeed. 0 or -EFAULT (not even one byte). May sleep. */
int iter_fault_in(struct iter *it, size_t n);

void iter_advance(struct iter *it, size_t n);
/* Saved position: plain copy of the struct, of a 'single' iterator too. */
void iter_restore(struct iter *it, const struct iter *saved);
/* Cuts the iterator to at most n bytes. */
void iter_truncate(struct iter *it, size_t n);

#endif
