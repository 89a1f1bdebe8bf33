/* SPDX-License-Identifier: MIT */
/*
 * syscall/path.c: calls that make, remove and rename names, and those that tell
 * and set where names start: the working directory, the root, the umask.
 */
#include "fs/path.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/stat.h>

static uint32_t apply_umask(uint32_t mode)
{
	return mode & ~READ_ONCE(task_current()->fs->umask);
}

static int64_t make_directory(int dirfd, uaddr_t name, uint32_t mode)
{
	AT_GUARD(a);
	int result = at_begin(&a, dirfd, name, 0);

	return result ? result : path_mkdir(&a.walk.walk, a.name.text, apply_umask(mode & 01777));
}

SYSCALL2(mkdir, uaddr_t, name, uint32_t, mode)
{
	return make_directory(AT_FDCWD, name, mode);
}

SYSCALL3(mkdirat, int, dirfd, uaddr_t, name, uint32_t, mode)
{
	return make_directory(dirfd, name, mode);
}

/* The new form of device numbers: 12 bits of major number, 20 of minor. */
static int64_t make_node(int dirfd, uaddr_t name, uint32_t mode, uint32_t device)
{
	AT_GUARD(a);
	int result;

	switch (mode & S_IFMT) {
	case 0:
		mode |= S_IFREG;
		break;
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK:
	case S_IFCHR:
	case S_IFBLK:
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	result = at_begin(&a, dirfd, name, 0);
	if (result)
		return result;
	mode = (mode & S_IFMT) | apply_umask(mode & 07777);
	return path_mknod(&a.walk.walk, a.name.text, mode, S_ISCHR(mode) || S_ISBLK(mode) ? device : 0);
}

SYSCALL3(mknod, uaddr_t, name, uint32_t, mode, uint32_t, device)
{
	return make_node(AT_FDCWD, name, mode, device);
}

SYSCALL4(mknodat, int, dirfd, uaddr_t, name, uint32_t, mode, uint32_t, device)
{
	return make_node(dirfd, name, mode, device);
}

static int64_t remove_name(int dirfd, uaddr_t name, bool directory)
{
	AT_GUARD(a);
	int result = at_begin(&a, dirfd, name, 0);

	if (result)
		return result;
	return directory ? path_rmdir(&a.walk.walk, a.name.text) : path_unlink(&a.walk.walk, a.name.text);
}

SYSCALL1(rmdir, uaddr_t, name)
{
	return remove_name(AT_FDCWD, name, true);
}

SYSCALL1(unlink, uaddr_t, name)
{
	return remove_name(AT_FDCWD, name, false);
}

SYSCALL3(unlinkat, int, dirfd, uaddr_t, name, unsigned, flags)
{
	if (flags & ~(unsigned)AT_REMOVEDIR)
		return -EINVAL;
	return remove_name(dirfd, name, flags & AT_REMOVEDIR);
}

static int64_t make_link(int old_dirfd, uaddr_t old, int dirfd, uaddr_t name, unsigned flags)
{
	PATH_GUARD(target);
	AT_GUARD(a);
	int result;

	if (flags & ~(unsigned)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if ((flags & AT_EMPTY_PATH) && !capable(CAP_DAC_READ_SEARCH))
		return -ENOENT;
	result = path_from_user(old_dirfd, old, (flags & AT_SYMLINK_FOLLOW ? 0 : WALK_NOFOLLOW) |
			       (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0), &target);
	if (!result)
		result = at_begin(&a, dirfd, name, 0);
	return result ? result : path_link(&target, &a.walk.walk, a.name.text);
}

SYSCALL2(link, uaddr_t, old, uaddr_t, name)
{
	return make_link(AT_FDCWD, old, AT_FDCWD, name, 0);
}

SYSCALL5(linkat, int, old_dirfd, uaddr_t, old, int, dirfd, uaddr_t, name, unsigned, flags)
{
	return make_link(old_dirfd, old, dirfd, name, flags);
}

static void name_guard_free(struct name *n)
{
	name_free(n);
}

static int64_t make_symlink(uaddr_t target, int dirfd, uaddr_t name)
{
	struct name text __attribute__((cleanup(name_guard_free))) = { .text = NULL };
	AT_GUARD(a);
	int result = name_read(&text, target);

	if (result)
		return result;
	if (!text.text[0])
		return -ENOENT;
	result = at_begin(&a, dirfd, name, 0);
	return result ? result : path_symlink(&a.walk.walk, text.text, a.name.text);
}

SYSCALL2(symlink, uaddr_t, target, uaddr_t, name)
{
	return make_symlink(target, AT_FDCWD, name);
}

SYSCALL3(symlinkat, uaddr_t, target, int, dirfd, uaddr_t, name)
{
	return make_symlink(target, dirfd, name);
}

static int64_t rename_at(int old_dirfd, uaddr_t old, int dirfd, uaddr_t name, unsigned flags)
{
	AT_GUARD(from);
	AT_GUARD(to);
	int result;

	if (flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	if ((flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)) && (flags & RENAME_EXCHANGE))
		return -EINVAL;
	result = at_begin(&from, old_dirfd, old, 0);
	if (!result)
		result = at_begin(&to, dirfd, name, 0);
	if (result)
		return result;
	return path_rename(&from.walk.walk, from.name.text, &to.walk.walk, to.name.text, flags);
}

SYSCALL2(rename, uaddr_t, old, uaddr_t, name)
{
	return rename_at(AT_FDCWD, old, AT_FDCWD, name, 0);
}

SYSCALL4(renameat, int, old_dirfd, uaddr_t, old, int, dirfd, uaddr_t, name)
{
	return rename_at(old_dirfd, old, dirfd, name, 0);
}

SYSCALL5(renameat2, int, old_dirfd, uaddr_t, old, int, dirfd, uaddr_t, name, unsigned, flags)
{
	return rename_at(old_dirfd, old, dirfd, name, flags);
}

/* May the caller's walks go through p? */
static int check_directory(const struct path *p)
{
	struct inode *i = path_inode(p);

	if (!S_ISDIR(i->mode))
		return -ENOTDIR;
	return inode_permission(i, cred_current(), MAY_EXEC);
}

SYSCALL1(chdir, uaddr_t, name)
{
	PATH_GUARD(p);
	int result = path_from_user(AT_FDCWD, name, WALK_DIRECTORY, &p);

	if (!result)
		result = check_directory(&p);
	if (!result)
		fs_context_set_cwd(task_current()->fs, &p);
	return result;
}

SYSCALL1(fchdir, int, fd)
{
	FILE_GUARD_ANY(f, fd);
	int result = f ? check_directory(&f->path) : -EBADF;

	if (!result)
		fs_context_set_cwd(task_current()->fs, &f->path);
	return result;
}

SYSCALL1(chroot, uaddr_t, name)
{
	PATH_GUARD(p);
	int result = path_from_user(AT_FDCWD, name, WALK_DIRECTORY, &p);

	if (!result)
		result = check_directory(&p);
	if (!result && !capable(CAP_SYS_CHROOT))
		result = -EPERM;
	if (!result)
		fs_context_set_root(task_current()->fs, &p);
	return result;
}

SYSCALL1(umask, uint32_t, mask)
{
	return __atomic_exchange_n(&task_current()->fs->umask, mask & 0777, __ATOMIC_RELAXED);
}

/* The length with the zero byte. */
SYSCALL2(getcwd, uaddr_t, to, size_t, size)
{
	struct fs_context *fs = task_current()->fs;
	PATH_GUARD(cwd);
	PATH_GUARD(root);
	int64_t result;
	int error = 0;
	char *buf = kmalloc(PATH_MAX, ALLOC_KERNEL), *start;

	if (!buf)
		return -ENOMEM;
	spin_lock(&fs->lock);
	cwd = fs->cwd;
	root = fs->root;
	path_get(&cwd);
	path_get(&root);
	spin_unlock(&fs->lock);
	start = path_name(&cwd, &root, buf, PATH_MAX, &error);
	result = error;
	if (start && (cwd.dentry->flags & DENTRY_UNHASHED)) {
		result = -ENOENT;
	} else if (start) {
		result = (int64_t)strlen(start) + 1;
		if ((size_t)result > size)
			result = -ERANGE;
		else if (copy_to_user(to, start, (size_t)result))
			result = -EFAULT;
	}
	kfree(buf);
	return result;
}
