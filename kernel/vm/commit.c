/* SPDX-License-Identifier: MIT */
/*
 * Memory promised to programs: pages that private writable areas and shared
 * anonymous objects may come to need. As Linux in its heuristic mode, only a
 * single promise larger than all memory is refused. The sum is kept per
 * processor and added up by readers.
 */
#include "base/percpu.h"
#include "lib/errno.h"
#include "vm/areas.h"

static PERCPU(int64_t, commit_pages);

/* Promises up to this are not worth a look at how much memory there is. */
#define COMMIT_SMALL 1024

int commit_charge(int64_t pages)
{
	if (pages > COMMIT_SMALL) {
		struct frame_stats frames;

		frame_stats(&frames);
		if ((uint64_t)pages > frames.total)
			return -ENOMEM;
	}
	cpu_local_add(commit_pages, pages);
	return 0;
}

void commit_charge_copies(int64_t pages)
{
	cpu_local_add(commit_pages, pages);
}

void commit_uncharge(int64_t pages)
{
	cpu_local_add(commit_pages, -pages);
}

uint64_t vm_committed(void)
{
	int64_t sum = 0;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		sum += READ_ONCE(*percpu_of(commit_pages, cpu));
	return sum > 0 ? (uint64_t)sum : 0;
}
