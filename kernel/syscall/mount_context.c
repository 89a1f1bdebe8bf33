/* SPDX-License-Identifier: MIT */
/*
 * syscall/mount_context.c: fsopen(2), fspick(2), fsconfig(2), fsmount(2): mount(2)'s steps
 * one by one, on the contexts of fs/anon/fscontext.h. What is checked comes in Linux's
 * order, so that the same thing is complained of first.
 */
#include "fs/anon/fscontext.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "syscall/mount.h"
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/mount.h>

#define OPTION_BYTES 256         /* of a name, of a value: with the zero at the end */
#define BINARY_MAX   (1 << 20)

SYSCALL2(fsopen, uaddr_t, type_at, unsigned, flags)
{
	struct file *f;
	char *type;
	int64_t result;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & ~(unsigned)FSOPEN_CLOEXEC)
		return -EINVAL;
	type = kmalloc(PAGE_SIZE, ALLOC_KERNEL);
	if (!type)
		return -ENOMEM;
	result = usercopy_string(type, type_at, PAGE_SIZE);
	if (result >= 0)
		result = fscontext_open(type, &f);
	kfree(type);
	if (result)
		return result == -E2BIG ? -EINVAL : result;
	return fd_install(f, flags & FSOPEN_CLOEXEC);
}

SYSCALL3(fspick, int, dirfd, uaddr_t, name, unsigned, flags)
{
	PATH_GUARD(at);
	struct file *f;
	unsigned how = (flags & FSPICK_SYMLINK_NOFOLLOW ? WALK_NOFOLLOW : 0) |
		       (flags & FSPICK_EMPTY_PATH ? WALK_EMPTY : 0) |
		       (flags & FSPICK_NO_AUTOMOUNT ? WALK_NOAUTOMOUNT : 0);
	int result;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & ~(unsigned)(FSPICK_CLOEXEC | FSPICK_SYMLINK_NOFOLLOW | FSPICK_NO_AUTOMOUNT | FSPICK_EMPTY_PATH))
		return -EINVAL;
	result = path_from_user(dirfd, name, how, &at);
	if (!result)
		result = fscontext_pick(&at, &f);
	return result ? result : fd_install(f, flags & FSPICK_CLOEXEC);
}

/* Which of the arguments a command needs, and which it must not have. */
static int check_shape(unsigned command, uaddr_t name, uaddr_t value, int extra)
{
	switch (command) {
	case FSCONFIG_SET_FLAG:
		return !name || value || extra ? -EINVAL : 0;
	case FSCONFIG_SET_STRING:
		return !name || !value || extra ? -EINVAL : 0;
	case FSCONFIG_SET_BINARY:
		return !name || !value || extra <= 0 || extra > BINARY_MAX ? -EINVAL : 0;
	case FSCONFIG_SET_PATH:
	case FSCONFIG_SET_PATH_EMPTY:
		return !name || !value || (extra != AT_FDCWD && extra < 0) ? -EINVAL : 0;
	case FSCONFIG_SET_FD:
		return !name || value || extra < 0 ? -EINVAL : 0;
	case FSCONFIG_CMD_CREATE:
	case FSCONFIG_CMD_RECONFIGURE:
		return name || value || extra ? -EINVAL : 0;
	}
	return -EOPNOTSUPP;
}

static int read_text(char *to, uaddr_t from)
{
	ssize_t n = usercopy_string(to, from, OPTION_BYTES);

	return n == -E2BIG ? -EINVAL : n < 0 ? (int)n : 0;
}

/* A value that is a name of a file: nothing opens it, but it must be one. */
static int check_name(uaddr_t at, bool may_be_empty)
{
	struct name n = { .text = NULL };
	int error = name_read(&n, at);

	if (!error && !n.text[0] && !may_be_empty)
		error = -ENOENT;
	name_free(&n);
	return error;
}

static int check_bytes(uaddr_t at, size_t n)
{
	char part[256];

	for (; n; at += min(n, sizeof(part)), n -= min(n, sizeof(part)))
		if (usercopy_from(part, at, min(n, sizeof(part))))
			return -EFAULT;
	return 0;
}

static int check_file(int fd)
{
	FILE_GUARD(f, fd);

	return f ? 0 : -EBADF;
}

static int set_option(struct file *f, unsigned command, uaddr_t name_at, uaddr_t value_at, int extra)
{
	char name[OPTION_BYTES], value[OPTION_BYTES];
	enum option_kind kind = OPTION_OTHER;
	int error = read_text(name, name_at);

	if (error)
		return error;
	switch (command) {
	case FSCONFIG_SET_FLAG:
		kind = OPTION_FLAG;
		break;
	case FSCONFIG_SET_STRING:
		kind = OPTION_STRING;
		error = read_text(value, value_at);
		break;
	case FSCONFIG_SET_BINARY:
		error = check_bytes(value_at, (size_t)extra);
		break;
	case FSCONFIG_SET_FD:
		error = check_file(extra);
		break;
	default:
		error = check_name(value_at, command == FSCONFIG_SET_PATH_EMPTY);
	}
	return error ? error : fscontext_set(f, name, kind, kind == OPTION_STRING ? value : NULL);
}

SYSCALL5(fsconfig, int, fd, unsigned, command, uaddr_t, name, uaddr_t, value, int, extra)
{
	int error = fd < 0 ? -EINVAL : check_shape(command, name, value, extra);

	if (error)
		return error;
	FILE_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if (!fscontext_is(f))
		return -EINVAL;
	if (command == FSCONFIG_CMD_CREATE)
		return fscontext_make(f, cred_current());
	if (command == FSCONFIG_CMD_RECONFIGURE)
		return fscontext_change(f, cred_current());
	if (command > FSCONFIG_SET_STRING && fscontext_is_simple(f))
		return -EOPNOTSUPP;
	return set_option(f, command, name, value, extra);
}

SYSCALL3(fsmount, int, fd, unsigned, flags, unsigned, attributes)
{
	struct file *mounted;
	unsigned long own = mount_flags_of_attributes(attributes);
	int result;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & ~(unsigned)FSMOUNT_CLOEXEC)
		return -EINVAL;
	if (attributes & ~(unsigned)MOUNT_ATTRIBUTES || !mount_atime_of_attributes(attributes, &own))
		return -EINVAL;
	FILE_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if (!fscontext_is(f))
		return -EINVAL;
	result = fscontext_mount(f, own, cred_current(), &mounted);
	return result ? result : fd_install(mounted, flags & FSMOUNT_CLOEXEC);
}
