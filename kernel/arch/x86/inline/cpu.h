/* SPDX-License-Identifier: MIT */
/*
 * The x86 half of hal/cpu.h: see there for what each function promises. A
 * per-processor variable is addressed as %gs:symbol; the GS base in the kernel
 * is this processor's distance from the image's own copy. No locks.
 */
#ifndef ARCH_X86_INLINE_CPU_H
#define ARCH_X86_INLINE_CPU_H

#include "lib/types.h"

#define CPU_FLAG_IF 0x200UL /* RFLAGS: interrupts on */

/* Any type of 1, 2, 4 or 8 bytes; one instruction, never cached by the compiler. */
#define cpu_local_read(var)                                                                        \
	({                                                                                         \
		__typeof__(var) cpu_value_;                                                        \
		__asm__ volatile("mov %%gs:%1, %0" : "=r"(cpu_value_) : "m"(var));                 \
		cpu_value_;                                                                        \
	})

/* For what cannot change under a running thread: the compiler may read it once for several uses. */
#define cpu_local_read_stable(var)                                                                 \
	({                                                                                         \
		__typeof__(var) cpu_value_;                                                        \
		__asm__("mov %%gs:%1, %0" : "=r"(cpu_value_) : "m"(var));                          \
		cpu_value_;                                                                        \
	})

#define cpu_local_write(var, value)                                                                \
	do {                                                                                       \
		__typeof__(var) cpu_value_ = (value);                                              \
		__asm__ volatile("mov %1, %%gs:%0" : "=m"(var) : "r"(cpu_value_));                 \
	} while (0)

#define cpu_local_add(var, n)                                                                      \
	do {                                                                                       \
		switch (sizeof(var)) {                                                             \
		case 1: __asm__ volatile("addb %b1, %%gs:%0" : "+m"(var) : "iq"((char)(n))); break; \
		case 2: __asm__ volatile("addw %w1, %%gs:%0" : "+m"(var) : "ir"((short)(n))); break; \
		case 4: __asm__ volatile("addl %1, %%gs:%0" : "+m"(var) : "ir"((int)(n))); break;  \
		case 8: __asm__ volatile("addq %1, %%gs:%0" : "+m"(var) : "er"((long)(n))); break; \
		}                                                                                  \
	} while (0)

#define cpu_local_ptr(var) ((__typeof__(&(var)))((uint64_t)&(var) + cpu_local_read(cpu_own_offset)))

static inline unsigned cpu_id(void)
{
	return cpu_local_read(cpu_own_id);
}

static inline uint64_t irq_flags(void)
{
	uint64_t flags;
	__asm__ volatile("pushfq; popq %0" : "=r"(flags) : : "memory");
	return flags;
}

static inline bool irq_enabled(void)
{
	return irq_flags() & CPU_FLAG_IF;
}

static inline void irq_disable(void)
{
	__asm__ volatile("cli" ::: "memory");
}

static inline void irq_enable(void)
{
	__asm__ volatile("sti" ::: "memory");
}

static inline uint64_t irq_save(void)
{
	uint64_t flags = irq_flags();
	irq_disable();
	return flags;
}

static inline void irq_restore(uint64_t state)
{
	if (state & CPU_FLAG_IF)
		irq_enable();
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

/* sti holds interrupts off for one more instruction, so none slips in before hlt. */
static inline void cpu_wait_irq(void)
{
	__asm__ volatile("sti; hlt" ::: "memory");
}

static inline uint64_t cpu_cycles(void)
{
	uint32_t low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static __always_inline uint64_t cpu_frame_pointer(void)
{
	return (uint64_t)__builtin_frame_address(0);
}

#endif
