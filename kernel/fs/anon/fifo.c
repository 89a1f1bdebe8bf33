/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/fifo.c: the ends of pipes: pipe2(2), opening and closing FIFOs (fifo(7)),
 * poll, size. A FIFO's pipe hangs at its inode while any file is open on it, under
 * the inode's lock; a pipe from pipe2(2) is the same with an inode nobody named,
 * so that opening /proc/self/fd/N works for it as well.
 */
#include "fs/anon/pipe.h"
#include "fs/internal.h"
#include "fs/poll.h"
#include "hal/usercopy.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "mem/slab.h"
#include <asm/ioctls.h>
#include <linux/fcntl.h>

#define PIPE_BYTES_MAX (1u << 31)

uint32_t pipe_max_bytes = 1048576;

static void count_end(struct pipe *p, uint32_t mode, int step)
{
	mutex_lock(&p->lock);
	if (mode & FILE_READ) {
		WRITE_ONCE(p->readers, p->readers + (uint32_t)step);
		if (step > 0)
			WRITE_ONCE(p->reads_opened, p->reads_opened + 1);
	}
	if (mode & FILE_WRITE) {
		WRITE_ONCE(p->writers, p->writers + (uint32_t)step);
		if (step > 0)
			WRITE_ONCE(p->writes_opened, p->writes_opened + 1);
	}
	mutex_unlock(&p->lock);
}

/* The other end as a file found it when it was attached; it may have come or gone since. */
struct other_end {
	bool open;
	uint32_t opened; /* how often, ever */
};

static struct other_end other_end_look(const struct pipe *p, const struct file *f)
{
	if ((f->mode & (FILE_READ | FILE_WRITE)) == (FILE_READ | FILE_WRITE))
		return (struct other_end){ .open = true };
	if (f->mode & FILE_READ)
		return (struct other_end){ p->writers > 0, p->writes_opened };
	return (struct other_end){ p->readers > 0, p->reads_opened };
}

/* One more file on the inode's pipe, which is made if there is none. NULL when out of memory. */
static struct pipe *pipe_attach(struct inode *i, struct file *f, struct other_end *other)
{
	struct pipe *p;

	rwsem_write_lock(&i->lock);
	if (!i->pipe)
		i->pipe = pipe_create();
	p = i->pipe;
	if (p) {
		p->files++;
		f->data = p;
		*other = other_end_look(p, f);
		count_end(p, f->mode, 1);
	}
	rwsem_write_unlock(&i->lock);
	return p;
}

static void fifo_release(struct file *f)
{
	struct inode *i = f->inode;
	struct pipe *p = f->data;

	rwsem_write_lock(&i->lock);
	count_end(p, f->mode, -1);
	if (--p->files == 0) {
		i->pipe = NULL;
		pipe_destroy(p);
	} else {
		waitq_wake_all(&p->read_wait);
		waitq_wake_all(&p->write_wait);
	}
	rwsem_write_unlock(&i->lock);
}

/* Waits for the first one at the other end, as open(2) of a FIFO does. */
static int wait_for_other(struct pipe *p, struct file *f, struct other_end other)
{
	const uint32_t *opened = f->mode & FILE_READ ? &p->writes_opened : &p->reads_opened;

	if (other.open || p->unnamed)
		return 0;
	if (!(f->flags & O_NONBLOCK))
		return wait_event_interruptible(&p->open_wait, READ_ONCE(*opened) != other.opened);
	if (!(f->mode & FILE_READ))
		return -ENXIO;
	f->position = (loff_t)other.opened + 1; /* no hang-up before there was a writer */
	return 0;
}

static int fifo_open(struct inode *inode, struct file *f)
{
	struct pipe *p;
	struct other_end other;
	int error;

	if (!(f->mode & (FILE_READ | FILE_WRITE)))
		return -EINVAL;
	f->position = 0;
	p = pipe_attach(inode, f, &other);
	if (!p)
		return -ENOMEM;
	waitq_wake_all(&p->open_wait);
	error = wait_for_other(p, f, other);
	if (error)
		fifo_release(f);
	return error;
}

static uint32_t fifo_poll(struct file *f, struct poll_table *pt)
{
	struct pipe *p = f->data;
	uint32_t events = 0;

	if (f->mode & FILE_READ) {
		poll_wait(pt, &p->read_wait);
		if (!pipe_empty(p) && !READ_ONCE(p->claimed))
			events |= EPOLLIN | EPOLLRDNORM;
		if (!READ_ONCE(p->writers) && f->position != (loff_t)READ_ONCE(p->writes_opened) + 1)
			events |= EPOLLHUP;
	}
	if (f->mode & FILE_WRITE) {
		poll_wait(pt, &p->write_wait);
		if (!pipe_full(p))
			events |= EPOLLOUT | EPOLLWRNORM;
		if (!READ_ONCE(p->readers))
			events |= EPOLLERR;
	}
	return events;
}

static int64_t fifo_ioctl(struct file *f, unsigned cmd, uint64_t arg)
{
	struct pipe *p = f->data;
	int bytes = (int)READ_ONCE(p->bytes);

	return cmd == FIONREAD ? copy_to_user(arg, &bytes, sizeof(bytes)) : -ENOTTY;
}

const struct file_ops fifo_file_ops = {
	.open = fifo_open,
	.release = fifo_release,
	.read = pipe_read,
	.write = pipe_write,
	.ioctl = fifo_ioctl,
	.poll = fifo_poll,
};

static int create_end(struct inode *i, const char *name, uint32_t flags, struct file **out)
{
	int error = file_create_inode(i, name, &fifo_file_ops, NULL, flags, out);
	struct pipe *p;
	struct other_end other;

	if (error)
		return error;
	p = pipe_attach(i, *out, &other);
	if (!p) {
		file_destroy(*out);
		return -ENFILE;
	}
	p->unnamed = true;
	return 0;
}

int pipe_create_files(uint32_t flags, struct file **read_end, struct file **write_end)
{
	struct inode *i = inode_create_anonymous(S_IFIFO | 0600, &cred_root);
	char name[32];
	int error;

	if (!i)
		return -ENOMEM;
	format(name, sizeof(name), "pipe:[%lu]", i->ino);
	flags &= O_NONBLOCK | O_DIRECT;
	error = create_end(i, name, flags | O_RDONLY, read_end);
	if (!error) {
		error = create_end(i, name, flags | O_WRONLY, write_end);
		if (error)
			file_put(*read_end);
	}
	inode_put(i);
	return error;
}

int pipe_get_size(struct file *f)
{
	struct pipe *p = f->data;

	return f->ops == &fifo_file_ops ? (int)(READ_ONCE(p->slots) * PAGE_SIZE) : -EBADF;
}

/* Moves the ring into a larger or smaller one, which is paid for; *paid: what the old one was. */
static int pipe_resize(struct pipe *p, uint32_t slots, uint32_t *paid)
{
	struct pipe_slot *ring = kcalloc(slots, sizeof(*ring), ALLOC_KERNEL), *old;
	uint32_t used;

	if (!ring)
		return -ENOMEM;
	mutex_lock(&p->lock);
	used = p->head - p->tail;
	if (used + p->reserved > slots) {
		mutex_unlock(&p->lock);
		kfree(ring);
		return -EBUSY;
	}
	for (uint32_t i = 0; i < used; i++)
		ring[i] = p->slot[(p->tail + i) & (p->slots - 1)];
	old = p->slot;
	p->slot = ring;
	*paid = p->charged;
	WRITE_ONCE(p->charged, slots);
	WRITE_ONCE(p->slots, slots);
	WRITE_ONCE(p->tail, 0);
	WRITE_ONCE(p->head, used);
	mutex_unlock(&p->lock);
	kfree(old);
	waitq_wake_all(&p->write_wait);
	return 0;
}

int pipe_set_size(struct file *f, size_t bytes, bool privileged)
{
	struct pipe *p = f->data;
	uint32_t slots = 1, unneeded;
	int error;

	if (f->ops != &fifo_file_ops)
		return -EBADF;
	if (bytes > PIPE_BYTES_MAX)
		return -EINVAL;
	while (slots * PAGE_SIZE < bytes)
		slots *= 2;
	if (slots > READ_ONCE(p->slots) && slots * PAGE_SIZE > READ_ONCE(pipe_max_bytes) && !privileged)
		return -EPERM;
	error = pipe_charge(p, slots);
	if (error)
		return error;
	unneeded = slots;
	error = pipe_resize(p, slots, &unneeded);
	pipe_uncharge(p, unneeded);
	return error ? error : (int)(slots * PAGE_SIZE);
}
