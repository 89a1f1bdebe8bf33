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

struct flag_name { unsigned long flag; const char *name; };
static const struct flag_name mount_names[] = {
	{ MS_NOSUID, "nosuid" }, { MS_NODEV, "nodev" }, { MS_NOEXEC, "noexec" }, { MS_NOATIME, "noatime" },
	{ MS_NODIRATIME, "nodiratime" }, { MS_RELATIME, "relatime" }, { MS_NOSYMFOLLOW, "nosymfollow" }, { 0, NULL },
};
static const struct flag_name super_names[] = {
	{ MS_SYNCHRONOUS, "sync" }, { MS_DIRSYNC, "dirsync" }, { MS_MANDLOCK, "mand" }, { MS_LAZYTIME, "lazytime" }, { 0, NULL },
};

static void put_flags(struct text *x, unsigned long flags, const struct flag_name *n)
{
	for (; n->name; n++)
		if (flags & n->flag)
			text_printf(x, ",%s", n->name);
}

/* A name in a list of words: what would end one is written in octal. */
static void put_word(struct text *x, const char *s, const char *special)
{
	for (; *s; s++)
		text_printf(x, strchr(special, *s) ? "\\%03o" : "%c", (unsigned char)*s);
}

static void put_name(struct text *x, const char *s) { put_word(x, s, " \t\n\\"); }

static void put_source(struct text *x, const struct mount *m)
{
	put_word(x, m->source, " \t\n\\#");
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
	put_source(a->text, m);
	text_printf(a->text, " ");
	put_name(a->text, name);
	text_printf(a->text, " %s %s", m->sb->type->name, (m->flags | m->sb->flags) & MS_RDONLY ? "ro" : "rw");
	put_flags(a->text, m->sb->flags, super_names);
	put_flags(a->text, m->flags, mount_names);
	put_options(a, m);
	text_printf(a->text, " 0 0\n");
	return a->text->failed ? -ENOMEM : 0;
}

/* What of the filesystem is mounted: the directory's name in it. */
static const char *root_name(struct mounts_arg *a, struct mount *m)
{
	struct path inside = { NULL, m->root }, top = { NULL, NULL };
	int error;
	const char *name = path_name(&inside, &top, a->page, PAGE_SIZE, &error);

	return name ? name : "/";
}

static int mountinfo_line(void *arg, struct mount *m)
{
	struct mounts_arg *a = arg;
	uint64_t dev = m->sb->dev;

	if (!mount_name(a, m))
		return 0;
	text_printf(a->text, "%u %u %u:%u ", m->id, m->parent->id, (unsigned)(dev >> 8 & 0xfff), (unsigned)(dev & 0xff));
	put_name(a->text, root_name(a, m));
	text_printf(a->text, " ");
	put_name(a->text, mount_name(a, m));
	text_printf(a->text, " %s", m->flags & MS_RDONLY ? "ro" : "rw");
	put_flags(a->text, m->flags, mount_names);
	text_printf(a->text, " - %s ", m->sb->type->name);
	put_source(a->text, m);
	text_printf(a->text, " %s", m->sb->flags & MS_RDONLY ? "ro" : "rw");
	put_flags(a->text, m->sb->flags, super_names);
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
