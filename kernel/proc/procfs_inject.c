/* SPDX-License-Identifier: MIT */
/*
 * proc/procfs_inject.c: debug builds: /proc/thread-self/fail-nth, as on Linux. A
 * thread writes n, and its n-th allocation from then on fails. Reading tells how
 * many are left, 0 when one has failed. Only the thread itself may use it.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/inject.h"
#include "proc/internal.h"
#include "proc/procfs.h"

#if CONFIG_DEBUG

int proc_show_fail_nth(void *task, struct text *x)
{
	if (task != task_current())
		return -EPERM;
	text_printf(x, "%lu\n", inject_left());
	return 0;
}

int proc_store_fail_nth(void *task, const char *buf, size_t n)
{
	const char *end;
	uint64_t count;

	if (task != task_current())
		return -EPERM;
	if (parse_u64(buf, &end, 10, &count) || (*end && strcmp(end, "\n")))
		return -EINVAL;
	return inject_arm(count);
}

#endif
