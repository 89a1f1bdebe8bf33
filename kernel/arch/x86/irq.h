/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/irq.h: what the clock adds to arch_interrupt(): a tick of the local
 * timer that does not come through a device line.
 */
#ifndef ARCH_X86_IRQ_H
#define ARCH_X86_IRQ_H

/* The local timer fired, however it got here: counts it and calls upcall_timer(). Interrupts off. */
void irq_local_timer(void);

#endif
