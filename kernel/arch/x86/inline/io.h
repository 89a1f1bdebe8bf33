/* SPDX-License-Identifier: MIT */
/* The inlines of hal/io.h: port instructions, and moves of a fixed width. */
#ifndef ARCH_X86_INLINE_IO_H
#define ARCH_X86_INLINE_IO_H

#include "lib/types.h"

#define PORT_ACCESS(bits, suffix, reg)                                                             \
	static inline uint##bits##_t port_read##bits(uint16_t port)                                \
	{                                                                                          \
		uint##bits##_t value;                                                              \
		__asm__ volatile("in" suffix " %1, %" reg "0" : "=a"(value) : "Nd"(port) : "memory"); \
		return value;                                                                      \
	}                                                                                          \
	static inline void port_write##bits(uint16_t port, uint##bits##_t value)                   \
	{                                                                                          \
		__asm__ volatile("out" suffix " %" reg "0, %1" : : "a"(value), "Nd"(port) : "memory"); \
	}

PORT_ACCESS(8, "b", "b")
PORT_ACCESS(16, "w", "w")
PORT_ACCESS(32, "l", "k")
#undef PORT_ACCESS

/* Plain moves with the operand sizes and addressing that hypervisors know how to emulate. */
#define MMIO_ACCESS(bits, suffix, constraint)                                                      \
	static inline uint##bits##_t mmio_read##bits(const volatile void *p)                       \
	{                                                                                          \
		uint##bits##_t value;                                                              \
		__asm__ volatile("mov" suffix " %1, %0"                                            \
				 : "=r"(value)                                                     \
				 : "m"(*(const volatile uint##bits##_t *)p)                        \
				 : "memory");                                                      \
		return value;                                                                      \
	}                                                                                          \
	static inline void mmio_write##bits(volatile void *p, uint##bits##_t value)                \
	{                                                                                          \
		__asm__ volatile("mov" suffix " %1, %0"                                            \
				 : "=m"(*(volatile uint##bits##_t *)p)                             \
				 : constraint(value)                                               \
				 : "memory");                                                      \
	}

MMIO_ACCESS(8, "b", "q")
MMIO_ACCESS(16, "w", "r")
MMIO_ACCESS(32, "l", "r")
MMIO_ACCESS(64, "q", "r")
#undef MMIO_ACCESS

#endif
