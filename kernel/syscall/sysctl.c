/* SPDX-License-Identifier: MIT */
/*
 * syscall/sysctl.c: limits and habits of the system that programs look up and set under
 * /proc/sys/kernel. Each is one number, atomic, of who asks for it; nothing is locked.
 */
#include "fs/procfs.h"
#include "base/log.h"
#include "base/panic.h"
#include "base/sysrq.h"
#include "hal/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/pid.h"
#include "sched/watchdog.h"
#include "syscall/syscall.h"
#include <linux/capability.h>

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
PROC_INT(sysrq_allowed, "sys/kernel/sysrq", &sysrq_allowed, INT_MIN, INT_MAX);
PROC_INT(panic, "sys/kernel/panic", &panic_timeout, INT_MIN, INT_MAX);
PROC_NUMBERS(printk, "sys/kernel/printk", 0644, .ints = log_levels, .count = ARRAY_SIZE(log_levels), .low = INT_MIN, .high = INT_MAX);
PROC_INT(pid_max, "sys/kernel/pid_max", &pid_end, 301, PID_LIMIT);

/* Only the privileged decide who may read the log, whoever opened the file. */
static const struct proc_numbers restricted = { .ints = &log_restricted, .count = 1, .high = 1 };

static int show_restricted(struct text *t)
{
	return proc_numbers_show(&restricted, t);
}

static int store_restricted(const char *buf, size_t n)
{
	return capable(CAP_SYS_ADMIN) ? proc_numbers_store(&restricted, buf, n) : -EPERM;
}

TABLE_ENTRY(proc_entries, struct proc_entry, dmesg_restrict) = {
	"sys/kernel/dmesg_restrict", 0644, show_restricted, store_restricted,
};

/* The number that the next process follows: for who restores programs under the numbers they had. */
static int show_last_pid(struct text *t)
{
	text_printf(t, "%u\n", pid_last());
	return 0;
}

static int store_last_pid(const char *buf, size_t n)
{
	int32_t number = 0;
	const struct proc_numbers v = { .ints = &number, .count = 1, .high = atomic_load(&pid_end) };
	int used;

	if (!capable(CAP_SYS_ADMIN) && !capable(CAP_CHECKPOINT_RESTORE))
		return -EPERM;
	used = proc_numbers_store(&v, buf, n);
	if (used > 0)
		pid_set_last((unsigned)number);
	return used;
}

TABLE_ENTRY(proc_entries, struct proc_entry, last_pid) = { "sys/kernel/ns_last_pid", 0666, show_last_pid, store_last_pid };
