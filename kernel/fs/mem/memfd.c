/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/memfd.c: memfd_create(2): an unnamed file in a tmpfs of the kernel's own,
 * and its seals (fcntl(2), F_ADD_SEALS). What the seals forbid is checked where it
 * happens: writing, cutting and growing, mapping.
 */
#include "fs/memfd.h"
#include "fs/mem/tmpfs.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "mem/slab.h"
#include <linux/fcntl.h>
#include <linux/memfd.h>

#define ALL_SEALS  (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)
#define NAME_LIMIT 249

static struct mutex memfd_lock = MUTEX_INIT(memfd_lock, RANK_MOUNT);
static struct super *memfd_super; /* memfd_lock once, then immutable */

static const struct fs_type memfd_type = { .name = "tmpfs" };

static int super_get(struct super **out)
{
	int error = 0;

	mutex_lock(&memfd_lock);
	if (!memfd_super)
		error = tmpfs_super_create(&memfd_type, 0, "size=0,nr_inodes=0", &memfd_super);
	*out = memfd_super;
	mutex_unlock(&memfd_lock);
	return error;
}

static int memfd_inode(const struct cred *cred, bool sealable, struct inode **out)
{
	struct super *sb;
	int error = super_get(&sb);

	if (!error)
		error = tmpfs_inode_create(sb, NULL, S_IFREG | 0777, 0, cred, out);
	if (!error) {
		(*out)->nlink = 0;
		(*out)->seals = sealable ? 0 : F_SEAL_SEAL;
	}
	return error;
}

int memory_inode_create(const struct cred *cred, uint64_t size, struct inode **out)
{
	int error = memfd_inode(cred, false, out);

	if (!error)
		atomic_store(&(*out)->object.size, size);
	return error;
}

int memfd_create_file(const char *name, unsigned flags, const struct cred *cred, struct file **out)
{
	char shown[NAME_LIMIT + 32];
	struct inode *i;
	int error;

	if (flags & ~(unsigned)(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	if (format(shown, sizeof(shown), "/memfd:%s (deleted)", name) >= (int)sizeof(shown))
		return -EINVAL;
	error = memfd_inode(cred, flags & MFD_ALLOW_SEALING, &i);
	if (error)
		return error;
	error = file_create_inode(i, shown, &tmpfs_file_ops, NULL, O_RDWR | O_LARGEFILE, out);
	inode_put(i);
	return error;
}

int memfd_get_seals(struct file *f)
{
	return f->ops == &tmpfs_file_ops ? (int)f->inode->seals : -EINVAL;
}

int memfd_add_seals(struct file *f, unsigned seals)
{
	struct inode *i = f->inode;
	int error = 0;

	if (f->ops != &tmpfs_file_ops || seals & ~(unsigned)ALL_SEALS)
		return -EINVAL;
	if (!(f->mode & FILE_WRITE))
		return -EPERM;
	rwsem_write_lock(&i->lock);
	if (i->seals & F_SEAL_SEAL)
		error = -EPERM;
	else if (seals & F_SEAL_WRITE && !(i->seals & F_SEAL_WRITE) && atomic_load(&i->object.writable_mappings))
		error = -EBUSY;
	else
		i->seals |= seals;
	rwsem_write_unlock(&i->lock);
	return error;
}
