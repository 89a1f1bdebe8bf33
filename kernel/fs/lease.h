/* SPDX-License-Identifier: MIT */
/*
 * fs/lease.h: leases of files: who has one is told by a signal, and given time, before
 * somebody else opens the file in a way that stands against it (fcntl(2), F_SETLEASE).
 * A file that never had a lock or a lease costs its openers one test.
 */
#ifndef FS_LEASE_H
#define FS_LEASE_H

#include "fs/flock.h"
#include "fs/inode.h"

/*
 * type: F_RDLCK, F_WRLCK or F_UNLCK; fd is what signals name. They go to the running process
 * if the file has no owner; whom it has is forgotten with the lease. -EINVAL, -EACCES (not the
 * file's owner), -EAGAIN (it is open elsewhere, or there is none to give up), -ENOLCK (no memory).
 * May sleep.
 */
int lease_set(struct file *f, int fd, uint64_t type, const struct cred *cred);
/* What the file has, or will have when its holder does as he was told. */
int lease_get(struct file *f);

/*
 * Somebody opens the file with these flags, and is counted in writers or readers: holders of leases
 * are told, and waited for. -EAGAIN (O_NONBLOCK), -ERESTARTSYS. No lock held; may sleep.
 */
int lease_break_slow(struct flock_list *l, uint32_t flags);
static inline int lease_break(struct inode *i, uint32_t flags)
{
	struct flock_list *l = atomic_load(&i->flocks);

	return unlikely(l != NULL) ? lease_break_slow(l, flags) : 0;
}
/* The open file's end. */
void lease_release(struct file *f);

/* For /proc/locks: every lease, and after it those who wait for it. The row tells the type it will have. */
struct lease_row {
	enum { LEASE_ACTIVE, LEASE_BREAKING, LEASE_BREAKER } state;
	int type, pid;
};
void lease_for_each(struct flock_list *l, void (*each)(void *arg, const struct lease_row *row), void *arg);

#endif
