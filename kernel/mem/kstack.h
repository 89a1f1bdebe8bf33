/* SPDX-License-Identifier: MIT */
/*
 * mem/kstack.h: kernel stacks in a region of their own. Slot i is an unmapped
 * guard page (with padding to keep slots aligned) and above it KSTACK_BYTES of
 * stack; which slots are free is in a bitmap off to the side. A few freed stacks
 * stay mapped per processor for reuse. Slots are laid out by hal/mmu.h.
 */
#ifndef MEM_KSTACK_H
#define MEM_KSTACK_H

#include "hal/context.h"
#include "hal/mmu.h"

void kstack_init(void);

/* The top (highest address, 16-byte aligned) of a fresh stack; 0 when out. May sleep. */
vaddr_t kstack_alloc(void);
/*
 * Must not be the running stack. Any thread context, interrupts off too. True
 * when so many are unused that kstack_trim() should be called where it may.
 */
bool kstack_free(vaddr_t top);
/* Unmaps the stacks beyond those that are kept for reuse. May sleep; no locks held. */
void kstack_trim(void);

#endif
