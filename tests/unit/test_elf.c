/* SPDX-License-Identifier: MIT */
/* lib/elf: the host's own programs are accepted; contradictions and damage are not. */
#include "unit.h"

#include <linux/elf-em.h>
#include <linux/elf.h>
#include <string.h>

#include "lib/elf.h"
#include "lib/errno.h"

#define LIMIT 0x7ffffffff000UL

static struct {
	Elf64_Ehdr e;
	Elf64_Phdr p[4];
	uint8_t rest[8192];
} file;

static void make_file(void)
{
	memset(&file, 0, sizeof(file));
	memcpy(file.e.e_ident, "\177ELF\2\1\1", 7);
	file.e.e_type = ET_EXEC;
	file.e.e_machine = EM_X86_64;
	file.e.e_version = 1;
	file.e.e_entry = 0x401000;
	file.e.e_phoff = sizeof(file.e);
	file.e.e_ehsize = sizeof(file.e);
	file.e.e_phentsize = sizeof(Elf64_Phdr);
	file.e.e_phnum = 4;
	file.p[0] = (Elf64_Phdr){ PT_LOAD, PF_R | PF_X, 0, 0x400000, 0, 0x1100, 0x1100, 4096 };
	file.p[1] = (Elf64_Phdr){ PT_LOAD, PF_R | PF_W, 0x1100, 0x402100, 0, 0x80, 0x2000, 4096 };
	file.p[2] = (Elf64_Phdr){ PT_INTERP, PF_R, 0x300, 0x400300, 0, 28, 28, 1 };
	file.p[3] = (Elf64_Phdr){ PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16 };
}

static int read_buffer(const uint8_t *buf, size_t n, struct elf_image *image)
{
	struct elf_header h;
	int error = elf_read_header(buf, n, n, &h);

	return error ? error : elf_read_table(&h, buf + h.table_offset, n, LIMIT, image);
}

static int read_made(struct elf_image *image)
{
	return read_buffer((const uint8_t *)&file, sizeof(file), image);
}

static void test_good_file(void **state)
{
	struct elf_segment s;
	struct elf_image i;
	struct elf_header h;

	make_file();
	assert_int_equal(read_made(&i), 0);
	assert_int_equal(i.low, 0x400000);
	assert_int_equal(i.brk, 0x404100);
	assert_int_equal(i.high, 0x405000);
	assert_int_equal(i.table, 0x400040);
	assert_int_equal(i.loads, 2);
	assert_int_equal(i.interp_offset, 0x300);
	assert_int_equal(i.interp_size, 28);
	assert_false(i.exec_stack);
	assert_int_equal(elf_read_header(&file, sizeof(file), sizeof(file), &h), 0);
	assert_false(h.position_independent);
	assert_int_equal(h.entry, 0x401000);
	assert_int_equal(elf_segment_count(&h), 4);
	elf_segment(file.p, 1, &s);
	assert_int_equal(s.address, 0x402100);
	assert_int_equal(s.memory_size, 0x2000);
	assert_int_equal(elf_segment_prot(&s), 3);
	elf_segment(file.p, 0, &s);
	assert_int_equal(elf_segment_prot(&s), 5);
}

static void test_own_program(void **state)
{
	FILE *f = fopen("/proc/self/exe", "rb");
	static uint8_t buf[65536];
	struct elf_image i;
	struct elf_header h;
	uint64_t length;
	size_t n;

	assert_non_null(f);
	n = fread(buf, 1, sizeof(buf), f);
	fseek(f, 0, SEEK_END);
	length = (uint64_t)ftell(f);
	fclose(f);
	assert_int_equal(elf_read_header(buf, n, length, &h), 0);
	assert_int_equal(elf_read_table(&h, buf + h.table_offset, length, LIMIT, &i), 0);
	assert_true(i.loads >= 2 && i.interp_size > 2 && i.table);
	assert_string_equal((char *)buf + i.interp_offset, "/lib64/ld-linux-x86-64.so.2");
}

#define REJECTED(change, error)                          \
	do {                                             \
		struct elf_image i_;                     \
		make_file();                             \
		change;                                  \
		assert_int_equal(read_made(&i_), error); \
	} while (0)

static void test_not_ours(void **state)
{
	REJECTED(file.e.e_ident[0] = 'x', -ENOEXEC);
	REJECTED(file.e.e_machine = EM_386, -ENOEXEC);
	REJECTED(file.e.e_type = ET_REL, -ENOEXEC);
	REJECTED(file.p[0].p_type = file.p[1].p_type = PT_NOTE, -ENOEXEC);
}

static void test_contradictions(void **state)
{
	REJECTED(file.e.e_phnum = 0, -ENOEXEC);
	REJECTED(file.e.e_phnum = 0xffff, -ENOEXEC);
	REJECTED(file.e.e_phentsize = 32, -ENOEXEC);
	REJECTED(file.e.e_phoff = UINT64_MAX - 8, -ENOEXEC);
	REJECTED(file.e.e_phoff = sizeof(file) - 8, -ENOEXEC);
	REJECTED(file.p[0].p_memsz = 0x1000, -EINVAL);
	REJECTED(file.p[0].p_memsz = 0, -EINVAL);
	REJECTED(file.p[1].p_offset = UINT64_MAX - 0xeff, -EINVAL);
	REJECTED(file.p[1].p_memsz = UINT64_MAX, -EINVAL);
	REJECTED(file.p[1].p_memsz = LIMIT, -EINVAL);
	REJECTED(file.p[1].p_vaddr = LIMIT + 0x100, -EINVAL);
	REJECTED(file.p[1].p_vaddr = 0xffffffff80000100, -EINVAL);
	REJECTED(file.p[1].p_vaddr = 0x402101, -EINVAL);
	REJECTED(file.p[2].p_filesz = 1, -EINVAL);
	REJECTED(file.p[2].p_filesz = 4097, -EINVAL);
	REJECTED(file.p[2].p_offset = sizeof(file), -EINVAL);
}

/* What Linux does not look at, and some linkers get wrong. */
static void test_odd_but_loadable(void **state)
{
	struct elf_image i;

	make_file();
	memset(file.e.e_ident + SELFMAG, 0xff, EI_NIDENT - SELFMAG);
	file.e.e_version = 7;
	file.e.e_ehsize = 1;
	file.p[1].p_align = 24;
	file.p[3] = file.p[2];
	file.p[3].p_offset = 0x400;
	assert_int_equal(read_made(&i), 0);
	assert_int_equal(i.align, 4096);
	assert_int_equal(i.interp_offset, 0x300);

	make_file(); /* segments that descend; one that says more than the file has */
	file.p[1].p_vaddr = 0x300100;
	file.p[0].p_filesz = file.p[0].p_memsz = 1 << 20;
	file.p[0].p_align = 1 << 21;
	assert_int_equal(read_made(&i), 0);
	assert_int_equal(i.low, 0x300000);
	assert_int_equal(i.brk, 0x500000);
	assert_int_equal(i.high, 0x500000);
	assert_int_equal(i.align, 1 << 21);
}

/*
 * Every result that is accepted must hold what the loader relies on. The entry is
 * not part of it: a program that starts nowhere is run, and faults, as on Linux.
 */
static void check_accepted(const uint8_t *buf, size_t n)
{
	struct elf_segment s;
	struct elf_image i;
	struct elf_header h;

	if (read_buffer(buf, n, &i))
		return;
	assert_int_equal(elf_read_header(buf, n, n, &h), 0);
	assert_true(i.low <= i.high && i.high <= LIMIT && i.align >= 4096);
	for (unsigned k = 0; k < elf_segment_count(&h); k++) {
		elf_segment(buf + h.table_offset, k, &s);
		if (s.type != PT_LOAD || !s.memory_size)
			continue;
		assert_true(s.file_size <= s.memory_size && s.offset + s.file_size <= INT64_MAX);
		assert_true(s.address >= i.low && s.address + s.memory_size <= i.high);
	}
	if (i.interp_size)
		assert_true(i.interp_offset + i.interp_size <= n);
}

static void test_every_truncation(void **state)
{
	make_file();
	for (size_t n = 0; n < sizeof(file); n += n < 1024 ? 1 : 13) {
		uint8_t *copy = unit_exact_copy(&file, n);

		check_accepted(copy, n);
		free(copy);
	}
}

static void test_bit_flips(void **state)
{
	unit_random_start(__func__);
	make_file();
	for (size_t bit = 0; bit < (sizeof(file.e) + sizeof(file.p)) * 8; bit++) {
		uint8_t *bytes = (uint8_t *)&file;

		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		check_accepted(bytes, sizeof(file));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (int round = 0; round < 50000; round++) {
		make_file();
		for (int k = 0; k < 3; k++)
			((uint8_t *)&file)[24 + unit_random_below(sizeof(file.e) + sizeof(file.p) -
								   24)] = (uint8_t)unit_random();
		check_accepted((uint8_t *)&file, sizeof(file));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_file),	 cmocka_unit_test(test_own_program),
		cmocka_unit_test(test_not_ours),	 cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_odd_but_loadable),
		cmocka_unit_test(test_every_truncation), cmocka_unit_test(test_bit_flips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
