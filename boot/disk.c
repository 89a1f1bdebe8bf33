/* SPDX-License-Identifier: MIT */
/*
 * Reading the disk through the BIOS's int 13h extensions (EDD 3.0, function 42h). The BIOS
 * writes only below 1 MiB, so each chunk lands in a bounce buffer and is copied up from 32-bit
 * code. A failed chunk is tried again after a reset of the drive, as diskettes taught everyone
 * and USB sticks still need.
 */
#include "bios.h"
#include "loader.h"

#define CHUNK_SECTORS	120	/* EDD allows 127; whole pages */
#define CHUNK		(CHUNK_SECTORS * SECTOR_SIZE)
#define TRIES		5
#define DOT_BYTES	0x800000	/* a dot on the screen for so much */

struct disk_packet {
	uint8_t size;
	uint8_t reserved;
	uint16_t sectors;
	uint16_t offset, segment;
	uint64_t lba;
};

static uint8_t bounce[CHUNK] __attribute__((section(".bss.bounce"), aligned(16)));
static struct disk_packet packet;
static uint8_t drive;

void disk_init(uint8_t number)
{
	drive = number;
}

/* One call of the BIOS; returns its error code, 0 for success. */
static uint8_t disk_try(uint64_t lba, uint16_t sectors)
{
	struct bios_regs regs = {
		.eax = 0x4200, .edx = drive,
		.ds = bios_segment(&packet), .esi = bios_offset(&packet),
	};

	packet = (struct disk_packet){
		.size = sizeof(packet), .sectors = sectors,
		.segment = bios_segment(bounce), .offset = bios_offset(bounce), .lba = lba,
	};
	bios_interrupt(0x13, &regs);
	return regs.flags & FLAGS_CARRY ? regs.eax >> 8 : 0;
}

static void disk_read(uint64_t lba, uint16_t sectors)
{
	for (int i = 0; i < TRIES; i++) {
		struct bios_regs reset = { .eax = 0, .edx = drive };

		if (!disk_try(lba, sectors))
			return;
		bios_interrupt(0x13, &reset);
	}
	die_at("disk read error at sector", lba);
}

static _Noreturn void die_checksum(const char *name)
{
	char text[64];
	size_t at = 0;

	for (const char *s = name; *s && at < 32; s++)
		text[at++] = *s;
	memcpy(text + at, ": bad checksum", sizeof(": bad checksum"));
	die(text);
}

void disk_load(const struct image_part *part, void *dest, const char *name)
{
	uint32_t left = part->bytes, until_dot = DOT_BYTES, crc = 0;
	uint64_t lba = part->lba;
	uint8_t *to = dest;

	while (left) {
		uint32_t bytes = left < CHUNK ? left : CHUNK;

		disk_read(lba, (bytes + SECTOR_SIZE - 1) / SECTOR_SIZE);
		memcpy(to, bounce, bytes);
		crc = crc32_update(crc, bounce, bytes);
		to += bytes;
		left -= bytes;
		lba += CHUNK_SECTORS;
		if (until_dot > bytes) {
			until_dot -= bytes;
		} else {
			until_dot = DOT_BYTES;
			screen_print(".");
		}
	}
	if (crc != part->crc)
		die_checksum(name);
}
