/* SPDX-License-Identifier: MIT */
/*
 * sched/space.c: which address space each processor has loaded.
 *
 * A processor that goes over to a kernel thread or idles keeps what was loaded
 * and says that it only borrows it: changes of the space need not interrupt it.
 * Instead, whoever changes the space gives it a new generation, and a processor
 * that takes a borrowed space into use again compares. Either it sees the new
 * number, or the other sees that it does not borrow any more: both write first
 * and read afterwards, with a fence between.
 *
 * loaded is its processor's own, with interrupts off; others read lazy.
 */
#include "base/panic.h"
#include "sched/runq.h"

struct loaded {
	struct mmu_space *space; /* NULL: the kernel's own root */
	uint64_t generation;     /* of the space, when stale entries were last dropped here */
	bool lazy;               /* atomic: borrowed */
};
static PERCPU(struct loaded, loaded);

/* Stale entries go with the root's being loaded. */
static void load(struct loaded *l, struct mmu_space *mmu)
{
	struct mmu_space *old = l->space;

	if (old != mmu)
		atomic_or(&mmu->cpus, BIT(cpu_id())); /* before the first use, so that a shootdown reaches us */
	l->space = mmu;
	l->generation = atomic_load(&mmu->generation);
	mmu_switch(mmu->root, 0);
	if (old && old != mmu)
		atomic_and(&old->cpus, ~BIT(cpu_id()));
}

void space_load(struct mmu_space *mmu)
{
	struct loaded *l = cpu_local_ptr(loaded);

	if (atomic_load(&l->lazy))
		(void)atomic_exchange(&l->lazy, false);
	else if (likely(l->space == mmu))
		return;
	if (l->space != mmu || l->generation != atomic_load(&mmu->generation))
		load(l, mmu);
}

void space_borrow(void)
{
	cpu_local_write(loaded.lazy, true);
}

void thread_use_space(struct mmu_space *mmu)
{
	uint64_t irq = irq_save();

	thread_current()->mmu = mmu;
	if (mmu)
		space_load(mmu);
	else
		space_borrow();
	irq_restore(irq);
}

bool mmu_space_in_use(const struct mmu_space *mmu)
{
	const struct loaded *l = cpu_local_ptr(loaded);

	return l->space == mmu && !l->lazy;
}

uint64_t mmu_space_users(const struct mmu_space *mmu, bool borrowers)
{
	uint64_t cpus = atomic_load(&mmu->cpus), users = cpus;

	for (; !borrowers && cpus; cpus &= cpus - 1) {
		unsigned cpu = (unsigned)__builtin_ctzl(cpus);

		if (atomic_load(&percpu_of(loaded, cpu)->lazy))
			users &= ~BIT(cpu);
	}
	return users;
}

void mmu_space_flushed(const struct mmu_space *mmu, uint64_t before, uint64_t after)
{
	struct loaded *l = cpu_local_ptr(loaded);

	assert(!irq_enabled());
	if (l->space == mmu && l->generation == before)
		l->generation = after;
}

void mmu_space_unload(void *space)
{
	struct loaded *l = cpu_local_ptr(loaded);
	struct mmu_space *mmu = space;

	assert(!irq_enabled());
	if (l->space != mmu)
		return;
	mmu_switch(mmu_kernel_root, 0);
	l->space = NULL;
	atomic_and(&mmu->cpus, ~BIT(cpu_id()));
}

void mmu_space_forget(struct mmu_space *mmu)
{
	might_sleep();
	cpu_call(atomic_load(&mmu->cpus), mmu_space_unload, mmu, true);
	verify(atomic_load(&mmu->cpus) == 0);
}
