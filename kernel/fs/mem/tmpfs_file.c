/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/tmpfs_file.c: regular files in memory. Their pages are page-cache pages
 * that are never dropped; a hole reads as zeros and gets its page when written or
 * mapped.
 *
 * The size limit. Each inode remembers how many pages it has been charged for;
 * tmpfs_settle() compares that with what its object holds and charges or gives
 * back the difference, so no path through the page cache needs to be caught. Two
 * places ask whether there is room: a write, for what it will need, and a shared
 * mapping's first write to a page. Several at once may overshoot by what they have
 * in flight, a few pages; the next settling counts them.
 */
#include "base/panic.h"
#include "fs/mem/tmpfs.h"
#include "lib/errno.h"
#include "vm/space.h"
#include <linux/falloc.h>
#include <linux/fcntl.h>

void tmpfs_settle(struct inode *i)
{
	struct tmpfs_super *sb = tmpfs_of(i->sb);
	struct tmpfs_node *n = tmpfs_node(i);
	uint64_t pages = atomic_load(&i->object.page_count);

	if (likely(pages == READ_ONCE(n->charged)))
		return;
	spin_lock(&sb->lock);
	sb->used_pages += pages - n->charged;
	n->charged = pages;
	spin_unlock(&sb->lock);
}

static uint64_t pages_left(const struct tmpfs_super *sb)
{
	uint64_t max = READ_ONCE(sb->max_pages), used = READ_ONCE(sb->used_pages);

	return max > used ? max - used : 0;
}

/* Bytes from position on, at most n, that can be written with the pages that are left. */
static size_t writable_bytes(struct inode *i, uint64_t position, size_t n)
{
	uint64_t left = pages_left(tmpfs_of(i->sb)), index = position >> PAGE_SHIFT;
	uint64_t end = (position + n - 1) >> PAGE_SHIFT;

	for (; index <= end; index++)
		if (object_next_page(&i->object, index) != index && left-- == 0)
			break;
	if (index > end)
		return n;
	index <<= PAGE_SHIFT;
	return index > position ? index - position : 0;
}

static int tmpfs_reserve(struct inode *i, uint64_t position, size_t *n)
{
	if (likely(pages_left(tmpfs_of(i->sb)) >= *n / PAGE_SIZE + 2))
		return 0;
	*n = writable_bytes(i, position, *n);
	return *n ? 0 : -ENOSPC;
}

static ssize_t tmpfs_write(struct io *io, struct iter *from)
{
	ssize_t n = file_write_reserving(io, from, tmpfs_reserve);

	tmpfs_settle(io->file->inode);
	return n;
}

/* A fault made a page, or found one, that is about to be written through a mapping. */
static int tmpfs_make_writable(struct object *o, struct page *page)
{
	struct inode *i = o->owner;
	struct tmpfs_super *sb = tmpfs_of(i->sb);

	tmpfs_settle(i);
	return READ_ONCE(sb->used_pages) > READ_ONCE(sb->max_pages) ? -ENOSPC : 0;
}

const struct object_ops tmpfs_object_ops = { .make_writable = tmpfs_make_writable, .release = inode_object_release };

static int tmpfs_fsync(struct file *f, bool data_only)
{
	return 0;
}

/* Gives every page of a range its frame. Room was checked. */
static int fill_range(struct inode *i, uint64_t first, uint64_t last)
{
	struct page *page;
	int error = 0;

	for (uint64_t index = first; !error && index <= last; index++) {
		error = object_get_page(&i->object, index, &page);
		if (!error)
			page_put(page);
		if (thread_killed())
			return -EINTR;
	}
	return error;
}

static int allocate_range(struct inode *i, uint64_t start, uint64_t end, bool keep_size)
{
	size_t n = end - start;

	if (!keep_size && end > inode_size(i)) {
		if (i->seals & F_SEAL_GROW)
			return -EPERM;
	}
	if (writable_bytes(i, start, n) < n)
		return -ENOSPC;
	/* Pages beyond the size would be refused: first grow, and go back if that was not wanted. */
	if (!keep_size && end > inode_size(i))
		object_truncate(&i->object, end);
	if (keep_size)
		end = min(end, inode_size(i));
	return end > start ? fill_range(i, start >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT) : 0;
}

static int fallocate_locked(struct inode *i, int mode, uint64_t start, uint64_t end)
{
	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) {
		if (i->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
			return -EPERM;
		object_punch_hole(&i->object, start, end);
		tmpfs_settle(i);
	}
	if (mode & FALLOC_FL_PUNCH_HOLE)
		return 0;
	return allocate_range(i, start, end, mode & FALLOC_FL_KEEP_SIZE);
}

static int tmpfs_fallocate(struct file *f, int mode, loff_t offset, loff_t length)
{
	struct inode *i = f->inode;
	int error;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		return -EOPNOTSUPP;
	rwsem_write_lock(&i->lock);
	error = fallocate_locked(i, mode, (uint64_t)offset, (uint64_t)offset + (uint64_t)length);
	tmpfs_settle(i);
	if (!error)
		inode_touch(i, ATTR_MTIME | ATTR_CTIME);
	rwsem_write_unlock(&i->lock);
	return error;
}

const struct file_ops tmpfs_file_ops = {
	.read = file_read_generic,
	.write = tmpfs_write,
	.seek = file_seek_generic,
	.map = file_map_generic,
	.fsync = tmpfs_fsync,
	.fallocate = tmpfs_fallocate,
};

const struct file_ops tmpfs_dir_file_ops = {
	.seek = file_seek_generic,
	.iterate = tmpfs_iterate,
	.fsync = tmpfs_fsync,
};
