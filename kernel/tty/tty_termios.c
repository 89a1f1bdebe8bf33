/* SPDX-License-Identifier: MIT */
/*
 * Settings of a terminal: the four forms in which programs read and write them,
 * speeds, and what goes with settings (draining, flushing, holding output). The
 * settings themselves are the line discipline's, guarded by tty->lock.
 */
#include "hal/usercopy.h"
#include "tty/tty.h"
#include <linux/capability.h>

/* Speeds by their code in c_cflag: B0 to B38400, then from B57600 on those with CBAUDEX. */
static const uint32_t speeds[] = { 0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400 };
static const uint32_t high_speeds[] = { 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000,
					1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000 };

static uint32_t speed_of_code(uint32_t code, uint32_t other)
{
	if (code == BOTHER)
		return other;
	if (!(code & CBAUDEX))
		return speeds[code];
	return high_speeds[min_t(size_t, (code & ~(uint32_t)CBAUDEX) - 1, ARRAY_SIZE(high_speeds) - 1)];
}

uint32_t tty_termios_speed(const struct termios2 *t)
{
	return speed_of_code(t->c_cflag & CBAUD, t->c_ospeed);
}

uint32_t tty_speed_code(uint32_t speed)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(speeds); i++)
		if (speeds[i] == speed)
			return i;
	for (uint32_t i = 0; i < ARRAY_SIZE(high_speeds); i++)
		if (high_speeds[i] == speed)
			return CBAUDEX | (i + 1);
	return BOTHER;
}

/* Input speed code 0 means as output. */
static void fill_speeds(struct termios2 *t)
{
	uint32_t input = t->c_cflag >> IBSHIFT & CBAUD;

	t->c_ospeed = tty_termios_speed(t);
	t->c_ispeed = input ? speed_of_code(input, t->c_ispeed) : t->c_ospeed;
}

enum form { FORM_TERMIO, FORM_TERMIOS, FORM_TERMIOS2 };
enum { AFTER_OUTPUT = 1, FLUSH_INPUT = 2 };

/* Reads one of the forms over what is set now. */
static int copy_in(struct termios2 *t, enum form form, uaddr_t arg)
{
	struct termio old;

	if (form == FORM_TERMIOS2)
		return copy_from_user(t, arg, sizeof(*t));
	if (form == FORM_TERMIOS)
		return copy_from_user(t, arg, sizeof(struct termios));
	if (copy_from_user(&old, arg, sizeof(old)))
		return -EFAULT;
	t->c_iflag = (t->c_iflag & 0xffff0000) | old.c_iflag;
	t->c_oflag = (t->c_oflag & 0xffff0000) | old.c_oflag;
	t->c_cflag = (t->c_cflag & 0xffff0000) | old.c_cflag;
	t->c_lflag = (t->c_lflag & 0xffff0000) | old.c_lflag;
	memcpy(t->c_cc, old.c_cc, sizeof(old.c_cc));
	return 0;
}

static int copy_out(const struct termios2 *t, enum form form, uaddr_t arg)
{
	struct termio old = { 0 };

	if (form == FORM_TERMIOS2)
		return copy_to_user(arg, t, sizeof(*t));
	if (form == FORM_TERMIOS)
		return copy_to_user(arg, t, sizeof(struct termios));
	old.c_iflag = (unsigned short)t->c_iflag;
	old.c_oflag = (unsigned short)t->c_oflag;
	old.c_cflag = (unsigned short)t->c_cflag;
	old.c_lflag = (unsigned short)t->c_lflag;
	old.c_line = t->c_line;
	memcpy(old.c_cc, t->c_cc, sizeof(old.c_cc));
	return copy_to_user(arg, &old, sizeof(old));
}

static int64_t get(struct tty *tty, enum form form, uaddr_t arg)
{
	struct termios2 t;

	mutex_lock(&tty->lock);
	t = tty->ldisc.termios;
	mutex_unlock(&tty->lock);
	return copy_out(&t, form, arg);
}

static uint32_t unless_locked(uint32_t old, uint32_t new, uint32_t locked)
{
	return (new & ~locked) | (old & locked);
}

/* The new settings, but what TIOCSLCKTRMIOS locked stays as it is. */
static struct termios2 permitted(const struct tty *tty, const struct termios2 *new)
{
	const struct termios2 *old = &tty->ldisc.termios, *locked = &tty->locked;
	struct termios2 t = *new;

	t.c_iflag = unless_locked(old->c_iflag, new->c_iflag, locked->c_iflag);
	t.c_oflag = unless_locked(old->c_oflag, new->c_oflag, locked->c_oflag);
	t.c_cflag = unless_locked(old->c_cflag, new->c_cflag, locked->c_cflag);
	t.c_lflag = unless_locked(old->c_lflag, new->c_lflag, locked->c_lflag);
	for (size_t i = 0; i < ARRAY_SIZE(t.c_cc); i++)
		if (locked->c_cc[i])
			t.c_cc[i] = old->c_cc[i];
	return t;
}

static void apply(struct tty *tty, const struct termios2 *wanted, unsigned how)
{
	struct termios2 old, new;

	mutex_lock(&tty->lock);
	if (how & FLUSH_INPUT)
		tty_flush_input(tty);
	old = tty->ldisc.termios;
	new = permitted(tty, wanted);
	ldisc_set_termios(&tty->ldisc, &new);
	if (tty->ops->set_termios)
		tty->ops->set_termios(tty, &old);
	tty_process_input_locked(tty); /* handles what the change set off */
	mutex_unlock(&tty->lock);
}

static int64_t set(struct tty *tty, const struct tty_file *tf, enum form form, unsigned how, uaddr_t arg)
{
	struct termios2 t;
	int error = tty_check_change(tty, SIGTTOU);

	if (error)
		return error;
	mutex_lock(&tty->lock);
	t = tty->ldisc.termios;
	mutex_unlock(&tty->lock);
	if (copy_in(&t, form, arg))
		return -EFAULT;
	fill_speeds(&t);
	t.c_line = 0;
	error = how & AFTER_OUTPUT ? tty_drain(tty, tf) : 0;
	if (error)
		return error;
	apply(tty, &t, how);
	return 0;
}

/* TIOCGLCKTRMIOS */
static int64_t get_locked(struct tty *tty, uaddr_t arg)
{
	struct termios2 t;

	mutex_lock(&tty->lock);
	t = tty->locked;
	mutex_unlock(&tty->lock);
	return copy_out(&t, FORM_TERMIOS, arg);
}

/* TIOCSLCKTRMIOS */
static int64_t set_locked(struct tty *tty, uaddr_t arg)
{
	struct termios2 t = { 0 };

	if (!cred_capable(cred_current(), CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_in(&t, FORM_TERMIOS, arg))
		return -EFAULT;
	MUTEX_GUARD(&tty->lock);
	tty->locked = t;
	return 0;
}

/* TCFLSH */
static int64_t flush(struct tty *tty, uint64_t which)
{
	int error = tty_check_change(tty, SIGTTOU);

	if (error)
		return error;
	if (which != TCIFLUSH && which != TCOFLUSH && which != TCIOFLUSH)
		return -EINVAL;
	MUTEX_GUARD(&tty->lock);
	if (which != TCOFLUSH)
		tty_flush_input(tty);
	if (which != TCIFLUSH && tty->ops->flush_output)
		tty->ops->flush_output(tty);
	return 0;
}

/* TCXONC */
static int64_t flow(struct tty *tty, uint64_t what)
{
	int error = tty_check_change(tty, SIGTTOU);

	if (error)
		return error;
	MUTEX_GUARD(&tty->lock);
	switch (what) {
	case TCOOFF:
	case TCOON:
		ldisc_hold(&tty->ldisc, what == TCOOFF);
		tty_process_input_locked(tty);
		return 0;
	case TCIOFF:
	case TCION:
		if (tty->ops->send_urgent)
			tty->ops->send_urgent(tty, tty->ldisc.termios.c_cc[what == TCIOFF ? VSTOP : VSTART]);
		return 0;
	}
	return -EINVAL;
}

/* TIOCSSOFTCAR: is the line local? */
static int64_t set_local(struct tty *tty, uaddr_t arg)
{
	struct termios2 t;
	int on;

	if (copy_from_user(&on, arg, sizeof(on)))
		return -EFAULT;
	mutex_lock(&tty->lock);
	t = tty->ldisc.termios;
	mutex_unlock(&tty->lock);
	t.c_cflag = on ? t.c_cflag | CLOCAL : t.c_cflag & ~(unsigned)CLOCAL;
	apply(tty, &t, 0);
	return 0;
}

static int64_t get_local(struct tty *tty, uaddr_t arg)
{
	int on = !!(READ_ONCE(tty->ldisc.termios.c_cflag) & CLOCAL);

	return copy_to_user(arg, &on, sizeof(on));
}

int64_t tty_termios_ioctl(struct tty *tty, const struct tty_file *tf, unsigned cmd, uint64_t arg)
{
	switch (cmd) {
	case TCGETA:	return get(tty, FORM_TERMIO, arg);
	case TCGETS:	return get(tty, FORM_TERMIOS, arg);
	case TCGETS2:	return get(tty, FORM_TERMIOS2, arg);
	case TCSETA:	return set(tty, tf, FORM_TERMIO, 0, arg);
	case TCSETAW:	return set(tty, tf, FORM_TERMIO, AFTER_OUTPUT, arg);
	case TCSETAF:	return set(tty, tf, FORM_TERMIO, AFTER_OUTPUT | FLUSH_INPUT, arg);
	case TCSETS:	return set(tty, tf, FORM_TERMIOS, 0, arg);
	case TCSETSW:	return set(tty, tf, FORM_TERMIOS, AFTER_OUTPUT, arg);
	case TCSETSF:	return set(tty, tf, FORM_TERMIOS, AFTER_OUTPUT | FLUSH_INPUT, arg);
	case TCSETS2:	return set(tty, tf, FORM_TERMIOS2, 0, arg);
	case TCSETSW2:	return set(tty, tf, FORM_TERMIOS2, AFTER_OUTPUT, arg);
	case TCSETSF2:	return set(tty, tf, FORM_TERMIOS2, AFTER_OUTPUT | FLUSH_INPUT, arg);
	case TIOCGSOFTCAR: return get_local(tty, arg);
	case TIOCSSOFTCAR: return set_local(tty, arg);
	case TIOCGLCKTRMIOS: return get_locked(tty, arg);
	case TIOCSLCKTRMIOS: return set_locked(tty, arg);
	case TCFLSH:	return flush(tty, arg);
	case TCXONC:	return flow(tty, arg);
	}
	return -ENOTTY;
}
