/* SPDX-License-Identifier: MIT */
/* syscall/timerfd.c: timerfd_create(2) and its kin; the timers are in fs/anon/timerfd.c. */
#include "fs/timerfd.h"
#include "syscall/syscall.h"
#include <linux/fcntl.h>

SYSCALL2(timerfd_create, int, clock, uint32_t, flags)
{
	struct file *f;
	int result = timerfd_create_file(clock, flags, cred_current(), &f);

	return result ? result : fd_install(f, flags & O_CLOEXEC);
}

SYSCALL4(timerfd_settime, int, fd, unsigned, flags, uaddr_t, from, uaddr_t, old)
{
	nsec_t value, interval, left, old_interval;
	FILE_GUARD(f, fd);
	int result = itimerspec_read(&value, &interval, from);

	if (result)
		return result;
	if (!f)
		return -EBADF;
	result = timerfd_set(f, flags, value, interval, &left, &old_interval);
	return !result && old ? itimerspec_write(old, left, old_interval) : result;
}

SYSCALL2(timerfd_gettime, int, fd, uaddr_t, to)
{
	nsec_t left, interval;
	FILE_GUARD(f, fd);
	int result = f ? timerfd_get(f, &left, &interval) : -EBADF;

	return result ? result : itimerspec_write(to, left, interval);
}
