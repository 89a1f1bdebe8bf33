/* SPDX-License-Identifier: MIT */
/*
 * base/seqlock.h: sequence counts. Readers never write; they repeat when a
 * writer was at work. Writers exclude each other by a lock of their own, and are
 * not preempted, since readers spin meanwhile; debug builds check both.
 */
#ifndef BASE_SEQLOCK_H
#define BASE_SEQLOCK_H

#include "base/panic.h"
#include "base/preempt.h"
#include "lib/atomic.h"

struct seqcount {
	uint32_t n; /* atomic: odd while a writer is at work */
};

static inline uint32_t seq_read_begin(const struct seqcount *s)
{
	uint32_t n;
	while ((n = __atomic_load_n(&s->n, __ATOMIC_ACQUIRE)) & 1)
		cpu_relax();
	return n;
}

static inline bool seq_read_retry(const struct seqcount *s, uint32_t n)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&s->n, __ATOMIC_RELAXED) != n;
}

static inline void seq_write_begin(struct seqcount *s)
{
	assert(!(s->n & 1)); /* or there are two writers */
	assert(cpu_local_read(preempt_count) != 0 || !irq_enabled());
	__atomic_store_n(&s->n, s->n + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void seq_write_end(struct seqcount *s)
{
	assert(s->n & 1);
	__atomic_store_n(&s->n, s->n + 1, __ATOMIC_RELEASE);
}

#endif
