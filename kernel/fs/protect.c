/* SPDX-License-Identifier: MIT */
/*
 * fs/protect.c: what the owner of a folder that all may write to, such as /tmp, is
 * kept from having done to him (proc(5), /proc/sys/fs/protected_*): links to files
 * one could not write, links of others followed, files of others opened in the
 * belief that they were just made. The first two are on, as Debian has them.
 */
#include "fs/internal.h"
#include "fs/procfs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include <linux/stat.h>

/* atomic: 0 off, 1 on, 2 (files only) also in folders that a group may write to */
static int32_t hardlinks = 1, symlinks = 1, fifos, regular;

static bool is_safe_source(struct inode *i, const struct cred *cred)
{
	uint32_t mode = READ_ONCE(i->mode);

	return S_ISREG(mode) && !(mode & S_ISUID) && (mode & (S_ISGID | 0010)) != (S_ISGID | 0010) &&
	       !inode_permission(i, cred, MAY_READ | MAY_WRITE);
}

int protect_link(struct inode *i, const struct cred *cred)
{
	if (!READ_ONCE(hardlinks) || inode_owner_or_capable(i, cred) || is_safe_source(i, cred))
		return 0;
	return -EPERM;
}

bool protect_may_follow(const struct inode *dir, const struct inode *link, const struct cred *cred)
{
	if ((READ_ONCE(dir->mode) & (S_ISVTX | 0002)) != (S_ISVTX | 0002) || !READ_ONCE(symlinks))
		return true;
	return READ_ONCE(link->uid) == cred->fsuid || READ_ONCE(link->uid) == READ_ONCE(dir->uid);
}

int protect_open(const struct inode *dir, const struct inode *i, const struct cred *cred)
{
	uint32_t mode = READ_ONCE(dir->mode), kind = READ_ONCE(i->mode);
	int level = S_ISFIFO(kind) ? READ_ONCE(fifos) : S_ISREG(kind) ? READ_ONCE(regular) : 0;

	if (!level || !(mode & S_ISVTX) || READ_ONCE(i->uid) == READ_ONCE(dir->uid) || READ_ONCE(i->uid) == cred->fsuid)
		return 0;
	return mode & 0002 || (level > 1 && mode & 0020) ? -EACCES : 0;
}

PROC_INT(hardlinks, "sys/fs/protected_hardlinks", &hardlinks, 0, 1);
PROC_INT(symlinks, "sys/fs/protected_symlinks", &symlinks, 0, 1);
PROC_INT(fifos, "sys/fs/protected_fifos", &fifos, 0, 2);
PROC_INT(regular, "sys/fs/protected_regular", &regular, 0, 2);
