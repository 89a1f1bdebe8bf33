/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/msr.h: model-specific registers and CPUID, inside arch/ only. A
 * register that the processor lacks faults: ask CPUID first.
 */
#ifndef ARCH_X86_MSR_H
#define ARCH_X86_MSR_H

#include "lib/types.h"

#define MSR_APIC_BASE     0x1bU
#define MSR_TSC_DEADLINE  0x6e0U
#define MSR_X2APIC_FIRST  0x800U
#define MSR_KVM_CLOCK     0x4b564d01U

static inline uint64_t msr_read(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid_read(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "0"(leaf), "2"(subleaf));
	return r;
}

#endif
