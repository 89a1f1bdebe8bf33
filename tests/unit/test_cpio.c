/* SPDX-License-Identifier: MIT */
/* lib/cpio: well-formed archives, then every truncation and many bit flips. */
#include "unit.h"

#include <string.h>

#include "lib/cpio.h"
#include "lib/errno.h"

static uint8_t archive[4096];
static size_t size;

static void put_padding(size_t start)
{
	while ((size - start) % 4)
		archive[size++] = 0;
}

static void put_entry(size_t start, const char *name, uint32_t mode, const char *data, size_t n)
{
	char header[111];

	snprintf(header, sizeof(header), "070701%08x%08x%08x%08x%08X%08x%08x%08x%08x%08x%08x%08x%08x",
		 0xabcdu, mode, 1u, 2u, 0xAu, 1234567u, (unsigned)n, 8u, 1u, 4u, 64u,
		 (unsigned)strlen(name) + 1, 0u);
	memcpy(archive + size, header, 110);
	size += 110;
	memcpy(archive + size, name, strlen(name) + 1);
	size += strlen(name) + 1;
	put_padding(start);
	memcpy(archive + size, data, n);
	size += n;
	put_padding(start);
}

/* Two archives with zeros between, so many that the second is not aligned to 4. */
static void make_archives(void)
{
	size_t start;

	size = 0;
	put_entry(0, "dir", 040755, "", 0);
	put_entry(0, "dir/file", 0100644, "hello", 5);
	put_entry(0, "TRAILER!!!", 0, "", 0);
	size += 23;
	start = size;
	put_entry(start, "dev/tty", 020666, "", 0);
	put_entry(start, "last", 0100755, "#!/bin/sh\n", 10);
	put_entry(start, "TRAILER!!!", 0, "", 0);
	size += 9;
}

static void test_two_archives(void **state)
{
	struct cpio_entry e;
	struct cpio c;

	make_archives();
	cpio_open(&c, archive, size);
	assert_int_equal(cpio_next(&c, &e), 1);
	assert_string_equal(e.name, "dir");
	assert_int_equal(e.mode, 040755);
	assert_int_equal(e.ino, 0xabcd);
	assert_int_equal(e.uid, 1);
	assert_int_equal(e.gid, 2);
	assert_int_equal(e.nlink, 10);
	assert_int_equal(e.mtime, 1234567);
	assert_int_equal(e.dev_major, 8);
	assert_int_equal(e.dev_minor, 1);
	assert_int_equal(e.rdev_major, 4);
	assert_int_equal(e.rdev_minor, 64);
	assert_int_equal(cpio_next(&c, &e), 1);
	assert_int_equal(e.size, 5);
	assert_memory_equal(e.data, "hello", 5);
	assert_int_equal(cpio_next(&c, &e), 1);
	assert_string_equal(e.name, "dev/tty");
	assert_int_equal(cpio_next(&c, &e), 1);
	assert_memory_equal(e.data, "#!/bin/sh\n", 10);
	assert_int_equal(cpio_next(&c, &e), 0);
	assert_int_equal(cpio_next(&c, &e), 0);
	assert_int_equal(c.left, 0);
}

static void test_compressed_archive_follows(void **state)
{
	struct cpio_entry e;
	struct cpio c;

	make_archives();
	memcpy(archive + size, "\x1f\x8b\x08", 3);
	cpio_open(&c, archive, size + 3);
	while (cpio_next(&c, &e) > 0)
		;
	assert_int_equal(c.left, 3);
	assert_string_equal(archive_compression(c.p, c.left), "gzip");
}

static void test_compression_names(void **state)
{
	assert_string_equal(archive_compression("\x28\xb5\x2f\xfd...", 7), "zstd");
	assert_string_equal(archive_compression("\xfd" "7zXZ\0", 6), "xz");
	assert_string_equal(archive_compression("BZh9", 4), "bzip2");
	assert_null(archive_compression("\xfd" "7zXZ", 5));
	assert_null(archive_compression("070701", 6));
	assert_null(archive_compression("", 0));
}

/* Reads everything that is offered; the sanitizer judges. */
static int read_all(const uint8_t *p, size_t n)
{
	struct cpio_entry e;
	struct cpio c;
	int more;
	volatile uint8_t sum = 0; /* keeps the reads */

	cpio_open(&c, p, n);
	while ((more = cpio_next(&c, &e)) > 0) {
		sum += (uint8_t)strlen(e.name);
		for (size_t i = 0; i < e.size; i++)
			sum += e.data[i];
	}
	(void)sum;
	return more;
}

static void test_every_truncation(void **state)
{
	unsigned errors = 0;

	make_archives();
	for (size_t n = 0; n < size; n++) {
		uint8_t *copy = unit_exact_copy(archive, n);

		errors += read_all(copy, n) == -EINVAL;
		free(copy);
	}
	assert_true(errors > size / 2);
}

static void test_bit_flips(void **state)
{
	make_archives();
	for (size_t bit = 0; bit < size * 8; bit++) {
		uint8_t *copy = unit_exact_copy(archive, size);

		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		read_all(copy, size);
		free(copy);
	}
}

static void test_random_damage(void **state)
{
	unit_random_start(__func__);
	make_archives();
	for (int round = 0; round < 20000; round++) {
		size_t n = 1 + unit_random_below(size);
		uint8_t *copy = unit_exact_copy(archive, n);

		for (int k = 0; k < 4; k++)
			copy[unit_random_below(n)] =
				(uint8_t)"0123456789abcdefF07\0"[unit_random_below(20)];
		read_all(copy, n);
		free(copy);
	}
}

static void test_lying_lengths(void **state)
{
	struct cpio_entry e;
	struct cpio c;

	size = 0;
	put_entry(0, "file", 0100644, "data", 4);
	memcpy(archive + 6 + 6 * 8, "ffffffff", 8); /* file size */
	cpio_open(&c, archive, size);
	assert_int_equal(cpio_next(&c, &e), -EINVAL);
	size = 0;
	put_entry(0, "file", 0100644, "data", 4);
	memcpy(archive + 6 + 11 * 8, "ffffffff", 8); /* name size */
	cpio_open(&c, archive, size);
	assert_int_equal(cpio_next(&c, &e), -EINVAL);
	memcpy(archive + 6 + 11 * 8, "00000000", 8);
	cpio_open(&c, archive, size);
	assert_int_equal(cpio_next(&c, &e), -EINVAL);
	memcpy(archive + 6 + 11 * 8, "00000004", 8); /* does not end with NUL */
	cpio_open(&c, archive, size);
	assert_int_equal(cpio_next(&c, &e), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_archives),
		cmocka_unit_test(test_compressed_archive_follows),
		cmocka_unit_test(test_compression_names),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_random_damage),
		cmocka_unit_test(test_lying_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
