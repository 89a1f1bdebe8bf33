/* SPDX-License-Identifier: MIT */
/* syscall/signalfd.c: signalfd(2), both forms; the files are in proc/signalfd.c. */
#include "syscall/syscall.h"
#include <linux/fcntl.h>

static int64_t make_or_change(int fd, uaddr_t from, size_t size, uint32_t flags)
{
	struct file *made;
	uint64_t mask;
	int result = sigset_read(&mask, from, size);

	if (result)
		return result;
	if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	if (fd == -1) {
		result = signalfd_create_file(mask, flags, &made);
		return result ? result : fd_install(made, flags & O_CLOEXEC);
	}
	FILE_GUARD(f, fd);
	if (!f)
		return -EBADF;
	result = signalfd_set_mask(f, mask);
	return result ? result : fd;
}

SYSCALL3(signalfd, int, fd, uaddr_t, from, size_t, size)
{
	return make_or_change(fd, from, size, 0);
}

SYSCALL4(signalfd4, int, fd, uaddr_t, from, size_t, size, uint32_t, flags)
{
	return make_or_change(fd, from, size, flags);
}
