/* SPDX-License-Identifier: MIT */
/*
 * The master of a pseudo-terminal: /dev/ptmx, each open of which makes a new pair,
 * and the ptmx inside of devpts, which is the same. See tty/pty.h.
 *
 * What the master writes goes through the line discipline in the writer's own
 * thread, so that a reader of the slave and the echo are there when the write
 * returns. Terminal commands given to the master are those of the slave, with
 * the few differences that tty_ioctl(2) and ioctl_tty(2) name.
 */
#include "dev/driver.h"
#include "fs/poll.h"
#include "fs/procfs.h"
#include "hal/usercopy.h"
#include "lib/format.h"
#include "mem/slab.h"
#include "tty/pty.h"
#include <linux/fcntl.h>
#include <linux/tty.h>

static struct pty *pty_of_file(const struct file *f)
{
	return pty_of(((struct tty_file *)f->data)->tty);
}

static int ptmx_open(struct inode *inode, struct file *f)
{
	/* As the terminal functions see the master: a file that no hang-up reaches. */
	struct tty_file *tf = kmalloc(sizeof(*tf), ALLOC_KERNEL);
	struct path root;
	struct pty *pty;
	int error = tf ? devpts_find(f, &root) : -ENOMEM;

	if (!error) {
		error = devpts_create(root.mount->sb, f->cred, &pty);
		path_put(&root);
	}
	if (error) {
		kfree(tf);
		return error;
	}
	*tf = (struct tty_file){ .tty = &pty->tty, .console = true };
	f->data = tf;
	return 0;
}

static void ptmx_release(struct file *f)
{
	struct pty *pty = pty_of_file(f);

	devpts_remove(pty);
	pty_hang_up(pty);
	tty_put(&pty->tty);
	kfree(f->data);
}

static bool is_readable(const struct pty *pty)
{
	return ring_used(&pty->output) || READ_ONCE(pty->status);
}

/* Copies bytes of the slave's; the number. *fault: user memory was not there. tty.lock held. */
static size_t read_output(struct pty *pty, struct iter *to, bool *fault)
{
	size_t done = 0, n, put;
	uint8_t *p;

	while (to->count && !*fault && (n = ring_data_span(&pty->output, &p)) != 0) {
		n = min(n, to->count);
		put = iter_put_atomic(to, p, n);
		ring_consume(&pty->output, (uint32_t)put);
		*fault = put < n;
		done += put;
	}
	return done;
}

/* In packet mode a byte comes before all else: what happened, or 0 for data. */
static size_t read_packet(struct pty *pty, struct iter *to, bool *fault)
{
	struct iter before = *to;
	uint8_t status = pty->status;
	size_t n;

	if (!status && !ring_used(&pty->output))
		return 0;
	*fault = iter_put_atomic(to, &status, 1) == 0;
	if (*fault)
		return 0;
	if (status) {
		pty->status = 0;
		return 1;
	}
	n = read_output(pty, to, fault);
	if (!n && *fault)
		iter_restore(to, &before); /* the byte goes with the data */
	return n ? n + 1 : *fault ? 0 : 1;
}

static size_t read_step(struct pty *pty, struct iter *to, bool *fault)
{
	struct tty *tty = &pty->tty;
	size_t n;

	mutex_lock(&tty->lock);
	n = pty->packet ? read_packet(pty, to, fault) : read_output(pty, to, fault);
	if (n && ring_used(&tty->ldisc.echo))
		tty_process_input_locked(tty); /* echoes waited for room */
	mutex_unlock(&tty->lock);
	if (n)
		tty_output_ready(tty);
	return n;
}

static ssize_t ptmx_read(struct io *io, struct iter *to)
{
	struct pty *pty = pty_of_file(io->file);

	while (to->count) {
		bool fault = false, gone = atomic_load(&pty->slave_gone);
		size_t n = read_step(pty, to, &fault);
		int error;

		if (n)
			return (ssize_t)n;
		if (fault)
			error = iter_fault_in(to, min_t(size_t, to->count, PTY_OUTPUT));
		else if (gone)
			error = -EIO;
		else if (io->flags & IO_NOWAIT)
			error = -EAGAIN;
		else
			error = wait_event_interruptible(&pty->master_read,
							 is_readable(pty) || atomic_load(&pty->slave_gone));
		if (error)
			return error;
	}
	return 0;
}

/* Gives bytes to the line discipline; the number. *fault as above. */
static size_t write_step(struct pty *pty, struct iter *from, bool *fault)
{
	struct tty *tty = &pty->tty;
	size_t n = min_t(size_t, from->count, TTY_SCRATCH);
	uint64_t irq;

	MUTEX_GUARD(&tty->lock);
	n = min_t(size_t, n, tty_input_room(tty));
	if (!n) {
		atomic_store(&tty->input_refused, true);
		tty_process_input_locked(tty); /* it may have become room meanwhile: then we are told */
		return 0;
	}
	n = iter_take_atomic(from, tty->scratch_in, n);
	*fault = n == 0;
	irq = spin_lock_irq(&tty->input_lock);
	ring_write(&tty->input, tty->scratch_in, n);
	spin_unlock_irq(&tty->input_lock, irq);
	tty_process_input_locked(tty);
	return n;
}

static ssize_t ptmx_write(struct io *io, struct iter *from)
{
	struct pty *pty = pty_of_file(io->file);
	size_t total = from->count;
	int error = 0;

	while (from->count && !error) {
		bool fault = false;

		if (write_step(pty, from, &fault))
			continue;
		else if (fault)
			error = iter_fault_in(from, min_t(size_t, from->count, TTY_SCRATCH));
		else if (io->flags & IO_NOWAIT)
			error = -EAGAIN;
		else
			error = wait_event_interruptible(&pty->master_write, tty_input_room(&pty->tty));
	}
	return from->count < total ? (ssize_t)(total - from->count) : error;
}

static uint32_t ptmx_poll(struct file *f, struct poll_table *pt)
{
	struct pty *pty = pty_of_file(f);
	uint32_t events = 0;

	poll_wait(pt, &pty->master_read);
	poll_wait(pt, &pty->master_write);
	if (is_readable(pty))
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(pty->status))
		events |= EPOLLPRI;
	if (atomic_load(&pty->slave_gone))
		events |= EPOLLHUP;
	if (tty_input_room(&pty->tty))
		events |= EPOLLOUT | EPOLLWRNORM;
	else
		tty_input_refuse(&pty->tty); /* who waits is told when there is room again */
	return events;
}

static int64_t put_int(uaddr_t arg, int value)
{
	return copy_to_user(arg, &value, sizeof(value));
}

static int64_t set_locked(struct pty *pty, uaddr_t arg)
{
	int on;

	if (copy_from_user(&on, arg, sizeof(on)))
		return -EFAULT;
	atomic_store(&pty->locked, on != 0);
	return 0;
}

/* TIOCPKT */
static int64_t set_packet(struct pty *pty, uaddr_t arg)
{
	int on;

	if (copy_from_user(&on, arg, sizeof(on)))
		return -EFAULT;
	MUTEX_GUARD(&pty->tty.lock);
	if (on && !pty->packet)
		pty->status = 0;
	pty->packet = on != 0;
	if (!on)
		pty->status = 0;
	return 0;
}

/* TIOCSIG: as if the key had been typed at the slave. */
static int64_t send_signal(struct pty *pty, uint64_t sig)
{
	if (sig < 1 || sig > 64)
		return -EINVAL;
	tty_signal_foreground(&pty->tty, (int)sig);
	return 0;
}

/* TIOCGPTPEER: the slave without its name, which may not be reachable from here. */
static int64_t open_peer(struct file *f, unsigned flags)
{
	struct files *files = task_current()->files;
	struct path root, path;
	struct walk w = { .cred = f->cred };
	struct file *peer;
	char name[12];
	int fd, error = devpts_find(f, &root);

	if (error)
		return error;
	w.start = w.root = root;
	format(name, sizeof(name), "%u", pty_of_file(f)->index);
	error = path_lookup(&w, name, &path);
	path_put(&root);
	if (error)
		return error;
	fd = files_reserve(files, 0, process_limit(RLIMIT_NOFILE), flags & O_CLOEXEC);
	error = fd < 0 ? fd : file_open_path(&path, flags, f->cred, &peer);
	path_put(&path);
	if (!error)
		files_install(files, fd, peer);
	else if (fd >= 0)
		files_unreserve(files, fd);
	return error ? error : fd;
}

/* TCFLSH: the master's input is what the slave wrote, its output what the slave has not seen yet. */
static int64_t flush(struct pty *pty, uint64_t which)
{
	struct tty *tty = &pty->tty;

	if (which != TCIFLUSH && which != TCOFLUSH && which != TCIOFLUSH)
		return -EINVAL;
	mutex_lock(&tty->lock);
	if (which != TCOFLUSH)
		ring_clear(&pty->output);
	if (which != TCIFLUSH)
		ring_clear(&tty->input);
	mutex_unlock(&tty->lock);
	tty_output_ready(tty);
	return 0;
}

static int64_t ptmx_ioctl(struct file *f, unsigned cmd, uint64_t arg)
{
	struct pty *pty = pty_of_file(f);

	switch (cmd) {
	case TIOCGPTN:	  return put_int(arg, (int)pty->index);
	case TIOCSPTLCK:  return set_locked(pty, arg);
	case TIOCGPTLCK:  return put_int(arg, atomic_load(&pty->locked));
	case TIOCPKT:	  return set_packet(pty, arg);
	case TIOCGPKT:	  return put_int(arg, READ_ONCE(pty->packet));
	case TIOCSIG:	  return send_signal(pty, arg);
	case TIOCGPTPEER: return open_peer(f, (unsigned)arg);
	case TIOCINQ:	  return put_int(arg, (int)ring_used(&pty->output));
	case TCFLSH:	  return flush(pty, arg);
	case TIOCNOTTY:	  return -ENOTTY; /* nobody's controlling terminal */
	case TIOCGPGRP:
	case TIOCGSID:	  return tty_jobs_master_ioctl(&pty->tty, cmd, arg);
	}
	return tty_ioctl(f, cmd, arg);
}

const struct file_ops ptmx_file_ops = {
	.open = ptmx_open,
	.release = ptmx_release,
	.read = ptmx_read,
	.write = ptmx_write,
	.poll = ptmx_poll,
	.ioctl = ptmx_ioctl,
};

static int max_show(struct text *t)
{
	text_printf(t, "%u\n", PTY_MAX);
	return 0;
}

static int count_show(struct text *t)
{
	text_printf(t, "%u\n", devpts_count());
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, pty_max) = { "sys/kernel/pty/max", 0444, max_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, pty_nr) = { "sys/kernel/pty/nr", 0444, count_show, NULL };

static struct device_node ptmx_node = { .name = "ptmx", .mode = S_IFCHR | 0666, .ops = &ptmx_file_ops };

static int ptmx_init(void)
{
	ptmx_node.rdev = device_number(5, 2);
	return device_register(&ptmx_node);
}

TABLE_ENTRY(drivers, struct driver, ptmx) = { "ptmx", DRIVER_DEVICE, ptmx_init };
