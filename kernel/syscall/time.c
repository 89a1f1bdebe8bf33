/* SPDX-License-Identifier: MIT */
/*
 * syscall/time.c: telling and setting the time, and sleeping.
 *
 * Clocks are the wall clock and the time since boot; there is no suspend, so that
 * CLOCK_BOOTTIME is CLOCK_MONOTONIC. A sleep that a signal interrupts goes on
 * through restart_syscall(2) if no handler runs; otherwise it tells what is left.
 */
#include "fs/timerfd.h"
#include "hal/clock.h"
#include "sched/timer.h"
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/time.h>
#include <linux/timex.h>

#define TICK_NSEC (NSEC_PER_SEC / 100) /* resolution of the coarse clocks and of times(2) */

/* CPU clocks of a process or thread: ~number << 3 | 4 if a thread | 2 (what the scheduler counts). */
static bool is_cpu_clock(int clock)
{
	return clock < 0 && (clock & 3) != 3;
}

static nsec_t process_cpu_time(struct process *p)
{
	struct rusage r;

	process_usage(p, RUSAGE_SELF, &r);
	return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * NSEC_PER_SEC + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1000;
}

static int cpu_clock_thread(int number, nsec_t *t)
{
	struct task *other = number ? task_find(number) : NULL;
	int result = 0;

	if (!number)
		*t = thread_runtime(thread_current());
	else if (!other || other->process != process_current())
		result = -EINVAL;
	else
		*t = thread_runtime(&other->thread);
	if (other)
		task_put(other);
	return result;
}

static int cpu_clock_read(int clock, nsec_t *t)
{
	int number = ~(clock >> 3);
	struct process *p;

	if (clock & 4)
		return cpu_clock_thread(number, t);
	if (!number) {
		*t = process_cpu_time(process_current());
		return 0;
	}
	p = process_find(number);
	if (!p)
		return -EINVAL;
	*t = process_cpu_time(p);
	process_put(p);
	return 0;
}

static int clock_read(int clock, nsec_t *t)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_TAI:
	case CLOCK_REALTIME_ALARM:
		*t = clock_wall();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*t = clock_now();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*t = process_cpu_time(process_current());
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		*t = thread_runtime(thread_current());
		return 0;
	default:
		return is_cpu_clock(clock) ? cpu_clock_read(clock, t) : -EINVAL;
	}
}

SYSCALL2(clock_gettime, int, clock, uaddr_t, to)
{
	nsec_t t;
	int result = clock_read(clock, &t);

	return result ? result : timespec_write(to, t);
}

SYSCALL2(clock_getres, int, clock, uaddr_t, to)
{
	nsec_t t;
	int result = clock_read(clock, &t);

	if (result || !to)
		return result;
	return timespec_write(to, clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE ? TICK_NSEC : 1);
}

static int set_wall(nsec_t t)
{
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	/* Time since boot stays positive when seen from the new wall clock, as Linux wants it. */
	if (t < clock_now())
		return -EINVAL;
	clock_set_wall(t);
	timerfd_clock_was_set();
	return 0;
}

SYSCALL2(clock_settime, int, clock, uaddr_t, from)
{
	nsec_t t;
	int result;

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	result = timespec_read(&t, from);
	return result ? result : set_wall(t);
}

struct timezone_old { int minutes_west, dst; };

SYSCALL2(gettimeofday, uaddr_t, to, uaddr_t, zone_to)
{
	struct timezone_old zone = { 0, 0 };

	if (to && timeval_write(to, clock_wall()))
		return -EFAULT;
	return zone_to ? put_user_struct(zone_to, zone) : 0;
}

SYSCALL2(settimeofday, uaddr_t, from, uaddr_t, zone_from)
{
	struct timezone_old zone;
	nsec_t t;
	int result;

	if (zone_from && get_user_struct(zone, zone_from))
		return -EFAULT;
	if (!from)
		return capable(CAP_SYS_TIME) ? 0 : -EPERM;
	result = timeval_read(&t, from);
	return result ? result : set_wall(t);
}

SYSCALL1(time, uaddr_t, to)
{
	int64_t now = clock_wall() / NSEC_PER_SEC;

	return to && put_user_struct(to, now) ? -EFAULT : now;
}

/* Reading the clock's discipline: there is none, which is said. Setting it needs a right, and is not done. */
static int64_t adjust_clock(uaddr_t at)
{
	struct __kernel_timex t;

	if (get_user_struct(t, at))
		return -EFAULT;
	if (t.modes)
		return capable(CAP_SYS_TIME) ? -EOPNOTSUPP : -EPERM;
	t = (struct __kernel_timex){ .status = STA_UNSYNC, .precision = 1, .tolerance = 32768000, .tick = 10000 };
	t.maxerror = t.esterror = 16000000;
	t.time.tv_sec = clock_wall() / NSEC_PER_SEC;
	t.time.tv_usec = clock_wall() % NSEC_PER_SEC / 1000;
	return put_user_struct(at, t) ? -EFAULT : TIME_ERROR;
}

SYSCALL1(adjtimex, uaddr_t, at)
{
	return adjust_clock(at);
}

/* What is left of a sleep until deadline; the result of the call then. */
static int64_t sleep_tell_left(nsec_t deadline, uaddr_t left_to)
{
	nsec_t left = deadline - clock_now();

	if (left <= 0)
		return 0;
	return left_to && timespec_write(left_to, left) ? -EFAULT : -ERESTART_RESTARTBLOCK;
}

static int64_t sleep_restart(struct restart_block *b)
{
	nsec_t deadline = (nsec_t)b->arg[0];

	if (!sleep_until(deadline, task_current()->timer_slack))
		return 0;
	return sleep_tell_left(deadline, b->arg[1]);
}

static int64_t sleep_for(nsec_t t, uaddr_t left_to)
{
	nsec_t deadline = deadline_after(t);
	struct restart_block *b = &task_current()->restart;
	int64_t result;

	if (!sleep_until(deadline, task_current()->timer_slack))
		return 0;
	result = sleep_tell_left(deadline, left_to);
	if (result == -ERESTART_RESTARTBLOCK) {
		b->restart = sleep_restart;
		b->arg[0] = (uint64_t)deadline;
		b->arg[1] = left_to;
	}
	return result;
}

SYSCALL2(nanosleep, uaddr_t, from, uaddr_t, left_to)
{
	nsec_t t;
	int result = timespec_read(&t, from);

	return result ? result : sleep_for(t, left_to);
}

/* An absolute sleep is simply made again. */
static int64_t sleep_absolute(int clock, nsec_t t)
{
	nsec_t deadline = t;

	if (clock == CLOCK_REALTIME || clock == CLOCK_TAI || clock == CLOCK_REALTIME_ALARM) {
		nsec_t to_go = t - clock_wall();

		if (to_go <= 0)
			return 0;
		deadline = deadline_after(to_go);
	}
	return sleep_until(deadline, task_current()->timer_slack) ? -ERESTARTNOHAND : 0;
}

SYSCALL4(clock_nanosleep, int, clock, int, flags, uaddr_t, from, uaddr_t, left_to)
{
	nsec_t t;
	int result;

	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		break;
	default:
		return -EINVAL;
	case CLOCK_THREAD_CPUTIME_ID:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_PROCESS_CPUTIME_ID:
		return -EOPNOTSUPP;
	}
	result = timespec_read(&t, from);
	if (result)
		return result;
	return flags & TIMER_ABSTIME ? sleep_absolute(clock, t) : sleep_for(t, left_to);
}
