/* SPDX-License-Identifier: MIT */
/*
 * Reads the kernel's ELF64 file, which lies in memory whole: checks it, copies its segments to
 * their physical addresses, and finds the PVH entry in its notes. The file's numbers are not
 * trusted: every offset is checked against its size, every address against the memory map.
 */
#include <linux/elf.h>
#include <linux/elf-em.h>

#include "loader.h"

static const uint8_t *file;
static uint64_t file_size;

/* A pointer to [offset, offset + size) of the file; dies if that is not all inside. */
static const void *file_at(uint64_t offset, uint64_t size)
{
	if (offset > file_size || size > file_size - offset)
		die("the kernel's ELF file is damaged");
	return file + (uint32_t)offset;
}

static const Elf64_Ehdr *header_check(void)
{
	const Elf64_Ehdr *header = file_at(0, sizeof(*header));

	if (memcmp(header->e_ident, ELFMAG, SELFMAG) || header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_machine != EM_X86_64)
		die("the kernel is not an ELF64 file for x86-64");
	if (header->e_phentsize != sizeof(Elf64_Phdr))
		die("the kernel's ELF file is damaged");
	return header;
}

/* Puts one segment in place. It must not touch the file, which it is still read from. */
static void segment_place(const Elf64_Phdr *segment)
{
	uint32_t memory_size = segment->p_memsz, file_part = segment->p_filesz;
	uint64_t file_start = (uintptr_t)file;
	const void *from = file_at(segment->p_offset, segment->p_filesz);
	uint8_t *to = (uint8_t *)(uint32_t)segment->p_paddr;

	if (!memory_size)
		return;
	if (segment->p_filesz > segment->p_memsz)
		die("the kernel's ELF file is damaged");
	if (!memmap_is_free(segment->p_paddr, segment->p_memsz) ||
	    (segment->p_paddr < file_start + file_size &&
	     file_start < segment->p_paddr + segment->p_memsz))
		die_at("too little memory for the kernel: no RAM at", segment->p_paddr);
	memcpy(to, from, file_part);
	memset(to + file_part, 0, memory_size - file_part);
	memmap_claim((uintptr_t)to, memory_size);
}

/*
 * Looks for the PVH entry in one segment of notes; 0: not here. The parts of a note are padded
 * to the segment's alignment, which is 4 but for newer notes of GNU's, which have 8.
 */
static uint32_t notes_find_entry(const Elf64_Phdr *notes)
{
	uint64_t pad = notes->p_align == 8 ? 7 : 3;
	uint64_t at = notes->p_offset, end = at + notes->p_filesz;

	file_at(at, notes->p_filesz);
	while (at < end) {
		const Elf64_Nhdr *note = file_at(at, sizeof(*note));
		uint64_t name = at + sizeof(*note);
		uint64_t desc = at + ((sizeof(*note) + (uint64_t)note->n_namesz + pad) & ~pad);

		if (note->n_type == PVH_NOTE_ENTRY && note->n_namesz == sizeof(PVH_NOTE_NAME) &&
		    !memcmp(file_at(name, sizeof(PVH_NOTE_NAME)), PVH_NOTE_NAME,
			    sizeof(PVH_NOTE_NAME)))
			return *(const uint32_t *)file_at(desc, sizeof(uint32_t));
		at = desc + ((note->n_descsz + pad) & ~pad);
	}
	return 0;
}

uint32_t kernel_place(const void *data, uint32_t size)
{
	const Elf64_Ehdr *header;
	const Elf64_Phdr *segment;
	uint32_t entry = 0;

	file = data;
	file_size = size;
	header = header_check();
	segment = file_at(header->e_phoff, header->e_phnum * sizeof(*segment));
	for (uint32_t i = 0; i < header->e_phnum; i++, segment++) {
		if (segment->p_type == PT_LOAD)
			segment_place(segment);
		else if (segment->p_type == PT_NOTE && !entry)
			entry = notes_find_entry(segment);
	}
	if (!entry)
		die("the kernel has no PVH entry note");
	return entry;
}
