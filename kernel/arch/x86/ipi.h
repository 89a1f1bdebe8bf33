/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/ipi.h: interrupts between processors, the receiving end. The sending
 * one is hal/cpu.h: cpu_kick(), cpu_call(), cpu_stop_others().
 */
#ifndef ARCH_X86_IPI_H
#define ARCH_X86_IPI_H

#include "lib/types.h"

/* Serves an interrupt of another processor; false if the vector is none. Interrupts off. */
bool ipi_interrupt(unsigned vector);

/* An NMI came: does not return if cpu_stop_others() sent it. */
void ipi_nmi(void);

#endif
