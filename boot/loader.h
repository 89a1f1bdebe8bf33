/* SPDX-License-Identifier: MIT */
/*
 * The parts of stage 2, in the order in which loader_main calls them. Whatever goes wrong ends
 * in die(): nothing here returns an error. One processor, interrupts off, no locks.
 */
#ifndef BOOT_LOADER_H
#define BOOT_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"
#include "pvh.h"

/* message.c */

/* Prints "linnet boot: WHAT" on the screen and on COM1, and halts for good. */
_Noreturn void die(const char *what);
/* The same with a number behind the text, in hexadecimal. */
_Noreturn void die_at(const char *what, uint64_t number);
/* Prints on the screen only. */
void screen_print(const char *text);

/* cpu.c */

/* Whether the processor can run 64-bit code. */
bool cpu_has_long_mode(void);
/* Opens address line 20, so that memory above 1 MiB is itself and not an echo; dies if stuck. */
void a20_enable(void);

/* crc32.c */

/* Must run once before crc32_update. */
void crc32_init(void);
/* Continues `crc` (0 at the start) over `size` bytes. */
uint32_t crc32_update(uint32_t crc, const void *data, size_t size);

/* memmap.c */

#define MEMMAP_MAX	128

/* Asks the BIOS for its memory map; dies if it has none. */
void memmap_read(void);
/* The map as the BIOS told it, with how many entries it has in *count. */
struct pvh_memory *memmap_entries(uint32_t *count);
/* Whether all of [start, start + size) is RAM, above 1 MiB, below 4 GiB, and not yet claimed. */
bool memmap_is_free(uint64_t start, uint64_t size);
/* Keeps later calls of the two functions around it off [start, start + size). */
void memmap_claim(uint32_t start, uint32_t size);
/* The highest page-aligned address with `size` free bytes; 0 if there is none. */
uint32_t memmap_find_high(uint64_t size);

/* disk.c */

/* Names the drive, in the BIOS's numbering, that disk_load reads. */
void disk_init(uint8_t drive);
/*
 * Reads `part` to `dest`, which has room for its bytes, showing dots on the screen, and checks
 * its checksum; `name` is for the messages.
 */
void disk_load(const struct image_part *part, void *dest, const char *name);

/* kernel.c */

/* Puts the ELF64 file's segments where they belong, claims them, returns the PVH entry. */
uint32_t kernel_place(const void *file, uint32_t size);

/* acpi.c */

/* The address of ACPI's root pointer (ACPI 6.4, 5.2.5.1), 0 if there is none. */
uint32_t acpi_find_rsdp(void);

/* start.S */
_Noreturn void kernel_enter(uint32_t entry, uint32_t start_info);

/* string.c: also for the calls that compilers make on their own */
void *memcpy(void *dest, const void *source, size_t size);
void *memset(void *dest, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
