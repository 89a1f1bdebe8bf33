/* SPDX-License-Identifier: MIT */
/*
 * hal/boot.h: what the boot protocol handed over, copied out of its memory
 * before that memory is given away. Filled by arch/, read-only for others.
 */
#ifndef HAL_BOOT_H
#define HAL_BOOT_H

#include "lib/types.h"

#define BOOT_CMDLINE_MAX 4096
#define BOOT_RANGES_MAX  128

struct boot_range {
	paddr_t start, end; /* [start, end), bytes as the firmware gave them */
	uint32_t type;      /* E820 types: 1 is RAM, 3 ACPI tables, 4 ACPI NVS */
};

struct boot_info {
	char cmdline[BOOT_CMDLINE_MAX];       /* zero-terminated */
	struct boot_range range[BOOT_RANGES_MAX];
	unsigned ranges;                      /* sorted by start, not overlapping */
	paddr_t initrd_start, initrd_end;     /* both 0 if there is none; inside RAM until freed */
	paddr_t image_start, image_end;       /* the kernel image, page aligned */
	paddr_t rsdp;                         /* 0 if unknown */
};
extern struct boot_info boot_info;

/* Descriptor tables, exceptions, features, on this processor. Before memory exists. */
void cpu_init_early(void);
/* After mem/ works: per-processor stacks, extended state, local interrupt controller. */
void cpu_init_late(void);

/*
 * The bottom of the machine's console, for the log before drivers exist and for
 * panic(): polled output on the first serial port (nothing happens where there
 * is none). No locks, any context.
 */
void early_console_write(const char *s, size_t n);

/* Power off or restart; returns only if the machine knows no way. No locks: panic uses it. */
void machine_power_off(void);
void machine_restart(void);

#endif
