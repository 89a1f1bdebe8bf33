/* SPDX-License-Identifier: MIT */
/*
 * fs/readwrite.c: read(2), write(2), lseek(2) above the file's own functions:
 * mode, position and its lock, limits; and the functions that files in the page
 * cache use as they are.
 *
 * A file with a position is locked while it is read or written at its own
 * position, so that two threads never get the same bytes. Streams (pipes,
 * sockets, most devices) have neither position nor lock, and pay for neither.
 */
#include "base/panic.h"
#include "fs/internal.h"
#include "fs/notify.h"
#include "lib/errno.h"
#include "vm/iter.h"
#include "vm/space.h"
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#define COUNT_MAX 0x7ffff000UL /* what Linux moves at once at most */

static uint64_t (*size_limit_hook)(void); /* set once, at boot */
static void (*size_exceeded_hook)(void);  /* likewise */

void file_set_size_limit_hook(uint64_t (*limit)(void), void (*exceeded)(void))
{
	size_limit_hook = limit;
	size_exceeded_hook = exceeded;
}

int file_size_exceeded(void)
{
	if (size_exceeded_hook)
		size_exceeded_hook();
	return -EFBIG;
}

uint64_t file_size_limit(void)
{
	return size_limit_hook ? size_limit_hook() : UINT64_MAX;
}

static inline unsigned io_flags(uint32_t flags)
{
	unsigned io = 0;

	if (likely(!(flags & (O_NONBLOCK | O_APPEND | O_DSYNC))))
		return 0;
	if (flags & O_NONBLOCK)
		io |= IO_NOWAIT;
	if (flags & O_APPEND)
		io |= IO_APPEND;
	if (flags & O_DSYNC)
		io |= IO_DSYNC;
	if ((flags & O_SYNC) == O_SYNC)
		io |= IO_SYNC;
	return io;
}

typedef ssize_t transfer_fn(struct io *io, struct iter *it);

/* Runs one transfer at the right position. more: IO_* beside those of the file. */
static inline ssize_t transfer(struct file *f, transfer_fn *fn, struct iter *it, loff_t *position, unsigned more)
{
	struct io io = { .file = f, .flags = io_flags(f->flags) | more };
	ssize_t n;

	if (unlikely(it->count > COUNT_MAX))
		iter_truncate(it, COUNT_MAX);
	if (position) {
		if (f->mode & FILE_STREAM)
			return -ESPIPE;
		if (*position < 0)
			return -EINVAL;
		io.position = *position;
		n = fn(&io, it);
		*position = io.position;
		return n;
	}
	if (f->mode & FILE_STREAM)
		return fn(&io, it);
	mutex_lock(&f->position_lock);
	io.position = f->position;
	n = fn(&io, it);
	f->position = io.position;
	mutex_unlock(&f->position_lock);
	return n;
}

ssize_t file_read(struct file *f, struct iter *to, loff_t *position)
{
	ssize_t n;

	if (unlikely(!(f->mode & FILE_READ)))
		return -EBADF;
	if (unlikely(!f->ops->read))
		return S_ISDIR(f->inode->mode) ? -EISDIR : -EINVAL;
	n = transfer(f, f->ops->read, to, position, 0);
	if (n > 0)
		notify_dentry(f->path.dentry, IN_ACCESS);
	return n;
}

ssize_t file_write(struct file *f, struct iter *from, loff_t *position)
{
	ssize_t n;

	if (unlikely(!(f->mode & FILE_WRITE)))
		return -EBADF;
	if (unlikely(!f->ops->write))
		return -EINVAL;
	n = transfer(f, f->ops->write, from, position, 0);
	if (n > 0)
		notify_dentry(f->path.dentry, IN_MODIFY);
	return n;
}

/* The flags as IO_*, or -EOPNOTSUPP. */
static int flags_of_call(unsigned takes, bool none, unsigned flags)
{
	unsigned known = RWF_HIPRI;

	if (!none)
		known |= RWF_SYNC | RWF_DSYNC | RWF_APPEND | (takes & FILE_TAKES_NOWAIT ? RWF_NOWAIT : 0);
	if (flags & ~known)
		return -EOPNOTSUPP;
	return (flags & RWF_SYNC ? IO_SYNC | IO_DSYNC : 0) | (flags & RWF_DSYNC ? IO_DSYNC : 0) |
	       (flags & RWF_APPEND ? IO_APPEND : 0) | (flags & RWF_NOWAIT ? IO_NOWAIT : 0);
}

ssize_t file_read_flags(struct file *f, struct iter *to, loff_t *position, unsigned flags)
{
	bool dir = S_ISDIR(f->inode->mode);
	ssize_t n;
	int more;

	if (!(f->mode & FILE_READ))
		return -EBADF;
	if (!f->ops->read && !dir)
		return -EINVAL;
	if (!to->count)
		return 0;
	more = flags_of_call(f->ops->rw, dir || f->ops->rw & FILE_TAKES_NONE_READING, flags);
	if (more < 0)
		return more;
	if (dir)
		return -EISDIR;
	n = transfer(f, f->ops->read, to, position, (unsigned)more);
	if (n > 0)
		notify_dentry(f->path.dentry, IN_ACCESS);
	return n;
}

ssize_t file_write_flags(struct file *f, struct iter *from, loff_t *position, unsigned flags)
{
	ssize_t n;
	int more;

	if (!(f->mode & FILE_WRITE))
		return -EBADF;
	if (!f->ops->write)
		return -EINVAL;
	if (!from->count)
		return 0;
	more = flags_of_call(f->ops->rw, f->ops->rw & FILE_TAKES_NONE_WRITING, flags);
	if (more < 0)
		return more;
	n = transfer(f, f->ops->write, from, position, (unsigned)more);
	if (n > 0)
		notify_dentry(f->path.dentry, IN_MODIFY);
	return n;
}

ssize_t file_read_kernel(struct file *f, void *buf, size_t n, loff_t position)
{
	struct iter to;
	size_t done = 0;

	while (done < n) {
		ssize_t got;

		iter_init_kernel(&to, (uint8_t *)buf + done, n - done, false);
		got = file_read(f, &to, &position);
		if (got < 0)
			return done ? (ssize_t)done : got;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

loff_t file_seek(struct file *f, loff_t offset, int whence)
{
	loff_t result;

	if (!(f->mode & FILE_SEEK))
		return f->ops->seek ? f->ops->seek(f, offset, whence) : -ESPIPE;
	mutex_lock(&f->position_lock);
	result = f->ops->seek ? f->ops->seek(f, offset, whence) : file_seek_generic(f, offset, whence);
	mutex_unlock(&f->position_lock);
	return result;
}

loff_t file_seek_nothing(struct file *f, loff_t offset, int whence)
{
	return 0;
}

/* SEEK_DATA and SEEK_HOLE: the end of the file is a hole. */
static loff_t seek_pages(struct file *f, loff_t offset, bool data)
{
	struct object *o = &f->inode->object;
	uint64_t size = inode_size(f->inode), index = (uint64_t)offset >> PAGE_SHIFT, found;

	if (offset < 0 || (uint64_t)offset >= size)
		return -ENXIO;
	found = data ? object_next_page(o, index) : object_next_hole(o, index);
	if (found == index)
		return offset;
	if (found > (size - 1) >> PAGE_SHIFT)
		return data ? -ENXIO : (loff_t)size;
	return (loff_t)(found << PAGE_SHIFT);
}

loff_t file_seek_generic(struct file *f, loff_t offset, int whence)
{
	loff_t base = 0;

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		base = f->position;
		break;
	case SEEK_END:
		base = (loff_t)inode_size(f->inode);
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (!S_ISREG(f->inode->mode))
			return -EINVAL;
		base = seek_pages(f, offset, whence == SEEK_DATA);
		if (base < 0)
			return base;
		offset = 0;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &offset))
		return -EINVAL;
	if (offset < 0 || (uint64_t)offset > f->inode->sb->max_bytes)
		return -EINVAL;
	f->position = offset;
	return offset;
}

ssize_t file_read_generic(struct io *io, struct iter *to)
{
	struct inode *i = io->file->inode;
	ssize_t n;

	if ((uint64_t)io->position >= inode_size(i) || !to->count)
		return 0;
	n = object_read(&i->object, (uint64_t)io->position, to);
	if (n > 0) {
		io->position += n;
		file_touch_access(io->file);
	}
	return n;
}

/* How much of a write may be done: limits of process and filesystem, seals. Inode locked for writing. */
static int write_limit(struct io *io, struct iter *from)
{
	struct inode *i = io->file->inode;
	uint64_t at, limit = i->sb->max_bytes;

	if (io->flags & IO_APPEND)
		io->position = (loff_t)inode_size(i);
	at = (uint64_t)io->position;
	if (unlikely(i->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
		return -EPERM;
	if (unlikely(i->seals & F_SEAL_GROW)) {
		if (at >= inode_size(i))
			return -EPERM;
		limit = inode_size(i);
	} else {
		uint64_t own = file_size_limit();

		if (unlikely(at >= own))
			return file_size_exceeded();
		limit = min(limit, own);
	}
	if (at >= limit)
		return -EFBIG;
	if (from->count > limit - at)
		iter_truncate(from, limit - at);
	return 0;
}

static ssize_t write_locked(struct io *io, struct iter *from)
{
	struct inode *i = io->file->inode;
	ssize_t n = write_limit(io, from);

	if (n)
		return n;
	inode_strip_privileges(i);
	inode_touch(i, ATTR_MTIME | ATTR_CTIME);
	n = object_write(&i->object, (uint64_t)io->position, from);
	if (n > 0)
		io->position += n;
	return n;
}

ssize_t file_write_generic(struct io *io, struct iter *from)
{
	struct inode *i = io->file->inode;
	ssize_t n;

	if (!from->count)
		return 0;
	rwsem_write_lock(&i->lock);
	n = write_locked(io, from);
	rwsem_write_unlock(&i->lock);
	if (n > 0 && io->flags & IO_DSYNC && io->file->ops->fsync) {
		int error = io->file->ops->fsync(io->file, !(io->flags & IO_SYNC));

		if (error)
			return error;
	}
	return n;
}

int file_map_generic(struct file *f, struct space_map_request *r)
{
	struct inode *i = f->inode;

	if (!S_ISREG(i->mode))
		return -ENODEV;
	if (i->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) && r->flags & AREA_SHARED) {
		if (r->flags & AREA_WRITE)
			return -EPERM;
		r->flags &= ~(uint32_t)AREA_MAY_WRITE;
	}
	r->object = &i->object;
	file_touch_access(f);
	return 0;
}

int file_truncate(struct file *f, uint64_t size)
{
	struct attributes a = { .valid = ATTR_SIZE, .size = size };
	int error;

	if (!(f->mode & FILE_WRITE) || !S_ISREG(f->inode->mode))
		return -EINVAL;
	error = inode_change(f->inode, f->cred, &a);
	if (!error)
		notify_change(f->path.dentry, &a);
	return error;
}

int file_allocate(struct file *f, int mode, loff_t offset, loff_t length)
{
	uint64_t end;
	int error;

	if (offset < 0 || length <= 0)
		return -EINVAL;
	if (!(f->mode & FILE_WRITE))
		return -EBADF;
	if (mode & FALLOC_FL_PUNCH_HOLE && !(mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	if (f->mode & FILE_STREAM)
		return S_ISFIFO(f->inode->mode) ? -ESPIPE : -ENODEV;
	if (S_ISDIR(f->inode->mode))
		return -EISDIR;
	if (!S_ISREG(f->inode->mode))
		return -ENODEV;
	if (f->inode->immutable_file || (f->inode->append_only && mode & ~FALLOC_FL_KEEP_SIZE))
		return -EPERM;
	end = (uint64_t)offset + (uint64_t)length;
	if (!(mode & FALLOC_FL_PUNCH_HOLE) && end > inode_size(f->inode) && end > file_size_limit())
		return file_size_exceeded();
	if (end > f->inode->sb->max_bytes || end > (uint64_t)INT64_MAX)
		return -EFBIG;
	error = f->ops->fallocate ? f->ops->fallocate(f, mode, offset, length) : -EOPNOTSUPP;
	if (!error)
		notify_dentry(f->path.dentry, IN_MODIFY);
	return error;
}

int file_sync(struct file *f, bool data_only)
{
	return f->ops->fsync ? f->ops->fsync(f, data_only) : -EINVAL;
}
