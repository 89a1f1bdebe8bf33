/* SPDX-License-Identifier: MIT */
/*
 * fs/device.h: character and block device nodes. A driver registers a number,
 * a name (which devtmpfs shows) and file operations.
 */
#ifndef FS_DEVICE_H
#define FS_DEVICE_H

#include "fs/file.h"

struct device_node {
	const char *name;             /* immutable: "null", "tty", "pts/0" */
	uint32_t mode;                /* immutable: S_IFCHR | 0666 */
	uint64_t rdev;                /* immutable: device_number(major, minor) */
	const struct file_ops *ops;   /* immutable: open() may set f->data */
	void *data;                   /* immutable: the driver's; f->data at open */
	struct hlist_node hash;       /* the table's lock, RCU */
	struct list link;
};

static inline uint64_t device_number(unsigned major, unsigned minor)
{
	return (minor & 0xff) | (uint64_t)(major & 0xfff) << 8 | (uint64_t)(minor & ~0xffu) << 12;
}

/* 0 or -EEXIST, -ENOMEM. node stays the caller's. May sleep. */
int device_register(struct device_node *node);
void device_unregister(struct device_node *node);
/* Who shows nodes by name (devtmpfs): told of all there are, then of changes. Under a sleeping lock; may sleep. */
struct device_listener {
	int (*add)(const struct device_node *node);
	void (*remove)(const struct device_node *node);
};
int device_listen(const struct device_listener *l); /* once */

/* By number, for open(); NULL: -ENXIO. */
const struct device_node *device_find(uint64_t rdev, bool block);

#endif
