/* SPDX-License-Identifier: MIT */
/*
 * syscall/fcntl.c: fcntl(2), flock(2), and the ioctl(2) requests that any file
 * understands. Whom F_SETOWN named is kept by proc/sigio.c.
 */
#include "fs/lease.h"
#include "fs/memfd.h"
#include "fs/notify.h"
#include "fs/poll.h"
#include "syscall/syscall.h"
#include <asm/ioctls.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#define FLAGS_SETTABLE (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME | FASYNC)

static int64_t duplicate_from(struct file *f, uint64_t from, bool cloexec)
{
	struct files *t = task_current()->files;
	uint64_t limit = process_limit(RLIMIT_NOFILE);
	int fd;

	if (from >= limit || from > INT_MAX)
		return -EINVAL;
	fd = files_reserve(t, (int)from, limit, cloexec);
	if (fd < 0)
		return fd;
	file_get(f);
	files_install(t, fd, f);
	return fd;
}

/* Signals go with the flag; on what cannot send any it does not stay. */
static int set_async(struct file *f, int fd, uint32_t *flags)
{
	if (!((*flags ^ f->flags) & FASYNC))
		return 0;
	if (!sigio_possible(f))
		*flags &= ~(uint32_t)FASYNC;
	return sigio_possible(f) ? sigio_set(f, fd, *flags & FASYNC) : 0;
}

static int set_flags(struct file *f, int fd, uint32_t flags)
{
	int result;

	if ((f->flags & ~flags & O_APPEND) && f->inode->append_only)
		return -EPERM;
	if ((flags & ~f->flags & O_NOATIME) && !inode_owner_or_capable(f->inode, cred_current()))
		return -EPERM;
	result = set_async(f, fd, &flags);
	if (result)
		return result;
	SPIN_GUARD(&f->lock);
	f->flags = (f->flags & ~(uint32_t)FLAGS_SETTABLE) | (flags & FLAGS_SETTABLE);
	return 0;
}

/* POSIX record locks belong to the descriptor table, F_OFD_ ones to the open file. */
static int record_lock(struct file *f, int command, uaddr_t at)
{
	bool ofd = command >= F_OFD_GETLK;
	void *owner = ofd ? (void *)f : (void *)task_current()->files;
	struct flock l;
	int result;

	if (get_user_struct(l, at))
		return -EFAULT;
	if (ofd && l.l_pid)
		return -EINVAL;
	if (command == F_GETLK || command == F_OFD_GETLK) {
		if (l.l_type != F_RDLCK && l.l_type != F_WRLCK)
			return -EINVAL;
		result = flock_get(f, owner, command, &l);
		return result ? result : put_user_struct(at, l);
	}
	if ((l.l_type == F_RDLCK && !(f->mode & FILE_READ)) || (l.l_type == F_WRLCK && !(f->mode & FILE_WRITE)))
		return -EBADF;
	return flock_set(f, owner, command, &l, process_current()->pid->number);
}

static int set_owner_ex(struct file *f, uaddr_t from)
{
	struct f_owner_ex o;

	if (get_user_struct(o, from))
		return -EFAULT;
	if (o.type != F_OWNER_TID && o.type != F_OWNER_PID && o.type != F_OWNER_PGRP)
		return -EINVAL;
	return sigio_set_owner(f, o.type, o.pid);
}

static int get_owner_ex(struct file *f, uaddr_t to)
{
	struct f_owner_ex o;

	sigio_get_owner(f, &o.type, &o.pid);
	return put_user_struct(to, o);
}

static int64_t pipe_size(struct file *f, bool set, uint64_t bytes)
{
	if (!S_ISFIFO(f->inode->mode))
		return -EBADF;
	return set ? pipe_set_size(f, (uint32_t)bytes, capable(CAP_SYS_RESOURCE)) : pipe_get_size(f);
}

static bool allowed_on_path(int command)
{
	return command == F_DUPFD || command == F_DUPFD_CLOEXEC || command == F_GETFD || command == F_SETFD ||
	       command == F_GETFL;
}

/* What concerns the open file, not the descriptor. */
static int64_t file_control(struct file *f, int fd, int command, uint64_t argument)
{
	switch (command) {
	case F_GETFL:
		return READ_ONCE(f->flags);
	case F_SETFL:
		return set_flags(f, fd, (uint32_t)argument);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return record_lock(f, command, argument);
	case F_GETOWN:
		return sigio_get_owner_number(f);
	case F_SETOWN:
		return sigio_set_owner_number(f, (int)argument);
	case F_SETOWN_EX:
		return set_owner_ex(f, argument);
	case F_GETOWN_EX:
		return get_owner_ex(f, argument);
	case F_GETSIG:
		return f->owner_signal;
	case F_SETSIG:
		if (argument > SIGNAL_COUNT)
			return -EINVAL;
		f->owner_signal = (int)argument;
		return 0;
	case F_ADD_SEALS:
		return memfd_add_seals(f, (unsigned)argument);
	case F_GET_SEALS:
		return memfd_get_seals(f);
	case F_GETPIPE_SZ:
	case F_SETPIPE_SZ:
		return pipe_size(f, command == F_SETPIPE_SZ, argument);
	case F_GETLEASE:
		return lease_get(f);
	case F_SETLEASE:
		return lease_set(f, fd, argument, cred_current());
	case F_NOTIFY:
		return dnotify_set(f, fd, task_current()->files, (unsigned)argument);
	default:
		return -EINVAL;
	}
}

SYSCALL3(fcntl, int, fd, int, command, uint64_t, argument)
{
	struct files *t = task_current()->files;
	FILE_GUARD_ANY(f, fd);

	if (!f || ((f->mode & FILE_PATH_ONLY) && !allowed_on_path(command)))
		return -EBADF;
	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return duplicate_from(f, (uint32_t)argument, command == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return files_get_cloexec(t, fd);
	case F_SETFD:
		return files_set_cloexec(t, fd, argument & FD_CLOEXEC);
	default:
		return file_control(f, fd, command, argument);
	}
}

SYSCALL2(flock, int, fd, int, operation)
{
	FILE_GUARD(f, fd);

	return f ? flock_whole(f, operation, process_current()->pid->number) : -EBADF;
}

static int set_flag_bit(struct file *f, uint32_t bit, uaddr_t from)
{
	int on;

	if (get_user_struct(on, from))
		return -EFAULT;
	SPIN_GUARD(&f->lock);
	f->flags = on ? f->flags | bit : f->flags & ~bit;
	return 0;
}

static int set_async_bit(struct file *f, int fd, uaddr_t from)
{
	int on, result;

	if (get_user_struct(on, from))
		return -EFAULT;
	result = sigio_set(f, fd, on);
	return result ? result : set_flag_bit(f, FASYNC, from);
}

/* Bytes from the position to the end of a regular file. */
static int bytes_left(struct file *f, uaddr_t to)
{
	int left = (int)((loff_t)inode_size(f->inode) - f->position);

	return put_user_struct(to, left);
}

SYSCALL3(ioctl, int, fd, unsigned, command, uint64_t, argument)
{
	struct files *t = task_current()->files;
	FILE_GUARD(f, fd);

	if (!f)
		return -EBADF;
	switch (command) {
	case FIOCLEX:
	case FIONCLEX:
		return files_set_cloexec(t, fd, command == FIOCLEX);
	case FIONBIO:
		return set_flag_bit(f, O_NONBLOCK, argument);
	case FIOASYNC:
		return sigio_possible(f) ? set_async_bit(f, fd, argument) : -ENOTTY;
	case FIONREAD:
		if (S_ISREG(f->inode->mode))
			return bytes_left(f, argument);
	}
	return f->ops->ioctl ? f->ops->ioctl(f, command, argument) : -ENOTTY;
}
