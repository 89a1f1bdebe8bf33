/* SPDX-License-Identifier: MIT */
/*
 * syscall/mount_tree.c: open_tree(2), move_mount(2), mount_setattr(2): mounts as they
 * hang, copied, moved and changed. What is checked comes in Linux's order.
 */
#include "proc/procfs.h"
#include "syscall/mount.h"
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/sched.h>

#define PROPAGATION (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)

unsigned long mount_flags_of_attributes(uint64_t attributes)
{
	return (attributes & MOUNT_ATTR_RDONLY ? MS_RDONLY : 0) | (attributes & MOUNT_ATTR_NOSUID ? MS_NOSUID : 0) |
	       (attributes & MOUNT_ATTR_NODEV ? MS_NODEV : 0) | (attributes & MOUNT_ATTR_NOEXEC ? MS_NOEXEC : 0) |
	       (attributes & MOUNT_ATTR_NODIRATIME ? MS_NODIRATIME : 0) |
	       (attributes & MOUNT_ATTR_NOSYMFOLLOW ? MS_NOSYMFOLLOW : 0);
}

bool mount_atime_of_attributes(uint64_t attributes, unsigned long *flags)
{
	switch (attributes & MOUNT_ATTR__ATIME) {
	case MOUNT_ATTR_RELATIME:
		*flags |= MS_RELATIME;
		return true;
	case MOUNT_ATTR_NOATIME:
		*flags |= MS_NOATIME;
		return true;
	}
	return (attributes & MOUNT_ATTR__ATIME) == MOUNT_ATTR_STRICTATIME;
}

SYSCALL3(open_tree, int, dirfd, uaddr_t, name, unsigned, flags)
{
	PATH_GUARD(at);
	struct file *f;
	int result;

	if (flags & ~(unsigned)(AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | OPEN_TREE_CLONE |
				OPEN_TREE_CLOEXEC))
		return -EINVAL;
	if ((flags & (AT_RECURSIVE | OPEN_TREE_CLONE)) == AT_RECURSIVE)
		return -EINVAL;
	if (flags & OPEN_TREE_CLONE && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	result = path_from_user(dirfd, name, walk_flags(flags), &at);
	if (result)
		return result;
	if (flags & OPEN_TREE_CLONE)
		result = mount_copy_apart(&at, flags & AT_RECURSIVE, cred_current(), &f);
	else
		result = file_open_path(&at, O_PATH, cred_current(), &f);
	return result ? result : fd_install(f, flags & OPEN_TREE_CLOEXEC);
}

/* The flags of one of move_mount(2)'s two names, in the lowest bits. */
static unsigned move_walk_flags(unsigned flags)
{
	return (flags & MOVE_MOUNT_F_SYMLINKS ? 0 : WALK_NOFOLLOW) | (flags & MOVE_MOUNT_F_EMPTY_PATH ? WALK_EMPTY : 0) |
	       (flags & MOVE_MOUNT_F_AUTOMOUNTS ? 0 : WALK_NOAUTOMOUNT);
}

SYSCALL5(move_mount, int, from_fd, uaddr_t, from_name, int, to_fd, uaddr_t, to_name, unsigned, flags)
{
	PATH_GUARD(from);
	PATH_GUARD(to);
	int result;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & ~(unsigned)MOVE_MOUNT__MASK)
		return -EINVAL;
	result = path_from_user(from_fd, from_name, move_walk_flags(flags), &from);
	if (!result)
		result = path_from_user(to_fd, to_name, move_walk_flags(flags >> 4), &to);
	if (result)
		return result;
	if (flags & MOVE_MOUNT_SET_GROUP)
		return -EINVAL; /* the first mount is in no group */
	return mount_move(&from, &to);
}

/* Another user namespace would be needed, and there is one. */
static int refuse_idmap(const struct mount_attr *a)
{
	if (a->attr_clr & MOUNT_ATTR_IDMAP || a->userns_fd > INT_MAX)
		return -EINVAL;
	FILE_GUARD(f, (int)a->userns_fd);
	if (!f)
		return -EBADF;
	return namespace_kind(f) == CLONE_NEWUSER ? -EPERM : -EINVAL;
}

/* What is asked for, as flags of fs/. */
static int attributes_to_flags(const struct mount_attr *a, unsigned long *set, unsigned long *clear)
{
	if (a->propagation & ~(uint64_t)PROPAGATION || (a->propagation && !is_power_of_2(a->propagation)))
		return -EINVAL;
	if ((a->attr_set | a->attr_clr) & ~(uint64_t)(MOUNT_ATTRIBUTES | MOUNT_ATTR_IDMAP))
		return -EINVAL;
	*set = mount_flags_of_attributes(a->attr_set);
	*clear = mount_flags_of_attributes(a->attr_clr);
	if ((a->attr_clr & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME) {
		*clear |= MS_RELATIME | MS_NOATIME;
		if (!mount_atime_of_attributes(a->attr_set, set))
			return -EINVAL;
	} else if ((a->attr_clr | a->attr_set) & MOUNT_ATTR__ATIME) {
		return -EINVAL; /* it is no set of bits: all of it is cleared, or nothing */
	}
	return (a->attr_set | a->attr_clr) & MOUNT_ATTR_IDMAP ? refuse_idmap(a) : 0;
}

SYSCALL5(mount_setattr, int, dirfd, uaddr_t, name, unsigned, flags, uaddr_t, attr_at, size_t, size)
{
	struct mount_attr a;
	PATH_GUARD(at);
	unsigned long set, clear;
	int result;

	if (flags & ~(unsigned)(AT_EMPTY_PATH | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < MOUNT_ATTR_SIZE_VER0)
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	result = sized_read(&a, sizeof(a), attr_at, size);
	if (result || !(a.attr_set | a.attr_clr | a.propagation))
		return result;
	result = attributes_to_flags(&a, &set, &clear);
	if (!result)
		result = path_from_user(dirfd, name, walk_flags(flags), &at);
	return result ? result : mount_change_flags(&at, set, clear, flags & AT_RECURSIVE);
}
