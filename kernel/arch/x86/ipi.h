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

/* An NMI interrupted f: true if another processor sent it. Does not return if that was cpu_stop_others(). */
struct user_frame;
bool ipi_nmi(const struct user_frame *f);

/* trace.c: somebody waits for this processor's answer; gives it; gives the last one, before it stops. */
bool trace_asked(void);
void trace_tell(const struct user_frame *f);
void trace_tell_last(const struct user_frame *f);

#endif
