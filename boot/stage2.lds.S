/* SPDX-License-Identifier: MIT */
/*
 * Stage 2 runs where stage 1 put it. Code, constants and the thunk's variables stay within the
 * first 64 KiB, where real mode with segment 0 reaches them. The bounce buffer has 64 KiB to
 * itself, because old disk controllers cannot cross such a boundary; zeroed data follows.
 */
#include "layout.h"

OUTPUT_FORMAT("elf32-i386")
ENTRY(stage2_start)

SECTIONS {
	. = STAGE2_ADDR;
	.text : { *(.text.start) *(.text .text.*) }
	.rodata : { *(.rodata .rodata.*) }
	.data : { *(.data .data.*) stage2_end = .; }
	ASSERT(stage2_end <= STAGE2_LIMIT, "stage 2 has outgrown its sectors")

	. = BOUNCE_ADDR;
	.bounce (NOLOAD) : { *(.bss.bounce) }
	ASSERT(. <= BSS_ADDR, "the bounce buffer crosses 64 KiB")

	. = BSS_ADDR;
	.bss (NOLOAD) : { bss_start = .; *(.bss .bss.* COMMON) . = ALIGN(4); bss_end = .; }
	ASSERT(. <= BSS_LIMIT, "stage 2 needs too much memory")
	/DISCARD/ : { *(.note*) *(.comment) *(.eh_frame) }
}
