/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/proc_commit.c: /proc/sys/vm/overcommit_memory and what belongs to it. Setting
 * a ratio forgets the limit in KiB, and the other way round, as on Linux.
 */
#include "fs/mem/procfs.h"
#include "lib/errno.h"
#include "vm/space.h"

static int store(uint32_t *to, const char *buf, size_t n, int high)
{
	int32_t value = (int32_t)atomic_load(to);
	const struct proc_numbers v = { .ints = &value, .count = 1, .high = high };
	int used = proc_numbers_store(&v, buf, n);

	if (used > 0)
		atomic_store(to, (uint32_t)value);
	return used;
}

static int mode_store(const char *buf, size_t n) { return store(&vm_commit.mode, buf, n, COMMIT_NEVER); }
static int admin_store(const char *buf, size_t n) { return store(&vm_commit.admin_reserve, buf, n, INT_MAX); }
static int user_store(const char *buf, size_t n) { return store(&vm_commit.user_reserve, buf, n, INT_MAX); }

static int ratio_store(const char *buf, size_t n)
{
	int used = store(&vm_commit.ratio, buf, n, INT_MAX);

	if (used > 0)
		atomic_store(&vm_commit.kbytes, 0);
	return used;
}

static int kbytes_store(const char *buf, size_t n)
{
	int used = store(&vm_commit.kbytes, buf, n, INT_MAX);

	if (used > 0)
		atomic_store(&vm_commit.ratio, 0);
	return used;
}

#define SETTING(name, path, expression)                              \
	static int name##_show(struct text *t)                       \
	{                                                            \
		text_printf(t, "%lu\n", (unsigned long)(expression)); \
		return 0;                                            \
	}                                                            \
	TABLE_ENTRY(proc_entries, struct proc_entry, commit_##name) = { path, 0644, name##_show, name##_store }

PROC_INT(max_map_count, "sys/vm/max_map_count", &vm_most_areas, 0, INT_MAX);
SETTING(mode, "sys/vm/overcommit_memory", atomic_load(&vm_commit.mode));
SETTING(ratio, "sys/vm/overcommit_ratio", atomic_load(&vm_commit.ratio));
SETTING(kbytes, "sys/vm/overcommit_kbytes", atomic_load(&vm_commit.kbytes));
SETTING(admin, "sys/vm/admin_reserve_kbytes", vm_admin_reserve());
SETTING(user, "sys/vm/user_reserve_kbytes", vm_user_reserve());
