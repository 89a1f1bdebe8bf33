/* SPDX-License-Identifier: MIT */
/*
 * The vDSO: the functions that tell time without a system call, mapped into
 * every program as linux-vdso.so.1 and found by its C library through
 * AT_SYSINFO_EHDR. The names, the version LINUX_2.6 and the meaning are Linux's
 * (vdso(7)). What the page of data cannot answer goes to the system call.
 *
 * This is user code: position independent, no C library, no kernel headers.
 */
#include "arch/x86/vdso/page.h"
#include <asm/unistd.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <stddef.h>

#define NSEC_PER_SEC 1000000000UL
#define GDT_CPU_NODE 0x7b /* SEL_CPU_NODE: the segment whose limit tells processor and node, as on Linux */

#define VDSO_EXPORT __attribute__((visibility("default")))
#define VDSO_ALIAS(name) __attribute__((weak, visibility("default"), alias(name)))

/* Given by the linker script: the page below the image. Not const, or loads of it may leave the loop. */
extern struct clock_page vdso_clock_page __attribute__((visibility("hidden")));

static inline long system_call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

static inline void timespec_set(struct __kernel_timespec *ts, uint64_t ns)
{
	ts->tv_sec = (int64_t)(ns / NSEC_PER_SEC);
	ts->tv_nsec = (long long)(ns % NSEC_PER_SEC);
}

VDSO_EXPORT int __vdso_clock_gettime(__kernel_clockid_t clock, struct __kernel_timespec *ts);
VDSO_EXPORT int __vdso_clock_gettime(__kernel_clockid_t clock, struct __kernel_timespec *ts)
{
	const unsigned wall = 1u << CLOCK_REALTIME | 1u << CLOCK_REALTIME_COARSE;
	const unsigned known = wall | 1u << CLOCK_MONOTONIC | 1u << CLOCK_MONOTONIC_RAW |
			       1u << CLOCK_MONOTONIC_COARSE | 1u << CLOCK_BOOTTIME;
	uint64_t ns;
	int64_t offset;

	if ((unsigned)clock > CLOCK_BOOTTIME || !(known >> clock & 1) ||
	    !clock_page_read(&vdso_clock_page, &ns, &offset))
		return (int)system_call(__NR_clock_gettime, clock, (long)ts, 0);
	timespec_set(ts, wall >> clock & 1 ? ns + (uint64_t)offset : ns);
	return 0;
}

VDSO_EXPORT int __vdso_gettimeofday(struct __kernel_old_timeval *tv, struct timezone *tz);
VDSO_EXPORT int __vdso_gettimeofday(struct __kernel_old_timeval *tv, struct timezone *tz)
{
	uint64_t ns;
	int64_t offset;

	if (tz || !clock_page_read(&vdso_clock_page, &ns, &offset))
		return (int)system_call(__NR_gettimeofday, (long)tv, (long)tz, 0);
	if (tv) {
		ns += (uint64_t)offset;
		tv->tv_sec = (__kernel_long_t)(ns / NSEC_PER_SEC);
		tv->tv_usec = (__kernel_long_t)(ns % NSEC_PER_SEC / 1000);
	}
	return 0;
}

VDSO_EXPORT __kernel_old_time_t __vdso_time(__kernel_old_time_t *t);
VDSO_EXPORT __kernel_old_time_t __vdso_time(__kernel_old_time_t *t)
{
	uint64_t ns;
	int64_t offset;
	__kernel_old_time_t seconds;

	if (!clock_page_read(&vdso_clock_page, &ns, &offset))
		return system_call(__NR_time, (long)t, 0, 0);
	seconds = (__kernel_old_time_t)((ns + (uint64_t)offset) / NSEC_PER_SEC);
	if (t)
		*t = seconds;
	return seconds;
}

VDSO_EXPORT int __vdso_clock_getres(__kernel_clockid_t clock, struct __kernel_timespec *ts);
VDSO_EXPORT int __vdso_clock_getres(__kernel_clockid_t clock, struct __kernel_timespec *ts)
{
	const unsigned fine = 1u << CLOCK_REALTIME | 1u << CLOCK_MONOTONIC |
			      1u << CLOCK_MONOTONIC_RAW | 1u << CLOCK_BOOTTIME;

	if ((unsigned)clock > CLOCK_BOOTTIME || !(fine >> clock & 1))
		return (int)system_call(__NR_clock_getres, clock, (long)ts, 0);
	if (ts)
		timespec_set(ts, 1);
	return 0;
}

VDSO_EXPORT long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);
VDSO_EXPORT long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
	unsigned limit;
	bool found;

	__asm__ volatile("lsl %2, %0" : "=r"(limit), "=@ccz"(found) : "r"(GDT_CPU_NODE));
	if (!found)
		return system_call(__NR_getcpu, (long)cpu, (long)node, 0);
	if (cpu)
		*cpu = limit & 0xfff;
	if (node)
		*node = limit >> 12;
	return 0;
}

/* The names without prefix, as Linux has them, for programs that look for these. */
VDSO_ALIAS("__vdso_clock_gettime") int clock_gettime(__kernel_clockid_t, struct __kernel_timespec *);
VDSO_ALIAS("__vdso_gettimeofday") int gettimeofday(struct __kernel_old_timeval *, struct timezone *);
VDSO_ALIAS("__vdso_time") __kernel_old_time_t time(__kernel_old_time_t *);
VDSO_ALIAS("__vdso_clock_getres") int clock_getres(__kernel_clockid_t, struct __kernel_timespec *);
VDSO_ALIAS("__vdso_getcpu") long getcpu(unsigned *, unsigned *, void *);
