/* SPDX-License-Identifier: MIT */
/* fs/mem/proc_fs.c: files of /proc that fs/ itself owns: filesystems, and the limits in /proc/sys/fs. */
#include "fs/mem/procfs.h"
#include "fs/poll.h"
#include "lib/errno.h"
#include "lib/string.h"

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

static int nr_open_show(struct text *t)
{
	text_printf(t, "1048576\n");
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
TABLE_ENTRY(proc_entries, struct proc_entry, nr_open) = { "sys/fs/nr_open", 0444, nr_open_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, file_max) = { "sys/fs/file-max", 0444, file_max_show, NULL };
