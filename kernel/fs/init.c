/* SPDX-License-Identifier: MIT */
/*
 * fs/init.c: brings the file layer up: caches, then the pseudo filesystem for
 * things without a name, then the root: an empty tmpfs.
 */
#include "base/panic.h"
#include "fs/internal.h"
#include "lib/errno.h"
#include <linux/mount.h>

struct path root_path;

void fs_init(void)
{
	struct mount *root;

	dentry_cache_init();
	inode_cache_init();
	files_cache_init();
	file_cache_init();
	root = mount_kernel("tmpfs", "mode=0755,size=90%");
	verify(!IS_ERR(root));
	root->flags = MS_RELATIME;
	mount_show_root(root);
	root_path = (struct path){ root, root->root };
	dentry_get(root->root);
}
