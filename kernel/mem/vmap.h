/* SPDX-License-Identifier: MIT */
/*
 * mem/vmap.h: kernel virtual ranges: device memory and pages that are not
 * adjacent in RAM. Ranges come from VMAP_BASE on; each is followed by an
 * unmapped guard page. Freed ranges are reused only after their TLB entries are
 * gone everywhere.
 */
#ifndef MEM_VMAP_H
#define MEM_VMAP_H

#include "hal/mmu.h"
#include "lib/types.h"

/* After slab_init(). */
void vmap_init(void);

/* Maps n bytes of physical memory (any alignment) with prot MMU_*. Never RAM that frames manage. NULL when out. May sleep. */
void *vmap_physical(paddr_t pa, size_t n, unsigned prot);
/* n bytes from single frames, zeroed if asked. NULL when out. May sleep. */
void *vmap_alloc(size_t n, unsigned flags);
/* Undoes either. May sleep. */
void vmap_free(void *p);

#endif
