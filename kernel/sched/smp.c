/* SPDX-License-Identifier: MIT */
/*
 * sched/smp.c: the other processors: memory for them, and their first steps as
 * threads. They wait for each other, so that all become known at one moment:
 * before it there is one processor for everybody, after it there are all.
 */
#include "base/cmdline.h"
#include "base/log.h"
#include "mem/frame.h"
#include "mem/kstack.h"
#include "sched/runq.h"

static unsigned ready; /* atomic: processors that wait to become known */

/* False when memory is out; what was got is left to the next boot with more of it. */
static bool memory_get(struct cpu_memory *m)
{
	size_t pages = div_round_up(cpu_area_bytes(), PAGE_SIZE);
	struct page *page = frame_alloc(pages > 1 ? 64 - (unsigned)__builtin_clzl(pages - 1) : 0,
					ALLOC_KERNEL | ALLOC_ZERO);

	m->area = page ? page_address(page) : NULL;
	m->stack = kstack_alloc();
	m->irq_stack = kstack_alloc();
	for (unsigned i = 0; i < CPU_OWN_STACKS; i++)
		m->own_stack[i] = kstack_alloc();
	return m->area && m->stack && m->irq_stack && m->own_stack[CPU_OWN_STACKS - 1];
}

/* How many processors besides this one may be started. */
static unsigned wanted(void)
{
	uint64_t most = cmdline_flag("nosmp") ? 0 : (uint64_t)cmdline_number("maxcpus", CPU_MAX);

	return most ? (unsigned)min((uint64_t)cpu_possible_count, most) - 1 : 0;
}

void sched_start_others(void)
{
	static struct cpu_memory memory[CPU_MAX];
	unsigned n = 0, most = wanted();

	while (n < most && memory_get(&memory[n]))
		n++;
	n = cpu_start_others(memory, n);
	while (atomic_load_acquire(&ready) < n)
		cpu_relax();
	atomic_store_release(&cpu_online_count, n + 1);
	if (cpu_possible_count > 1)
		log_info("smp: %u of %u processors run\n", n + 1, cpu_possible_count);
}

void upcall_cpu_main(void)
{
	sched_init_cpu();
	atomic_inc(&ready);
	while (atomic_load_acquire(&cpu_online_count) == 1)
		cpu_relax();
	irq_enable();
	sched_idle();
}
