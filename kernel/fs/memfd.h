/* SPDX-License-Identifier: MIT */
/* fs/memfd.h: files in memory without a name, and the seals of files in memory. */
#ifndef FS_MEMFD_H
#define FS_MEMFD_H

#include "fs/file.h"

/* memfd_create(2): flags MFD_*; name at most 249 bytes (-EINVAL). May sleep. */
int memfd_create_file(const char *name, unsigned flags, const struct cred *cred, struct file **out);
/* An unnamed file in memory of so many bytes, for shared memory; *out counted. May sleep. */
int memory_inode_create(const struct cred *cred, uint64_t size, struct inode **out);
/* F_GET_SEALS, F_ADD_SEALS: -EINVAL where there are none, -EPERM, -EBUSY (mapped for writing). May sleep. */
int memfd_get_seals(struct file *f);
int memfd_add_seals(struct file *f, unsigned seals);

#endif
