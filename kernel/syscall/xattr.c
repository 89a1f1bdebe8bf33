/* SPDX-License-Identifier: MIT */
/*
 * syscall/xattr.c: setxattr(2), getxattr(2), listxattr(2), removexattr(2), each by
 * name, by name without following a link, and by descriptor.
 */
#include "fs/notify.h"
#include "fs/path.h"
#include "fs/xattr.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "syscall/syscall.h"
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/xattr.h>

/* Which file: a name, or a descriptor. Counted path in *out. */
static int target(int fd, uaddr_t name, unsigned walk, struct path *out)
{
	if (fd == AT_FDCWD)
		return path_from_user(AT_FDCWD, name, walk, out);
	FILE_GUARD(f, fd);
	if (!f)
		return -EBADF;
	*out = f->path;
	path_get(out);
	return 0;
}

static int read_attribute_name(char *name, uaddr_t from)
{
	ssize_t length = usercopy_string(name, from, XATTR_NAME_MAX + 1);

	return length == -E2BIG || length == 0 ? -ERANGE : length < 0 ? (int)length : 0;
}

/* A buffer for a value or a list; at least one byte, so that NULL means out of memory. */
static void *value_buffer(size_t size)
{
	return kmalloc(max_t(size_t, size, 1), ALLOC_KERNEL);
}

static int64_t set(int fd, uaddr_t file, unsigned walk, uaddr_t name_at, uaddr_t from, size_t size, int flags)
{
	char name[XATTR_NAME_MAX + 1];
	PATH_GUARD(p);
	void *value;
	int result;

	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	result = read_attribute_name(name, name_at);
	if (result)
		return result;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	value = value_buffer(size);
	if (!value)
		return -ENOMEM;
	result = copy_from_user(value, from, size);
	if (!result)
		result = target(fd, file, walk, &p);
	if (!result)
		result = path_want_write(&p);
	if (!result)
		result = xattr_set(path_inode(&p), cred_current(), name, value, size, flags);
	if (!result)
		notify_dentry(p.dentry, IN_ATTRIB);
	kfree(value);
	return result;
}

SYSCALL5(setxattr, uaddr_t, file, uaddr_t, name, uaddr_t, from, size_t, size, int, flags)
{
	return set(AT_FDCWD, file, 0, name, from, size, flags);
}

SYSCALL5(lsetxattr, uaddr_t, file, uaddr_t, name, uaddr_t, from, size_t, size, int, flags)
{
	return set(AT_FDCWD, file, WALK_NOFOLLOW, name, from, size, flags);
}

SYSCALL5(fsetxattr, int, fd, uaddr_t, name, uaddr_t, from, size_t, size, int, flags)
{
	return fd < 0 ? -EBADF : set(fd, 0, 0, name, from, size, flags);
}

static int64_t get(int fd, uaddr_t file, unsigned walk, uaddr_t name_at, uaddr_t to, size_t size)
{
	char name[XATTR_NAME_MAX + 1];
	PATH_GUARD(p);
	void *value;
	ssize_t n = target(fd, file, walk, &p);

	if (!n)
		n = read_attribute_name(name, name_at);
	if (n)
		return n;
	size = min_t(size_t, size, XATTR_SIZE_MAX);
	value = value_buffer(size);
	if (!value)
		return -ENOMEM;
	n = xattr_get(path_inode(&p), cred_current(), name, value, size);
	if (n > 0 && size && copy_to_user(to, value, (size_t)n))
		n = -EFAULT;
	kfree(value);
	return n;
}

SYSCALL4(getxattr, uaddr_t, file, uaddr_t, name, uaddr_t, to, size_t, size)
{
	return get(AT_FDCWD, file, 0, name, to, size);
}

SYSCALL4(lgetxattr, uaddr_t, file, uaddr_t, name, uaddr_t, to, size_t, size)
{
	return get(AT_FDCWD, file, WALK_NOFOLLOW, name, to, size);
}

SYSCALL4(fgetxattr, int, fd, uaddr_t, name, uaddr_t, to, size_t, size)
{
	return fd < 0 ? -EBADF : get(fd, 0, 0, name, to, size);
}

static int64_t list(int fd, uaddr_t file, unsigned walk, uaddr_t to, size_t size)
{
	PATH_GUARD(p);
	void *names;
	ssize_t n = target(fd, file, walk, &p);

	if (n)
		return n;
	size = min_t(size_t, size, XATTR_LIST_MAX);
	names = value_buffer(size);
	if (!names)
		return -ENOMEM;
	n = xattr_list(path_inode(&p), cred_current(), names, size);
	if (n > 0 && size && copy_to_user(to, names, (size_t)n))
		n = -EFAULT;
	kfree(names);
	return n;
}

SYSCALL3(listxattr, uaddr_t, file, uaddr_t, to, size_t, size)
{
	return list(AT_FDCWD, file, 0, to, size);
}

SYSCALL3(llistxattr, uaddr_t, file, uaddr_t, to, size_t, size)
{
	return list(AT_FDCWD, file, WALK_NOFOLLOW, to, size);
}

SYSCALL3(flistxattr, int, fd, uaddr_t, to, size_t, size)
{
	return fd < 0 ? -EBADF : list(fd, 0, 0, to, size);
}

static int64_t remove(int fd, uaddr_t file, unsigned walk, uaddr_t name_at)
{
	char name[XATTR_NAME_MAX + 1];
	PATH_GUARD(p);
	int result = read_attribute_name(name, name_at);

	if (!result)
		result = target(fd, file, walk, &p);
	if (!result)
		result = path_want_write(&p);
	if (!result)
		result = xattr_remove(path_inode(&p), cred_current(), name);
	if (!result)
		notify_dentry(p.dentry, IN_ATTRIB);
	return result;
}

SYSCALL2(removexattr, uaddr_t, file, uaddr_t, name)
{
	return remove(AT_FDCWD, file, 0, name);
}

SYSCALL2(lremovexattr, uaddr_t, file, uaddr_t, name)
{
	return remove(AT_FDCWD, file, WALK_NOFOLLOW, name);
}

SYSCALL2(fremovexattr, int, fd, uaddr_t, name)
{
	return fd < 0 ? -EBADF : remove(fd, 0, 0, name);
}
