/* SPDX-License-Identifier: MIT */
/*
 * The other commands of terminals: window size, counts of bytes, breaks, modem
 * lines, exclusive use. Settings are in tty_termios.c, job control in
 * tty_jobs.c, and what only one device knows in its driver.
 */
#include "hal/clock.h"
#include "hal/usercopy.h"
#include "tty/tty.h"
#include <linux/capability.h>
#include <linux/tty.h>

static int64_t put_int(uaddr_t arg, int value)
{
	return copy_to_user(arg, &value, sizeof(value));
}

static int64_t get_window(struct tty *tty, uaddr_t arg)
{
	struct winsize w;

	mutex_lock(&tty->lock);
	w = tty->window;
	mutex_unlock(&tty->lock);
	return copy_to_user(arg, &w, sizeof(w));
}

static int64_t set_window(struct tty *tty, uaddr_t arg)
{
	struct winsize w;
	bool changed;

	if (copy_from_user(&w, arg, sizeof(w)))
		return -EFAULT;
	mutex_lock(&tty->lock);
	changed = memcmp(&w, &tty->window, sizeof(w)) != 0;
	tty->window = w;
	mutex_unlock(&tty->lock);
	if (changed)
		tty_signal_foreground(tty, SIGWINCH);
	return 0;
}

static int64_t input_count(struct tty *tty, uaddr_t arg)
{
	size_t n;

	mutex_lock(&tty->lock);
	tty_process_input_locked(tty);
	n = ldisc_pending(&tty->ldisc);
	mutex_unlock(&tty->lock);
	return put_int(arg, (int)n);
}

/* TIOCSTI: as if it had been typed. */
static int64_t fake_input(struct tty *tty, uaddr_t arg)
{
	uint8_t c;

	if (!tty_is_controlling(tty) && !cred_capable(cred_current(), CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&c, arg, 1))
		return -EFAULT;
	mutex_lock(&tty->lock);
	tty_process_input_locked(tty);
	ldisc_receive(&tty->ldisc, &c, 1);
	tty_process_input_locked(tty); /* for what that set off */
	mutex_unlock(&tty->lock);
	return 0;
}

/* A break of so many milliseconds after all output. */
static int64_t send_break(struct tty *tty, const struct tty_file *tf, unsigned ms)
{
	int error = tty_check_change(tty, SIGTTOU);

	if (!error)
		error = tty_drain(tty, tf);
	if (error || !ms || !tty->ops->set_break)
		return error;
	tty->ops->set_break(tty, true);
	error = sleep_until(clock_now() + ms * (NSEC_PER_SEC / 1000), 0);
	tty->ops->set_break(tty, false);
	return error;
}

static int64_t set_break(struct tty *tty, bool on)
{
	int error = tty_check_change(tty, SIGTTOU);

	if (!error && tty->ops->set_break)
		tty->ops->set_break(tty, on);
	return error;
}

static int64_t set_modem(struct tty *tty, unsigned cmd, uaddr_t arg)
{
	unsigned lines, old;

	if (!tty->ops->set_modem)
		return -ENOTTY;
	if (copy_from_user(&lines, arg, sizeof(lines)))
		return -EFAULT;
	old = tty->ops->get_modem(tty);
	if (cmd == TIOCMBIS)
		lines |= old;
	else if (cmd == TIOCMBIC)
		lines = old & ~lines;
	tty->ops->set_modem(tty, lines);
	return 0;
}

static int64_t set_discipline(struct tty *tty, uaddr_t arg)
{
	int number;

	if (copy_from_user(&number, arg, sizeof(number)))
		return -EFAULT;
	return number == N_TTY ? 0 : -EINVAL;
}

static int64_t hang_up(struct tty *tty)
{
	if (!cred_capable(cred_current(), CAP_SYS_ADMIN))
		return -EPERM;
	tty_hangup(tty);
	tty_jobs_hangup(tty, false);
	return 0;
}

static int64_t device_ioctl(struct tty *tty, unsigned cmd, uint64_t arg)
{
	return tty->ops->ioctl ? tty->ops->ioctl(tty, cmd, arg) : -ENOTTY;
}

static int64_t misc_ioctl(struct tty *tty, const struct tty_file *tf, unsigned cmd, uint64_t arg)
{
	switch (cmd) {
	case TIOCGWINSZ: return get_window(tty, arg);
	case TIOCSWINSZ: return set_window(tty, arg);
	case TIOCINQ:	 return input_count(tty, arg);
	case TIOCOUTQ:	 return put_int(arg, tty->ops->unsent ? (int)tty->ops->unsent(tty) : 0);
	case TIOCSTI:	 return fake_input(tty, arg);
	case TCSBRK:	 return send_break(tty, tf, arg ? 0 : 250);
	case TCSBRKP:	 return send_break(tty, tf, arg ? (unsigned)min_t(uint64_t, arg, 600) * 100 : 250);
	case TIOCSBRK:	 return set_break(tty, true);
	case TIOCCBRK:	 return set_break(tty, false);
	case TIOCMGET:	 return tty->ops->get_modem ? put_int(arg, (int)tty->ops->get_modem(tty)) : -ENOTTY;
	case TIOCMSET:
	case TIOCMBIS:
	case TIOCMBIC:	 return set_modem(tty, cmd, arg);
	case TIOCEXCL:
	case TIOCNXCL:	 atomic_store(&tty->exclusive, cmd == TIOCEXCL); return 0;
	case TIOCGEXCL:	 return put_int(arg, atomic_load(&tty->exclusive));
	case TIOCGETD:	 return put_int(arg, N_TTY);
	case TIOCSETD:	 return set_discipline(tty, arg);
	case TIOCGDEV:	 return put_int(arg, (int)tty->node.rdev);
	case TIOCVHANGUP: return hang_up(tty);
	}
	return device_ioctl(tty, cmd, arg);
}

int64_t tty_ioctl(struct file *f, unsigned cmd, uint64_t arg)
{
	const struct tty_file *tf = f->data;
	int64_t result;

	if (tty_file_hung_up(tf))
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	switch (cmd) {
	case TIOCSCTTY:
	case TIOCNOTTY:
	case TIOCGPGRP:
	case TIOCSPGRP:
	case TIOCGSID:
		return tty_jobs_ioctl(tf->tty, f, cmd, arg);
	}
	result = tty_termios_ioctl(tf->tty, tf, cmd, arg);
	return result == -ENOTTY ? misc_ioctl(tf->tty, tf, cmd, arg) : result;
}
