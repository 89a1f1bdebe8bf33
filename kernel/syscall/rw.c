/* SPDX-License-Identifier: MIT */
/*
 * syscall/rw.c: read(2), write(2) and their relatives: at a position, from and to
 * vectors; lseek(2). The mode of the file is looked at before the address of the
 * buffer, as in Linux.
 */
#include "mem/slab.h"
#include "net/socket.h"
#include "syscall/rw.h"
#include "syscall/syscall.h"
#include <linux/fs.h>
#include <linux/uio.h>

__cold void raise_pipe_signal(const struct file *f)
{
	siginfo_t info = { .si_signo = SIGPIPE, .si_code = SI_USER };

	if (!socket_breaks_pipe(f))
		return;
	info.si_pid = process_current()->pid->number;
	info.si_uid = cred_current()->uid;
	signal_send_task(task_current(), SIGPIPE, &info);
}

static inline ssize_t read_iter(struct file *f, struct iter *to, loff_t *position, unsigned flags)
{
	struct task *t = task_current();
	ssize_t n = flags ? file_read_flags(f, to, position, flags) : file_read(f, to, position);

	t->io.read_calls++;
	if (n > 0)
		t->io.read_bytes += (size_t)n;
	return n;
}

static inline ssize_t write_iter(struct file *f, struct iter *from, loff_t *position, unsigned flags)
{
	struct task *t = task_current();
	ssize_t n = flags ? file_write_flags(f, from, position, flags) : file_write(f, from, position);

	t->io.write_calls++;
	if (n > 0)
		t->io.written_bytes += (size_t)n;
	else if (unlikely(n == -EPIPE))
		raise_pipe_signal(f);
	return n;
}

static inline ssize_t read_buffer(struct file *f, uaddr_t buf, size_t n, loff_t *position)
{
	struct iter it;

	if (unlikely(!user_range_ok(buf, n)))
		return f->mode & FILE_READ ? -EFAULT : -EBADF;
	iter_init_user(&it, buf, n, false);
	return read_iter(f, &it, position, 0);
}

static inline ssize_t write_buffer(struct file *f, uaddr_t buf, size_t n, loff_t *position)
{
	struct iter it;

	if (unlikely(!user_range_ok(buf, n)))
		return f->mode & FILE_WRITE ? -EFAULT : -EBADF;
	iter_init_user(&it, buf, n, true);
	return write_iter(f, &it, position, 0);
}

SYSCALL3(read, int, fd, uaddr_t, buf, size_t, n)
{
	FILE_GUARD(f, fd);

	return f ? read_buffer(f, buf, n, NULL) : -EBADF;
}

SYSCALL3(write, int, fd, uaddr_t, buf, size_t, n)
{
	FILE_GUARD(f, fd);

	return f ? write_buffer(f, buf, n, NULL) : -EBADF;
}

SYSCALL4(pread64, int, fd, uaddr_t, buf, size_t, n, loff_t, position)
{
	if (position < 0)
		return -EINVAL;
	FILE_GUARD(f, fd);
	if (!f)
		return -EBADF;
	return f->mode & FILE_STREAM ? -ESPIPE : read_buffer(f, buf, n, &position);
}

SYSCALL4(pwrite64, int, fd, uaddr_t, buf, size_t, n, loff_t, position)
{
	if (position < 0)
		return -EINVAL;
	FILE_GUARD(f, fd);
	if (!f)
		return -EBADF;
	return f->mode & FILE_STREAM ? -ESPIPE : write_buffer(f, buf, n, &position);
}

/* The sum of the lengths, at most what a signed count can say. */
static int iovec_check(const struct iter_segment *s, unsigned n, size_t *total)
{
	*total = 0;
	for (unsigned i = 0; i < n; i++) {
		if ((int64_t)s[i].length < 0)
			return -EINVAL;
		if (!user_range_ok(s[i].base, s[i].length))
			return -EFAULT;
		*total += s[i].length; /* each is below USER_TOP, and there are few: no overflow */
	}
	return 0;
}

int iovec_read(struct iovec_copy *v, struct iter *it, uaddr_t from, uint64_t n, bool source)
{
	size_t total;
	int result;

	static_assert(sizeof(struct iovec) == sizeof(struct iter_segment), "the layout is the same");
	if (n > UIO_MAXIOV)
		return -EINVAL;
	v->segment = v->fast;
	if (n > IOVEC_FAST)
		v->segment = kmalloc(n * sizeof(*v->segment), ALLOC_KERNEL);
	if (!v->segment)
		return -ENOMEM;
	result = copy_from_user(v->segment, from, n * sizeof(*v->segment));
	if (!result)
		result = iovec_check(v->segment, (unsigned)n, &total);
	if (result) {
		iovec_free(v);
		return result;
	}
	iter_init_segments(it, ITER_USER, v->segment, (unsigned)n, total, source);
	return 0;
}

void iovec_free(struct iovec_copy *v)
{
	if (v->segment != v->fast)
		kfree(v->segment);
}

static ssize_t read_vector(struct file *f, uaddr_t vec, uint64_t count, loff_t *position, unsigned flags)
{
	struct iovec_copy v;
	struct iter it;
	ssize_t n = iovec_read(&v, &it, vec, count, false);

	if (n)
		return n;
	n = read_iter(f, &it, position, flags);
	iovec_free(&v);
	return n;
}

static ssize_t write_vector(struct file *f, uaddr_t vec, uint64_t count, loff_t *position, unsigned flags)
{
	struct iovec_copy v;
	struct iter it;
	ssize_t n = iovec_read(&v, &it, vec, count, true);

	if (n)
		return n;
	n = write_iter(f, &it, position, flags);
	iovec_free(&v);
	return n;
}

SYSCALL3(readv, int, fd, uaddr_t, vec, uint64_t, count)
{
	FILE_GUARD(f, fd);

	return f ? read_vector(f, vec, count, NULL, 0) : -EBADF;
}

SYSCALL3(writev, int, fd, uaddr_t, vec, uint64_t, count)
{
	FILE_GUARD(f, fd);

	return f ? write_vector(f, vec, count, NULL, 0) : -EBADF;
}

static ssize_t vector_at(int fd, uaddr_t vec, uint64_t count, loff_t position, bool write, unsigned flags)
{
	if (position < 0)
		return -EINVAL;
	FILE_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if (f->mode & FILE_STREAM)
		return -ESPIPE;
	return write ? write_vector(f, vec, count, &position, flags) : read_vector(f, vec, count, &position, flags);
}

SYSCALL4(preadv, int, fd, uaddr_t, vec, uint64_t, count, loff_t, position)
{
	return vector_at(fd, vec, count, position, false, 0);
}

SYSCALL4(pwritev, int, fd, uaddr_t, vec, uint64_t, count, loff_t, position)
{
	return vector_at(fd, vec, count, position, true, 0);
}

/* preadv2(2): position -1 is the file's own. */
SYSCALL6(preadv2, int, fd, uaddr_t, vec, uint64_t, count, loff_t, position, uint64_t, high, unsigned, flags)
{
	if (position != -1)
		return vector_at(fd, vec, count, position, false, flags);
	FILE_GUARD(f, fd);
	return f ? read_vector(f, vec, count, NULL, flags) : -EBADF;
}

SYSCALL6(pwritev2, int, fd, uaddr_t, vec, uint64_t, count, loff_t, position, uint64_t, high, unsigned, flags)
{
	if (position != -1)
		return vector_at(fd, vec, count, position, true, flags);
	FILE_GUARD(f, fd);
	return f ? write_vector(f, vec, count, NULL, flags) : -EBADF;
}

SYSCALL3(lseek, int, fd, loff_t, offset, unsigned, whence)
{
	FILE_GUARD(f, fd);

	if (!f)
		return -EBADF;
	return whence > SEEK_HOLE ? -EINVAL : file_seek(f, offset, (int)whence);
}
