/* SPDX-License-Identifier: MIT */
/*
 * syscall/sysctl.c: limits and habits of the system that programs look up under
 * /proc/sys/kernel. Nothing here changes, so nothing here is locked.
 */
#include "fs/procfs.h"
#include "base/cmdline.h"
#include "base/sysrq.h"
#include "proc/pid.h"

static int show_pid_max(struct text *t)
{
	text_printf(t, "%u\n", (unsigned)PID_LIMIT);
	return 0;
}

/* Two stands for all there is: stack, mappings and the heap. */
static int show_randomize(struct text *t)
{
	text_printf(t, "%d\n", cmdline_flag("norandmaps") ? 0 : 2);
	return 0;
}

static int store_sysrq(const char *buf, size_t n)
{
	if (n)
		sysrq_run(buf[0]);
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, sysrq) = { "sysrq-trigger", 0200, NULL, store_sysrq };
TABLE_ENTRY(proc_entries, struct proc_entry, pid_max) = { "sys/kernel/pid_max", 0444, show_pid_max, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, randomize) = { "sys/kernel/randomize_va_space", 0444, show_randomize, NULL };
