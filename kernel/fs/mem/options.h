/* SPDX-License-Identifier: MIT */
/* fs/mem/options.h: the option string of mount(2) for filesystems in memory. */
#ifndef FS_MEM_OPTIONS_H
#define FS_MEM_OPTIONS_H

#include "lib/types.h"

struct mount_options {
	uint32_t mode, uid, gid;
	uint64_t pages, inodes;   /* limits; 0 is none */
	uint64_t memory_pages;    /* in: what a size in per cent refers to */
};

/* Changes what data names ("size=10m,mode=755"; NULL: nothing) and leaves the rest. 0 or -EINVAL. */
int mount_options_parse(const char *data, struct mount_options *o);
/* Of one option: 0, -ENOENT (no such name), -EINVAL (bad value, or none where one belongs), -E2BIG (a value that does not). */
int mount_option_check(const char *option);

#endif
