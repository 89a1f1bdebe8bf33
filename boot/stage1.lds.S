/* SPDX-License-Identifier: MIT */
/* Stage 1 is one sector, whose last 72 bytes belong to the partition table. */
#include "layout.h"

OUTPUT_FORMAT("elf32-i386")
ENTRY(stage1_start)

SECTIONS {
	. = STAGE1_ADDR;
	.text : { *(.text) *(.data) *(.bss) }
	/DISCARD/ : { *(.note*) *(.comment) *(.eh_frame) }
	ASSERT(SIZEOF(.text) == SECTOR_SIZE, "stage 1 must be exactly one sector")
	ASSERT(stage1_code_end <= STAGE1_ADDR + 0x1b8, "stage 1 runs into the disk signature")
}
