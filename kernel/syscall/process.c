/* SPDX-License-Identifier: MIT */
/*
 * syscall/process.c: making, replacing, ending and awaiting processes, and their
 * numbers. fork, clone and exec need the whole user frame (FULL in the table).
 */
#include "lib/format.h"
#include "lib/string.h"
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/sched.h>
#include <linux/wait.h>

#define STACK_POINTER_ONLY (~0UL) /* clone_args.stack is the pointer itself, not the lowest byte */

SYSCALL5(clone, uint64_t, flags, uaddr_t, stack, uaddr_t, parent_tid, uaddr_t, child_tid, uint64_t, tls)
{
	struct clone_args a = {
		.flags = (uint32_t)flags & ~(uint32_t)CSIGNAL,
		.child_tid = child_tid,
		.parent_tid = parent_tid,
		.exit_signal = flags & CSIGNAL,
		.stack = stack,
		.stack_size = STACK_POINTER_ONLY,
		.tls = tls,
		.pidfd = parent_tid,
	};

	if (flags & (CLONE_THREAD | CLONE_PARENT))
		a.exit_signal = 0;
	return process_clone(&a, 0);
}

#define NAMESPACE_LEVELS_MAX 32 /* of process numbers, on Linux */

/* The number that the child is to have; there is one level of them. */
static int read_tid(const struct clone_args *a, int *tid)
{
	*tid = 0;
	if (!a->set_tid)
		return a->set_tid_size ? -EINVAL : 0;
	if (!a->set_tid_size || a->set_tid_size > NAMESPACE_LEVELS_MAX)
		return -EINVAL;
	if (get_user_struct(*tid, a->set_tid))
		return -EFAULT;
	if (a->set_tid_size > 1 || *tid < 1 || *tid >= atomic_load(&pid_end))
		return -EINVAL;
	return capable(CAP_CHECKPOINT_RESTORE) || capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

static bool stack_valid(const struct clone_args *a)
{
	if (!a->stack || !a->stack_size)
		return !a->stack && !a->stack_size;
	return a->stack_size != STACK_POINTER_ONLY && user_range_ok(a->stack, a->stack_size);
}

static bool args_valid(const struct clone_args *a, size_t size)
{
	if ((a->exit_signal & ~(uint64_t)CSIGNAL) || a->exit_signal > SIGNAL_COUNT)
		return false;
	if ((a->flags & CLONE_INTO_CGROUP) && (a->cgroup > INT_MAX || size < CLONE_ARGS_SIZE_VER2))
		return false;
	if ((a->flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME))) ||
	    ((a->flags & (CLONE_THREAD | CLONE_PARENT)) && a->exit_signal))
		return false;
	return stack_valid(a);
}

SYSCALL2(clone3, uaddr_t, from, size_t, size)
{
	struct clone_args a;
	int tid, result;

	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	result = sized_read(&a, sizeof(a), from, size);
	if (result)
		return result;
	if (!args_valid(&a, size))
		return -EINVAL;
	result = read_tid(&a, &tid);
	return result ? result : process_clone(&a, tid);
}

SYSCALL0(fork)
{
	struct clone_args a = { .exit_signal = SIGCHLD, .stack_size = STACK_POINTER_ONLY };

	return process_clone(&a, 0);
}

SYSCALL0(vfork)
{
	struct clone_args a = {
		.flags = CLONE_VFORK | CLONE_VM,
		.exit_signal = SIGCHLD,
		.stack_size = STACK_POINTER_ONLY,
	};

	return process_clone(&a, 0);
}

SYSCALL3(execve, uaddr_t, name, uaddr_t, argv, uaddr_t, envp)
{
	AT_GUARD(a);
	int result = at_begin(&a, AT_FDCWD, name, 0);

	return result ? result : process_exec(&a.walk, a.name.text, argv, envp, a.name.text);
}

SYSCALL5(execveat, int, dirfd, uaddr_t, name, uaddr_t, argv, uaddr_t, envp, unsigned, flags)
{
	char shown[32 + NAME_INLINE];
	AT_GUARD(a);
	int result;

	result = at_begin(&a, dirfd, name, walk_flags(flags));
	if (result)
		return result;
	if (flags & ~(unsigned)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	if (dirfd == AT_FDCWD || a.name.text[0] == '/')
		return process_exec(&a.walk, a.name.text, argv, envp, a.name.text);
	if (format(shown, sizeof(shown), "/dev/fd/%d%s%s", dirfd, a.name.text[0] ? "/" : "", a.name.text) >=
	    (int)sizeof(shown))
		return -ENAMETOOLONG;
	return process_exec(&a.walk, a.name.text, argv, envp, shown);
}

SYSCALL1(exit, int, code)
{
	task_exit((code & 0xff) << 8);
}

SYSCALL1(exit_group, int, code)
{
	process_exit((code & 0xff) << 8);
}

SYSCALL4(wait4, int, pid, uaddr_t, status, int, options, uaddr_t, usage)
{
	struct rusage ru;
	struct wait_result r = { .usage = usage ? &ru : NULL };
	int which = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
	int64_t result;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | (int)(__WNOTHREAD | __WCLONE | __WALL)))
		return -EINVAL;
	if (pid == INT_MIN)
		return -ESRCH;
	result = process_wait(which, pid < -1 ? -pid : max(pid, 0), options | WEXITED, &r);
	if (result <= 0)
		return result;
	if (status && put_user_struct(status, r.status))
		return -EFAULT;
	if (usage && put_user_struct(usage, ru))
		return -EFAULT;
	return result;
}

/* si_status: the exit code or the signal, not the wait status. */
static int child_status(const struct wait_result *r)
{
	switch (r->code) {
	case CLD_EXITED:
	case CLD_STOPPED:
		return r->status >> 8 & 0xff;
	case CLD_TRAPPED:
		return r->status >> 8;
	case CLD_CONTINUED:
		return SIGCONT;
	default:
		return r->status & 0x7f;
	}
}

/* The six members that waitid(2) fills, even where it fails: with zeros then. */
static int put_child_info(uaddr_t to, const struct wait_result *r)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	if (r->pid) {
		info.si_signo = SIGCHLD;
		info.si_code = r->code;
		info.si_pid = r->pid;
		info.si_uid = r->uid;
		info.si_status = child_status(r);
	}
	return copy_to_user(to, &info, offsetof(siginfo_t, si_status) + sizeof(info.si_status));
}

/* The file keeps the number from being another's. One that does not block says so by EAGAIN. */
static int64_t wait_pidfd(int fd, int options, struct wait_result *r)
{
	int64_t result;

	if (fd < 0)
		return -EINVAL;
	FILE_GUARD(f, fd);
	const struct pid *pid = f ? pidfd_pid(f) : NULL;
	if (!pid)
		return -EBADF;
	bool blocks = !(atomic_load(&f->flags) & O_NONBLOCK);
	result = process_wait(P_PID, pid->number, options | (blocks ? 0 : WNOHANG), r);
	return !result && !blocks && !(options & WNOHANG) ? -EAGAIN : result;
}

static int64_t wait_checked(int which, int id, int options, struct wait_result *r)
{
	if (options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | (int)(__WNOTHREAD | __WCLONE | __WALL)))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	if ((which == P_PID && id <= 0) || (which == P_PGID && id < 0) || which < P_ALL || which > P_PIDFD)
		return -EINVAL;
	return which == P_PIDFD ? wait_pidfd(id, options, r) : process_wait(which, id, options, r);
}

SYSCALL5(waitid, int, which, int, id, uaddr_t, info, int, options, uaddr_t, usage)
{
	struct rusage ru;
	struct wait_result r = { .usage = usage ? &ru : NULL };
	int64_t result = wait_checked(which, id, options, &r);

	if (result <= 0)
		r.pid = 0;
	else if (usage && put_user_struct(usage, ru))
		return -EFAULT;
	if (info && put_child_info(info, &r))
		return -EFAULT;
	return min(result, (int64_t)0);
}

SYSCALL0(getpid)
{
	return process_current()->pid->number;
}

SYSCALL0(gettid)
{
	return task_current()->pid->number;
}

/* A parent may end and be replaced at any time; its memory stays for an RCU reader. */
SYSCALL0(getppid)
{
	struct process *parent;
	int number;

	rcu_read_lock();
	parent = rcu_dereference(process_current()->parent);
	number = parent ? parent->pid->number : 0;
	rcu_read_unlock();
	return number;
}

SYSCALL2(setpgid, int, pid, int, group)
{
	return process_set_group(pid, group);
}

SYSCALL0(setsid)
{
	return process_new_session();
}

/* Group (or session) of a process by number; 0 is the caller. */
static int64_t group_of(int pid, bool session)
{
	struct process *p;
	int64_t result = -ESRCH;

	if (pid < 0)
		return -ESRCH;
	SPIN_GUARD(&process_tree_lock);
	if (!pid) {
		p = process_current();
	} else {
		struct pid *named = pid_find(pid);

		p = named && named->task ? named->task->process : named ? named->process : NULL;
	}
	if (p)
		result = session ? p->session->number : p->group->number;
	return result;
}

SYSCALL1(getpgid, int, pid)
{
	return group_of(pid, false);
}

SYSCALL0(getpgrp)
{
	return group_of(0, false);
}

SYSCALL1(getsid, int, pid)
{
	return group_of(pid, true);
}

SYSCALL1(set_tid_address, uaddr_t, at)
{
	struct task *t = task_current();

	t->clear_child_tid = at;
	return t->pid->number;
}

SYSCALL0(restart_syscall)
{
	struct restart_block *b = &task_current()->restart;

	return b->restart ? b->restart(b) : -EINTR;
}

/* A table of one's own in place of a shared one. */
static int unshare_files(struct task *t)
{
	struct files *own, *old = t->files;

	if (!files_shared(old))
		return 0;
	own = files_copy(old);
	if (!own)
		return -ENOMEM;
	spin_lock(&t->lock);
	t->files = own;
	spin_unlock(&t->lock);
	files_put(old);
	return 0;
}

static int unshare_fs(struct task *t)
{
	struct fs_context *own, *old = t->fs;

	if (refcount_read(&old->refs) == 1)
		return 0;
	own = fs_context_copy(old);
	if (!own)
		return -ENOMEM;
	spin_lock(&t->lock);
	t->fs = own;
	spin_unlock(&t->lock);
	fs_context_put(old);
	return 0;
}

#define UNSHARE_KINDS (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | \
		       CLONE_NEWTIME | CLONE_NEWUSER)
#define UNSHARE_PARTS (CLONE_FILES | CLONE_FS | CLONE_SYSVSEM | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)

/* There are no namespaces; memory and handlers can only be "unshared" by who does not share them. */
SYSCALL1(unshare, uint64_t, flags)
{
	struct task *t = task_current();
	int result = 0;

	if (flags & ~(uint64_t)(UNSHARE_KINDS | UNSHARE_PARTS))
		return -EINVAL;
	if ((flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) && t->process->thread_count > 1)
		return -EINVAL;
	if (flags & UNSHARE_KINDS)
		return !(flags & CLONE_NEWUSER) && !cred_capable(t->cred, CAP_SYS_ADMIN) ? -EPERM : -EINVAL;
	if (flags & CLONE_FS)
		result = unshare_fs(t);
	if (!result && (flags & CLONE_FILES))
		result = unshare_files(t);
	if (!result && (flags & CLONE_SYSVSEM))
		sem_undo_exit(t);
	return result;
}
