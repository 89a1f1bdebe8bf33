/* SPDX-License-Identifier: MIT */
/* fs/mem/initramfs.h: fills the root from the archives that the boot loader brought. */
#ifndef FS_MEM_INITRAMFS_H
#define FS_MEM_INITRAMFS_H

#include "lib/types.h"

/*
 * Unpacks n bytes of newc cpio archives, plain or gzip, one after the other, into
 * the root. What is wrong is told in the log, and what came before it stays. 0 or
 * an errno. The memory is the caller's and not needed afterwards. May sleep.
 */
int initramfs_unpack(const void *data, size_t n);

#endif
