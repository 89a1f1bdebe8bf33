/* SPDX-License-Identifier: MIT */
/*
 * syscall/itimer.c: interval timers (alarm(2), setitimer(2)) and POSIX timers
 * (timer_create(2) and the rest).
 */
#include "hal/clock.h"
#include "lib/string.h"
#include "proc/itimer.h"
#include "syscall/syscall.h"
#include <linux/time.h>

static int put_itimer(uaddr_t to, nsec_t left, nsec_t interval)
{
	int result = timeval_write(to + offsetof(struct __kernel_old_itimerval, it_interval), interval);

	return result ? result : timeval_write(to + offsetof(struct __kernel_old_itimerval, it_value), left);
}

SYSCALL2(getitimer, int, which, uaddr_t, to)
{
	nsec_t left, interval;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	if (which == ITIMER_REAL)
		itimer_real_get(&left, &interval);
	else
		itimer_cpu_get(which, &left, &interval);
	return put_itimer(to, left, interval);
}

SYSCALL3(setitimer, int, which, uaddr_t, from, uaddr_t, old)
{
	nsec_t value = 0, interval = 0, left, old_interval;
	int result = 0;

	if (from) {
		result = timeval_read(&interval, from + offsetof(struct __kernel_old_itimerval, it_interval));
		if (!result)
			result = timeval_read(&value, from + offsetof(struct __kernel_old_itimerval, it_value));
	}
	if (result)
		return result;
	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	if (which == ITIMER_REAL)
		itimer_real_set(value, interval, &left, &old_interval);
	else
		itimer_cpu_set(which, value, interval, &left, &old_interval);
	return old ? put_itimer(old, left, old_interval) : 0;
}

/* Whole seconds; half a second counts as one, and anything left as at least one. */
SYSCALL1(alarm, unsigned, seconds)
{
	nsec_t left, interval;

	itimer_real_set(seconds * NSEC_PER_SEC, 0, &left, &interval);
	if (left && left < NSEC_PER_SEC)
		return 1;
	return (left + NSEC_PER_SEC / 2) / NSEC_PER_SEC;
}

SYSCALL3(timer_create, int, clock, uaddr_t, event_at, uaddr_t, to)
{
	struct sigevent event;
	int id, result;

	if (event_at && get_user_struct(event, event_at))
		return -EFAULT;
	result = posix_timer_create(clock, event_at ? &event : NULL, &id);
	if (!result && put_user_struct(to, id)) {
		posix_timer_delete(id);
		result = -EFAULT;
	}
	return result;
}

SYSCALL4(timer_settime, int, id, int, flags, uaddr_t, from, uaddr_t, old)
{
	nsec_t value, interval, left, old_interval;
	int result;

	if (!from)
		return -EINVAL;
	result = itimerspec_read(&value, &interval, from);
	if (!result)
		result = posix_timer_set(id, flags & TIMER_ABSTIME, value, interval, &left, &old_interval);
	return !result && old ? itimerspec_write(old, left, old_interval) : result;
}

SYSCALL2(timer_gettime, int, id, uaddr_t, to)
{
	nsec_t left, interval;
	int result = posix_timer_get(id, &left, &interval);

	return result ? result : itimerspec_write(to, left, interval);
}

SYSCALL1(timer_getoverrun, int, id)
{
	return posix_timer_overrun(id);
}

SYSCALL1(timer_delete, int, id)
{
	return posix_timer_delete(id);
}
