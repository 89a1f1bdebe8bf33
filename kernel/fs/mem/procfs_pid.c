/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/procfs_pid.c: the numbered directories of /proc: /proc/PID with the files
 * of the provider's list, its fd and fdinfo, and /proc/PID/task/TID.
 *
 * An inode holds a reference on its task. Whether a cached name still leads to a
 * living task is asked at every use (revalidate); entries of fd and fdinfo come
 * and go so fast that they are always looked up anew.
 */
#include "fs/mem/procfs.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/limits.h>

#define SELF_INO        900
#define THREAD_SELF_INO 901

static const struct inode_ops pid_dir_ops, pid_tasks_ops, pid_maps_ops, pid_fds_ops, pid_file_ops, pid_link_ops, fd_link_ops,
	fd_file_ops, self_ops, thread_self_ops;
static const struct file_ops pid_dir_file_ops;

int proc_parse_number(const char *name, size_t len)
{
	int n = 0;

	if (!len || len > 9 || (name[0] == '0' && len > 1))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		n = n * 10 + (name[i] - '0');
	}
	return n;
}

static uint64_t pid_ino(int number, unsigned which)
{
	return (uint64_t)number << 32 | which << 24 | 1u << 23;
}

static void set_owner(struct inode *i)
{
	uint32_t uid, gid;

	proc_provider->owner(proc_inode(i)->task, &uid, &gid);
	WRITE_ONCE(i->uid, uid);
	WRITE_ONCE(i->gid, gid);
}

/* Gives the inode that pi describes; its task is counted anew. */
int proc_task_inode(struct super *sb, uint64_t ino, uint32_t mode, struct proc_inode pi, const struct inode_ops *ops,
		    struct inode **out)
{
	struct inode *i;

	proc_provider->get(pi.task);
	i = proc_inode_create(sb, ino, mode, &pi);
	if (!i) {
		proc_provider->put(pi.task);
		return -ENOMEM;
	}
	i->ops = ops;
	if (S_ISDIR(mode))
		i->file_ops = &pid_dir_file_ops;
	if (S_ISLNK(mode) && pi.entry && !pi.file->names)
		i->size_hint = 64; /* what Linux says, whatever the name */
	set_owner(i);
	*out = i;
	return 0;
}

static int self_inode(struct super *sb, bool thread, struct inode **out)
{
	struct proc_inode pi = { .thread = thread };
	struct inode *i = proc_inode_create(sb, thread ? THREAD_SELF_INO : SELF_INO, S_IFLNK | 0777, &pi);

	if (!i)
		return -ENOMEM;
	i->ops = thread ? &thread_self_ops : &self_ops;
	*out = i;
	return 0;
}

static int task_inode(struct super *sb, int number, bool thread, struct inode **out)
{
	struct proc_inode pi = { .number = number, .thread = thread };
	int error;

	if (number <= 0)
		return 0;
	pi.task = proc_provider->find(number, thread);
	if (!pi.task)
		return 0;
	error = proc_task_inode(sb, pid_ino(number, thread), S_IFDIR | 0555, pi, &pid_dir_ops, out);
	proc_provider->put(pi.task);
	return error;
}

int proc_pid_lookup(struct super *sb, const char *name, size_t len, struct inode **out)
{
	if (!proc_provider)
		return 0;
	if (len == 4 && memcmp(name, "self", 4) == 0)
		return self_inode(sb, false, out);
	if (len == 11 && memcmp(name, "thread-self", 11) == 0)
		return self_inode(sb, true, out);
	return task_inode(sb, proc_parse_number(name, len), false, out);
}

static bool emit_number(struct dir_sink *s, int number, unsigned type, uint64_t ino, loff_t next)
{
	char name[16];
	int len = format(name, sizeof(name), "%d", number);

	return s->emit(s, name, (size_t)len, ino, type >> 12, next);
}

/* Is the directory of that process to be listed? */
static bool is_shown(const struct file *f, int pid)
{
	const struct proc_options *o = f->inode->sb->data;
	void *task = atomic_load(&o->hide) < PROC_HIDES_DIRECTORIES ? NULL : proc_provider->find(pid, false);
	bool hidden;

	if (!task)
		return true;
	hidden = proc_hides(f->inode->sb, task, f->cred, PROC_HIDES_DIRECTORIES);
	proc_provider->put(task);
	return !hidden;
}

int proc_pid_iterate(struct file *f, struct dir_sink *s)
{
	int pid;

	if (!proc_provider)
		return 0;
	if (s->position == PROC_FIRST_PID) {
		if (!s->emit(s, "self", 4, SELF_INO, S_IFLNK >> 12, PROC_FIRST_PID + 1))
			return 0;
		s->position++;
	}
	if (s->position == PROC_FIRST_PID + 1) {
		if (!s->emit(s, "thread-self", 11, THREAD_SELF_INO, S_IFLNK >> 12, PROC_FIRST_PID + 2))
			return 0;
		s->position++;
	}
	/* Process n has the position two and n after that. */
	while ((pid = proc_provider->next((int)(s->position - PROC_FIRST_PID - 1))) >= 0) {
		loff_t next = PROC_FIRST_PID + 2 + (loff_t)pid;

		if (is_shown(f, pid) && !emit_number(s, pid, S_IFDIR, pid_ino(pid, 0), next))
			break;
		s->position = next;
	}
	return 0;
}

static const struct inode_ops *file_inode_ops(const struct proc_pid_file *f)
{
	if (f->next_area)
		return &pid_maps_ops;
	return S_ISDIR(f->mode) ? &pid_fds_ops : S_ISLNK(f->mode) ? &pid_link_ops : &pid_file_ops;
}

static bool is_there(const struct proc_pid_file *f, bool thread)
{
	return f->only != (thread ? PROC_OF_PROCESS : PROC_OF_THREAD);
}

static int pid_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	struct proc_inode pi = *proc_inode(dir);
	unsigned which = 2;

	*out = NULL;
	if (!proc_provider->alive(pi.task))
		return -ENOENT;
	if (!pi.thread && len == 4 && memcmp(name, "task", 4) == 0) {
		pi.tasks = true;
		return proc_task_inode(dir->sb, pid_ino(pi.number, 255), S_IFDIR | 0555, pi, &pid_tasks_ops, out);
	}
	if (len == 3 && memcmp(name, "net", 3) == 0)
		return proc_node_inode(dir->sb, proc_net, out);
	for (const struct proc_pid_file *f = proc_provider->files; f->name; f++, which++) {
		if (strlen(f->name) != len || memcmp(f->name, name, len) != 0 || !is_there(f, pi.thread))
			continue;
		pi.file = f;
		return proc_task_inode(dir->sb, pid_ino(pi.number, which) + pi.thread, f->mode, pi, file_inode_ops(f), out);
	}
	return 0;
}

static int tasks_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	int number = proc_parse_number(name, len);

	*out = NULL;
	if (number <= 0 || proc_provider->next_thread(proc_inode(dir)->task, number) != number)
		return 0;
	return task_inode(dir->sb, number, true, out);
}

/* The place of a name in the list, or -1. */
static int name_number(const char *const *names, const char *name, size_t len)
{
	for (int i = 0; names[i]; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return i;
	return -1;
}

static int fds_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	struct proc_inode pi = *proc_inode(dir);
	uint64_t ino = dir->ino;
	bool link = pi.file->entry_link;

	uint32_t mode = 0777;

	pi.number = pi.file->names ? name_number(pi.file->names, name, len) : proc_parse_number(name, len);
	pi.entry = true;
	*out = NULL;
	if (pi.number < 0 || (pi.file->next && pi.file->next(pi.task, pi.number) != pi.number))
		return 0;
	if (pi.file->entry_mode)
		mode = pi.file->entry_mode(pi.task, pi.number);
	return proc_task_inode(dir->sb, ino + (uint64_t)pi.number + 1, link ? S_IFLNK | mode : S_IFREG | 0444, pi,
			 link ? &fd_link_ops : &fd_file_ops, out);
}

/* Names of a process's directory: files, then "net" and "task". */
static void iterate_files(const struct proc_inode *pi, struct dir_sink *s)
{
	const struct proc_pid_file *f = proc_provider->files;
	loff_t at = 2;

	for (; f->name; f++, at++) {
		if (at < s->position || !is_there(f, pi->thread))
			continue;
		if (!s->emit(s, f->name, strlen(f->name), pid_ino(pi->number, (unsigned)at) + pi->thread, f->mode >> 12,
			     at + 1))
			return;
		s->position = at + 1;
	}
	if (s->position <= at) {
		if (!s->emit(s, "net", 3, proc_net->ino, S_IFDIR >> 12, at + 1))
			return;
		s->position = at + 1;
	}
	if (!pi->thread && s->position == at + 1 &&
	    s->emit(s, "task", 4, pid_ino(pi->number, 255), S_IFDIR >> 12, at + 2))
		s->position = at + 2;
}

static void iterate_tasks(const struct proc_inode *pi, struct dir_sink *s)
{
	int n;

	while ((n = proc_provider->next_thread(pi->task, (int)s->position - 1)) >= 0) {
		if (!emit_number(s, n, S_IFDIR, pid_ino(n, 1), (loff_t)n + 2))
			return;
		s->position = (loff_t)n + 2;
	}
}

static void iterate_fds(const struct proc_inode *pi, uint64_t ino, struct dir_sink *s)
{
	unsigned type = pi->file->entry_link ? S_IFLNK : S_IFREG;
	const char *const *names = pi->file->names;
	int n;

	for (n = (int)s->position - 2; names && names[n]; n++, s->position++)
		if (!s->emit(s, names[n], strlen(names[n]), ino + (uint64_t)n + 1, type >> 12, (loff_t)n + 3))
			return;
	if (names)
		return;
	while ((n = pi->file->next(pi->task, (int)s->position - 2)) >= 0) {
		if (!emit_number(s, n, type, ino + (uint64_t)n + 1, (loff_t)n + 3))
			return;
		s->position = (loff_t)n + 3;
	}
}

static int pid_iterate(struct file *f, struct dir_sink *s)
{
	const struct proc_inode *pi = proc_inode(f->inode);

	if (!proc_provider->alive(pi->task))
		return -ENOENT;
	for (; s->position < 2; s->position++) {
		const struct inode *i = s->position ? f->path.dentry->parent->inode : f->inode;

		if (!s->emit(s, "..", s->position ? 2 : 1, i->ino, S_IFDIR >> 12, s->position + 1))
			return 0;
	}
	if (pi->tasks)
		iterate_tasks(pi, s);
	else if (pi->file && pi->file->next_area)
		proc_maps_iterate(f->inode, s);
	else if (pi->file)
		iterate_fds(pi, f->inode->ino, s);
	else
		iterate_files(pi, s);
	return 0;
}

static const struct file_ops pid_dir_file_ops = { .iterate = pid_iterate, .seek = file_seek_generic };

void *procfs_task_of(const struct file *f)
{
	bool process = f->inode->ops == &pid_dir_ops && !proc_inode(f->inode)->thread;

	return process ? proc_inode(f->inode)->task : NULL;
}

static bool pid_revalidate(struct dentry *d)
{
	return proc_provider->alive(proc_inode(d->inode)->task);
}

bool proc_never_valid(struct dentry *d)
{
	return false;
}

/* /proc/PID, or task in there: what a mount may hide. */
static bool is_base(const struct inode *i)
{
	const struct proc_inode *pi = proc_inode(i);

	return pi->tasks || (!pi->file && !pi->thread);
}

int proc_task_getattr(struct inode *i, const struct cred *cred)
{
	set_owner(i);
	return is_base(i) && proc_hides(i->sb, proc_inode(i)->task, cred, PROC_HIDES_DIRECTORIES) ? -ENOENT : 0;
}

/* The owner changes when the process changes its identity; who may trace it may look into fd. */
int proc_task_permission(struct inode *i, const struct cred *cred, unsigned mask)
{
	set_owner(i);
	if (is_base(i) && proc_hides(i->sb, proc_inode(i)->task, cred, PROC_HIDES_FILES))
		return ((const struct proc_options *)i->sb->data)->hide > PROC_HIDES_FILES ? -ENOENT : -EPERM;
	if (S_ISDIR(i->mode) && proc_inode(i)->file && !(mask & MAY_WRITE)) {
		if (proc_provider->may_inspect(proc_inode(i)->task, cred))
			return 0;
		if (proc_inode(i)->file->entry_show || proc_inode(i)->file->next_area)
			return -EACCES; /* the mode says more than is allowed */
	}
	return inode_permission_generic(i, cred, mask);
}

/* Nobody may change a mode here, not even the owner: a process's child could shut it out. */
int proc_task_set_attributes(struct inode *i, const struct attributes *a)
{
	if (a->valid & ATTR_MODE)
		return -EPERM;
	inode_set_attributes(i, a);
	return 0;
}

static int entry_path(const struct proc_inode *pi, struct path *out)
{
	if (pi->file->area_link)
		return pi->file->area_link(pi->task, &pi->area, out);
	return pi->entry ? pi->file->entry_link(pi->task, pi->number, out) : pi->file->link(pi->task, out);
}

int proc_task_link_follow(struct inode *i, const struct cred *cred, struct path *out)
{
	const struct proc_inode *pi = proc_inode(i);

	return proc_provider->may_inspect(pi->task, cred) ? entry_path(pi, out) : -EACCES;
}

ssize_t proc_task_link_read(struct inode *i, const struct cred *cred, char *buf, size_t size)
{
	struct path p;
	char *page, *name;
	ssize_t n;
	int error = proc_task_link_follow(i, cred, &p);

	if (error)
		return error;
	page = kmalloc(PATH_MAX, ALLOC_KERNEL);
	name = page ? path_name(&p, &root_path, page, PATH_MAX, &error) : NULL;
	n = !page ? -ENOMEM : name ? (ssize_t)min(strlen(name), size) : error;
	if (n > 0)
		memcpy(buf, name, (size_t)n);
	kfree(page);
	path_put(&p);
	return n;
}

static ssize_t self_read(struct inode *i, const struct cred *cred, char *buf, size_t size)
{
	bool thread = proc_inode(i)->thread;
	int tgid, tid = proc_provider->self(thread, &tgid);

	return thread ? format_cut(buf, size, "%d/task/%d", tgid, tid) : format_cut(buf, size, "%d", tgid);
}

static const struct inode_ops pid_dir_ops = { PROC_TASK_OPS, .revalidate = pid_revalidate, .lookup = pid_lookup };
static const struct inode_ops pid_tasks_ops = { PROC_TASK_OPS, .revalidate = pid_revalidate, .lookup = tasks_lookup };
static const struct inode_ops pid_maps_ops = {
	PROC_TASK_OPS, .revalidate = pid_revalidate, .lookup = proc_maps_lookup,
};
static const struct inode_ops pid_fds_ops = { PROC_TASK_OPS, .revalidate = pid_revalidate, .lookup = fds_lookup };
static const struct inode_ops pid_file_ops = { PROC_TASK_OPS, .revalidate = pid_revalidate };
static const struct inode_ops pid_link_ops = {
	PROC_TASK_OPS, .revalidate = pid_revalidate, .follow = proc_task_link_follow, .readlink = proc_task_link_read,
};
static const struct inode_ops fd_link_ops = {
	PROC_TASK_OPS, .revalidate = proc_never_valid, .follow = proc_task_link_follow, .readlink = proc_task_link_read,
};
static const struct inode_ops fd_file_ops = { PROC_TASK_OPS, .revalidate = proc_never_valid };
static const struct inode_ops self_ops = { .readlink = self_read };
static const struct inode_ops thread_self_ops = { .readlink = self_read };
