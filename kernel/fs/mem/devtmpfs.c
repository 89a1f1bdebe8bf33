/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/devtmpfs.c: /dev: a tmpfs, one for the whole system, in which the nodes
 * of registered devices appear by themselves. Programs may add, rename and remove
 * what they like besides, as in any tmpfs.
 *
 * Names are made through the ordinary walk, rooted at a mount of its own that
 * hangs nowhere; device_register() calls in under the device table's lock.
 */
#include "base/table.h"
#include "fs/device.h"
#include "fs/mem/tmpfs.h"
#include "fs/mount_context.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"

static struct mutex devtmpfs_lock = MUTEX_INIT(devtmpfs_lock, RANK_DEVICE_TABLE);
static struct path dev_root; /* devtmpfs_lock, then immutable: the root in the kernel's own mount */

static struct walk dev_walk(void)
{
	return (struct walk){ .start = dev_root, .root = dev_root, .cred = &cred_root };
}

/* Makes the directories of "pts/0" and the like. */
static int make_directories(const struct walk *w, const char *name)
{
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		char dir[64];
		int error;

		if (strlcpy(dir, name, min((size_t)(slash - name) + 1, sizeof(dir))) == 0)
			return -EINVAL;
		error = path_mkdir(w, dir, 0755);
		if (error && error != -EEXIST)
			return error;
	}
	return 0;
}

static int node_add(const struct device_node *n)
{
	struct walk w = dev_walk();
	int error = make_directories(&w, n->name);

	if (!error)
		error = path_mknod(&w, n->name, n->mode, n->rdev);
	return error == -EEXIST ? 0 : error;
}

static void node_remove(const struct device_node *n)
{
	struct walk w = dev_walk();

	path_unlink(&w, n->name);
}

static const struct device_listener dev_listener = { .add = node_add, .remove = node_remove };

/* Links that programs expect beside the nodes. */
static void make_links(void)
{
	static const struct { const char *name, *target; } links[] = {
		{ "fd", "/proc/self/fd" }, { "stdin", "/proc/self/fd/0" },
		{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	};
	struct walk w = dev_walk();

	for (unsigned i = 0; i < ARRAY_SIZE(links); i++)
		path_symlink(&w, links[i].target, links[i].name);
	path_mkdir(&w, "pts", 0755);
	path_mkdir(&w, "shm", 01777);
}

static int devtmpfs_start(const struct fs_type *type)
{
	struct mount *m;
	struct super *sb;
	int error = tmpfs_super_create(type, 0, "mode=0755", &sb);

	if (error)
		return error;
	m = mount_of_super(sb, "devtmpfs");
	super_put(sb);
	if (!m)
		return -ENOMEM;
	dev_root = (struct path){ m, m->root };
	dentry_get(m->root);
	make_links();
	return 0;
}

static int devtmpfs_mount(struct mount_context *c, struct super **out)
{
	bool first;
	int error = 0;

	mutex_lock(&devtmpfs_lock);
	first = !dev_root.mount;
	if (first)
		error = devtmpfs_start(c->type);
	if (!error) {
		*out = dev_root.mount->sb;
		refcount_get(&(*out)->refs);
	}
	mutex_unlock(&devtmpfs_lock);
	if (first && !error)
		error = device_listen(&dev_listener);
	return error;
}

TABLE_ENTRY(fs_types, struct fs_type, devtmpfs) = { .name = "devtmpfs", .mount = devtmpfs_mount };
