/* SPDX-License-Identifier: MIT */
/*
 * hal/io.h: device registers, in ports and in memory. The inlines are the
 * machine's and come from arch/x86/inline/io.h. Each is one access of exactly
 * the width named, in program order against the others.
 *
 *   uint8_t port_read8(uint16_t port)     port_read16, port_read32
 *   void port_write8(uint16_t port, uint8_t value)     port_write16, port_write32
 *   uint8_t mmio_read8(const volatile void *p)     mmio_read16, mmio_read32, mmio_read64
 *   void mmio_write8(volatile void *p, uint8_t value)     mmio_write16, mmio_write32, mmio_write64
 */
#ifndef HAL_IO_H
#define HAL_IO_H

#include "lib/types.h"

#include "arch/x86/inline/io.h"

#endif
