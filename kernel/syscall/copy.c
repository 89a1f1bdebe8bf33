/* SPDX-License-Identifier: MIT */
/*
 * syscall/copy.c: moving bytes from file to file: sendfile(2),
 * copy_file_range(2), splice(2), tee(2), vmsplice(2).
 */
#include "syscall/rw.h"
#include "syscall/syscall.h"
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

/* SPLICE_F_*: splice(2); no header of the interface has them. MOVE, MORE and GIFT are hints. */
enum { SPLICE_NOWAIT = 2, SPLICE_ALL = 15 };

/* An optional position in user memory. *p is &value or NULL. */
static int position_read(uaddr_t from, loff_t *value, loff_t **p)
{
	*p = from ? value : NULL;
	if (!from)
		return 0;
	if (get_user_struct(*value, from))
		return -EFAULT;
	return *value < 0 ? -EINVAL : 0;
}

static int position_write(uaddr_t to, const loff_t *p)
{
	return p ? put_user_struct(to, *p) : 0;
}

SYSCALL4(sendfile, int, to_fd, int, from_fd, uaddr_t, offset, size_t, n)
{
	loff_t value, *position;
	ssize_t result = position_read(offset, &value, &position);

	if (result == -EFAULT)
		return result;
	FILE_GUARD(from, from_fd);
	FILE_GUARD(to, to_fd);
	if (!from || !(from->mode & FILE_READ) || !to || !(to->mode & FILE_WRITE))
		return -EBADF;
	if (position && (from->mode & FILE_STREAM))
		return -ESPIPE;
	if (result || (to->flags & O_APPEND) || S_ISDIR(from->inode->mode))
		return -EINVAL;
	if ((from->mode & FILE_STREAM) && !(S_ISCHR(from->inode->mode) && from->ops->seek))
		return -EINVAL; /* what was read from it could not be given back */
	if (file_is_pipe(to))
		result = file_splice(from, position, to, NULL, n, false);
	else
		result = file_copy(from, position, to, NULL, n);
	if (result == -EPIPE)
		raise_pipe_signal(to);
	return position_write(offset, position) ? -EFAULT : result;
}

static int check_copy_range(const struct file *from, const struct file *to)
{
	if (!(from->mode & FILE_READ) || !(to->mode & FILE_WRITE) || (to->flags & O_APPEND))
		return -EBADF;
	if (S_ISDIR(from->inode->mode) || S_ISDIR(to->inode->mode))
		return -EISDIR;
	if (!S_ISREG(from->inode->mode) || !S_ISREG(to->inode->mode))
		return -EINVAL;
	return from->inode->sb->type == to->inode->sb->type ? 0 : -EXDEV;
}

SYSCALL6(copy_file_range, int, from_fd, uaddr_t, from_offset, int, to_fd, uaddr_t, to_offset, size_t, n,
	 unsigned, flags)
{
	loff_t from_value, to_value, *from_position, *to_position, a, b;
	ssize_t result;

	if (flags)
		return -EINVAL;
	FILE_GUARD(from, from_fd);
	FILE_GUARD(to, to_fd);
	if (!from || !to)
		return -EBADF;
	result = position_read(from_offset, &from_value, &from_position);
	if (!result)
		result = position_read(to_offset, &to_value, &to_position);
	if (!result)
		result = check_copy_range(from, to);
	if (result)
		return result;
	a = from_position ? *from_position : from->position;
	b = to_position ? *to_position : to->position;
	if (a > INT64_MAX - (loff_t)(n & INT64_MAX) || b > INT64_MAX - (loff_t)(n & INT64_MAX))
		return -EOVERFLOW;
	if (from->inode == to->inode && a < b + (loff_t)n && b < a + (loff_t)n)
		return -EINVAL;
	if ((uint64_t)b < file_size_limit())
		n = min(n, file_size_limit() - (uint64_t)b); /* over it there is no signal, but at it */
	result = file_copy(from, from_position, to, to_position, n);
	if (position_write(from_offset, from_position) || position_write(to_offset, to_position))
		return -EFAULT;
	return result;
}

/* May they be spliced? At least one is a pipe, and pipes have no positions. */
static int check_splice(const struct file *from, const struct file *to)
{
	if (!(from->mode & FILE_READ) || !(to->mode & FILE_WRITE))
		return -EBADF;
	if (!file_is_pipe(from) && (!file_is_pipe(to) || S_ISDIR(from->inode->mode)))
		return -EINVAL;
	return !file_is_pipe(to) && (to->flags & O_APPEND) ? -EINVAL : 0;
}

SYSCALL6(splice, int, from_fd, uaddr_t, from_offset, int, to_fd, uaddr_t, to_offset, size_t, n,
	 unsigned, flags)
{
	loff_t from_value, to_value, *from_position, *to_position;
	ssize_t result;

	if (!n)
		return 0;
	if (flags & ~SPLICE_ALL)
		return -EINVAL;
	FILE_GUARD(from, from_fd);
	FILE_GUARD(to, to_fd);
	if (!from || !to)
		return -EBADF;
	if ((file_is_pipe(from) && from_offset) || (file_is_pipe(to) && to_offset))
		return -ESPIPE;
	result = position_read(from_offset, &from_value, &from_position);
	if (!result)
		result = position_read(to_offset, &to_value, &to_position);
	if (!result)
		result = check_splice(from, to);
	if (result)
		return result;
	result = file_splice(from, from_position, to, to_position, n, flags & SPLICE_NOWAIT);
	if (result == -EPIPE)
		raise_pipe_signal(to);
	if (position_write(from_offset, from_position) || position_write(to_offset, to_position))
		return -EFAULT;
	return result;
}

SYSCALL4(tee, int, from_fd, int, to_fd, size_t, n, unsigned, flags)
{
	ssize_t result;

	if (flags & ~SPLICE_ALL)
		return -EINVAL;
	if (!n)
		return 0;
	FILE_GUARD(from, from_fd);
	FILE_GUARD(to, to_fd);
	if (!from || !to || !(from->mode & FILE_READ) || !(to->mode & FILE_WRITE))
		return -EBADF;
	if (!file_is_pipe(from) || !file_is_pipe(to))
		return -EINVAL;
	result = pipe_move(from, to, n, flags & SPLICE_NOWAIT, true);
	if (result == -EPIPE)
		raise_pipe_signal(to);
	return result;
}

SYSCALL4(vmsplice, int, fd, uaddr_t, vec, uint64_t, count, unsigned, flags)
{
	struct iovec_copy v;
	struct iter it;
	ssize_t result;

	if (flags & ~SPLICE_ALL)
		return -EINVAL;
	FILE_GUARD(f, fd);
	if (!f)
		return -EBADF;
	bool write = f->mode & FILE_WRITE;
	result = iovec_read(&v, &it, vec, count, write);
	if (result)
		return result;
	if (!it.count)
		result = 0;
	else if (!file_is_pipe(f))
		result = -EBADF;
	else if (write)
		result = pipe_write_some(f, &it, flags & SPLICE_NOWAIT);
	else
		result = pipe_read_some(f, &it, flags & SPLICE_NOWAIT);
	iovec_free(&v);
	if (result == -EPIPE)
		raise_pipe_signal(f);
	return result;
}
