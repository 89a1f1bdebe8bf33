/* SPDX-License-Identifier: MIT */
/*
 * syscall/stat.c: stat(2) in all its forms, access(2), readlink(2), statfs(2).
 */
#include "fs/inode.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "syscall/syscall.h"
#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/mount.h>
#include <linux/securebits.h>
#include <linux/stat.h>

#define ST_VALID 0x20 /* statfs: f_flags is filled */

static uint64_t inode_blocks(const struct inode *i)
{
	return i->blocks || !S_ISREG(i->mode) ? i->blocks : i->object.page_count * (PAGE_SIZE / 512);
}

static int refresh(struct inode *i)
{
	return i->ops->getattr ? i->ops->getattr(i, cred_current()) : 0;
}

static int64_t stat_inode(struct inode *i, uaddr_t to)
{
	struct file_time atime, mtime, ctime;
	int error = refresh(i);

	if (error)
		return error;
	inode_times(i, &atime, &mtime, &ctime);
	struct stat st = {
		.st_dev = i->sb->dev,
		.st_ino = i->ino,
		.st_nlink = i->nlink,
		.st_mode = i->mode,
		.st_uid = i->uid,
		.st_gid = i->gid,
		.st_rdev = i->rdev,
		.st_size = (long)inode_size(i),
		.st_blksize = i->sb->block_size,
		.st_blocks = (long)inode_blocks(i),
		.st_atime = (unsigned long)atime.sec,
		.st_atime_nsec = atime.nsec,
		.st_mtime = (unsigned long)mtime.sec,
		.st_mtime_nsec = mtime.nsec,
		.st_ctime = (unsigned long)ctime.sec,
		.st_ctime_nsec = ctime.nsec,
	};
	return put_user_struct(to, st);
}

static int64_t stat_at(int dirfd, uaddr_t name, uaddr_t to, unsigned walk)
{
	PATH_GUARD(p);
	int result = path_from_user(dirfd, name, walk, &p);

	return result ? result : stat_inode(path_inode(&p), to);
}

static int64_t stat_fd(int fd, uaddr_t to)
{
	FILE_GUARD_ANY(f, fd);

	return f ? stat_inode(f->inode, to) : -EBADF;
}

SYSCALL2(stat, uaddr_t, name, uaddr_t, to)
{
	return stat_at(AT_FDCWD, name, to, 0);
}

SYSCALL2(lstat, uaddr_t, name, uaddr_t, to)
{
	return stat_at(AT_FDCWD, name, to, WALK_NOFOLLOW);
}

SYSCALL2(fstat, int, fd, uaddr_t, to)
{
	return stat_fd(fd, to);
}

/* fstat(fd) comes as newfstatat(fd, "", AT_EMPTY_PATH) from newer C libraries: no walk for that. */
static bool is_empty_name(uaddr_t name)
{
	char c;

	return !copy_from_user(&c, name, 1) && !c;
}

SYSCALL4(newfstatat, int, dirfd, uaddr_t, name, uaddr_t, to, unsigned, flags)
{
	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags == AT_EMPTY_PATH && dirfd >= 0 && is_empty_name(name))
		return stat_fd(dirfd, to);
	return stat_at(dirfd, name, to, walk_flags(flags));
}

static struct statx_timestamp statx_time(struct file_time t)
{
	return (struct statx_timestamp){ .tv_sec = t.sec, .tv_nsec = t.nsec };
}

static void fill_statx(const struct path *p, struct statx *s)
{
	struct inode *i = path_inode(p);
	struct file_time atime, mtime, ctime;

	inode_times(i, &atime, &mtime, &ctime);
	*s = (struct statx){
		.stx_mask = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID,
		.stx_blksize = i->sb->block_size,
		.stx_attributes = (i->immutable_file ? STATX_ATTR_IMMUTABLE : 0) |
				  (i->append_only ? STATX_ATTR_APPEND : 0) |
				  (p->dentry == p->mount->root ? STATX_ATTR_MOUNT_ROOT : 0),
		.stx_attributes_mask = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND | STATX_ATTR_MOUNT_ROOT,
		.stx_nlink = i->nlink,
		.stx_uid = i->uid,
		.stx_gid = i->gid,
		.stx_mode = (uint16_t)i->mode,
		.stx_ino = i->ino,
		.stx_size = inode_size(i),
		.stx_blocks = inode_blocks(i),
		.stx_atime = statx_time(atime),
		.stx_btime = statx_time(i->btime),
		.stx_ctime = statx_time(ctime),
		.stx_mtime = statx_time(mtime),
		.stx_rdev_major = (uint32_t)(i->rdev >> 8) & 0xfff,
		.stx_rdev_minor = ((uint32_t)i->rdev & 0xff) | ((uint32_t)(i->rdev >> 12) & ~0xffu),
		.stx_dev_major = (uint32_t)(i->sb->dev >> 8) & 0xfff,
		.stx_dev_minor = ((uint32_t)i->sb->dev & 0xff) | ((uint32_t)(i->sb->dev >> 12) & ~0xffu),
		.stx_mnt_id = p->mount->id,
	};
}

SYSCALL5(statx, int, dirfd, uaddr_t, name, unsigned, flags, unsigned, mask, uaddr_t, to)
{
	PATH_GUARD(p);
	struct statx s;
	int result;

	if (mask & STATX__RESERVED)
		return -EINVAL;
	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	if ((flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	result = path_from_user(dirfd, name, walk_flags(flags), &p);
	if (result)
		return result;
	result = refresh(path_inode(&p));
	if (result)
		return result;
	fill_statx(&p, &s);
	return put_user_struct(to, s);
}

/*
 * access(2) asks for the real user: a copy of the credentials with the real
 * numbers, and the capabilities that such a user would have.
 */
static struct cred *real_credentials(void)
{
	struct cred *c = cred_copy(cred_current());

	if (!c)
		return NULL;
	c->fsuid = c->uid;
	c->fsgid = c->gid;
	if (!(c->securebits & SECBIT_NO_SETUID_FIXUP))
		c->cap_effective = c->uid ? 0 : c->cap_permitted;
	return c;
}

static int check_access(const struct path *p, const struct cred *cred, unsigned mask)
{
	struct inode *i = path_inode(p);
	int result;

	if ((mask & MAY_EXEC) && S_ISREG(i->mode) && (p->mount->flags & MS_NOEXEC))
		return -EACCES;
	result = inode_permission(i, cred, mask);
	if (!result && (mask & MAY_WRITE) && (p->mount->flags & MS_RDONLY) && !S_ISCHR(i->mode) && !S_ISBLK(i->mode) &&
	    !S_ISFIFO(i->mode) && !S_ISSOCK(i->mode))
		return -EROFS;
	return result;
}

static int64_t access_at(int dirfd, uaddr_t name, unsigned mask, unsigned flags)
{
	const struct cred *now = cred_current();
	bool same = (flags & AT_EACCESS) || (now->uid == now->fsuid && now->gid == now->fsgid &&
					     now->cap_effective == (now->uid ? 0 : now->cap_permitted));
	const struct cred *cred;
	PATH_GUARD(p);
	AT_GUARD(a);
	int result;

	if ((mask & ~7u) || (flags & ~(unsigned)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	cred = same ? cred_get(now) : real_credentials();
	if (!cred)
		return -ENOMEM;
	result = at_begin(&a, dirfd, name, walk_flags(flags));
	a.walk.walk.cred = cred;
	if (!result)
		result = path_lookup(&a.walk.walk, a.name.text, &p);
	if (!result && mask)
		result = check_access(&p, cred, mask);
	cred_put(cred);
	return result;
}

SYSCALL2(access, uaddr_t, name, unsigned, mask)
{
	return access_at(AT_FDCWD, name, mask, 0);
}

SYSCALL3(faccessat, int, dirfd, uaddr_t, name, unsigned, mask)
{
	return access_at(dirfd, name, mask, 0);
}

SYSCALL4(faccessat2, int, dirfd, uaddr_t, name, unsigned, mask, unsigned, flags)
{
	return access_at(dirfd, name, mask, flags);
}

static int64_t read_link_text(struct inode *i, uaddr_t to, size_t size)
{
	char *buf;
	ssize_t n;

	if (!i->ops->readlink) {
		n = (ssize_t)min(strlen(i->link), size);
		return copy_to_user(to, i->link, (size_t)n) ? -EFAULT : n;
	}
	buf = kmalloc(PATH_MAX, ALLOC_KERNEL);
	if (!buf)
		return -ENOMEM;
	n = i->ops->readlink(i, cred_current(), buf, PATH_MAX);
	if (n > 0) {
		n = min(n, (ssize_t)size);
		if (copy_to_user(to, buf, (size_t)n))
			n = -EFAULT;
	}
	kfree(buf);
	return n;
}

static int64_t readlink_at(int dirfd, uaddr_t name, uaddr_t to, int size)
{
	PATH_GUARD(p);
	int result;

	if (size <= 0)
		return -EINVAL;
	result = path_from_user(dirfd, name, WALK_NOFOLLOW | WALK_EMPTY, &p);
	if (result)
		return result;
	if (!S_ISLNK(path_inode(&p)->mode))
		return is_empty_name(name) ? -ENOENT : -EINVAL;
	return read_link_text(path_inode(&p), to, (size_t)size);
}

SYSCALL3(readlink, uaddr_t, name, uaddr_t, to, int, size)
{
	return readlink_at(AT_FDCWD, name, to, size);
}

SYSCALL4(readlinkat, int, dirfd, uaddr_t, name, uaddr_t, to, int, size)
{
	return readlink_at(dirfd, name, to, size);
}

static int64_t statfs_path(const struct path *p, uaddr_t to)
{
	unsigned long flags = p->mount->flags | (p->mount->sb->flags & (MS_RDONLY | MS_SYNCHRONOUS | MS_MANDLOCK));
	struct statfs s;
	int result = super_statfs(p->mount->sb, &s);

	if (result)
		return result;
	s.f_flags = (long)(ST_VALID | (flags & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS | MS_MANDLOCK)) |
			   (flags & MS_NOATIME ? 0x400 : 0) | (flags & MS_NODIRATIME ? 0x800 : 0) |
			   (flags & MS_RELATIME ? 0x1000 : 0) | (flags & MS_NOSYMFOLLOW ? 0x2000 : 0));
	return put_user_struct(to, s);
}

SYSCALL2(statfs, uaddr_t, name, uaddr_t, to)
{
	PATH_GUARD(p);
	int result = path_from_user(AT_FDCWD, name, 0, &p);

	return result ? result : statfs_path(&p, to);
}

SYSCALL2(fstatfs, int, fd, uaddr_t, to)
{
	FILE_GUARD_ANY(f, fd);

	return f ? statfs_path(&f->path, to) : -EBADF;
}
