/* SPDX-License-Identifier: MIT */
/*
 * How many pages a space maps. Faults count in their thread first: see
 * vm/space.h. Whoever takes entries out gathers, and counts at the end.
 */
#include "vm/areas.h"
#include "vm/pagetable.h"

void space_count_settle(void)
{
	struct space *s = space_current();
	int8_t *pending = thread_current()->rss_pending;

	for (unsigned kind = 0; s && kind < RSS_KINDS; kind++) {
		if (pending[kind])
			atomic_add(&s->count.rss[kind], (uint64_t)(int64_t)pending[kind]);
		pending[kind] = 0;
	}
}

void space_resident(const struct space *s, struct space_resident *r)
{
	const struct thread *t = thread_current();
	bool own = t->mmu == &s->mmu;

	r->sum = 0;
	for (unsigned kind = 0; kind < RSS_KINDS; kind++) {
		int64_t n = (int64_t)atomic_load(&s->count.rss[kind]) + (own ? t->rss_pending[kind] : 0);

		r->rss[kind] = n > 0 ? (uint64_t)n : 0;
		r->sum += r->rss[kind];
	}
	r->peak = max(r->sum, atomic_load(&s->count.peak));
}

/* Close enough: what threads have pending is left out. */
void space_update_peak(struct space *s)
{
	const uint64_t *rss = s->count.rss;
	uint64_t now = atomic_load(&rss[RSS_ANON]) + atomic_load(&rss[RSS_FILE]) + atomic_load(&rss[RSS_SHMEM]);
	uint64_t peak = atomic_load(&s->count.peak);

	while ((int64_t)now > (int64_t)peak && !atomic_compare_exchange(&s->count.peak, &peak, now))
		;
}
