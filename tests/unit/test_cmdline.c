/* SPDX-License-Identifier: MIT */
/* The kernel's command line. */
#include "shim/shim.h"

#include "base/cmdline.h"

static const char *unknown(int kind, unsigned n)
{
	unsigned state = 0;
	const char *word = cmdline_unknown(kind, &state);

	while (n-- > 0 && word)
		word = cmdline_unknown(kind, &state);
	return word;
}

static void values_and_flags(void **state)
{
	cmdline_parse("  quiet console=tty0 console=ttyS0,115200 panic=-5 mem=0x10 empty= last");
	assert_true(cmdline_flag("quiet"));
	assert_false(cmdline_flag("quie") || cmdline_flag("quiet2") || cmdline_flag("console"));
	assert_string_equal(cmdline_get("console"), "ttyS0,115200");
	assert_string_equal(cmdline_get("empty"), "");
	assert_string_equal(cmdline_get("last"), "");
	assert_null(cmdline_get("cons"));
	assert_int_equal(cmdline_number("panic", 0), -5);
	assert_int_equal(cmdline_number("mem", 0), 16);
	assert_int_equal(cmdline_number("console", 7), 7);
	assert_int_equal(cmdline_number("absent", 9), 9);
}

static void every_value_in_order(void **state)
{
	unsigned at = 0;

	cmdline_parse("a=1 b=2 a=3 a");
	assert_string_equal(cmdline_next("a", &at), "1");
	assert_string_equal(cmdline_next("a", &at), "3");
	assert_string_equal(cmdline_next("a", &at), "");
	assert_null(cmdline_next("a", &at));
}

static void dash_and_underscore_are_the_same_in_names(void **state)
{
	cmdline_parse("ignore-loglevel some_name=a-b");
	assert_true(cmdline_flag("ignore_loglevel"));
	assert_string_equal(cmdline_get("some-name"), "a-b");
}

static void quotes_group(void **state)
{
	cmdline_parse("a=\"two words\" \"b=three more words\" c=x\" y\"z HOME=\"/a b\" d=\"open end");
	assert_string_equal(cmdline_get("a"), "two words");
	assert_string_equal(cmdline_get("b"), "three more words");
	assert_string_equal(cmdline_get("c"), "x\" y\"z");
	assert_string_equal(cmdline_get("d"), "open end");
	assert_string_equal(unknown(1, 0), "HOME=/a b");
}

static void what_nobody_knows_goes_to_init(void **state)
{
	cmdline_parse("quiet single TERM=vt100 usb.quirks=1 5 -- --verbose X=1 quiet");
	assert_true(cmdline_flag("quiet"));
	assert_string_equal(unknown(0, 0), "single");
	assert_string_equal(unknown(0, 1), "5");
	assert_string_equal(unknown(0, 2), "--verbose");
	assert_string_equal(unknown(0, 3), "X=1");
	assert_string_equal(unknown(0, 4), "quiet");
	assert_null(unknown(0, 5));
	assert_string_equal(unknown(1, 0), "TERM=vt100");
	assert_null(unknown(1, 1));
	assert_null(cmdline_get("X"));
}

static void hostile_lines(void **state)
{
	static char line[3 * BOOT_CMDLINE_MAX];

	cmdline_parse("");
	assert_null(unknown(0, 0));
	cmdline_parse("\" \"\" = == \"= a=\"");
	unit_random_start(__func__);
	for (unsigned round = 0; round < 3000; round++) {
		size_t n = unit_random_below(sizeof(line));

		for (size_t i = 0; i < n; i++)
			line[i] = "ab=\"- .\t"[unit_random_below(8)];
		line[n] = '\0';
		cmdline_parse(line);
		cmdline_get("a");
		cmdline_flag("b");
		assert_null(unknown(0, 1000000));
		assert_null(unknown(1, 1000000));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_and_flags),
		cmocka_unit_test(every_value_in_order),
		cmocka_unit_test(dash_and_underscore_are_the_same_in_names),
		cmocka_unit_test(quotes_group),
		cmocka_unit_test(what_nobody_knows_goes_to_init),
		cmocka_unit_test(hostile_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
