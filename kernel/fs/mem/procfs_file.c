/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/procfs_file.c: reading and writing files of /proc. The text is made when
 * a read starts at the beginning and kept with the open file, so that a program
 * which reads in small pieces gets one consistent text; going back to the start
 * makes a new one.
 */
#include "fs/mem/procfs.h"
#include "fs/poll.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "vm/iter.h"

struct proc_open {
	struct mutex lock;   /* rank PROC_FILE */
	struct text text;    /* lock */
	bool made;           /* lock */
	uint64_t program;    /* immutable: of the task when it was opened */
	uint32_t changes;    /* atomic: what the count was when poll(2) looked last */
};

static int proc_show(const struct proc_inode *pi, struct text *t)
{
	if (pi->node)
		return pi->node->entry->show ? pi->node->entry->show(t) : 0;
	if (pi->entry)
		return pi->file->entry_show(pi->task, pi->number, t);
	return pi->file->show ? pi->file->show(pi->task, t) : -EINVAL;
}

static const struct proc_changes *changes_of(const struct proc_inode *pi)
{
	return pi->file ? pi->file->changes : pi->node->changes;
}

/* Files that only their owner may read show what ptrace would, and some others: so who may not trace may not read. */
static int proc_open(struct inode *inode, struct file *f)
{
	const struct proc_inode *pi = proc_inode(inode);
	struct proc_open *o;

	if (pi->task && (pi->file->guarded || !(inode->mode & 0044)) && !proc_provider->may_inspect(pi->task, f->cred))
		return -EACCES;
	o = kzalloc(sizeof(*o), ALLOC_KERNEL);
	if (!o)
		return -ENOMEM;
	mutex_init(&o->lock, RANK_PROC_FILE);
	o->program = pi->task ? proc_provider->program(pi->task) : 0;
	if (changes_of(pi))
		o->changes = atomic_load(changes_of(pi)->count);
	f->data = o;
	return 0;
}

bool proc_file_is_stale(const struct file *f)
{
	const struct proc_open *o = f->data;

	return o->program != proc_provider->program(proc_inode(f->inode)->task);
}

static void proc_release(struct file *f)
{
	struct proc_open *o = f->data;

	kfree(o->text.buf);
	kfree(o);
}

static int proc_make_text(struct proc_open *o, const struct proc_inode *pi)
{
	int error;

	o->text.length = 0;
	o->text.failed = false;
	error = proc_show(pi, &o->text);
	if (!error && o->text.failed)
		error = -ENOMEM;
	o->made = !error;
	return error;
}

static ssize_t proc_read(struct io *io, struct iter *to)
{
	const struct proc_inode *pi = proc_inode(io->file->inode);
	struct proc_open *o = io->file->data;
	size_t at = (size_t)io->position, n = 0;
	int error = 0;

	if (pi->file && pi->file->read)
		return pi->file->read(pi->task, io, to);
	mutex_lock(&o->lock);
	if (!o->made || at == 0)
		error = proc_make_text(o, pi);
	if (pi->task && !(io->file->inode->mode & 0044) && proc_file_is_stale(io->file))
		o->text.length = 0; /* what it shows now may belong to another user */
	if (!error && at < o->text.length) {
		size_t want = min(to->count, o->text.length - at);

		n = iter_put(to, o->text.buf + at, want);
		if (want && !n)
			error = -EFAULT;
	}
	mutex_unlock(&o->lock);
	io->position += (loff_t)n;
	return error ? error : (ssize_t)n;
}

static ssize_t proc_store(const struct proc_inode *pi, const char *buf, size_t n)
{
	int error = -EIO;

	if (pi->node && pi->node->entry->store)
		error = pi->node->entry->store(buf, n);
	else if (pi->file && pi->file->store)
		error = pi->file->store(pi->task, buf, n);
	return error ? error : (ssize_t)n;
}

static ssize_t proc_write(struct io *io, struct iter *from)
{
	const struct proc_inode *pi = proc_inode(io->file->inode);
	size_t n = min(from->count, (size_t)PAGE_SIZE - 1);
	ssize_t result = -EFAULT;
	char *buf;

	if (pi->file && pi->file->write)
		return pi->file->write(pi->task, io, from);
	if (!n && pi->node && pi->node->setting)
		return 0;
	buf = kmalloc(n + 1, ALLOC_KERNEL);
	if (!buf)
		return -ENOMEM;
	if (iter_take(from, buf, n) == n) {
		buf[n] = '\0';
		/* What a program writes behind the start of a setting is ignored. */
		result = io->position && pi->node && pi->node->setting ? (ssize_t)n : proc_store(pi, buf, n);
	}
	kfree(buf);
	if (result > 0)
		io->position += result;
	return result;
}

static loff_t proc_seek(struct file *f, loff_t offset, int whence)
{
	return whence == 2 ? -EINVAL : file_seek_generic(f, offset, whence);
}

/* Readable always, and a setting writable; what changed since the last look is told as an error, once. */
static uint32_t proc_poll(struct file *f, struct poll_table *pt)
{
	const struct proc_inode *pi = proc_inode(f->inode);
	const struct proc_changes *c = changes_of(pi);
	uint32_t ready = EPOLLIN | EPOLLRDNORM, now;
	struct proc_open *o = f->data;

	if (c) {
		poll_wait(pt, c->wait);
		now = atomic_load(c->count);
		if (atomic_exchange(&o->changes, now) != now)
			return ready | EPOLLERR | EPOLLPRI;
	}
	return pi->file ? ready : ready | EPOLLOUT | EPOLLWRNORM;
}

const struct file_ops proc_file_ops = {
	.open = proc_open,
	.release = proc_release,
	.read = proc_read,
	.write = proc_write,
	.seek = proc_seek,
	.poll = proc_poll,
};

const struct file_ops proc_task_file_ops = {
	.open = proc_open,
	.release = proc_release,
	.read = proc_read,
	.write = proc_write,
	.rw = FILE_TAKES_NONE,
	.seek = proc_seek,
};
