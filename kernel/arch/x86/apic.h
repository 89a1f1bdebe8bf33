/* SPDX-License-Identifier: MIT */
/*
 * arch/x86/apic.h: the local APIC of this processor (Intel SDM volume 3,
 * chapter 11), through its page of registers or, in x2APIC mode, through MSRs.
 * apic_init() on the boot processor, then apic_init_cpu() on every one.
 */
#ifndef ARCH_X86_APIC_H
#define ARCH_X86_APIC_H

#include "lib/types.h"

/* Vectors of the local APIC itself; device lines lie below (see irq.h). */
#define VECTOR_CALL   0xfau /* cpu_call() */
#define VECTOR_STOP   0xfbu /* cpu_stop_others() */
#define VECTOR_KICK   0xfcu /* cpu_kick() */
#define VECTOR_TIMER  0xfdu
#define VECTOR_ERROR  0xfeu

/* Finds and maps the local APIC. False if there is none (or nolapic was asked for). */
bool apic_init(void);
/*
 * Switches this processor's on, timer masked. external routes the 8259s through
 * LINT0 (boot processor without I/O APIC).
 */
void apic_init_cpu(bool external);
bool apic_present(void);

uint32_t apic_id(void);            /* this processor's */
uint32_t apic_id_of(unsigned cpu); /* of processor number cpu */
void apic_set_id_of(unsigned cpu, uint32_t id); /* while processors are started */
void apic_eoi(void);

/* Sends a vector, or one of these, to an APIC id. Any context. */
#define APIC_SEND_NMI   0x400u
#define APIC_SEND_INIT  0x500u
#define APIC_SEND_START 0x600u /* and the number of the page where it starts */
void apic_send(uint32_t destination, uint32_t command);

/* Serves the vectors named above but the timer; false if it is none of them. */
bool apic_interrupt(unsigned vector);

/* The timer, one-shot, counting down at an unknown rate until calibrated. 0 stops it. */
void apic_timer_set(uint32_t count);
uint32_t apic_timer_count(void);
/* Leaves counting to the TSC deadline register (CPUID 1 ECX bit 24) if there is one. */
bool apic_timer_use_deadline(void);
void apic_timer_set_deadline(uint64_t tsc);
/* Lets the timer interrupt through. */
void apic_timer_unmask(void);

#endif
