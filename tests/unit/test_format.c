/* SPDX-License-Identifier: MIT */
/* lib/format against the C library's snprintf, with random directives. */
#include "unit.h"

#include <string.h>

#include "lib/format.h"

static void random_directive(char *fmt, size_t size, const char *lengths, const char *convs)
{
	char flags[8], width[8] = "", precision[8] = "";
	size_t n = 0;

	for (const char *f = "-+ #0"; *f; f++)
		if (unit_random_below(4) == 0)
			flags[n++] = *f;
	flags[n] = '\0';
	if (unit_random_below(2))
		snprintf(width, sizeof(width), "%d", (int)unit_random_below(30));
	if (unit_random_below(3) == 0)
		snprintf(precision, sizeof(precision), ".%d", (int)unit_random_below(25));
	snprintf(fmt, size, "<%%%s%s%s%s%c>", flags, width, precision, lengths,
		 convs[unit_random_below(strlen(convs))]);
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

#define CHECK(fmt, ...)                                                             \
	do {                                                                        \
		char want_[200], got_[200];                                         \
		size_t size_ = 1 + unit_random_below(sizeof(got_));                 \
		int n_ = snprintf(want_, size_, fmt, __VA_ARGS__);                  \
                                                                                    \
		memset(got_, 'Z', sizeof(got_));                                    \
		assert_int_equal(format(got_, size_, fmt, __VA_ARGS__), n_);        \
		assert_string_equal(got_, want_);                                   \
	} while (0)

static void test_random_numbers(void **state)
{
	char fmt[64];

	unit_random_start(__func__);
	for (int i = 0; i < 30000; i++) {
		uint64_t v = unit_random() >> unit_random_below(64);

		v = unit_random_below(8) ? v : 0;
		random_directive(fmt, sizeof(fmt), "", "diuxXo");
		CHECK(fmt, (int)v);
		random_directive(fmt, sizeof(fmt), "hh", "diuxXo");
		CHECK(fmt, (int)v);
		random_directive(fmt, sizeof(fmt), "h", "diuxXo");
		CHECK(fmt, (int)v);
		random_directive(fmt, sizeof(fmt), "l", "diuxXo");
		CHECK(fmt, v);
		random_directive(fmt, sizeof(fmt), "ll", "diuxXo");
		CHECK(fmt, v);
		random_directive(fmt, sizeof(fmt), "z", "diuxXo");
		CHECK(fmt, v);
		CHECK(fmt, -v);
	}
}

static void test_random_strings(void **state)
{
	char fmt[64];

	unit_random_start(__func__);
	for (int i = 0; i < 5000; i++) {
		random_directive(fmt, sizeof(fmt), "", "s");
		CHECK(fmt, i % 2 ? "" : "the linnet sings");
		random_directive(fmt, sizeof(fmt), "", "c");
		CHECK(fmt, 'a' + i % 26);
	}
}

static void test_extremes(void **state)
{
	CHECK("%d %ld %lld", INT_MIN, LONG_MIN, LLONG_MAX);
	CHECK("%lu %lo %#lx", ULONG_MAX, ULONG_MAX, ULONG_MAX);
	CHECK("%*d|%-*d|%*d", 7, 1, 7, 2, -7, 3);
	CHECK("%.*s|%.*d|%.*d", 3, "abcdef", 4, 5, -1, 6);
	CHECK("%p %s%%", (void *)0x1234abcd, "100");
	CHECK("%.0d|%.0x|%#.0o|%#o|%#x", 0, 0, 0, 0, 0);
	CHECK("%jd %td", (intmax_t)-5, (ptrdiff_t)-6);
}

static void test_string_without_nul_within_precision(void **state)
{
	char *s = unit_exact_copy("abc", 3), buf[8];

	assert_int_equal(format(buf, sizeof(buf), "%.3s", s), 3);
	assert_string_equal(buf, "abc");
	free(s);
}

static void test_odd_formats(void **state)
{
	const char *unknown = "%y", *cut = "100%";
	const char *volatile null = NULL;
	char buf[32];

	format(buf, sizeof(buf), unknown, 1);
	assert_string_equal(buf, "%y");
	assert_int_equal(format(buf, sizeof(buf), cut, 1), 3);
	format(buf, sizeof(buf), "%s", null);
	assert_string_equal(buf, "(null)");
	format(buf, sizeof(buf), "%p", NULL);
	assert_string_equal(buf, "0x0");
	assert_int_equal(format(NULL, 0, "%d", 12345), 5);
	assert_int_equal(format_cut(buf, 4, "%d", 12345), 3);
	assert_string_equal(buf, "123");
	assert_int_equal(format_cut(buf, 0, "%d", 1), 0);
}

static void count_bytes(void *arg, const char *s, size_t n)
{
	assert_true(n > 0);
	*(size_t *)arg += n;
}

static int sink_format(size_t *total, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vformat_sink(count_bytes, total, fmt, args);
	va_end(args);
	return n;
}

static void test_sink(void **state)
{
	size_t total = 0;

	assert_int_equal(sink_format(&total, "%100000s|%d", "x", 7), 100002);
	assert_int_equal(total, 100002);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_numbers),
		cmocka_unit_test(test_random_strings),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_string_without_nul_within_precision),
		cmocka_unit_test(test_odd_formats),
		cmocka_unit_test(test_sink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
