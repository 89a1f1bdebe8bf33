/* SPDX-License-Identifier: MIT */
/* The option string of filesystems in memory. */
#include "unit.h"

#include "../../kernel/fs/mem/options.c"

static struct mount_options fresh(void)
{
	return (struct mount_options){ .mode = 01777, .pages = 5, .inodes = 6, .memory_pages = 1000 };
}

static void test_numbers(void **state)
{
	struct mount_options o = fresh();

	(void)state;
	assert_int_equal(mount_options_parse("size=10m,nr_inodes=2k,mode=755,uid=3,gid=4", &o), 0);
	assert_int_equal(o.pages, 2560);
	assert_int_equal(o.inodes, 2048);
	assert_int_equal(o.mode, 0755);
	assert_int_equal(o.uid, 3);
	assert_int_equal(o.gid, 4);
	assert_int_equal(mount_options_parse("size=1", &o), 0);
	assert_int_equal(o.pages, 1);
	assert_int_equal(mount_options_parse("size=25%,", &o), 0);
	assert_int_equal(o.pages, 250);
	assert_int_equal(mount_options_parse("nr_blocks=7", &o), 0);
	assert_int_equal(o.pages, 7);
}

static void test_nothing_and_ignored(void **state)
{
	struct mount_options o = fresh();

	(void)state;
	assert_int_equal(mount_options_parse(NULL, &o), 0);
	assert_int_equal(mount_options_parse("", &o), 0);
	assert_int_equal(mount_options_parse(",,huge=never,inode64", &o), 0);
	assert_int_equal(o.pages, 5);
	assert_int_equal(o.inodes, 6);
	assert_int_equal(o.mode, 01777);
}

static void test_wrong(void **state)
{
	static const char *const wrong[] = {
		"size", "size=", "size=x", "size=1mm", "size=5%%", "mode=8", "mode=1777x", "uid=-1", "what=1", "=",
		"noswap", "huge", "inode32=1", "ptmxmode=0",
		"gid=99999999999", "size=99999999999999999999",
	};
	struct mount_options o = fresh();

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(mount_options_parse(wrong[i], &o), -EINVAL);
}

static void test_one(void **state)
{
	(void)state;
	assert_int_equal(mount_option_check("size=1m"), 0);
	assert_int_equal(mount_option_check("inode64"), 0);
	assert_int_equal(mount_option_check("size"), -EINVAL);
	assert_int_equal(mount_option_check("mode=9"), -EINVAL);
	assert_int_equal(mount_option_check("siz=1"), -ENOENT);
	assert_int_equal(mount_option_check(""), -ENOENT);
	assert_int_equal(mount_option_check("inode64=1"), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_nothing_and_ignored),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
