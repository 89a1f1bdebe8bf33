/* SPDX-License-Identifier: MIT */
/*
 * proc/ipc/mqueue_fs.c: the filesystem of POSIX message queues: one directory whose
 * files are queues, mounted or not; and /proc/sys/fs/mqueue. The directory's index is
 * tmpfs's. mq_open(2) hands the attributes of a new queue to create() in one word.
 */
#include "base/table.h"
#include "fs/mem/tmpfs.h"
#include "fs/mount_context.h"
#include "fs/procfs.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/ipc/mqueue.h"
#include <asm/statfs.h>
#include <linux/capability.h>
#include <linux/fcntl.h>

#define HARD_MOST       65536UL
#define HARD_MOST_BYTES (16UL << 20)
#define MQUEUE_MAGIC    0x19800202 /* statfs(2) */
#define FILE_SIZE       80         /* as stat(2) shows it on Linux */

/* Atomic: /proc/sys/fs/mqueue. */
static struct { uint32_t queues, most, most_bytes, usual, usual_bytes; } limits = { 256, 10, 8192, 10, 8192 };

static struct mutex mount_mutex = MUTEX_INIT(mount_mutex, RANK_SLEEP_LEAF);
static struct mount *mqueue_mount; /* mount_mutex; immutable once set: never put */
static uint32_t queue_count;       /* atomic */
static uint64_t next_ino = 1;      /* atomic */

static uint64_t pack(uint64_t most, uint64_t most_bytes)
{
	return most << 32 | most_bytes;
}

/* What a queue may be like. 0 or -EINVAL. */
static int check_size(uint64_t most, uint64_t most_bytes)
{
	if (cred_capable(cred_current(), CAP_SYS_RESOURCE))
		return most > HARD_MOST || most_bytes > HARD_MOST_BYTES ? -EINVAL : 0;
	return most > atomic_load(&limits.most) || most_bytes > atomic_load(&limits.most_bytes) ? -EINVAL : 0;
}

static int fill(struct inode *i, uint64_t size)
{
	uint64_t most = size >> 32, most_bytes = (uint32_t)size;
	struct mqueue *q;
	int error;

	if (!size) {
		most = min(atomic_load(&limits.most), atomic_load(&limits.usual));
		most_bytes = min(atomic_load(&limits.most_bytes), atomic_load(&limits.usual_bytes));
	}
	error = check_size(most, most_bytes);
	if (!error)
		error = mqueue_create(i, most, most_bytes, &q);
	if (error)
		return error;
	i->data = q;
	i->file_ops = &mqueue_file_ops;
	i->object.size = FILE_SIZE;
	return 0;
}

static const struct inode_ops mqueue_inode_ops = { 0 };

static bool count_queue(void)
{
	uint32_t n = atomic_inc_return(&queue_count);

	if (n <= atomic_load(&limits.queues) || cred_capable(cred_current(), CAP_SYS_RESOURCE))
		return true;
	atomic_sub(&queue_count, 1);
	return false;
}

static int mqueue_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	struct tmpfs_entry *e = tmpfs_entry_find(dir, name, len);

	*out = e ? e->inode : NULL;
	if (e)
		inode_get(e->inode);
	return 0;
}

static int mqueue_make(struct inode *dir, const char *name, size_t len, uint32_t mode, uint64_t size,
		       const struct cred *cred, struct inode **out)
{
	struct tmpfs_entry *e;
	struct inode *i;
	int error;

	if (!S_ISREG(mode))
		return -EPERM;
	if (!count_queue())
		return -ENOSPC;
	i = inode_create(dir->sb, atomic_inc_return(&next_ino), mode);
	if (!i) {
		atomic_sub(&queue_count, 1);
		return -ENOMEM;
	}
	inode_init_owner(i, dir, mode, cred);
	i->ops = &mqueue_inode_ops;
	error = fill(i, size);
	e = error ? NULL : tmpfs_entry_create(name, len);
	if (!e) {
		inode_put(i);
		return error ? error : -ENOMEM;
	}
	inode_get(i);
	tmpfs_entry_insert(dir, e, i);
	inode_touch(dir, ATTR_ATIME | ATTR_MTIME | ATTR_CTIME);
	*out = i;
	return 0;
}

static int mqueue_remove(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	struct tmpfs_entry *e = tmpfs_entry_find(dir, name, len);

	if (!e)
		return -ENOENT;
	inode->nlink--;
	tmpfs_entry_remove(dir, e);
	inode_touch(dir, ATTR_ATIME | ATTR_MTIME | ATTR_CTIME);
	inode_touch(inode, ATTR_CTIME);
	inode_put(inode);
	return 0;
}

static const struct inode_ops mqueue_dir_ops = {
	.lookup = mqueue_lookup, .create = mqueue_make, .unlink = mqueue_remove,
};

static void mqueue_evict(struct inode *i)
{
	if (S_ISDIR(i->mode)) {
		tmpfs_dir_destroy(i);
		kfree(i->data);
		return;
	}
	if (i->data)
		mqueue_destroy(i->data);
	atomic_sub(&queue_count, 1);
}

static int mqueue_statfs(struct super *sb, void *out)
{
	((struct statfs *)out)->f_type = MQUEUE_MAGIC;
	return 0;
}

static const struct super_ops mqueue_super_ops = { .evict = mqueue_evict, .statfs = mqueue_statfs };

static int make_root(struct super *sb)
{
	struct tmpfs_node *n = kzalloc(sizeof(*n), ALLOC_KERNEL);
	struct inode *root = n ? inode_create(sb, atomic_inc_return(&next_ino), S_IFDIR | 01777) : NULL;

	if (!root) {
		kfree(n);
		return -ENOMEM;
	}
	root->data = n;
	root->nlink = 2;
	root->ops = &mqueue_dir_ops;
	root->file_ops = &tmpfs_dir_file_ops;
	tmpfs_dir_init(root);
	sb->root = dentry_create_root(sb, root);
	if (sb->root)
		return 0;
	inode_put(root);
	return -ENOMEM;
}

static int mqueue_fs_mount(struct mount_context *c, struct super **out);
TABLE_ENTRY(fs_types, struct fs_type, mqueue) = {
	.name = "mqueue", .mount = mqueue_fs_mount, .check_option = mount_no_options,
};

/* The superblock's mount that hangs nowhere: made at the first use. */
static int mqueue_start(void)
{
	struct super *sb;
	int error = 0;

	MUTEX_GUARD(&mount_mutex);
	if (mqueue_mount)
		return 0;
	sb = super_create(&fs_types_entry_mqueue, &mqueue_super_ops, 0);
	if (!sb)
		return -ENOMEM;
	error = make_root(sb);
	if (!error) {
		mqueue_mount = mount_of_super(sb, "mqueue");
		error = mqueue_mount ? 0 : -ENOMEM;
	}
	super_put(sb);
	return error;
}

static int mqueue_fs_mount(struct mount_context *c, struct super **out)
{
	int error = mqueue_start();

	if (error)
		return error;
	*out = mqueue_mount->sb;
	refcount_get(&(*out)->refs);
	return 0;
}

/* The directory, for one name in it. -EACCES: that is no name. */
static int begin(struct walk *w, const char *name)
{
	int error = mqueue_start();

	if (error)
		return error;
	if (!*name)
		return -ENOENT;
	if (strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EACCES;
	*w = (struct walk){ .cred = cred_current() };
	w->start = w->root = (struct path){ mqueue_mount, mqueue_mount->root };
	return 0;
}

int mqueue_open(const char *name, uint32_t flags, uint32_t mode, const struct mq_attr *attr, struct file **out)
{
	struct walk w;
	int error = begin(&w, name);

	if (error)
		return error;
	if (attr && (flags & O_CREAT)) {
		/* What is wrong with a new queue is no error where there is one already; a zero says it is wrong. */
		bool good = attr->mq_maxmsg > 0 && attr->mq_maxmsg <= (long)HARD_MOST && attr->mq_msgsize > 0 &&
			    attr->mq_msgsize <= (long)HARD_MOST_BYTES;

		w.argument = good ? pack((uint64_t)attr->mq_maxmsg, (uint64_t)attr->mq_msgsize) :
				    pack(HARD_MOST + 1, 1);
	}
	return file_open(&w, name, flags & (O_ACCMODE | O_CREAT | O_EXCL | O_NONBLOCK), mode, out);
}

int mqueue_unlink(const char *name)
{
	struct walk w;
	int error = begin(&w, name);

	return error ? error : path_unlink(&w, name);
}

/* ---- /proc/sys/fs/mqueue ------------------------------------------------------------ */

static int store(const char *buf, uint32_t *limit, uint64_t low, uint64_t high)
{
	uint64_t value;
	const char *end;

	if (parse_u64(buf, &end, 10, &value) || value < low || value > high)
		return -EINVAL;
	atomic_store(limit, (uint32_t)value);
	return 0;
}

#define LIMIT(field, file, low, high)                                                                 \
	static int field##_show(struct text *t)                                                       \
	{                                                                                             \
		text_printf(t, "%u\n", atomic_load(&limits.field));                                   \
		return 0;                                                                             \
	}                                                                                             \
	static int field##_store(const char *buf, size_t n) { return store(buf, &limits.field, low, high); } \
	TABLE_ENTRY(proc_entries, struct proc_entry, mqueue_##field) = {                              \
		"sys/fs/mqueue/" file, 0644, field##_show, field##_store,                             \
	}

LIMIT(most, "msg_max", 1, HARD_MOST);
LIMIT(most_bytes, "msgsize_max", 128, HARD_MOST_BYTES);
LIMIT(usual, "msg_default", 1, HARD_MOST);
LIMIT(usual_bytes, "msgsize_default", 128, HARD_MOST_BYTES);
LIMIT(queues, "queues_max", 0, INT_MAX);
