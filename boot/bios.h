/* SPDX-License-Identifier: MIT */
/*
 * Calls into the BIOS from 32-bit code, and port access. bios_interrupt (start.S) goes to real
 * mode and back; it may be called any time with interrupts off, which is all of stage 2.
 */
#ifndef BOOT_BIOS_H
#define BOOT_BIOS_H

#include <stdbool.h>
#include <stdint.h>

#define FLAGS_CARRY	0x1

/* Registers into and out of a call; start.S knows the offsets. */
struct bios_regs {
	uint32_t eax, ebx, ecx, edx, esi, edi;
	uint16_t ds, es;
	uint16_t flags;		/* out only */
	uint16_t unused;
};

/* Calls interrupt `vector` of the BIOS with *regs, and stores what came back in *regs. */
void bios_interrupt(uint32_t vector, struct bios_regs *regs);

/* A low address as real mode's segment and offset. */
static inline uint16_t bios_segment(const void *p)
{
	return (uintptr_t)p >> 4;
}

static inline uint16_t bios_offset(const void *p)
{
	return (uintptr_t)p & 15;
}

/*
 * Memory at a fixed address. The compiler must not see the number: it would take an access near
 * address 0 for one through a null pointer.
 */
static inline void *phys_pointer(uint32_t address)
{
	__asm__("" : "+r" (address));
	return (void *)address;
}

static inline void port_out(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a" (value), "Nd" (port));
}

static inline uint8_t port_in(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a" (value) : "Nd" (port));
	return value;
}

#endif
