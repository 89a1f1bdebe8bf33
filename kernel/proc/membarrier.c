/* SPDX-License-Identifier: MIT */
/*
 * proc/membarrier.c: membarrier(2): makes other processors' threads pass a barrier, so
 * that their own fast paths need none. The expedited kinds interrupt the processors
 * that have the caller's memory loaded; a thread that runs nowhere has passed the
 * scheduler's barriers. A program announces what it will want; that is kept with its
 * memory, over fork but not over exec.
 *
 * SYNC_CORE: instructions that were changed are fetched anew: the return from an
 * interrupt, and a change of address space, see to it. RSEQ: restartable sequences are
 * left as if their threads had been preempted.
 */
#include "base/panic.h"
#include "proc/internal.h"
#include "sched/work.h"
#include <linux/membarrier.h>

#define KNOWN                                                                                               \
	(MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | \
	 MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED |                     \
	 MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE | \
	 MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ)

static void barrier_here(void *unused)
{
	(void)unused;
	atomic_fence();
}

/* Of the thread that runs here: on its way to user mode it leaves its sequence. */
static void leave_sequence_here(void *unused)
{
	struct thread *t = thread_current();

	(void)unused;
	atomic_fence();
	if (t->notify_preempted)
		atomic_or(&t->context.work, WORK_NOTIFY);
}

static void on_processors(uint64_t mask, void (*fn)(void *))
{
	atomic_fence();
	if (mask)
		cpu_call(mask, fn, NULL, true);
	atomic_fence();
}

/* Where threads with this memory may run; those that come to have it pass a barrier. */
static uint64_t users_of(const struct space *s)
{
	uint64_t mask;

	atomic_fence();
	preempt_disable();
	mask = mmu_space_users(&s->mmu, true);
	preempt_enable();
	return mask;
}

/* command needs that one of the caller's memory was announced, by the next bit. */
static int private_barrier(struct space *s, int command, int cpu)
{
	bool rseq = command == MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ;
	uint64_t mask;

	if (!(atomic_load(&s->barriers) & (unsigned)command << 1))
		return -EPERM;
	mask = users_of(s);
	if (rseq && cpu >= 0)
		mask &= cpu < CPU_MAX ? BIT(cpu) : 0;
	on_processors(mask, rseq ? leave_sequence_here : barrier_here);
	if (command == MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE)
		cpu_serialize();
	return 0;
}

/* The registering commands are the bits above what they announce. */
static int announce(struct space *s, int command)
{
	atomic_or(&s->barriers, (unsigned)command);
	return 0;
}

static uint64_t all_processors(void)
{
	return cpu_online_count >= 64 ? ~0UL : BIT(cpu_online_count) - 1;
}

int process_membarrier(int command, unsigned flags, int cpu)
{
	struct space *s = task_current()->space;

	if (flags && (command != MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ || flags != MEMBARRIER_CMD_FLAG_CPU))
		return -EINVAL;
	switch (command) {
	case MEMBARRIER_CMD_QUERY:
		return KNOWN;
	case MEMBARRIER_CMD_GLOBAL:
		if (cpu_online_count > 1)
			rcu_synchronize();
		return 0;
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		on_processors(all_processors(), barrier_here);
		return 0;
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ:
		return private_barrier(s, command, flags ? cpu : -1);
	case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ:
		return announce(s, command);
	default:
		return -EINVAL;
	}
}
