/* SPDX-License-Identifier: MIT */
/*
 * proc/pidfd.c: descriptors of processes (pidfd_open(2), CLONE_PIDFD). Such a file
 * holds the process's struct pid, and with that its number: while it is open nobody
 * else gets it. It is readable once the process has ended.
 */
#include "fs/poll.h"
#include "lib/format.h"
#include "proc/internal.h"
#include <linux/fcntl.h>

/* The process may go at any time; its memory stays for an RCU reader. */
static bool has_ended(const struct pid *pid)
{
	const struct process *p;

	rcu_read_lock();
	p = rcu_dereference(pid->process);
	bool ended = !p || READ_ONCE(p->zombie);
	rcu_read_unlock();
	return ended;
}

static uint32_t pidfd_poll(struct file *f, struct poll_table *pt)
{
	struct pid *pid = f->data;

	poll_wait(pt, &pid->end_wait);
	return has_ended(pid) ? EPOLLIN | EPOLLRDNORM : 0;
}

static void pidfd_release(struct file *f)
{
	pid_put(f->data);
}

static void pidfd_show(struct file *f, char *buf, size_t size)
{
	const struct pid *pid = f->data;
	int number = rcu_dereference(pid->process) ? pid->number : -1;

	format(buf, size, "Pid:\t%d\nNSpid:\t%d\n", number, number);
}

static const struct file_ops pidfd_ops = {
	.poll = pidfd_poll,
	.release = pidfd_release,
	.show_fdinfo = pidfd_show,
};

int pidfd_create_file(struct pid *pid, uint32_t flags, struct file **out)
{
	int error;

	pid_get(pid);
	error = file_create_anonymous("anon_inode:[pidfd]", &pidfd_ops, pid, O_RDWR | (flags & O_NONBLOCK), out);
	if (error)
		pid_put(pid);
	return error;
}

struct pid *pidfd_pid(const struct file *f)
{
	return f->ops == &pidfd_ops ? f->data : NULL;
}

int pidfd_open_process(int number, struct pid **out)
{
	struct pid *pid;
	int result = 0;

	rcu_read_lock();
	pid = pid_find(number);
	if (!pid || (!rcu_dereference(pid->process) && !rcu_dereference(pid->task)))
		result = -ESRCH;
	else if (!rcu_dereference(pid->process))
		result = -EINVAL;
	else if (!refcount_get_unless_zero(&pid->refs))
		result = -ESRCH;
	rcu_read_unlock();
	*out = pid;
	return result;
}
