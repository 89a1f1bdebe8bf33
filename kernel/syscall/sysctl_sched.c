/* SPDX-License-Identifier: MIT */
/*
 * syscall/sysctl_sched.c: what of the scheduler can be tuned under /proc/sys/kernel:
 * how long real-time threads may keep others waiting, and the slice of SCHED_RR.
 */
#include "fs/procfs.h"
#include "lib/atomic.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "sched/runq.h"

#define US          1000LL
#define MS          1000000LL

static struct spinlock lock = SPINLOCK_INIT(RANK_TASK); /* one change at a time: runtime stays within the period */

/* A number with or without a sign, and nothing after it but the end of the line. */
static int parse(const char *s, int64_t *value)
{
	bool negative = *s == '-';
	uint64_t n;

	if (parse_u64(s + negative, &s, 10, &n) || (*s && *s != '\n') || n > INT32_MAX)
		return -EINVAL;
	*value = negative ? -(int64_t)n : (int64_t)n;
	return 0;
}

static int set_limit(nsec_t period, nsec_t runtime)
{
	assert_held(&lock);
	if (period <= 0 || runtime > period)
		return -EINVAL;
	atomic_store(&sched_rt_limit.period, period);
	atomic_store(&sched_rt_limit.runtime, runtime);
	return 0;
}

static int show_rt_period(struct text *t)
{
	text_printf(t, "%ld\n", (long)(atomic_load(&sched_rt_limit.period) / US));
	return 0;
}

static int store_rt_period(const char *buf, size_t n)
{
	int64_t us;
	int error = parse(buf, &us);

	if (error)
		return error;
	SPIN_GUARD(&lock);
	return set_limit(us * US, sched_rt_limit.runtime);
}

static int show_rt_runtime(struct text *t)
{
	nsec_t runtime = atomic_load(&sched_rt_limit.runtime);

	text_printf(t, "%ld\n", runtime < 0 ? -1L : (long)(runtime / US));
	return 0;
}

static int store_rt_runtime(const char *buf, size_t n)
{
	int64_t us;
	int error = parse(buf, &us);

	if (error || us < -1)
		return -EINVAL;
	SPIN_GUARD(&lock);
	return set_limit(sched_rt_limit.period, us * US);
}

static int show_rr_slice(struct text *t)
{
	text_printf(t, "%d\n", atomic_load(&sched_rr_slice) / (int)MS);
	return 0;
}

/* Nothing, or less, is the default again. */
static int store_rr_slice(const char *buf, size_t n)
{
	int64_t ms;
	int error = parse(buf, &ms);

	if (error)
		return error;
	atomic_store(&sched_rr_slice, ms > 0 ? (int32_t)min_t(int64_t, ms * MS, INT32_MAX) : RR_SLICE_NS);
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, rt_period) = {
	"sys/kernel/sched_rt_period_us", 0644, show_rt_period, store_rt_period };
TABLE_ENTRY(proc_entries, struct proc_entry, rt_runtime) = {
	"sys/kernel/sched_rt_runtime_us", 0644, show_rt_runtime, store_rt_runtime };
TABLE_ENTRY(proc_entries, struct proc_entry, rr_slice) = {
	"sys/kernel/sched_rr_timeslice_ms", 0644, show_rr_slice, store_rr_slice };
