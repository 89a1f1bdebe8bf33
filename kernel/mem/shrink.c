/* SPDX-License-Identifier: MIT */
/*
 * Shrinkers. The list only grows at its head, so walking it needs no lock, and
 * a shrinker may sleep.
 */
#include "mem/shrink.h"
#include "lib/atomic.h"

static struct shrinker *first; /* atomic */

void shrink_register(struct shrinker *s)
{
	struct shrinker *head = atomic_load(&first);

	do
		s->next = head;
	while (!atomic_compare_exchange(&first, &head, s));
}

uint64_t shrink_count(void)
{
	uint64_t sum = 0;

	for (struct shrinker *s = atomic_load_acquire(&first); s; s = s->next)
		sum += s->count(s);
	return sum;
}

/* A shrinker that holds half of everything gives half of what is wanted, rounded up. */
uint64_t shrink_run(uint64_t frames, unsigned flags)
{
	uint64_t all = shrink_count(), freed = 0;

	for (struct shrinker *s = atomic_load_acquire(&first); s && freed < frames; s = s->next) {
		uint64_t have = s->count(s);

		if (have > 0)
			freed += s->scan(s, frames >= all ? have : div_round_up(have * frames, all), flags);
	}
	return freed;
}
