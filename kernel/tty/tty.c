/* SPDX-License-Identifier: MIT */
/*
 * Terminals: making them, what comes in from drivers, echoes, hang-up. The
 * locks are told in tty/tty.h.
 *
 * Nothing that comes in is lost. The input ring fills when the line discipline's
 * buffer is full, the driver then leaves bytes where they are, and its device
 * tells the other end to wait. A reader that took something calls
 * tty_process_input_locked(), which sets all of this going again.
 *
 * Echoes find room because programs may not use the last ECHO_RESERVE bytes of
 * the driver's buffer. If a device takes nothing at all, echoes wait in their
 * ring, and input behind them too, until tty_output_ready().
 */
#include "tty/tty.h"
#include "base/panic.h"
#include "fs/procfs.h"
#include "hal/clock.h"
#include "lib/format.h"
#include "mem/slab.h"
#include <linux/eventpoll.h>

#define ECHO_RESERVE 256

static struct mutex list_lock = MUTEX_INIT(list_lock, RANK_SLEEP_LEAF);
static struct list tty_list = LIST_INIT(tty_list); /* list_lock */

static void memory_put(struct tty *tty)
{
	if (refcount_put(&tty->memory))
		tty->ops->free(tty);
}

static void input_work(struct work *w)
{
	struct tty *tty = container_of(w, struct tty, input_work);

	tty_process_input(tty);
	memory_put(tty);
}

/* The caller has a reference. Any context. */
static void queue_input(struct tty *tty)
{
	refcount_get(&tty->memory);
	if (!work_queue(&tty->input_work))
		memory_put(tty); /* not the last: the caller's */
}

void tty_init(struct tty *tty, const char *name, int number, const struct tty_ops *ops, void *driver)
{
	tty->ops = ops;
	tty->driver = driver;
	tty->hangs_up = true;
	if (number < 0)
		format_cut(tty->name, sizeof(tty->name), "%s", name);
	else
		format_cut(tty->name, sizeof(tty->name), "%s%d", name, number);
	refcount_init(&tty->refs, 1);
	refcount_init(&tty->memory, 1);
	mutex_init(&tty->write_lock, RANK_TTY);
	mutex_init(&tty->lock, RANK_TTY);
	mutex_init(&tty->open_lock, RANK_TTY);
	ldisc_init(&tty->ldisc);
	waitq_init(&tty->read_wait);
	waitq_init(&tty->write_wait);
	work_init(&tty->input_work, input_work);
	spin_init(&tty->input_lock, RANK_DRIVER);
	spin_init(&tty->state_lock, RANK_TTY_STATE);
	ring_init(&tty->input, tty->input_data, sizeof(tty->input_data));
	tty->terminal = tty_session_ops;
	tty->terminal.terminal = tty;
}

int tty_register(struct tty *tty, unsigned major, unsigned minor)
{
	int error;

	tty->node.name = tty->name;
	tty->node.mode = S_IFCHR | 0620;
	tty->node.rdev = device_number(major, minor);
	tty->node.ops = &tty_file_ops;
	tty->node.data = tty;
	error = device_register(&tty->node);
	if (error)
		return error;
	MUTEX_GUARD(&list_lock);
	list_add_tail(&tty->link, &tty_list);
	return 0;
}

struct tty *tty_find(const char *name)
{
	struct tty *tty;

	MUTEX_GUARD(&list_lock);
	list_for_each_entry(tty, &tty_list, link)
		if (strcmp(tty->name, name) == 0)
			return tty;
	return NULL;
}

void tty_put(struct tty *tty)
{
	if (!refcount_put(&tty->refs))
		return;
	verify(tty->ops->destroy);
	tty->ops->destroy(tty);
	memory_put(tty);
}

size_t tty_input(struct tty *tty, const uint8_t *p, size_t n)
{
	uint64_t irq = spin_lock_irq(&tty->input_lock);
	size_t taken = ring_write(&tty->input, p, n);

	spin_unlock_irq(&tty->input_lock, irq);
	if (taken < n)
		atomic_store(&tty->input_refused, true);
	queue_input(tty); /* after the flag: the work sees it */
	return taken;
}

void tty_input_refuse(struct tty *tty)
{
	atomic_store(&tty->input_refused, true);
	queue_input(tty);
}

void tty_input_break(struct tty *tty)
{
	atomic_inc(&tty->breaks);
	queue_input(tty);
}

void tty_output_ready(struct tty *tty)
{
	if (waitq_active(&tty->write_wait))
		waitq_wake_key(&tty->write_wait, EPOLLOUT | EPOLLWRNORM);
	if (ring_used(&tty->ldisc.echo))
		queue_input(tty);
}

/* Output is stopped, and the driver has no buffer of its own that could fill meanwhile. */
static bool is_held(const struct tty *tty)
{
	return READ_ONCE(tty->ldisc.stopped) && !tty->ops->set_stopped;
}

size_t tty_write_room(struct tty *tty)
{
	size_t room = tty->ops->write_room(tty);

	if (is_held(tty) || room <= ECHO_RESERVE)
		return 0;
	return room - ECHO_RESERVE;
}

void tty_flush_echo(struct tty *tty)
{
	struct ring *echo = &tty->ldisc.echo;
	uint32_t n, taken;
	uint8_t *p;

	assert(mutex_held(&tty->lock));
	while (!is_held(tty) && (n = ring_data_span(echo, &p)) != 0) {
		taken = (uint32_t)tty->ops->write(tty, p, n);
		ring_consume(echo, taken);
		if (taken < n)
			break;
	}
}

void tty_apply_flow(struct tty *tty)
{
	assert(mutex_held(&tty->lock));
	tty->ldisc.events &= ~(unsigned)LDISC_FLOW;
	if (tty->ops->set_stopped)
		tty->ops->set_stopped(tty, tty->ldisc.stopped);
	if (tty->ops->tell)
		tty->ops->tell(tty, tty->ldisc.stopped ? TIOCPKT_STOP : TIOCPKT_START);
	if (!tty->ldisc.stopped)
		waitq_wake_key(&tty->write_wait, EPOLLOUT | EPOLLWRNORM);
}

static int signal_of_key(unsigned key)
{
	return key == VINTR ? SIGINT : key == VQUIT ? SIGQUIT : SIGTSTP;
}

/* What the line discipline asked for. */
static void handle_events(struct tty *tty)
{
	unsigned events = tty->ldisc.events;

	tty->ldisc.events = 0;
	if ((events & LDISC_FLUSH) && tty->ops->flush_output)
		tty->ops->flush_output(tty);
	if (events & LDISC_SIGNAL)
		tty_signal_foreground(tty, signal_of_key(tty->ldisc.signal_key));
	if (events & (LDISC_FLOW | LDISC_FLUSH))
		tty_apply_flow(tty);
	if (events & LDISC_WAKE)
		waitq_wake_key(&tty->read_wait, EPOLLIN | EPOLLRDNORM);
}

/* Tells the other end of the line to wait or to go on, where software flow control is on. */
static void tell_sender(struct tty *tty)
{
	bool full = ring_used(&tty->input) > TTY_INPUT / 2;

	if (full == tty->told_to_stop || !tty->ops->send_urgent)
		return;
	if (full && !(tty->ldisc.termios.c_iflag & IXOFF))
		return;
	tty->told_to_stop = full;
	tty->ops->send_urgent(tty, tty->ldisc.termios.c_cc[full ? VSTOP : VSTART]);
}

void tty_process_input_locked(struct tty *tty)
{
	uint32_t n, used, echoes;
	uint8_t *p;

	assert(mutex_held(&tty->lock));
	for (uint32_t breaks = atomic_exchange(&tty->breaks, 0); breaks > 0; breaks--)
		ldisc_receive_break(&tty->ldisc);
	do {
		n = ring_data_span(&tty->input, &p);
		used = (uint32_t)ldisc_receive(&tty->ldisc, p, n);
		ring_consume(&tty->input, used);
		if (tty->ldisc.events)
			handle_events(tty);
		echoes = ring_used(&tty->ldisc.echo);
		tty_flush_echo(tty);
		echoes -= ring_used(&tty->ldisc.echo);
	} while (used || echoes);
	tell_sender(tty);
	if (atomic_load(&tty->input_refused) && ring_room(&tty->input) >= TTY_INPUT / 2) {
		atomic_store(&tty->input_refused, false);
		if (tty->ops->resume_input)
			tty->ops->resume_input(tty);
	}
}

void tty_process_input(struct tty *tty)
{
	mutex_lock(&tty->lock);
	tty_process_input_locked(tty);
	mutex_unlock(&tty->lock);
}

void tty_flush_input(struct tty *tty)
{
	assert(mutex_held(&tty->lock));
	ldisc_flush_input(&tty->ldisc);
	ring_clear(&tty->input);
	if (tty->ops->tell)
		tty->ops->tell(tty, TIOCPKT_FLUSHREAD);
	tty_process_input_locked(tty);
}

int tty_drain(struct tty *tty, const struct tty_file *tf)
{
	nsec_t look_again;
	int error;

	if (!tty->ops->unsent)
		return 0;
	while (tty->ops->unsent(tty) > 0 && !tty_file_hung_up(tf)) {
		look_again = clock_now() + NSEC_PER_SEC / 200; /* nobody tells when the device's own buffer is empty */
		error = wait_event_interruptible_until(&tty->write_wait,
						       !tty->ops->unsent(tty) || tty_file_hung_up(tf),
						       look_again);
		if (error == -ERESTARTSYS)
			return error;
	}
	return tty_file_hung_up(tf) ? -EIO : 0;
}

void tty_hangup(struct tty *tty)
{
	atomic_inc(&tty->generation);
	mutex_lock(&tty->lock);
	tty_flush_input(tty);
	ldisc_release(&tty->ldisc);
	tty_apply_flow(tty);
	mutex_unlock(&tty->lock);
	waitq_wake_all(&tty->read_wait);
	waitq_wake_all(&tty->write_wait);
}

/* What ps and others make names of terminals from. */
PROC_CONSTANT(tty_drivers, "tty/drivers",
	      "/dev/tty             /dev/tty        5       0 system:/dev/tty\n"
	      "/dev/console         /dev/console    5       1 system:console\n"
	      "/dev/ptmx            /dev/ptmx       5       2 system\n"
	      "/dev/vc/0            /dev/vc/0       4       0 system:vtmaster\n"
	      "serial               /dev/ttyS       4 64-95 serial\n"
	      "pty_slave            /dev/pts      136 0-1048575 pty:slave\n"
	      "pty_master           /dev/ptm      128 0-1048575 pty:master\n"
	      "unknown              /dev/tty        4 1-63 console");
PROC_CONSTANT(tty_ldiscs, "tty/ldiscs", "n_tty       0");
