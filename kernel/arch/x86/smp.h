/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/smp.h: what smp.c and smp_entry.S share.
 */
#ifndef ARCH_X86_SMP_H
#define ARCH_X86_SMP_H

#include "hal/cpu.h"
#include "lib/types.h"

/* The code that is copied to where processors start. */
extern const char smp_trampoline[], smp_trampoline_end[];

extern uint32_t smp_efer;          /* boot processor, before it starts others: bits of MSR_EFER */
extern uint32_t smp_tickets;       /* atomic: drawn so far */
extern uint32_t smp_ticket_limit;  /* atomic: who draws this one or a higher one halts */
extern vaddr_t smp_stack[CPU_MAX]; /* boot processor, before it starts others: by ticket */

/* First C code of another processor: no per-processor variables yet. */
__noreturn void smp_arrive(unsigned ticket);

#endif
