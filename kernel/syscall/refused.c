/* SPDX-License-Identifier: MIT */
/*
 * syscall/refused.c: calls of things that this kernel does not have, each answered
 * as a Linux that is set up without them answers. docs/SYSCALLS.md gives the reasons.
 */
#include "syscall/syscall.h"
#include "tty/tty.h"
#include <linux/capability.h>
#include <linux/mman.h>

/* There are no modules: kernel.modules_disabled is 1. */
SYSCALL3(init_module, uaddr_t, image, size_t, size, uaddr_t, arguments)
{
	return -EPERM;
}

SYSCALL3(finit_module, int, fd, uaddr_t, arguments, int, flags)
{
	return -EPERM;
}

SYSCALL2(delete_module, uaddr_t, name, unsigned, flags)
{
	return -EPERM;
}

/* Another kernel is not started: kernel.kexec_load_disabled is 1. */
SYSCALL4(kexec_load, uint64_t, entry, uint64_t, segments, uaddr_t, from, uint64_t, flags)
{
	return -EPERM;
}

SYSCALL5(kexec_file_load, int, kernel, int, initrd, uint64_t, length, uaddr_t, line, uint64_t, flags)
{
	return -EPERM;
}

/* kernel.unprivileged_bpf_disabled is 2, and for the others there is no such machine. */
SYSCALL3(bpf, int, command, uaddr_t, attributes, unsigned, size)
{
	return capable(CAP_BPF) || capable(CAP_SYS_ADMIN) ? -ENOSYS : -EPERM;
}

/* vm.unprivileged_userfaultfd is 0. */
SYSCALL1(userfaultfd, int, flags)
{
	return capable(CAP_SYS_PTRACE) ? -ENOSYS : -EPERM;
}

/* kernel.perf_event_paranoid is 3; no counter is known. */
SYSCALL5(perf_event_open, uaddr_t, attributes, int, pid, int, cpu, int, group, uint64_t, flags)
{
	return capable(CAP_PERFMON) || capable(CAP_SYS_ADMIN) ? -ENOENT : -EACCES;
}

SYSCALL2(fanotify_init, unsigned, flags, unsigned, file_flags)
{
	return capable(CAP_SYS_ADMIN) ? -ENOSYS : -EPERM;
}

SYSCALL5(fanotify_mark, int, fd, unsigned, flags, uint64_t, mask, int, dirfd, uaddr_t, name)
{
	FILE_GUARD(f, fd);

	return f ? -EINVAL : -EBADF;
}

/* Landlock is there to ask for, and switched off. */
SYSCALL3(landlock_create_ruleset, uaddr_t, attributes, size_t, size, unsigned, flags)
{
	return -EOPNOTSUPP;
}

SYSCALL4(landlock_add_rule, int, ruleset, int, kind, uaddr_t, attributes, unsigned, flags)
{
	return -EOPNOTSUPP;
}

SYSCALL2(landlock_restrict_self, int, ruleset, unsigned, flags)
{
	return -EOPNOTSUPP;
}

/* Protection keys, of a processor without them: only the key that is no key. */
SYSCALL2(pkey_alloc, uint64_t, flags, uint64_t, rights)
{
	return flags || (rights & ~3UL) ? -EINVAL : -ENOSPC;
}

SYSCALL1(pkey_free, int, key)
{
	return -EINVAL;
}

SYSCALL4(pkey_mprotect, uaddr_t, addr, size_t, length, uint32_t, prot, int, key)
{
	if (key != -1)
		return -EINVAL;
	return space_protect(task_current()->space, addr, length, prot & ~(uint32_t)PROT_SEM);
}

/* Everybody loses the terminal of the running session. */
SYSCALL0(vhangup)
{
	struct tty *tty;

	if (!capable(CAP_SYS_TTY_CONFIG))
		return -EPERM;
	tty = session_get_terminal();
	if (tty) {
		tty_hangup(tty);
		tty_put(tty);
	}
	return 0;
}
