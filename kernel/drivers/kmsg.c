/* SPDX-License-Identifier: MIT */
/*
 * /dev/kmsg: the kernel log as records, one a read, in Linux's form (ABI
 * document dev-kmsg): "priority,sequence,microseconds,-;text". The log itself
 * cannot wake anybody, since it may be written from anywhere; while somebody
 * waits here, a timer looks for new records a few times a second.
 *
 * /proc/kmsg, where each line is given to one reader only, stands here too.
 *
 * The position of a file is the log's; the sequence number is made of it. The
 * timer and the wait queue are all the state there is.
 */
#include "base/log.h"
#include "dev/driver.h"
#include "fs/device.h"
#include "fs/poll.h"
#include "fs/procfs.h"
#include "hal/clock.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/timer.h"
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#define RECORD_MAX 1024
#define WRITE_MAX  976 /* longest line that fits a record */
#define LOOK_EVERY (NSEC_PER_SEC / 5)

static struct waitq readers = WAITQ_INIT(readers);
static struct timer look;
static uint64_t seen; /* atomic: end of the log when the timer looked last */

static void look_fire(struct timer *t)
{
	uint64_t end = log_end_position();

	if (end != atomic_exchange(&seen, end))
		waitq_wake_key(&readers, EPOLLIN | EPOLLRDNORM);
	if (waitq_active(&readers))
		timer_arm(t, clock_now() + LOOK_EVERY, LOOK_EVERY);
}

static void look_start(void)
{
	timer_arm(&look, clock_now() + LOOK_EVERY, LOOK_EVERY);
}

/* Length of the first record in s: up to a newline behind which the next "<N>[" starts. */
static size_t record_end(const char *s, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		if (s[i] == '\n' && s[i + 1] == '<' && i + 4 < n && s[i + 3] == '>' && s[i + 4] == '[')
			return i + 1;
	return n;
}

/* "<6>[    1.234567] text\n" to "6,99,1234567,-;text\n". Length. */
static size_t record_format(const char *s, size_t n, uint64_t sequence, char *out, size_t size)
{
	uint64_t seconds = 0, micros = 0;
	const char *p = s + 4;
	int head;

	while (*p == ' ')
		p++;
	if (parse_u64(p, &p, 10, &seconds) || *p != '.' || parse_u64(p + 1, &p, 10, &micros))
		p = s;
	else
		p += 2; /* "] " */
	head = format_cut(out, size, "%c,%llu,%llu,-;", s[1], (unsigned long long)sequence,
			  (unsigned long long)(seconds * 1000000 + micros));
	n = min_t(size_t, n - (size_t)(p - s), size - (size_t)head);
	memcpy(out + head, p, n);
	return (size_t)head + n;
}

/* The next record, formatted; 0 when there is none. buf holds 2 * RECORD_MAX bytes. */
static size_t record_next(uint64_t *position, char *buf)
{
	uint64_t ahead = *position;
	size_t n = log_read(&ahead, buf, RECORD_MAX - 1);

	buf[n] = 0;
	if (n < 4)
		return 0;
	n = record_end(buf, n);
	n = log_read(position, buf, n);
	buf[n] = 0;
	return record_format(buf, n, *position / 8, buf + RECORD_MAX, RECORD_MAX);
}

static int kmsg_wait(uint64_t position, unsigned flags)
{
	if (flags & IO_NOWAIT)
		return -EAGAIN;
	look_start();
	return wait_event_interruptible(&readers, log_end_position() != position);
}

static ssize_t kmsg_read(struct io *io, struct iter *to)
{
	char *buf = kmalloc(2 * RECORD_MAX, ALLOC_KERNEL);
	uint64_t position = (uint64_t)io->position;
	ssize_t result = 0;
	size_t n;

	if (!buf)
		return -ENOMEM;
	while (!(n = record_next(&position, buf)) && !result)
		result = kmsg_wait(position, io->flags);
	if (n > to->count)
		result = -EINVAL;
	else if (n)
		result = iter_put(to, buf + RECORD_MAX, n) == n ? (ssize_t)n : -EFAULT;
	if (result > 0)
		io->position = (loff_t)position;
	kfree(buf);
	return result;
}

/* "<N>text": a level between 0 and 7 in N, else kernel.printk says which. */
static ssize_t kmsg_write(struct io *io, struct iter *from)
{
	size_t n = from->count;
	uint64_t level = (uint64_t)log_message_level;
	const char *text;
	char *buf;

	if (n > WRITE_MAX)
		return -EINVAL;
	buf = kmalloc(n + 1, ALLOC_KERNEL);
	if (!buf)
		return -ENOMEM;
	if (iter_take(from, buf, n) < n) {
		kfree(buf);
		return -EFAULT;
	}
	buf[n] = 0;
	if (n && buf[n - 1] == '\n')
		buf[n - 1] = 0; /* every record ends with one by itself */
	text = buf;
	if (buf[0] == '<' && !parse_u64(buf + 1, &text, 10, &level) && *text == '>')
		text++;
	else
		text = buf;
	log_printf((enum log_level)(level & 7), "%s", text);
	kfree(buf);
	return (ssize_t)n;
}

static loff_t kmsg_seek(struct file *f, loff_t offset, int whence)
{
	if (offset != 0)
		return -ESPIPE;
	switch (whence) {
	case SEEK_SET:
	case SEEK_DATA:
		f->position = 0;
		return 0;
	case SEEK_END:
		f->position = (loff_t)log_end_position();
		return 0;
	}
	return -EINVAL;
}

static uint32_t kmsg_poll(struct file *f, struct poll_table *pt)
{
	poll_wait(pt, &readers);
	if (pt)
		look_start();
	return log_end_position() != (uint64_t)READ_ONCE(f->position) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int kmsg_open(struct inode *inode, struct file *f)
{
	bool may = !atomic_load(&log_restricted) || cred_capable(f->cred, CAP_SYSLOG) || cred_capable(f->cred, CAP_SYS_ADMIN);

	return f->mode & FILE_READ && !may ? -EPERM : 0;
}

static const struct file_ops kmsg_ops = {
	.open = kmsg_open,
	.read = kmsg_read,
	.rw = FILE_TAKES_NONE_READING,
	.write = kmsg_write,
	.seek = kmsg_seek,
	.poll = kmsg_poll,
};

/* ---- /proc/kmsg: the log as text, what syslog(2) has not given out yet (proc(5)) -------- */

static int text_open(struct inode *inode, struct file *f)
{
	return cred_capable(f->cred, CAP_SYSLOG) || cred_capable(f->cred, CAP_SYS_ADMIN) ? 0 : -EPERM;
}

static ssize_t text_read(struct io *io, struct iter *to)
{
	size_t size = min(to->count, PAGE_SIZE), n;
	char *buf = kmalloc(size + 1, ALLOC_KERNEL);
	uint64_t position = atomic_load(&log_read_position);
	ssize_t result = 0;

	if (!buf)
		return -ENOMEM;
	while (size && !(n = log_read(&position, buf, size)) && !result)
		result = kmsg_wait(position, io->flags);
	if (size && !result) {
		result = iter_put(to, buf, n) == n ? (ssize_t)n : -EFAULT;
		if (result > 0)
			atomic_store(&log_read_position, position);
	}
	kfree(buf);
	return result;
}

static uint32_t text_poll(struct file *f, struct poll_table *pt)
{
	poll_wait(pt, &readers);
	if (pt)
		look_start();
	return log_end_position() != atomic_load(&log_read_position) ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_ops text_ops = {
	.open = text_open, .read = text_read, .rw = FILE_TAKES_NONE, .seek = file_seek_generic, .poll = text_poll,
};

TABLE_ENTRY(proc_specials, struct proc_special, kmsg) = { "kmsg", 0400, &text_ops };

static struct device_node kmsg_node = { .name = "kmsg", .mode = S_IFCHR | 0644, .rdev = 0x10b, .ops = &kmsg_ops };

static int kmsg_init(void)
{
	timer_init(&look, look_fire);
	return device_register(&kmsg_node);
}

TABLE_ENTRY(drivers, struct driver, kmsg) = { "kmsg", DRIVER_DEVICE, kmsg_init };
