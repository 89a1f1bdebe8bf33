/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/initramfs_make.h: makes the files of an archive. initramfs_make(), then
 * for a regular file with data initramfs_write() ... initramfs_finish(); at the
 * very end initramfs_end().
 */
#ifndef FS_MEM_INITRAMFS_MAKE_H
#define FS_MEM_INITRAMFS_MAKE_H

#include "fs/file.h"
#include "lib/cpio.h"

#define INITRAMFS_LINK_BUCKETS 64

struct initramfs_maker {
	struct file *file;       /* the one being written, or NULL */
	loff_t position;
	struct hlist links[INITRAMFS_LINK_BUCKETS]; /* files with several names, in this archive */
	struct list directories; /* whose times are set at the end */
	bool ready;
};

int initramfs_make(struct initramfs_maker *m, const struct cpio_entry *e);
int initramfs_make_link(struct initramfs_maker *m, const struct cpio_entry *e, const char *target);
int initramfs_write(struct initramfs_maker *m, const uint8_t *data, size_t n);
int initramfs_finish(struct initramfs_maker *m, const struct cpio_entry *e);
void initramfs_forget_links(struct initramfs_maker *m);
void initramfs_end(struct initramfs_maker *m);

#endif
