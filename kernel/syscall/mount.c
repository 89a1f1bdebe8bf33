/* SPDX-License-Identifier: MIT */
/*
 * syscall/mount.c: mount(2), umount2(2), pivot_root(2): which of fs/'s operations
 * the flags ask for.
 */
#include "fs/path.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/mount.h>

#define MNT_FORCE       1
#define MNT_DETACH      2
#define MNT_EXPIRE      4
#define UMOUNT_NOFOLLOW 8

#define PROPAGATION (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)

/* A string argument that may be missing: NULL then. -EFAULT, -EINVAL (longer than a page), -ENOMEM. */
static int optional_string(char **out, uaddr_t from)
{
	ssize_t length;

	*out = NULL;
	if (!from)
		return 0;
	*out = kmalloc(PAGE_SIZE, ALLOC_KERNEL);
	if (!*out)
		return -ENOMEM;
	length = usercopy_string(*out, from, PAGE_SIZE);
	return length == -E2BIG ? -EINVAL : length < 0 ? (int)length : 0;
}

/* The option text: one page at most, cut there as in Linux. */
static int option_text(char **out, uaddr_t from)
{
	size_t left;

	*out = NULL;
	if (!from)
		return 0;
	*out = kzalloc(PAGE_SIZE, ALLOC_KERNEL);
	if (!*out)
		return -ENOMEM;
	left = usercopy_from(*out, from, PAGE_SIZE - 1);
	return left == PAGE_SIZE - 1 ? -EFAULT : 0;
}

static int mount_bind_from(const char *source, const struct path *at, bool recursive)
{
	struct task_walk w;
	PATH_GUARD(from);
	int result;

	if (!source || !source[0])
		return -EINVAL;
	result = task_walk_begin(&w, AT_FDCWD, source, 0);
	if (result)
		return result;
	result = path_lookup(&w.walk, source, &from);
	task_walk_end(&w);
	return result ? result : mount_bind(&from, at, recursive);
}

static int mount_move_from(const char *source, const struct path *at)
{
	struct task_walk w;
	PATH_GUARD(from);
	int result;

	if (!source || !source[0])
		return -EINVAL;
	result = task_walk_begin(&w, AT_FDCWD, source, 0);
	if (result)
		return result;
	result = path_lookup(&w.walk, source, &from);
	task_walk_end(&w);
	return result ? result : mount_move(&from, at);
}

/* There is one namespace: nothing to propagate to. */
static int set_propagation(const struct path *at, unsigned long flags)
{
	if (at->dentry != at->mount->root)
		return -EINVAL;
	flags &= ~(unsigned long)(MS_REC | MS_SILENT);
	return flags & ~(unsigned long)PROPAGATION || !is_power_of_2(flags) ? -EINVAL : 0;
}

static int do_mount(const char *source, const struct path *at, const char *type, unsigned long flags, const char *data)
{
	if (flags & MS_REMOUNT)
		return mount_remount(at, flags, data);
	if (flags & MS_BIND)
		return mount_bind_from(source, at, flags & MS_REC);
	if (flags & PROPAGATION)
		return set_propagation(at, flags);
	if (flags & MS_MOVE)
		return mount_move_from(source, at);
	return type ? mount_new(type, source, at, flags, data) : -EINVAL;
}

/* MS_NOUSER as Linux reads it: a negative int, widened. */
#define NOUSER_FLAGS (~0UL << 31)

SYSCALL5(mount, uaddr_t, source_at, uaddr_t, target, uaddr_t, type_at, unsigned long, flags, uaddr_t, data_at)
{
	char *type, *source = NULL, *data = NULL;
	PATH_GUARD(at);
	int result = optional_string(&type, type_at);

	if (!result)
		result = optional_string(&source, source_at);
	if (!result)
		result = option_text(&data, data_at);
	if (!result)
		result = path_from_user(AT_FDCWD, target, 0, &at);
	if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
		flags &= ~(unsigned long)MS_MGC_MSK;
	if (!result && flags & NOUSER_FLAGS)
		result = -EINVAL;
	if (!result && !capable(CAP_SYS_ADMIN))
		result = -EPERM;
	if (!result)
		result = do_mount(source, &at, type, flags, data);
	kfree(data);
	kfree(source);
	kfree(type);
	return result;
}

SYSCALL2(umount2, uaddr_t, name, int, flags)
{
	PATH_GUARD(at);
	int result;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	result = path_from_user(AT_FDCWD, name, flags & UMOUNT_NOFOLLOW ? WALK_NOFOLLOW : 0, &at);
	if (result)
		return result;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (at.dentry != at.mount->root)
		return -EINVAL;
	if ((flags & MNT_EXPIRE) && (flags & (MNT_FORCE | MNT_DETACH)))
		return -EINVAL;
	return mount_remove(&at, flags);
}

SYSCALL2(pivot_root, uaddr_t, new_at, uaddr_t, old_at)
{
	PATH_GUARD(new_root);
	PATH_GUARD(put_old);
	int result;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	result = path_from_user(AT_FDCWD, new_at, WALK_DIRECTORY, &new_root);
	if (!result)
		result = path_from_user(AT_FDCWD, old_at, WALK_DIRECTORY, &put_old);
	return result ? result : mount_pivot(&new_root, &put_old, task_current()->fs);
}
