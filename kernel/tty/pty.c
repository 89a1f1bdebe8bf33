/* SPDX-License-Identifier: MIT */
/*
 * The slave of a pseudo-terminal, as the device behind a struct tty: what is
 * written goes into a ring that the master reads. Packet mode (TIOCPKT) tells the
 * master besides of flushes and of output that is held, which it cannot see in
 * the bytes. See tty/pty.h.
 */
#include "tty/pty.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include <linux/eventpoll.h>
#include <linux/tty.h>

static size_t pty_write(struct tty *tty, const uint8_t *p, size_t n)
{
	struct pty *pty = pty_of(tty);

	assert(mutex_held(&tty->lock));
	n = ring_write(&pty->output, p, n);
	if (n && waitq_active(&pty->master_read))
		waitq_wake_key(&pty->master_read, EPOLLIN | EPOLLRDNORM);
	return n;
}

static size_t pty_write_room(struct tty *tty)
{
	return ring_room(&pty_of(tty)->output);
}

/* What is told in packet mode. Bits that say the opposite of each other replace each other. */
static void pty_tell(struct tty *tty, unsigned status)
{
	struct pty *pty = pty_of(tty);
	unsigned opposite = 0;

	assert(mutex_held(&tty->lock));
	if (!pty->packet)
		return;
	if (status & (TIOCPKT_STOP | TIOCPKT_START))
		opposite |= TIOCPKT_STOP | TIOCPKT_START;
	if (status & (TIOCPKT_DOSTOP | TIOCPKT_NOSTOP))
		opposite |= TIOCPKT_DOSTOP | TIOCPKT_NOSTOP;
	pty->status = (uint8_t)((pty->status & ~opposite) | status);
	waitq_wake_key(&pty->master_read, EPOLLIN | EPOLLRDNORM | EPOLLPRI);
}

static void pty_flush_output(struct tty *tty)
{
	ring_clear(&pty_of(tty)->output);
	pty_tell(tty, TIOCPKT_FLUSHWRITE);
	tty_output_ready(tty);
}

/* Do ^S and ^Q stop and start the output? */
static bool has_usual_flow_control(const struct termios2 *t)
{
	return (t->c_iflag & IXON) && t->c_cc[VSTOP] == ('S' & 0x1f) && t->c_cc[VSTART] == ('Q' & 0x1f);
}

static void pty_set_termios(struct tty *tty, const struct termios2 *old)
{
	struct termios2 *t = &tty->ldisc.termios;
	bool flow = has_usual_flow_control(t);
	unsigned status = 0;

	t->c_cflag = (t->c_cflag & ~(unsigned)(CSIZE | PARENB)) | CS8 | CREAD;
	if (flow != has_usual_flow_control(old))
		status |= flow ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP;
	if ((t->c_lflag ^ old->c_lflag) & EXTPROC)
		status |= TIOCPKT_IOCTL;
	if (status)
		pty_tell(tty, status);
}

/* The slave's input has room again. */
static void pty_resume_input(struct tty *tty)
{
	waitq_wake_key(&pty_of(tty)->master_write, EPOLLOUT | EPOLLWRNORM);
}

/* open_lock held. A file that is counted here before the master's end is hung up by it. */
static int pty_may_open(struct tty *tty)
{
	struct pty *pty = pty_of(tty);

	if (pty->master_closed || atomic_load(&pty->locked))
		return -EIO;
	return 0;
}

static int pty_opened(struct tty *tty)
{
	atomic_store(&pty_of(tty)->slave_gone, false);
	return 0;
}

static void pty_closed(struct tty *tty)
{
	struct pty *pty = pty_of(tty);

	atomic_store(&pty->slave_gone, true);
	waitq_wake_all(&pty->master_read);
}

static void pty_destroy(struct tty *tty)
{
	struct pty *pty = pty_of(tty);

	if (pty->super)
		devpts_release(pty);
}

static void pty_free(struct tty *tty)
{
	kfree(pty_of(tty));
}

const struct tty_ops pty_ops = {
	.write = pty_write,
	.write_room = pty_write_room,
	.flush_output = pty_flush_output,
	.may_open = pty_may_open,
	.open = pty_opened,
	.close = pty_closed,
	.set_termios = pty_set_termios,
	.resume_input = pty_resume_input,
	.tell = pty_tell,
	.destroy = pty_destroy,
	.free = pty_free,
};

static int slave_open(struct inode *inode, struct file *f)
{
	struct pty *pty = inode->data;

	return tty_open_as(&pty->tty, f, false, true);
}

const struct file_ops pty_slave_file_ops = {
	.open = slave_open,
	.release = tty_release,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
};

struct pty *pty_alloc(void)
{
	struct pty *pty = kzalloc(sizeof(*pty), ALLOC_KERNEL);
	struct termios2 t;

	if (!pty)
		return NULL;
	tty_init(&pty->tty, "pts", -1, &pty_ops, NULL);
	pty->tty.hangs_up = false;
	t = pty->tty.ldisc.termios;
	t.c_cflag = B38400 | CS8 | CREAD;
	ldisc_set_termios(&pty->tty.ldisc, &t);
	pty->tty.ldisc.events = 0;
	ring_init(&pty->output, pty->output_data, sizeof(pty->output_data));
	waitq_init(&pty->master_read);
	waitq_init(&pty->master_write);
	pty->locked = true;
	return pty;
}

void pty_hang_up(struct pty *pty)
{
	struct tty *tty = &pty->tty;

	mutex_lock(&tty->open_lock);
	pty->master_closed = true;
	mutex_unlock(&tty->open_lock);
	tty_hangup(tty);
	tty_jobs_hangup(tty, false);
}
