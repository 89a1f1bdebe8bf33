/* SPDX-License-Identifier: MIT */
/*
 * syscall/fd.c: opening, closing and copying descriptors; files without a name.
 */
#include "fs/memfd.h"
#include "fs/poll.h"
#include "lib/format.h"
#include "lib/string.h"
#include "syscall/syscall.h"
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/openat2.h>

#define EFD_SEMAPHORE 1 /* eventfd2(2); the other flags are those of open(2) */

#define MEMFD_NAME_MAX 249 /* and "memfd:" makes a name of 255 */

/* Flags that open(2) knows; others are ignored by it, and refused by openat2(2). */
#define OPEN_KNOWN                                                                                  \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | O_DSYNC | \
	 FASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | O_TMPFILE)

static int64_t open_at(int dirfd, uaddr_t name, uint32_t flags, uint32_t mode, unsigned walk)
{
	struct file *f;
	int result;
	AT_GUARD(a);

	result = at_begin(&a, dirfd, name, walk);
	if (result)
		return result;
	mode &= 07777 & ~READ_ONCE(task_current()->fs->umask);
	result = file_open(&a.walk.walk, a.name.text, flags, mode, &f);
	return result ? result : fd_install(f, flags & O_CLOEXEC);
}

SYSCALL3(open, uaddr_t, name, uint32_t, flags, uint32_t, mode)
{
	return open_at(AT_FDCWD, name, (flags & OPEN_KNOWN) | O_LARGEFILE, mode, 0);
}

SYSCALL4(openat, int, dirfd, uaddr_t, name, uint32_t, flags, uint32_t, mode)
{
	return open_at(dirfd, name, (flags & OPEN_KNOWN) | O_LARGEFILE, mode, 0);
}

SYSCALL2(creat, uaddr_t, name, uint32_t, mode)
{
	return open_at(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC | O_LARGEFILE, mode, 0);
}

static unsigned resolve_flags(uint64_t resolve)
{
	return (resolve & RESOLVE_NO_XDEV ? WALK_NO_XDEV : 0) | (resolve & RESOLVE_NO_MAGICLINKS ? WALK_NO_MAGIC : 0) |
	       (resolve & RESOLVE_NO_SYMLINKS ? WALK_NO_SYMLINKS : 0) | (resolve & RESOLVE_BENEATH ? WALK_BENEATH : 0) |
	       (resolve & RESOLVE_IN_ROOT ? WALK_IN_ROOT : 0);
}

/*
 * RESOLVE_CACHED: what does not wait for a device. All names are in memory here; that there is
 * none, a filesystem in memory does not keep, so who asks may not know it.
 */
static int64_t open_cached(int dirfd, uaddr_t name, const struct open_how *how)
{
	struct file *f;
	int result;
	AT_GUARD(a);

	if (how->flags & (O_TRUNC | O_CREAT | __O_TMPFILE))
		return -EAGAIN;
	result = at_begin(&a, dirfd, name, resolve_flags(how->resolve));
	if (result)
		return result;
	result = file_open(&a.walk.walk, a.name.text, (uint32_t)how->flags | O_LARGEFILE, 0, &f);
	if (result == -ENOENT && *a.name.text)
		return -EAGAIN;
	return result ? result : fd_install(f, how->flags & O_CLOEXEC);
}

SYSCALL4(openat2, int, dirfd, uaddr_t, name, uaddr_t, how_at, size_t, size)
{
	struct open_how how;
	int result;

	if (size < sizeof(how))
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	result = sized_read(&how, sizeof(how), how_at, size);
	if (result)
		return result;
	if ((how.flags & ~(uint64_t)OPEN_KNOWN) || (how.resolve & ~0x3fUL) || (how.mode & ~07777UL))
		return -EINVAL;
	if (how.mode && !(how.flags & (O_CREAT | __O_TMPFILE)))
		return -EINVAL;
	if ((how.resolve & RESOLVE_BENEATH) && (how.resolve & RESOLVE_IN_ROOT))
		return -EINVAL;
	if ((how.flags & O_PATH) && (how.flags & ~(uint64_t)(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)))
		return -EINVAL;
	if (how.resolve & RESOLVE_CACHED)
		return open_cached(dirfd, name, &how);
	return open_at(dirfd, name, (uint32_t)how.flags | O_LARGEFILE, (uint32_t)how.mode, resolve_flags(how.resolve));
}

/* close(2) is not tried again: an interrupted flush has let go of the descriptor all the same. */
SYSCALL1(close, int, fd)
{
	int result = files_close(task_current()->files, fd);

	return unlikely(result <= -ERESTARTSYS) ? -EINTR : result;
}

SYSCALL3(close_range, unsigned, first, unsigned, last, unsigned, flags)
{
	struct task *t = task_current();

	if ((flags & ~(unsigned)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) || first > last)
		return -EINVAL;
	if ((flags & CLOSE_RANGE_UNSHARE) && files_shared(t->files)) {
		struct files *own = files_copy(t->files), *old = t->files;

		if (!own)
			return -ENOMEM;
		spin_lock(&t->lock);
		t->files = own;
		spin_unlock(&t->lock);
		files_put(old);
	}
	return files_close_range(t->files, first, last, flags & CLOSE_RANGE_CLOEXEC);
}

/* The lowest free descriptor from `from` on becomes a copy of f. */
static int64_t duplicate(struct file *f, int from, bool cloexec)
{
	struct files *t = task_current()->files;
	int fd = files_reserve(t, from, process_limit(RLIMIT_NOFILE), cloexec);

	if (fd < 0)
		return fd;
	file_get(f);
	files_install(t, fd, f);
	return fd;
}

SYSCALL1(dup, int, fd)
{
	FILE_GUARD_ANY(f, fd);

	return f ? duplicate(f, 0, false) : -EBADF;
}

static int64_t replace(int fd, int to, bool cloexec)
{
	FILE_GUARD_ANY(f, fd);

	if (!f || to < 0 || (uint64_t)to >= process_limit(RLIMIT_NOFILE))
		return -EBADF;
	int result = files_replace(task_current()->files, to, f, cloexec, process_limit(RLIMIT_NOFILE));
	return result ? result : to;
}

SYSCALL2(dup2, int, fd, int, to)
{
	if (fd == to) {
		FILE_GUARD_ANY(f, fd);
		return f ? fd : -EBADF;
	}
	return replace(fd, to, false);
}

SYSCALL3(dup3, int, fd, int, to, uint32_t, flags)
{
	if ((flags & ~(uint32_t)O_CLOEXEC) || fd == to)
		return -EINVAL;
	return replace(fd, to, flags & O_CLOEXEC);
}

static int64_t make_pipe(uaddr_t to, uint32_t flags)
{
	struct files *t = task_current()->files;
	struct file *end[2];
	int fd[2], result;

	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	result = pipe_create_files(flags, &end[0], &end[1]);
	if (result)
		return result;
	fd[0] = files_reserve(t, 0, process_limit(RLIMIT_NOFILE), flags & O_CLOEXEC);
	fd[1] = fd[0] < 0 ? fd[0] : files_reserve(t, 0, process_limit(RLIMIT_NOFILE), flags & O_CLOEXEC);
	result = fd[1] < 0 ? fd[1] : put_user_struct(to, fd);
	if (result) {
		if (fd[1] >= 0)
			files_unreserve(t, fd[1]);
		if (fd[0] >= 0)
			files_unreserve(t, fd[0]);
		file_put(end[0]);
		file_put(end[1]);
		return result;
	}
	files_install(t, fd[0], end[0]);
	files_install(t, fd[1], end[1]);
	return 0;
}

SYSCALL1(pipe, uaddr_t, to)
{
	return make_pipe(to, 0);
}

SYSCALL2(pipe2, uaddr_t, to, uint32_t, flags)
{
	return make_pipe(to, flags);
}

static int64_t make_eventfd(unsigned value, uint32_t flags)
{
	struct file *f;
	int result;

	if (flags & ~(uint32_t)(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	result = eventfd_create_file(value, flags, &f);
	return result ? result : fd_install(f, flags & O_CLOEXEC);
}

SYSCALL1(eventfd, unsigned, value)
{
	return make_eventfd(value, 0);
}

SYSCALL2(eventfd2, unsigned, value, uint32_t, flags)
{
	return make_eventfd(value, flags);
}

SYSCALL2(memfd_create, uaddr_t, name_at, unsigned, flags)
{
	char name[MEMFD_NAME_MAX + 1];
	struct file *f;
	ssize_t result;

	if (flags & ~(unsigned)(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	result = usercopy_string(name, name_at, sizeof(name));
	if (result < 0)
		return result == -E2BIG ? -EINVAL : result;
	result = memfd_create_file(name, flags, cred_current(), &f);
	return result ? result : fd_install(f, flags & MFD_CLOEXEC);
}
