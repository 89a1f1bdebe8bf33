/* SPDX-License-Identifier: MIT */
/*
 * Memory promised to programs: pages that private writable areas and shared
 * anonymous objects may come to need. The sum is kept per processor and added up by
 * readers. Whether one more is made is for vm.overcommit_memory to say: 0, only a
 * single promise larger than all memory is refused; 1, none is; 2, the sum stays below
 * a limit, of which a little is kept for administrators, and for who would clean up.
 */
#include "base/percpu.h"
#include "lib/errno.h"
#include "vm/areas.h"

static PERCPU(int64_t, commit_pages);

struct commit_settings vm_commit = { .mode = COMMIT_GUESS, .ratio = 50, .user_reserve = ~0u, .admin_reserve = ~0u };
static bool (*privileged)(void); /* immutable once set */

/* Promises up to this are not worth a look at how much memory there is. */
#define COMMIT_SMALL 1024

void vm_set_privileged_hook(bool (*hook)(void))
{
	privileged = hook;
}

uint64_t vm_commit_limit(void)
{
	uint64_t kbytes = atomic_load(&vm_commit.kbytes);
	struct frame_stats frames;

	frame_stats(&frames);
	return kbytes ? kbytes / (PAGE_SIZE / 1024) : frames.total * atomic_load(&vm_commit.ratio) / 100;
}

/* A setting in KiB; unless it was set, a part of free memory, as Linux works it out at boot. */
static uint64_t reserve(uint32_t *setting, uint32_t most)
{
	struct frame_stats frames;

	if (atomic_load(setting) == ~0u) {
		frame_stats(&frames);
		atomic_store(setting, min((uint32_t)(frames.free * (PAGE_SIZE / 1024) / 32), most));
	}
	return atomic_load(setting);
}

uint64_t vm_admin_reserve(void) { return reserve(&vm_commit.admin_reserve, 8192); }
uint64_t vm_user_reserve(void) { return reserve(&vm_commit.user_reserve, 131072); }

/* Mode 2: does the sum, this promise included, stay in what the running thread may have? */
static bool fits_limit(const struct space *s)
{
	uint64_t limit = vm_commit_limit(), kept = 0;

	if (!privileged || !privileged())
		kept = vm_admin_reserve() / (PAGE_SIZE / 1024);
	if (s)
		kept += min(s->count.total / 32, vm_user_reserve() / (PAGE_SIZE / 1024));
	return limit > kept && vm_committed() < limit - kept;
}

int commit_charge(int64_t pages)
{
	struct frame_stats frames;
	uint32_t mode = atomic_load(&vm_commit.mode);

	cpu_local_add(commit_pages, pages);
	if (likely(pages <= 0 || (pages <= COMMIT_SMALL && mode != COMMIT_NEVER) || mode == COMMIT_ALWAYS))
		return 0;
	if (mode == COMMIT_NEVER) {
		if (fits_limit(space_current()))
			return 0;
	} else {
		frame_stats(&frames);
		if ((uint64_t)pages <= frames.total)
			return 0;
	}
	cpu_local_add(commit_pages, -pages);
	return -ENOMEM;
}

int commit_charge_copies(int64_t pages)
{
	if (unlikely(atomic_load(&vm_commit.mode) == COMMIT_NEVER))
		return commit_charge(pages);
	cpu_local_add(commit_pages, pages);
	return 0;
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
