/* SPDX-License-Identifier: MIT */
/*
 * mem/shadow.h: the address sanitizer's shadow (base/kasan.h tells what it
 * says). All of it is there from the first line of C on, as one page of zeros;
 * memory whose rights change gets shadow of its own. SAN=address only.
 */
#ifndef MEM_SHADOW_H
#define MEM_SHADOW_H

#include "lib/types.h"

struct boot_info;

#if CONFIG_KASAN
/* Gives the image and all RAM their shadow, and begins to report. After mmu_init_production(), before frame_init(). */
void shadow_init(const struct boot_info *boot);
/*
 * Gives [start, end) its own shadow, and lets everything in it be touched. What
 * has it already keeps it; none is ever given back. May sleep, no locks held.
 * 0 or -ENOMEM.
 */
int shadow_add(vaddr_t start, vaddr_t end);
#else
#define shadow_init(boot) ((void)0)
static inline int shadow_add(vaddr_t start, vaddr_t end) { return 0; }
#endif

#endif
