/* SPDX-License-Identifier: MIT */
/*
 * base/spinlock.c: the contended half of spin_lock().
 *
 * The word. held: somebody has the lock. The other bytes are the queue before it:
 * next is the ticket that the next one to come draws, serving the one whose turn it
 * is, waiting how many have drawn one and do not have the lock yet. When the last of
 * those gets it, all three are 0 again: so taking a lock for which nobody waits is one
 * compare-and-exchange of the whole word from 0, and releasing is a store of one byte.
 *
 * Absence. A hypervisor may take a processor away at any moment. If that happens to
 * the one whose turn it is, everybody behind it would wait for as long as that lasts,
 * milliseconds, and then for the next one that is away, although the lock is free.
 * So whoever sees the lock free for ABSENT ticks and nobody take it goes before
 * those that do not come; the further behind, the later. Tickets that were passed
 * over are good at once, and are first when their processors are back. On a machine of
 * its own a processor takes a free lock within a hundredth of that time, so there
 * everything goes in order.
 *
 * Numbers of 8 bits: at most 63 wait. Who was away while 128 others went by finds
 * its ticket in the future, and waits as if it had come just now: fair no more, but
 * still exclusive, which does not hang on tickets.
 *
 * After a panic began, nobody who waits is held up: the holder may be stopped for
 * ever, and only one processor still runs.
 */
#include "base/spinlock.h"
#include "base/backtrace.h"
#include "hal/cpu.h"

/* In ticks of the time stamp counter. Some seconds on any processor: */
#define SPIN_SUSPICIOUS (10UL * 1000 * 1000 * 1000)
/* Some microseconds: */
#define ABSENT 20000

#define HELD      (1u << 0)
#define ONE_WAITS (1u << 8)
#define ONE_DRAWN (1u << 24)

_Static_assert(CPU_MAX <= 128, "tickets are compared as signed bytes");

uint64_t spin_overtaken;

static __cold void report(const struct spinlock *l)
{
	log_err("processor %u spins for seconds for the lock at %p", cpu_id(), (const void *)l);
	lockcheck_spin_holder(LOG_ERR, l);
	backtrace_all_cpus(LOG_ERR);
}

/* How many are before that ticket; 0 or less: it is its turn, or was. */
static inline int before(uint32_t seen, uint8_t ticket)
{
	return (int8_t)(ticket - (uint8_t)(seen >> 16));
}

/* Takes the lock, which was seen free, out of the queue. False: somebody else was faster. */
static bool take(struct spinlock *l, uint32_t seen, uint8_t ticket)
{
	uint32_t taken = (seen - ONE_WAITS) | HELD;

	if ((uint8_t)(taken >> 8) == 0)
		taken = HELD;
	else if (before(seen, ticket) >= 0)
		taken = (taken & ~0xff0000u) | (uint32_t)(uint8_t)(ticket + 1) << 16;
	if (!__atomic_compare_exchange_n(&l->word, &seen, taken, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	if (before(seen, ticket) > 0)
		__atomic_fetch_add(&spin_overtaken, 1, __ATOMIC_RELAXED);
	return true;
}

void spin_wait(struct spinlock *l)
{
	uint32_t seen = __atomic_fetch_add(&l->word, ONE_DRAWN | ONE_WAITS, __ATOMIC_RELAXED), last = seen;
	uint8_t ticket = (uint8_t)(seen >> 24);
	uint64_t start = cpu_cycles(), patience = SPIN_SUSPICIOUS, now = start, since = start;

	while (!panic_active()) {
		seen = __atomic_load_n(&l->word, __ATOMIC_RELAXED);
		if ((seen ^ last) & (HELD | 0xff0000u)) /* it was taken or released meanwhile */
			since = now;
		last = seen;
		int64_t pause = (int64_t)before(seen, ticket) * ABSENT;
		if (!(seen & HELD) && (int64_t)(now - since) >= pause && take(l, seen, ticket))
			return;
		if (unlikely(now - start > patience)) {
			report(l);
			patience *= 4;
		}
		cpu_relax();
		now = cpu_cycles();
	}
}
