/* SPDX-License-Identifier: MIT */
/*
 * syscall/select.c: select(2) and pselect(2), as a poll of the descriptors that
 * are in one of the three sets.
 */
#include "fs/poll.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "syscall/poll.h"
#include "syscall/syscall.h"
#include <asm/poll.h>

#define SET_FAST 16 /* words a set for which no allocation is needed, as FD_SETSIZE is 1024 */

enum { SET_READ, SET_WRITE, SET_EXCEPT, SETS };

/* What each set waits for, and what counts as ready in it. */
static const uint32_t wanted[SETS] = {
	POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
	POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR,
	POLLPRI,
};

struct select {
	unsigned n, words;      /* descriptors 0..n-1; 64-bit words a set */
	uaddr_t at[SETS];
	uint64_t *set[SETS];    /* what was asked for, then what is ready */
	struct poll_item *item; /* one for each descriptor that is in a set */
	unsigned items;
};

static uint32_t events_of(const struct select *s, unsigned fd)
{
	uint32_t events = 0;

	for (int i = 0; i < SETS; i++)
		if (s->set[i][fd / 64] >> (fd % 64) & 1)
			events |= wanted[i];
	return events;
}

/* The next descriptor in any set from fd on; n if none. */
static unsigned next_fd(const struct select *s, unsigned fd)
{
	for (; fd < s->n; fd = (fd | 63) + 1) {
		unsigned w = fd / 64;
		uint64_t any = (s->set[0][w] | s->set[1][w] | s->set[2][w]) >> (fd % 64);

		if (any)
			return min(fd + (unsigned)__builtin_ctzll(any), s->n);
	}
	return s->n;
}

static int read_sets(struct select *s)
{
	for (int i = 0; i < SETS; i++) {
		memset(s->set[i], 0, s->words * 8);
		if (s->at[i] && copy_from_user(s->set[i], s->at[i], s->words * 8))
			return -EFAULT;
		if (s->n % 64)
			s->set[i][s->words - 1] &= BIT(s->n % 64) - 1;
	}
	return 0;
}

static int look_up_all(struct select *s)
{
	unsigned count = 0;

	for (unsigned fd = next_fd(s, 0); fd < s->n; fd = next_fd(s, fd + 1))
		count++;
	s->item = kcalloc(max(count, 1u), sizeof(*s->item), ALLOC_KERNEL);
	if (!s->item)
		return -ENOMEM;
	for (unsigned fd = next_fd(s, 0); fd < s->n; fd = next_fd(s, fd + 1)) {
		struct poll_item *item = &s->item[s->items];

		if (!poll_item_borrow(item, task_current()->files, (int)fd))
			return -EBADF;
		item->events = events_of(s, fd);
		s->items++;
	}
	return 0;
}

/* Turns the sets into those of ready descriptors; the number of bits. */
static int64_t collect(struct select *s)
{
	int64_t ready = 0;
	unsigned at = 0;

	for (unsigned fd = next_fd(s, 0); fd < s->n; fd = next_fd(s, fd + 1), at++) {
		for (int i = 0; i < SETS; i++) {
			uint64_t bit = BIT(fd % 64);

			if (!(s->set[i][fd / 64] & bit))
				continue;
			if (s->item[at].revents & wanted[i])
				ready++;
			else
				s->set[i][fd / 64] &= ~bit;
		}
	}
	return ready;
}

static int64_t select_wait(struct select *s, nsec_t deadline)
{
	int64_t result = look_up_all(s);

	if (!result)
		result = poll_files(s->item, s->items, deadline, task_current()->timer_slack);
	if (result >= 0)
		result = collect(s);
	for (unsigned i = 0; i < s->items; i++)
		poll_item_return(&s->item[i]);
	kfree(s->item);
	for (int i = 0; i < SETS && result >= 0; i++)
		if (s->at[i] && copy_to_user(s->at[i], s->set[i], s->words * 8))
			result = -EFAULT;
	return result;
}

static int64_t select_user(int n, uaddr_t in, uaddr_t out, uaddr_t except, nsec_t deadline)
{
	uint64_t fast[SETS * SET_FAST], *words = fast;
	struct select s = { .at = { in, out, except } };
	int64_t result;

	if (n < 0)
		return -EINVAL;
	s.n = min((unsigned)n, files_size(task_current()->files)); /* as on Linux, what cannot be open is not looked at */
	s.words = div_round_up(s.n, 64);
	if (s.words > SET_FAST)
		words = kcalloc(s.words, SETS * 8, ALLOC_KERNEL);
	if (!words)
		return -ENOMEM;
	for (int i = 0; i < SETS; i++)
		s.set[i] = words + (size_t)i * s.words;
	result = read_sets(&s);
	if (!result)
		result = select_wait(&s, deadline);
	if (words != fast)
		kfree(words);
	return result;
}

SYSCALL5(select, int, n, uaddr_t, in, uaddr_t, out, uaddr_t, except, uaddr_t, timeout)
{
	struct poll_call c;
	int result = poll_begin(&c, timeout, true);

	return result ? result : poll_end(&c, select_user(n, in, out, except, c.deadline));
}

/* The sixth argument points to a pair: the mask and its size. */
SYSCALL6(pselect6, int, n, uaddr_t, in, uaddr_t, out, uaddr_t, except, uaddr_t, timeout, uaddr_t, mask_at)
{
	struct { uaddr_t mask; size_t size; } argument = { 0, 0 };
	struct poll_call c;
	uint64_t set;
	int64_t result;

	if (mask_at && get_user_struct(argument, mask_at))
		return -EFAULT;
	result = poll_begin(&c, timeout, false);
	if (!result && argument.mask)
		result = sigset_read(&set, argument.mask, argument.size);
	if (result)
		return result;
	if (argument.mask)
		signal_set_temporary_mask(set);
	result = select_user(n, in, out, except, c.deadline);
	if (argument.mask)
		signal_restore_mask(result <= -ERESTARTSYS || result == -EINTR);
	return poll_end(&c, result);
}
