/* SPDX-License-Identifier: MIT */
/*
 * syscall/epoll.c: epoll_create(2), epoll_ctl(2), epoll_wait(2).
 */
#include "fs/poll.h"
#include "syscall/syscall.h"
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#define EVENTS_MAX (INT_MAX / (int)sizeof(struct epoll_event))

static int64_t create(uint32_t flags)
{
	struct file *f;
	int result;

	if (flags & ~(uint32_t)EPOLL_CLOEXEC)
		return -EINVAL;
	result = epoll_create_file(flags, &f);
	return result ? result : fd_install(f, flags & EPOLL_CLOEXEC);
}

SYSCALL1(epoll_create, int, size)
{
	return size <= 0 ? -EINVAL : create(0);
}

SYSCALL1(epoll_create1, uint32_t, flags)
{
	return create(flags);
}

SYSCALL4(epoll_ctl, int, ep_fd, int, op, int, fd, uaddr_t, event_at)
{
	struct epoll_event event = { 0 };

	if (op != EPOLL_CTL_DEL && get_user_struct(event, event_at))
		return -EFAULT;
	FILE_GUARD(ep, ep_fd);
	FILE_GUARD(target, fd);
	return ep && target ? epoll_control(ep, op, target, fd, &event) : -EBADF;
}

static int64_t wait_events(int ep_fd, uaddr_t to, int n, nsec_t deadline)
{
	if (n <= 0 || n > EVENTS_MAX)
		return -EINVAL;
	if (!user_range_ok(to, (size_t)n * sizeof(struct epoll_event)))
		return -EFAULT;
	FILE_GUARD(ep, ep_fd);
	return ep ? epoll_wait_events(ep, to, n, deadline, task_current()->timer_slack) : -EBADF;
}

static int64_t wait_masked(int ep_fd, uaddr_t to, int n, nsec_t deadline, uaddr_t mask, size_t size)
{
	uint64_t set;
	int64_t result;

	if (!mask)
		return wait_events(ep_fd, to, n, deadline);
	result = sigset_read(&set, mask, size);
	if (result)
		return result;
	signal_set_temporary_mask(set);
	result = wait_events(ep_fd, to, n, deadline);
	signal_restore_mask(result == -EINTR || result <= -ERESTARTSYS);
	return result;
}

static nsec_t milliseconds(int timeout)
{
	return timeout < 0 ? INT64_MAX : timeout ? deadline_after(timeout * 1000000LL) : 0;
}

SYSCALL4(epoll_wait, int, ep_fd, uaddr_t, to, int, n, int, timeout)
{
	return wait_events(ep_fd, to, n, milliseconds(timeout));
}

SYSCALL6(epoll_pwait, int, ep_fd, uaddr_t, to, int, n, int, timeout, uaddr_t, mask, size_t, size)
{
	return wait_masked(ep_fd, to, n, milliseconds(timeout), mask, size);
}

SYSCALL6(epoll_pwait2, int, ep_fd, uaddr_t, to, int, n, uaddr_t, timeout, uaddr_t, mask, size_t, size)
{
	nsec_t t = INT64_MAX;

	if (timeout) {
		int result = timespec_read(&t, timeout);

		if (result)
			return result;
	}
	return wait_masked(ep_fd, to, n, t ? deadline_after(t) : 0, mask, size);
}
