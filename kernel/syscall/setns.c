/* SPDX-License-Identifier: MIT */
/*
 * syscall/setns.c: setns(2), where there is one namespace of each kind and everybody is in
 * it: who may enter it does nothing by that, but that entering the one of mounts begins at
 * its root. The user namespace is never entered by who is in it.
 */
#include "proc/procfs.h"
#include "proc/ptrace.h"
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/sched.h>

#define KINDS (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
	       CLONE_NEWCGROUP | CLONE_NEWTIME)

/* May the running task enter the namespaces of these kinds? */
static int check_entry(const struct task *t, unsigned kinds)
{
	if (kinds & CLONE_NEWUSER)
		return -EINVAL;
	if (kinds == CLONE_NEWTIME && t->process->thread_count > 1)
		return -EUSERS;
	if (!capable(CAP_SYS_ADMIN) || (kinds & CLONE_NEWNS && !capable(CAP_SYS_CHROOT)))
		return -EPERM;
	if (kinds == CLONE_NEWNS && refcount_read(&t->fs->refs) > 1)
		return -EINVAL;
	return kinds & CLONE_NEWTIME && t->process->thread_count > 1 ? -EUSERS : 0;
}

/* To the root of all mounts, with what is mounted on it. */
static void enter_mounts(struct task *t)
{
	struct path top = root_path;

	path_get(&top);
	mount_cross(&top);
	fs_context_set_cwd(t->fs, &top);
	fs_context_set_root(t->fs, &top);
	path_put(&top);
}

/* The process of a pidfd must be one that the caller may look at. */
static int check_process(const struct pid *pid, unsigned kinds)
{
	struct task *t;
	int error;

	if (!kinds || kinds & ~(unsigned)KINDS)
		return -EINVAL;
	t = task_find(pid->number);
	if (!t)
		return -ESRCH;
	error = ptrace_may_access(t, cred_current(), true);
	task_put(t);
	return error;
}

SYSCALL2(setns, int, fd, unsigned, kinds)
{
	struct task *t = task_current();
	const struct pid *pid;
	unsigned kind;
	int error = 0;

	FILE_GUARD(f, fd);
	if (!f)
		return -EBADF;
	kind = namespace_kind(f);
	pid = pidfd_pid(f);
	if (kind)
		error = kinds && kinds != kind ? -EINVAL : 0;
	else
		error = pid ? check_process(pid, kinds) : -EINVAL;
	kinds = kind ? kind : kinds;
	if (!error)
		error = check_entry(t, kinds);
	if (!error && kinds & CLONE_NEWNS)
		enter_mounts(t);
	return error;
}
