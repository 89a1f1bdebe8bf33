/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/vdso/page.h: the page of data from which both clock_now() and the
 * vDSO tell time. clock.c writes it under its lock, with interrupts off and
 * seq odd meanwhile; programs see it read-only in the page below the vDSO's
 * image. Included by kernel and vDSO: no kernel headers here.
 */
#ifndef ARCH_X86_VDSO_PAGE_H
#define ARCH_X86_VDSO_PAGE_H

#include <stdbool.h>
#include <stdint.h>

struct clock_page {
	uint32_t seq;        /* atomic: odd while the rest is being written */
	uint32_t usable;     /* seq: time follows from the TSC; else make the system call */
	uint64_t tsc_base;   /* seq: the TSC at ... */
	uint64_t ns_base;    /* seq: ... this time since boot */
	uint64_t mult;       /* seq: nanoseconds per tick, 32 binary places */
	int64_t wall_offset; /* seq: wall clock less time since boot, nanoseconds */
};

/* The TSC, not read before what stands earlier in the program. */
static inline uint64_t clock_page_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* Time since boot at a reading of the TSC; one slightly before the base (another processor's) is the base. */
static inline uint64_t clock_page_ns(const struct clock_page *p, uint64_t tsc)
{
	uint64_t ticks = tsc - p->tsc_base;

	if ((int64_t)ticks < 0)
		ticks = 0;
	return p->ns_base + (uint64_t)((unsigned __int128)ticks * p->mult >> 32);
}

/* Time since boot now, and the wall clock's offset from it. False where the TSC does not serve. */
static inline bool clock_page_read(const struct clock_page *p, uint64_t *ns, int64_t *wall_offset)
{
	uint32_t seq;

	do {
		while ((seq = __atomic_load_n(&p->seq, __ATOMIC_ACQUIRE)) & 1)
			__asm__ volatile("pause");
		if (__builtin_expect(!p->usable, 0))
			return false;
		*ns = clock_page_ns(p, clock_page_tsc());
		*wall_offset = p->wall_offset;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (__builtin_expect(__atomic_load_n(&p->seq, __ATOMIC_RELAXED) != seq, 0));
	return true;
}

#endif
