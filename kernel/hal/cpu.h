/* SPDX-License-Identifier: MIT */
/*
 * hal/cpu.h: this processor. Identity, per-processor variables, interrupt flag,
 * features, idle. Nothing here knows of threads or processes.
 *
 * The inlines are the machine's and come from arch/x86/inline/cpu.h:
 *
 *   unsigned cpu_id(void)                 number of this processor, 0 is the boot processor
 *   bool     irq_enabled(void)
 *   void     irq_disable(void), irq_enable(void)
 *   uint64_t irq_save(void)               disable, return the former state
 *   void     irq_restore(uint64_t state)
 *   void     cpu_relax(void)              inside a spin loop
 *   void     cpu_wait_irq(void)           enable interrupts and sleep until one comes, atomically
 *   uint64_t cpu_cycles(void)             the time stamp counter, unordered
 *   uint64_t cpu_frame_pointer(void)
 *
 *   cpu_local_read(var), cpu_local_write(var, value), cpu_local_add(var, n),
 *   cpu_local_ptr(var)                    access this processor's copy of a variable that
 *                                         base/percpu.h defined; single instructions but the last
 *
 * Per-processor variables lie in the section ".percpu", which is processor 0's
 * copy itself; the GS base is the distance from there to this processor's copy,
 * so it is zero on processor 0 and works from the first instruction on.
 */
#ifndef HAL_CPU_H
#define HAL_CPU_H

#include "lib/types.h"

#define CPU_MAX 64

/* For the inlines alone: this processor's number, and its distance to per-processor variables. */
extern uint32_t cpu_own_id;     /* per processor, immutable */
extern uint64_t cpu_own_offset; /* the same */

#include "arch/x86/inline/cpu.h"

/*
 * Number of processors running, and found, at least 1. The running ones have
 * the numbers below the first count. Immutable once all are started.
 */
extern unsigned cpu_online_count;
extern unsigned cpu_possible_count;

/* The running processors, a bit each. */
static inline uint64_t cpu_all(void)
{
	return ~0UL >> (64 - cpu_online_count);
}

/*
 * What the processor can do, decided once at boot (on the boot processor) and
 * immutable afterwards. Features beyond these stay inside arch/.
 */
struct cpu_features {
	char vendor[13];       /* CPUID leaf 0 */
	char model[49];        /* CPUID leaves 0x80000002..4, trimmed */
	uint32_t family, model_number, stepping;
	uint32_t hwcap;        /* AT_HWCAP: CPUID 1 EDX */
	uint32_t hwcap2;       /* AT_HWCAP2 */
	uint32_t address_bits_physical, address_bits_virtual;
	bool nx, smep, smap, umip, fsgsbase, xsave, rdrand, rdseed, page1g, la57;
	bool invariant_tsc;
	uint32_t xstate_size;  /* bytes of the extended state a thread needs */
	uint64_t xstate_mask;  /* XCR0, or 3 where there is no XSAVE */
};
extern struct cpu_features cpu_features;

/* The words that /proc/cpuinfo prints after "flags"; fills buf, returns its length. */
size_t cpu_flags_format(char *buf, size_t size);

/* One text line or more of the registers in f and of this processor's control registers, for panic(). Length. No locks. */
struct user_frame;
size_t cpu_registers_format(char *buf, size_t size, const struct user_frame *f);

/* What was changed in memory is what this processor executes from here on. */
void cpu_serialize(void);

/* Stops this processor for good, interrupts off. */
__noreturn void cpu_halt(void);

/* Stops every other processor, for panic(); waits a bounded time. No locks. */
void cpu_stop_others(void);

/*
 * Where a processor is: what it runs, its next instruction, and the return
 * addresses below that. In an interrupt: what was interrupted.
 */
#define CPU_TRACE_MAX 16
struct cpu_trace {
	char name[16];  /* of the running thread */
	bool user;      /* it runs a program; rip is the program's, and there is no chain */
	bool irq_on;
	vaddr_t rip;    /* 0: the caller itself */
	unsigned n;
	vaddr_t chain[CPU_TRACE_MAX];
};
/*
 * Asks a processor, by an interrupt that cannot be masked. False if it does not
 * answer within a second or so. Any context, a panic too; no locks.
 */
bool cpu_trace(unsigned cpu, struct cpu_trace *t);

/*
 * What a processor needs before it can run: memory for its variables (zeroed,
 * cpu_area_bytes() of them, a page's alignment) and tops of kernel stacks.
 */
#define CPU_OWN_STACKS 4
struct cpu_memory {
	void *area;
	vaddr_t stack, irq_stack, own_stack[CPU_OWN_STACKS];
};
size_t cpu_area_bytes(void);

/*
 * Starts up to n processors besides this one, all at once, and waits a bounded
 * time. Those that come get the numbers from 1 on in the order of the firmware's
 * table and enter upcall_cpu_main(); one that does not is reported and left out.
 * Returns how many come. After clock_init(), once, on the boot processor.
 */
unsigned cpu_start_others(const struct cpu_memory *memory, unsigned n);

/*
 * Calls fn(arg) on every processor of the mask, this one included if it is in
 * it: there in an interrupt, interrupts off. wait: returns when all have done
 * it. Without, arg must stay valid, and the next call from this processor waits.
 * Preemption may be on. Interrupts on (another may be calling us), so no lock
 * held that is taken with interrupts off; fn takes only such locks.
 */
void cpu_call(uint64_t mask, void (*fn)(void *arg), void *arg, bool wait);

/* Asks processor cpu to reschedule (an inter-processor interrupt). Any context. */
void cpu_kick(unsigned cpu);

/* 64 bits from RDSEED or RDRAND. False where there is none or it fails. */
bool cpu_random(uint64_t *out);

/*
 * Gathers timing noise of this processor: a few hundred instructions, mixed
 * into 64 bits of which a few may be unpredictable (none under a deterministic
 * emulator). For the random pool's seed where cpu_random() fails. Any context.
 */
uint64_t cpu_jitter(void);

#endif
