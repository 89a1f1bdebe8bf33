/* SPDX-License-Identifier: MIT */
/*
 * Reading ELF64 files for x86-64 (System V gABI, chapters 4 and 5), without
 * trusting a byte of them. Call sequence of a loader:
 *
 *	read the start of the file; elf_read_header;
 *	read the table of program headers (table_size bytes at table_offset);
 *	elf_read_table; then elf_segment for each index, mapping PT_LOAD ones.
 *
 * All state is in the caller's structures. -ENOEXEC for a file that is none of
 * ours or has no table of segments; -EINVAL for a table that contradicts itself.
 * Where the program starts is not looked at: a wrong address faults at once.
 */
#ifndef LIB_ELF_H
#define LIB_ELF_H

#include "lib/types.h"

#define ELF_HEADER_SIZE 64
#define ELF_TABLE_MAX	65536 /* bytes of program headers, as in Linux */
#define ELF_INTERP_MAX	4096  /* bytes of the interpreter's path, NUL included */

struct elf_header {
	bool position_independent; /* ET_DYN */
	uaddr_t entry;
	uint64_t table_offset; /* in the file */
	uint32_t table_size;   /* bytes */
};

struct elf_image {
	uaddr_t low;  /* start of the page of the lowest byte loaded */
	uaddr_t high; /* behind the page of the highest */
	uaddr_t table; /* where the program headers are once loaded; 0: nowhere */
	uaddr_t brk;	     /* behind the highest byte loaded, not rounded */
	uint64_t interp_offset; /* of the interpreter's path in the file */
	uint32_t interp_size;	/* bytes, NUL included; 0: none asked for */
	uint64_t align;		/* of the image's place: a power of two, a page at least */
	uint32_t loads;		/* how many PT_LOAD segments there are */
	bool exec_stack;	/* PT_GNU_STACK asks for one */
};

struct elf_segment {
	uint32_t type;	 /* PT_LOAD and so on */
	uint32_t flags;	 /* PF_R, PF_W, PF_X */
	uint64_t offset; /* in the file */
	uint64_t file_size;
	uaddr_t address; /* before any shift of a position-independent image */
	uint64_t memory_size;
	uint64_t align;
};

/* Checks the first size bytes of a file of file_size bytes. 0, -ENOEXEC. */
int elf_read_header(const void *buf, size_t size, uint64_t file_size, struct elf_header *out);

/*
 * Checks the table of program headers, of header->table_size bytes. Loadable
 * segments must end at or below limit (for ET_DYN: the span, wherever it goes);
 * they may come in any order and say more than the file has, which shows when
 * it is touched. Whether they overlap shows when they are mapped. Where the
 * program starts is its own business: it faults at an entry that is nowhere. 0,
 * -ENOEXEC (nothing to load), -EINVAL.
 */
int elf_read_table(const struct elf_header *header, const void *table, uint64_t file_size,
		   uaddr_t limit, struct elf_image *out);

/* How many there are, and each of them. */
unsigned elf_segment_count(const struct elf_header *header);
void elf_segment(const void *table, unsigned i, struct elf_segment *out);

/* Protection of a segment as PROT_READ, PROT_WRITE, PROT_EXEC bits (1, 2, 4). */
unsigned elf_segment_prot(const struct elf_segment *segment);

#endif
