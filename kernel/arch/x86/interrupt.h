/* SPDX-License-Identifier: MIT */
/*
 * Between the entry code and the interrupt controllers. The entry stubs of the
 * vectors 32..255 save the registers, change to the processor's interrupt stack
 * and call arch_interrupt(); everything about lines, acknowledging and timers is
 * behind it.
 */
#ifndef ARCH_X86_INTERRUPT_H
#define ARCH_X86_INTERRUPT_H

#include "lib/types.h"

#define VECTOR_FIRST    32  /* below: exceptions */
#define VECTOR_COUNT    256
#define VECTOR_SPURIOUS 255

/*
 * Serves an interrupt: interrupts off, on the interrupt stack, irq_in_progress()
 * true. The caller checks for rescheduling afterwards.
 */
void arch_interrupt(unsigned vector);

#endif
