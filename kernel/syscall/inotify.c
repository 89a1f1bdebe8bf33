/* SPDX-License-Identifier: MIT */
/* syscall/inotify.c: inotify_init(2) and its kin; the instances are in fs/anon/inotify.c. */
#include "fs/notify.h"
#include "syscall/syscall.h"
#include <linux/fcntl.h>

static int64_t make_instance(uint32_t flags)
{
	struct file *f;
	int result = inotify_create_file(flags, &f);

	return result ? result : fd_install(f, flags & O_CLOEXEC);
}

SYSCALL0(inotify_init)
{
	return make_instance(0);
}

SYSCALL1(inotify_init1, uint32_t, flags)
{
	return make_instance(flags);
}

SYSCALL3(inotify_add_watch, int, fd, uaddr_t, name, uint32_t, mask)
{
	uint32_t known = IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ONLYDIR | IN_DONT_FOLLOW |
			 IN_EXCL_UNLINK | IN_MASK_CREATE | IN_MASK_ADD | IN_ISDIR | IN_ONESHOT;
	int result;
	FILE_GUARD(f, fd);
	PATH_GUARD(p);

	if (!(mask & known))
		return -EINVAL;
	if (!f)
		return -EBADF;
	if ((mask & IN_MASK_ADD) && (mask & IN_MASK_CREATE))
		return -EINVAL;
	if (!inotify_is(f))
		return -EINVAL;
	result = path_from_user(AT_FDCWD, name,
				(mask & IN_DONT_FOLLOW ? WALK_NOFOLLOW : 0) | (mask & IN_ONLYDIR ? WALK_DIRECTORY : 0), &p);
	if (!result)
		result = inode_permission(path_inode(&p), cred_current(), MAY_READ);
	return result ? result : inotify_add(f, &p, mask);
}

SYSCALL2(inotify_rm_watch, int, fd, int, number)
{
	FILE_GUARD(f, fd);

	return f ? inotify_remove(f, number) : -EBADF;
}
