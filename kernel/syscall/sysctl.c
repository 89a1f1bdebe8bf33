/* SPDX-License-Identifier: MIT */
/*
 * syscall/sysctl.c: limits and habits of the system that programs look up under
 * /proc/sys/kernel. Nothing here changes, so nothing here is locked.
 */
#include "fs/procfs.h"
#include "base/cmdline.h"
#include "base/sysrq.h"
#include "hal/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/pid.h"
#include "sched/watchdog.h"

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

static int show_hung(struct text *t)
{
	text_printf(t, "%llu\n", (unsigned long long)(watchdog_hung_after / NSEC_PER_SEC));
	return 0;
}

static int show_thresh(struct text *t)
{
	text_printf(t, "%llu\n", (unsigned long long)(2 * watchdog_period / NSEC_PER_SEC));
	return 0;
}

/* A number of seconds, as Linux limits them. */
static int seconds_of(const char *buf, uint64_t most, uint64_t *seconds)
{
	const char *end;
	int error = parse_u64(buf, &end, 10, seconds);

	return error ? error : *seconds <= most ? 0 : -EINVAL;
}

static int store_hung(const char *buf, size_t n)
{
	uint64_t seconds;
	int error = seconds_of(buf, INT64_MAX / NSEC_PER_SEC, &seconds);

	if (!error)
		WRITE_ONCE(watchdog_hung_after, (nsec_t)seconds * NSEC_PER_SEC);
	return error;
}

static int store_thresh(const char *buf, size_t n)
{
	uint64_t seconds;
	int error = seconds_of(buf, 60, &seconds);

	if (!error)
		watchdog_set_period((nsec_t)seconds * (NSEC_PER_SEC / 2));
	return error;
}

TABLE_ENTRY(proc_entries, struct proc_entry, hung) = { "sys/kernel/hung_task_timeout_secs", 0644, show_hung, store_hung };
TABLE_ENTRY(proc_entries, struct proc_entry, thresh) = { "sys/kernel/watchdog_thresh", 0644, show_thresh, store_thresh };

static int store_sysrq(const char *buf, size_t n)
{
	if (n)
		sysrq_run(buf[0]);
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, sysrq) = { "sysrq-trigger", 0200, NULL, store_sysrq };
TABLE_ENTRY(proc_entries, struct proc_entry, pid_max) = { "sys/kernel/pid_max", 0444, show_pid_max, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, randomize) = { "sys/kernel/randomize_va_space", 0444, show_randomize, NULL };
