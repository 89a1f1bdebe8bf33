/* SPDX-License-Identifier: MIT */
/*
 * syscall/aio.c: io_submit(2) and its kin: each request is done when it is submitted,
 * and its result waits in the context.
 */
#include "fs/poll.h"
#include "hal/clock.h"
#include "proc/aio.h"
#include "syscall/rw.h"
#include "syscall/syscall.h"
#include <linux/fs.h>
#include <linux/time_types.h>
#include <linux/uio.h>

#define EVENTS_LIMIT 0x10000000u
#define BATCH        16 /* events copied out at a time */

SYSCALL2(io_setup, unsigned, events, uaddr_t, id_at)
{
	struct aio_context *c;
	uaddr_t id;
	int result;

	if (get_user_struct(id, id_at))
		return -EFAULT;
	if (id || !events)
		return -EINVAL;
	if (events > EVENTS_LIMIT)
		return -EINVAL;
	result = aio_create(events, &c);
	if (result)
		return result;
	result = put_user_struct(id_at, c->id);
	if (result)
		aio_destroy(c);
	aio_put(c);
	return result;
}

SYSCALL1(io_destroy, uaddr_t, id)
{
	struct aio_context *c = aio_find(id);
	bool mine = c && aio_destroy(c);

	if (c)
		aio_put(c);
	return mine ? 0 : -EINVAL;
}

/* One vector or one buffer, to or from a place of the file. */
static ssize_t transfer(struct file *f, const struct iocb *r, bool write, bool vector)
{
	struct iter_segment one = { r->aio_buf, r->aio_nbytes };
	loff_t position = r->aio_offset;
	struct iovec_copy v;
	struct iter it;
	ssize_t n = 0;

	if (vector)
		n = iovec_read(&v, &it, r->aio_buf, r->aio_nbytes, write);
	else if (!user_range_ok(one.base, one.length))
		return -EFAULT;
	else
		iter_init_user(&it, one.base, one.length, write);
	if (n)
		return n;
	if (r->aio_rw_flags)
		n = write ? file_write_flags(f, &it, &position, (unsigned)r->aio_rw_flags) :
			    file_read_flags(f, &it, &position, (unsigned)r->aio_rw_flags);
	else
		n = write ? file_write(f, &it, &position) : file_read(f, &it, &position);
	if (vector)
		iovec_free(&v);
	return n;
}

/* What the request does; *now: the result is io_submit(2)'s, not the request's. */
static ssize_t perform(struct file *f, const struct iocb *r, bool *now)
{
	bool write = r->aio_lio_opcode == IOCB_CMD_PWRITE || r->aio_lio_opcode == IOCB_CMD_PWRITEV;

	*now = true;
	switch (r->aio_lio_opcode) {
	case IOCB_CMD_PREAD:
	case IOCB_CMD_PWRITE:
	case IOCB_CMD_PREADV:
	case IOCB_CMD_PWRITEV:
		if (!(f->mode & (write ? FILE_WRITE : FILE_READ)))
			return -EBADF;
		if (!(write ? (void *)f->ops->write : (void *)f->ops->read))
			return -EINVAL;
		*now = false;
		return transfer(f, r, write, r->aio_lio_opcode >= IOCB_CMD_PREADV);
	case IOCB_CMD_FSYNC:
	case IOCB_CMD_FDSYNC:
		if (r->aio_buf || r->aio_offset || r->aio_nbytes || r->aio_rw_flags || !f->ops->fsync)
			return -EINVAL;
		*now = false;
		return file_sync(f, r->aio_lio_opcode == IOCB_CMD_FDSYNC);
	default:
		return -EINVAL;
	}
}

/* With a place for the event. */
static int submit_file(struct aio_context *c, uaddr_t request_at, const struct iocb *r)
{
	struct io_event e = { .data = r->aio_data, .obj = request_at };
	uint32_t key = 0;
	ssize_t n;
	bool now;
	FILE_GUARD(f, (int)r->aio_fildes);
	FILE_GUARD(event, r->aio_flags & IOCB_FLAG_RESFD ? (int)r->aio_resfd : -1);

	if (!f || ((r->aio_flags & IOCB_FLAG_RESFD) && !event))
		return -EBADF;
	if (event && eventfd_add(event, 0))
		return -EINVAL;
	if (put_user_struct(request_at + offsetof(struct iocb, aio_key), key))
		return -EFAULT;
	n = perform(f, r, &now);
	if (now)
		return (int)n;
	e.res = n <= -ERESTARTSYS ? -EINTR : n;
	aio_complete(c, &e);
	if (event)
		eventfd_add(event, 1);
	return 0;
}

static int submit_one(struct aio_context *c, uaddr_t request_at)
{
	struct iocb r;
	int result;

	if (get_user_struct(r, request_at))
		return -EFAULT;
	if (r.aio_reserved2 || (int64_t)r.aio_nbytes < 0)
		return -EINVAL;
	if (!aio_reserve(c))
		return -EAGAIN;
	result = submit_file(c, request_at, &r);
	if (result)
		aio_unreserve(c);
	return result;
}

SYSCALL3(io_submit, uaddr_t, id, int64_t, n, uaddr_t, from)
{
	struct aio_context *c;
	int64_t done = 0;
	int result = 0;

	if (n < 0)
		return -EINVAL;
	c = aio_find(id);
	if (!c)
		return -EINVAL;
	for (n = min(n, (int64_t)c->most); done < n && !result; done += !result) {
		uaddr_t request_at;

		result = get_user_struct(request_at, from + (uint64_t)done * sizeof(request_at));
		if (!result)
			result = submit_one(c, request_at);
	}
	aio_put(c);
	return done ? done : result;
}

/* Nothing that was submitted is still to be done. */
SYSCALL3(io_cancel, uaddr_t, id, uaddr_t, request_at, uaddr_t, event_to)
{
	struct aio_context *c;
	uint32_t key;

	if (get_user_struct(key, request_at + offsetof(struct iocb, aio_key)))
		return -EFAULT;
	if (key)
		return -EINVAL;
	c = aio_find(id);
	if (c)
		aio_put(c);
	return -EINVAL;
}

/* What there is, up to n. Number, or -EFAULT. */
static int64_t copy_events(struct aio_context *c, uaddr_t to, int64_t n)
{
	struct io_event e[BATCH];
	int64_t done = 0;

	while (done < n) {
		unsigned got = aio_take(c, e, (unsigned)min(n - done, (int64_t)BATCH));

		if (!got)
			break;
		if (copy_to_user(to + (uint64_t)done * sizeof(e[0]), e, got * sizeof(e[0])))
			return done ? done : -EFAULT;
		done += got;
	}
	return done;
}

static int64_t wait_events(struct aio_context *c, int64_t least, int64_t n, uaddr_t to, nsec_t end)
{
	int64_t done = 0, got;
	int error = 0;

	for (;;) {
		got = copy_events(c, to + (uint64_t)done * sizeof(struct io_event), n - done);
		if (got < 0)
			return done ? done : got;
		done += got;
		if (done >= least || error)
			break;
		error = wait_event_interruptible_until(&c->wait, atomic_load(&c->count) || list_empty(&c->link), end);
		if (!error && list_empty(&c->link))
			return done ? done : -EINVAL;
	}
	return done || error != -ERESTARTSYS ? done : -EINTR;
}

static int64_t get_events(uaddr_t id, int64_t least, int64_t n, uaddr_t to, uaddr_t timeout_at)
{
	struct __kernel_timespec t;
	nsec_t end = INT64_MAX;
	struct aio_context *c;
	int64_t result;

	if (timeout_at && get_user_struct(t, timeout_at))
		return -EFAULT;
	if (timeout_at && t.tv_sec < INT32_MAX) /* as on Linux, nobody looks whether it is a sensible time */
		end = deadline_after(max(t.tv_sec, -1LL) * NSEC_PER_SEC + max(t.tv_nsec, -1LL) % (1LL << 40));
	c = aio_find(id);
	if (!c)
		return -EINVAL;
	result = least < 0 || least > n ? -EINVAL : wait_events(c, least, n, to, end);
	aio_put(c);
	return result;
}

SYSCALL5(io_getevents, uaddr_t, id, int64_t, least, int64_t, n, uaddr_t, to, uaddr_t, timeout_at)
{
	return get_events(id, least, n, to, timeout_at);
}

struct mask_argument { uaddr_t mask; uint64_t size; };

SYSCALL6(io_pgetevents, uaddr_t, id, int64_t, least, int64_t, n, uaddr_t, to, uaddr_t, timeout_at, uaddr_t, mask_at)
{
	struct mask_argument m = { 0, 0 };
	uint64_t mask;
	int64_t result = 0;

	if (mask_at && get_user_struct(m, mask_at))
		return -EFAULT;
	if (m.mask)
		result = sigset_read(&mask, m.mask, m.size);
	if (result)
		return result;
	if (m.mask)
		signal_set_temporary_mask(mask);
	result = get_events(id, least, n, to, timeout_at);
	if (m.mask)
		signal_restore_mask(result == -EINTR);
	return result;
}
