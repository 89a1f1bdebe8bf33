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
static uint32_t hardlinks = 1, symlinks = 1, fifos, regular;

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
	uint32_t level = S_ISFIFO(kind) ? READ_ONCE(fifos) : S_ISREG(kind) ? READ_ONCE(regular) : 0;

	if (!level || !(mode & S_ISVTX) || READ_ONCE(i->uid) == READ_ONCE(dir->uid) || READ_ONCE(i->uid) == cred->fsuid)
		return 0;
	return mode & 0002 || (level > 1 && mode & 0020) ? -EACCES : 0;
}

static int store(uint32_t *level, uint32_t most, const char *buf)
{
	uint64_t value;
	const char *end;
	int error = parse_u64(buf, &end, 10, &value);

	if (error)
		return error;
	if (value > most)
		return -EINVAL;
	WRITE_ONCE(*level, (uint32_t)value);
	return 0;
}

#define LEVEL(variable, most)								\
static int show_##variable(struct text *t)						\
{											\
	text_printf(t, "%u\n", READ_ONCE(variable));					\
	return 0;									\
}											\
static int store_##variable(const char *buf, size_t n)					\
{											\
	return store(&variable, most, buf);						\
}											\
TABLE_ENTRY(proc_entries, struct proc_entry, variable) = {				\
	"sys/fs/protected_" #variable, 0600, show_##variable, store_##variable,		\
}

LEVEL(hardlinks, 1);
LEVEL(symlinks, 1);
LEVEL(fifos, 2);
LEVEL(regular, 2);
