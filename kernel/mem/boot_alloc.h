/* SPDX-License-Identifier: MIT */
/*
 * mem/boot_alloc.h: what mem/ itself needs of the memory of the boot, beyond
 * upcall_boot_alloc(). One processor, interrupts off; no locks.
 */
#ifndef MEM_BOOT_ALLOC_H
#define MEM_BOOT_ALLOC_H

#include "lib/types.h"

struct boot_region {
	paddr_t start, end; /* page aligned */
};

/* bytes (whole pages) at a multiple of align, contents undefined. 0 when there is no such place. */
paddr_t boot_alloc_take(size_t bytes, size_t align);

/* What nobody took, ascending; after this nothing can be taken any more. */
unsigned boot_alloc_finish(const struct boot_region **regions);

#endif
