/* SPDX-License-Identifier: MIT */
/*
 * syscall/pidfd.c: pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2).
 */
#include "fs/procfs.h"
#include "syscall/syscall.h"
#include <linux/fcntl.h>
#include <linux/pidfd.h>

SYSCALL2(pidfd_open, int, number, unsigned, flags)
{
	struct file *f;
	struct pid *pid;
	int result;

	if ((flags & ~(unsigned)PIDFD_NONBLOCK) || number <= 0)
		return -EINVAL;
	result = pidfd_open_process(number, &pid);
	if (result)
		return result;
	result = pidfd_create_file(pid, flags, &f);
	pid_put(pid);
	return result ? result : fd_install(f, true);
}

/* Only to oneself may one say that it comes from the kernel or from kill(2). */
static int read_info(siginfo_t *info, uaddr_t from, int sig, const struct pid *target)
{
	if (get_user_struct(*info, from))
		return -EFAULT;
	if (info->si_signo != sig)
		return -EINVAL;
	if (target != task_current()->pid && (info->si_code >= 0 || info->si_code == SI_TKILL))
		return -EPERM;
	return 0;
}

/* A directory /proc/PID does as well for signals. */
static struct pid *signal_target(const struct file *f)
{
	struct pid *pid = pidfd_pid(f);
	const struct task *t = pid ? NULL : procfs_task_of(f);

	return t ? t->process->pid : pid;
}

SYSCALL4(pidfd_send_signal, int, fd, int, sig, uaddr_t, from, unsigned, flags)
{
	siginfo_t info = { .si_signo = sig, .si_code = SI_USER };
	int result = 0;

	if (flags)
		return -EINVAL;
	FILE_GUARD(f, fd);
	struct pid *pid = f ? signal_target(f) : NULL;
	if (!pid)
		return -EBADF;
	if (from) {
		result = read_info(&info, from, sig, pid);
	} else {
		info.si_pid = process_current()->pid->number;
		info.si_uid = cred_current()->uid;
	}
	return result ? result : signal_kill_pid(pid, sig, &info);
}

/* A file of the process, as its leader has it. */
static int file_of(const struct pid *pid, int fd, struct file **f)
{
	struct task *t = task_find(pid->number);
	int result = 0;

	if (!t)
		return -ESRCH;
	*f = NULL;
	if (!task_may_attach(t, cred_current())) {
		result = -EPERM;
	} else {
		spin_lock(&t->lock);
		if (t->files)
			*f = files_lookup(t->files, fd, true);
		else
			result = -ESRCH;
		spin_unlock(&t->lock);
	}
	task_put(t);
	return result ? result : *f ? 0 : -EBADF;
}

SYSCALL3(pidfd_getfd, int, pidfd, int, fd, unsigned, flags)
{
	struct file *theirs;
	int result;

	if (flags)
		return -EINVAL;
	FILE_GUARD(f, pidfd);
	const struct pid *pid = f ? pidfd_pid(f) : NULL;
	if (!pid)
		return -EBADF;
	result = file_of(pid, fd, &theirs);
	return result ? result : fd_install(theirs, true);
}
