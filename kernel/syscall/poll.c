/* SPDX-License-Identifier: MIT */
/*
 * syscall/poll.c: poll(2) and ppoll(2): from the program's array of descriptors
 * to files and back. select(2) is in select.c.
 */
#include "fs/poll.h"
#include "hal/clock.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "syscall/poll.h"
#include "syscall/syscall.h"
#include <asm/poll.h>
#include <linux/time_types.h>

#define POLL_FAST 16 /* descriptors without allocation */

static bool was_interrupted(int64_t result)
{
	return result <= -ERESTARTSYS || result == -EINTR;
}

/* Polls with the arrays in kernel memory. A descriptor that is not open is ready at once. */
static int64_t poll_array(const struct pollfd *p, struct poll_item *item, unsigned n, nsec_t deadline)
{
	struct files *files = task_current()->files;
	int64_t result;

	for (unsigned i = 0; i < n; i++) {
		poll_item_borrow(&item[i], files, p[i].fd);
		item[i].events = (uint16_t)p[i].events | POLLERR | POLLHUP;
		item[i].revents = 0;
		if (unlikely(!item[i].file) && p[i].fd >= 0) {
			item[i].revents = POLLNVAL;
			deadline = 0;
		}
	}
	result = poll_files(item, n, deadline, task_current()->timer_slack);
	for (unsigned i = 0; i < n; i++)
		poll_item_return(&item[i]);
	return result;
}

/* Answers that stand there already are not written again. */
static int answers_write(uaddr_t at, const struct pollfd *p, const struct poll_item *item, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (item[i].revents != (uint16_t)p[i].revents &&
		    usercopy_store16(at + i * sizeof(*p) + offsetof(struct pollfd, revents),
				     (uint16_t)item[i].revents))
			return -EFAULT;
	return 0;
}

static int64_t poll_user(uaddr_t at, unsigned n, nsec_t deadline)
{
	struct pollfd fast[POLL_FAST], *p = fast;
	struct poll_item fast_item[POLL_FAST], *item = fast_item;
	int64_t result = -EFAULT;

	if (n > process_limit(RLIMIT_NOFILE))
		return -EINVAL;
	if (n > POLL_FAST) {
		p = kmalloc(n * (sizeof(*p) + sizeof(*item)), ALLOC_KERNEL);
		if (!p)
			return -ENOMEM;
		item = (struct poll_item *)(p + n);
	}
	if (!copy_from_user(p, at, n * sizeof(*p))) {
		result = poll_array(p, item, n, deadline);
		if (result >= 0 && answers_write(at, p, item, n))
			result = -EFAULT;
	}
	if (p != fast)
		kfree(p);
	return result;
}

static int64_t poll_restart(struct restart_block *b)
{
	int64_t result = poll_user(b->arg[0], (unsigned)b->arg[1], (nsec_t)b->arg[2]);

	return was_interrupted(result) ? -ERESTART_RESTARTBLOCK : result;
}

SYSCALL3(poll, uaddr_t, at, unsigned, n, int, timeout)
{
	nsec_t deadline = timeout < 0 ? INT64_MAX : timeout ? deadline_after(timeout * 1000000LL) : 0;
	int64_t result = poll_user(at, n, deadline);

	if (!was_interrupted(result))
		return result;
	task_current()->restart = (struct restart_block){ poll_restart, { at, n, (uint64_t)deadline } };
	return -ERESTART_RESTARTBLOCK;
}

/* select(2) takes more than a million microseconds. */
static int select_timeout_read(nsec_t *t, uaddr_t from)
{
	struct __kernel_old_timeval tv;

	if (get_user_struct(tv, from))
		return -EFAULT;
	if (tv.tv_sec < 0 || tv.tv_usec < 0)
		return -EINVAL;
	*t = tv.tv_sec >= INT64_MAX / NSEC_PER_SEC - tv.tv_usec / 1000000 ? INT64_MAX :
									     tv.tv_sec * NSEC_PER_SEC + tv.tv_usec * 1000;
	return 0;
}

int poll_begin(struct poll_call *c, uaddr_t timeout, bool microseconds)
{
	nsec_t t;
	int result;

	c->timeout = timeout;
	c->microseconds = microseconds;
	c->deadline = INT64_MAX;
	if (!timeout)
		return 0;
	result = microseconds ? select_timeout_read(&t, timeout) : timespec_read(&t, timeout);
	if (!result)
		c->deadline = t ? deadline_after(t) : 0;
	return result;
}

/* A limit in user memory that cannot be written means no restart: the call would wait anew. */
int64_t poll_end(const struct poll_call *c, int64_t result)
{
	nsec_t left;

	if (was_interrupted(result))
		result = -ERESTARTNOHAND;
	if (!c->timeout || c->deadline == INT64_MAX)
		return result;
	left = c->deadline ? max(c->deadline - clock_now(), (nsec_t)0) : 0;
	if ((c->microseconds ? timeval_write(c->timeout, left) : timespec_write(c->timeout, left)) &&
	    result == -ERESTARTNOHAND)
		result = -EINTR;
	return result;
}

SYSCALL5(ppoll, uaddr_t, at, unsigned, n, uaddr_t, timeout, uaddr_t, mask, size_t, size)
{
	struct poll_call c;
	uint64_t set;
	int64_t result = poll_begin(&c, timeout, false);

	if (!result && mask)
		result = sigset_read(&set, mask, size);
	if (result)
		return result;
	if (mask)
		signal_set_temporary_mask(set);
	result = poll_user(at, n, c.deadline);
	if (mask)
		signal_restore_mask(was_interrupted(result));
	return poll_end(&c, result);
}
