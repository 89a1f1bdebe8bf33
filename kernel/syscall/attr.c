/* SPDX-License-Identifier: MIT */
/*
 * syscall/attr.c: changing what an inode says of itself: mode, owner, times,
 * size; and getting its data to the disk.
 */
#include "fs/inode.h"
#include "fs/notify.h"
#include "fs/path.h"
#include "hal/clock.h"
#include "syscall/syscall.h"
#include <linux/fadvise.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <linux/time_types.h>
#include <linux/utime.h>

#define UTIME_NOW  ((1L << 30) - 1L)
#define UTIME_OMIT ((1L << 30) - 2L)

static int change_path(const struct path *p, struct attributes *a)
{
	int result = path_want_write(p);

	if (!result)
		result = inode_change(path_inode(p), cred_current(), a);
	if (!result)
		notify_change(p->dentry, a);
	return result;
}

static int64_t change_at(int dirfd, uaddr_t name, unsigned walk, struct attributes *a)
{
	PATH_GUARD(p);
	int result = path_from_user(dirfd, name, walk, &p);

	return result ? result : change_path(&p, a);
}

static int64_t change_fd(int fd, bool any, struct attributes *a)
{
	FILE_GUARD_(f, fd, any);

	return f ? change_path(&f->path, a) : -EBADF;
}

static struct attributes mode_attributes(uint32_t mode)
{
	return (struct attributes){ .valid = ATTR_MODE, .mode = mode & 07777 };
}

SYSCALL2(chmod, uaddr_t, name, uint32_t, mode)
{
	struct attributes a = mode_attributes(mode);

	return change_at(AT_FDCWD, name, 0, &a);
}

SYSCALL3(fchmodat, int, dirfd, uaddr_t, name, uint32_t, mode)
{
	struct attributes a = mode_attributes(mode);

	return change_at(dirfd, name, 0, &a);
}

SYSCALL2(fchmod, int, fd, uint32_t, mode)
{
	struct attributes a = mode_attributes(mode);

	return change_fd(fd, false, &a);
}

/* -1 leaves a number alone. */
static struct attributes owner_attributes(uint32_t uid, uint32_t gid)
{
	return (struct attributes){
		.valid = ATTR_STRIP | (uid != ~0u ? ATTR_UID : 0u) | (gid != ~0u ? ATTR_GID : 0u),
		.uid = uid,
		.gid = gid,
	};
}

SYSCALL3(chown, uaddr_t, name, uint32_t, uid, uint32_t, gid)
{
	struct attributes a = owner_attributes(uid, gid);

	return change_at(AT_FDCWD, name, 0, &a);
}

SYSCALL3(lchown, uaddr_t, name, uint32_t, uid, uint32_t, gid)
{
	struct attributes a = owner_attributes(uid, gid);

	return change_at(AT_FDCWD, name, WALK_NOFOLLOW, &a);
}

SYSCALL3(fchown, int, fd, uint32_t, uid, uint32_t, gid)
{
	struct attributes a = owner_attributes(uid, gid);

	return change_fd(fd, false, &a);
}

SYSCALL5(fchownat, int, dirfd, uaddr_t, name, uint32_t, uid, uint32_t, gid, unsigned, flags)
{
	struct attributes a = owner_attributes(uid, gid);

	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return change_at(dirfd, name, walk_flags(flags), &a);
}

/* Both times "now" is the one thing that somebody who may only write is allowed to ask for. */
static const struct attributes times_now = { .valid = ATTR_ATIME | ATTR_MTIME | ATTR_NOW };

static int one_time(const struct __kernel_timespec *ts, unsigned which, struct attributes *a, struct file_time *t)
{
	if (ts->tv_nsec == UTIME_OMIT)
		return 0;
	a->valid |= which;
	if (ts->tv_nsec == UTIME_NOW) {
		*t = file_time_of(clock_wall());
		return 0;
	}
	if (ts->tv_nsec < 0 || ts->tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	*t = (struct file_time){ ts->tv_sec, (uint32_t)ts->tv_nsec };
	return 0;
}

static int times_attributes(const struct __kernel_timespec ts[2], struct attributes *a)
{
	int result;

	*a = (struct attributes){ .valid = 0 };
	if (ts[0].tv_nsec == UTIME_NOW && ts[1].tv_nsec == UTIME_NOW) {
		*a = times_now;
		return 0;
	}
	result = one_time(&ts[0], ATTR_ATIME, a, &a->atime);
	return result ? result : one_time(&ts[1], ATTR_MTIME, a, &a->mtime);
}

static int64_t change_times(int dirfd, uaddr_t name, unsigned flags, struct attributes *a)
{
	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!name && dirfd != AT_FDCWD)
		return flags ? -EINVAL : change_fd(dirfd, false, a);
	return change_at(dirfd, name, walk_flags(flags), a);
}

SYSCALL4(utimensat, int, dirfd, uaddr_t, name, uaddr_t, times, unsigned, flags)
{
	struct attributes a = times_now;
	struct __kernel_timespec ts[2];
	int result;

	if (times) {
		if (get_user_struct(ts, times))
			return -EFAULT;
		result = times_attributes(ts, &a);
		if (result)
			return result;
		if (!a.valid)
			return 0; /* both omitted: not even the name is looked at */
	}
	return change_times(dirfd, name, flags, &a);
}

static int timevals_attributes(uaddr_t times, struct attributes *a)
{
	struct __kernel_old_timeval tv[2];
	struct __kernel_timespec ts[2];

	*a = times_now;
	if (!times)
		return 0;
	if (get_user_struct(tv, times))
		return -EFAULT;
	for (int i = 0; i < 2; i++) {
		if (tv[i].tv_usec < 0 || tv[i].tv_usec >= 1000000)
			return -EINVAL;
		ts[i].tv_sec = tv[i].tv_sec;
		ts[i].tv_nsec = tv[i].tv_usec * 1000;
	}
	return times_attributes(ts, a);
}

SYSCALL2(utimes, uaddr_t, name, uaddr_t, times)
{
	struct attributes a;
	int result = timevals_attributes(times, &a);

	return result ? result : change_times(AT_FDCWD, name, 0, &a);
}

SYSCALL3(futimesat, int, dirfd, uaddr_t, name, uaddr_t, times)
{
	struct attributes a;
	int result = timevals_attributes(times, &a);

	return result ? result : change_times(dirfd, name, 0, &a);
}

SYSCALL2(utime, uaddr_t, name, uaddr_t, times)
{
	struct attributes a = times_now;
	struct utimbuf t;

	if (times) {
		if (get_user_struct(t, times))
			return -EFAULT;
		a = (struct attributes){
			.valid = ATTR_ATIME | ATTR_MTIME,
			.atime = { t.actime, 0 },
			.mtime = { t.modtime, 0 },
		};
	}
	return change_times(AT_FDCWD, name, 0, &a);
}

SYSCALL2(truncate, uaddr_t, name, int64_t, size)
{
	PATH_GUARD(p);
	int result;

	if (size < 0)
		return -EINVAL;
	result = path_from_user(AT_FDCWD, name, 0, &p);
	return result ? result : path_truncate(&p, cred_current(), (uint64_t)size);
}

SYSCALL2(ftruncate, int, fd, int64_t, size)
{
	if (size < 0)
		return -EINVAL;
	FILE_GUARD(f, fd);
	return f ? file_truncate(f, (uint64_t)size) : -EBADF;
}

SYSCALL4(fallocate, int, fd, int, mode, loff_t, offset, loff_t, length)
{
	FILE_GUARD(f, fd);

	return f ? file_allocate(f, mode, offset, length) : -EBADF;
}

SYSCALL1(fsync, int, fd)
{
	FILE_GUARD(f, fd);

	return f ? file_sync(f, false) : -EBADF;
}

SYSCALL1(fdatasync, int, fd)
{
	FILE_GUARD(f, fd);

	return f ? file_sync(f, true) : -EBADF;
}

SYSCALL4(sync_file_range, int, fd, loff_t, offset, loff_t, length, unsigned, flags)
{
	if ((flags & ~7u) || offset < 0 || length < 0 || offset > INT64_MAX - length)
		return -EINVAL;
	FILE_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if (!S_ISREG(f->inode->mode) && !S_ISBLK(f->inode->mode) && !S_ISDIR(f->inode->mode))
		return -ESPIPE;
	return f->ops->fsync ? file_sync(f, true) : 0;
}

SYSCALL0(sync)
{
	super_sync_all();
	return 0;
}

SYSCALL1(syncfs, int, fd)
{
	FILE_GUARD(f, fd);

	if (!f)
		return -EBADF;
	return f->inode->sb->ops->sync ? f->inode->sb->ops->sync(f->inode->sb, true) : 0;
}

/* Reading ahead is a hint; there is no slow medium yet that would profit. */
SYSCALL3(readahead, int, fd, loff_t, offset, size_t, n)
{
	FILE_GUARD(f, fd);

	if (!f || !(f->mode & FILE_READ))
		return -EBADF;
	return S_ISREG(f->inode->mode) ? 0 : -EINVAL;
}

SYSCALL4(fadvise64, int, fd, loff_t, offset, loff_t, length, int, advice)
{
	FILE_GUARD(f, fd);

	if (!f)
		return -EBADF;
	if (S_ISFIFO(f->inode->mode))
		return -ESPIPE;
	return length < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE ? -EINVAL : 0;
}
