/* SPDX-License-Identifier: MIT */
/*
 * Terminals as files: open, read, write, poll. Bytes move between the line
 * discipline and user memory directly, with tty->lock held and without sleeping
 * for a page; when a page is missing the lock is dropped, the page faulted in,
 * and the copy goes on where it stopped. The locks are told in tty/tty.h.
 */
#include "base/panic.h"
#include "fs/poll.h"
#include "hal/clock.h"
#include "mem/slab.h"
#include "tty/tty.h"
#include <linux/capability.h>
#include <linux/fcntl.h>

#define WRITE_LEAST 8 /* output processing makes at most so much of one byte */

static int open_locked(struct tty *tty, struct file *f)
{
	int error = 0;

	if (tty->opens && atomic_load(&tty->exclusive) && !cred_capable(f->cred, CAP_SYS_ADMIN))
		return -EBUSY;
	if (tty->ops->may_open)
		error = tty->ops->may_open(tty);
	if (!error && !tty->opens && tty->ops->open)
		error = tty->ops->open(tty);
	if (!error)
		tty->opens++;
	return error;
}

int tty_open_as(struct tty *tty, struct file *f, bool console, bool may_control)
{
	struct tty_file *tf = kmalloc(sizeof(*tf), ALLOC_KERNEL);
	int error;

	if (!tf)
		return -ENOMEM;
	mutex_lock(&tty->open_lock);
	error = open_locked(tty, f);
	*tf = (struct tty_file){ tty, atomic_load(&tty->generation), console };
	mutex_unlock(&tty->open_lock);
	if (error) {
		kfree(tf);
		return error;
	}
	tty_get(tty);
	f->data = tf;
	if (may_control && !(f->flags & O_NOCTTY))
		tty_jobs_open(tty, f);
	return 0;
}

static int tty_open(struct inode *inode, struct file *f)
{
	return tty_open_as(f->data, f, false, true);
}

void tty_release(struct file *f)
{
	struct tty_file *tf = f->data;
	struct tty *tty = tf->tty;

	mutex_lock(&tty->open_lock);
	if (--tty->opens == 0) {
		atomic_store(&tty->exclusive, false);
		if (tty->ops->close)
			tty->ops->close(tty);
	}
	mutex_unlock(&tty->open_lock);
	tty_put(tty);
	kfree(tf);
}

/* How far a read has come. */
struct reading {
	struct tty_file *tf;
	bool lines;       /* canonical mode, as seen last */
	bool ended;       /* a line ended */
	bool fault;       /* user memory was not there */
	size_t least;     /* raw mode: bytes to wait for; 0: not at all */
	nsec_t gap;       /* raw mode: longest time between bytes, or to the first */
	nsec_t deadline;
};

/* POSIX.1-2017, 11.1.7: the four cases of MIN and TIME. */
static void reading_start(struct reading *r, const struct ldisc *l)
{
	r->lines = ldisc_has(l, ICANON);
	r->least = r->lines ? 1 : l->termios.c_cc[VMIN];
	r->gap = r->lines ? 0 : l->termios.c_cc[VTIME] * (NSEC_PER_SEC / 10);
	r->deadline = INT64_MAX;
	if (r->least == 0)
		r->deadline = r->gap ? clock_now() + r->gap : 0;
}

/* Copies what there is. Number of bytes. */
static size_t read_piece(struct tty *tty, struct reading *r, struct iter *to)
{
	struct ldisc *l = &tty->ldisc;
	size_t done = 0, n, put;
	const uint8_t *p;

	r->lines = ldisc_has(l, ICANON);
	while (to->count && !r->ended && !r->fault && ldisc_readable(l, 1)) {
		n = ldisc_peek(l, &p, to->count);
		put = n ? iter_put_atomic(to, p, n) : 0;
		r->fault = put < n;
		r->ended = (put == n || put > 0) && ldisc_consume(l, put);
		done += put;
	}
	return done;
}

static size_t read_step(struct tty *tty, struct reading *r, struct iter *to)
{
	size_t n;

	mutex_lock(&tty->lock);
	tty_process_input_locked(tty);
	n = read_piece(tty, r, to);
	if (n && ring_used(&tty->input))
		tty_process_input_locked(tty);
	mutex_unlock(&tty->lock);
	return n;
}

/* Nothing was there: waits for more. 0: look again; 1: stop with what there is; else errno. */
static int read_wait(struct tty *tty, struct reading *r, const struct io *io)
{
	int error;

	if (tty_file_hung_up(r->tf) || r->deadline == 0)
		return 1;
	if (io->flags & IO_NOWAIT)
		return -EAGAIN;
	error = wait_event_interruptible_until(&tty->read_wait,
					       ldisc_readable(&tty->ldisc, 1) || tty_file_hung_up(r->tf),
					       r->deadline);
	return error == -ETIMEDOUT ? 1 : error;
}

static int read_more(struct tty *tty, struct reading *r, struct io *io, struct iter *to, size_t *done)
{
	size_t n = read_step(tty, r, to);

	*done += n;
	if (r->fault) {
		r->fault = false;
		return iter_fault_in(to, min_t(size_t, to->count, LDISC_BUFFER));
	}
	if (r->ended || (*done > 0 && !r->lines && *done >= r->least))
		return 1;
	if (n > 0) {
		if (r->gap)
			r->deadline = clock_now() + r->gap;
		return 0;
	}
	return read_wait(tty, r, io);
}

ssize_t tty_read(struct io *io, struct iter *to)
{
	struct reading r = { .tf = io->file->data };
	struct tty *tty = r.tf->tty;
	size_t done = 0;
	int result = 0;

	if (tty_file_hung_up(r.tf))
		return 0;
	if (!r.tf->console)
		result = tty_check_change(tty, SIGTTIN);
	reading_start(&r, &tty->ldisc);
	while (result == 0 && to->count)
		result = read_more(tty, &r, io, to, &done);
	return done > 0 || result > 0 ? (ssize_t)done : result;
}

/* Puts out what fits now. Number of bytes taken from the iterator; *fault: user memory was not there. */
static size_t write_piece(struct tty *tty, struct iter *from, bool *fault)
{
	size_t room = tty_write_room(tty), n = min_t(size_t, from->count, TTY_SCRATCH), used, made;
	struct iter before = *from;

	assert(mutex_held(&tty->lock));
	if (room < WRITE_LEAST)
		return 0;
	tty_flush_echo(tty);
	n = iter_take_atomic(from, tty->scratch_in, n);
	*fault = n == 0;
	made = ldisc_output(&tty->ldisc, tty->scratch_in, n, &used, tty->scratch_out,
			    min_t(size_t, room, TTY_SCRATCH));
	made -= tty->ops->write(tty, tty->scratch_out, made);
	assert(made == 0);
	if (used < n) {
		iter_restore(from, &before);
		iter_advance(from, used);
	}
	return used;
}

static int write_wait(struct tty *tty, const struct tty_file *tf, const struct io *io)
{
	if (tty_file_hung_up(tf))
		return -EIO;
	if (io->flags & IO_NOWAIT)
		return -EAGAIN;
	return wait_event_interruptible(&tty->write_wait,
					tty_write_room(tty) >= WRITE_LEAST || tty_file_hung_up(tf));
}

static int write_more(struct tty *tty, const struct tty_file *tf, struct io *io, struct iter *from)
{
	bool fault = false;
	size_t n;

	mutex_lock_nested(&tty->lock);
	n = write_piece(tty, from, &fault);
	mutex_unlock(&tty->lock);
	if (fault)
		return iter_fault_in(from, min_t(size_t, from->count, TTY_SCRATCH));
	return n > 0 && !tty_file_hung_up(tf) ? 0 : write_wait(tty, tf, io);
}

static int write_lock(struct tty *tty, const struct io *io)
{
	if (mutex_trylock(&tty->write_lock))
		return 0;
	if (io->flags & IO_NOWAIT)
		return -EAGAIN;
	return mutex_lock_interruptible(&tty->write_lock);
}

ssize_t tty_write(struct io *io, struct iter *from)
{
	const struct tty_file *tf = io->file->data;
	struct tty *tty = tf->tty;
	size_t total = from->count;
	int error = 0;

	if (tty_file_hung_up(tf))
		return -EIO;
	if (!tf->console && ldisc_has(&tty->ldisc, TOSTOP))
		error = tty_check_change(tty, SIGTTOU);
	if (error == 0)
		error = write_lock(tty, io);
	if (error)
		return error;
	while (from->count && error == 0)
		error = write_more(tty, tf, io, from);
	mutex_unlock(&tty->write_lock);
	return from->count < total ? (ssize_t)(total - from->count) : error;
}

uint32_t tty_poll(struct file *f, struct poll_table *pt)
{
	const struct tty_file *tf = f->data;
	struct tty *tty = tf->tty;
	const uint8_t *keys = tty->ldisc.termios.c_cc;
	size_t least = keys[VTIME] || !keys[VMIN] ? 1 : keys[VMIN];
	uint32_t events = 0;

	poll_wait(pt, &tty->read_wait);
	poll_wait(pt, &tty->write_wait);
	if (tty_file_hung_up(tf))
		return EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM | EPOLLERR | EPOLLHUP;
	if (ldisc_readable(&tty->ldisc, least))
		events |= EPOLLIN | EPOLLRDNORM;
	if (tty_write_room(tty) >= WRITE_LEAST)
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

const struct file_ops tty_file_ops = {
	.open = tty_open,
	.release = tty_release,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
};
