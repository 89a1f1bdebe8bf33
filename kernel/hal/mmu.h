/* SPDX-License-Identifier: MIT */
/*
 * hal/mmu.h: page-table entries and the TLB.
 *
 * arch/ gives encodings and single-table steps as inlines; the walkers (fault,
 * fork, zap, reverse map in vm/, kernel mappings in mem/) are generic. A table
 * has MMU_ENTRIES entries of 64 bits; levels are numbered from 1 (the entry
 * maps a page) to mmu_levels() (the root).
 *
 * Inlines from arch/x86/inline/mmu.h:
 *
 *   unsigned mmu_levels(void)                     4, or 5 with LA57
 *   bool mmu_level_folded(unsigned level)         level 5 where there are four: for loops from MMU_LEVELS_MAX
 *                                                 down, which unroll as loops from mmu_levels() cannot
 *   unsigned mmu_index(vaddr_t va, unsigned level)
 *   uint64_t mmu_level_size(unsigned level)       bytes one entry of that level maps: 4 KiB, 2 MiB, 1 GiB
 *
 *   pte_t pte_make(paddr_t pa, unsigned prot)     a page; prot is MMU_* bits. Without READ, WRITE and EXEC
 *                                                 the entry keeps its frame and lets nobody through, and
 *                                                 pte_present() holds (mprotect to PROT_NONE)
 *   pte_t pte_make_large(paddr_t pa, unsigned prot)  a large page at level 2 or 3
 *   pte_t pte_make_table(paddr_t pa, unsigned prot)  points to the next lower table; prot only MMU_USER or 0
 *   pte_t pte_make_soft(unsigned kind, uint64_t value)  not present; kind 1..7 (swap, migration), value < 2^50
 *   bool  pte_table(e)                            above level 1: points to a table
 *   bool  pte_none(e)  pte_present(e)  pte_large(e)  pte_writable(e)  pte_dirty(e)  pte_young(e)  pte_user(e)
 *         pte_exec(e)  pte_special(e)
 *   paddr_t pte_paddr(e)   unsigned pte_prot(e)   unsigned pte_soft_kind(e)   uint64_t pte_soft_value(e)
 *   pte_t pte_set_prot(e, like)                   with the permissions of like = pte_make(0, prot)
 *   bool  pte_permits_less(e, than)               something that the other permits
 *   pte_t pte_mkdirty(e)  pte_mkyoung(e)  pte_mkold(e)  pte_mkclean(e)
 *         pte_wrprotect(e)  pte_mkwrite(e)
 *   pte_t pte_load(pte_t *p)                      one atomic load
 *   void  pte_store(pte_t *p, pte_t e)            one atomic store
 *   pte_t pte_exchange(pte_t *p, pte_t e)         atomic: keeps accessed/dirty bits the processor sets meanwhile
 *   bool  pte_compare_exchange(pte_t *p, pte_t old, pte_t new)
 *
 *   void  mmu_flush_local_page(vaddr_t va)        this processor's TLB only
 *   void  mmu_flush_local_all(void)               without global entries
 */
#ifndef HAL_MMU_H
#define HAL_MMU_H

#include "lib/types.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096UL
#define PAGE_MASK  (~(PAGE_SIZE - 1))

typedef uint64_t pte_t;

enum mmu_prot {
	MMU_READ    = 1u << 0,
	MMU_WRITE   = 1u << 1,
	MMU_EXEC    = 1u << 2,
	MMU_USER    = 1u << 3,
	MMU_GLOBAL  = 1u << 4, /* kernel half, stays over a change of root */
	MMU_NOCACHE = 1u << 5, /* device memory */
	MMU_WCOMB   = 1u << 6, /* frame buffers */
	MMU_SPECIAL = 1u << 7, /* user entry whose frame has no counted struct page (vDSO data) */
};

#define MMU_ENTRIES    512
#define MMU_LEVELS_MAX 5

/*
 * The user half. It grows with the number of levels, 47 bits of address or 56; but
 * who does not ask for more gets nothing above the first 47 bits, since programs keep
 * notes in the upper bits of pointers. The last page is left out: a return
 * address there would break sysret.
 */
#define USER_WINDOW 0x00007ffffffff000UL /* stacks end here, and mappings whose place was not named */
#define USER_TOP    mmu_user_top         /* first address a program may not use */
extern uaddr_t mmu_user_top;             /* immutable after boot */

/*
 * The kernel half. The same for 4 and 5 levels; filled at boot at the top level
 * and never synchronised afterwards.
 */
#define DIRECT_MAP_BASE   0xffff800000000000UL
#define DIRECT_MAP_SIZE   0x0000400000000000UL /* 64 TiB */
#define FRAME_ARRAY_BASE  0xffffc00000000000UL /* struct page [pfn], 32 bytes each */
#define FRAME_ARRAY_SIZE  0x0000010000000000UL
#define KSTACK_BASE       0xffffd00000000000UL /* see mem/kstack.h */
#define KSTACK_SIZE       0x0000000100000000UL /* 4 GiB of slots */
#define VMAP_BASE         0xffffd10000000000UL /* device memory and vmap, see mem/vmap.h */
#define VMAP_SIZE         0x0000008000000000UL /* 512 GiB */
#define SHADOW_BASE       0xffffe00000000000UL /* address sanitizer: a byte for 8 of the kernel half, see mem/shadow.h */
#define SHADOW_SIZE       0x0000100000000000UL
#define SHADOW_OFFSET     0xdffff00000000000UL /* (address >> 3) + this; the Makefile tells the compiler the same */
#define KERNEL_BASE       0xffffffff80000000UL /* the image, top 2 GiB; physical address = virtual - KERNEL_BASE */

/* A slot of the stack region: an unmapped guard as large as the stack, then the stack. */
#define KSTACK_BYTES (CONFIG_KASAN ? 32 * 1024UL : 16 * 1024UL)
#define KSTACK_SLOT  (2 * KSTACK_BYTES)

/* True if addr lies in the guard beneath a kernel stack. */
static inline bool kstack_is_guard(vaddr_t addr)
{
	return addr - KSTACK_BASE < KSTACK_SIZE &&
	       (addr - KSTACK_BASE) % KSTACK_SLOT < KSTACK_SLOT - KSTACK_BYTES;
}

/*
 * SAN=address: the tables that stand for all shadow that has none of its own,
 * by level; [0] is the page of zeros at their end. Set up before the first line of C.
 */
extern uint64_t mmu_shared_shadow[4][MMU_ENTRIES];

/* For the inlines alone: the bit that forbids execution, 0 where the processor has none. Immutable after boot. */
extern uint64_t mmu_pte_nx;
extern unsigned mmu_level_count; /* likewise: 4 or 5 */

#include "arch/x86/inline/mmu.h"

/*
 * The direct map. pa must be RAM. Before mmu_init_production() it already works
 * for the first 4 GiB of physical addresses, RAM or not.
 */
static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(DIRECT_MAP_BASE + pa);
}

/* va must lie in the direct map (not in the image, a kernel stack or vmap). */
static inline paddr_t virt_to_phys(const void *va)
{
	return (paddr_t)va - DIRECT_MAP_BASE;
}

/* Physical address of something inside the kernel image. */
static inline paddr_t mmu_image_phys(const void *va)
{
	return (paddr_t)va - KERNEL_BASE;
}

/*
 * Root table of the kernel itself: what kernel threads and a new space start
 * from. 0 until mmu_init_production() has loaded it.
 */
extern paddr_t mmu_kernel_root;

/*
 * Where boot code reaches RAM: before the direct map exists, the boot tables
 * map the first MMU_BOOT_MAPPED bytes at KERNEL_BASE, and only those.
 */
#define MMU_BOOT_MAPPED GiB(1)
static inline void *mmu_boot_virt(paddr_t pa)
{
	return (void *)((mmu_kernel_root ? DIRECT_MAP_BASE : KERNEL_BASE) + pa);
}

/*
 * Drops [start, end) of the kernel half from the TLBs of all processors, global
 * entries too. Interrupts on (once there are other processors), no locks held.
 */
void mmu_flush_kernel(vaddr_t start, vaddr_t end);

/* Fills the kernel half of a new root table (a zeroed frame) from mmu_kernel_root. */
void mmu_root_init(paddr_t root);

/*
 * Loads the root table of an address space on this processor. Interrupts off.
 * generation tags the TLB where the processor has PCID; 0 forces a flush.
 */
void mmu_switch(paddr_t root, uint64_t generation);

/* Physical address of the root that is loaded on this processor. */
paddr_t mmu_current_root(void);

/*
 * Maps n bytes at a physical address (any alignment) for good, before mem/ can
 * map anything: ACPI tables, interrupt controllers, timers. The place is small
 * (2 MiB in all); drivers use mem/vmap.h. prot is MMU_READ, perhaps MMU_WRITE
 * and MMU_NOCACHE. NULL when full. After mmu_init_production(); any context.
 */
void *mmu_map_fixed(paddr_t pa, size_t n, unsigned prot);

/*
 * Builds the production tables during boot: the direct map of every RAM range
 * (large pages, never executable), the image (text read-only and executable,
 * rodata read-only, data not executable), and empty next-level tables for every
 * region above, so that the top level never changes again. Tables come from
 * upcall_boot_alloc(). The low identity mapping is gone afterwards.
 */
struct boot_info;
void mmu_init_production(const struct boot_info *boot);

#endif
