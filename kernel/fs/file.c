/* SPDX-License-Identifier: MIT */
/*
 * fs/file.c: the life of an open file: made by open(2) (fs/open.c) or for
 * something without a name, counted, and released at the last reference. Its
 * memory goes after a grace period, because descriptor tables are read under
 * RCU; the release itself is done at once by whoever dropped the last reference.
 */
#include "base/panic.h"
#include "fs/internal.h"
#include "fs/lease.h"
#include "fs/notify.h"
#include "fs/poll.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include "vm/space.h"
#include <linux/fcntl.h>
#include <linux/mount.h>

static struct kcache *file_cache;
struct mount *anon_mount;
static uint64_t anon_ino;       /* atomic */
static struct inode *anon_inode; /* immutable: for files that have nothing of their own */

static void hook_get(void *file)
{
	struct file *f = file;

	file_get(f);
	if (unlikely(f->ops->area_count))
		f->ops->area_count(f, 1);
}

static void hook_put(void *file)
{
	struct file *f = file;

	if (unlikely(f->ops->area_count))
		f->ops->area_count(f, -1);
	file_put(f);
}

static const struct inode_ops anon_inode_ops = { 0 };
static const struct super_ops anon_super_ops = { 0 };

static const struct fs_type anon_type = { .name = "anon" };

static struct super *anon_super_create(void)
{
	struct super *sb = super_create(&anon_type, &anon_super_ops, 0);
	struct inode *i = sb ? inode_create(sb, 1, S_IFDIR | 0555) : NULL;

	if (i) {
		i->ops = &anon_inode_ops;
		sb->root = dentry_create_root(sb, i);
	}
	if (!i || !sb->root) {
		inode_put(i);
		super_put(sb);
		return NULL;
	}
	return sb;
}

void file_cache_init(void)
{
	struct super *sb;

	file_cache = kcache_create("file", sizeof(struct file), 64);
	space_set_file_hooks(hook_get, hook_put);
	sb = anon_super_create();
	verify(sb);
	anon_mount = mount_create(sb, sb->root, 0, "anon");
	verify(anon_mount);
	anon_inode = inode_create(sb, anon_next_ino(), 0600);
	verify(anon_inode);
	anon_inode->ops = &anon_inode_ops;
}

uint64_t anon_next_ino(void)
{
	return atomic_inc_return(&anon_ino) + 1;
}

struct inode *inode_create_anonymous(uint32_t mode, const struct cred *cred)
{
	struct inode *i = inode_create(anon_mount->sb, anon_next_ino(), mode);

	if (!i)
		return NULL;
	i->ops = &anon_inode_ops;
	i->uid = cred->fsuid;
	i->gid = cred->fsgid;
	return i;
}

/* What of open's flags stays with the file. */
#define KEPT_FLAGS (~(uint32_t)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC))

static uint32_t access_mode(uint32_t flags)
{
	if (flags & O_PATH)
		return FILE_PATH_ONLY;
	return (flags & O_ACCMODE) == O_RDONLY ? FILE_READ :
	       (flags & O_ACCMODE) == O_WRONLY ? FILE_WRITE :
	       (flags & O_ACCMODE) == O_RDWR   ? FILE_READ | FILE_WRITE : 0;
}

struct file *file_alloc(const struct cred *cred, uint32_t flags)
{
	struct file *f = kcache_alloc(file_cache, ALLOC_KERNEL | ALLOC_ZERO);

	if (!f)
		return NULL;
	refcount_init(&f->refs, 1);
	f->flags = flags & KEPT_FLAGS;
	f->mode = access_mode(flags);
	mutex_init(&f->position_lock, RANK_FILE_POS);
	f->cred = cred_get(cred);
	spin_init(&f->lock, RANK_FILES);
	list_init(&f->epoll_items);
	return f;
}

static void file_free(struct rcu_head *head)
{
	kcache_free(file_cache, container_of(head, struct file, rcu));
}

void file_destroy(struct file *f)
{
	path_put(&f->path);
	cred_put(f->cred);
	rcu_call(&f->rcu, file_free);
}

const struct file_async_hooks *file_async_hooks; /* immutable after boot */

void file_uncount(struct file *f)
{
	if (f->mode & FILE_COUNTED) {
		inode_put_write(f->inode);
		mount_put_write(f->path.mount);
	} else if (f->mode & FILE_READER) {
		atomic_dec(&f->inode->readers);
	}
}

static void file_release(struct file *f)
{
	might_sleep();
	if (f->inode && !(f->mode & FILE_PATH_ONLY))
		notify_dentry(f->path.dentry, f->mode & FILE_WRITE ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
	if (f->inode && atomic_load(&f->inode->flocks)) {
		flock_release_owner(f->inode, f);
		lease_release(f); /* before those who would be told are forgotten, as the next */
	}
	if (f->inode)
		dnotify_forget(f, NULL);
	if (unlikely(f->async || f->owner))
		file_async_hooks->gone(f);
	if (!list_empty(&f->epoll_items))
		epoll_file_gone(f);
	if (f->ops && f->ops->release)
		f->ops->release(f);
	file_uncount(f);
	if (f->mode & FILE_EXEC)
		inode_allow_write(f->inode);
	file_destroy(f);
}

void file_put(struct file *f)
{
	if (f && refcount_put(&f->refs))
		file_release(f);
}

uint32_t file_position_mode(const struct file *f)
{
	bool has = S_ISDIR(f->inode->mode) || (f->ops->seek && f->ops->seek != file_seek_nothing);

	return has ? FILE_SEEK : FILE_STREAM;
}

int file_create_inode(struct inode *inode, const char *name, const struct file_ops *ops, void *data, uint32_t flags,
		      struct file **out)
{
	struct file *f = file_alloc(&cred_root, flags);

	if (!f)
		return -ENOMEM;
	f->path.dentry = dentry_create_detached(inode, name);
	if (!f->path.dentry) {
		file_destroy(f);
		return -ENOMEM;
	}
	f->path.mount = anon_mount;
	mount_get(anon_mount);
	f->inode = inode;
	f->ops = ops;
	f->data = data;
	f->mode |= file_position_mode(f);
	*out = f;
	return 0;
}

int file_create_anonymous(const char *name, const struct file_ops *ops, void *data, uint32_t flags, struct file **out)
{
	return file_create_inode(anon_inode, name, ops, data, flags, out);
}

void file_touch_access(struct file *f)
{
	unsigned long flags = f->path.mount->flags;

	if (f->flags & O_NOATIME || flags & (MS_NOATIME | MS_RDONLY) || f->inode->sb->flags & MS_RDONLY ||
	    (flags & MS_NODIRATIME && S_ISDIR(f->inode->mode)))
		return;
	inode_touch(f->inode, ATTR_ATIME);
}

int file_iterate(struct file *f, struct dir_sink *s)
{
	int error;

	if (!S_ISDIR(f->inode->mode) || !f->ops->iterate)
		return -ENOTDIR;
	mutex_lock(&f->position_lock);
	rwsem_read_lock(&f->inode->lock);
	error = -ENOENT;
	if (f->inode->nlink) {
		s->position = f->position;
		error = f->ops->iterate(f, s);
		f->position = s->position;
	}
	rwsem_read_unlock(&f->inode->lock);
	mutex_unlock(&f->position_lock);
	if (!error) {
		file_touch_access(f);
		notify_dentry(f->path.dentry, IN_ACCESS);
	}
	return error;
}
