/* SPDX-License-Identifier: MIT */
/*
 * syscall/mqueue.c: POSIX message queues: mq_open(2) and its kin.
 */
#include "proc/ipc/mqueue.h"
#include "lib/string.h"
#include "syscall/syscall.h"
#include <linux/fcntl.h>

SYSCALL4(mq_open, uaddr_t, name_at, int, flags, unsigned, mode, uaddr_t, attr_at)
{
	struct fs_context *fs = task_current()->fs;
	struct mq_attr attr;
	struct file *f;
	struct name n;
	int result;

	if (attr_at && get_user_struct(attr, attr_at))
		return -EFAULT;
	result = name_read(&n, name_at);
	if (result)
		return result;
	spin_lock(&fs->lock);
	mode &= ~fs->umask;
	spin_unlock(&fs->lock);
	result = mqueue_open(n.text, (uint32_t)flags, mode & 07777, attr_at ? &attr : NULL, &f);
	name_free(&n);
	if (!result && (flags & O_ACCMODE) == O_ACCMODE) {
		file_put(f);
		result = -EINVAL;
	}
	return result ? result : fd_install(f, true);
}

SYSCALL1(mq_unlink, uaddr_t, name_at)
{
	struct name n;
	int result = name_read(&n, name_at);

	if (result)
		return result;
	result = mqueue_unlink(n.text);
	name_free(&n);
	return result;
}

static int deadline_read(nsec_t *deadline, uaddr_t from)
{
	*deadline = INT64_MAX;
	return from ? timespec_read(deadline, from) : 0;
}

SYSCALL5(mq_timedsend, int, fd, uaddr_t, text, size_t, size, unsigned, priority, uaddr_t, timeout)
{
	nsec_t deadline;
	int result = deadline_read(&deadline, timeout);

	if (result)
		return result;
	if (priority >= MQUEUE_PRIORITIES)
		return -EINVAL;
	FILE_GUARD(f, fd);
	if (!f || !mqueue_of(f) || !(f->mode & FILE_WRITE))
		return -EBADF;
	return mqueue_send(f, text, size, priority, deadline);
}

SYSCALL5(mq_timedreceive, int, fd, uaddr_t, to, size_t, size, uaddr_t, priority_to, uaddr_t, timeout)
{
	nsec_t deadline;
	int result = deadline_read(&deadline, timeout);

	if (result)
		return result;
	FILE_GUARD(f, fd);
	if (!f || !mqueue_of(f) || !(f->mode & FILE_READ))
		return -EBADF;
	return mqueue_receive(f, to, size, priority_to, deadline);
}

/* What an event asks for, for the running process; n->owner is set on success only. */
static int notify_from(struct mqueue_notify *n, const struct sigevent *e)
{
	int result = 0;

	*n = (struct mqueue_notify){ .kind = e->sigev_notify, .signo = e->sigev_signo, .value = e->sigev_value };
	switch (e->sigev_notify) {
	case SIGEV_NONE:
		break;
	case SIGEV_SIGNAL:
		result = (unsigned)e->sigev_signo > SIGNAL_COUNT ? -EINVAL : 0;
		break;
	case SIGEV_THREAD:
		if (copy_from_user(n->cookie, (uaddr_t)e->sigev_value.sival_ptr, sizeof(n->cookie)))
			return -EFAULT;
		result = mqueue_find_socket(e->sigev_signo, &n->socket);
		break;
	default:
		return -EINVAL;
	}
	if (!result) {
		n->owner = process_current()->pid;
		pid_get(n->owner);
	}
	return result;
}

SYSCALL2(mq_notify, int, fd, uaddr_t, event_at)
{
	struct mqueue_notify n;
	struct sigevent event;
	int result = 0;

	if (event_at && get_user_struct(event, event_at))
		return -EFAULT;
	if (event_at)
		result = notify_from(&n, &event);
	if (result)
		return result;
	FILE_GUARD(f, fd);
	struct mqueue *q = f ? mqueue_of(f) : NULL;
	result = q ? mqueue_set_notify(q, event_at ? &n : NULL) : -EBADF;
	if (result && event_at)
		mqueue_notify_release(&n);
	return result;
}

SYSCALL3(mq_getsetattr, int, fd, uaddr_t, new_at, uaddr_t, old_at)
{
	struct mq_attr new, old;
	struct mqueue *q;

	if (new_at && get_user_struct(new, new_at))
		return -EFAULT;
	if (new_at && (new.mq_flags & ~(long)O_NONBLOCK))
		return -EINVAL;
	FILE_GUARD(f, fd);
	q = f ? mqueue_of(f) : NULL;
	if (!q)
		return -EBADF;
	memset(&old, 0, sizeof(old));
	old.mq_maxmsg = (long)q->most;
	old.mq_msgsize = (long)q->most_bytes;
	spin_lock(&q->lock);
	old.mq_curmsgs = (long)q->count;
	spin_unlock(&q->lock);
	spin_lock(&f->lock);
	old.mq_flags = f->flags & O_NONBLOCK;
	if (new_at)
		f->flags = (f->flags & ~(uint32_t)O_NONBLOCK) | (new.mq_flags & O_NONBLOCK);
	spin_unlock(&f->lock);
	if (new_at)
		inode_touch(q->inode, ATTR_ATIME | ATTR_CTIME);
	return old_at ? put_user_struct(old_at, old) : 0;
}
