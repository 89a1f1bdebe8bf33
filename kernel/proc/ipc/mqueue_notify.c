/* SPDX-License-Identifier: MIT */
/*
 * proc/ipc/mqueue_notify.c: mq_notify(3): one process is told, once, that a message
 * came into an empty queue for which nobody waited: by a signal, or by a cookie
 * through a netlink socket, from which the C library makes a thread. The sockets are
 * net/'s, which sets the functions that reach them.
 */
#include "hal/clock.h"
#include "lib/string.h"
#include "proc/ipc/mqueue.h"
#include "fs/cred.h"

static const struct mqueue_socket_ops *socket_ops; /* atomic; immutable once set, by who makes the first such socket */

void mqueue_set_socket_ops(const struct mqueue_socket_ops *ops)
{
	WRITE_ONCE(socket_ops, ops);
}

int mqueue_find_socket(int fd, void **socket)
{
	struct file *f = files_lookup(task_current()->files, fd, false);
	int result;

	if (!f)
		return -EBADF;
	result = S_ISSOCK(f->inode->mode) ? -EINVAL : -ENOTSOCK;
	if (READ_ONCE(socket_ops))
		result = socket_ops->get(f, socket);
	file_put(f);
	return result;
}

void mqueue_notify_release(struct mqueue_notify *n)
{
	if (n->owner)
		pid_put(n->owner);
	if (n->owner && n->socket)
		socket_ops->put(n->socket);
	n->owner = NULL;
}

void mqueue_take_notify(struct mqueue *q, struct mqueue_notify *n)
{
	assert_held(&q->lock);
	*n = q->notify;
	q->notify.owner = NULL;
}

static void send_signal(const struct mqueue_notify *n)
{
	siginfo_t info = { .si_signo = n->signo, .si_code = SI_MESGQ };
	struct process *p;

	info.si_value = n->value;
	info.si_pid = process_current()->pid->number;
	info.si_uid = cred_current()->uid;
	p = process_find(n->owner->number);
	if (p) {
		signal_send_process(p, n->signo, &info);
		process_put(p);
	}
}

void mqueue_tell(struct mqueue_notify *n, bool removed)
{
	if (!n->owner)
		return;
	if (n->kind == SIGEV_SIGNAL && !removed && n->signo)
		send_signal(n);
	if (n->kind == SIGEV_THREAD) {
		n->cookie[MQUEUE_COOKIE - 1] = removed ? NOTIFY_REMOVED : NOTIFY_WOKENUP;
		socket_ops->send(n->socket, n->cookie, MQUEUE_COOKIE);
	}
	mqueue_notify_release(n);
}

int mqueue_set_notify(struct mqueue *q, struct mqueue_notify *n)
{
	struct mqueue_notify old = { .owner = NULL };
	int result = 0;

	spin_lock(&q->lock);
	if (!n) {
		if (q->notify.owner && q->notify.owner == process_current()->pid)
			mqueue_take_notify(q, &old);
	} else if (q->notify.owner) {
		result = -EBUSY;
	} else {
		q->notify = *n;
	}
	spin_unlock(&q->lock);
	mqueue_tell(&old, true);
	if (n && !result)
		inode_touch(q->inode, ATTR_ATIME | ATTR_CTIME);
	return result;
}
