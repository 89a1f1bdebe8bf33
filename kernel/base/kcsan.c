/* SPDX-License-Identifier: MIT */
/*
 * A data-race detector: the run-time behind GCC's -fsanitize=thread (make
 * SAN=thread), which calls here before every access to memory.
 *
 * Idea. Every so often an access is made a watchpoint: its address, length and
 * kind are put where all processors see them, and its processor waits a while,
 * interrupts off. If another processor comes by with an access that overlaps,
 * at least one of the two writes, and at least one is plain, then nothing
 * orders them: a race. The one that comes by leaves its call chain; the one
 * that waits reports both, and whether the value changed meanwhile.
 *
 * Accesses through __atomic built-ins and through volatile (READ_ONCE) are
 * marked: they race with plain ones only; and a plain store of one word by who
 * holds the lock may be watched by marked loads without it. data_race() (lib/instrument.h) marks
 * a plain read that may race with anything, because nothing depends on it.
 *
 * Which access is watched is decided by a countdown per processor with a random
 * step, seeded by kcsan_seed= on the command line. Watchpoints lie in a table
 * by address, in units of a cache line; an access that crosses lines is looked
 * up by each of them. A slot that is taken is not waited for.
 *
 * Not seen: what assembly does, a processor's own interrupt handlers, and races
 * whose two sides never come within the time that a watchpoint waits.
 */
#include "base/cmdline.h"
#include "base/panic.h"
#include "base/sanitize.h"
#include "hal/context.h"
#include "hal/cpu.h"
#include "lib/atomic.h"
#include "lib/hash.h"
#include "lib/instrument.h"

#if CONFIG_KCSAN

#define CALLER ((vaddr_t)__builtin_return_address(0))

#define SLOTS	   256
#define LINE	   64
#define STEP	   1500   /* accesses from one watchpoint to the next, on average */
#define WAIT	   100000 /* cycles that a watchpoint stays, on average */
#define CHAIN_MAX  16

enum kind { WRITE = 1, MARKED = 2 };
enum { FREE, CLAIMED };       /* watch.addr besides addresses */
enum { MISSED, HIT, TOLD };   /* watch.state */

static struct watch {
	vaddr_t addr;              /* atomic: FREE, CLAIMED, or the address that is watched */
	uint32_t state;            /* atomic: whether somebody came by, and has left word */
	uint32_t bytes, kind, cpu; /* owner: who claimed the slot; constant while addr is an address */
	uint32_t other_kind, other_cpu, other_bytes, count; /* owner: who set HIT, until TOLD */
	vaddr_t chain[CHAIN_MAX];  /* the same */
} watch[SLOTS];

static struct {
	int32_t left;              /* owner: its processor; about is enough */
	uint64_t random;           /* the same */
} own[CPU_MAX];

/* A plain store of one word beside a marked load: the compiler does not tear it, as everywhere here. */
static bool is_word_store(unsigned kind, size_t bytes)
{
	return kind == WRITE && bytes <= sizeof(uint64_t);
}

static bool race(unsigned a, size_t a_bytes, unsigned b, size_t b_bytes)
{
	if (!((a | b) & WRITE) || a & b & MARKED)
		return false;
	return !(a == MARKED && is_word_store(b, b_bytes)) && !(b == MARKED && is_word_store(a, a_bytes));
}

static const char *word(unsigned kind)
{
	static const char *const words[] = { "read", "write", "marked read", "marked write" };

	return words[kind & 3];
}

/* An access falls into a line that is watched. */
static __attribute__((noinline)) void came_by(struct watch *w, vaddr_t caller, vaddr_t addr, size_t bytes,
					     unsigned kind)
{
	vaddr_t at = atomic_load_acquire(&w->addr);
	uint32_t missed = MISSED;

	if (at <= CLAIMED || at >= addr + bytes || addr >= at + w->bytes)
		return;
	if (w->cpu == cpu_id() || !race(w->kind, w->bytes, kind, bytes) || panic_active())
		return;
	if (!atomic_compare_exchange(&w->state, &missed, HIT))
		return;
	w->other_kind = kind;
	w->other_bytes = (uint32_t)bytes;
	w->other_cpu = cpu_id();
	w->chain[0] = caller;
	w->count = 1 + context_backtrace(cpu_frame_pointer(), w->chain + 1, CHAIN_MAX - 1);
	atomic_store_release(&w->state, TOLD);
}

static uint64_t value_at(vaddr_t addr, size_t bytes)
{
	switch (bytes) {
	case 1: return *(volatile uint8_t *)addr;
	case 2: return *(volatile uint16_t *)addr;
	case 4: return *(volatile uint32_t *)addr;
	default: return *(volatile uint64_t *)addr;
	}
}

static void report(const struct watch *w, vaddr_t caller, vaddr_t addr, uint64_t before, uint64_t after)
{
	const char *here = symbol_name(caller, NULL), *there = symbol_name(w->chain[0], NULL);

	if (!sanitize_begin(caller, "KCSAN: race: %s of %u bytes at %llx in %s and %s of %u in %s",
			    word(w->kind), w->bytes, (unsigned long long)addr, here ? here : "?",
			    word(w->other_kind), w->other_bytes, there ? there : "?"))
		return;
	sanitize_say("value before %llx, after %llx; processor %u:\n", (unsigned long long)before,
		     (unsigned long long)after, w->other_cpu);
	sanitize_say_chain(w->chain, w->count);
	sanitize_end();
}

static uint64_t next_random(unsigned cpu)
{
	if (!own[cpu].random)
		own[cpu].random = hash_2u64((uint64_t)cmdline_number("kcsan_seed", 1), cpu);
	own[cpu].random += HASH_K0;
	return hash_u64(own[cpu].random);
}

static void stay(struct watch *w, vaddr_t caller, vaddr_t addr, size_t bytes, uint64_t random)
{
	size_t n = bytes >= 8 ? 8 : bytes >= 4 ? 4 : bytes >= 2 ? 2 : 1;
	uint64_t before = value_at(addr, n), start = cpu_cycles(), wait = random % (2 * WAIT);

	atomic_store_release(&w->addr, addr);
	while (cpu_cycles() - start < wait && atomic_load(&w->state) == MISSED)
		cpu_relax();
	atomic_store(&w->addr, CLAIMED);
	atomic_fence();
	if (atomic_load(&w->state) == MISSED)
		return;
	while (atomic_load_acquire(&w->state) != TOLD && !panic_active())
		cpu_relax();
	report(w, caller, addr, before, value_at(addr, n));
}

/* Watches this access, if its line's slot is free. */
static __attribute__((noinline)) void sample(vaddr_t caller, vaddr_t addr, size_t bytes, unsigned kind)
{
	struct watch *w = &watch[addr / LINE % SLOTS];
	uint64_t irq = irq_save(), slot_free = FREE, random;

	own[cpu_id()].left = STEP; /* what is called from here is instrumented, some of it */
	random = cpu_online_count > 1 ? next_random(cpu_id()) : 0;
	own[cpu_id()].left = (int32_t)((random >> 32) % (2 * STEP));
	if (cpu_online_count > 1 && !panic_active() && atomic_compare_exchange(&w->addr, &slot_free, CLAIMED)) {
		w->bytes = (uint32_t)min(bytes, (size_t)LINE - addr % LINE);
		w->kind = kind;
		w->cpu = cpu_id();
		atomic_store(&w->state, MISSED);
		stay(w, caller, addr, bytes, random & 0xffffffff);
		atomic_store_release(&w->addr, FREE);
	}
	irq_restore(irq);
}

static __always_inline void seen(vaddr_t caller, vaddr_t addr, size_t bytes, unsigned kind)
{
	struct watch *w = &watch[addr / LINE % SLOTS];

	if (unlikely(atomic_load(&w->addr) > CLAIMED))
		came_by(w, caller, addr, bytes, kind);
	if (unlikely(--own[cpu_id()].left < 0))
		sample(caller, addr, bytes, kind);
}

static void seen_range(vaddr_t caller, vaddr_t addr, size_t bytes, unsigned kind)
{
	vaddr_t end = addr + bytes;

	while (addr < end) {
		vaddr_t next = min(end, align_down(addr, LINE) + LINE);

		seen(caller, addr, next - addr, kind);
		addr = next;
	}
}

void kcsan_read_racing(void *to, const volatile void *from, size_t n)
{
	volatile uint8_t *out = to;
	const volatile uint8_t *in = from;

	for (size_t i = 0; i < n; i++)
		out[i] = in[i];
}

/* The compiler's names from here on (gcc/tsan.cc, gcc/sanitizer.def). */

#define ACCESS(name, n, kind)                                                                      \
	void __tsan_##name(vaddr_t addr);                                                          \
	void __tsan_##name(vaddr_t addr) { seen(CALLER, addr, n, kind); }

#define ACCESSES(n)                                                                                \
	ACCESS(read##n, n, 0)                                                                      \
	ACCESS(write##n, n, WRITE)                                                                 \
	ACCESS(unaligned_read##n, n, 0)                                                            \
	ACCESS(unaligned_write##n, n, WRITE)                                                       \
	ACCESS(volatile_read##n, n, MARKED)                                                        \
	ACCESS(volatile_write##n, n, MARKED | WRITE)                                               \
	ACCESS(unaligned_volatile_read##n, n, MARKED)                                              \
	ACCESS(unaligned_volatile_write##n, n, MARKED | WRITE)

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

void __tsan_read_range(vaddr_t addr, size_t n);
void __tsan_read_range(vaddr_t addr, size_t n) { seen_range(CALLER, addr, n, 0); }
void __tsan_write_range(vaddr_t addr, size_t n);
void __tsan_write_range(vaddr_t addr, size_t n) { seen_range(CALLER, addr, n, WRITE); }

void __tsan_init(void);
void __tsan_init(void) { }
void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order) { atomic_fence(); }
void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order) { compiler_barrier(); }

#define ATOMIC_CHANGE(bits, name)                                                                  \
	uint##bits##_t __tsan_atomic##bits##_##name(uint##bits##_t *p, uint##bits##_t v, int order); \
	uint##bits##_t __tsan_atomic##bits##_##name(uint##bits##_t *p, uint##bits##_t v, int order) \
	{                                                                                          \
		seen(CALLER, (vaddr_t)p, sizeof(*p), MARKED | WRITE);                              \
		return __atomic_##name(p, v, __ATOMIC_SEQ_CST);                                    \
	}

#define ATOMIC_COMPARE(bits, name)                                                                 \
	bool __tsan_atomic##bits##_compare_exchange_##name(uint##bits##_t *p, uint##bits##_t *old, \
							   uint##bits##_t v, int order, int failed); \
	bool __tsan_atomic##bits##_compare_exchange_##name(uint##bits##_t *p, uint##bits##_t *old, \
							   uint##bits##_t v, int order, int failed) \
	{                                                                                          \
		seen(CALLER, (vaddr_t)p, sizeof(*p), MARKED | WRITE);                              \
		return __atomic_compare_exchange_n(p, old, v, false, __ATOMIC_SEQ_CST,             \
						   __ATOMIC_SEQ_CST);                              \
	}

#define ATOMIC(bits)                                                                               \
	uint##bits##_t __tsan_atomic##bits##_load(const uint##bits##_t *p, int order);             \
	uint##bits##_t __tsan_atomic##bits##_load(const uint##bits##_t *p, int order)              \
	{                                                                                          \
		seen(CALLER, (vaddr_t)p, sizeof(*p), MARKED);                                      \
		return __atomic_load_n(p, __ATOMIC_SEQ_CST);                                       \
	}                                                                                          \
	void __tsan_atomic##bits##_store(uint##bits##_t *p, uint##bits##_t v, int order);          \
	void __tsan_atomic##bits##_store(uint##bits##_t *p, uint##bits##_t v, int order)           \
	{                                                                                          \
		seen(CALLER, (vaddr_t)p, sizeof(*p), MARKED | WRITE);                              \
		__atomic_store_n(p, v, __ATOMIC_SEQ_CST);                                          \
	}                                                                                          \
	uint##bits##_t __tsan_atomic##bits##_exchange(uint##bits##_t *p, uint##bits##_t v, int order); \
	uint##bits##_t __tsan_atomic##bits##_exchange(uint##bits##_t *p, uint##bits##_t v, int order) \
	{                                                                                          \
		seen(CALLER, (vaddr_t)p, sizeof(*p), MARKED | WRITE);                              \
		return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);                                \
	}                                                                                          \
	ATOMIC_CHANGE(bits, fetch_add)                                                             \
	ATOMIC_CHANGE(bits, fetch_sub)                                                             \
	ATOMIC_CHANGE(bits, fetch_and)                                                             \
	ATOMIC_CHANGE(bits, fetch_or)                                                              \
	ATOMIC_CHANGE(bits, fetch_xor)                                                             \
	ATOMIC_COMPARE(bits, strong)                                                               \
	ATOMIC_COMPARE(bits, weak)

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

#endif
