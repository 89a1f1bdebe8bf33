/* SPDX-License-Identifier: MIT */
/*
 * syscall/handle.c: file handles (name_to_handle_at(2)), quotas, and old calls about
 * filesystems: ustat(2), sysfs(2). A handle tells files of tmpfs apart; no filesystem
 * finds a file by one, so that opening answers as for a file that is gone.
 */
#include "base/table.h"
#include "fs/path.h"
#include "lib/string.h"
#include "syscall/syscall.h"
#include <asm/statfs.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/quota.h>
#include <linux/stat.h>

#define HANDLE_MAX  128 /* MAX_HANDLE_SZ */
#define HANDLE_TMPFS 1  /* tmpfs's kind: generation, inode number in two words */

struct handle_head { uint32_t bytes; int32_t type; };
struct handle_tmpfs { uint32_t generation, low, high; };

static int handle_write(const struct path *p, uaddr_t to, uaddr_t mount_to)
{
	struct inode *i = path_inode(p);
	struct handle_tmpfs body = { (uint32_t)i->btime.nsec, (uint32_t)i->ino, (uint32_t)(i->ino >> 32) };
	struct handle_head head;
	bool fits;

	if (strcmp(i->sb->type->name, "tmpfs") != 0 && strcmp(i->sb->type->name, "devtmpfs") != 0)
		return -EOPNOTSUPP;
	if (get_user_struct(head, to))
		return -EFAULT;
	if (head.bytes > HANDLE_MAX)
		return -EINVAL;
	fits = head.bytes >= sizeof(body);
	head = (struct handle_head){ sizeof(body), fits ? HANDLE_TMPFS : 255 };
	if (put_user_struct(mount_to, p->mount->id) || put_user_struct(to, head) ||
	    (fits && put_user_struct(to + sizeof(head), body)))
		return -EFAULT;
	return fits ? 0 : -EOVERFLOW;
}

SYSCALL5(name_to_handle_at, int, dirfd, uaddr_t, name, uaddr_t, to, uaddr_t, mount_to, int, flags)
{
	PATH_GUARD(p);
	int result;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	result = path_from_user(dirfd, name, (flags & AT_SYMLINK_FOLLOW ? 0 : WALK_NOFOLLOW) |
				(flags & AT_EMPTY_PATH ? WALK_EMPTY : 0), &p);
	return result ? result : handle_write(&p, to, mount_to);
}

SYSCALL3(open_by_handle_at, int, dirfd, uaddr_t, from, int, flags)
{
	struct handle_head head;

	if (!capable(CAP_DAC_READ_SEARCH))
		return -EPERM;
	if (get_user_struct(head, from))
		return -EFAULT;
	if (!head.bytes || head.bytes > HANDLE_MAX)
		return -EINVAL;
	if (dirfd != AT_FDCWD) {
		FILE_GUARD_ANY(f, dirfd);
		if (!f)
			return -EBADF;
	}
	return -ESTALE;
}

enum { QUOTA_TYPES = 3 };

/* No filesystem has quotas, and none is on a device. */
SYSCALL4(quotactl, unsigned, cmd, uaddr_t, device, int, id, uaddr_t, data)
{
	PATH_GUARD(p);
	int result;

	if ((cmd & SUBCMDMASK) >= QUOTA_TYPES)
		return -EINVAL;
	if (!device)
		return cmd >> SUBCMDSHIFT == (unsigned)Q_SYNC ? 0 : -ENODEV;
	result = path_from_user(AT_FDCWD, device, 0, &p);
	if (result)
		return result;
	return S_ISBLK(path_inode(&p)->mode) ? -ENODEV : -ENOTBLK;
}

SYSCALL4(quotactl_fd, int, fd, unsigned, cmd, int, id, uaddr_t, data)
{
	FILE_GUARD_ANY(f, fd);

	if (!f)
		return -EBADF;
	return (cmd & SUBCMDMASK) >= QUOTA_TYPES ? -EINVAL : -ENOSYS;
}

struct ustat_old { int free_blocks; unsigned long free_inodes; char name[6], pack[6]; };
struct ustat_visit { uint64_t dev; struct ustat_old out; };

static int visit_super(void *arg, struct mount *m)
{
	struct ustat_visit *v = arg;
	struct statfs s;

	if (m->sb->dev != v->dev)
		return 0;
	if (super_statfs(m->sb, &s))
		return -EINVAL;
	v->out.free_blocks = (int)s.f_bfree;
	v->out.free_inodes = (unsigned long)s.f_ffree;
	return 1;
}

SYSCALL2(ustat, uint32_t, dev, uaddr_t, to)
{
	struct ustat_visit v;

	memset(&v, 0, sizeof(v));
	v.dev = dev;
	return mount_for_each(visit_super, &v) != 1 ? -EINVAL : put_user_struct(to, v.out);
}

static int type_by_name(uaddr_t from)
{
	struct name n;
	int result = name_read(&n, from), index = 0;

	if (result)
		return result;
	result = -EINVAL;
	TABLE_FOREACH(fs_types, struct fs_type, t) {
		if (strcmp(t->name, n.text) == 0)
			result = index;
		index++;
	}
	name_free(&n);
	return result;
}

static int type_by_index(unsigned index, uaddr_t to)
{
	TABLE_FOREACH(fs_types, struct fs_type, t)
		if (!index--)
			return copy_to_user(to, t->name, strlen(t->name) + 1);
	return -EINVAL;
}

static int type_count(void)
{
	int n = 0;

	TABLE_FOREACH(fs_types, struct fs_type, t)
		n += t != NULL;
	return n;
}

SYSCALL3(sysfs, int, option, uint64_t, a, uint64_t, b)
{
	switch (option) {
	case 1:
		return type_by_name(a);
	case 2:
		return type_by_index((unsigned)a, b);
	case 3:
		return type_count();
	default:
		return -EINVAL;
	}
}
