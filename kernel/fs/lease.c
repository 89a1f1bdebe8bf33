/* SPDX-License-Identifier: MIT */
/*
 * fs/lease.c: leases (fcntl(2)). See fs/lease.h.
 *
 * An opener first counts itself in the inode's writers or readers and then looks for leases; who
 * wants a lease puts it where openers look and then reads the counts. So one of the two sees the other.
 *
 * Breaking. A writer wants every lease gone, a reader wants the writer's lease to become a
 * reader's. The lease is marked, its holder gets the signal, and the opener waits until the holder
 * has given way or the time is over; then the lease is changed without him. Openers wait for the
 * first lease in the list, and are woken when that changes. As on Linux the file that had a
 * lease forgets to whom its signals go.
 *
 * The lock of an inode's leases comes before those that sending a signal takes.
 */
#include "fs/lease.h"
#include "base/panic.h"
#include "fs/file.h"
#include "fs/procfs.h"
#include "hal/clock.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include <linux/capability.h>
#include <linux/fcntl.h>

#define SECOND 1000000000L

static int32_t enabled = 1, break_seconds = 45; /* atomic: /proc/sys/fs */

struct lease {              /* the list's lock */
	struct list link;
	struct file *file;      /* immutable: whose it is; the file's end takes it away */
	int fd, type, pid;
	bool downgrade, unlock; /* what its holder was told to do */
	nsec_t downgrade_at, unlock_at; /* when it is done without him; INT64_MAX: never */
	struct list waiters;    /* struct breaker */
};

struct breaker {
	struct list link;       /* the list's lock */
	int pid;                /* immutable, as the next */
	bool write;
	bool woken;             /* atomic */
	struct waitq wait;
};

/* Lets openers look again. The list's lock held, as in all that follow up to where it says otherwise. */
static void wake_waiters(struct lease *l)
{
	while (!list_empty(&l->waiters)) {
		struct breaker *b = list_first_entry(&l->waiters, struct breaker, link);

		list_del_init(&b->link);
		atomic_store(&b->woken, true);
		waitq_wake_all(&b->wait);
	}
}

static void lease_end(struct lease *l)
{
	file_async_hooks->disown(l->file, true);
	list_del(&l->link);
	wake_waiters(l);
	kfree(l);
}

static void lease_modify(struct lease *l, int type)
{
	l->type = type;
	l->downgrade = l->downgrade && type == F_WRLCK;
	if (type == F_UNLCK)
		lease_end(l);
	else
		wake_waiters(l);
}

/* Does what holders have not done in time. */
static void expire(struct lease_list *ll)
{
	nsec_t now = clock_now();
	struct lease *l, *next;

	list_for_each_entry_safe(l, next, &ll->leases, link) {
		if (l->unlock && now >= l->unlock_at)
			lease_modify(l, F_UNLCK);
		else if (l->downgrade && now >= l->downgrade_at)
			lease_modify(l, F_RDLCK);
	}
}

static struct lease *lease_of(struct lease_list *ll, const struct file *f)
{
	struct lease *l;

	list_for_each_entry(l, &ll->leases, link)
		if (l->file == f)
			return l;
	return NULL;
}

static int target_type(const struct lease *l)
{
	return l->unlock ? F_UNLCK : l->downgrade ? F_RDLCK : l->type;
}

/* ---- having one ------------------------------------------------------------------ */

/* Is the file open as the lease forbids, but for f itself? */
static bool open_elsewhere(const struct file *f, int type)
{
	int writers = (int)atomic_load(&f->inode->writers), readers = (int)atomic_load(&f->inode->readers);

	if (type == F_RDLCK)
		return writers > 0;
	if (f->mode & FILE_WRITE)
		return writers != 1 || readers; /* a memfd never: it is not counted */
	return writers || readers != 1;
}

/* Do the leases of others allow it? */
static bool others_allow(struct lease_list *ll, const struct file *f, int type)
{
	struct lease *l;

	list_for_each_entry(l, &ll->leases, link)
		if (l->file != f && (type == F_WRLCK || l->unlock))
			return false;
	return true;
}

static int add_new(struct lease_list *ll, struct lease *fresh)
{
	if (!atomic_load(&enabled))
		return -EINVAL;
	list_add_tail(&fresh->link, &ll->leases);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* before the counts, see above */
	if (!open_elsewhere(fresh->file, fresh->type))
		return 0;
	list_del(&fresh->link);
	return -EAGAIN;
}

/* 1: fresh is in the list. */
static int add_locked(struct lease_list *ll, struct lease *fresh)
{
	struct lease *mine;
	int error;

	expire(ll);
	if (open_elsewhere(fresh->file, fresh->type) || !others_allow(ll, fresh->file, fresh->type))
		return -EAGAIN;
	mine = lease_of(ll, fresh->file);
	if (mine) {
		lease_modify(mine, fresh->type);
		mine->fd = fresh->fd;
		return 0;
	}
	error = add_new(ll, fresh);
	return error ? error : 1;
}

/* From here on without the lock. */
static int lease_add(struct flock_list *list, struct file *f, int fd, int type)
{
	struct lease *fresh = kzalloc(sizeof(*fresh), ALLOC_KERNEL);
	int own = fresh ? file_async_hooks->own(f) : -ENOMEM, result;

	if (own < 0) {
		kfree(fresh);
		return -ENOLCK;
	}
	fresh->file = f;
	fresh->fd = fd;
	fresh->type = type;
	fresh->pid = file_async_hooks->process_number();
	list_init(&fresh->waiters);
	spin_lock(&list->leases.lock);
	result = add_locked(&list->leases, fresh);
	spin_unlock(&list->leases.lock);
	if (result != 1)
		kfree(fresh);
	if (result < 0 && own)
		file_async_hooks->disown(f, false);
	return min(result, 0);
}

static int lease_remove(struct flock_list *list, struct file *f)
{
	struct lease *l;

	SPIN_GUARD(&list->leases.lock);
	l = lease_of(&list->leases, f);
	if (!l)
		return -EAGAIN;
	lease_modify(l, F_UNLCK);
	return 0;
}

int lease_set(struct file *f, int fd, uint64_t type, const struct cred *cred)
{
	struct flock_list *list;

	if (type != F_RDLCK && type != F_WRLCK && type != F_UNLCK)
		return -EINVAL;
	if (cred->fsuid != f->inode->uid && !cred_capable(cred, CAP_LEASE))
		return -EACCES;
	if (!S_ISREG(f->inode->mode))
		return -EINVAL;
	list = type == F_UNLCK ? atomic_load_acquire(&f->inode->flocks) : flock_list_get(f->inode);
	if (!list)
		return type == F_UNLCK ? -EAGAIN : -ENOLCK;
	return type == F_UNLCK ? lease_remove(list, f) : lease_add(list, f, fd, (int)type);
}

int lease_get(struct file *f)
{
	struct flock_list *list = atomic_load_acquire(&f->inode->flocks);
	struct lease *l;

	if (!list)
		return F_UNLCK;
	SPIN_GUARD(&list->leases.lock);
	expire(&list->leases);
	l = lease_of(&list->leases, f);
	return l ? target_type(l) : F_UNLCK;
}

void lease_release(struct file *f)
{
	struct flock_list *list = atomic_load_acquire(&f->inode->flocks);

	if (list && !list_empty(&list->leases.leases))
		lease_remove(list, f);
}

/* ---- breaking -------------------------------------------------------------------- */

static bool conflicts(struct lease_list *ll, bool write)
{
	struct lease *l;

	list_for_each_entry(l, &ll->leases, link)
		if (write || l->type == F_WRLCK)
			return true;
	return false;
}

/* Marks what stands in the way, and tells who has not been told the same. */
static void tell_holders(struct lease_list *ll, bool write)
{
	int32_t seconds = atomic_load(&break_seconds);
	nsec_t until = seconds > 0 ? clock_now() + seconds * SECOND : INT64_MAX;
	struct lease *l;

	list_for_each_entry(l, &ll->leases, link) {
		if (l->unlock || (!write && (l->downgrade || l->type != F_WRLCK)))
			continue;
		*(write ? &l->unlock : &l->downgrade) = true;
		*(write ? &l->unlock_at : &l->downgrade_at) = until;
		file_async_hooks->tell(l->file, l->fd);
	}
}

/* Sleeps until the first lease changes, or its time is over. The lock is dropped meanwhile. */
static int wait_for_first(struct lease_list *ll, struct breaker *b)
{
	struct lease *first = list_first_entry(&ll->leases, struct lease, link);
	nsec_t until = first->unlock ? first->unlock_at : first->downgrade ? first->downgrade_at : INT64_MAX;
	int error;

	list_add_tail(&b->link, &first->waiters);
	atomic_store(&b->woken, false);
	spin_unlock(&ll->lock);
	error = wait_event_interruptible_until(&b->wait, atomic_load(&b->woken), until);
	spin_lock(&ll->lock);
	list_del_init(&b->link);
	if (error == -ETIMEDOUT) {
		expire(ll);
		error = 0;
	}
	return error;
}

static int break_locked(struct lease_list *ll, struct breaker *b, bool wait)
{
	int error = 0;

	expire(ll);
	if (!conflicts(ll, b->write))
		return 0;
	tell_holders(ll, b->write);
	if (!wait)
		return -EAGAIN;
	while (!error && conflicts(ll, b->write))
		error = wait_for_first(ll, b);
	return error;
}

int lease_break_slow(struct flock_list *list, uint32_t flags)
{
	struct breaker b = { .write = (flags & O_ACCMODE) != O_RDONLY };
	struct lease_list *ll = &list->leases;

	if (list_empty(&ll->leases))
		return 0;
	b.pid = file_async_hooks->process_number();
	list_init(&b.link);
	waitq_init(&b.wait);
	SPIN_GUARD(&ll->lock);
	return break_locked(ll, &b, !(flags & O_NONBLOCK));
}

/* ---- showing them ---------------------------------------------------------------- */

void lease_for_each(struct flock_list *list, void (*each)(void *arg, const struct lease_row *row), void *arg)
{
	struct breaker *b;
	struct lease *l;

	SPIN_GUARD(&list->leases.lock);
	list_for_each_entry(l, &list->leases.leases, link) {
		each(arg, &(struct lease_row){ l->unlock || l->downgrade ? LEASE_BREAKING : LEASE_ACTIVE, target_type(l), l->pid });
		list_for_each_entry(b, &l->waiters, link)
			each(arg, &(struct lease_row){ LEASE_BREAKER, b->write ? F_WRLCK : F_RDLCK, b->pid });
	}
}

PROC_INT(leases_enable, "sys/fs/leases-enable", &enabled, INT_MIN, INT_MAX);
PROC_INT(lease_break_time, "sys/fs/lease-break-time", &break_seconds, INT_MIN, INT_MAX);
