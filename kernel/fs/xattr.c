/* SPDX-License-Identifier: MIT */
/*
 * fs/xattr.c: extended attributes (xattr(7)): who may touch which name, and the
 * inode's lock around the filesystem's functions.
 *
 *   user.*      the file's own permissions; regular files and directories only
 *   trusted.*   CAP_SYS_ADMIN, to see as well
 *   security.*  anyone may read; to change, CAP_SYS_ADMIN (capability: CAP_SETFCAP)
 *   system.*    not here: access control lists are not implemented
 */
#include "fs/xattr.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/limits.h>
#include <linux/xattr.h>

static int check_user(struct inode *i, const struct cred *cred, bool write)
{
	if (!S_ISREG(i->mode) && !S_ISDIR(i->mode))
		return write ? -EPERM : -ENODATA;
	if (S_ISDIR(i->mode) && i->mode & S_ISVTX && write && !inode_owner_or_capable(i, cred))
		return -EPERM;
	return inode_permission(i, cred, write ? MAY_WRITE : MAY_READ);
}

static int check_name(struct inode *i, const char *name, const struct cred *cred, bool write)
{
	if (write && i->sb->flags & MS_RDONLY)
		return -EROFS;
	if (write && (i->immutable_file || i->append_only))
		return -EPERM;
	if (str_has_prefix(name, XATTR_USER_PREFIX) && name[XATTR_USER_PREFIX_LEN])
		return check_user(i, cred, write);
	if (str_has_prefix(name, XATTR_TRUSTED_PREFIX))
		return cred_capable(cred, CAP_SYS_ADMIN) ? 0 : write ? -EPERM : -ENODATA;
	if (strcmp(name, XATTR_NAME_CAPS) == 0)
		return !write || cred_capable(cred, CAP_SETFCAP) ? 0 : -EPERM;
	if (str_has_prefix(name, XATTR_SECURITY_PREFIX))
		return !write || cred_capable(cred, CAP_SYS_ADMIN) ? 0 : -EPERM;
	return -EOPNOTSUPP;
}

ssize_t xattr_get(struct inode *i, const struct cred *cred, const char *name, void *value, size_t size)
{
	ssize_t n = check_name(i, name, cred, false);

	if (n)
		return n;
	if (!i->ops->getxattr)
		return -EOPNOTSUPP;
	rwsem_read_lock(&i->lock);
	n = i->ops->getxattr(i, name, value, size);
	rwsem_read_unlock(&i->lock);
	return n;
}

/* What capabilities(7) says of file capabilities' two formats; looked at before who may set them. */
static bool is_file_capability(const void *value, size_t size)
{
	uint32_t magic;

	if (size < sizeof(magic))
		return false;
	memcpy(&magic, value, sizeof(magic));
	magic &= VFS_CAP_REVISION_MASK;
	return (size == XATTR_CAPS_SZ_2 && magic == VFS_CAP_REVISION_2) ||
	       (size == XATTR_CAPS_SZ_3 && magic == VFS_CAP_REVISION_3);
}

/* The third format adds a user namespace; of the first one it reads as the second, as on Linux. */
static const void *as_second_format(const void *value, size_t *size, struct vfs_cap_data *room)
{
	struct vfs_ns_cap_data data;

	if (*size != XATTR_CAPS_SZ_3)
		return value;
	memcpy(&data, value, sizeof(data));
	if (data.rootid)
		return value;
	memcpy(room, &data, sizeof(*room));
	room->magic_etc = VFS_CAP_REVISION_2 | (data.magic_etc & VFS_CAP_FLAGS_EFFECTIVE);
	*size = XATTR_CAPS_SZ_2;
	return room;
}

int xattr_set(struct inode *i, const struct cred *cred, const char *name, const void *value, size_t size, int flags)
{
	bool capabilities = !strcmp(name, XATTR_NAME_CAPS);
	int error = check_name(i, name, cred, true);
	struct vfs_cap_data room;

	if (capabilities && size && !is_file_capability(value, size))
		return -EINVAL;
	if (error)
		return error;
	if (capabilities)
		value = as_second_format(value, &size, &room);
	if (!i->ops->setxattr)
		return -EOPNOTSUPP;
	rwsem_write_lock(&i->lock);
	error = i->ops->setxattr(i, name, value, size, flags);
	if (!error) {
		inode_touch(i, ATTR_CTIME);
		i->has_capabilities |= capabilities;
	}
	rwsem_write_unlock(&i->lock);
	return error;
}

int xattr_remove(struct inode *i, const struct cred *cred, const char *name)
{
	int error = check_name(i, name, cred, true);

	if (error)
		return error;
	if (!i->ops->removexattr)
		return -EOPNOTSUPP;
	rwsem_write_lock(&i->lock);
	error = i->ops->removexattr(i, name);
	if (!error)
		inode_touch(i, ATTR_CTIME);
	rwsem_write_unlock(&i->lock);
	return error;
}

/* Leaves out the names that the caller may not see; their number of bytes afterwards. */
static size_t visible_names(char *list, size_t n, const struct cred *cred)
{
	size_t kept = 0;

	for (size_t at = 0; at < n;) {
		size_t len = strlen(list + at) + 1;

		if (!str_has_prefix(list + at, XATTR_TRUSTED_PREFIX) || cred_capable(cred, CAP_SYS_ADMIN)) {
			memmove(list + kept, list + at, len);
			kept += len;
		}
		at += len;
	}
	return kept;
}

ssize_t xattr_list(struct inode *i, const struct cred *cred, char *list, size_t size)
{
	char *all;
	ssize_t n;

	if (!i->ops->listxattr)
		return -EOPNOTSUPP;
	all = kmalloc(XATTR_LIST_MAX, ALLOC_KERNEL);
	if (!all)
		return -ENOMEM;
	rwsem_read_lock(&i->lock);
	n = i->ops->listxattr(i, all, XATTR_LIST_MAX);
	rwsem_read_unlock(&i->lock);
	if (n > 0)
		n = (ssize_t)visible_names(all, (size_t)n, cred);
	if (n > 0 && size && (size_t)n > size)
		n = -ERANGE;
	if (n > 0 && size)
		memcpy(list, all, (size_t)n);
	kfree(all);
	return n;
}
