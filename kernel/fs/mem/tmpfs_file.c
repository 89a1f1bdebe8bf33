/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/tmpfs_file.c: regular files in memory. Their pages are page-cache pages
 * that are never dropped; a hole reads as zeros and gets its page when written or
 * mapped.
 *
 * The size limit. The page cache asks before it makes a page, and tells when one
 * is gone; each counts against the superblock's limit in one atomic step, so that
 * no number of writers at once goes beyond it.
 */
#include "base/panic.h"
#include "fs/mem/tmpfs.h"
#include "lib/errno.h"
#include "vm/space.h"
#include <linux/falloc.h>
#include <linux/fcntl.h>

static struct tmpfs_super *super_of(const struct object *o)
{
	const struct inode *i = o->owner;

	return tmpfs_of(i->sb);
}

static int tmpfs_charge(struct object *o)
{
	struct tmpfs_super *sb = super_of(o);
	uint64_t used = atomic_load(&sb->used_pages);

	do {
		if (used >= READ_ONCE(sb->max_pages))
			return -ENOSPC;
	} while (!atomic_compare_exchange(&sb->used_pages, &used, used + 1));
	return 0;
}

static void tmpfs_uncharge(struct object *o)
{
	atomic_dec(&super_of(o)->used_pages);
}

static int tmpfs_punch_hole(struct object *o, uint64_t start, uint64_t end)
{
	struct inode *i = o->owner;
	int error = 0;

	rwsem_write_lock(&i->lock);
	if (i->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		error = -EPERM;
	else
		object_punch_hole(o, start, end);
	rwsem_write_unlock(&i->lock);
	return error;
}

const struct object_ops tmpfs_object_ops = {
	.charge = tmpfs_charge,
	.uncharge = tmpfs_uncharge,
	.punch_hole = tmpfs_punch_hole,
	.release = inode_object_release,
};

/* Is there room for all pages of a range that it does not have? Others may take it meanwhile. */
static bool range_has_room(struct inode *i, uint64_t first, uint64_t last)
{
	const struct tmpfs_super *sb = tmpfs_of(i->sb);
	uint64_t max = READ_ONCE(sb->max_pages), used = READ_ONCE(sb->used_pages);
	uint64_t left = max > used ? max - used : 0;

	if (left > last - first)
		return true;
	for (uint64_t index = first; index <= last; index++)
		if (object_next_page(&i->object, index) != index && left-- == 0)
			return false;
	return true;
}

static int tmpfs_fsync(struct file *f, bool data_only)
{
	return 0;
}

/* Gives every page of a range its frame. */
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
	uint64_t size = inode_size(i);
	int error;

	if (end > size && i->seals & F_SEAL_GROW)
		return -EPERM;
	if (!range_has_room(i, start >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT))
		return -ENOSPC;
	/* Pages beyond the size would be refused: it grows first, and goes back if they cannot be had. */
	if (keep_size)
		end = min(end, size);
	if (end <= start)
		return 0;
	if (end > size)
		object_truncate(&i->object, end);
	error = fill_range(i, start >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT);
	if (error && end > size)
		object_truncate(&i->object, size);
	return error;
}

static int fallocate_locked(struct inode *i, int mode, uint64_t start, uint64_t end)
{
	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) {
		if (i->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
			return -EPERM;
		object_punch_hole(&i->object, start, end);
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
	if (!error) {
		inode_strip_privileges(i);
		inode_touch(i, ATTR_MTIME | ATTR_CTIME);
	}
	rwsem_write_unlock(&i->lock);
	return error;
}

const struct file_ops tmpfs_file_ops = {
	.read = file_read_generic,
	.write = file_write_generic,
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
