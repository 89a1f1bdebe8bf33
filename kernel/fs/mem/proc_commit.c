/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/proc_commit.c: /proc/sys/vm/overcommit_memory and what belongs to it. Setting
 * a ratio forgets the limit in KiB, and the other way round, as on Linux.
 */
#include "fs/mem/procfs.h"
#include "lib/errno.h"
#include "vm/space.h"

static int store(uint32_t *to, const char *buf, uint32_t high)
{
	struct proc_number n = { .high = high };
	int error = proc_number_store(&n, buf);

	if (!error)
		atomic_store(to, n.value);
	return error;
}

static int mode_store(const char *buf, size_t n) { return store(&vm_commit.mode, buf, COMMIT_NEVER); }
static int admin_store(const char *buf, size_t n) { return store(&vm_commit.admin_reserve, buf, INT_MAX); }
static int user_store(const char *buf, size_t n) { return store(&vm_commit.user_reserve, buf, INT_MAX); }

static int ratio_store(const char *buf, size_t n)
{
	int error = store(&vm_commit.ratio, buf, INT_MAX);

	if (!error)
		atomic_store(&vm_commit.kbytes, 0);
	return error;
}

static int kbytes_store(const char *buf, size_t n)
{
	int error = store(&vm_commit.kbytes, buf, INT_MAX);

	if (!error)
		atomic_store(&vm_commit.ratio, 0);
	return error;
}

#define SETTING(name, path, expression)                              \
	static int name##_show(struct text *t)                       \
	{                                                            \
		text_printf(t, "%lu\n", (unsigned long)(expression)); \
		return 0;                                            \
	}                                                            \
	TABLE_ENTRY(proc_entries, struct proc_entry, commit_##name) = { path, 0644, name##_show, name##_store }

SETTING(mode, "sys/vm/overcommit_memory", atomic_load(&vm_commit.mode));
SETTING(ratio, "sys/vm/overcommit_ratio", atomic_load(&vm_commit.ratio));
SETTING(kbytes, "sys/vm/overcommit_kbytes", atomic_load(&vm_commit.kbytes));
SETTING(admin, "sys/vm/admin_reserve_kbytes", vm_admin_reserve());
SETTING(user, "sys/vm/user_reserve_kbytes", vm_user_reserve());
