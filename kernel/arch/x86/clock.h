/* SPDX-License-Identifier: MIT */
/* arch/x86/clock.h: between clock.c and vdso.c: the clock's data with the page it is shared in. */
#ifndef ARCH_X86_CLOCK_H
#define ARCH_X86_CLOCK_H

#include "arch/x86/vdso/page.h"
#include "hal/mmu.h"

struct clock_shared {
	union {
		struct clock_page page;
		uint8_t bytes[PAGE_SIZE]; /* programs see all of it: nothing else may lie here */
	};
} __aligned(4096);

void vdso_init(const struct clock_shared *shared);

#endif
