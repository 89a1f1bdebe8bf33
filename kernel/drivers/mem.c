/* SPDX-License-Identifier: MIT */
/*
 * Devices without hardware: null, zero, full, random and urandom (which are the
 * same here: the generator is seeded from the first call on). No locks: they
 * have no state of their own.
 */
#include "base/random.h"
#include "dev/driver.h"
#include "fs/device.h"
#include "hal/usercopy.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "vm/space.h"
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/random.h>

#define ZERO_PIECE   MiB(1) /* between two looks for a signal */
#define RANDOM_PIECE 4096

static ssize_t null_read(struct io *io, struct iter *to)
{
	return 0;
}

static ssize_t null_write(struct io *io, struct iter *from)
{
	size_t n = from->count;

	iter_advance(from, n);
	return (ssize_t)n;
}

static ssize_t full_write(struct io *io, struct iter *from)
{
	return from->count ? -ENOSPC : 0;
}

static ssize_t zero_read(struct io *io, struct iter *to)
{
	size_t total = to->count;

	while (to->count && !thread_killed()) {
		size_t n = min_t(size_t, to->count, ZERO_PIECE);

		if (iter_put_zeros(to, n) < n)
			break;
	}
	return to->count == total && total ? -EFAULT : (ssize_t)(total - to->count);
}

/* A private mapping of zeros is anonymous memory; a shared one is not offered. */
static int zero_map(struct file *f, struct space_map_request *r)
{
	return r->flags & AREA_SHARED ? -ENODEV : 0;
}

/* Any position is the first. */
static loff_t null_seek(struct file *f, loff_t offset, int whence)
{
	return f->position = 0;
}

/* A read that a signal interrupts is short, but never empty. */
static ssize_t random_read_large(struct iter *to)
{
	uint8_t *buf = kmalloc(RANDOM_PIECE, ALLOC_KERNEL);
	size_t total = to->count, n, put;

	if (!buf)
		return -ENOMEM;
	do {
		n = min_t(size_t, to->count, RANDOM_PIECE);
		random_bytes(buf, n);
		put = iter_put(to, buf, n);
	} while (put == n && to->count && !thread_interrupted());
	memset(buf, 0, RANDOM_PIECE);
	kfree(buf);
	return to->count == total ? -EFAULT : (ssize_t)(total - to->count);
}

static ssize_t random_read(struct io *io, struct iter *to)
{
	uint8_t buf[64];
	size_t n = to->count;

	if (n > sizeof(buf))
		return random_read_large(to);
	random_bytes(buf, n);
	n = iter_put(to, buf, n);
	return n || !to->count ? (ssize_t)n : -EFAULT;
}

static ssize_t random_write(struct io *io, struct iter *from)
{
	size_t total = from->count, n = 1;
	uint8_t buf[256];

	while (from->count && n && !thread_killed()) {
		n = iter_take(from, buf, min_t(size_t, from->count, sizeof(buf)));
		random_mix(buf, n);
	}
	return from->count == total && total ? -EFAULT : (ssize_t)(total - from->count);
}

/* RNDADDENTROPY: a count of bits, a size, and that many bytes. */
static int64_t random_add(uaddr_t arg)
{
	int head[2];
	struct iter it;
	ssize_t n;

	if (copy_from_user(head, arg, sizeof(head)))
		return -EFAULT;
	if (head[0] < 0 || head[1] < 0)
		return -EINVAL;
	iter_init_user(&it, arg + sizeof(head), (size_t)head[1], true);
	n = random_write(NULL, &it);
	return n < 0 ? n : 0;
}

static int64_t random_ioctl(struct file *f, unsigned cmd, uint64_t arg)
{
	const int bits = 256;

	if (cmd == RNDGETENTCNT)
		return copy_to_user(arg, &bits, sizeof(bits));
	if (cmd != RNDADDENTROPY && cmd != RNDADDTOENTCNT && cmd != RNDZAPENTCNT && cmd != RNDCLEARPOOL &&
	    cmd != RNDRESEEDCRNG)
		return -EINVAL;
	if (!cred_capable(f->cred, CAP_SYS_ADMIN))
		return -EPERM;
	return cmd == RNDADDENTROPY ? random_add(arg) : 0;
}

static const struct file_ops null_ops = { .read = null_read, .write = null_write, .seek = null_seek, .rw = FILE_TAKES_NOWAIT };
static const struct file_ops zero_ops = {
	.read = zero_read,
	.write = null_write,
	.rw = FILE_TAKES_NOWAIT,
	.seek = null_seek,
	.map = zero_map,
};
static const struct file_ops full_ops = {
	.read = zero_read,
	.write = full_write,
	.rw = FILE_TAKES_NONE_WRITING,
	.seek = null_seek,
};
static const struct file_ops random_ops = {
	.read = random_read,
	.rw = FILE_TAKES_NOWAIT,
	.write = random_write,
	.seek = null_seek,
	.ioctl = random_ioctl,
};

/* Their numbers in major 1 (devices.txt). */
static struct device_node nodes[] = {
	{ .name = "null", .mode = S_IFCHR | 0666, .rdev = 0x103, .ops = &null_ops },
	{ .name = "zero", .mode = S_IFCHR | 0666, .rdev = 0x105, .ops = &zero_ops },
	{ .name = "full", .mode = S_IFCHR | 0666, .rdev = 0x107, .ops = &full_ops },
	{ .name = "random", .mode = S_IFCHR | 0666, .rdev = 0x108, .ops = &random_ops },
	{ .name = "urandom", .mode = S_IFCHR | 0666, .rdev = 0x109, .ops = &random_ops },
};

static int mem_init(void)
{
	int error = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(nodes) && !error; i++)
		error = device_register(&nodes[i]);
	return error;
}

TABLE_ENTRY(drivers, struct driver, mem) = { "mem", DRIVER_CONSOLE, mem_init };
