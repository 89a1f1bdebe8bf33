/* SPDX-License-Identifier: MIT */
/* Tests of names: walks, links, renames, removals, mounts, and the errors of each, in a tmpfs of their own. */
#include "base/ktest.h"
#include "fs/file.h"
#include "lib/errno.h"
#include "lib/string.h"
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/mount.h>

static struct walk at_root(unsigned flags)
{
	return (struct walk){ .start = root_path, .root = root_path, .cred = &cred_root, .flags = flags };
}

static int touch(const char *name)
{
	struct walk w = at_root(0);
	struct file *f;
	int error = file_open(&w, name, O_CREAT | O_EXCL | O_WRONLY, 0644, &f);

	if (!error)
		file_put(f);
	return error;
}

static int look(const char *name, unsigned flags)
{
	struct walk w = at_root(flags);
	struct path p;
	int error = path_lookup(&w, name, &p);

	if (!error)
		path_put(&p);
	return error;
}

static uint32_t links_of(const char *name)
{
	struct walk w = at_root(0);
	struct path p;
	uint32_t n;

	if (path_lookup(&w, name, &p))
		return 0;
	n = p.dentry->inode->nlink;
	path_put(&p);
	return n;
}

static int mount_scratch(const char *data)
{
	struct walk w = at_root(0);
	struct path p;
	int error;

	path_mkdir(&w, "/scratch", 0755);
	error = path_lookup(&w, "/scratch", &p);
	if (!error) {
		error = mount_new("tmpfs", "scratch", &p, 0, data);
		path_put(&p);
	}
	return error;
}

static int unmount_scratch(void)
{
	struct walk w = at_root(0);
	struct path p;
	int error = path_lookup(&w, "/scratch", &p);

	if (!error) {
		error = mount_remove(&p, 0);
		path_put(&p);
	}
	if (!error)
		error = path_rmdir(&w, "/scratch");
	return error;
}

KTEST(fs_names_are_made_found_and_removed)
{
	struct walk w = at_root(0);

	check_equal(mount_scratch(NULL), 0);
	check_equal(look("/scratch/a", 0), -ENOENT);
	check_equal(look("/scratch/a", 0), -ENOENT); /* from the negative dentry */
	check_equal(touch("/scratch/a"), 0);
	check_equal(touch("/scratch/a"), -EEXIST);
	check_equal(look("/scratch/a", 0), 0);
	check_equal(look("/scratch/a/", 0), -ENOTDIR);
	check_equal(look("/scratch/a/b", 0), -ENOTDIR);
	check_equal(path_mkdir(&w, "/scratch/d/", 0755), 0);
	check_equal(links_of("/scratch"), 3);
	check_equal(path_unlink(&w, "/scratch/d"), -EISDIR);
	check_equal(path_rmdir(&w, "/scratch/a"), -ENOTDIR);
	check_equal(path_rmdir(&w, "/scratch/d/."), -EINVAL);
	check_equal(path_rmdir(&w, "/scratch/d/.."), -ENOTEMPTY);
	check_equal(touch("/scratch/d/x"), 0);
	check_equal(path_rmdir(&w, "/scratch/d"), -ENOTEMPTY);
	check_equal(path_unlink(&w, "/scratch/d/x"), 0);
	check_equal(look("/scratch/d/nothing", 0), -ENOENT);
	check_equal(path_rmdir(&w, "/scratch/d"), 0);
	check_equal(path_rmdir(&w, "/scratch/d"), -ENOENT);
	check_equal(look("/scratch/d/nothing", 0), -ENOENT);
	check_equal(path_unlink(&w, "/scratch/a"), 0);
	check_equal(look("/scratch/a", 0), -ENOENT);
	check_equal(path_rmdir(&w, "/scratch"), -EBUSY);
	check_equal(unmount_scratch(), 0);
}

KTEST(fs_symbolic_links_are_followed)
{
	struct walk w = at_root(0);

	check_equal(mount_scratch(NULL), 0);
	check_equal(path_mkdir(&w, "/scratch/d", 0755), 0);
	check_equal(touch("/scratch/d/f"), 0);
	check_equal(path_symlink(&w, "d/f", "/scratch/relative"), 0);
	check_equal(path_symlink(&w, "/scratch/d", "/scratch/absolute"), 0);
	check_equal(path_symlink(&w, "loop2", "/scratch/loop1"), 0);
	check_equal(path_symlink(&w, "loop1", "/scratch/loop2"), 0);
	check_equal(path_symlink(&w, "new", "/scratch/dangling"), 0);
	check_equal(look("/scratch/relative", WALK_NOFOLLOW), 0);
	for (unsigned i = 0; i < 2; i++) { /* counted, then from the cache */
		check_equal(look("/scratch/relative", 0), 0);
		check_equal(look("/scratch/absolute/f", 0), 0);
		check_equal(look("/scratch/absolute/../absolute/f", 0), 0);
		check_equal(look("/scratch/absolute/", WALK_NOFOLLOW), 0);
		check_equal(look("/scratch/loop1", 0), -ELOOP);
		check_equal(look("/scratch/relative/", 0), -ENOTDIR);
		check_equal(look("/scratch/relative", WALK_NO_SYMLINKS), -ELOOP);
	}
	check_equal(look("/scratch/dangling", 0), -ENOENT);
	check_equal(touch("/scratch/dangling"), -EEXIST);
	struct file *f;

	check_equal(file_open(&w, "/scratch/dangling", O_CREAT | O_WRONLY, 0600, &f), 0);
	file_put(f);
	check_equal(look("/scratch/new", 0), 0);
	check_equal(file_open(&w, "/scratch/relative", O_RDONLY | O_NOFOLLOW, 0, &f), -ELOOP);
	check_equal(unmount_scratch(), 0);
}

KTEST(fs_rename_moves_replaces_and_exchanges)
{
	struct walk w = at_root(0);

	check_equal(mount_scratch(NULL), 0);
	check_equal(path_mkdir(&w, "/scratch/d", 0755), 0);
	check_equal(path_mkdir(&w, "/scratch/e", 0755), 0);
	check_equal(touch("/scratch/a"), 0);
	check_equal(touch("/scratch/b"), 0);
	check_equal(path_rename(&w, "/scratch/a", &w, "/scratch/b", RENAME_NOREPLACE), -EEXIST);
	check_equal(path_rename(&w, "/scratch/a", &w, "/scratch/b", 0), 0);
	check_equal(look("/scratch/a", 0), -ENOENT);
	check_equal(path_rename(&w, "/scratch/b", &w, "/scratch/d/a name that is longer than thirty-two", 0), 0);
	check_equal(look("/scratch/d/a name that is longer than thirty-two", 0), 0);
	check_equal(path_rename(&w, "/scratch/d/a name that is longer than thirty-two", &w, "/scratch/c", 0), 0);
	check_equal(path_rename(&w, "/scratch/d", &w, "/scratch/d/x", 0), -EINVAL);
	check_equal(path_rename(&w, "/scratch/d", &w, "/scratch/c", 0), -ENOTDIR);
	check_equal(path_rename(&w, "/scratch/c", &w, "/scratch/d", 0), -EISDIR);
	check_equal(path_rename(&w, "/scratch/e", &w, "/scratch/d/e", 0), 0);
	check_equal(links_of("/scratch"), 3);
	check_equal(links_of("/scratch/d"), 3);
	check_equal(path_rename(&w, "/scratch/d/e", &w, "/scratch/d", 0), -ENOTEMPTY);
	check_equal(path_rename(&w, "/scratch/c", &w, "/scratch/d/e", RENAME_EXCHANGE), 0);
	check_equal(look("/scratch/c", WALK_DIRECTORY), 0);
	check_equal(look("/scratch/d/e", WALK_DIRECTORY), -ENOTDIR);
	check_equal(links_of("/scratch"), 4);
	check_equal(links_of("/scratch/d"), 2);
	check_equal(path_rename(&w, "/scratch/d/.", &w, "/scratch/z", 0), -EBUSY);
	check_equal(path_rename(&w, "/scratch/d", &w, "/nowhere/z", 0), -ENOENT);
	check_equal(path_rename(&w, "/scratch/d", &w, "/z", 0), -EXDEV);
	check_equal(unmount_scratch(), 0);
}

KTEST(fs_hard_links_share_the_file)
{
	struct walk w = at_root(0);
	struct path p;

	check_equal(mount_scratch(NULL), 0);
	check_equal(touch("/scratch/a"), 0);
	check_equal(path_lookup(&w, "/scratch/a", &p), 0);
	check_equal(path_link(&p, &w, "/scratch/b"), 0);
	check_equal(path_link(&p, &w, "/scratch/b"), -EEXIST);
	check_equal(path_link(&p, &w, "/b"), -EXDEV);
	check_equal(links_of("/scratch/b"), 2);
	check_equal(path_rename(&w, "/scratch/a", &w, "/scratch/b", 0), 0); /* one file: nothing happens */
	check_equal(links_of("/scratch/a"), 2);
	check_equal(path_unlink(&w, "/scratch/a"), 0);
	check_equal(path_unlink(&w, "/scratch/b"), 0);
	check_equal(path_link(&p, &w, "/scratch/c"), -ENOENT);
	path_put(&p);
	check_equal(unmount_scratch(), 0);
}

KTEST(fs_unmount_is_refused_while_in_use)
{
	struct walk w = at_root(0);
	struct path p;
	struct file *f;

	check_equal(mount_scratch(NULL), 0);
	check_equal(file_open(&w, "/scratch/a", O_CREAT | O_RDWR, 0600, &f), 0);
	check_equal(path_lookup(&w, "/scratch", &p), 0);
	check_equal(mount_remove(&p, 0), -EBUSY);
	path_put(&p);
	file_put(f);
	check_equal(look("/scratch/../scratch/a", 0), 0);
	check_equal(unmount_scratch(), 0);
	check_equal(look("/scratch", 0), -ENOENT);
}

KTEST(fs_path_name_tells_where_a_file_is)
{
	struct walk w = at_root(0);
	char buf[128], *name;
	struct file *f;
	int error;

	check_equal(mount_scratch(NULL), 0);
	check_equal(path_mkdir(&w, "/scratch/d", 0755), 0);
	check_equal(file_open(&w, "/scratch/d/f", O_CREAT | O_RDWR, 0600, &f), 0);
	name = path_name(&f->path, &root_path, buf, sizeof(buf), &error);
	check(name && strcmp(name, "/scratch/d/f") == 0);
	check_equal(path_rename(&w, "/scratch/d", &w, "/scratch/e", 0), 0);
	name = path_name(&f->path, &root_path, buf, sizeof(buf), &error);
	check(name && strcmp(name, "/scratch/e/f") == 0);
	check(!path_name(&f->path, &root_path, buf, 8, &error));
	check_equal(error, -ENAMETOOLONG);
	check_equal(path_unlink(&w, "/scratch/e/f"), 0);
	name = path_name(&f->path, &root_path, buf, sizeof(buf), &error);
	check(name && strcmp(name, "/scratch/e/f (deleted)") == 0);
	file_put(f);
	name = path_name(&root_path, &root_path, buf, sizeof(buf), &error);
	check(name && strcmp(name, "/") == 0);
	check_equal(unmount_scratch(), 0);
}
