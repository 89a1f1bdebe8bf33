/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/sysfs.c: as much of /sys as C libraries and language runtimes look for:
 * which processors there are, and the size of large pages. A tmpfs filled once, at
 * the first mount, and read-only: none of it changes after boot.
 */
#include "base/table.h"
#include "fs/mem/tmpfs.h"
#include "fs/mount_context.h"
#include "hal/cpu.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "vm/space.h"
#include <linux/fcntl.h>
#include <linux/mount.h>

static struct mutex sysfs_lock = MUTEX_INIT(sysfs_lock, RANK_DEVICE_TABLE);
static struct super *sysfs_super; /* sysfs_lock once, then immutable; counted for good */

static const char *const directories[] = {
	"kernel", "kernel/mm", "kernel/mm/transparent_hugepage", "devices", "devices/system", "devices/system/cpu",
	"block", "bus", "class", "dev", "fs",
};

static int make_file(const struct walk *w, const char *name, const char *text)
{
	struct iter from;
	struct file *f;
	loff_t position = 0;
	ssize_t n;
	int error = file_open(w, name, O_CREAT | O_WRONLY, 0444, &f);

	if (error)
		return error;
	iter_init_kernel(&from, (void *)(uintptr_t)text, strlen(text), true);
	n = file_write(f, &from, &position);
	file_put(f);
	return n < 0 ? (int)n : 0;
}

static void range_format(char *buf, size_t size, unsigned count)
{
	if (count == 1)
		format(buf, size, "0\n");
	else
		format(buf, size, "0-%u\n", count - 1);
}

static int make_processors(const struct walk *w)
{
	char online[16], possible[16], name[40];
	int error = 0;

	range_format(online, sizeof(online), cpu_online_count);
	range_format(possible, sizeof(possible), cpu_possible_count);
	for (unsigned cpu = 0; !error && cpu < cpu_possible_count; cpu++) {
		format(name, sizeof(name), "devices/system/cpu/cpu%u", cpu);
		error = path_mkdir(w, name, 0755);
	}
	if (!error)
		error = make_file(w, "devices/system/cpu/online", online);
	if (!error)
		error = make_file(w, "devices/system/cpu/present", possible);
	return error ? error : make_file(w, "devices/system/cpu/possible", possible);
}

/* The policy of the command line, as Linux shows it. */
static int make_huge_pages(const struct walk *w)
{
	static const char *const policies[] = { "always", "madvise", "never" };
	char text[40] = "";
	int error;

	for (unsigned i = 0; i < ARRAY_SIZE(policies); i++) {
		bool chosen = !strcmp(policies[i], vm_huge_policy());
		size_t n = strlen(text);

		format(text + n, sizeof(text) - n, chosen ? "[%s]%c" : "%s%c", policies[i],
		       i + 1 < ARRAY_SIZE(policies) ? ' ' : '\n');
	}
	error = make_file(w, "kernel/mm/transparent_hugepage/enabled", text);
	return error ? error : make_file(w, "kernel/mm/transparent_hugepage/hpage_pmd_size", "2097152\n");
}

static int fill(struct mount *m)
{
	struct path root = { m, m->root };
	struct walk w = { .start = root, .root = root, .cred = &cred_root };
	int error = 0;

	for (unsigned i = 0; !error && i < ARRAY_SIZE(directories); i++)
		error = path_mkdir(&w, directories[i], 0755);
	if (!error)
		error = make_processors(&w);
	return error ? error : make_huge_pages(&w);
}

static int sysfs_start(const struct fs_type *type, struct super **out)
{
	struct super *sb;
	struct mount *m;
	int error = tmpfs_super_create(type, 0, "mode=0555,size=0,nr_inodes=0", &sb);

	if (error)
		return error;
	m = mount_of_super(sb, "sysfs");
	error = m ? fill(m) : -ENOMEM;
	path_put(&(struct path){ m, NULL });
	if (error) {
		super_put(sb);
		return error;
	}
	atomic_or(&sb->flags, MS_RDONLY);
	*out = sb;
	return 0;
}

static int sysfs_mount(struct mount_context *c, struct super **out)
{
	int error = 0;

	mutex_lock(&sysfs_lock);
	if (!sysfs_super)
		error = sysfs_start(c->type, &sysfs_super);
	if (!error) {
		refcount_get(&sysfs_super->refs);
		*out = sysfs_super;
	}
	mutex_unlock(&sysfs_lock);
	return error;
}

TABLE_ENTRY(fs_types, struct fs_type, sysfs) = {
	.name = "sysfs", .mount = sysfs_mount, .check_option = mount_no_options,
};
