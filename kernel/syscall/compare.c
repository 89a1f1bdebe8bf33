/* SPDX-License-Identifier: MIT */
/*
 * syscall/compare.c: kcmp(2): do two threads share a thing? The answer gives an order
 * too, so that many can be sorted; it is made of addresses that are multiplied by a
 * secret odd number, which keeps the order and tells nothing of the addresses.
 */
#include "base/random.h"
#include "fs/poll.h"
#include "syscall/syscall.h"
#include <linux/kcmp.h>

static uint64_t secret; /* atomic: 0 until the first call */

static uint64_t disguise(const void *p)
{
	uint64_t factor = atomic_load(&secret), zero = 0;

	if (!factor) {
		factor = random_u64() | 1;
		if (!atomic_compare_exchange(&secret, &zero, factor))
			factor = zero;
	}
	return (uint64_t)p * factor;
}

static int order(const void *a, const void *b)
{
	uint64_t x = disguise(a), y = disguise(b);

	return x == y ? 0 : x < y ? 1 : 2;
}

/* The file's address, for comparing only. */
static const void *file_of(struct task *t, uint64_t fd)
{
	struct file *f = NULL;

	spin_lock(&t->lock);
	if (t->files && fd <= INT_MAX)
		f = files_lookup(t->files, (int)fd, true);
	spin_unlock(&t->lock);
	if (f)
		file_put(f);
	return f;
}

static int compare_files(struct task *a, struct task *b, uint64_t fd_a, uint64_t fd_b)
{
	const void *f = file_of(a, fd_a), *g = file_of(b, fd_b);

	return f && g ? order(f, g) : -EBADF;
}

/* Is a's file the one that b's epoll instance watches under the number and place given? */
static int compare_watched(struct task *a, struct task *b, uint64_t fd_a, uaddr_t slot_at)
{
	struct kcmp_epoll_slot slot;
	const void *f, *watched;
	struct file *ep = NULL;
	int result;

	if (get_user_struct(slot, slot_at))
		return -EFAULT;
	f = file_of(a, fd_a);
	if (!f)
		return -EBADF;
	spin_lock(&b->lock);
	if (b->files && slot.efd <= INT_MAX)
		ep = files_lookup(b->files, (int)slot.efd, false);
	spin_unlock(&b->lock);
	if (!ep)
		return -EBADF;
	result = epoll_watched_file(ep, (int)slot.tfd, slot.toff, &watched);
	file_put(ep);
	return result ? result : order(f, watched);
}

/* What a task has of a kind. It belongs to one thread or several, and may change right after. */
static const void *thing_of(struct task *t, int type)
{
	const void *thing;

	spin_lock(&t->lock);
	switch (type) {
	case KCMP_VM:
		thing = t->space;
		break;
	case KCMP_FILES:
		thing = t->files;
		break;
	case KCMP_FS:
		thing = t->fs;
		break;
	case KCMP_SIGHAND:
		thing = t->actions;
		break;
	case KCMP_IO: /* the priority is each thread's own; who has none has nothing */
		thing = atomic_load(&t->io_priority) ? &t->io_priority : NULL;
		break;
	default:
		thing = READ_ONCE(t->sem_undos);
		break;
	}
	spin_unlock(&t->lock);
	return thing;
}

static int compare(struct task *a, struct task *b, int type, uint64_t x, uint64_t y)
{
	if (!task_may_attach(a, cred_current()) || !task_may_attach(b, cred_current()))
		return -EPERM;
	switch (type) {
	case KCMP_FILE:
		return compare_files(a, b, x, y);
	case KCMP_EPOLL_TFD:
		return compare_watched(a, b, x, y);
	case KCMP_VM:
	case KCMP_FILES:
	case KCMP_FS:
	case KCMP_SIGHAND:
	case KCMP_IO:
	case KCMP_SYSVSEM:
		return order(thing_of(a, type), thing_of(b, type));
	default:
		return -EINVAL;
	}
}

SYSCALL5(kcmp, int, pid_a, int, pid_b, int, type, uint64_t, x, uint64_t, y)
{
	struct task *a = task_find(pid_a), *b = task_find(pid_b);
	int result = a && b ? compare(a, b, type, x, y) : -ESRCH;

	if (a)
		task_put(a);
	if (b)
		task_put(b);
	return result;
}
