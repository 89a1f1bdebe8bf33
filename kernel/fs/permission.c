/* SPDX-License-Identifier: MIT */
/*
 * fs/permission.c: who may do what with an inode (path_resolution(7),
 * capabilities(7), chmod(2), chown(2), utimensat(2), truncate(2), unlink(2)).
 *
 * The checks read mode and owner without the inode's lock: they see the old or
 * the new value, as with any change that happens at the same time.
 */
#include "base/panic.h"
#include "fs/internal.h"
#include "hal/clock.h"
#include "lib/errno.h"
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/xattr.h>

int inode_permission_generic(struct inode *i, const struct cred *cred, unsigned mask)
{
	uint32_t mode = READ_ONCE(i->mode), bits = mode;

	if (mask == MAY_EXEC && S_ISDIR(mode) && (mode & 0111) == 0111)
		return 0;
	if (cred->fsuid == READ_ONCE(i->uid))
		bits >>= 6;
	else if (((bits ^ bits >> 3) & mask) && cred_in_group(cred, READ_ONCE(i->gid)))
		bits >>= 3;
	if (!(mask & ~bits & 7))
		return 0;
	/* A capability stands in; to execute a file, somebody must be allowed to. */
	if (S_ISDIR(mode) || !(mask & MAY_EXEC) || mode & 0111)
		if (cred_capable(cred, CAP_DAC_OVERRIDE))
			return 0;
	if (mask == MAY_READ || (S_ISDIR(mode) && !(mask & MAY_WRITE)))
		if (cred_capable(cred, CAP_DAC_READ_SEARCH))
			return 0;
	return -EACCES;
}

int inode_permission(struct inode *i, const struct cred *cred, unsigned mask)
{
	if (mask & MAY_WRITE) {
		if (i->sb->flags & MS_RDONLY && (S_ISREG(i->mode) || S_ISDIR(i->mode) || S_ISLNK(i->mode)))
			return -EROFS;
		if (i->immutable_file)
			return -EPERM;
	}
	if (i->ops->permission)
		return i->ops->permission(i, cred, mask);
	return inode_permission_generic(i, cred, mask);
}

bool inode_owner_or_capable(const struct inode *i, const struct cred *cred)
{
	return cred->fsuid == i->uid || cred_capable(cred, CAP_FOWNER);
}

int inode_may_delete(struct inode *dir, struct inode *victim, const struct cred *cred, bool want_dir)
{
	int error = inode_permission(dir, cred, MAY_WRITE | MAY_EXEC);

	if (error)
		return error;
	if (dir->append_only)
		return -EPERM;
	if (dir->mode & S_ISVTX && victim->uid != cred->fsuid && dir->uid != cred->fsuid &&
	    !cred_capable(cred, CAP_FOWNER))
		return -EPERM;
	if (victim->append_only || victim->immutable_file)
		return -EPERM;
	if (want_dir)
		return S_ISDIR(victim->mode) ? 0 : -ENOTDIR;
	return S_ISDIR(victim->mode) ? -EISDIR : 0;
}

/* Mode without the bits that lend rights, or the same. */
static uint32_t mode_stripped(uint32_t mode)
{
	mode &= ~S_ISUID;
	if (mode & S_IXGRP)
		mode &= ~S_ISGID;
	return mode;
}

static void drop_capabilities(struct inode *i)
{
	i->ops->removexattr(i, XATTR_NAME_CAPS);
	i->has_capabilities = false;
}

static bool (*keeps_hook)(void); /* set at boot */

void inode_set_keeps_hook(bool (*keeps)(void))
{
	keeps_hook = keeps;
}

static bool keeps_privileges(void)
{
	return !keeps_hook || keeps_hook();
}

void inode_strip_privileges(struct inode *i)
{
	uint32_t mode = mode_stripped(i->mode);

	if (unlikely(i->has_capabilities))
		drop_capabilities(i);
	if (likely(mode == i->mode) || !S_ISREG(mode) || keeps_privileges())
		return;
	inode_set_attributes(i, &(struct attributes){ .valid = ATTR_MODE, .mode = mode });
}

static int check_owner_change(const struct inode *i, const struct cred *cred, const struct attributes *a)
{
	bool own = cred->fsuid == i->uid;

	if (cred_capable(cred, CAP_CHOWN))
		return 0;
	if (a->valid & ATTR_UID && !(own && a->uid == i->uid))
		return -EPERM;
	if (a->valid & ATTR_GID && !(own && (a->gid == i->gid || cred_in_group(cred, a->gid))))
		return -EPERM;
	return 0;
}

static int check_times_change(struct inode *i, const struct cred *cred, const struct attributes *a)
{
	if (inode_owner_or_capable(i, cred))
		return i->append_only && !(a->valid & ATTR_NOW) ? -EPERM : 0;
	return a->valid & ATTR_NOW ? inode_permission(i, cred, MAY_WRITE) : -EPERM;
}

static int check_size_change(struct inode *i, const struct attributes *a)
{
	if (S_ISDIR(i->mode))
		return -EISDIR;
	if (!S_ISREG(i->mode))
		return -EINVAL;
	if (i->append_only)
		return -EPERM;
	if (a->size > i->sb->max_bytes || a->size > (uint64_t)INT64_MAX)
		return -EFBIG;
	if ((i->seals & F_SEAL_SHRINK && a->size < inode_size(i)) ||
	    (i->seals & F_SEAL_GROW && a->size > inode_size(i)))
		return -EPERM;
	if (a->size > inode_size(i) && a->size > file_size_limit())
		return file_size_exceeded();
	return 0;
}

/* Set-id bits go with any chown(2), even one that changes nothing. */
static bool takes_privileges(const struct inode *i, const struct attributes *a)
{
	return a->valid & ATTR_STRIP && !S_ISDIR(i->mode) && mode_stripped(i->mode) != i->mode;
}

static int check_change(struct inode *i, const struct cred *cred, const struct attributes *a)
{
	int error = 0;

	if (i->sb->flags & MS_RDONLY)
		return -EROFS;
	if (i->immutable_file)
		return -EPERM;
	if (i->append_only && a->valid & (ATTR_MODE | ATTR_UID | ATTR_GID))
		return -EPERM;
	if (a->valid & (ATTR_UID | ATTR_GID))
		error = check_owner_change(i, cred, a);
	if (!error && a->valid & ATTR_MODE && !inode_owner_or_capable(i, cred))
		error = -EPERM;
	if (!error && takes_privileges(i, a) && !inode_owner_or_capable(i, cred))
		error = -EPERM; /* that is a change of the mode too */
	if (!error && a->valid & ATTR_SIZE)
		error = check_size_change(i, a);
	else if (!error && a->valid & (ATTR_ATIME | ATTR_MTIME))
		error = check_times_change(i, cred, a);
	return error;
}

/* What follows from the change asked for: times, and bits of the mode that must go. */
static void complete_change(struct inode *i, const struct cred *cred, struct attributes *a)
{
	struct file_time now = file_time_of(clock_wall());

	if (a->valid & ATTR_NOW && a->valid & ATTR_ATIME)
		a->atime = now;
	if (a->valid & ATTR_SIZE || (a->valid & ATTR_NOW && a->valid & ATTR_MTIME)) {
		a->valid |= ATTR_MTIME;
		a->mtime = now;
	}
	a->valid |= ATTR_CTIME;
	a->ctime = now;
	if (a->valid & ATTR_MODE && !cred_capable(cred, CAP_FSETID) &&
	    !cred_in_group(cred, a->valid & ATTR_GID ? a->gid : i->gid))
		a->mode &= ~S_ISGID;
	if (unlikely(i->has_capabilities) && a->valid & (ATTR_STRIP | ATTR_SIZE))
		drop_capabilities(i);
	if (S_ISDIR(i->mode) || a->valid & ATTR_MODE)
		return;
	if (mode_stripped(i->mode) == i->mode)
		return;
	if (a->valid & ATTR_STRIP || (a->valid & ATTR_SIZE && !keeps_privileges())) {
		a->mode = mode_stripped(i->mode) & 07777;
		a->valid |= ATTR_MODE;
	}
}

int inode_change(struct inode *i, const struct cred *cred, struct attributes *a)
{
	int error;

	might_sleep();
	rwsem_write_lock(&i->lock);
	error = check_change(i, cred, a);
	if (!error) {
		complete_change(i, cred, a);
		if (i->ops->setattr)
			error = i->ops->setattr(i, a);
		else
			inode_set_attributes(i, a);
	}
	rwsem_write_unlock(&i->lock);
	return error;
}
