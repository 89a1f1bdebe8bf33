/* SPDX-License-Identifier: MIT */
/*
 * proc/procfs_files.c: what /proc/PID shows of directories, descriptors, mounts.
 */
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include "proc/procfs.h"
#include <linux/mount.h>

static struct fs_context *task_fs(struct task *t)
{
	struct fs_context *fs;

	spin_lock(&t->lock);
	fs = t->fs;
	if (fs)
		refcount_get(&fs->refs);
	spin_unlock(&t->lock);
	return fs;
}

static struct files *task_files(struct task *t)
{
	struct files *files;

	spin_lock(&t->lock);
	files = t->files ? files_get(t->files) : NULL;
	spin_unlock(&t->lock);
	return files;
}

static int link_of(struct task *t, bool root, struct path *out)
{
	struct fs_context *fs = task_fs(t);

	if (!fs)
		return -ENOENT;
	spin_lock(&fs->lock);
	*out = root ? fs->root : fs->cwd;
	path_get(out);
	spin_unlock(&fs->lock);
	fs_context_put(fs);
	return 0;
}

int proc_link_cwd(void *task, struct path *out) { return link_of(task, false, out); }
int proc_link_root(void *task, struct path *out) { return link_of(task, true, out); }

int proc_next_fd(void *task, int from)
{
	struct files *files = task_files(task);
	int fd = -1;

	if (files) {
		fd = files_next(files, from);
		files_put(files);
	}
	return fd;
}

static struct file *file_of(struct task *t, int fd)
{
	struct files *files = task_files(t);
	struct file *f = NULL;

	if (files) {
		f = files_lookup(files, fd, true);
		files_put(files);
	}
	return f;
}

int proc_link_fd(void *task, int fd, struct path *out)
{
	struct file *f = file_of(task, fd);

	if (!f)
		return -ENOENT;
	*out = f->path;
	path_get(out);
	file_put(f);
	return 0;
}

/* What the file is open for, as the permissions of its link. */
uint32_t proc_mode_fd(void *task, int fd)
{
	struct file *f = file_of(task, fd);
	uint32_t mode = 0;

	if (!f)
		return mode;
	if (f->mode & FILE_READ)
		mode |= 0500;
	if (f->mode & FILE_WRITE)
		mode |= 0300;
	file_put(f);
	return mode;
}

int proc_show_fdinfo(void *task, int fd, struct text *x)
{
	struct file *f = file_of(task, fd);
	char *extra;

	if (!f)
		return -ENOENT;
	text_printf(x, "pos:\t%ld\nflags:\t0%o\nmnt_id:\t%u\nino:\t%lu\n", (long)f->position, f->flags,
		    f->path.mount->id, f->inode->ino);
	extra = f->ops->show_fdinfo ? kzalloc(PAGE_SIZE, ALLOC_KERNEL) : NULL;
	if (extra) {
		f->ops->show_fdinfo(f, extra, PAGE_SIZE);
		text_printf(x, "%s", extra);
		kfree(extra);
	}
	file_put(f);
	return 0;
}

struct mounts_arg {
	struct text *text;
	struct path root;   /* of the process that looks */
	char *page;
};

static void put_flags(struct text *x, unsigned long flags)
{
	text_printf(x, "%s", flags & MS_RDONLY ? "ro" : "rw");
	if (flags & MS_NOSUID)
		text_printf(x, ",nosuid");
	if (flags & MS_NODEV)
		text_printf(x, ",nodev");
	if (flags & MS_NOEXEC)
		text_printf(x, ",noexec");
	if (flags & MS_NOATIME)
		text_printf(x, ",noatime");
	if (flags & MS_RELATIME)
		text_printf(x, ",relatime");
}

static void put_options(struct mounts_arg *a, struct mount *m)
{
	if (!m->sb->ops->show_options)
		return;
	a->page[0] = '\0';
	m->sb->ops->show_options(m->sb, a->page, PAGE_SIZE);
	text_printf(a->text, "%s", a->page);
}

/* Where m is mounted, as seen from the looker's root; NULL if outside. */
static const char *mount_name(struct mounts_arg *a, struct mount *m)
{
	struct path at = { m, m->root };
	int error;

	return path_name(&at, &a->root, a->page, PAGE_SIZE, &error);
}

static int mounts_line(void *arg, struct mount *m)
{
	struct mounts_arg *a = arg;
	const char *name = mount_name(a, m);

	if (!name)
		return 0;
	text_printf(a->text, "%s %s %s ", m->source ? m->source : "none", name, m->sb->type->name);
	put_flags(a->text, m->flags | (m->sb->flags & MS_RDONLY));
	put_options(a, m);
	text_printf(a->text, " 0 0\n");
	return a->text->failed ? -ENOMEM : 0;
}

static int mountinfo_line(void *arg, struct mount *m)
{
	struct mounts_arg *a = arg;
	const char *name = mount_name(a, m);
	uint64_t dev = m->sb->dev;

	if (!name)
		return 0;
	text_printf(a->text, "%u %u %u:%u / %s ", m->id, m->parent->id, (unsigned)(dev >> 8 & 0xfff),
		    (unsigned)(dev & 0xff), name);
	put_flags(a->text, m->flags);
	text_printf(a->text, " - %s %s %s", m->sb->type->name, m->source ? m->source : "none",
		    m->sb->flags & MS_RDONLY ? "ro" : "rw");
	put_options(a, m);
	text_printf(a->text, "\n");
	return a->text->failed ? -ENOMEM : 0;
}

static int show_mounts(struct task *t, struct text *x, int (*line)(void *arg, struct mount *m))
{
	struct mounts_arg a = { .text = x };
	int result = link_of(t, true, &a.root);

	if (result)
		return result;
	a.page = kmalloc(PAGE_SIZE, ALLOC_KERNEL);
	result = a.page ? mount_for_each(line, &a) : -ENOMEM;
	kfree(a.page);
	path_put(&a.root);
	return result;
}

int proc_show_mounts(void *task, struct text *x) { return show_mounts(task, x, mounts_line); }
int proc_show_mountinfo(void *task, struct text *x) { return show_mounts(task, x, mountinfo_line); }

static int mountstats_line(void *arg, struct mount *m)
{
	struct mounts_arg *a = arg;
	const char *name = mount_name(a, m);

	if (name)
		text_printf(a->text, "device %s mounted on %s with fstype %s\n", m->source ? m->source : "none", name,
			    m->sb->type->name);
	return a->text->failed ? -ENOMEM : 0;
}

int proc_show_mountstats(void *task, struct text *x) { return show_mounts(task, x, mountstats_line); }
