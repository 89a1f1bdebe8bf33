/* SPDX-License-Identifier: MIT */
/*
 * The numbers that both stages, their linker scripts and tools/mkimage agree on: where things
 * lie on the disk and in the first megabyte. The essay in stage2.c explains them. Included by
 * assembly, C and (preprocessed) linker scripts, so it holds nothing but #defines.
 */
#ifndef BOOT_LAYOUT_H
#define BOOT_LAYOUT_H

#define SECTOR_SIZE		512

/* On the disk, in sectors: the MBR is 0; then the header; then stage 2, padded to its limit. */
#define HEADER_LBA		1
#define STAGE2_LBA		2
#define STAGE2_SECTORS		62

/* In memory. What stage 1 reads in one go, header and stage 2, lands right behind the MBR. */
#define STACK_TOP		0x7c00
#define STAGE1_ADDR		0x7c00
#define HEADER_ADDR		0x7e00
#define STAGE2_ADDR		0x8000
#define STAGE2_LIMIT		(STAGE2_ADDR + STAGE2_SECTORS * SECTOR_SIZE)
#define BOUNCE_ADDR		0x10000
#define BSS_ADDR		0x20000
#define BSS_LIMIT		0x30000

/* The first eight bytes of the header, as two little-endian words: "LINNETIM". */
#define HEADER_MAGIC_LOW	0x4e4e494c
#define HEADER_MAGIC_HIGH	0x4d495445

#define COM1_PORT		0x3f8

#endif
