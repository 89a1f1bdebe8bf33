/* SPDX-License-Identifier: MIT */
/*
 * The header sector of a disk image, as tools/mkimage writes it. Everything little-endian;
 * checksums are CRC-32 as in gzip and zlib.
 */
#ifndef BOOT_IMAGE_H
#define BOOT_IMAGE_H

#include <stdint.h>

#include "layout.h"

#define IMAGE_VERSION	1

/* A stretch of the disk: whole sectors from `lba` on, of which `bytes` count. */
struct image_part {
	uint64_t lba;
	uint64_t bytes;
	uint32_t crc;
	uint32_t reserved;
};

struct image_header {
	uint32_t magic_low, magic_high;
	uint32_t version;
	uint32_t crc;			/* of the whole sector with this field zero */
	struct image_part stage2;
	struct image_part cmdline;
	struct image_part kernel;
	struct image_part initrd;	/* of 0 bytes: none */
	uint8_t unused[SECTOR_SIZE - 16 - 4 * sizeof(struct image_part)];
};

_Static_assert(sizeof(struct image_part) == 24, "no padding");
_Static_assert(sizeof(struct image_header) == SECTOR_SIZE, "one sector");

#endif
