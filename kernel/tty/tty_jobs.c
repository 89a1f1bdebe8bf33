/* SPDX-License-Identifier: MIT */
/*
 * Job control: which session a terminal belongs to, which of its groups is in
 * the foreground, and what happens to the others (POSIX.1-2017, 11.1.1 to
 * 11.1.4).
 *
 * tty->state_lock guards the two counted pointers. Comparing them with the
 * running process's own needs no lock: what the terminal points to cannot be
 * freed meanwhile, and who is moved to another group while asking may get either
 * answer. proc/ keeps the other direction, from a session to its terminal.
 */
#include "hal/usercopy.h"
#include "tty/tty.h"
#include <linux/capability.h>

bool tty_is_controlling(struct tty *tty)
{
	struct task *t = task_current_or_null();

	return t && atomic_load(&tty->session) &&
	       atomic_load(&tty->session) == READ_ONCE(t->process->session);
}

static struct pid *get_counted(struct tty *tty, struct pid **field)
{
	SPIN_GUARD(&tty->state_lock);
	if (*field)
		pid_get(*field);
	return *field;
}

/* Puts in a counted group or session (or NULL), gives back the old one. */
static struct pid *exchange(struct tty *tty, struct pid **field, struct pid *new)
{
	SPIN_GUARD(&tty->state_lock);
	return atomic_exchange(field, new);
}

void tty_signal_foreground(struct tty *tty, int sig)
{
	struct pid *group = get_counted(tty, &tty->foreground);

	if (!group)
		return;
	signal_send_group(group, sig, NULL);
	pid_put(group);
}

/* Would the signal do nothing to the running thread? */
static bool signal_is_useless(int sig)
{
	return signal_is_blocked(task_current(), sig) || signal_is_ignored(process_current(), sig);
}

static int stop_background(int sig)
{
	struct pid *group;
	int result = -ERESTARTSYS;

	if (signal_is_useless(sig))
		return sig == SIGTTIN ? -EIO : 0;
	group = process_get_group();
	if (process_group_orphaned(group))
		result = -EIO;
	else
		signal_send_group(group, sig, NULL);
	pid_put(group);
	return result;
}

int tty_check_change(struct tty *tty, int sig)
{
	struct pid *foreground = atomic_load(&tty->foreground);

	if (!tty_is_controlling(tty) || !foreground || foreground == READ_ONCE(process_current()->group))
		return 0;
	return stop_background(sig);
}

/* The running session's terminal from now on. 0, -EPERM (it has one, or is not led by the caller), -ENOMEM. */
static int take_terminal(struct tty *tty)
{
	struct pid *session = process_get_session(), *group = process_get_group();
	bool free;
	int error;

	spin_lock(&tty->state_lock);
	free = !tty->session;
	if (free) {
		atomic_store(&tty->session, session);
		atomic_store(&tty->foreground, group);
	}
	spin_unlock(&tty->state_lock);
	error = free ? session_set_terminal(&tty->terminal) : -EPERM;
	if (!error)
		return 0;
	pid_put(free ? exchange(tty, &tty->session, NULL) : session);
	pid_put(free ? exchange(tty, &tty->foreground, NULL) : group);
	return error;
}

/* A failure leaves the file open without it being the controlling terminal. */
void tty_jobs_open(struct tty *tty, struct file *f)
{
	if (task_current_or_null() && (f->mode & FILE_READ) && session_is_leader() &&
	    !atomic_load(&tty->session))
		take_terminal(tty);
}

/* Ends the terminal's being that of a session: the pointers, both ways. */
static void release_session(struct tty *tty)
{
	struct pid *session = exchange(tty, &tty->session, NULL);
	struct pid *group = exchange(tty, &tty->foreground, NULL);

	if (session)
		session_clear_terminal(session);
	pid_put(session);
	pid_put(group);
}

void tty_jobs_hangup(struct tty *tty, bool leader_exits)
{
	struct pid *session = get_counted(tty, &tty->session);
	struct process *leader = session && !leader_exits ? process_find(session->number) : NULL;

	if (leader) {
		signal_send_process(leader, SIGHUP, NULL);
		signal_send_process(leader, SIGCONT, NULL);
		process_put(leader);
	}
	if (leader_exits)
		tty_signal_foreground(tty, SIGHUP);
	pid_put(session);
	release_session(tty);
}

static void terminal_get(void *terminal)
{
	tty_get(terminal);
}

static void terminal_put(void *terminal)
{
	tty_put(terminal);
}

static void terminal_leader_exits(void *terminal, struct pid *session)
{
	struct tty *tty = terminal;

	if (atomic_load(&tty->session) != session)
		return;
	if (tty->hangs_up)
		tty_hangup(tty);
	tty_jobs_hangup(tty, true);
}

static void terminal_describe(void *terminal, uint64_t *rdev, int *foreground_group)
{
	struct tty *tty = terminal;

	SPIN_GUARD(&tty->state_lock);
	*rdev = tty->node.rdev;
	*foreground_group = tty->foreground ? tty->foreground->number : -1;
}

const struct session_terminal tty_session_ops = {
	.get = terminal_get,
	.put = terminal_put,
	.leader_exits = terminal_leader_exits,
	.describe = terminal_describe,
};

/* TIOCSCTTY */
static int64_t set_controlling(struct tty *tty, struct file *f, uint64_t steal)
{
	if (session_is_leader() && tty_is_controlling(tty))
		return 0;
	if (!session_is_leader())
		return -EPERM;
	if (!(f->mode & FILE_READ) && !cred_capable(cred_current(), CAP_SYS_ADMIN))
		return -EPERM;
	if (steal == 1 && cred_capable(cred_current(), CAP_SYS_ADMIN))
		release_session(tty);
	return take_terminal(tty);
}

/* TIOCNOTTY. Only the leader takes its session along; others keep what belongs to the session. */
static int64_t give_up_controlling(struct tty *tty)
{
	if (!tty_is_controlling(tty))
		return -ENOTTY;
	if (!session_is_leader())
		return 0;
	tty_signal_foreground(tty, SIGHUP);
	tty_signal_foreground(tty, SIGCONT);
	release_session(tty);
	return 0;
}

/* The group of that number if it belongs to the running session: counted. */
static int find_own_group(int number, struct pid **out)
{
	struct process *member;

	SPIN_GUARD(&process_tree_lock);
	struct pid *group = pid_find(number);

	if (!group || list_empty(&group->group_members))
		return -ESRCH;
	member = list_first_entry(&group->group_members, struct process, group_link);
	if (member->session != process_current()->session)
		return -EPERM;
	pid_get(group);
	*out = group;
	return 0;
}

/* TIOCSPGRP */
static int64_t set_foreground(struct tty *tty, uaddr_t arg)
{
	struct pid *group;
	int number;
	int error = tty_check_change(tty, SIGTTOU);

	if (error == -EIO || (!error && !tty_is_controlling(tty)))
		return -ENOTTY;
	if (error)
		return error;
	if (copy_from_user(&number, arg, sizeof(number)))
		return -EFAULT;
	if (number < 0)
		return -EINVAL;
	error = find_own_group(number, &group);
	if (error)
		return error;
	pid_put(exchange(tty, &tty->foreground, group));
	return 0;
}

static int64_t put_number(struct pid *counted, uaddr_t arg)
{
	int number = counted ? counted->number : 0;

	pid_put(counted);
	return copy_to_user(arg, &number, sizeof(number));
}

/* TIOCGPGRP and TIOCGSID: the number behind a field, 0 for none. */
static int64_t get_number(struct tty *tty, struct pid **field, uaddr_t arg)
{
	if (!tty_is_controlling(tty))
		return -ENOTTY;
	return put_number(get_counted(tty, field), arg);
}

int64_t tty_jobs_master_ioctl(struct tty *tty, unsigned cmd, uint64_t arg)
{
	if (cmd == TIOCGPGRP)
		return put_number(get_counted(tty, &tty->foreground), arg);
	return atomic_load(&tty->session) ? put_number(get_counted(tty, &tty->session), arg) : -ENOTTY;
}

int64_t tty_jobs_ioctl(struct tty *tty, struct file *f, unsigned cmd, uint64_t arg)
{
	switch (cmd) {
	case TIOCSCTTY:
		return set_controlling(tty, f, arg);
	case TIOCNOTTY:
		return give_up_controlling(tty);
	case TIOCGPGRP:
		return get_number(tty, &tty->foreground, arg);
	case TIOCSPGRP:
		return set_foreground(tty, arg);
	case TIOCGSID:
		return get_number(tty, &tty->session, arg);
	}
	return -ENOTTY;
}
