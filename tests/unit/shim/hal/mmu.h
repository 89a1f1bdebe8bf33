/* SPDX-License-Identifier: MIT */
/*
 * hal/mmu.h for the host: physical memory is an array, the direct map its
 * address, and the frame array another one. Kernel mappings are supplied by the
 * test (mem/kmap.h), so there are no tables.
 */
#ifndef HAL_MMU_H
#define HAL_MMU_H

#include "lib/types.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096UL
#define PAGE_MASK  (~(PAGE_SIZE - 1))

enum mmu_prot { MMU_READ = 1, MMU_WRITE = 2, MMU_GLOBAL = 16, MMU_NOCACHE = 32 };

extern char *shim_memory;
extern void *shim_frame_array;

#define DIRECT_MAP_BASE	 ((uint64_t)shim_memory)
#define FRAME_ARRAY_BASE ((uint64_t)shim_frame_array)
#define KSTACK_BASE	 0xffffd00000000000UL
#define KSTACK_SIZE	 0x0000000000400000UL
#define KSTACK_BYTES	 (16 * 1024)
#define KSTACK_SLOT	 (2 * KSTACK_BYTES)
#define VMAP_BASE	 0xffffd10000000000UL
#define VMAP_SIZE	 0x0000000008000000UL
#define KERNEL_BASE	 0xffffffff80000000UL
#define MMU_BOOT_MAPPED	 GiB(1)

extern paddr_t mmu_kernel_root;

static inline void *phys_to_virt(paddr_t pa) { return shim_memory + pa; }
static inline paddr_t virt_to_phys(const void *va) { return (paddr_t)((const char *)va - shim_memory); }
static inline void *mmu_boot_virt(paddr_t pa) { return phys_to_virt(pa); }
void mmu_flush_kernel(vaddr_t start, vaddr_t end);

#endif
