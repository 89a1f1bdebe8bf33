/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/tmpfs_xattr.c: extended attributes in memory: a short list per inode,
 * under the inode's lock, which fs/xattr.c holds. Which names a caller may touch
 * is decided there.
 */
#include "fs/mem/tmpfs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/xattr.h>

struct tmpfs_xattr {
	struct list link;  /* inode lock */
	char *name;        /* immutable: behind the value */
	size_t size;       /* immutable */
	uint8_t value[];   /* immutable */
};

static struct tmpfs_xattr *xattr_find(struct inode *i, const char *name)
{
	struct tmpfs_xattr *x;

	list_for_each_entry(x, &tmpfs_node(i)->xattrs, link)
		if (strcmp(x->name, name) == 0)
			return x;
	return NULL;
}

static void xattr_remove(struct tmpfs_xattr *x)
{
	list_del(&x->link);
	kfree(x);
}

ssize_t tmpfs_getxattr(struct inode *i, const char *name, void *value, size_t size)
{
	struct tmpfs_xattr *x = xattr_find(i, name);

	if (!x)
		return -ENODATA;
	if (size && size < x->size)
		return -ERANGE;
	if (size)
		memcpy(value, x->value, x->size);
	return (ssize_t)x->size;
}

int tmpfs_setxattr(struct inode *i, const char *name, const void *value, size_t size, int flags)
{
	struct tmpfs_xattr *old = xattr_find(i, name), *x;
	size_t len = strlen(name) + 1;

	if (old && flags & XATTR_CREATE)
		return -EEXIST;
	if (!old && flags & XATTR_REPLACE)
		return -ENODATA;
	x = kmalloc(sizeof(*x) + size + len, ALLOC_KERNEL);
	if (!x)
		return -ENOMEM;
	x->size = size;
	memcpy(x->value, value, size);
	x->name = (char *)x->value + size;
	memcpy(x->name, name, len);
	list_add_tail(&x->link, &tmpfs_node(i)->xattrs);
	if (old)
		xattr_remove(old);
	return 0;
}

ssize_t tmpfs_listxattr(struct inode *i, char *list, size_t size)
{
	struct tmpfs_xattr *x;
	size_t need = 0;

	list_for_each_entry(x, &tmpfs_node(i)->xattrs, link) {
		size_t len = strlen(x->name) + 1;

		if (size && need + len > size)
			return -ERANGE;
		if (size)
			memcpy(list + need, x->name, len);
		need += len;
	}
	return (ssize_t)need;
}

int tmpfs_removexattr(struct inode *i, const char *name)
{
	struct tmpfs_xattr *x = xattr_find(i, name);

	if (!x)
		return -ENODATA;
	xattr_remove(x);
	return 0;
}

void tmpfs_xattrs_destroy(struct tmpfs_node *n)
{
	while (!list_empty(&n->xattrs))
		xattr_remove(list_first_entry(&n->xattrs, struct tmpfs_xattr, link));
}
