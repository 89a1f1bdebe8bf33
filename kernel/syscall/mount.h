/* SPDX-License-Identifier: MIT */
/* syscall/mount.h: MOUNT_ATTR_* as the MS_* that fs/ keeps, for fsmount(2) and mount_setattr(2). */
#ifndef SYSCALL_MOUNT_H
#define SYSCALL_MOUNT_H

#include "lib/types.h"
#include <linux/mount.h>

#define MOUNT_ATTRIBUTES (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | \
			  MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW)

/* All but how access times are written, which is a number in the middle of them. */
unsigned long mount_flags_of_attributes(uint64_t attributes);
/* That number as a flag, added to *flags. False: it means nothing. */
bool mount_atime_of_attributes(uint64_t attributes, unsigned long *flags);

#endif
