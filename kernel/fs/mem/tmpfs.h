/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/tmpfs.h: files in memory, shared among tmpfs's own files, devtmpfs and
 * memfd.
 */
#ifndef FS_MEM_TMPFS_H
#define FS_MEM_TMPFS_H

#include "fs/file.h"
#include "lib/rbtree.h"
#include <linux/magic.h>

struct tmpfs_super {
	struct spinlock lock;     /* rank INODE_TIMES */
	uint64_t max_pages;       /* lock, read anywhere: UINT64_MAX is no limit */
	uint64_t used_pages;      /* atomic: at most max_pages */
	uint64_t max_inodes;      /* lock: UINT64_MAX is no limit */
	uint64_t used_inodes;     /* lock */
	uint64_t next_ino;        /* atomic */
	uint32_t mode, uid, gid;  /* immutable: of the root */
};

/* One name in a directory. */
struct tmpfs_entry {
	struct rb_node by_name;   /* inode lock of the directory, as all that follows */
	struct rb_node by_cookie;
	struct inode *inode;      /* counted */
	uint64_t hash;
	uint64_t cookie;          /* place in readdir: newer names have lower ones */
	size_t len;
	char name[];
};

struct tmpfs_node {               /* inode->data */
	struct rb_root by_name;   /* inode lock: directories */
	struct rb_root by_cookie;
	uint64_t next_cookie;
	struct list xattrs;       /* inode lock */
};

static inline struct tmpfs_super *tmpfs_of(const struct super *sb) { return sb->data; }
static inline struct tmpfs_node *tmpfs_node(const struct inode *i) { return i->data; }

/* Makes a superblock of files in memory; data as in mount(2). 0, -EINVAL, -ENOMEM. May sleep. */
int tmpfs_super_create(const struct fs_type *type, unsigned long flags, const char *data, struct super **out);
/* A new inode without a name, nlink 1 (directories 2). -ENOSPC, -ENOMEM. */
int tmpfs_inode_create(struct super *sb, const struct inode *dir, uint32_t mode, uint64_t rdev,
		       const struct cred *cred, struct inode **out);

/* Directory index; all with the directory's inode locked. fs/mem/tmpfs_dir.c */
struct tmpfs_entry *tmpfs_entry_find(struct inode *dir, const char *name, size_t len);
struct tmpfs_entry *tmpfs_entry_create(const char *name, size_t len); /* NULL when out */
void tmpfs_entry_insert(struct inode *dir, struct tmpfs_entry *e, struct inode *inode); /* takes over the reference */
void tmpfs_entry_remove(struct inode *dir, struct tmpfs_entry *e);   /* frees it, not the inode */
int tmpfs_iterate(struct file *f, struct dir_sink *s);
void tmpfs_dir_init(struct inode *dir);
void tmpfs_dir_destroy(struct inode *dir); /* drops all entries */

extern const struct inode_ops tmpfs_dir_ops, tmpfs_inode_ops;
extern const struct file_ops tmpfs_file_ops, tmpfs_dir_file_ops;
extern const struct object_ops tmpfs_object_ops;

/* fs/mem/tmpfs_xattr.c */
ssize_t tmpfs_getxattr(struct inode *i, const char *name, void *value, size_t size);
int tmpfs_setxattr(struct inode *i, const char *name, const void *value, size_t size, int flags);
ssize_t tmpfs_listxattr(struct inode *i, char *list, size_t size);
int tmpfs_removexattr(struct inode *i, const char *name);
void tmpfs_xattrs_destroy(struct tmpfs_node *n);

#endif
