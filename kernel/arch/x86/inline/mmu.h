/* SPDX-License-Identifier: MIT */
/*
 * The x86 half of hal/mmu.h: see there for the contract. Intel SDM volume 3,
 * chapter 4.
 *
 * Bits of an entry: 0 present, 1 writable, 2 user, 3 write-through (the page
 * attribute table makes it write-combining), 4 cache off, 5 accessed, 6 dirty,
 * 7 large, 8 global, 9 ours: special, 63 no execute.
 *
 * An entry that keeps its frame but lets nobody through (PROT_NONE) is not
 * present for the processor and has bit 8 set; pte_present() is true for it. A
 * soft entry has bits 0 and 8 clear, its kind in bits 1..3, its value from bit
 * 12 on. Whether there are four levels or five is settled before the first line of C (head.S).
 */
#ifndef ARCH_X86_INLINE_MMU_H
#define ARCH_X86_INLINE_MMU_H

#include "lib/types.h"

#define X86_PTE_PRESENT  BIT(0)
#define X86_PTE_WRITE    BIT(1)
#define X86_PTE_USER     BIT(2)
#define X86_PTE_PWT      BIT(3)
#define X86_PTE_PCD      BIT(4)
#define X86_PTE_ACCESSED BIT(5)
#define X86_PTE_DIRTY    BIT(6)
#define X86_PTE_LARGE    BIT(7)
#define X86_PTE_GLOBAL   BIT(8)
#define X86_PTE_NONE     BIT(8) /* without PRESENT: protection none */
#define X86_PTE_SPECIAL  BIT(9)
#define X86_PTE_NX       BIT(63)
#define X86_PTE_PADDR    0x000ffffffffff000UL

static inline unsigned mmu_levels(void)
{
	return mmu_level_count;
}

static inline bool mmu_level_folded(unsigned level)
{
	return level > 4 && likely(mmu_level_count == 4);
}

static inline unsigned mmu_index(vaddr_t va, unsigned level)
{
	return va >> (PAGE_SHIFT + 9 * (level - 1)) & (MMU_ENTRIES - 1);
}

static inline uint64_t mmu_level_size(unsigned level)
{
	return 1UL << (PAGE_SHIFT + 9 * (level - 1));
}

/* Everything of an entry but the address. Kernel entries are born accessed and dirty. */
static inline uint64_t x86_pte_bits(unsigned prot)
{
	uint64_t e;

	if (!(prot & (MMU_READ | MMU_WRITE | MMU_EXEC)))
		return X86_PTE_NONE | (prot & MMU_SPECIAL ? X86_PTE_SPECIAL : 0);
	e = X86_PTE_PRESENT;
	if (prot & MMU_WRITE)
		e |= X86_PTE_WRITE;
	if (!(prot & MMU_EXEC))
		e |= mmu_pte_nx;
	e |= prot & MMU_USER ? X86_PTE_USER : X86_PTE_ACCESSED | X86_PTE_DIRTY;
	if (prot & MMU_GLOBAL)
		e |= X86_PTE_GLOBAL;
	if (prot & MMU_NOCACHE)
		e |= X86_PTE_PCD | X86_PTE_PWT;
	else if (prot & MMU_WCOMB)
		e |= X86_PTE_PWT;
	if (prot & MMU_SPECIAL)
		e |= X86_PTE_SPECIAL;
	return e;
}

static inline pte_t pte_make(paddr_t pa, unsigned prot)
{
	return pa | x86_pte_bits(prot);
}

static inline pte_t pte_make_large(paddr_t pa, unsigned prot)
{
	return pa | x86_pte_bits(prot) | X86_PTE_LARGE;
}

/* Tables permit everything; the entries at the end decide. */
static inline pte_t pte_make_table(paddr_t pa, unsigned prot)
{
	return pa | X86_PTE_PRESENT | X86_PTE_WRITE | X86_PTE_ACCESSED |
	       (prot & MMU_USER ? X86_PTE_USER : 0);
}

static inline pte_t pte_make_soft(unsigned kind, uint64_t value)
{
	return (uint64_t)kind << 1 | value << 12;
}

static inline bool pte_none(pte_t e) { return e == 0; }
static inline bool pte_table(pte_t e) { return (e & (X86_PTE_PRESENT | X86_PTE_LARGE)) == X86_PTE_PRESENT; }
static inline bool pte_present(pte_t e) { return e & (X86_PTE_PRESENT | X86_PTE_NONE); }
static inline bool pte_large(pte_t e) { return e & X86_PTE_LARGE; }
static inline bool pte_writable(pte_t e) { return e & X86_PTE_WRITE; }
static inline bool pte_dirty(pte_t e) { return e & X86_PTE_DIRTY; }
static inline bool pte_young(pte_t e) { return e & X86_PTE_ACCESSED; }
static inline bool pte_user(pte_t e) { return e & X86_PTE_USER; }
static inline bool pte_exec(pte_t e) { return (e & X86_PTE_PRESENT) && !(e & X86_PTE_NX); }
static inline bool pte_special(pte_t e) { return e & X86_PTE_SPECIAL; }
static inline paddr_t pte_paddr(pte_t e) { return e & X86_PTE_PADDR; }
static inline unsigned pte_soft_kind(pte_t e) { return pte_present(e) ? 0 : e >> 1 & 7; }
static inline uint64_t pte_soft_value(pte_t e) { return e >> 12 & (BIT(50) - 1); }

/* The MMU_* bits; MMU_USER is not told for an entry of no protection. */
static inline unsigned pte_prot(pte_t e)
{
	unsigned prot = e & X86_PTE_SPECIAL ? MMU_SPECIAL : 0;

	if (!(e & X86_PTE_PRESENT))
		return prot;
	prot |= MMU_READ;
	if (e & X86_PTE_WRITE)
		prot |= MMU_WRITE;
	if (!(e & X86_PTE_NX))
		prot |= MMU_EXEC;
	if (e & X86_PTE_USER)
		prot |= MMU_USER;
	if (e & X86_PTE_GLOBAL)
		prot |= MMU_GLOBAL;
	if (e & X86_PTE_PCD)
		prot |= MMU_NOCACHE;
	else if (e & X86_PTE_PWT)
		prot |= MMU_WCOMB;
	return prot;
}

static inline pte_t pte_set_prot(pte_t e, pte_t like)
{
	return (e & (X86_PTE_PADDR | X86_PTE_ACCESSED | X86_PTE_DIRTY | X86_PTE_LARGE)) | like;
}

static inline bool pte_permits_less(pte_t e, pte_t than)
{
	return (than & X86_PTE_PRESENT) &&
	       ((than & ~e & (X86_PTE_PRESENT | X86_PTE_WRITE)) || (e & ~than & X86_PTE_NX));
}

static inline pte_t pte_mkdirty(pte_t e) { return e | X86_PTE_DIRTY; }
static inline pte_t pte_mkyoung(pte_t e) { return e | X86_PTE_ACCESSED; }
static inline pte_t pte_mkold(pte_t e) { return e & ~X86_PTE_ACCESSED; }
static inline pte_t pte_mkclean(pte_t e) { return e & ~X86_PTE_DIRTY; }
static inline pte_t pte_wrprotect(pte_t e) { return e & ~X86_PTE_WRITE; }
static inline pte_t pte_mkwrite(pte_t e) { return e | X86_PTE_WRITE; }

static inline pte_t pte_load(pte_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline void pte_store(pte_t *p, pte_t e)
{
	__atomic_store_n(p, e, __ATOMIC_RELEASE);
}

static inline pte_t pte_exchange(pte_t *p, pte_t e)
{
	return __atomic_exchange_n(p, e, __ATOMIC_ACQ_REL);
}

static inline bool pte_compare_exchange(pte_t *p, pte_t old, pte_t new)
{
	return __atomic_compare_exchange_n(p, &old, new, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static inline void mmu_flush_local_page(vaddr_t va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline void mmu_flush_local_all(void)
{
	uint64_t cr3;
	__asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(cr3) : : "memory");
}

#endif
