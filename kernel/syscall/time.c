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
#include "proc/cpu_clock.h"
#include "proc/itimer.h"
#include "sched/timer.h"
#include "syscall/syscall.h"
#include "syscall/time.h"
#include <linux/capability.h>
#include <linux/time.h>

#define TICK_NSEC (NSEC_PER_SEC / 100) /* resolution of the coarse clocks and of times(2) */

static int cpu_clock_show(int id, nsec_t *t)
{
	struct cpu_clock c;
	int result = cpu_clock_find(id, true, &c);

	if (result)
		return result;
	*t = cpu_clock_read(&c);
	cpu_clock_put(&c);
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
	case CLOCK_THREAD_CPUTIME_ID:
		*t = thread_runtime(thread_current());
		return 0;
	default:
		return cpu_clock_is(clock) ? cpu_clock_show(clock, t) : -EINVAL;
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
	if (clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE)
		return timespec_write(to, TICK_NSEC);
	return timespec_write(to, cpu_clock_resolution(clock));
}

int wall_clock_set(nsec_t t)
{
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	/* Time since boot stays positive when seen from the new wall clock, as Linux wants it. */
	if (t < clock_now())
		return -EINVAL;
	clock_set_wall(t);
	sched_wall_was_set();
	timerfd_clock_was_set();
	posix_timers_clock_was_set();
	return 0;
}

SYSCALL2(clock_settime, int, clock, uaddr_t, from)
{
	nsec_t t;
	int result;

	if (clock != CLOCK_REALTIME && clock >= 0)
		return -EINVAL;
	result = timespec_read(&t, from);
	if (result)
		return result;
	if (clock < 0)
		return cpu_clock_show(clock, &t) ? -EINVAL : -EPERM;
	return wall_clock_set(t);
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
	return result ? result : wall_clock_set(t);
}

SYSCALL1(time, uaddr_t, to)
{
	int64_t now = clock_wall() / NSEC_PER_SEC;

	return to && put_user_struct(to, now) ? -EFAULT : now;
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
	if (clock == CLOCK_REALTIME || clock == CLOCK_TAI || clock == CLOCK_REALTIME_ALARM)
		t = wall_deadline(t);
	return sleep_until(t, task_current()->timer_slack) ? -ERESTARTNOHAND : 0;
}

static int64_t cpu_sleep_restart(struct restart_block *b);

/* Until a clock of processor time shows t, and then what is left. */
static int64_t cpu_sleep_until(int id, nsec_t t, bool absolute, uaddr_t left_to)
{
	struct restart_block *b = &task_current()->restart;
	struct cpu_clock c;
	nsec_t left = 0;
	int result = cpu_clock_find(id, false, &c);

	if (result)
		return result;
	result = cpu_clock_sleep(&c, t);
	if (result)
		left = t - cpu_clock_read(&c);
	cpu_clock_put(&c);
	if (left <= 0)
		return 0;
	if (absolute)
		return -ERESTARTNOHAND;
	*b = (struct restart_block){ cpu_sleep_restart, { (uint64_t)id, (uint64_t)t, left_to } };
	return left_to && timespec_write(left_to, left) ? -EFAULT : -ERESTART_RESTARTBLOCK;
}

static int64_t cpu_sleep_restart(struct restart_block *b)
{
	return cpu_sleep_until((int)b->arg[0], (nsec_t)b->arg[1], false, b->arg[2]);
}

/* Nobody sees a clock of his own go on while he sleeps. */
static int64_t cpu_sleep(int id, int flags, nsec_t t, uaddr_t left_to)
{
	int number = ~(id >> 3);
	nsec_t now;

	if (id < 0 && (id & 4) && (!number || number == task_current()->pid->number))
		return -EINVAL;
	if (flags & TIMER_ABSTIME)
		return cpu_sleep_until(id, t, true, 0);
	if (cpu_clock_show(id, &now))
		return -EINVAL;
	return cpu_sleep_until(id, t > INT64_MAX - now ? INT64_MAX : now + t, false, left_to);
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
		if (cpu_clock_is_device(clock))
			return -EOPNOTSUPP;
		if (!cpu_clock_is(clock))
			return -EINVAL;
		break;
	case CLOCK_THREAD_CPUTIME_ID:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
		return -EOPNOTSUPP;
	}
	result = timespec_read(&t, from);
	if (result)
		return result;
	if (cpu_clock_is(clock))
		return cpu_sleep(clock, flags, t, left_to);
	return flags & TIMER_ABSTIME ? sleep_absolute(clock, t) : sleep_for(t, left_to);
}
