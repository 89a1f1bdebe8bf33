/* SPDX-License-Identifier: MIT */
/*
 * syscall/user.c: copying in and out what many calls take: names, times, signal
 * sets, descriptors.
 */
#include "hal/clock.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "syscall/syscall.h"
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/time_types.h>

int fd_install(struct file *f, bool cloexec)
{
	struct files *t = task_current()->files;
	int fd = files_reserve(t, 0, process_limit(RLIMIT_NOFILE), cloexec);

	if (fd < 0)
		file_put(f);
	else
		files_install(t, fd, f);
	return fd;
}

static int name_read_long(struct name *n, uaddr_t from)
{
	ssize_t length;

	n->text = kmalloc(PATH_MAX, ALLOC_KERNEL);
	if (!n->text)
		return -ENOMEM;
	length = usercopy_string(n->text, from, PATH_MAX);
	if (length >= 0)
		return 0;
	kfree(n->text);
	n->text = NULL;
	return length == -E2BIG ? -ENAMETOOLONG : (int)length;
}

int name_read(struct name *n, uaddr_t from)
{
	ssize_t length = usercopy_string(n->small, from, sizeof(n->small));

	n->text = NULL;
	if (length == -E2BIG)
		return name_read_long(n, from);
	if (length < 0)
		return (int)length;
	n->text = n->small;
	return 0;
}

void name_free(struct name *n)
{
	if (n->text && n->text != n->small)
		kfree(n->text);
}

int at_begin(struct at *a, int dirfd, uaddr_t name, unsigned flags)
{
	int result = name_read(&a->name, name);

	if (result)
		return result;
	if (!a->name.text[0] && !(flags & WALK_EMPTY))
		return -ENOENT;
	result = task_walk_begin(&a->walk, dirfd, a->name.text, flags);
	a->walking = !result;
	return result;
}

void at_end(struct at *a)
{
	if (a->walking)
		task_walk_end(&a->walk);
	name_free(&a->name);
}

int path_from_user(int dirfd, uaddr_t name, unsigned flags, struct path *out)
{
	AT_GUARD(a);
	int result = at_begin(&a, dirfd, name, flags);

	return result ? result : path_lookup(&a.walk.walk, a.name.text, out);
}

unsigned walk_flags(unsigned at_flags)
{
	return (at_flags & AT_SYMLINK_NOFOLLOW ? WALK_NOFOLLOW : 0) | (at_flags & AT_EMPTY_PATH ? WALK_EMPTY : 0) |
	       (at_flags & AT_NO_AUTOMOUNT ? WALK_NOAUTOMOUNT : 0);
}

/* Seconds and a fraction, of which `units` make a second, to nanoseconds. */
static int time_combine(nsec_t *t, int64_t sec, int64_t fraction, int64_t units)
{
	if (sec < 0 || fraction < 0 || fraction >= units)
		return -EINVAL;
	if (sec >= INT64_MAX / NSEC_PER_SEC)
		*t = INT64_MAX;
	else
		*t = sec * NSEC_PER_SEC + fraction * (NSEC_PER_SEC / units);
	return 0;
}

int timespec_read(nsec_t *t, uaddr_t from)
{
	struct __kernel_timespec ts;

	if (get_user_struct(ts, from))
		return -EFAULT;
	return time_combine(t, ts.tv_sec, ts.tv_nsec, NSEC_PER_SEC);
}

int timespec_write(uaddr_t to, nsec_t t)
{
	struct __kernel_timespec ts = { .tv_sec = t / NSEC_PER_SEC, .tv_nsec = t % NSEC_PER_SEC };

	return put_user_struct(to, ts);
}

int itimerspec_read(nsec_t *value, nsec_t *interval, uaddr_t from)
{
	int result = timespec_read(interval, from + offsetof(struct __kernel_itimerspec, it_interval));

	return result ? result : timespec_read(value, from + offsetof(struct __kernel_itimerspec, it_value));
}

int itimerspec_write(uaddr_t to, nsec_t value, nsec_t interval)
{
	int result = timespec_write(to + offsetof(struct __kernel_itimerspec, it_interval), interval);

	return result ? result : timespec_write(to + offsetof(struct __kernel_itimerspec, it_value), value);
}

int timeval_read(nsec_t *t, uaddr_t from)
{
	struct __kernel_old_timeval tv;

	if (get_user_struct(tv, from))
		return -EFAULT;
	return time_combine(t, tv.tv_sec, tv.tv_usec, 1000000);
}

int timeval_write(uaddr_t to, nsec_t t)
{
	struct __kernel_old_timeval tv = { .tv_sec = t / NSEC_PER_SEC, .tv_usec = t % NSEC_PER_SEC / 1000 };

	return put_user_struct(to, tv);
}

nsec_t deadline_after(nsec_t t)
{
	nsec_t now = clock_now();

	return t > INT64_MAX - now ? INT64_MAX : now + t;
}

int sigset_read(uint64_t *set, uaddr_t from, size_t size)
{
	if (size != sizeof(*set))
		return -EINVAL;
	return copy_from_user(set, from, sizeof(*set));
}

int sized_read(void *to, size_t known, uaddr_t from, size_t size)
{
	memset(to, 0, known);
	if (copy_from_user(to, from, min(size, known)))
		return -EFAULT;
	for (size_t at = known; at < size; at++) {
		uint8_t byte;

		if (copy_from_user(&byte, from + at, 1))
			return -EFAULT;
		if (byte)
			return -E2BIG;
	}
	return 0;
}
