/* SPDX-License-Identifier: MIT */
/*
 * Call chains kept for reports of the address sanitizer: who allocated an
 * object, who freed it. Equal chains are kept once, in an open hash table that
 * only grows; a chain is known by its place. The low halves of text addresses
 * are enough. No locks: an entry is claimed by compare-and-exchange.
 */
#include "base/kasan.h"
#include "base/panic.h"
#include "base/sanitize.h"
#include "hal/context.h"
#include "hal/cpu.h"
#include "hal/mmu.h"
#include "lib/atomic.h"
#include "lib/hash.h"

#if CONFIG_KASAN

#define CHAIN_MAX 14
#define STORE	  32768
#define TRIES	  16

enum { FREE, BUSY, READY };

static struct {
	uint32_t state;            /* atomic: FREE, BUSY while its claimer writes, READY */
	uint32_t count;            /* immutable once READY, as the next */
	uint32_t pc[CHAIN_MAX];
} store[STORE];

static bool same(unsigned at, const uint32_t *pc, uint32_t n)
{
	if (store[at].count != n)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (store[at].pc[i] != pc[i])
			return false;
	return true;
}

/* Puts the chain into the entry if that is free. */
static bool claim(unsigned at, const uint32_t *pc, uint32_t n)
{
	uint32_t state = FREE;

	if (!atomic_compare_exchange(&store[at].state, &state, BUSY))
		return false;
	store[at].count = n;
	for (uint32_t i = 0; i < n; i++)
		store[at].pc[i] = pc[i];
	atomic_store_release(&store[at].state, READY);
	return true;
}

uint32_t kasan_trace_save(void)
{
	vaddr_t chain[CHAIN_MAX];
	uint32_t pc[CHAIN_MAX], n;
	uint64_t hash = 0;

	if (!context_current())
		return 0;
	n = context_backtrace(cpu_frame_pointer(), chain, CHAIN_MAX);
	for (uint32_t i = 0; i < n; i++) {
		pc[i] = (uint32_t)chain[i];
		hash = hash_2u64(hash, pc[i]);
	}
	for (unsigned i = 0; i < TRIES; i++) {
		unsigned at = (unsigned)(hash + i) % STORE;

		if (at == 0)
			continue;
		if (claim(at, pc, n))
			return at;
		if (atomic_load_acquire(&store[at].state) == READY && same(at, pc, n))
			return at;
	}
	return 0;
}

void kasan_trace_say(const char *what, uint32_t trace)
{
	vaddr_t chain[CHAIN_MAX];

	if (trace == 0 || trace >= STORE || atomic_load_acquire(&store[trace].state) != READY)
		return;
	for (uint32_t i = 0; i < store[trace].count; i++)
		chain[i] = 0xffffffff00000000UL | store[trace].pc[i];
	sanitize_say("%s:\n", what);
	sanitize_say_chain(chain, store[trace].count);
}

#endif
