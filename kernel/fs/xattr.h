/* SPDX-License-Identifier: MIT */
/*
 * fs/xattr.h: extended attributes of an inode. name is at most XATTR_NAME_MAX
 * bytes, values at most XATTR_SIZE_MAX: the caller has checked that. A read-only
 * mount is the caller's to refuse (path_want_write). All may sleep. size 0 asks
 * for the length. -ENODATA, -ERANGE, -EEXIST, -EPERM, -EACCES, -EOPNOTSUPP, -EROFS.
 */
#ifndef FS_XATTR_H
#define FS_XATTR_H

#include "fs/inode.h"

ssize_t xattr_get(struct inode *i, const struct cred *cred, const char *name, void *value, size_t size);
int xattr_set(struct inode *i, const struct cred *cred, const char *name, const void *value, size_t size, int flags);
int xattr_remove(struct inode *i, const struct cred *cred, const char *name);
ssize_t xattr_list(struct inode *i, const struct cred *cred, char *list, size_t size);

#endif
