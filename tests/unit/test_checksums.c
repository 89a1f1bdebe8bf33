/* SPDX-License-Identifier: MIT */
/* lib/crc32c and lib/chacha against published vectors and bit-by-bit arithmetic. */
#include "unit.h"

#include <string.h>

#include "lib/chacha.h"
#include "lib/crc32c.h"

static uint32_t crc_bitwise(uint32_t polynomial, uint32_t crc, const uint8_t *p, size_t n)
{
	crc = ~crc;
	while (n--) {
		crc ^= *p++;
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
	}
	return ~crc;
}

static void test_check_values(void **state)
{
	struct crc32_table table;
	uint8_t zeros[32] = { 0 };

	crc32_table_init(&table, CRC32_POLYNOMIAL);
	assert_int_equal(crc32_update(&table, 0, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc32(0, "123456789", 9), 0xcbf43926);
	crc32_table_init(&table, CRC32C_POLYNOMIAL);
	assert_int_equal(crc32_update(&table, 0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, zeros, 32), 0x8a9136aa); /* RFC 3720, B.4 */
}

static void test_against_bitwise(void **state)
{
	struct crc32_table table;
	uint8_t buf[300];

	unit_random_start(__func__);
	crc32_table_init(&table, CRC32C_POLYNOMIAL);
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)unit_random();
	for (int step = 0; step < 3000; step++) {
		size_t from = unit_random_below(300), n = unit_random_below(300 - from);
		size_t cut = unit_random_below(n + 1);
		uint32_t start = (uint32_t)unit_random();
		uint32_t want = crc_bitwise(CRC32C_POLYNOMIAL, start, buf + from, n);

		assert_int_equal(crc32c(start, buf + from, n), want);
		start = crc32_update(&table, start, buf + from, cut);
		assert_int_equal(crc32_update(&table, start, buf + from + cut, n - cut), want);
	}
}

static void test_fold_against_bitwise(void **state)
{
	static uint8_t buf[20000];
	struct crc32_fold f;

	unit_random_start(__func__);
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)unit_random();
	for (int step = 0; step < 300; step++) {
		size_t n = unit_random_below(step < 100 ? 40 : sizeof(buf)), at = 0;

		crc32_fold_init(&f);
		while (n - at >= 8) {
			size_t words = unit_random_below((n - at) / 8 + 1);

			crc32_fold_words(&f, buf + at, words);
			at += words * 8;
		}
		assert_int_equal(crc32_fold_finish(&f, buf + at, n - at),
				 crc_bitwise(CRC32_POLYNOMIAL, 0, buf, n));
	}
}

/* RFC 8439, section 2.3.2. */
static void test_chacha_block(void **state)
{
	static const uint8_t nonce[12] = { 0, 0, 0, 9, 0, 0, 0, 0x4a, 0, 0, 0, 0 };
	static const uint8_t want[64] = {
		0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3,
		0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22,
		0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa,
		0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c, 0xd1,
		0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e,
	};
	uint8_t key[32], out[64];
	struct chacha c;

	for (int i = 0; i < 32; i++)
		key[i] = (uint8_t)i;
	chacha_init(&c, key, 1, nonce);
	chacha_block(&c, out);
	assert_memory_equal(out, want, 64);
	assert_int_equal(c.state[12], 2);
	chacha_block(&c, out);
	assert_memory_not_equal(out, want, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_values),
		cmocka_unit_test(test_against_bitwise),
		cmocka_unit_test(test_fold_against_bitwise),
		cmocka_unit_test(test_chacha_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
