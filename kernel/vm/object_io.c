/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing an object's pages. A reader holds a reference on a page,
 * not its lock, and may therefore fault while it copies. A writer holds the
 * page's lock, so it copies without faulting; when that stops short, it unlocks,
 * faults the user's memory in, and goes on from there. Trying before faulting in
 * is right, since memory about to be written is nearly always present.
 */
#include "lib/errno.h"
#include "vm/iter.h"
#include "vm/pages.h"

/* Bytes put, 0 at a bad address; or an errno. */
static ssize_t read_part(struct object *o, uint64_t position, size_t n, struct iter *to)
{
	uint64_t offset = position & (PAGE_SIZE - 1);
	struct page *page;
	ssize_t done;
	int error;

	if (!o->ops->read_page) {
		page = object_find_page(o, position >> PAGE_SHIFT);
		if (!page || !(READ_ONCE(page->flags) & PAGE_UPTODATE)) {
			if (page)
				page_put(page);
			return (ssize_t)iter_put_zeros(to, n);
		}
	} else {
		error = object_get_page(o, position >> PAGE_SHIFT, &page);
		if (error)
			return error;
	}
	done = (ssize_t)iter_put(to, (char *)page_address(page) + offset, n);
	page_put(page);
	return done;
}

ssize_t object_read(struct object *o, uint64_t position, struct iter *to)
{
	size_t total = 0;

	while (to->count) {
		uint64_t size = atomic_load(&o->size);
		size_t n = min(PAGE_SIZE - (position & (PAGE_SIZE - 1)), to->count);
		ssize_t done;

		if (position >= size)
			break;
		n = min(n, size - position);
		done = read_part(o, position, n, to);
		if (done < 0)
			return total ? (ssize_t)total : done;
		total += (size_t)done;
		position += (size_t)done;
		if ((size_t)done < n)
			return total ? (ssize_t)total : -EFAULT;
	}
	return (ssize_t)total;
}

/* Copies into a locked page. Bytes copied; 0 when memory must be faulted in first. */
static size_t fill_from(struct object *o, struct page *page, uint64_t position, size_t n, struct iter *from)
{
	struct iter start = *from;
	char *to = (char *)page_address(page) + (position & (PAGE_SIZE - 1));
	size_t done = iter_take_atomic(from, to, n);

	if (done < n && !(page->flags & PAGE_UPTODATE)) {
		iter_restore(from, &start); /* what we did not fill is not anybody's to see */
		return 0;
	}
	if (done == 0)
		return 0;
	if (!(page->flags & PAGE_UPTODATE))
		atomic_or(&page->flags, PAGE_UPTODATE);
	page_set_dirty(page);
	if (position + done > atomic_load(&o->size))
		atomic_store(&o->size, position + done);
	return done;
}

/*
 * Bytes written (perhaps 0: try again), or an errno. whole: the page need not be
 * filled first; not so after a short copy, whose bytes shall count the next time.
 */
static ssize_t write_part(struct object *o, uint64_t position, size_t n, bool whole, struct iter *from)
{
	struct page *page;
	size_t done;
	int error = object_get_page_locked(o, position >> PAGE_SHIFT, whole && n == PAGE_SIZE, &page);

	if (error)
		return error;
	done = fill_from(o, page, position, n, from);
	page_unlock(page);
	page_put(page);
	if (done == 0)
		return iter_fault_in(from, n);
	return (ssize_t)done;
}

ssize_t object_write(struct object *o, uint64_t position, struct iter *from)
{
	size_t total = 0;
	bool whole = true;

	while (from->count) {
		size_t n = min(PAGE_SIZE - (position & (PAGE_SIZE - 1)), from->count);
		ssize_t done = write_part(o, position, n, whole, from);

		if (done < 0)
			return total ? (ssize_t)total : done;
		whole = done > 0;
		total += (size_t)done;
		position += (size_t)done;
	}
	return (ssize_t)total;
}
