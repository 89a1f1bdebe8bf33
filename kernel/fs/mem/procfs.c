/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/procfs.c: the fixed tree of /proc, which is built from the table
 * "proc_entries" at the first mount and never changes. Inodes are
 * made when a name is looked up and hold nothing but what they stand for.
 */
#include "fs/mem/procfs.h"
#include "base/table.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"

#define PROC_ROOT_INO 1

const struct proc_provider *proc_provider;
struct proc_node *proc_net;

static struct proc_node proc_root;  /* immutable once mounted, as the whole tree */
static uint64_t proc_next_ino = PROC_ROOT_INO; /* written by proc_tree_build() */

void procfs_set_provider(const struct proc_provider *p)
{
	proc_provider = p;
}

static void pi_free(struct rcu_head *head)
{
	struct proc_inode *pi = container_of(head, struct proc_inode, rcu);

	if (pi->task)
		proc_provider->put(pi->task);
	kfree(pi);
}

void proc_evict(struct inode *i)
{
	rcu_call(&proc_inode(i)->rcu, pi_free); /* walks may be asking whether the task is alive */
}

struct inode *proc_inode_create(struct super *sb, uint64_t ino, uint32_t mode, const struct proc_inode *pi)
{
	struct proc_inode *copy = kmalloc(sizeof(*copy), ALLOC_KERNEL);
	struct inode *i = copy ? inode_create(sb, ino, mode) : NULL;

	if (!i) {
		kfree(copy);
		return NULL;
	}
	*copy = *pi;
	i->data = copy;
	if (S_ISDIR(mode))
		i->nlink = 2;
	else
		i->file_ops = pi->file && !pi->file->changes ? &proc_task_file_ops : &proc_file_ops;
	return i;
}

static struct proc_node *node_find(struct proc_node *dir, const char *name, size_t len)
{
	struct proc_node *n;

	list_for_each_entry(n, &dir->children, sibling)
		if (n->len == len && memcmp(n->name, name, len) == 0)
			return n;
	return NULL;
}

static struct proc_node *node_add(struct proc_node *dir, const char *name, size_t len)
{
	struct proc_node *n = kzalloc(sizeof(*n), ALLOC_KERNEL);

	if (!n)
		return NULL;
	n->name = name;
	n->len = len;
	n->ino = ++proc_next_ino;
	n->parent = dir;
	n->net = dir->net || (dir == &proc_root && len == 3 && memcmp(name, "net", 3) == 0);
	n->setting = dir->setting || (dir == &proc_root && len == 3 && memcmp(name, "sys", 3) == 0);
	list_init(&n->children);
	list_add_tail(&n->sibling, &dir->children);
	return n;
}

/* The node for a path, its directories made as needed. */
static struct proc_node *node_make(const char *path)
{
	struct proc_node *at = &proc_root, *next;

	while (at && *path) {
		size_t len = 0;

		while (path[len] && path[len] != '/')
			len++;
		next = node_find(at, path, len);
		at = next ? next : node_add(at, path, len);
		path += len;
		while (*path == '/')
			path++;
	}
	return at;
}

int proc_tree_build(void)
{
	struct proc_node *n;

	proc_root.ino = PROC_ROOT_INO;
	proc_root.parent = &proc_root;
	list_init(&proc_root.children);
	TABLE_FOREACH(proc_entries, struct proc_entry, e) {
		n = node_make(e->path);
		if (!n)
			return -ENOMEM;
		n->entry = e;
	}
	TABLE_FOREACH(proc_watched, struct proc_watched, w) {
		n = node_make(w->path);
		if (!n)
			return -ENOMEM;
		n->changes = w->changes;
	}
	TABLE_FOREACH(proc_specials, struct proc_special, f) {
		n = node_make(f->path);
		if (!n)
			return -ENOMEM;
		n->special = f;
	}
	proc_net = node_make("net");
	n = node_make("mounts");
	if (!n || !proc_net)
		return -ENOMEM;
	n->link = "self/mounts";
	/* A link takes the place of net, whose files are now in the directory of every process. */
	list_del(&proc_net->sibling);
	n = node_make("net");
	if (!n)
		return -ENOMEM;
	n->link = "self/net";
	return 0;
}

static const struct inode_ops proc_dir_ops, proc_root_ops, proc_leaf_ops, sys_dir_ops, sys_leaf_ops, net_dir_ops, net_leaf_ops;
static const struct file_ops proc_dir_file_ops;

static uint32_t node_mode(const struct proc_node *n)
{
	if (n->link)
		return S_IFLNK | 0777;
	if (n->special)
		return S_IFREG | n->special->mode;
	return n->entry ? S_IFREG | n->entry->mode : S_IFDIR | 0555;
}

static const struct inode_ops *node_ops(const struct proc_node *n)
{
	if (n == &proc_root)
		return &proc_root_ops;
	if (!S_ISDIR(node_mode(n)))
		return n->setting ? &sys_leaf_ops : n->net ? &net_leaf_ops : &proc_leaf_ops;
	return n->setting ? &sys_dir_ops : n->net ? &net_dir_ops : &proc_dir_ops;
}

int proc_node_inode(struct super *sb, const struct proc_node *n, struct inode **out)
{
	struct proc_inode pi = { .node = n };
	uint32_t mode = node_mode(n);
	struct inode *i = proc_inode_create(sb, n->ino, mode, &pi);

	if (!i)
		return -ENOMEM;
	i->ops = node_ops(n);
	if (S_ISDIR(mode))
		i->file_ops = &proc_dir_file_ops;
	else if (n->special)
		i->file_ops = n->special->ops;
	if (n->link) {
		i->link = kstrdup(n->link, ALLOC_KERNEL);
		if (!i->link) {
			inode_put(i);
			return -ENOMEM;
		}
		i->size_hint = strlen(n->link);
	}
	*out = i;
	return 0;
}

static int proc_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	struct proc_node *n = node_find((struct proc_node *)proc_inode(dir)->node, name, len);

	*out = NULL;
	return n ? proc_node_inode(dir->sb, n, out) : 0;
}

static int proc_root_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	int error = 0;

	*out = NULL;
	if (!proc_only_pids(dir->sb))
		error = proc_lookup(dir, name, len, out);
	return error || *out ? error : proc_pid_lookup(dir->sb, name, len, out);
}

static bool emit_node(struct dir_sink *s, const struct proc_node *n, loff_t next)
{
	unsigned type = (node_mode(n) & S_IFMT) >> 12;

	return s->emit(s, n->name, n->len, n->ino, type, next);
}

/* Positions: 0 and 1 are the dots, then the children in order, if they are wanted. True: all were told. */
static bool iterate_nodes(const struct proc_node *dir, bool children, struct dir_sink *s)
{
	const struct proc_node *n;
	loff_t at = 2;

	if (s->position == 0) {
		if (!s->emit(s, ".", 1, dir->ino, S_IFDIR >> 12, 1))
			return false;
		s->position = 1;
	}
	if (s->position == 1) {
		if (!s->emit(s, "..", 2, dir->parent->ino, S_IFDIR >> 12, 2))
			return false;
		s->position = 2;
	}
	if (!children)
		return true;
	list_for_each_entry(n, &dir->children, sibling) {
		if (at++ < s->position)
			continue;
		if (!emit_node(s, n, at))
			return false;
		s->position = at;
	}
	return true;
}

static int proc_iterate(struct file *f, struct dir_sink *s)
{
	const struct proc_node *dir = proc_inode(f->inode)->node;

	if (s->position < PROC_FIRST_PID && !iterate_nodes(dir, !proc_only_pids(f->inode->sb), s))
		return 0;
	if (dir != &proc_root)
		return 0;
	s->position = max_t(loff_t, s->position, PROC_FIRST_PID);
	return proc_pid_iterate(f, s);
}

/* The root's names are never stale, but those that are not there may come. */
static bool always_valid(struct dentry *d)
{
	return true;
}

int proc_refuse_create(struct inode *dir, const char *name, size_t len, uint32_t mode, uint64_t rdev,
		       const struct cred *cred, struct inode **out)
{
	return -ENOENT;
}

/* Settings belong to root, by the mode alone: no capability stands in for it, and nobody changes it. */
static int sys_permission(struct inode *i, const struct cred *cred, unsigned mask)
{
	uint32_t mode = i->mode;

	if (mask & MAY_EXEC && S_ISREG(mode))
		return -EACCES;
	if (!cred->euid)
		mode >>= 6;
	else if (!cred->egid || cred_in_group(cred, 0))
		mode >>= 3;
	return mask & ~mode & 7 ? -EACCES : 0;
}

static int sys_set_attributes(struct inode *i, const struct attributes *a)
{
	if (a->valid & (ATTR_MODE | ATTR_UID | ATTR_GID))
		return -EPERM;
	inode_set_attributes(i, a);
	return 0;
}

#define SYS_OPS .permission = sys_permission, .setattr = sys_set_attributes

static const struct inode_ops sys_dir_ops = {
	SYS_OPS, .lookup = proc_lookup, .revalidate = always_valid, .create = proc_refuse_create,
};
static const struct inode_ops sys_leaf_ops = { SYS_OPS };
/* Below a process's directory, which an unused name would keep. */
static const struct inode_ops net_dir_ops = {
	.lookup = proc_lookup, .revalidate = always_valid, .create = proc_refuse_create, .fleeting = true,
};
static const struct inode_ops net_leaf_ops = { .fleeting = true };
static const struct inode_ops proc_dir_ops = {
	.lookup = proc_lookup, .revalidate = always_valid, .create = proc_refuse_create,
};
static const struct inode_ops proc_root_ops = {
	.lookup = proc_root_lookup, .revalidate = always_valid, .create = proc_refuse_create,
};
static const struct inode_ops proc_leaf_ops = { 0 };
static const struct file_ops proc_dir_file_ops = { .iterate = proc_iterate, .seek = file_seek_generic };

int proc_root_inode(struct super *sb, struct inode **out)
{
	return proc_node_inode(sb, &proc_root, out);
}
