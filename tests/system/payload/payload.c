/* SPDX-License-Identifier: MIT */
/*
 * Stands in for a kernel in tests of the boot loader: prints on COM1 what the PVH start info
 * holds, one "name=value" a line, and ends QEMU through isa-debug-exit with status 0x2a, which
 * QEMU turns into 85. Started by our loader and by QEMU's own, it must say the same.
 */
#include "bios.h"
#include "layout.h"
#include "pvh.h"

#define UART_LSR	(COM1_PORT + 5)
#define DEBUG_EXIT	0xf4
#define EXIT_STATUS	0x2a
#define ADLER_BASE	65521
#define ADLER_STRETCH	5552	/* bytes until the sums could overflow 32 bits */
#define EFLAGS_IF	(1u << 9)
#define EFLAGS_VM	(1u << 17)
#define DATA_WORD	0x12345678

static volatile uint32_t initialised = DATA_WORD;
static volatile uint32_t zeroed[4096];

static void put(char c)
{
	while (!(port_in(UART_LSR) & 0x20))
		;
	port_out(COM1_PORT, c);
}

static void print(const char *text)
{
	for (; *text; text++)
		put(*text);
}

static void print_hex(const char *name, uint64_t value)
{
	print(name);
	put('=');
	for (int shift = 60; shift >= 0; shift -= 4)
		put("0123456789abcdef"[(value >> shift) & 15]);
	put('\n');
}

/* Adler-32, as Python's zlib has it. */
static uint32_t adler32(const uint8_t *bytes, uint32_t size)
{
	uint32_t a = 1, b = 0;

	while (size) {
		uint32_t stretch = size < ADLER_STRETCH ? size : ADLER_STRETCH;

		for (size -= stretch; stretch; stretch--) {
			a += *bytes++;
			b += a;
		}
		a %= ADLER_BASE;
		b %= ADLER_BASE;
	}
	return b << 16 | a;
}

/* Whether all of [start, start + size) is in one RAM entry and in no other. */
static bool in_ram(const struct pvh_start_info *info, uint64_t start, uint64_t size)
{
	const struct pvh_memory *map = phys_pointer(info->memmap);
	bool inside = false;

	for (uint32_t i = 0; i < info->memmap_entries; i++) {
		uint64_t end = map[i].address + map[i].size;

		if (map[i].type == PVH_MEMORY_RAM)
			inside |= start >= map[i].address && start + size <= end;
		else if (start < end && map[i].address < start + size)
			return false;
	}
	return inside;
}

static void print_memory(const struct pvh_start_info *info)
{
	const struct pvh_memory *map = phys_pointer(info->memmap);
	uint64_t usable = 0;

	for (uint32_t i = 0; i < info->memmap_entries; i++)
		if (map[i].type == PVH_MEMORY_RAM)
			usable += map[i].size;
	print_hex("entries", info->memmap_entries);
	print_hex("usable", usable);
}

static void print_module(const struct pvh_start_info *info)
{
	const struct pvh_module *module = phys_pointer(info->module_list);

	print_hex("modules", info->modules);
	if (!info->modules)
		return;
	print_hex("module_size", module->size);
	print_hex("module_sum", adler32(phys_pointer(module->address), module->size));
	print_hex("module_offset_in_page", module->address & 4095);
	print_hex("module_in_ram", in_ram(info, module->address, module->size));
	print_hex("module_above_payload", module->address >= (uintptr_t)(zeroed + 4096));
}

static uint32_t zeroed_is_zero(void)
{
	for (uint32_t i = 0; i < sizeof(zeroed) / sizeof(zeroed[0]); i++)
		if (zeroed[i])
			return 0;
	return 1;
}

void payload_main(const struct pvh_start_info *info, uint32_t cr0, uint32_t cr4, uint32_t flags);

void payload_main(const struct pvh_start_info *info, uint32_t cr0, uint32_t cr4, uint32_t flags)
{
	print_hex("magic", info->magic);
	print_hex("version", info->version);
	print_hex("flags", info->flags);
	print("cmdline=");
	print(phys_pointer(info->cmdline));
	put('\n');
	print_hex("info_in_ram", in_ram(info, (uintptr_t)info, sizeof(*info)));
	print_hex("protected_no_paging", (cr0 & 0x80000001) == 1);
	print_hex("cr4", cr4);
	print_hex("eflags_if_vm", flags & (EFLAGS_IF | EFLAGS_VM));
	print_hex("data", initialised);
	print_hex("bss_zero", zeroed_is_zero());
	print_hex("rsdp", info->rsdp);
	print_memory(info);
	print_module(info);
	port_out(DEBUG_EXIT, EXIT_STATUS);
	for (;;)
		__asm__ volatile("hlt");
}
