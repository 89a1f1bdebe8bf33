/* SPDX-License-Identifier: MIT */
/*
 * mem/kmap.h: entries of the kernel half's tables. Inside mem/ only: who owns a
 * range of addresses (the frame array, kernel stacks, vmap) fills and clears the
 * entries of that range, and nobody else does. Tables are made as needed, by
 * any number of processors at once, and stay for good.
 *
 * Clearing leaves TLBs alone: the owner calls mmu_flush_kernel() before it uses
 * the addresses again.
 */
#ifndef MEM_KMAP_H
#define MEM_KMAP_H

#include "hal/mmu.h"

/* 0, -ENOMEM, -EEXIST (something is mapped there, and stays). prot is MMU_*. */
int kmap_page(vaddr_t va, paddr_t pa, unsigned prot);
/* The same for one large page of level 2; va and pa are aligned to it. */
int kmap_large(vaddr_t va, paddr_t pa, unsigned prot);

/* Unmaps the page at va; *pa gets what was there. False if nothing was. */
bool kmap_clear(vaddr_t va, paddr_t *pa);

/* What is mapped at va by a page of level 1. False if nothing is. */
bool kmap_lookup(vaddr_t va, paddr_t *pa);

#endif
