/* SPDX-License-Identifier: MIT */
/* lib/string against the C library, at every small size and offset. */
#include "unit.h"

#include <string.h>

static int libc_memcmp(const void *a, const void *b, size_t n)
{
	return memcmp(a, b, n);
}

static void *libc_memmove(void *d, const void *s, size_t n)
{
	return memmove(d, s, n);
}

#include "lib/errno.h"
#include "lib/string.h"

#define ROOM 700

static uint8_t ours[ROOM], theirs[ROOM];

static void fill_random(void)
{
	for (size_t i = 0; i < ROOM; i++)
		ours[i] = theirs[i] = (uint8_t)unit_random();
}

static void test_memcpy_memmove(void **state)
{
	unit_random_start(__func__);
	for (size_t n = 0; n < 300; n++)
		for (int k = 0; k < 20; k++) {
			size_t s = unit_random_below(ROOM - n), d = unit_random_below(ROOM - n);
			bool apart = s + n <= d || d + n <= s;

			fill_random();
			libc_memmove(theirs + d, theirs + s, n);
			assert_ptr_equal(apart && k % 2 ? memcpy(ours + d, ours + s, n) :
							  memmove(ours + d, ours + s, n),
					 ours + d);
			assert_int_equal(libc_memcmp(ours, theirs, ROOM), 0);
		}
}

static void test_memmove_by_few_bytes(void **state)
{
	unit_random_start(__func__);
	for (size_t n = 0; n < 400; n += 1 + n / 40)
		for (size_t shift = 0; shift < 20; shift++) {
			fill_random();
			libc_memmove(theirs + shift, theirs, n);
			memmove(ours + shift, ours, n);
			assert_int_equal(libc_memcmp(ours, theirs, ROOM), 0);
			libc_memmove(theirs, theirs + shift, n);
			memmove(ours, ours + shift, n);
			assert_int_equal(libc_memcmp(ours, theirs, ROOM), 0);
		}
}

static void test_memset(void **state)
{
	for (size_t n = 0; n < 300; n++)
		for (size_t d = 0; d < 9; d++) {
			fill_random();
			for (size_t i = 0; i < n; i++)
				theirs[d + i] = (uint8_t)(n + 0x80);
			assert_ptr_equal(memset(ours + d, (int)(n + 0x80), n), ours + d);
			assert_int_equal(libc_memcmp(ours, theirs, ROOM), 0);
		}
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void test_memcmp_memchr(void **state)
{
	unit_random_start(__func__);
	for (int k = 0; k < 20000; k++) {
		size_t n = unit_random_below(40), i = unit_random_below(n + 1);

		fill_random();
		ours[i] = (uint8_t)unit_random();
		assert_int_equal(sign(memcmp(ours, theirs, n)), sign(libc_memcmp(ours, theirs, n)));
		for (i = 0; i < n && ours[i] != 7;)
			i++;
		assert_ptr_equal(memchr(ours, 7, n), i < n ? ours + i : NULL);
	}
}

static void test_strings(void **state)
{
	char buf[8];

	assert_int_equal(strlen(""), 0);
	assert_int_equal(strlen("linnet"), 6);
	assert_int_equal(strnlen("linnet", 3), 3);
	assert_int_equal(strnlen("linnet", 30), 6);
	assert_true(strcmp("a", "b") < 0 && strcmp("b", "a") > 0 && strcmp("ab", "ab") == 0);
	assert_true(strcmp("a", "ab") < 0 && strcmp("\xff", "a") > 0);
	assert_true(strncmp("abc", "abd", 2) == 0 && strncmp("abc", "abd", 3) < 0);
	assert_true(strncmp("ab", "ab", 9) == 0);
	assert_string_equal(strchr("a/b/c", '/'), "/b/c");
	assert_string_equal(strrchr("a/b/c", '/'), "/c");
	assert_null(strchr("abc", 'x'));
	assert_null(strrchr("abc", 'x'));
	assert_string_equal(strchr("abc", '\0'), "");
	assert_string_equal(strrchr("abc", '\0'), "");
	assert_int_equal(strlcpy(buf, "12345678", sizeof(buf)), 8);
	assert_string_equal(buf, "1234567");
	assert_int_equal(strlcpy(buf, "x", 0), 1);
	assert_int_equal(strscpy(buf, "1234567", sizeof(buf)), 7);
	assert_string_equal(buf, "1234567");
	assert_int_equal(strscpy(buf, "abcdefgh", sizeof(buf)), -E2BIG);
	assert_string_equal(buf, "abcdefg");
	assert_int_equal(strscpy(buf, "a", 0), -E2BIG);
	assert_true(str_has_prefix("console=ttyS0", "console="));
	assert_false(str_has_prefix("con", "console="));
}

static void check_number(const char *s, int base, int error, uint64_t want, const char *rest)
{
	uint64_t v = 99;
	const char *end;

	assert_int_equal(parse_u64(s, &end, base, &v), error);
	assert_int_equal(v, error ? 99 : want);
	assert_string_equal(end, rest);
}

static void test_parse_u64(void **state)
{
	check_number("0", 0, 0, 0, "");
	check_number("123x", 0, 0, 123, "x");
	check_number("0x1fg", 0, 0, 0x1f, "g");
	check_number("0X1F", 16, 0, 0x1f, "");
	check_number("1F", 16, 0, 0x1f, "");
	check_number("0755", 0, 0, 0755, "");
	check_number("08", 0, 0, 0, "8");
	check_number("0x", 0, 0, 0, "x");
	check_number("0b1", 2, 0, 0, "b1");
	check_number("zz", 36, 0, 35 * 36 + 35, "");
	check_number("18446744073709551615", 10, 0, UINT64_MAX, "");
	check_number("18446744073709551616,", 10, -ERANGE, 0, ",");
	check_number("99999999999999999999999", 10, -ERANGE, 0, "");
	check_number("", 0, -EINVAL, 0, "");
	check_number("-1", 10, -EINVAL, 0, "-1");
	check_number(" 1", 10, -EINVAL, 0, " 1");
}

static void check_size(const char *s, int error, uint64_t want, const char *rest)
{
	uint64_t v = 99;
	const char *end;

	assert_int_equal(parse_size(s, &end, &v), error);
	assert_int_equal(v, error ? 99 : want);
	assert_string_equal(end, rest);
}

static void test_parse_size(void **state)
{
	check_size("64M", 0, MiB(64), "");
	check_size("64m,", 0, MiB(64), ",");
	check_size("0x10k", 0, KiB(16), "");
	check_size("7", 0, 7, "");
	check_size("3G@1", 0, GiB(3), "@1");
	check_size("15E", 0, 15UL << 60, "");
	check_size("16E", -ERANGE, 0, "");
	check_size("M", -EINVAL, 0, "M");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memcpy_memmove), cmocka_unit_test(test_memmove_by_few_bytes),
		cmocka_unit_test(test_memset),	       cmocka_unit_test(test_memcmp_memchr),
		cmocka_unit_test(test_strings),	       cmocka_unit_test(test_parse_u64),
		cmocka_unit_test(test_parse_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
