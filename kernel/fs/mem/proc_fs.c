/* SPDX-License-Identifier: MIT */
/* fs/mem/proc_fs.c: files of /proc that fs/ itself owns: filesystems, and the limits in /proc/sys/fs. */
#include "fs/mem/procfs.h"
#include "fs/internal.h"
#include "fs/poll.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"

static int filesystems_show(struct text *t)
{
	TABLE_FOREACH(fs_types, struct fs_type, type)
		text_printf(t, "%s\t%s\n", type->needs_device ? "" : "nodev", type->name);
	return 0;
}

static int pipe_max_show(struct text *t)
{
	text_printf(t, "%u\n", READ_ONCE(pipe_max_bytes));
	return 0;
}

static int pipe_max_store(const char *buf, size_t n)
{
	uint64_t value, size = PAGE_SIZE;
	const char *end;

	if (parse_u64(buf, &end, 10, &value) || value < PAGE_SIZE || value > BIT(31))
		return -EINVAL;
	while (size < value)
		size *= 2;
	atomic_store(&pipe_max_bytes, (uint32_t)size);
	return 0;
}

/* Objects of a slab cache that are in use. */
struct cache_use {
	const char *name;
	uint64_t used;
};

static void cache_count(void *arg, const struct kcache_stats *s)
{
	struct cache_use *u = arg;

	if (!strcmp(s->name, u->name))
		u->used += s->used;
}

static uint64_t in_use(const char *cache)
{
	struct cache_use u = { .name = cache };

	kcache_for_each(cache_count, &u);
	return u.used;
}

static int file_nr_show(struct text *t)
{
	text_printf(t, "%lu\t0\t%lu\n", in_use("file"), INT64_MAX);
	return 0;
}

static int inode_nr_show(struct text *t)
{
	text_printf(t, "%lu\t0\n", in_use("inode"));
	return 0;
}

static int inode_state_show(struct text *t)
{
	text_printf(t, "%lu\t0\t0\t0\t0\t0\t0\n", in_use("inode"));
	return 0;
}

/* All, unused ones, 45 and 0 for good, those of names that are not there (not counted), 0. */
static int dentry_state_show(struct text *t)
{
	text_printf(t, "%lu\t%lu\t45\t0\t0\t0\n", in_use("dentry"), dentry_unused_count());
	return 0;
}

static int file_max_show(struct text *t)
{
	text_printf(t, "9223372036854775807\n");
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, filesystems) = { "filesystems", 0444, filesystems_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, pipe_max) = {
	"sys/fs/pipe-max-size", 0644, pipe_max_show, pipe_max_store,
};
TABLE_ENTRY(proc_entries, struct proc_entry, file_nr) = { "sys/fs/file-nr", 0444, file_nr_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, inode_nr) = { "sys/fs/inode-nr", 0444, inode_nr_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, inode_state) = { "sys/fs/inode-state", 0444, inode_state_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, dentry_state) = {
	"sys/fs/dentry-state", 0444, dentry_state_show, NULL,
};
PROC_LONG(pipe_soft, "sys/fs/pipe-user-pages-soft", &pipe_soft_pages, 0, -1);
PROC_LONG(pipe_hard, "sys/fs/pipe-user-pages-hard", &pipe_hard_pages, 0, -1);
PROC_INT(nr_open, "sys/fs/nr_open", &files_most, 64, INT_MAX & ~63);
TABLE_ENTRY(proc_entries, struct proc_entry, file_max) = { "sys/fs/file-max", 0444, file_max_show, NULL };
