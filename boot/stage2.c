/* SPDX-License-Identifier: MIT */
/*
 * Stage 2 of the boot loader: from a BIOS that has read one sector to a kernel that has started.
 *
 * Why PVH. The kernel has one way in, the one by which QEMU and Xen start it directly: 32-bit
 * protected mode, paging off, EBX pointing at a description of the machine (pvh.h). This loader
 * makes that same state on a machine with nothing but a BIOS, so the kernel cannot tell who
 * started it, and the BIOS with its real mode stays out of the kernel. The step to long mode is
 * the kernel's; the loader only refuses a processor that could not take it.
 *
 * The disk, in sectors of 512 bytes, written by tools/mkimage:
 *
 *	0		stage 1, the disk signature, and one partition entry that covers all the
 *			rest (type 0xda, data without a filesystem; active, since some BIOSes
 *			start nothing else)
 *	1		the header (image.h): where each of the parts below lies, its size and
 *			CRC-32, and the header's own
 *	2 to 63		this stage, padded
 *	64 on		the command line, the kernel's ELF file, the initramfs, each beginning
 *			at a multiple of eight sectors
 *
 * Memory while this runs:
 *
 *	0x00000		the BIOS's vectors and data
 *	0x00500		one word, scratch for the A20 test
 *	.. 0x07c00	the stack, downward
 *	0x07c00		stage 1, no longer needed
 *	0x07e00		the header, as read by stage 1
 *	0x08000		this stage: code, constants, the thunk's variables; real mode reaches it
 *	0x10000		the bounce buffer, where the BIOS puts what it reads
 *	0x20000		zeroed data; among it all that is handed over: the start info, the module
 *			list, the memory map, the command line
 *	0x100000 on	the kernel's segments, where its ELF file says
 *	high		the initramfs: page aligned, as high as the map allows below 4 GiB
 *
 * How it works. Everything is 32-bit C but for the thunk in start.S, which drops to real mode
 * for one BIOS call and comes back; that costs about a hundred instructions, and a disk read
 * moves 60 KiB, so the round trip does not count. The kernel's file is first read whole to
 * the top of memory, where its checksum is verified, and only then are its segments copied to
 * their places: nothing of a damaged kernel runs. The initramfs is loaded after that, may take
 * the same memory at the top, and goes around the segments.
 *
 * What the kernel may rely on: the start info and what it points to lie in low memory that the
 * map calls RAM, so it copies them first; the module lies in RAM too, and overlaps neither the
 * kernel nor anything reserved. The map is the BIOS's own, unsorted, without empty entries.
 * With an initramfs of 0 bytes there is no module. COM1 is as the BIOS left it.
 *
 * What is deliberately not done: disks without int 13h extensions (before 1998 or so), sectors
 * of other sizes than 512 bytes, memory maps older than E820, unpacking. Whatever fails is told
 * in one line by die(), and the machine halts.
 */
#include "bios.h"
#include "loader.h"

#define CMDLINE_MAX	4096

extern const uint8_t stage2_start[], stage2_end[];

static struct pvh_start_info start_info;
static struct pvh_module module;
static char cmdline[CMDLINE_MAX];

/* Runs before anything in this stage's image can have changed, but for the thunk's variables. */
static void image_check(const struct image_header *header)
{
	struct image_header copy = *header;

	copy.crc = 0;
	if (header->version != IMAGE_VERSION || header->stage2.lba != STAGE2_LBA)
		die("the image is for another version of the loader");
	if (crc32_update(0, &copy, sizeof(copy)) != header->crc)
		die("image header: bad checksum");
	if (header->stage2.bytes != (size_t)(stage2_end - stage2_start) ||
	    crc32_update(0, stage2_start, header->stage2.bytes) != header->stage2.crc)
		die("loader: bad checksum");
}

static void cmdline_load(const struct image_part *part)
{
	if (part->bytes >= CMDLINE_MAX)
		die("the command line is too long");
	disk_load(part, cmdline, "command line");
	start_info.cmdline = (uintptr_t)cmdline;
}

static uint32_t kernel_load(const struct image_part *part)
{
	uint32_t address = memmap_find_high(part->bytes);

	if (!address)
		die_at("too little memory for the kernel, bytes needed:", part->bytes);
	disk_load(part, (void *)address, "kernel");
	return kernel_place((void *)address, part->bytes);
}

static void initrd_load(const struct image_part *part)
{
	uint32_t address;

	if (!part->bytes)
		return;
	address = memmap_find_high(part->bytes);
	if (!address)
		die_at("too little memory for the initramfs, bytes needed:", part->bytes);
	disk_load(part, (void *)address, "initramfs");
	module.address = address;
	module.size = part->bytes;
	start_info.module_list = (uintptr_t)&module;
	start_info.modules = 1;
}

_Noreturn void loader_main(uint32_t drive);

_Noreturn void loader_main(uint32_t drive)
{
	const struct image_header *header = phys_pointer(HEADER_ADDR);
	uint32_t entry;

	crc32_init();
	image_check(header);
	if (!cpu_has_long_mode())
		die("this processor has no long mode (64-bit)");
	screen_print("Loading Linnet ");
	a20_enable();
	memmap_read();

	disk_init(drive);
	cmdline_load(&header->cmdline);
	entry = kernel_load(&header->kernel);
	initrd_load(&header->initrd);
	screen_print("\r\n");

	start_info.magic = PVH_START_MAGIC;
	start_info.version = 1;
	start_info.rsdp = acpi_find_rsdp();
	start_info.memmap = (uintptr_t)memmap_entries(&start_info.memmap_entries);
	kernel_enter(entry, (uintptr_t)&start_info);
}
