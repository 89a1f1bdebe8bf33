/* SPDX-License-Identifier: MIT */
/*
 * mem/kstack.h: kernel stacks in a region of their own. Slot i is an unmapped
 * guard page (with padding to keep slots aligned) and above it KSTACK_BYTES of
 * stack; which slots are free is in a bitmap off to the side. A few freed stacks
 * stay mapped per processor for reuse.
 */
#ifndef MEM_KSTACK_H
#define MEM_KSTACK_H

#include "hal/context.h"
#include "hal/mmu.h"

#define KSTACK_SLOT (2 * KSTACK_BYTES) /* guard (16 KiB unmapped), then the stack */

void kstack_init(void);

/* The top (highest address, 16-byte aligned) of a fresh stack; 0 when out. May sleep. */
vaddr_t kstack_alloc(void);
/* Must not be the running stack. Any thread context. */
void kstack_free(vaddr_t top);

/* True if addr lies in a guard: hal's double-fault handler asks through its own copy of the arithmetic. */
static inline bool kstack_is_guard(vaddr_t addr)
{
	return addr - KSTACK_BASE < KSTACK_SIZE && (addr - KSTACK_BASE) % KSTACK_SLOT < KSTACK_SLOT - KSTACK_BYTES;
}

#endif
