/* SPDX-License-Identifier: MIT */
/*
 * ELF64: everything that a loader will compute with is checked here once, for
 * range and for overflow, so that the loader can add and subtract freely.
 * The buffers may be unaligned; structures are copied out of them.
 */
#include "lib/elf.h"

#include <linux/elf-em.h>
#include <linux/elf.h>

#include "lib/errno.h"
#include "lib/string.h"
#include "lib/types.h"

#define ELF_PAGE 4096UL

static_assert(sizeof(Elf64_Ehdr) == ELF_HEADER_SIZE, "gABI figure 4-3");

/* Whether [offset, offset + size) lies inside a file of file_size bytes. */
static bool inside(uint64_t offset, uint64_t size, uint64_t file_size)
{
	return offset <= file_size && size <= file_size - offset;
}

/*
 * Class, byte order, versions and e_ehsize say what the machine and the type say
 * already; Linux does not look at them, and there are programs that count on that.
 */
static bool ident_is_ours(const Elf64_Ehdr *e)
{
	return memcmp(e->e_ident, ELFMAG, SELFMAG) == 0 && e->e_machine == EM_X86_64 &&
	       (e->e_type == ET_EXEC || e->e_type == ET_DYN);
}

int elf_read_header(const void *buf, size_t size, uint64_t file_size, struct elf_header *out)
{
	Elf64_Ehdr e;

	if (size < sizeof(e))
		return -ENOEXEC;
	memcpy(&e, buf, sizeof(e));
	if (!ident_is_ours(&e))
		return -ENOEXEC;
	if (e.e_phentsize != sizeof(Elf64_Phdr) || e.e_phnum == 0 ||
	    e.e_phnum > ELF_TABLE_MAX / sizeof(Elf64_Phdr))
		return -ENOEXEC;
	if (!inside(e.e_phoff, e.e_phnum * sizeof(Elf64_Phdr), file_size))
		return -ENOEXEC;
	out->position_independent = e.e_type == ET_DYN;
	out->entry = e.e_entry;
	out->table_offset = e.e_phoff;
	out->table_size = e.e_phnum * (uint32_t)sizeof(Elf64_Phdr);
	return 0;
}

unsigned elf_segment_count(const struct elf_header *header)
{
	return header->table_size / sizeof(Elf64_Phdr);
}

void elf_segment(const void *table, unsigned i, struct elf_segment *out)
{
	Elf64_Phdr p;

	memcpy(&p, (const char *)table + i * sizeof(p), sizeof(p));
	out->type = p.p_type;
	out->flags = p.p_flags;
	out->offset = p.p_offset;
	out->file_size = p.p_filesz;
	out->address = p.p_vaddr;
	out->memory_size = p.p_memsz;
	out->align = p.p_align;
}

unsigned elf_segment_prot(const struct elf_segment *segment)
{
	return (segment->flags & PF_R ? 1U : 0) | (segment->flags & PF_W ? 2U : 0) |
	       (segment->flags & PF_X ? 4U : 0);
}

/* limit is a multiple of the page size, so that rounding up stays below it. */
static int check_load(const struct elf_segment *s, uaddr_t limit)
{
	if (s->file_size > s->memory_size || !inside(s->offset, s->file_size, INT64_MAX))
		return -EINVAL;
	if (s->address > limit || s->memory_size > limit - s->address)
		return -EINVAL;
	if ((s->address - s->offset) % ELF_PAGE != 0)
		return -EINVAL;
	return 0;
}

/* Where the table of program headers lands in memory when this segment holds it. */
static void note_table(const struct elf_header *header, const struct elf_segment *s,
		       struct elf_image *out)
{
	if (header->table_offset >= s->offset &&
	    inside(header->table_offset - s->offset, header->table_size, s->file_size))
		out->table = s->address + (header->table_offset - s->offset);
}

static int add_load(const struct elf_header *header, const struct elf_segment *s,
		    uaddr_t limit, struct elf_image *out)
{
	int error = check_load(s, limit);

	if (error)
		return error;
	out->low = out->loads ? min(out->low, align_down(s->address, ELF_PAGE)) :
				align_down(s->address, ELF_PAGE);
	out->brk = max(out->brk, s->address + s->memory_size);
	out->high = align_up(out->brk, ELF_PAGE);
	if (is_power_of_2(s->align))
		out->align = max(out->align, s->align);
	out->loads++;
	note_table(header, s, out);
	return 0;
}

static int add_interp(const struct elf_segment *s, uint64_t file_size, struct elf_image *out)
{
	if (out->interp_size)
		return 0; /* the first one counts */
	if (s->file_size < 2 || s->file_size > ELF_INTERP_MAX ||
	    !inside(s->offset, s->file_size, file_size))
		return -EINVAL;
	out->interp_offset = s->offset;
	out->interp_size = (uint32_t)s->file_size;
	return 0;
}

static int add_segment(const struct elf_header *header, const struct elf_segment *s,
		       uint64_t file_size, uaddr_t limit, struct elf_image *out)
{
	switch (s->type) {
	case PT_LOAD:
		return s->memory_size || s->file_size ? add_load(header, s, limit, out) : 0;
	case PT_INTERP:
		return add_interp(s, file_size, out);
	case PT_GNU_STACK:
		out->exec_stack = s->flags & PF_X;
		return 0;
	default:
		return 0;
	}
}

int elf_read_table(const struct elf_header *header, const void *table, uint64_t file_size,
		   uaddr_t limit, struct elf_image *out)
{
	limit = align_down(limit, ELF_PAGE);
	*out = (struct elf_image){ .align = ELF_PAGE };
	for (unsigned i = 0; i < elf_segment_count(header); i++) {
		struct elf_segment s;
		int error;

		elf_segment(table, i, &s);
		error = add_segment(header, &s, file_size, limit, out);
		if (error)
			return error;
	}
	return out->loads ? 0 : -ENOEXEC;
}
