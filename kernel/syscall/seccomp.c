/* SPDX-License-Identifier: MIT */
/* syscall/seccomp.c: seccomp(2), and what /proc/sys says of it. */
#include "fs/procfs.h"
#include "proc/seccomp.h"
#include "syscall/syscall.h"

#define FLAGS_THERE (SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW | \
		     SECCOMP_FILTER_FLAG_TSYNC_ESRCH)

static int64_t notify_sizes(uaddr_t to)
{
	struct seccomp_notif_sizes s = { sizeof(struct seccomp_notif), sizeof(struct seccomp_notif_resp),
					 sizeof(struct seccomp_data) };

	return put_user_struct(to, s);
}

SYSCALL3(seccomp, unsigned, operation, unsigned, flags, uaddr_t, arguments)
{
	uint32_t action;

	switch (operation) {
	case SECCOMP_SET_MODE_STRICT:
		return flags || arguments ? -EINVAL : seccomp_set_strict();
	case SECCOMP_SET_MODE_FILTER:
		return flags & ~(unsigned)FLAGS_THERE ? -EINVAL : seccomp_add_filter(arguments, flags);
	case SECCOMP_GET_ACTION_AVAIL:
		if (flags)
			return -EINVAL;
		return get_user_struct(action, arguments) ? -EFAULT : seccomp_action_there(action);
	case SECCOMP_GET_NOTIF_SIZES:
		return flags ? -EINVAL : notify_sizes(arguments);
	default:
		return -EINVAL;
	}
}

PROC_CONSTANT(actions_avail, "sys/kernel/seccomp/actions_avail", "kill_process kill_thread trap errno trace log allow");
PROC_CONSTANT(actions_logged, "sys/kernel/seccomp/actions_logged", "kill_process kill_thread log");
