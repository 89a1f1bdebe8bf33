/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/eventfd.c: a counter to wait for (eventfd(2)). The wait queue's lock
 * would do, but taking it by hand is the queue's business; so the counter is one
 * atomic word, changed by compare-and-exchange, and needs no lock at all.
 */
#include "fs/file.h"
#include "fs/poll.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "mem/slab.h"
#include <linux/fcntl.h>

#define EFD_SEMAPHORE 1 /* <sys/eventfd.h>: the kernel's headers do not have it */

struct eventfd {
	uint64_t count;     /* atomic */
	bool semaphore;     /* immutable */
	struct waitq wait;
};

/* Takes the count, or one of it. False if it is zero. */
static bool take(struct eventfd *e, uint64_t *value)
{
	uint64_t old = atomic_load(&e->count);

	do {
		if (!old)
			return false;
		*value = e->semaphore ? 1 : old;
	} while (!atomic_compare_exchange(&e->count, &old, old - *value));
	return true;
}

/* The count never reaches the highest number. */
static bool add(struct eventfd *e, uint64_t value)
{
	uint64_t old = atomic_load(&e->count);

	do {
		if (UINT64_MAX - old <= value)
			return false;
	} while (!atomic_compare_exchange(&e->count, &old, old + value));
	return true;
}

static ssize_t eventfd_read(struct io *io, struct iter *to)
{
	struct eventfd *e = io->file->data;
	uint64_t value;
	int error = 0;

	if (to->count < sizeof(value))
		return -EINVAL;
	if (!take(e, &value)) {
		if (io->flags & IO_NOWAIT)
			return -EAGAIN;
		error = wait_event_interruptible(&e->wait, take(e, &value));
		if (error)
			return error;
	}
	if (waitq_active(&e->wait))
		waitq_wake_key(&e->wait, EPOLLOUT);
	return iter_put(to, &value, sizeof(value)) == sizeof(value) ? (ssize_t)sizeof(value) : -EFAULT;
}

static ssize_t eventfd_write(struct io *io, struct iter *from)
{
	struct eventfd *e = io->file->data;
	uint64_t value;
	int error;

	if (from->count < sizeof(value))
		return -EINVAL;
	if (iter_take(from, &value, sizeof(value)) != sizeof(value))
		return -EFAULT;
	if (value == UINT64_MAX)
		return -EINVAL;
	if (!add(e, value)) {
		if (io->flags & IO_NOWAIT)
			return -EAGAIN;
		error = wait_event_interruptible(&e->wait, add(e, value));
		if (error)
			return error;
	}
	if (waitq_active(&e->wait))
		waitq_wake_key(&e->wait, EPOLLIN);
	return (ssize_t)sizeof(value);
}

static uint32_t eventfd_poll(struct file *f, struct poll_table *pt)
{
	struct eventfd *e = f->data;
	uint64_t count;
	uint32_t events = 0;

	poll_wait(pt, &e->wait);
	count = atomic_load(&e->count);
	if (count)
		events |= EPOLLIN;
	if (count == UINT64_MAX)
		events |= EPOLLERR;
	if (count < UINT64_MAX - 1)
		events |= EPOLLOUT;
	return events;
}

static void eventfd_release(struct file *f)
{
	kfree(f->data);
}

static void eventfd_show(struct file *f, char *buf, size_t size)
{
	struct eventfd *e = f->data;

	format(buf, size, "eventfd-count: %16lx\n", atomic_load(&e->count));
}

static const struct file_ops eventfd_ops = {
	.read = eventfd_read,
	.rw = FILE_TAKES_NOWAIT | FILE_TAKES_NONE_WRITING,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.seek = file_seek_nothing,
	.release = eventfd_release,
	.show_fdinfo = eventfd_show,
};

int eventfd_add(struct file *f, uint64_t n)
{
	struct eventfd *e = f->data;

	if (f->ops != &eventfd_ops)
		return -EINVAL;
	if (n && add(e, n) && waitq_active(&e->wait))
		waitq_wake_key(&e->wait, EPOLLIN);
	return 0;
}

int eventfd_create_file(uint64_t value, uint32_t flags, struct file **out)
{
	struct eventfd *e;
	int error;

	if (flags & ~(uint32_t)(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	e = kmalloc(sizeof(*e), ALLOC_KERNEL);
	if (!e)
		return -ENOMEM;
	e->count = value;
	e->semaphore = flags & EFD_SEMAPHORE;
	waitq_init(&e->wait);
	error = file_create_anonymous("anon_inode:[eventfd]", &eventfd_ops, e, O_RDWR | (flags & O_NONBLOCK), out);
	if (error)
		kfree(e);
	return error;
}
