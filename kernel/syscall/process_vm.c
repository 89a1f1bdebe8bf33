/* SPDX-License-Identifier: MIT */
/*
 * syscall/process_vm.c: other processes' memory: process_vm_readv(2) and writev,
 * process_madvise(2), process_mrelease(2). Bytes go through a page of the kernel's.
 */
#include "lib/string.h"
#include "mem/slab.h"
#include "syscall/rw.h"
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/mman.h>
#include <linux/uio.h>

#define COUNT_MAX 0x7ffff000UL

/* Remote segments, as the program gave them: copied in. *out is to be freed. */
static int remote_read(struct iter_segment **out, uaddr_t from, uint64_t n)
{
	*out = NULL;
	if (n > UIO_MAXIOV)
		return -EINVAL;
	if (!n)
		return 0;
	*out = kmalloc(n * sizeof(**out), ALLOC_KERNEL);
	if (!*out)
		return -ENOMEM;
	if (copy_from_user(*out, from, n * sizeof(**out))) {
		kfree(*out);
		return -EFAULT;
	}
	for (uint64_t i = 0; i < n; i++) {
		if ((int64_t)(*out)[i].length < 0) {
			kfree(*out);
			return -EINVAL;
		}
	}
	return 0;
}

/* One piece of at most a page, which does not cross one. Bytes moved. */
static size_t move_piece(struct space *s, struct iter *local, uaddr_t at, size_t n, char *page, bool write)
{
	if (write) {
		n = iter_take(local, page, n);
		return space_copy_to(s, at, page, n, false);
	}
	return iter_put(local, page, space_read(s, page, at, n));
}

static ssize_t move_segments(struct space *s, struct iter *local, const struct iter_segment *remote, uint64_t segments,
			     bool write)
{
	char *page = kmalloc(PAGE_SIZE, ALLOC_KERNEL);
	ssize_t done = 0;

	if (!page)
		return -ENOMEM;
	for (uint64_t i = 0; i < segments && local->count; i++) {
		for (uint64_t at = 0; at < remote[i].length && local->count;) {
			uaddr_t addr = remote[i].base + at;
			size_t room = PAGE_SIZE - (addr & (PAGE_SIZE - 1));
			size_t n = min(min(room, (size_t)(remote[i].length - at)), local->count), moved;

			moved = move_piece(s, local, addr, n, page, write);
			done += (ssize_t)moved;
			at += moved;
			if (moved < n || thread_killed()) {
				kfree(page);
				return done ? done : -EFAULT;
			}
		}
	}
	kfree(page);
	return done;
}

static ssize_t move_of_process(int pid, struct iter *local, const struct iter_segment *remote, uint64_t segments,
			       bool write)
{
	struct task *t = task_find(pid);
	struct space *s = NULL;
	ssize_t result = -ESRCH;

	if (!t)
		return -ESRCH;
	if (!task_may_attach(t, cred_current()))
		result = -EPERM;
	else
		s = task_visit_space(t);
	task_put(t);
	if (s) {
		result = move_segments(s, local, remote, segments, write);
		task_leave_space(s);
	}
	return result;
}

static ssize_t process_vm(int pid, uaddr_t local_at, uint64_t locals, uaddr_t remote_at, uint64_t remotes,
			  uint64_t flags, bool write)
{
	struct iter_segment *remote;
	struct iovec_copy v;
	struct iter local;
	uint64_t all = 0;
	ssize_t result;

	if (flags)
		return -EINVAL;
	result = iovec_read(&v, &local, local_at, locals, write);
	if (result)
		return result;
	if (local.count > COUNT_MAX)
		iter_truncate(&local, COUNT_MAX);
	result = local.count ? remote_read(&remote, remote_at, remotes) : 0;
	if (local.count && !result) {
		for (uint64_t i = 0; i < remotes; i++)
			all |= remote[i].length;
		if (all)
			result = move_of_process(pid, &local, remote, remotes, write);
		kfree(remote);
	}
	iovec_free(&v);
	return result;
}

SYSCALL6(process_vm_readv, int, pid, uaddr_t, local_at, uint64_t, locals, uaddr_t, remote_at, uint64_t, remotes,
	 uint64_t, flags)
{
	return process_vm(pid, local_at, locals, remote_at, remotes, flags, false);
}

SYSCALL6(process_vm_writev, int, pid, uaddr_t, local_at, uint64_t, locals, uaddr_t, remote_at, uint64_t, remotes,
	 uint64_t, flags)
{
	return process_vm(pid, local_at, locals, remote_at, remotes, flags, true);
}

/* The leader of a pidfd's process, counted. -EBADF, -ESRCH. */
static int task_of_pidfd(int fd, struct task **out)
{
	FILE_GUARD(f, fd);
	struct pid *pid = f ? pidfd_pid(f) : NULL;

	if (!pid)
		return -EBADF;
	*out = task_find(pid->number);
	return *out ? 0 : -ESRCH;
}

static ssize_t advise_segments(struct task *t, const struct iter *it, int advice)
{
	struct space *s;
	ssize_t done = 0;
	int result = 0;

	if (!task_may_inspect(t, cred_current()))
		return -EACCES;
	if (!capable(CAP_SYS_NICE))
		return -EPERM;
	s = task_visit_space(t);
	if (!s)
		return -ESRCH;
	for (unsigned i = 0; i < it->segments && !result; i++) {
		result = space_advise(s, it->segment[i].base, it->segment[i].length, advice);
		if (!result)
			done += (ssize_t)it->segment[i].length;
	}
	task_leave_space(s);
	return done ? done : result;
}

SYSCALL5(process_madvise, int, fd, uaddr_t, from, uint64_t, n, int, advice, unsigned, flags)
{
	struct iovec_copy v;
	struct iter it;
	struct task *t;
	ssize_t result;

	if (flags)
		return -EINVAL;
	result = iovec_read(&v, &it, from, n, false);
	if (result)
		return result;
	result = task_of_pidfd(fd, &t);
	if (!result) {
		if (advice != MADV_COLD && advice != MADV_PAGEOUT && advice != MADV_WILLNEED)
			result = -EINVAL;
		else
			result = advise_segments(t, &it, advice);
		task_put(t);
	}
	iovec_free(&v);
	return result;
}

/* What a dying process has goes at once by itself; so there is only to say whether it is dying. */
SYSCALL2(process_mrelease, int, fd, unsigned, flags)
{
	struct task *t;
	int result;

	if (flags)
		return -EINVAL;
	result = task_of_pidfd(fd, &t);
	if (result)
		return result;
	result = READ_ONCE(t->process->group_exiting) ? 0 : -EINVAL;
	task_put(t);
	return result;
}
