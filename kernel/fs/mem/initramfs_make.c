/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/initramfs_make.c: makes directories, files, links and nodes by name,
 * as any program would, with root's rights. Boot's one thread is the only caller.
 *
 * Hard links: entries with the same device and inode number are one file; the
 * data comes with any of them. A directory's modification time is set at the very
 * end, since making files in it changes it.
 *
 * An entry whose parent is missing is skipped with a warning, as Linux skips it;
 * only lack of memory or space ends the unpacking.
 */
#include "fs/mem/initramfs_make.h"
#include "base/log.h"
#include "fs/device.h"
#include "lib/errno.h"
#include "lib/hash.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/fcntl.h>

struct link_name {
	struct hlist_node node;
	uint64_t ino, dev;
	struct path path;        /* counted */
};

struct directory_time {
	struct list link;
	struct inode *inode;     /* counted */
	struct file_time time;
};

static struct walk root_walk(unsigned flags)
{
	return (struct walk){ .start = root_path, .root = root_path, .cred = &cred_root, .flags = flags };
}

/* Errors that end everything; all else costs one entry. */
static int judge(const struct cpio_entry *e, int error)
{
	if (!error || error == -ENOSPC || error == -ENOMEM)
		return error;
	log_warn("initramfs: cannot make %s (error %d)\n", e->name, -error);
	return 0;
}

static void maker_prepare(struct initramfs_maker *m)
{
	if (!m->ready)
		list_init(&m->directories);
	m->ready = true;
}

static void set_attributes(struct inode *i, const struct cpio_entry *e)
{
	struct attributes a = {
		.valid = ATTR_UID | ATTR_GID | ATTR_MTIME | ATTR_ATIME,
		.uid = e->uid,
		.gid = e->gid,
		.mtime = { e->mtime, 0 },
		.atime = { e->mtime, 0 },
	};

	if (!S_ISLNK(e->mode)) {
		a.valid |= ATTR_MODE;
		a.mode = e->mode & 07777;
	}
	rwsem_write_lock(&i->lock);
	inode_set_attributes(i, &a);
	rwsem_write_unlock(&i->lock);
}

/* Sets owner, mode and times of what was just made by name. */
static int set_by_name(const struct cpio_entry *e, struct path *out)
{
	struct walk w = root_walk(WALK_NOFOLLOW);
	int error = path_lookup(&w, e->name, out);

	if (!error)
		set_attributes(out->dentry->inode, e);
	return error;
}

/* The file another entry made already. */
static struct link_name *link_find(struct initramfs_maker *m, const struct cpio_entry *e)
{
	uint64_t dev = device_number(e->dev_major, e->dev_minor);
	struct link_name *l;

	hlist_for_each_entry(l, &m->links[hash_2u64(e->ino, dev) % INITRAMFS_LINK_BUCKETS], node)
		if (l->ino == e->ino && l->dev == dev)
			return l;
	return NULL;
}

static int link_remember(struct initramfs_maker *m, const struct cpio_entry *e, const struct path *p)
{
	struct link_name *l = kmalloc(sizeof(*l), ALLOC_KERNEL);

	if (!l)
		return -ENOMEM;
	l->ino = e->ino;
	l->dev = device_number(e->dev_major, e->dev_minor);
	l->path = *p;
	path_get(p);
	hlist_add_head(&l->node, &m->links[hash_2u64(l->ino, l->dev) % INITRAMFS_LINK_BUCKETS]);
	return 0;
}

void initramfs_forget_links(struct initramfs_maker *m)
{
	struct hlist_node *n;
	struct link_name *l;

	for (unsigned i = 0; i < INITRAMFS_LINK_BUCKETS; i++)
		hlist_for_each_entry_safe(l, n, &m->links[i], node) {
			hlist_del(&l->node);
			path_put(&l->path);
			kfree(l);
		}
}

static int make_directory(struct initramfs_maker *m, const struct cpio_entry *e)
{
	struct walk w = root_walk(0);
	struct directory_time *t;
	struct path p;
	int error = path_mkdir(&w, e->name, e->mode & 01777);

	if (!error || error == -EEXIST)
		error = set_by_name(e, &p);
	if (error)
		return error;
	t = kmalloc(sizeof(*t), ALLOC_KERNEL);
	if (t) {
		t->inode = p.dentry->inode;
		inode_get(t->inode);
		t->time = (struct file_time){ e->mtime, 0 };
		list_add_tail(&t->link, &m->directories);
	}
	path_put(&p);
	return t ? 0 : -ENOMEM;
}

/* Whatever has the name goes, so that a later archive replaces what an earlier one made. */
static void remove_old(const char *name)
{
	struct walk w = root_walk(0);

	if (path_unlink(&w, name) == -EISDIR)
		path_rmdir(&w, name);
}

/* A further name for a file, if another entry made it. 1: done; 0: not known yet. */
static int make_hard_link(struct initramfs_maker *m, const struct cpio_entry *e)
{
	struct link_name *l = e->nlink > 1 ? link_find(m, e) : NULL;
	struct walk w = root_walk(0);
	int error;

	if (!l)
		return 0;
	remove_old(e->name);
	error = path_link(&l->path, &w, e->name);
	return error ? error : 1;
}

static int make_node(struct initramfs_maker *m, const struct cpio_entry *e)
{
	struct walk w = root_walk(0);
	struct path p;
	int error = make_hard_link(m, e);

	if (error)
		return error < 0 ? error : 0;
	remove_old(e->name);
	error = path_mknod(&w, e->name, e->mode, device_number(e->rdev_major, e->rdev_minor));
	if (!error)
		error = set_by_name(e, &p);
	if (error)
		return error;
	if (e->nlink > 1)
		error = link_remember(m, e, &p);
	path_put(&p);
	return error;
}

static int make_file(struct initramfs_maker *m, const struct cpio_entry *e)
{
	struct walk w = root_walk(0);
	uint32_t flags = O_WRONLY | O_CREAT | O_NOFOLLOW;
	int linked = make_hard_link(m, e);
	int error;

	if (linked < 0 || (linked && !e->size))
		return linked < 0 ? linked : 0;
	error = file_open(&w, e->name, linked ? flags : flags | O_TRUNC, e->mode & 07777, &m->file);
	if (error == -ELOOP || error == -EISDIR || error == -ENXIO) {
		remove_old(e->name);
		error = file_open(&w, e->name, flags, e->mode & 07777, &m->file);
	}
	if (error)
		return error;
	m->position = 0;
	if (!linked && e->nlink > 1)
		error = link_remember(m, e, &m->file->path);
	return error || e->size ? error : initramfs_finish(m, e);
}

int initramfs_make(struct initramfs_maker *m, const struct cpio_entry *e)
{
	int error;

	maker_prepare(m);
	if (S_ISDIR(e->mode))
		error = make_directory(m, e);
	else if (S_ISREG(e->mode))
		error = make_file(m, e);
	else
		error = make_node(m, e);
	return judge(e, error);
}

int initramfs_make_link(struct initramfs_maker *m, const struct cpio_entry *e, const char *target)
{
	struct walk w = root_walk(0);
	struct path p;
	int error;

	maker_prepare(m);
	error = path_symlink(&w, target, e->name);
	if (error == -EEXIST) {
		remove_old(e->name);
		error = path_symlink(&w, target, e->name);
	}
	if (!error)
		error = set_by_name(e, &p);
	if (!error)
		path_put(&p);
	return judge(e, error);
}

int initramfs_write(struct initramfs_maker *m, const uint8_t *data, size_t n)
{
	struct iter from;
	ssize_t put;

	while (m->file && n) {
		iter_init_kernel(&from, (void *)(uintptr_t)data, n, true);
		put = file_write(m->file, &from, &m->position);
		if (put <= 0)
			return put ? (int)put : -EIO;
		data += put;
		n -= (size_t)put;
	}
	return 0;
}

int initramfs_finish(struct initramfs_maker *m, const struct cpio_entry *e)
{
	if (!m->file)
		return 0;
	set_attributes(m->file->inode, e);
	file_put(m->file);
	m->file = NULL;
	return 0;
}

void initramfs_end(struct initramfs_maker *m)
{
	struct list *l;

	maker_prepare(m);
	file_put(m->file);
	m->file = NULL;
	initramfs_forget_links(m);
	while ((l = list_pop_first(&m->directories)) != NULL) {
		struct directory_time *t = list_entry(l, struct directory_time, link);
		struct attributes a = { .valid = ATTR_MTIME | ATTR_ATIME, .mtime = t->time, .atime = t->time };

		rwsem_write_lock(&t->inode->lock);
		inode_set_attributes(t->inode, &a);
		rwsem_write_unlock(&t->inode->lock);
		inode_put(t->inode);
		kfree(t);
	}
}
